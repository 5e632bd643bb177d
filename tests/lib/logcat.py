"""logcat: directories made by hand, the command run on them, and one that follows in the background."""

import datetime
import fcntl
import gzip
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

from lib import wait
from lib.build import OVERLOG
from lib.processes import process_state

BASE = 1795431340  # 2026-11-23T10:55:40Z
DEADLINE = 2 * wait.DEADLINE


def tai64n(second, nanosecond=0, offset=37):
    return "@%016x%08x" % (2**62 + second + offset, nanosecond)


def utc(second, nanosecond=0):
    t = datetime.datetime.fromtimestamp(second, datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S") + ".%09dZ" % nanosecond


def cri(second, message, stream="stdout", flag="F", nanosecond=0):
    return f"{utc(second, nanosecond)} {stream} {flag} {message}\n"


def archive_name(second, nanosecond=0):
    return tai64n(second, nanosecond) + ".s"


def service(root, name, current="", archives=()):
    """archives: (second, text) pairs; a third element True: gzip."""
    d = root / name
    d.mkdir(exist_ok=True)
    for second, text, *gz in archives:
        data = text.encode() if isinstance(text, str) else text
        if gz and gz[0]:
            (d / (archive_name(second) + ".gz")).write_bytes(gzip.compress(data))
        else:
            (d / archive_name(second)).write_bytes(data)
    (d / "current").write_bytes(current.encode() if isinstance(current, str) else current)
    return d


def environment(root, **more):
    e = {k: v for k, v in os.environ.items() if k not in ("S6_LOGGING", "NO_COLOR")}
    return {**e, "OVERLOG_DIR": str(root), "TZ": "UTC0", "TERM": "xterm", **more}


def run(root, *args, code=0, text=True, **env):
    p = subprocess.run(["logcat", *args], executable=OVERLOG, env=environment(root, **env),
                       capture_output=True, timeout=DEADLINE)
    assert p.returncode == code, (p.returncode, p.stdout, p.stderr)
    if code == 0:
        assert p.stderr == b""
    return p.stdout.decode() if text else p.stdout


def raw(root, *args, **more):
    """The lines, as their services wrote them."""
    return run(root, "-o", "raw", *args, **more).splitlines()


def warned(root, *args, code, **env):
    p = subprocess.run(["logcat", *args], executable=OVERLOG, env=environment(root, **env),
                       capture_output=True, text=True, timeout=DEADLINE)
    assert p.returncode == code, (p.returncode, p.stdout, p.stderr)
    return p.stdout, p.stderr


class Follower:
    """logcat -f in the background; its output gathered line by line."""

    def __init__(self, root, *args, wrapper=None, **env):
        """wrapper: the words of a program that executes it, its name the last of them."""
        words, program = (wrapper, None) if wrapper else (["logcat"], OVERLOG)
        self.process = subprocess.Popen([*words, "-f", *args], executable=program, env=environment(root, **env),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def read_until(self, done):
        """The deadline is for each piece: a loaded machine may be slow, but goes on."""
        last = time.monotonic() + 10 * DEADLINE
        while not done(self.data):
            end = min(last, time.monotonic() + DEADLINE)
            left = end - time.monotonic()
            ready = left > 0 and select.select([self.process.stdout], [], [], left)[0]
            assert ready, ("deadline", self.data[-2000:], self.errors())
            more = os.read(self.process.stdout.fileno(), 1 << 16)
            assert more, ("ended", self.process.wait(), self.data[-2000:], self.errors())
            self.data += more
        return self.data.decode()

    def lines(self, count):
        return self.read_until(lambda d: d.count(b"\n") >= count).splitlines()

    def errors(self):
        os.set_blocking(self.process.stderr.fileno(), False)
        return self.process.stderr.read()

    def end(self, sig=signal.SIGINT):
        self.process.send_signal(sig)
        rest = self.process.stdout.read()
        assert self.process.wait(DEADLINE) is not None
        self.data += rest
        return self.process.returncode


def is_asleep(pid):
    return Path(f"/proc/{pid}/wchan").read_text() in ("ep_poll", "do_epoll_wait") or \
        process_state(pid) == "S"


def three(root):
    for k, name in enumerate(("alpha", "beta", "gamma")):
        service(root, name, "".join(cri(BASE + 3 * i + k, f"{name} {i}", "stderr" if i % 2 else "stdout")
                                    for i in range(20)))


def on_terminal(root, *args, code=0, screen=None, **env):
    pid, fd = pty.fork()
    if pid == 0:
        if screen:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", *screen, 0, 0))
        os.execve(OVERLOG, ["logcat", *args], environment(root, **env))
    data = b""
    while True:
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        data += more
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == code
    return data


class Writer:
    """A logger made by hand: numbered lines, rotation by rename, optional gzip, retention."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self.file = open(directory / "current", "ab", buffering=0)

    def write(self, message, flag="F"):
        now = time.time_ns()
        self.file.write(cri(now // 10**9, message, flag=flag, nanosecond=now % 10**9).encode())

    def rotate(self, compress=False):
        now = time.time_ns()
        name = self.directory / archive_name(now // 10**9, now % 10**9)
        os.rename(self.directory / "current", name)
        self.file.close()
        self.file = open(self.directory / "current", "ab", buffering=0)
        if compress:
            new = Path(f"{name}.gz.new")
            new.write_bytes(gzip.compress(name.read_bytes(), 1))
            times = name.stat()
            os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))  # as gzip does
            os.rename(new, f"{name}.gz")
            os.unlink(name)
