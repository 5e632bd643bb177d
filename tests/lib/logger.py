"""A paired logger by its contract (docs/logger-contract.md): real pipes and memory files, no supervisor."""
import fcntl
import os
import re
import select
import signal
import subprocess
import termios
import threading
from pathlib import Path

from lib.build import OVERLOG
from lib.logs import CRI, archives, joined, log_bytes, whole_lines
from lib.wait import DEADLINE, wait_for

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0"}
TO_A_SUCCESSOR = 99  # exit code of one that made way, or whose directory is gone
HANDLED = 1 << (signal.SIGHUP - 1) | 1 << (signal.SIGALRM - 1) | 1 << (signal.SIGUSR1 - 1) \
    | 1 << (signal.SIGUSR2 - 1) | 1 << (signal.SIGCHLD - 1)


def high(fd):
    """The same open file at a number that collides with none of the contract's."""
    new = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100)
    os.close(fd)
    return new


def pipe():
    r, w = os.pipe()
    return high(r), high(w)


def log_files(directory):
    """Archives, oldest first, and current, without what a compression has left twice."""
    if not (directory / "current").exists():
        return []
    return [directory / name for name in [*archives(directory), "current"]]


class Rig:
    """What a supervisor holds for a logger, and the logger."""

    def __init__(self, folder, *script, name="web", mode="1", options=(), events=False, disk=True,
                 console=None, journals=True, logs=None):
        self.directory = Path(logs or folder) / "log"
        self.script, self.name, self.mode = script, name, mode
        self.options = list(options)
        if disk:
            self.options += ["-d", str(self.directory)]
        self.out, self.err = pipe(), pipe()
        self.keep = [high(os.memfd_create("x")) for _ in range(4)]
        self.events_journal = high(os.memfd_create("x"))
        self.events = pipe() if events else None
        self.journals = journals
        self.shown = [Path(folder) / "console.out", Path(folder) / "console.err"]
        self.console = console or [
            high(os.open(p, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)) for p in self.shown]
        self.null = high(os.open("/dev/null", os.O_RDWR))
        self.pid = 0
        self.restarted = False

    def start(self, *extra, ready=True, wrapper=()):
        """Starts a logger; wrapper: the words of a program that executes it, and must pass signals on."""
        fds = [(self.null, 0), (self.console[0], 1), (self.console[1], 2), (self.out[0], 3),
               (self.err[0], 4)]
        if self.journals:
            fds += [(fd, 5 + i) for i, fd in enumerate(self.keep)]
        if self.events:
            fds += [(self.events[0], 9), (self.events_journal, 10)]
        argv = ["logger", *self.options, *(["-r"] if self.restarted else []), *extra, "--",
                self.name, self.mode, *self.script]
        words = [*wrapper, OVERLOG, *argv]
        self.pid = os.posix_spawnp(
            words[0], words, ENVIRONMENT,
            file_actions=[(os.POSIX_SPAWN_DUP2, a, b) for a, b in fds], setsid=True)
        self.restarted = True
        if ready and not wrapper:
            wait_for(self.ready, what="logger that takes signals")
        return self

    def ready(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        if status.split("State:\t")[1][0] == "Z":
            return True
        blocked = int(re.search(r"SigBlk:\t([0-9a-f]+)", status)[1], 16)
        return blocked & HANDLED == HANDLED

    def signal(self, number):
        if number == signal.SIGUSR1 and self.journals:
            state = self.keep[2]
            fcntl.fcntl(state, fcntl.F_SETFL, fcntl.fcntl(state, fcntl.F_GETFL) | os.O_NONBLOCK)
        os.kill(self.pid, number)

    def wait(self, deadline=DEADLINE):
        """The exit code of the logger."""
        def reaped():
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return [status] if pid else None
        status = wait_for(reaped, deadline, "end of the logger")[0]
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def kill(self):
        """Kills the logger, which must not have ended before."""
        self.signal(signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        assert code == -signal.SIGKILL, f"the logger ended by itself: {code}"

    def end_input(self):
        """End of file on every stream."""
        for _, w in (self.out, self.err, *([self.events] if self.events else [])):
            os.close(w)
        self.out, self.err = (self.out[0], -1), (self.err[0], -1)
        if self.events:
            self.events = (self.events[0], -1)

    def finish(self):
        """End of file on every stream; the exit code."""
        self.end_input()
        return self.wait()

    def files(self):
        return log_files(self.directory)

    def logged(self):
        return log_bytes(self.directory) if self.files() else b""

    def lines(self):
        """(stream, flag, message) of every CRI line."""
        text = whole_lines(self.directory) if self.files() else b""
        found = [CRI.fullmatch(line) for line in text.split(b"\n")[:-1]]
        assert all(found), [line for line in text.split(b"\n") if not CRI.fullmatch(line)][:3]
        return [(m[2].decode(), m[3].decode(), m[4]) for m in found]

    def whole(self):
        """(stream, message) of every line, its pieces joined."""
        return joined(self.lines())

    def close(self):
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        for fd in [*self.out, *self.err, *(self.events or ()), *self.keep, self.events_journal, self.null]:
            if fd >= 0:
                os.close(fd)


# --- a service that numbers its lines ---

def numbered(first, last):
    return b"".join(b"line %06d of a service that talks about itself\n" % i for i in range(first, last + 1))


def numbers(r, wanted="stdout"):
    """The numbers of a stream's lines on disk, and the other messages there."""
    found, other = [], []
    for stream, message in r.whole():
        m = re.fullmatch(rb"line (\d{6}) of a service that talks about itself", message)
        if not m:
            other.append(message.decode())
        elif stream == wanted:
            found.append(int(m[1]))
    return found, other


def said(r):
    return r.shown[1].read_text().splitlines()


def talk(r, first, last, torn=True):
    """Writes in the background, the same on both streams: the thread. torn: in parts that end within a line, which is
    logged in two pieces, if the next part is late; where lines may be given up, that could be one of the two."""
    size = 5000 if torn else select.PIPE_BUF // len(numbered(1, 1)) * len(numbered(1, 1))

    def write():
        view = memoryview(numbered(first, last))
        while view:
            part, view = view[:size], view[size:]
            for _, fd in (r.out, r.err):
                rest = part
                while rest:
                    rest = rest[os.write(fd, rest):]
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def waiting(fd):
    """Bytes in a pipe."""
    return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), "little")


def stalls(r):
    """The service is held back: the logger has said so and reads nothing."""
    wait_for(lambda: said(r), what="message")
    seen = []

    def same():
        seen.append(waiting(r.out[0]) + waiting(r.err[0]))
        return len(seen) > 10 and seen[-1] > 0 and len(set(seen[-10:])) == 1
    wait_for(same, what="service held back")


def grow(folder, size="64m"):
    """Makes room on a tmpfs."""
    subprocess.run(["mount", "-o", f"remount,rw,size={size}", folder], check=True)
