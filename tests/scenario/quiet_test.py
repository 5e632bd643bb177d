"""Pid 1 reaps what it inherits, and does nothing while nothing happens."""

import os
import re
import signal
import subprocess
import time

import pytest

from lib.logs import log
from lib.wait import DEADLINE, wait_for, wait_still

pytestmark = pytest.mark.long

IDLE_SECONDS = 10
SETTLE_SECONDS = 3  # attaching interrupts everyone's call; a logger frees its buffers after a second


def test_a_thousand_orphans_leave_no_zombie(tree, boot):
    tree.longrun("web")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_for_text("service legacy-services successfully started")
    box.wait_for(lambda: ["sleep", "1000"] in box.processes().values(), what="web")
    quiet = set(box.processes())
    assert box.run("/bin/helper", "orphans", "1000").stdout == "released 1000\n"
    box.wait_for(lambda: not box.zombies() and set(box.processes()) <= quiet, what="clean process table")
    assert ["sleep", "1000"] in box.processes().values()
    assert box.stop() == 0


def test_orphans_of_cmd(tree, boot):
    box = boot(tree.path, "sh", "-c", "helper orphans 1000; touch /tmp/done; exec sleep 1000")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/done")))
    box.wait_for(lambda: not box.zombies(), what="no zombie")
    assert box.stop() == 0


def test_an_idle_container_makes_no_wake_ups(tree, boot, place):
    for name in ("one", "two", "three"):
        tree.longrun(name, "#!/bin/sh\necho up\nexec sleep 1000\n")
    box = boot(tree.path, "sleep", "1000", env={"OVERLOG_TOTAL": "1G"})
    box.wait_for(lambda: [words for words in box.processes().values() if words == ["sleep", "1000"]])
    box.wait_for(lambda: len([w for w in box.processes().values() if w == ["sleep", "1000"]]) == 4)
    vacuum = box.wait_for(lambda: [p for p, words in box.processes().items() if words[1:] == ["vacuum", "--watch"]])
    box.wait_for(lambda: all(log(tree, name) == ["up"] for name in ("one", "two", "three")) and len(box.loggers()) >= 5)
    watched = [box.pid()] + box.loggers() + vacuum
    assert len(box.loggers()) == 5 and len(vacuum) == 1, box.processes()
    trace = os.path.join(place, "trace")
    command = ["strace", "-f", "-ttt", "-o", trace]
    for pid in watched:
        command += ["-p", str(pid)]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def traced():
        with open(trace) as file:
            return file.read().splitlines()
    wait_for(lambda: {int(line.split()[0]) for line in traced()} == set(watched), what="strace to see everyone")
    wait_still(traced, SETTLE_SECONDS)
    begin = time.time()
    try:
        tracer.wait(IDLE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    end = time.time()
    tracer.send_signal(signal.SIGINT)
    tracer.wait(DEADLINE)
    calls = []
    for line in traced():
        match = re.match(r"\d+\s+(\d+\.\d+) (.*)", line)
        if match and begin < float(match.group(1)) < end:
            calls.append(line)
    assert calls == []
    assert box.stop() == 0
