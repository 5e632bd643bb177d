"""The files of a longrun, at both ends of their ranges and just outside: what Debian's s6-supervise makes of them, what
our pid 1 makes of them when they stood in a definition at boot, and in a directory put into /run/service."""
import contextlib
import os
import re
import shutil
import signal
import struct
import subprocess

import pytest

from lib.boot import Boot
from lib.tree import Tree
from lib.wait import wait_for

SLEEP = "exec sleep 1000\n"
DEAF = "trap '' TERM\nsleep 1000 &\n: >begun\nwhile :; do wait; done\n"
TELLS = "ls -l /proc/self/fd/{0} >held 2>/dev/null\n[ {1} = no ] || echo >/proc/self/fd/{0}\n: >begun\n" + SLEEP
NEVER, LONGEST, TOO_LONG = "0\n", f"{2 ** 32 - 1}\n", f"{2 ** 32}\n"

# What is in the file, and what comes of it.
SIGNALS = {"1\n": 1, "2": 2, "31\n": 31, "32\n": 32, "40\n": 40, "64\n": 64, "SIGINT\n": 2, "int": 2, "sigusr1\n": 10,
           "Usr2\n": 12, "STKFLT\n": 16, "IOT\n": 6, "SIGRTMIN\n": 15, "RTMIN+1\n": 15, "": 15, "\n": 15, "15x\n": 15,
           "-1\n": 15, "SIG\n": 15, "nonsense\n": 15}
OURS = {"0\n": 15, "65\n": 15}  # the reference sends these, which reaches nobody
DOWN = {f"down-{i}": (text, number) for i, (text, number) in enumerate({**SIGNALS, **OURS}.items())}
KILLS = {"kill-short": ("1\n", True), "kill-never": (NEVER, False), "kill-longest": (LONGEST, False),
         "kill-too-long": (TOO_LONG, False), "kill-nonsense": ("1s\n", False)}
FINISHES = {"finish-short": ("1\n", True), "finish-never": (NEVER, False), "finish-longest": (LONGEST, False)}
TALLIES = {"tally-none": ("0\n", 0), "tally-one": ("1\n", 1), "tally-most": ("4096\n", 3), "tally-more": ("4097\n", 3),
           "tally-nonsense": ("one\n", 3)}
READY = {"ready-0": "0\n", "ready-3": "3\n", "ready-867": "867\n"}
LOCKS = {"lock-4": "4\n", "lock-867": "867\n"}


def services():
    """{name: (run, other files, whether a definition may have them)}"""
    found = {name: (SLEEP, {"down-signal": text}, True) for name, (text, _) in DOWN.items()}
    for name, (text, _) in KILLS.items():
        found[name] = (DEAF, {"timeout-kill": text}, text in ("1\n", NEVER, LONGEST))
    for name, (text, _) in FINISHES.items():
        found[name] = (SLEEP, {"timeout-finish": text, "finish": "#!/bin/sh\n" + SLEEP}, True)
    for name, (text, _) in TALLIES.items():
        found[name] = ("exit 7\n", {"max-death-tally": text}, name in ("tally-none", "tally-one", "tally-most"))
    for name, text in READY.items():
        found[name] = (TELLS.format(text.strip(), "yes"), {"notification-fd": text}, True)
    for name, text in LOCKS.items():
        found[name] = (TELLS.format(text.strip(), "no"), {"lock-fd": text}, True)
    found["group"] = (DEAF, {"timeout-kill": "1\n", "flag-timeout-killpg": "any\n"}, True)
    found["alone"] = (DEAF, {"timeout-kill": "1\n"}, True)
    return found


def fill(folder, run, files):
    os.makedirs(folder)
    for name, text in {"run": "#!/bin/sh\n" + run, "finish": "#!/bin/sh\necho $1 $2 >>ended\n", **files}.items():
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
        os.chmod(f"{folder}/{name}", 0o755)
    # The package's s6-supervise opens this one and never makes it.
    os.makedirs(f"{folder}/supervise", 0o700)
    with open(f"{folder}/supervise/service-lock", "w"):
        pass


@pytest.fixture(scope="module")
def folders(tmp_path_factory, installed, helper):
    """{name: {who: folder}}"""
    place = tmp_path_factory.mktemp("keys")
    place.chmod(0o755)
    tree = Tree(str(place / "root"), installed, helper)
    found, theirs = {}, []
    for name, (run, files, defined) in services().items():
        fill(f"{place}/{name}", run, files)
        fill(tree.at(f"/srv/{name}"), run, files)
        found[name] = {"theirs": f"{place}/{name}", "scanned": f"/srv/{name}"}
        if defined:
            tree.define("d-" + name, "longrun", run="#!/bin/sh\n" + run,
                        **{"finish": "#!/bin/sh\necho $1 $2 >>ended\n", **files})
            found[name]["booted"] = f"/run/s6-rc/servicedirs/d-{name}"
    box = Boot(tree.path, env={"S6_LOGGING": "0"})
    wait_for(lambda: box.exists("/run/service/.s6-svscan/control"))
    for name, of in found.items():
        for who in of:
            if who != "theirs":
                of[who] = box.inside(of[who])
        os.symlink(f"/srv/{name}", box.inside("/run/service") + "/" + name)
        theirs.append(subprocess.Popen(["s6-supervise", of["theirs"]], stderr=subprocess.DEVNULL))
    box.run("/command/s6-svscanctl", "-a", "/run/service", check=True)
    for of in found.values():
        for folder in of.values():
            wait_for(lambda: status(folder)[0] > 0 or os.path.exists(folder + "/ended"), what=folder)
    yield found, box
    for process, name in zip(theirs, found):
        control(found[name]["theirs"], "-xd")
        wait_for(lambda: ended(process, found[name]["theirs"]), what=f"the end of s6-supervise {name}")
    box.close()
    shutil.rmtree(place, ignore_errors=True)


def ended(process, folder):
    """Whether a supervisor has ended, whose service is killed, deaf as it may be."""
    for pid in inside(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return process.poll() is not None


def status(folder):
    """(pid, ready) of supervise/status; a pid of 0 is none."""
    try:
        with open(folder + "/supervise/status", "rb") as file:
            record = file.read()
    except OSError:
        return 0, False
    return (struct.unpack(">Q", record[24:32])[0], bool(record[34] & 8)) if len(record) == 35 else (0, False)


def stays_down(folder):
    """Whether a service has no process and nobody wants one: between two starts it has none, either."""
    with open(folder + "/supervise/status", "rb") as file:
        record = file.read()
    return int.from_bytes(record[24:32], "big") == 0 and not record[34] & 4


def content(folder, name):
    try:
        with open(f"{folder}/{name}") as file:
            return file.read()
    except OSError:
        return ""


def inside(folder):
    """Our pids of the processes of a service, which are in its directory."""
    place, found = os.stat(folder), []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            here = os.stat(f"/proc/{pid}/cwd")
            with open(f"/proc/{pid}/comm") as file:
                name = file.read().strip()
        except OSError:
            continue
        if (here.st_dev, here.st_ino) == (place.st_dev, place.st_ino) and not name.startswith("s6-"):
            found.append(int(pid))
    return found


def control(folder, *letters):
    subprocess.run(["s6-svc", *letters, folder], check=True)


def each(folders, names):
    return [(name, who, folder) for name in names for who, folder in folders[0][name].items()]


def sleeps(folder):
    """Whether a service has executed its sleep: on the way there a signal may meet the C library's own dispositions."""
    found = inside(folder)
    for pid in found:
        with open(f"/proc/{pid}/comm") as file:
            if file.read() != "sleep\n":
                return False
    return len(found) == 1


def test_down_signal(folders):
    all_of_them = [one for one in each(folders, DOWN) if one[1] != "theirs" or DOWN[one[0]][0] not in OURS]
    for _, _, folder in all_of_them:
        wait_for(lambda: sleeps(folder), what=f"sleep of {folder}")
    for _, _, folder in all_of_them:
        control(folder, "-d")
    for name, who, folder in all_of_them:
        wait_for(lambda: content(folder, "ended"), what=f"{name} {who}")
        assert content(folder, "ended") == f"256 {DOWN[name][1]}\n", (name, who, DOWN[name])


def test_a_signal_that_is_none_is_said(folders):
    _, box = folders
    for name, (text, number) in DOWN.items():
        said = f'invalid down-signal "{text.strip()}", ignored' in box.stderr.text()
        assert said == (number == 15), text
        said = f's6-rc.d/d-{name}/down-signal:1: invalid signal "{text.strip()}", using 15' in box.stderr.text()
        assert said == (number == 15), text


def test_timeout_kill(folders):
    long = [(*one, None) for one in each(folders, KILLS) if not KILLS[one[0]][1]]
    short = [one for one in each(folders, KILLS) if KILLS[one[0]][1]]
    for _, _, folder, _ in long:
        wait_for(lambda: os.path.exists(folder + "/begun"), what=folder)
        control(folder, "-d")
    for name, who, folder in short:
        wait_for(lambda: os.path.exists(folder + "/begun"), what=folder)
        control(folder, "-d")
        wait_for(lambda: content(folder, "ended") == "256 9\n", what=f"{name} {who}")
    for name, who, folder, _ in long:
        assert status(folder)[0] > 0 and content(folder, "ended") == "", (name, who)


def test_who_is_killed(folders):
    for name, who, folder in each(folders, ("group", "alone")):
        if (name, who) == ("group", "theirs"):
            continue  # the package does not know flag-timeout-killpg yet
        wait_for(lambda: os.path.exists(folder + "/begun") and inside(folder), what=folder)
        control(folder, "-d")
        wait_for(lambda: content(folder, "ended") == "256 9\n", what=f"{name} {who}")
        if name == "group":
            wait_for(lambda: not inside(folder), what=f"{name} {who}")
        else:
            wait_for(lambda: len(inside(folder)) == 1, what=f"{name} {who}")


def test_timeout_finish(folders):
    for _, _, folder in each(folders, FINISHES):
        control(folder, "-dk")
    for name, who, folder in each(folders, FINISHES):
        if FINISHES[name][1]:
            wait_for(lambda: status(folder)[0] == 0, what=f"{name} {who}")
    for name, who, folder in each(folders, FINISHES):
        assert (status(folder)[0] == 0) == FINISHES[name][1], (name, who)


def test_max_death_tally(folders):
    for name, who, folder in each(folders, TALLIES):
        wait_for(lambda: content(folder, "ended").count("7 0\n") >= 3, deadline=60, what=f"{name} {who}")
        control(folder, "-d")
        wait_for(lambda: stays_down(folder), what=f"{name} {who}")
        deaths, most = content(folder, "ended").count("\n"), TALLIES[name][1]
        tally = folder + "/supervise/death_tally"
        kept = os.path.getsize(tally) // 14 if os.path.exists(tally) else 0
        assert kept == (deaths if most == 3 else most), (name, who)


def test_descriptors(folders):
    for name, who, folder in each(folders, READY):
        wait_for(lambda: status(folder)[1], what=f"{name} {who} ready")
        assert re.search(r"-> pipe:\[\d+\]", content(folder, "held")), (name, who)
    for name, who, folder in each(folders, LOCKS):
        wait_for(lambda: os.path.exists(folder + "/begun"), what=f"{name} {who}")
        assert content(folder, "held").rstrip().endswith("/supervise/service-lock"), (name, who)
