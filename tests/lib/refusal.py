"""What pid 1 asks for is refused: memory, by a build of the program for it; system calls, by strace."""
import os
import signal
import struct
import subprocess

from lib.tree import give_build
from lib.wait import wait_for

# What pid 1 asks the system for after the boot, and how it is refused. "?" is for calls that not every machine has.
REFUSED = {"?fork,?clone,?clone3": "EAGAIN", "?pipe,pipe2": "EMFILE", "?open,openat": "EMFILE",
           "epoll_ctl": "ENOSPC", "?accept,accept4": "EMFILE"}


def attached(pid, log, *words):
    """An strace of that process, once no call of it escapes: /proc knows its tracer before that."""
    said = log + ".said"
    with open(said, "w") as file:
        strace = subprocess.Popen(["strace", "-o", log, "-p", str(pid), *words], stdin=subprocess.DEVNULL, stderr=file)
    wait_for(lambda: f"Process {pid} attached" in open(said).read(), what=f"strace at {pid}")
    return strace


class Refusal:
    """From the Nth call of each kind on (or that one only), until the end of the with block."""

    def __init__(self, pid, when, log, refused=REFUSED):
        self.pid, self.log = pid, log
        self.words = ["-e", "trace=" + ",".join(refused)]
        for calls, error in refused.items():
            self.words += ["-e", f"inject={calls}:error={error}:when={when}"]

    def traced(self):
        with open(f"/proc/{self.pid}/status") as file:
            return "TracerPid:\t0\n" not in file.read()

    def __enter__(self):
        self.strace = attached(self.pid, self.log, *self.words)
        return self

    def refused(self):
        with open(self.log) as file:
            return file.read().count("(INJECTED)")

    def __exit__(self, *error):
        self.strace.send_signal(signal.SIGTERM)
        self.strace.wait()
        assert not self.traced()


class Scarce:
    """The tree gets the program with pid 1's requests for memory in the test's hand."""

    def __init__(self, tree):
        give_build(tree, "overlog.scarce")
        self.file = open(tree.write("/scarce", b"\0" * 12), "r+b", buffering=0)

    def count(self):
        return struct.unpack("III", os.pread(self.file.fileno(), 12, 0))[2]

    def refuse(self, first, last):
        """Counted from now on; 0 to stop."""
        now = self.count() if first else 0
        os.pwrite(self.file.fileno(), struct.pack("II", now + first, now + last if last else 0xffffffff)
                  if first else struct.pack("II", 0, 0), 0)
