"""A paired logger that is killed again and again: its log directory has every line once, in order."""
import contextlib
import gzip
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from lib.build import BUILD, compiled
from lib.logger import high, log_files, waiting
from lib.processes import process_state
from lib.wait import DEADLINE, let_pass, wait_for

KILLS = 1000


@pytest.fixture(scope="session")
def conserve():
    """The static program that writes numbered lines and counts them."""
    return compiled("fault/conserve.c", "-static")


@pytest.fixture
def rig(rig):
    """With a console that takes everything and keeps nothing."""
    def make(*script, **options):
        null = high(os.open(os.devnull, os.O_WRONLY))
        return rig(*script, **{"console": [null, null], **options})
    return make


@pytest.fixture
def disk():
    """A directory on a disk, where `make check` has its /tmp in memory."""
    path = tempfile.mkdtemp(prefix="disk-", dir=BUILD)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def memory():
    """A directory on a tmpfs."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as path:
        os.chmod(path, 0o755)
        yield path


def write(conserve, fd, tag, count, scale=200, seed=0):
    return subprocess.Popen([conserve, "write", str(fd), tag, str(count), str(seed + ord(tag)), str(scale)],
                            pass_fds=[fd], stdout=subprocess.PIPE)


def checked(conserve, texts, how="check"):
    """{tag: (first, last, bytes)} of lines that are as they were written, or what is wrong with them. how:
    "rest" where the beginning was given up."""
    reader = subprocess.Popen([conserve, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    try:
        for path in texts:
            with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
                shutil.copyfileobj(file, reader.stdin, 1 << 20)
    except BrokenPipeError:
        pass  # it has seen enough: it says why
    out, err = reader.communicate()
    assert reader.returncode == 0, err.decode(errors="replace")
    rows = [line.split() for line in out.decode().splitlines()]
    return {row[0]: tuple(int(word) for word in row[1:]) for row in rows}


def ends(r):
    """How far the journals of both streams are written."""
    return [os.lseek(fd, 0, os.SEEK_CUR) for fd in r.keep[:2]]


def let_run(r, rng, most):
    """One logger of four is killed at any instant from its start on; the others at any instant once they have read
    something, so that on a busy machine they come to work too."""
    if rng.randrange(4):
        before = ends(r)
        wait_for(lambda: ends(r) != before, 60, "reading", 0.0005)
    let_pass(rng.random() * most)


def kill_at_random(r, writers, kills, most, seed=0, enough=lambda: True):
    """Kills the logger so often, and starts the next one; then, when there is enough, tells the writers to stop: how
    many lines each wrote."""
    rng = random.Random(seed)
    r.start(ready=False)
    for _ in range(kills):
        let_run(r, rng, most)
        r.kill()
        r.start(ready=False)
    before = ends(r)
    wait_for(lambda: all(now != then for now, then in zip(ends(r), before)), what="a line of each writer")
    wait_for(enough, what="enough lines")
    assert all(writer.poll() is None for writer in writers), "the load ended too early"
    for writer in writers:
        writer.terminate()
    counts = [int(writer.communicate()[0]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    return counts


WITHOUT_END = 10**12


@pytest.mark.parametrize("script, scale, kills, most", [
    (("n100000", "s500000", "C"), 400, KILLS, 0.006),
    (("n100000", "s500000", "z0", "C"), 400, 50, 0.006),
    (("n100000", "s4096", "z0", "C"), 200, 100, 0.003),
    (("n100000", "s100000", "S1000000000", "z1", "+^[oe] ", "C"), 20, 150, 0.006),
], ids=["compressed", "on-disk", "small-files", "selected"])
def test_every_line_once(rig, conserve, memory, disk, script, scale, kills, most):
    """In memory, but for one: a successor waits until its predecessor's helper is out of its fsync."""
    r = rig(*script, logs=disk if kills == 50 else memory)
    writers = [write(conserve, r.out[1], "o", WITHOUT_END, scale), write(conserve, r.err[1], "e", WITHOUT_END, scale)]
    begin = time.monotonic()
    o, e = kill_at_random(r, writers, kills, most)
    took = time.monotonic() - begin
    assert r.finish() == 0
    found = checked(conserve, r.files())
    assert {tag: row[:2] for tag, row in found.items()} == {"o": (1, o), "e": (1, e)}
    print(f"{kills} kills in {took:.0f} s, {sum(row[2] for row in found.values()) / took / 1e6:.0f} MB/s")


def test_the_default_script_keeps_its_twenty_archives_full(rig, conserve, memory):
    """Kills make no archives of their own: what is kept are the last 20 MB and more, on both streams."""
    r = rig("n20", "s1000000", "C", logs=memory)
    writers = [write(conserve, r.out[1], "o", WITHOUT_END), write(conserve, r.err[1], "e", WITHOUT_END)]
    o, e = kill_at_random(r, writers, KILLS, 0.006, enough=lambda: len(r.files()) >= 21)
    assert r.finish() == 0
    files = r.files()
    assert len(files) == 21
    # a stream that ended long before the other may have left
    found = checked(conserve, files, "rest")
    assert found and all(row[1] == {"o": o, "e": e}[tag] for tag, row in found.items())
    for path in files[:-1]:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            size = len(file.read())
        assert 1_000_000 - 2000 <= size < 1_000_000 + 70_000, path


def test_a_full_disk_and_kills(rig, conserve, place):
    small = os.path.join(place, "small")
    os.mkdir(small)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", small], check=True)
    try:
        ballast = os.path.join(small, "ballast")
        r = rig("n100000", "s100000", "z0", "r20", "C", logs=small)
        with open(ballast, "wb") as file:
            file.write(bytes(1_500_000))
        count = 8000
        writers = [write(conserve, r.out[1], "o", count), write(conserve, r.err[1], "e", count)]
        rng = random.Random(1)
        r.start(ready=False)
        for turn in range(200):
            if turn == 100:
                os.unlink(ballast)
            let_pass(rng.random() * 0.02)
            r.kill()
            r.start(ready=False)
        for writer in writers:
            assert writer.wait(DEADLINE) == 0
        assert r.finish() == 0
        found = checked(conserve, r.files(), "rest")  # archives were given up
        assert {row[1] for row in found.values()} == {count}
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_elsewhere_at_least_once(rig, conserve, place):
    """The console, a further directory, alerts and a status file may see lines again, and miss none."""
    console = [os.path.join(place, name) for name in ("stdout", "stderr")]
    more = os.path.join(place, "more")
    r = rig("n1000", "s1000000", more, "-", "+77 50 ", "=" + os.path.join(place, "status"), "2", "+",
            "n1000", "s100000", "C", mode="1",
            console=[high(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)) for path in console])
    writers = [write(conserve, r.out[1], "o", WITHOUT_END, 50), write(conserve, r.err[1], "e", WITHOUT_END, 50)]
    # An alert of each.
    o, e = kill_at_random(r, writers, 50, 0.01, enough=lambda: all(b" F %c 77 50 " % ord(tag) in r.logged() for tag in "oe"))
    assert r.finish() == 0
    found = checked(conserve, r.files())
    assert {tag: row[:2] for tag, row in found.items()} == {"o": (1, o), "e": (1, e)}
    wanted = {tag: set(range(1, count + 1)) for tag, count in (("o", o), ("e", e))}
    for tag, path in zip("oe", console):
        with open(path, "rb") as file:
            text = file.read()
        # Alerts on the same descriptor may come within a line of which the beginning was shown before, and then end it:
        # as it stands, or without them, every line is there.
        without = (rb"web: alert: .*\n", rb"(\nweb: alert: .*)+\n")
        seen = {int(m[1]) for shown in (text, *(re.sub(alerts, b"", text) for alerts in without))
                for m in re.finditer(rb"%c (\d+) 50 " % ord(tag), shown)}
        assert seen == wanted[tag]
    with open(console[1], "rb") as file:
        # a kill within a write may leave the beginning of a line in front of it
        alerts = set(re.findall(rb"web: alert: ([oe]) (\d+) 50 ", file.read()))
    assert alerts == {(b"%c" % ord(tag), b"%d" % n) for tag, count in (("o", o), ("e", e))
                      for n in range(77, count + 1, 100)}
    with open(os.path.join(place, "status"), "rb") as file:
        assert int(re.match(rb"[oe] (\d+) 50 ", file.read())[1]) in [(n - 77) // 100 * 100 + 77 for n in (o, e)]
    texts = b""
    for path in log_files(Path(more)):
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            texts += file.read()
    for tag in "oe":
        assert {int(m[1]) for m in re.finditer(rb"%c (\d+) 50 " % ord(tag), texts)} == wanted[tag]


def test_events_once(rig, place):
    """Events too are journalled."""
    folder = os.path.join(place, "events")
    r = rig("C", name=".init", events=True, options=["-e", folder])
    rng = random.Random(3)
    number = 0
    r.start(ready=False)
    for _ in range(200):
        for _ in range(rng.randrange(20)):
            number += 1
            os.write(r.events[1], b"event %d\n" % number)
        let_pass(rng.random() * 0.005)
        r.kill()
        r.start(ready=False)
    assert r.finish() == 0
    with open(os.path.join(folder, "current"), "rb") as file:
        assert file.read() == b"".join(b"event %d\n" % n for n in range(1, number + 1))


@pytest.mark.parametrize("written", [b"", b"event 2\n", b"event 2\nev", b"event 2\nevent 3\n"])
def test_events_killed_before_it_is_remembered(rig, place, written):
    """As a kill leaves it between the write to the log directory and the note that it is done."""
    folder = os.path.join(place, "events")
    r = rig("C", name=".init", events=True, options=["-e", folder])
    current = os.path.join(folder, "current")
    r.start()
    os.write(r.events[1], b"event 1\n")
    wait_for(lambda: os.path.exists(current) and os.path.getsize(current) == 8, what="event")
    wait_for(lambda: process_state(r.pid) == "S", what="rest")
    r.kill()
    os.write(r.events_journal, b"event 2\nevent 3\n")
    with open(current, "ab") as file:
        file.write(written)
    r.start()
    os.write(r.events[1], b"event 4\n")
    assert r.finish() == 0
    with open(current, "rb") as file:
        assert file.read() == b"event 1\nevent 2\nevent 3\nevent 4\n"


def test_a_begun_line_survives(rig):
    r = rig("C")
    for piece in (b"a begun ", b"line and ", b"its ", b"end\nnext\n"):
        r.start()
        os.write(r.out[1], piece)
        wait_for(lambda: waiting(r.out[0]) == 0, what="reading")
        r.kill()
    r.start()
    assert r.finish() == 0
    assert r.whole() == [("stdout", b"a begun line and its end"), ("stdout", b"next")]


def test_under_the_supervisor(tree, boot, conserve):
    """Killed behind pid 1's back: each successor goes on, and the service notices nothing."""
    tree.longrun("talker", "#!/bin/sh\n/conserve write 3 o 200000 1 200 3>&1 >/dev/null\n"
                           "/conserve write 2 e 200000 1 200 >/dev/null\ntouch /tmp/done\nexec sleep 1000\n")
    shutil.copy(conserve, tree.at("/conserve"))
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": "n1000 s500000 C"})
    killed = []
    while len(killed) < 3:  # the fourth would have to wait longer
        pid = wait_for(lambda: [pid for pid in box.loggers("talker") if pid not in killed], what="successor")[0]
        wait_for(lambda: len(os.listdir(tree.at("/var/log/services/talker"))) > 2 + 3 * len(killed), what="log")
        # It may as well be the helper of one that was killed, whose parent is pid 1 now, and have ended.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
    wait_for(lambda: os.path.exists(tree.at("/tmp/done")), what="end of the talk")
    assert box.stop() == 0
    found = checked(conserve, log_files(Path(tree.at("/var/log/services/talker"))))
    assert {tag: row[:2] for tag, row in found.items()} == {"o": (1, 200000), "e": (1, 200000)}
