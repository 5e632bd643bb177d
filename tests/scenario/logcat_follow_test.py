"""logcat -f: nothing missed, nothing twice, and what retention took is said."""
import os
import re
import signal
import subprocess
import threading
import time

import pytest
from lib.logcat import DEADLINE, Follower, OVERLOG, Writer, cri, environment, is_asleep
from lib.processes import process_state
from lib.wait import let_pass, wait_for


@pytest.mark.parametrize("script", [["z0"], ["S1000000000", "z1"]])
def test_01_numbered_lines_while_a_logger_rotates_every_few_milliseconds(root, script):
    """Our logger, fed so that it rotates every few milliseconds; retention keeps everything."""
    count, batch = 15000, 60  # a batch is a little more than one file holds
    directory = root / "own"
    (root / "other").mkdir()
    with Follower(root, "-n", "all", "-o", "raw") as f:
        p = subprocess.Popen(["s6-log", "-b", "s4096", "n5000", *script, "C", str(directory)], executable=OVERLOG,
                             stdin=subprocess.PIPE)

        def feed():
            for i in range(0, count, batch):
                p.stdin.write("".join(f"line {k} {'.' * 25}\n" for k in range(i, i + batch)).encode())
                p.stdin.flush()
                let_pass(0.002)
            p.stdin.close()

        feeder = threading.Thread(target=feed)
        feeder.start()
        lines = f.lines(count)
        feeder.join()
        assert p.wait(DEADLINE) == 0
        assert f.end() == 0
        assert f.data.count(b"\n") == count
        assert lines == [f"line {i} {'.' * 25}" for i in range(count)]
        assert f.process.stderr.read() == b""
    archives = len(list(directory.glob("@*")))
    assert archives >= count * 40 // 4096 / 2


def test_02_what_retention_took_is_named(root):
    """Lines are missing only if they stood in an archive that is named, and all of those are."""
    w = Writer(root / "a")
    held = {}  # archive: its messages

    def burst(files, lines=5, keep=3):
        for _ in range(files):
            messages = [f"m{len(held)}.{i}" for i in range(lines)]
            for m in messages:
                w.write(m)
            before = set(os.listdir(root / "a"))
            w.rotate()
            (name,) = [x for x in os.listdir(root / "a") if x.startswith("@") and x not in before]
            held[name] = messages
            for old in sorted(x for x in os.listdir(root / "a") if x.startswith("@"))[:-keep]:
                os.unlink(root / "a" / old)

    w.write("begin")
    with Follower(root, "-o", "raw") as f:
        f.lines(1)
        wait_for(lambda: is_asleep(f.process.pid))
        burst(3)
        f.lines(1 + 15)
        text = ""
        for turn in range(3):
            wait_for(lambda: is_asleep(f.process.pid))
            f.process.send_signal(signal.SIGSTOP)
            wait_for(lambda: process_state(f.process.pid) == "T")
            burst(10)
            w.write(f"end {turn}")
            f.process.send_signal(signal.SIGCONT)
            f.read_until(lambda d: f"end {turn}\n".encode() in d)
        assert f.end() == 111
        text = f.process.stderr.read().decode()
    shown = f.data.decode().splitlines()
    named = re.findall(r"^logcat: warning: .*/a/(@\S+) was deleted before it was read$", text, re.M)
    assert len(named) == text.count("\n") == len(set(named)) and len(named) >= 10
    missing = [m for name in held for m in held[name] if m not in shown]
    assert missing == [m for name in named for m in held[name]]
    assert len(shown) == len(set(shown))


def test_03_a_logger_with_retention_and_a_slow_reader(root):
    """The real logger, which deletes while the reader stands still; gaps are where names were said."""
    directory = root / "own"
    p = subprocess.Popen(["s6-log", "-b", "s4096", "n4", "z0", "C", str(directory)], executable=OVERLOG,
                         stdin=subprocess.PIPE)
    p.stdin.write(b"begin\n")
    p.stdin.flush()
    wait_for(lambda: (directory / "current").exists() and (directory / "current").stat().st_size)
    with Follower(root, "-o", "raw") as f:
        f.lines(1)
        wait_for(lambda: is_asleep(f.process.pid))
        f.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: process_state(f.process.pid) == "T")
        for i in range(2000):
            p.stdin.write(f"line {i} {'.' * 25}\n".encode())
        p.stdin.close()
        assert p.wait(DEADLINE) == 0
        f.process.send_signal(signal.SIGCONT)
        f.read_until(lambda d: b"line 1999 " in d)
        assert f.end() == 111
        said = f.process.stderr.read().decode().splitlines()
    numbers = [int(x.split()[1]) for x in f.data.decode().splitlines()[1:]]
    gaps = [(a, b) for a, b in zip(numbers, numbers[1:]) if b != a + 1]
    assert numbers[0] == 0 and len(gaps) == 1, numbers[:100]
    assert said and all(re.fullmatch(r"logcat: warning: .*/own/@[0-9a-f]{24}\.s was deleted before it was read", x)
                        for x in said)
    whole = sorted(directory.glob("@*"))[0].read_text().count("\n")
    assert abs(gaps[0][1] - gaps[0][0] - 1 - len(said) * whole) <= len(said), (gaps, len(said), whole)


def no_inotify(kind):
    """logcat without any inotify watches or instances, by the limits of a user namespace."""
    return ["unshare", "-U", "-r", "sh", "-c", f"echo 0 >/proc/sys/user/{kind} && exec \"$@\"", "sh", "bash", "-c",
            "exec -a logcat \"$@\"", "-", str(OVERLOG)]


@pytest.mark.parametrize("kind", ["max_inotify_instances", "max_inotify_watches"])
def test_04_polling_where_inotify_does_not_serve(root, kind):
    w = Writer(root / "a")
    w.write("begin")
    f = Follower.__new__(Follower)
    f.process = subprocess.Popen([*no_inotify(kind), "-f", "-o", "raw"], env=environment(root), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
    f.data = b""
    with f:
        try:
            f.lines(1)
        except AssertionError:
            if b"unshare" in f.process.stderr.read():
                pytest.skip("no user namespaces")
            raise
        for i in range(3):
            w.write(f"line {i}")
            w.rotate()
        assert f.lines(4)[1:] == ["line 0", "line 1", "line 2"]
        Writer(root / "late").write("late")
        assert f.lines(5)[4:] == ["late"]
        for old in list((root / "a").glob("@*")):  # all read: nothing to say
            os.unlink(old)
        w.write("next")
        f.lines(6)
        assert f.end() == 0
        said = f.process.stderr.read().decode()
        assert re.fullmatch(r"logcat: warning: unable to be told of changes: .*; looking twice a second instead\n", said)


def test_05_truncated_by_hand(root):
    w = Writer(root / "a")
    w.write("one")
    w.write("two")
    with Follower(root, "-o", "raw") as f:
        f.lines(2)
        os.truncate(root / "a/current", 0)
        wait_for(lambda: is_asleep(f.process.pid))
        w.write("3")
        assert f.lines(3)[2:] == ["3"]


def test_06_entries_while_following(root):
    w = Writer(root / "a")
    with Follower(root, "-o", "raw", "-g", "deep", "--entry") as f:
        wait_for(lambda: is_asleep(f.process.pid))
        now = time.time_ns()  # at once: later than within a second it is another entry
        w.file.write("".join(cri(now // 10**9, line, nanosecond=now % 10**9)
                             for line in ("Exception", "  at deep", "  at other", "next")).encode())
        assert f.lines(3) == ["Exception", "  at deep", "  at other"]
        w.write("deep, with nothing behind it")
        assert f.lines(4)[3:] == ["deep, with nothing behind it"]
    with Follower(root, "-o", "raw", "-n0", "-g", "deep", "--entry") as f:  # what there was is not new
        wait_for(lambda: is_asleep(f.process.pid))
        w.write("deeper")
        assert f.lines(1) == ["deeper"]


def test_07_unit_events_while_following(root):
    Writer(root / "a").write("a")
    with Follower(root, "-u", "-o", "raw") as f:
        f.lines(1)
        (root / ".events").mkdir()
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime())
        (root / ".events/current").write_text(f"{now} start service=a pid=5\n{now} ready service=a pid=5\n")
        assert f.lines(3)[1:] == ["overlog: start pid=5", "overlog: ready pid=5"]
