"""Processes as /proc shows them, and the signal dispositions that those of a test inherit."""

import ctypes
import os
import platform
import signal

RT_SIGACTION = {"x86_64": 13, "aarch64": 134, "riscv64": 134}  # the number of the system call
PYTHON_IGNORES = {signal.SIGPIPE, signal.SIGXFSZ}  # subprocess gives these back to its children


def is_logger(words):
    """Whether that is the command line of a paired logger, or of the one of .init or .cmd."""
    return words[:1] == ["logger"] or (words[:1] == ["s6-supervise"] and words[2:3] == ["logger"])


def link_target(path):
    try:
        return os.readlink(path)
    except OSError:
        return None


def children(pid):
    return [other for other, parent in parents().items() if parent == pid]


def descendants(pid):
    """All pids below pid."""
    known = parents()
    found, queue = [], [pid]
    while queue:
        above = queue.pop()
        below = [other for other, parent in known.items() if parent == above]
        found += below
        queue += below
    return found


def process_fields(pid):
    """Fields of /proc/PID/stat from the state on."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def process_state(pid):
    fields = process_fields(pid)
    return fields[0] if fields else None


def parents():
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = process_fields(entry)
            if fields:
                found[int(entry)] = int(fields[1])
    return found


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", errors="surrogateescape") as file:
            return file.read().split("\0")[:-1]
    except OSError:
        return []


def take_default_dispositions():
    """What starts the tests may ignore signals, and the packages under test pass that on. The C library's sigaction
    refuses 32 and 33, its own, so this is the bare system call."""
    call = RT_SIGACTION.get(platform.machine())
    if call is None:
        return
    with open("/proc/self/status") as file:
        ignored = int(next(line for line in file if line.startswith("SigIgn:")).split()[1], 16)
    for number in range(1, 65):
        if ignored >> (number - 1) & 1 and number not in PYTHON_IGNORES:
            ctypes.CDLL(None).syscall(call, number, bytes(32), None, 8)
