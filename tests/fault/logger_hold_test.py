"""A disk that holds the service back, and everything that may end the hold: reading goes on, each line is there once."""
import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from lib.logger import OVERLOG, TO_A_SUCCESSOR, grow, high, numbered, numbers, said, stalls, talk, waiting
from lib.processes import process_state
from lib.wait import DEADLINE, wait_for

NEVER = "r100000"  # no attempt by itself within a test


def shrink(small):
    """Full from now on; -> what to remove for room."""
    ballast = small / "ballast"
    with open(ballast, "ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    return ballast


def ended_by_alrm(r):
    r.signal(signal.SIGALRM)


def ended_by_a_successor(r):
    r.signal(signal.SIGHUP)
    assert r.wait() == TO_A_SUCCESSOR
    r.start()


def ended_by_a_kill(r):
    r.kill()
    r.start()


@pytest.mark.parametrize("end", [ended_by_alrm, ended_by_a_successor, ended_by_a_kill])
def test_reading_goes_on(rig, small, end):
    r = rig("n1000", "s100000000", "z0", NEVER, "C", logs=small).start()
    thread = talk(r, 1, 30000)
    stalls(r)
    grow(small)
    end(r)
    thread.join(DEADLINE)
    assert not thread.is_alive(), "the service is still held back"
    assert r.finish() == 0
    assert numbers(r) == numbers(r, "stderr") == (list(range(1, 30001)), [])


def test_reading_goes_on_when_a_period_ends(rig, small):
    r = rig("n1000", "s100000000", "z0", NEVER, "R1", "C", logs=small).start()
    thread = talk(r, 1, 30000)
    stalls(r)
    grow(small)
    thread.join(DEADLINE)
    assert not thread.is_alive(), "the service is still held back"
    assert r.finish() == 0
    assert numbers(r) == numbers(r, "stderr") == (list(range(1, 30001)), [])


def test_a_mode_without_the_writers_bit(rig, place, small):
    """A part of a batch is in a current that its owner may not open to write: the rest of it goes there, too."""
    os.chmod(place, 0o755)
    r = rig("n1000", "s100000000", "z0", NEVER, "m0440", "C", logs=small, options=["-u", "32762:32762"]).start()
    thread = talk(r, 1, 30000)
    stalls(r)
    status = os.stat(r.directory / "current")
    assert status.st_uid == 32762 and status.st_mode & 0o777 == 0o440
    r.kill()
    grow(small)
    r.start()
    thread.join(DEADLINE)
    assert not thread.is_alive(), "the service is still held back"
    assert r.finish() == 0
    assert numbers(r) == numbers(r, "stderr") == (list(range(1, 30001)), [])
    assert [os.stat(path).st_ino for path in r.files()] == [status.st_ino]


# --- somebody makes room by deleting logs ---


def by_growing(small):
    grow(small)


def by_the_deleted(small):
    """The room is that of the deleted file alone."""


def goes_on(r, small, thread):
    """Once the disk has room for all."""
    def ended():
        r.signal(signal.SIGALRM)
        return not thread.is_alive()
    grow(small)
    wait_for(ended, what="service that goes on", interval=0.05)
    assert r.finish() == 0


def last_in(deleted, stream):
    had = re.findall(rb"%s F line (\d{6}) of a service that talks about itself\n" % stream.encode(), deleted)
    return int(had[-1]) if had else 0


def follow_on(r, deleted):
    """Each line that the deleted file has not is there, and each once."""
    for stream in ("stdout", "stderr"):
        found, other = numbers(r, stream)
        assert found == list(range(found[0], 30001)) and other == []
        assert found[0] <= last_in(deleted, stream) + 1


@pytest.mark.parametrize("room", [by_growing, by_the_deleted])
@pytest.mark.parametrize("retry", [NEVER, "r20"])
def test_current_deleted_while_the_disk_is_full(rig, small, room, retry):
    r = rig("n1000", "s100000000", "z0", retry, "C", logs=small).start()
    current = r.directory / "current"
    thread = talk(r, 1, 30000)
    stalls(r)
    deleted = current.read_bytes()
    current.unlink()
    room(small)
    if retry == NEVER:
        r.signal(signal.SIGALRM)
    wait_for(current.exists, what="another current")
    goes_on(r, small, thread)
    follow_on(r, deleted)
    assert said(r)[:2] == [f"logger web: warning: unable to write to {r.directory}: No space left on device; "
                           "nothing is read until it works",
                           f"logger web: warning: {current} was deleted, renamed or replaced; going on with a new one"]


@pytest.mark.parametrize("room", [by_growing, by_the_deleted])
def test_directory_deleted_while_the_disk_is_full(rig, small, room):
    r = rig("n1000", "s100000000", "z0", "r20", "C", logs=small).start()
    thread = talk(r, 1, 30000)
    stalls(r)
    deleted = (r.directory / "current").read_bytes()
    shutil.rmtree(r.directory)
    room(small)
    assert r.wait() == TO_A_SUCCESSOR
    r.start()
    goes_on(r, small, thread)
    follow_on(r, deleted)
    assert f"logger web: warning: log directory {r.directory} was deleted" in said(r)


def written_until(r, first, end):
    """Line after line on stdout, the first being that one, until the end has come; -> the last."""
    def write():
        nonlocal first
        os.write(r.out[1], numbered(first, first))
        first += 1
        return end()
    wait_for(write, what="end", interval=0.02)
    return first - 1


@pytest.mark.parametrize("room", [by_growing, by_the_deleted])
def test_current_deleted_while_lines_are_dropped(rig, small, room):
    r = rig("n1000", "s100000000", "z0", "r1", "C", logs=small, mode="auto").start()
    talk(r, 1, 30000, torn=False).join(DEADLINE)
    wait_for(lambda: waiting(r.out[0]) == waiting(r.err[0]) == 0, what="reading")
    current = r.directory / "current"
    deleted = current.read_bytes()
    current.unlink()
    room(small)
    last = written_until(r, 30001, lambda: b" lines are missing here" in r.logged())
    assert r.finish() == 0
    held = 0  # the lines of one read, so of one stream
    for stream in ("stdout", "stderr"):
        found, other = numbers(r, stream)
        old, new = ([n for n in found if (n > 30000) == later] for later in (False, True))
        assert old == [] or (old == list(range(old[0], old[-1] + 1)) and old[0] <= last_in(deleted, stream) + 1)
        assert new == (list(range(new[0], last + 1)) if stream == "stdout" else [])
        assert len(other) == 1 and re.fullmatch(r"logger web: warning: \d+ lines are missing here: No space left on device", other[0])
        held += len(old)
    assert held > 0


@pytest.mark.parametrize("room", [by_growing, by_the_deleted])
def test_directory_deleted_while_lines_are_dropped(rig, small, room):
    r = rig("n1000", "s100000000", "z0", "r1", "C", logs=small, mode="auto").start()
    talk(r, 1, 30000, torn=False).join(DEADLINE)
    wait_for(lambda: waiting(r.out[0]) == waiting(r.err[0]) == 0, what="reading")
    shutil.rmtree(r.directory)
    room(small)
    last = written_until(r, 30001, lambda: process_state(r.pid) == "Z")
    assert r.wait() == TO_A_SUCCESSOR
    r.start()
    assert r.finish() == 0
    found, other = numbers(r)
    assert found == list(range(found[0], last + 1)) and found[0] > 30000 and other == []


def test_the_end_comes_when_alrm_ends_the_hold(rig, small):
    """Nothing is read any more, and what was read waits for the disk."""
    r = rig("n1000", "s100000000", "z0", NEVER, "C", logs=small).start()
    ballast = shrink(small)
    for fd in (r.out[1], r.err[1]):
        os.write(fd, numbered(1, 1000))
    wait_for(lambda: said(r), what="message")
    r.end_input()
    r.signal(signal.SIGUSR2)
    wait_for(lambda: waiting(r.out[0]) == waiting(r.err[0]) == 0, what="reading")
    ballast.unlink()
    r.signal(signal.SIGALRM)
    assert r.wait() == 0
    assert numbers(r) == numbers(r, "stderr") == (list(range(1, 1001)), [])


def tracee(r):
    """The logger that strace has started."""
    return int(Path(f"/proc/{r.pid}/task/{r.pid}/children").read_text().split()[0])


@pytest.mark.parametrize("nth", range(1, 13))
@pytest.mark.parametrize("kills", [False, True], ids=["alrm", "kill"])
def test_whichever_write_fails(rig, nth, kills):
    """The Nth write of a log directory that rotates fails, and nobody tries again but by a signal or a successor."""
    r = rig("n1000", "s4096", "z0", NEVER, "C")
    r.start(wrapper=["strace", "-f", "-o", "/dev/null", "-P", str(r.directory / "current"),
                     "-e", f"inject=write:error=EIO:when={nth}"])
    for turn in range(8):
        os.write(r.out[1], numbered(turn * 30 + 1, turn * 30 + 30))
        wait_for(lambda: waiting(r.out[0]) == 0 or said(r), what="reading")
    wait_for(lambda: said(r), what="write that fails")
    if kills:
        os.kill(tracee(r), signal.SIGKILL)
        assert r.wait() == -signal.SIGKILL  # strace ends as its logger did
        r.start()
    else:
        os.kill(tracee(r), signal.SIGALRM)
    assert r.finish() == 0
    assert numbers(r) == (list(range(1, 241)), [])


# --- the logger's own messages, which go into the log where no console takes them ---


STAMP = len("2026-11-23T10:55:40.123456789Z stdout F ")


def without_console(rig, logs, *script):
    """Both streams say EPIPE: the first line of each makes a message."""
    nobody, end = os.pipe()
    os.close(nobody)
    gone = high(end)
    return rig("n1000", "s1000000", "z0", *script, "C", mode="1", console=[gone, gone], logs=logs)


def write_line(r, ends, text):
    """Until it is in current, and what it brought about as well."""
    size = os.stat(r.directory / "current").st_size
    os.write(ends[1], text + b"\n")
    wait_for(lambda: os.stat(r.directory / "current").st_size >= size + STAMP + len(text) + 1
             and process_state(r.pid) == "S", what="line")


def messages(r):
    """How often each numbered message is there; pieces of the logger's own may stand between."""
    return sorted(int(n) for n in re.findall(rb"Z std(?:out|err) F line (\d+)\n", r.logged()))


def ended_by_room(r):
    pass


@pytest.mark.parametrize("left", [0, 1, 30, STAMP, STAMP + 20], ids=lambda n: f"{n}-bytes")
@pytest.mark.parametrize("end, retry", [(ended_by_a_kill, NEVER), (ended_by_a_successor, NEVER), (ended_by_alrm, NEVER),
                                        (ended_by_room, "r20")], ids=["kill", "successor", "alrm", "room"])
def test_the_disk_fills_up_in_a_message(rig, small, left, end, retry):
    """left: how much of the message is written. What comes behind it waits, and is there once."""
    r = without_console(rig, small, retry).start()
    wait_for(lambda: (r.directory / "current").exists(), what="log directory")
    write_line(r, r.err, b"line 1")
    wait_for(lambda: b"it is given up" in r.logged(), what="message")
    size = os.stat(r.directory / "current").st_size
    page = (size + 200 + 4095) // 4096 * 4096
    write_line(r, r.err, b"x" * (page - size - 2 * STAMP - len("line 2\n") - left - 1))
    ballast = shrink(small)
    os.write(r.out[1], b"line 2\n")  # fits; the message that it brings about does not
    wait_for(lambda: os.stat(r.directory / "current").st_size == page and process_state(r.pid) == "S", what="full disk")
    os.write(r.out[1], b"line 3\n")
    os.write(r.err[1], b"line 4\n")
    if end is ended_by_a_kill:
        r.kill()
        r.start()  # on a disk that is full
        r.kill()
    ballast.unlink()
    if end is ended_by_a_kill:
        r.start()
    else:
        end(r)
    os.write(r.out[1], b"line 5\n")
    assert r.finish() == 0
    assert messages(r) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("nth", range(1, 10))
def test_killed_around_a_message(rig, place, nth):
    """As it enters the Nth write to its log directory."""
    r = without_console(rig, None)
    r.start(wrapper=["strace", "-f", "-o", "/dev/null", "-P", str(r.directory / "current"),
                     "-e", f"inject=write:signal=SIGKILL:when={nth}"])
    written = 0
    while written < 12 and process_state(r.pid) != "Z":
        written += 1
        os.write((r.out if written % 2 else r.err)[1], b"line %d\n" % written)
        wait_for(lambda: waiting(r.out[0]) == waiting(r.err[0]) == 0 or process_state(r.pid) == "Z", what="reading")
    assert r.wait() == -signal.SIGKILL
    r.start()
    assert r.finish() == 0
    assert messages(r) == list(range(1, written + 1))


# --- s6-log alone ---


class Alone:
    """An s6-log that holds its reader back (-b)."""

    def __init__(self, place, *words):
        self.log = Path(place) / "said"
        self.input, theirs = os.pipe()
        self.directory = Path(words[-1])
        with open(self.log, "wb") as said_there:
            self.process = subprocess.Popen(
                ["s6-log", "-b", *words], executable=OVERLOG, stdin=self.input, stderr=said_there)
        os.close(self.input)
        self.input = theirs

    def say(self, text):
        def write():
            view = memoryview(text)
            while view:
                view = view[os.write(self.input, view[:5000]):]
            os.close(self.input)
        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        return thread

    def archives(self):
        return sorted(name for name in os.listdir(self.directory) if re.fullmatch(r"@[0-9a-f]{24}\.s", name))

    def text(self, names):
        return b"".join((self.directory / name).read_bytes() for name in names)

    def lines(self):
        return self.text([*self.archives(), "current"])


@pytest.mark.parametrize("words, by_signal", [((), True), (("R1",), False)], ids=["alrm", "period"])
def test_s6_log_reads_on(place, small, words, by_signal):
    log = Alone(place, "n1000", "s100000000", NEVER, *words, str(small / "log"))
    try:
        thread = log.say(numbered(1, 40000))
        wait_for(lambda: log.log.read_bytes(), what="message")
        grow(small)
        if by_signal:
            log.process.send_signal(signal.SIGALRM)
        thread.join(DEADLINE)
        assert not thread.is_alive(), "the writer is still held back"
        assert log.process.wait(DEADLINE) == 0
        assert log.lines() == numbered(1, 40000)
    finally:
        log.process.kill()
        log.process.wait()


def test_s6_log_whose_current_is_deleted(place, small):
    """Of what it has collected, a part is in archives already: nothing of that comes again."""
    (small / "ballast").write_bytes(bytes(8192))  # no multiple of an archive's three pages is left
    log = Alone(place, "n1000", "s11000", NEVER, str(small / "log"))
    try:
        thread = log.say(numbered(1, 40000))
        wait_for(lambda: log.log.read_bytes(), what="message")
        wait_for(lambda: process_state(log.process.pid) == "S", what="service held back")
        current = log.directory / "current"
        deleted = current.read_bytes()
        current.unlink()
        archived = log.text(log.archives())
        grow(small)
        log.process.send_signal(signal.SIGALRM)
        thread.join(DEADLINE)
        assert not thread.is_alive(), "the writer is still held back"
        assert log.process.wait(DEADLINE) == 0
        text = log.lines()
        assert text.startswith(archived) and 0 < len(archived) and 0 < len(deleted)
        rest = text[len(archived):]
        whole = numbered(1, 40000)
        assert whole.startswith(archived) and whole.endswith(rest)
        assert len(whole) - len(deleted) <= len(archived) + len(rest) <= len(whole)
    finally:
        log.process.kill()
        log.process.wait()
