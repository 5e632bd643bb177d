"""What docs/security.md says of files that others can open: a lock that a plain user takes keeps nobody out and claims
nothing."""

import contextlib
import fcntl
import os
import signal
import stat

import pytest


@pytest.fixture
def box(tree, boot):
    tree.longrun("web", "#!/bin/sh\nexec sleep 1000\n", lock_fd="5\n")
    tree.script("/srv/later/run", "#!/bin/sh\nexec sleep 1000\n")
    box = boot(tree.path)
    box.wait_booted()
    box.run("/command/s6-svperms", "-o", "-e", "/run/service/web", check=True)
    return box


class Stranger:
    """A plain user who opens each of the files that he may, and locks it in every way there is for a reader."""

    def __init__(self, box, files):
        ready, told = os.pipe()
        root = os.open(f"/proc/{box.pid()}/root", os.O_PATH)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            os.setgroups([])
            os.setgid(1)
            os.setuid(1)
            for name in files:
                self.lock(root, name, told)
            os.close(told)
            signal.pause()
        os.close(told)
        os.close(root)
        with open(ready, encoding="utf-8") as file:
            self.locked = file.read().splitlines()

    @staticmethod
    def lock(root, name, told):
        try:
            fd = os.open(name.lstrip("/"), os.O_RDONLY | os.O_NONBLOCK, dir_fd=root)
        except OSError:
            return
        for take in (fcntl.lockf, fcntl.flock):
            try:
                take(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
                os.write(told, f"{name}\n".encode())
            except OSError:
                if os.fork() == 0:  # takes it once its holder lets it go
                    os.close(told)
                    take(fd, fcntl.LOCK_SH)
                    signal.pause()

    def go(self):
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def everything(box, *folders):
    found = []
    for folder in folders:
        for path, folders_in, names in os.walk(box.inside(folder)):
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # a file that was about to take another one's place
                    if stat.S_ISREG(os.lstat(os.path.join(path, name)).st_mode):
                        found.append(folder + os.path.join(path, name)[len(box.inside(folder)):])
    return found


def test_locks_of_strangers_do_nothing(box):
    files = everything(box, "/run")
    assert {"/run/s6/status", "/run/service/.s6-svscan/lock", "/run/s6-rc/servicedirs/web/supervise/service-lock"} <= set(files)
    stranger = Stranger(box, files)
    try:
        assert "/run/s6/status" in stranger.locked
        for command in (("s6-svc", "-wr", "-T", "20000", "-r", "/run/service/web"),
                        ("s6-svlink", "-t", "20000", "/run/service", "/srv/later"),
                        ("s6-rc", "-d", "change", "web"), ("s6-rc", "-u", "change", "web"),
                        ("s6-svwait", "-t", "20000", "-u", "/run/service/web"),
                        ("s6-svok", "/run/service/later"), ("s6-svunlink", "-t", "20000", "/run/service", "later")):
            done = box.run("/command/" + command[0], *command[1:])
            assert done.returncode == 0, (command, done.stderr)
        assert "a process of an earlier instance" not in box.transcript()
        assert box.stop() == 0
    finally:
        stranger.go()


def test_a_reader_of_a_lock_is_no_supervisor(box, tree):
    """Nobody supervises what only a reader has locked, and a reader keeps no supervisor out."""
    os.makedirs(tree.at("/srv/later/supervise"), 0o755)
    for name, folder in (("lock", "/srv/later/supervise"), ("lock", "/srv/scan/.s6-svscan")):
        tree.write(f"{folder}/{name}", "")
    stranger = Stranger(box, ["/srv/later/supervise/lock", "/srv/scan/.s6-svscan/lock"])
    try:
        assert len(stranger.locked) == 4
        assert box.run("/command/s6-svok", "/srv/later").returncode == 1
        scanned = box.run("/command/s6-svlink", "/srv/scan", "/srv/later")
        assert (scanned.returncode, scanned.stderr) == (100, "s6-svlink: fatal: /srv/scan is not scanned by anybody\n")
        linked = box.run("/command/s6-svlink", "-t", "20000", "/run/service", "/srv/later")
        assert linked.returncode == 0, linked.stderr
        assert box.run("/command/s6-svwait", "-t", "20000", "-u", "/srv/later").returncode == 0
        assert box.run("/command/s6-svok", "/srv/later").returncode == 0
    finally:
        stranger.go()


def test_anybody_may_see_who_is_supervised(box):
    assert box.run("/command/s6-svok", "/run/service/web", user=1).returncode == 0
