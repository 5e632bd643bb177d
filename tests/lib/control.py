"""Services of a booted container: what the commands say of them, and the files behind that."""

COMMAND, SERVICES = "/command/", "/run/service/"
BUILT_IN = {"fix-attrs", "legacy-cont-init", "legacy-services"}  # as upstream's
PAUSED, FINISHING, WANTED_UP, READY = 1, 2, 4, 8  # flags of supervise/status


def folder(name):
    """Of a service, by name or path."""
    return name if name.startswith("/") else SERVICES + name


def svstat(box, fields, *names, tools=COMMAND):
    """What s6-svstat -o says of services, by name or path: fields in one line, a line for each service."""
    return box.run(tools + "s6-svstat", "-o", fields, *(folder(name) for name in names)).stdout.strip()


def up(box):
    """What s6-rc has up, without what is there by itself."""
    return set(box.run("/command/s6-rc", "-a", "list").stdout.split()) - BUILT_IN


def record(box, name):
    """All that supervise/status says, stamps included."""
    with open(box.inside(folder(name) + "/supervise/status"), "rb") as file:
        return file.read()


def status(box, name):
    """pid, flags of supervise/status."""
    found = record(box, name)
    return int.from_bytes(found[24:32], "big"), found[34]


def runs(box, name, but=0):
    """The pid in supervise/status, once it is up and another one than but; until then nothing true."""
    pid, flags = status(box, name)
    return flags & WANTED_UP and not flags & FINISHING and pid not in (0, but) and pid


def tell(box, name, letters):
    with open(box.inside(folder(name) + "/supervise/control"), "wb", buffering=0) as file:
        file.write(letters)
