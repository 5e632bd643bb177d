"""Somebody else works on a log directory with rm, mv, sed -i, ln: no line is lost by it, and no log ends."""
import ctypes
import fcntl
import os
import signal
import stat
import struct
import subprocess
from pathlib import Path

import pytest

from lib.logger import numbered, said
from lib.wait import wait_for

SYS_CLONE3 = 435


def write(r, first, last):
    os.write(r.out[1], numbered(first, last))


def has(r, last):
    """The log is written as far as that line. A fifo is not read, which may wait for good; and between what was set
    aside and the new current there is none."""
    try:
        return any(b"line %06d " % last in path.read_bytes() for path in r.files() if path.is_file())
    except FileNotFoundError:
        return False


def shell(command):
    return lambda folder: subprocess.run(["sh", "-c", command], cwd=folder, check=True)


WAYS = {
    "sed": shell("sed -i s/itself/itself/ current"),
    "touch": shell("rm current; touch current"),
    "unreadable": shell("rm current; touch current; chmod 0 current"),
    "fifo": shell("rm current; mkfifo current"),
    "directory": shell("rm current; mkdir current; echo precious > current/file"),
    "link": shell("echo precious > victim; ln -sf victim current"),
    "moved": shell("mv current old"),
    "moved-away": shell("mv current .."),
    "linked": shell("ln current old; rm current"),
    "replaced": shell("echo of somebody > new; mv new current"),
}


@pytest.mark.parametrize("mode", ["1", "2", "auto"])
@pytest.mark.parametrize("way", WAYS)
def test_current_is_taken_away(rig, way, mode):
    """Lines from then on are in a current of ours; the next rotation works, and takes nobody else's file."""
    r = rig("s4096", "n1000", "z0", "r10", "C", mode=mode).start()
    write(r, 1, 20)
    wait_for(lambda: has(r, 20), what="lines")
    WAYS[way](r.directory)
    write(r, 21, 30)
    wait_for(lambda: has(r, 30), what="lines that come after")
    current = r.directory / "current"
    assert stat.S_ISREG(current.lstat().st_mode) and stat.S_IMODE(current.stat().st_mode) == 0o644
    write(r, 31, 300)
    wait_for(lambda: has(r, 300), what="lines in the next files")
    assert r.finish() == 0
    lines = [message for _, _, message in r.lines()] if way != "replaced" else []
    expected = numbered(1 if way == "sed" else 21, 300).splitlines()
    if way == "replaced":
        archive = [path for path in r.files() if path.read_bytes() == b"of somebody\n"]
        assert len(archive) == 1 and archive[0].suffix == ".u"
        archive[0].unlink()
        lines = [message for _, _, message in r.lines()]
    assert lines == expected
    for name in ("old", "../current"):
        if (r.directory / name).exists():
            assert (r.directory / name).read_bytes().count(b"\n") == 20
    if way == "link":
        assert (r.directory / "victim").read_text() == "precious\n"
    asides = list(r.directory.glob("current.aside@*"))
    assert len(asides) == (way in ("fifo", "directory", "link"))
    assert f"logger web: warning: {current} was deleted, renamed or replaced; going on with a new one" in said(r)
    assert len(said(r)) == 1 + len(asides)


@pytest.mark.parametrize("way", ["mkfifo", "mkdir", "ln -s victim"])
def test_every_name_of_ours_is_taken_at_the_start(rig, way):
    r = rig("s4096", "n1000", "r10", "?cat", "C")
    r.directory.mkdir(mode=0o700)
    names = ["current", "lock", "state", "newstate", "previous", "processed"]
    for name in names:
        shell(f"{way} {name}")(r.directory)
    r.start()
    write(r, 1, 300)
    wait_for(lambda: len(r.files()) > 1, what="rotation")
    assert r.finish() == 0
    assert [message for _, message in r.whole()] == numbered(1, 300).splitlines()
    assert sorted(path.name.split(".aside@")[0] for path in r.directory.glob("*.aside@*")) == sorted(names)
    assert not (r.directory / "victim").exists()
    assert len(said(r)) == len(names)


@pytest.mark.parametrize("call", ["fchmod", "fstat", "?newfstatat,?fstatat64", "openat"])
@pytest.mark.parametrize("when", range(1, 10))
def test_a_call_that_fails_once(rig, call, when):
    """Whatever it was for: the log goes on, by itself."""
    r = rig("s4096", "n1000", "z0", "r10", "C", mode="auto")
    r.start(wrapper=["strace", "-o", "/dev/null", "-P", str(r.directory), "-P", str(r.directory / "current"),
                     "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={when}"])
    last = 0

    def goes_on():
        nonlocal last
        if last < 400 or not (r.files() and has(r, last)):
            write(r, last + 1, last + 50)
            last += 50
        return last >= 400 and r.files() and has(r, last)
    wait_for(goes_on, what="a log that goes on", interval=0.02)
    assert r.finish() == 0
    numbers = [int(message[5:11]) for _, _, message in r.lines() if message.startswith(b"line ")]
    # a directory that could not be opened at first has no lines from before
    assert numbers == list(range(numbers[0], last + 1))
    assert len(r.files()) > 1


# --- locks ---

def test_a_reader_of_the_lock_keeps_no_logger_out(rig):
    """The lock of an older version could be read with mMODE, and so be locked."""
    r = rig("m0644", "s4096", "n1000", "S1000000", "z1", "C", mode="auto")
    r.directory.mkdir(mode=0o755)
    lock = r.directory / "lock"
    lock.touch(0o644)
    with open(lock, "rb") as file:
        fcntl.lockf(file, fcntl.LOCK_SH)
        r.start()
        write(r, 1, 300)
        wait_for(lambda: [path.suffix for path in r.files()[:-2]].count(".gz") > 1, what="compression")
        assert r.finish() == 0
    assert [message for _, message in r.whole()] == numbered(1, 300).splitlines()
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    assert said(r) == []


def spawn_with_pid(pid):
    """A process of that number which only waits."""
    number = ctypes.c_int(pid)
    words = struct.pack("11Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(number), 1, 0)
    made = ctypes.CDLL(None, use_errno=True).syscall(SYS_CLONE3, ctypes.c_char_p(words), len(words))
    if made == 0:
        os.execv("/bin/sleep", ["sleep", "1000"])
    assert made == pid, os.strerror(ctypes.get_errno())


def test_a_helper_s_number_is_another_process_s(rig):
    """Between the look at who holds the lock and the kill, the helper dies and its number is used again."""
    r = rig("z0", "C")
    r.directory.mkdir(mode=0o700)
    (r.directory / "lock").touch(0o600)
    ready, go = os.pipe()
    helper = os.fork()
    if helper == 0:
        lock = open(r.directory / "lock", "r+b")
        fcntl.lockf(lock, fcntl.LOCK_EX, 1, 1)
        os.write(go, b"x")
        signal.pause()
    assert os.read(ready, 1) == b"x"
    r.start(wrapper=["strace", "-D", "-o", "/dev/null", "-e", "trace=?pidfd_open,kill",
                     "-e", "inject=?pidfd_open,kill:delay_enter=5s"])

    def about_to_kill():
        number = Path(f"/proc/{r.pid}/syscall").read_text().split()
        return len(number) > 1 and number[1] != "-1" and int(number[1], 0) == helper
    wait_for(about_to_kill, what="logger at the call that names its predecessor's helper")
    os.kill(helper, signal.SIGKILL)
    os.waitpid(helper, 0)
    spawn_with_pid(helper)
    try:
        write(r, 1, 10)
        wait_for(lambda: r.files() and has(r, 10), what="lines")
        assert os.waitpid(helper, os.WNOHANG) == (0, 0), "a stranger was killed"
    finally:
        os.kill(helper, signal.SIGKILL)
        os.waitpid(helper, 0)
    assert r.finish() == 0
    for fd in (ready, go):
        os.close(fd)
