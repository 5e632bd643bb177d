"""Clocks that jump: nothing waits for the wall clock, and what it stamps stays in order. The wall clock is a build's
of the program, wrong by what the test says; the monotonic one is a time namespace's."""
import contextlib
import os
import re
import struct
import threading
import time

import pytest

from lib.control import runs, status
from lib.logs import archives, log_bytes
from lib.tree import give_build
from lib.wait import DEADLINE, wait_for

pytestmark = pytest.mark.long

YEAR = 366 * 86400
# When it was forked: when it got to its first line says less of when pid 1 began it.
CRASHES = """#!/bin/sh
read line </proc/self/stat
set -- $line
echo ${22} >>/tmp/crashes
exit 1
"""
DEAF = "#!/bin/sh\ntrap '' TERM\ntouch /tmp/deaf\nwhile :; do sleep 0.05; done\n"
FINISH = "#!/bin/sh\nread up rest </proc/uptime\necho $up >>/tmp/%s\n%s"
COUNTS = """#!/bin/sh
trap 'told=1' TERM
i=0
while [ -z "$told" ]; do
    i=$((i+1))
    echo line $i
    echo line $i >&2
    [ $((i % 50)) -ne 0 ] || sleep 0.02
done
echo $i >/tmp/written
"""


class Clock:
    """Wrong by another number of years every few milliseconds, forward and back."""

    def __init__(self, tree):
        give_build(tree, "overlog.wall")
        self.file = open(tree.write("/clock", struct.pack("q", 0)), "r+b", buffering=0)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.jump)
        self.jumps = 0

    def set(self, seconds):
        os.pwrite(self.file.fileno(), struct.pack("q", seconds), 0)

    def jump(self):
        while not self.ended.wait(0.03):
            self.set((5, -3, 0, 20, -30, 1)[self.jumps % 6] * YEAR)
            self.jumps += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.ended.set()
        self.thread.join()


def begun(tree):
    """When each instance of the service that crashes was begun, s."""
    return [int(word) / os.sysconf("SC_CLK_TCK") for word in tree.read("/tmp/crashes").split()]


def define(tree):
    tree.longrun("crashes", CRASHES)
    tree.longrun("deaf", DEAF, timeout_kill="600\n", finish=FINISH % ("deaf.finish", "exec sleep 1000\n"), timeout_finish="700\n")
    tree.longrun("never", notification_fd="3\n", timeout_up="800\n", bundle=None)
    tree.oneshot("slow", "redirfd -w 1 /dev/null redirfd -w 2 /dev/null sleep 1000\n", timeout_up="800\n", bundle=None)
    tree.longrun("counts", COUNTS, bundle=None, **{"logging-script": "n2000 s8192 C"})


def years(folder):
    return {line[:4] for line in log_bytes(folder).splitlines()}


def took(box, *command):
    before = time.monotonic()
    result = box.run(*command)
    return time.monotonic() - before, result


def check_times(tree, box):
    """Each is there in its time: not at once, and not after a jump's years."""
    box.wait_for(lambda: len(begun(tree)) >= 5, what="restarts")
    starts = begun(tree)
    for one, two in zip(starts, starts[1:]):
        assert 0.95 <= two - one < DEADLINE, starts
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/deaf")) and runs(box, "deaf"), what="deaf one")
    seconds, result = took(box, "/command/s6-svc", "-wD", "-T", "60000", "-d", "/run/service/deaf")
    assert result.returncode == 0 and 1.2 <= seconds < DEADLINE, seconds  # its kill, and that of its finish
    for name in ("never", "slow"):
        seconds, result = took(box, "/command/s6-rc", "-u", "change", name)
        assert result.returncode == 1 and "timed out after 800 ms" in result.stderr, result.stderr
        assert 0.75 <= seconds < DEADLINE
    def again():
        """Once the one that was given up has ended."""
        seconds, result = took(box, "/command/s6-rc", "-t", "500", "-u", "change", "slow")
        return "still runs" not in result.stderr and (seconds, result)
    seconds, result = box.wait_for(again, what="end of the slow one")
    assert result.returncode != 0 and 0.45 <= seconds < DEADLINE, result.stderr
    box.wait_for(lambda: status(box, "never")[0] == 0, what="end of the one that was never ready")
    seconds, result = took(box, "/command/s6-svwait", "-t", "400", "-u", "/run/service/never")
    assert result.returncode == 99 and 0.35 <= seconds < DEADLINE


def test_the_wall_clock_jumps_and_nobody_waits_for_it(tree, boot):
    define(tree)
    with Clock(tree) as clock:
        box = boot(tree.path, env={"S6_LOGGING": "1", "S6_KILL_GRACETIME": "700"})
        box.wait_for_text("service legacy-services successfully started")
        check_times(tree, box)
        for line in box.run("/command/s6-svstat", "/run/service/crashes", "/run/service/deaf").stdout.splitlines():
            assert not re.search(r"-\d+ seconds", line), line  # never less than no time at all
        box.run("sh", "-c", "trap '' TERM; sleep 1000 >/dev/null 2>&1 & ", check=True)
        assert box.stop() == 0
        assert clock.jumps > 50
    assert "please report" not in box.stderr.text()


def test_archives_of_a_clock_that_jumps_are_in_order(tree, boot):
    """No name twice, none out of turn, no line lost: by their names they are in the order in which they were written."""
    define(tree)
    folder = tree.at("/var/log/services/counts")
    with Clock(tree) as clock:
        box = boot(tree.path, env={"S6_LOGGING": "2"})
        box.wait_for(lambda: box.exists("/run/service/counts") and box.run("/command/s6-rc", "-u", "change", "counts").returncode == 0)
        seen = []
        while len(seen) < 20 or clock.jumps < 21 or len(years(folder)) < 4:
            def more():
                """One that is empty is none yet, and goes with a logger that is killed then."""
                names = [n for n in archives(folder) if os.path.getsize(f"{folder}/{n}") > 0]
                return [n.removesuffix(".gz") for n in names if n.removesuffix(".gz") not in seen]
            new = wait_for(more, what="archive")
            assert not seen or min(new) > max(seen), (new[:3], seen[-1])
            seen += new
            if len(seen) % 4 == 0:
                with contextlib.suppress(ProcessLookupError):  # it may be the helper of one that was killed, and have ended
                    os.kill(box.wait_for(lambda: box.loggers("counts"))[0], 9)  # another takes over, in other years
        assert box.stop() == 0
    texts = {"stdout": [], "stderr": []}
    assert len(years(folder)) >= 4
    for line in log_bytes(folder).decode().splitlines():
        _, stream, flag, text = line.split(" ", 3)
        assert flag == "F"
        texts[stream].append(text)
    last = int(tree.read("/tmp/written"))
    for stream, lines in texts.items():
        assert lines == [f"line {i}" for i in range(1, last + 1)], stream


@pytest.mark.parametrize("offset", [-1, 10 * YEAR], ids=["near its beginning", "after ten years"])
def test_the_monotonic_clock_may_begin_anywhere(tree, boot, offset):
    define(tree)
    if offset < 0:
        offset = -int(time.clock_gettime(time.CLOCK_MONOTONIC)) + 1
    box = boot(tree.path, env={"S6_LOGGING": "1", "S6_KILL_GRACETIME": "700"},
               around=["unshare", "--time", "--monotonic", str(offset)])
    box.wait_for_text("service legacy-services successfully started")
    with open(f"/proc/{box.pid()}/timens_offsets") as file:
        assert file.read().split()[1] == str(offset)
    check_times(tree, box)
    box.run("sh", "-c", "trap '' TERM; sleep 1000 >/dev/null 2>&1 & ", check=True)
    assert box.stop() == 0
