"""Services of a booted container: what the commands say of them, and the files behind that."""

COMMAND, SERVICES = "/command/", "/run/service/"
BUILT_IN = {"fix-attrs", "legacy-cont-init", "legacy-services"}  # as upstream's
PAUSED, FINISHING, WANTED_UP, READY = 1, 2, 4, 8  # flags of supervise/status


def svstat(box, fields, *names, tools=COMMAND):
    """What s6-svstat -o says of services, by name or path: fields in one line, a line for each service."""
    folders = [name if name.startswith("/") else SERVICES + name for name in names]
    return box.run(tools + "s6-svstat", "-o", fields, *folders).stdout.strip()


def up(box):
    """What s6-rc has up, without what is there by itself."""
    return set(box.run("/command/s6-rc", "-a", "list").stdout.split()) - BUILT_IN


def status(box, name):
    """pid, flags of supervise/status."""
    with open(box.inside(f"/run/service/{name}/supervise/status"), "rb") as file:
        record = file.read()
    return int.from_bytes(record[24:32], "big"), record[34]


def runs(box, name, but=0):
    """The pid in supervise/status, once it is up and another one than but; until then nothing true."""
    pid, flags = status(box, name)
    return flags & WANTED_UP and not flags & FINISHING and pid not in (0, but) and pid


def tell(box, name, letters):
    with open(box.inside(f"/run/service/{name}/supervise/control"), "wb", buffering=0) as file:
        file.write(letters)
