"""What starts the tests passes much on to what they start: none of it may change what comes of them."""

import ctypes
import os
import platform
import signal

RT_SIGACTION = {"x86_64": 13, "aarch64": 134, "riscv64": 134}  # the number of the system call
PYTHON_IGNORES = {signal.SIGPIPE, signal.SIGXFSZ}  # subprocess gives these back to its children
# Variables that mean something to the programs under test, ours and the packages'.
MEANING = ("S6_", "OVERLOG_", "EXECLINE_", "LC_", "DNS", "LISTEN_")
MEANINGS = {"LANG", "LANGUAGE", "TZ", "TERM", "COLUMNS", "LINES", "NO_COLOR", "PAGER", "LESS", "UID", "GID", "GIDLIST", "RC_NAME",
            "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "XDG_RUNTIME_DIR", "CDPATH", "ENV", "BASH_ENV", "POSIXLY_CORRECT"}
OURS = {"S6_UTILS"}  # for the tests themselves


def take_defaults():
    take_default_dispositions()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)
    for name in list(os.environ):
        if name not in OURS and (name in MEANINGS or name.startswith(MEANING)):
            del os.environ[name]


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
