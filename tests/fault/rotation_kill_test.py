"""SIGKILL at every system call of rotation, archiving and retention: the next logger goes on from there."""
import gzip
import os
import re
import shutil
import stat
from pathlib import Path

import pytest

from lib.build import compiled
from lib.logger import Rig, high
from lib.logs import ARCHIVE
from lib.wait import wait_for

pytestmark = pytest.mark.long

LINES = 240
LINE = re.compile(rb"^\S{30} stdout F line (\d+) of a service that says many things\n", re.M)
OURS = re.compile(r"current|lock|state|previous|processed|newstate|follow|@[0-9a-f]{24}\.[su](\.gz)?(\.new)?")


@pytest.fixture(scope="session")
def stopat():
    """The program that kills at the Nth system call."""
    return compiled("fault/stopat.c", "-static")


def text():
    return b"".join(b"line %d of a service that says many things\n" % i for i in range(LINES))


def numbers(r):
    """Of the lines on disk, in the order of the files; previous, or what a processor made of it, is on its way
    to become an archive."""
    found = []
    files = r.files()
    on_their_way = [r.directory / name for name in ("previous", "processed") if (r.directory / name).exists()]
    files[-1:-1] = on_their_way[:1]
    for path in files:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            found += [int(m[1]) for m in LINE.finditer(file.read())]
    return found


def is_idle(r, compressed):
    """Everything is written, and the helper has nothing left to do: the newest archive stays plain."""
    names = os.listdir(r.directory) if r.directory.exists() else []
    archives = [name for name in names if ARCHIVE.fullmatch(name)]
    if "current" not in names or not archives:
        return False
    try:
        if numbers(r)[-1:] != [LINES - 1]:
            return False
    except (FileNotFoundError, EOFError):
        return False  # it was changing
    plain = [name for name in sorted(archives)[:-1] if not name.endswith(".gz")]
    return not (compressed and plain) and not any(name.endswith(".new") or name in ("previous", "processed")
                                                  for name in names)


def check_second_names(r):
    """Each file that is not compressed has one, and nothing else has."""
    names = sorted(r.directory.joinpath("follow").iterdir())
    plain = [path for path in r.files() if path.suffix != ".gz"]
    assert [path.stat().st_ino for path in names] == [path.stat().st_ino for path in plain]


def check(r, keep):
    names = set(os.listdir(r.directory))
    if "F" in r.script:
        check_second_names(r)
    assert all(OURS.fullmatch(name) for name in names), names
    found = numbers(r)
    assert found == list(range(found[0], LINES)), (names, found)
    archives = {name.removesuffix(".gz") for name in names if ARCHIVE.fullmatch(name)}
    if keep >= 100:
        assert found[0] == 0, "what nobody deleted is missing"
    else:
        assert len(archives) <= keep and found[0] > 0
    assert not any(name.endswith(".u") for name in archives), names
    if archives:
        assert max(archives) in names, "the newest archive is compressed"
    for path in r.files():
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                assert file.read().endswith(b"\n")


# Without it names cannot change places in one step, and current is missing for a moment.
RENAMEAT2 = {"x86_64": "316", "aarch64": "276"}[os.uname().machine]

SCRIPTS = pytest.mark.parametrize("script, keep, compressed, refused", [
    (("n100", "s4096", "z0", "C"), 100, False, ""),
    (("n100", "s4096", "z0", "F", "C"), 100, False, RENAMEAT2),
    (("n2", "s4096", "S1000000", "z1", "F", "C"), 2, True, ""),
    (("n100", "s4096", "!cat", "C"), 100, False, ""),
], ids=["archives", "archives-on-an-old-kernel", "compression-and-retention", "processor"])


def check_at_any_moment(r):
    """What readers find while it is being rotated: current, for all to read, and every line once."""
    found = numbers(r)
    assert found == list(range(found[0], found[-1] + 1)) if found else r.directory.joinpath("current").exists()
    for path in r.files():
        assert stat.S_IMODE(path.stat().st_mode) in (0o644, 0o744), path


def kills(stopat, place, stops, script, keep, compressed, refused):
    """Loggers after one another, each killed at its own system call of those in stops; then one that lives, and
    what is there must be whole. How many came to their call: the last may not."""
    folder = Path(place) / "run"
    folder.mkdir()
    null = high(os.open(os.devnull, os.O_WRONLY))
    r = Rig(folder, *script, mode="2", console=[null, null])
    killed, looks = 0, 0

    def ended():
        nonlocal looks
        pid, status = os.waitpid(r.pid, os.WNOHANG)
        if pid:
            r.pid = 0
            return [os.waitstatus_to_exitcode(status)]
        looks += 1  # most are killed soon, and the other look takes more time than a kill
        return ["idle"] if looks % 16 == 0 and is_idle(r, compressed) else None
    try:
        os.write(r.out[1], text())
        for stop in stops:
            was_there = (r.directory / "current").exists()
            r.start(wrapper=[*(["env", "REFUSED=" + refused] if refused else []), stopat, str(stop), os.path.join(place, "count")])
            end = wait_for(ended, what=f"end at {stops}", interval=0.002)[0]
            if end == "idle":
                return killed
            assert end == 137, end
            killed += 1
            if not refused and (was_there or (r.directory / "current").exists()):
                check_at_any_moment(r)
        r.start()
        assert r.finish() == 0
        check(r, keep)
    finally:
        r.close()
        os.close(null)
        shutil.rmtree(folder)
    return killed


@SCRIPTS
def test_killed_at_every_system_call(stopat, place, script, keep, compressed, refused):
    last = 1
    while kills(stopat, place, [last], script, keep, compressed, refused) == 1:
        last += 1
    assert last > 60
    print(f"{last} kills")


@SCRIPTS
def test_killed_at_every_system_call_of_the_recovery(stopat, place, script, keep, compressed, refused):
    """A logger is killed in its work, and the next one at each call while it makes that good."""
    last = 1
    while kills(stopat, place, [47, last], script, keep, compressed, refused) == 2:
        last += 1
    assert last > 60
