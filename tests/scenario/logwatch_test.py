"""s6-logwatch: current from its beginning, and what is added, through any rotation."""
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from lib.build import OVERLOG
from lib.boot import Stream
from lib.processes import process_state
from lib.wait import wait_for


@pytest.fixture
def watch(place):
    """watch(words...) -> a process with its output collected in .text."""
    started = []
    link = Path(place) / "s6-logwatch"
    link.symlink_to(OVERLOG)

    def start(*words):
        out, end = os.pipe()
        p = subprocess.Popen([link, *map(str, words)], stdout=end, stderr=subprocess.PIPE)
        os.close(end)
        p.text = Stream(out)
        started.append(p)
        return p
    yield start
    for p in started:
        p.kill()
        p.communicate()


def numbers(first, last):
    return b"".join(b"line %d\n" % i for i in range(first, last))


@pytest.mark.parametrize("options", [[], ["-m", "1"], ["-m", "100"], ["-m", "9999999"]], ids=" ".join)
def test_current_and_what_is_added(watch, place, options):
    logs = Path(place) / "logs"
    logs.mkdir()
    (logs / "@400000006b0000000000000a.s").write_bytes(b"old\n")
    (logs / "current").write_bytes(b"one\n")
    p = watch(*options, logs)
    wait_for(lambda: p.text.data == b"one\n", what="the first line")
    with open(logs / "current", "ab") as current:
        current.write(b"two\nbegun")
    wait_for(lambda: p.text.data == b"one\ntwo\nbegun", what="what was added")
    os.rename(logs / "current", logs / "@400000006b0000010000000a.s")
    (logs / "current").write_bytes(b"three\n")
    wait_for(lambda: p.text.data == b"one\ntwo\nbegun\nthree\n", what="the next file")
    p.terminate()
    assert p.wait(60) == -signal.SIGTERM


SCRIPTS = [["n1000", "s4096"], ["n1000", "s4096", "S100000000", "z6"], ["n1000", "s4096", "?cat"]]


@pytest.mark.parametrize("stands", [False, True], ids=["reads", "stands still"])
@pytest.mark.parametrize("script", SCRIPTS, ids=" ".join)
def test_nothing_is_missed_through_many_rotations(watch, place, script, stands):
    logs = Path(place) / "logs"
    logger = subprocess.Popen([OVERLOG, "s6-log", *script, str(logs)], stdin=subprocess.PIPE)
    wait_for((logs / "current").exists, what="log directory")
    p = watch(logs)
    # it begins with what is current when it looks
    logger.stdin.write(b"first\n")
    logger.stdin.flush()
    wait_for(lambda: p.text.data == b"first\n", what="the first line")
    if stands:
        p.send_signal(signal.SIGSTOP)
        wait_for(lambda: process_state(p.pid) == "T", what="stop")
    for i in range(40):
        logger.stdin.write(numbers(i * 250, i * 250 + 250))
        logger.stdin.flush()
    logger.stdin.close()
    assert logger.wait(60) == 0
    p.send_signal(signal.SIGCONT)
    assert len(list(logs.glob("@*"))) > (0 if "?cat" in script else 10)
    wait_for(lambda: p.text.data.endswith(b"line 9999\n"), 60, what="the last line")
    assert p.text.data == b"first\n" + numbers(0, 10000)


def test_a_directory_without_current(watch, place):
    logs = Path(place) / "logs"
    logs.mkdir()
    p = watch(logs)
    (logs / "current").write_bytes(b"born\n")
    wait_for(lambda: p.text.data == b"born\n", what="the line")


def test_the_ends(watch, place):
    logs = Path(place) / "logs"
    p = watch(logs)
    assert p.wait(60) == 111
    assert p.stderr.read() == f"s6-logwatch: fatal: unable to watch {logs}: No such file or directory\n".encode()
    assert watch().wait(60) == 100
    assert watch("-m", "x", logs).wait(60) == 100
    logs.mkdir()
    (logs / "current").write_bytes(b"one\n")
    p = watch(logs)
    wait_for(lambda: p.text.data == b"one\n", what="the line")
    shutil.rmtree(logs)
    assert p.wait(60) == 111
    assert p.stderr.read() == b"s6-logwatch: fatal: the log directory was removed\n"


def test_ends_when_nobody_reads(place):
    logs = Path(place) / "logs"
    logs.mkdir()
    (logs / "current").write_bytes(b"one\n")
    p = subprocess.Popen([OVERLOG, "s6-logwatch", logs], stdout=subprocess.PIPE)
    assert os.read(p.stdout.fileno(), 100) == b"one\n"
    p.stdout.close()
    assert p.wait(60) == 0
