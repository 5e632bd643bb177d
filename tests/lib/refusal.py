"""What pid 1 asks for is refused: memory, by a build of the program for it; system calls, by strace."""
import os
import re
import shutil
import signal
import struct
import subprocess

from lib.boot import BUILD, TOP, clean_environment, wait_for

# What pid 1 asks the system for after the boot, and how it is refused. "?" is for calls that not every machine has.
REFUSED = {"?fork,?clone,?clone3": "EAGAIN", "?pipe,pipe2": "EMFILE", "?open,openat": "EMFILE",
           "epoll_ctl": "ENOSPC", "?accept,accept4": "EMFILE"}


def status(box, name):
    """pid, flags of supervise/status."""
    with open(box.inside(f"/run/service/{name}/supervise/status"), "rb") as file:
        record = file.read()
    return int.from_bytes(record[24:32], "big"), record[34]


def tell(box, name, letters):
    with open(box.inside(f"/run/service/{name}/supervise/control"), "wb", buffering=0) as file:
        file.write(letters)


class Refusal:
    """From the Nth call of each kind on (or that one only), until the end of the with block."""

    def __init__(self, pid, when, log, refused=REFUSED):
        self.pid, self.log = pid, log
        self.words = ["strace", "-qq", "-o", log, "-p", str(pid), "-e", "trace=" + ",".join(refused)]
        for calls, error in refused.items():
            self.words += ["-e", f"inject={calls}:error={error}:when={when}"]

    def traced(self):
        with open(f"/proc/{self.pid}/status") as file:
            return "TracerPid:\t0\n" not in file.read()

    def __enter__(self):
        self.strace = subprocess.Popen(self.words, stdin=subprocess.DEVNULL)
        wait_for(self.traced, what="strace at pid 1")
        return self

    def refused(self):
        with open(self.log) as file:
            return file.read().count("(INJECTED)")

    def __exit__(self, *error):
        self.strace.send_signal(signal.SIGTERM)
        self.strace.wait()
        assert not self.traced()


def give_libraries(tree, program):
    """Those that a program which is not static names."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for library in re.findall(r"(/\S+) \(0x", listed):
        os.makedirs(os.path.dirname(tree.at(library)), exist_ok=True)
        shutil.copy(library, tree.at(library))


def give_build(tree, name):
    """The tree gets another build of the program, made first."""
    program = os.path.join(BUILD, name)
    command = ["make", "-s", "-C", TOP, f"BUILD={BUILD}", program]
    subprocess.run(command, env=clean_environment(), check=True, capture_output=True)
    link = tree.at("/command/s6-rc")
    there = os.path.realpath(link)
    there = there if os.path.isfile(there) else tree.at(os.readlink(link))
    os.unlink(there)
    shutil.copy(program, there)
    give_libraries(tree, program)


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
