"""Finds calls in supervisor/ that may wait: pid 1 must not. Those that are fine stand, with their reason, in
tests/waits.txt, as "FILE | text of the line, or * for all of the file | reason"; one that is found no more is an
error as well. Finds time.sleep in the Python tests, too: they wait for conditions, by tests/lib/wait.py.

usage: waits.py [FILE...]
"""
import glob
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ALLOWED = os.path.join(TOP, "tests/waits.txt")
# What waits always, and what waits unless one of these words is among its arguments.
ALWAYS = ("process_wait process_start fsync fdatasync sync syncfs sleep usleep nanosleep clock_nanosleep clock_sleep "
          "system popen getpwnam getpwuid getgrnam getgrgid epoll_wait epoll_pwait poll ppoll select connect "
          "fd_write_all wait pause sigwait sigsuspend lockf tcdrain tcflush vfork").split()
UNLESS = {"open": ("O_NONBLOCK", "O_PATH", "O_DIRECTORY", "O_EXCL"),
          "openat": ("O_NONBLOCK", "O_PATH", "O_DIRECTORY", "O_EXCL"), "waitpid": ("WNOHANG",),
          "waitid": ("WNOHANG",), "flock": ("LOCK_NB", "LOCK_UN"), "recv": ("MSG_DONTWAIT",),
          "recvmsg": ("MSG_DONTWAIT",), "send": ("MSG_DONTWAIT",), "sendmsg": ("MSG_DONTWAIT",)}
WORDS = ("F_SETLKW", "F_OFD_SETLKW", "SCM_RIGHTS")  # what is received would have to be closed
SLEEP = re.compile(r"\btime\.sleep\b|\bfrom time import\b.*\bsleep\b")
WAITING = "tests/lib/wait.py"
CALL = re.compile(r"(?<![\w.>])(\w+)\(")


def code(text):
    """Without comments and strings, line by line as it was."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def arguments(text, at):
    """From behind the bracket to the one that closes it."""
    depth, end = 1, at
    while depth > 0 and end < len(text):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    return text[at:end]


def found(path):
    """(line number, line) of each call that may wait."""
    with open(path) as file:
        source = file.read()
    text, lines, hits = code(source), source.split("\n"), set()
    for match in CALL.finditer(text):
        name = match.group(1)
        if name in ALWAYS or (name in UNLESS and not any(
                word in arguments(text, match.end()) for word in UNLESS[name])):
            hits.add(text.count("\n", 0, match.start()))
    for word in WORDS:
        hits.update(text.count("\n", 0, m.start()) for m in re.finditer(rf"\b{word}\b", text))
    return [(hit + 1, lines[hit].strip()) for hit in sorted(hits)]


def sleeps(path):
    """The same of each line of a Python test that sleeps."""
    with open(path) as file:
        lines = file.read().split("\n")
    return [(number, line.strip()) for number, line in enumerate(lines, 1)
            if SLEEP.search(re.sub(r'"(?:\\.|[^"\\])*"', "", line))]


def tests():
    folders = ("lib", "scenario", "container", "compat", "fault")
    return sorted(path for folder in folders for path in glob.glob(f"tests/{folder}/*.py") if path != WAITING)


def allowed():
    with open(ALLOWED) as file:
        rows = [re.fullmatch(r"(\S+) \| (.*) \| (.+)\n", line) for line in file]
    assert all(rows), "waits.txt: FILE | text of the line | reason"
    return {(row[1], row[2]) for row in rows}


def main(files):
    os.chdir(TOP)
    known = allowed() if not files else set()
    seen, bad = set(), 0
    for path in files or sorted(glob.glob("supervisor/*.c")) + tests():
        if path.endswith(".py"):
            for number, line in sleeps(path):
                print(f"{path}:{number}: sleeps, instead of waiting for a condition: {line}", file=sys.stderr)
                bad += 1
            continue
        for number, line in found(path):
            seen.add((path, line))
            seen.add((path, "*"))
            if not known & {(path, line), (path, "*")}:
                print(f"{path}:{number}: may wait: {line}", file=sys.stderr)
                bad += 1
    for path, line in sorted(known - seen):
        print(f"tests/waits.txt: no longer in {path}: {line}", file=sys.stderr)
        bad += 1
    if bad == 0:
        print("waits: ok")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
