"""A container that is not left in peace: services under load whose logs are rotated, of which one after the other is
killed, or its logger, and whose definitions are updated again and again. At its end it has the processes, descriptors
and memory that it had after the first while, and every line is in its log, once and in its order.

SOAK_SECONDS= (8) and SOAK_SERVICES= (12): `make soak` takes an hour and 200. SEED= (1)."""
import os
import random
import re
import signal
import time
from collections import Counter

import pytest

from lib.logs import log_text
from lib.processes import children, command_line, is_logger
from lib.wait import let_pass, wait_still

SECONDS = float(os.environ.get("SOAK_SECONDS", "8"))
SERVICES = int(os.environ.get("SOAK_SERVICES", "12"))
SEED = os.environ.get("SEED", "1")
WARM = min(60, SECONDS / 2)  # s, before what the end is compared with
KILL_EVERY = 0.2 if SERVICES > 50 else 0.1  # s
UPDATE_SHARE = 0.04  # of the kills
STILL = 3  # s: a logger at rest gives memory back after two
BURST = 20  # lines that are said before the next note
# Bytes more that malloc may not be able to give back at that moment, of pid 1 and of a logger that has rotated. What a
# logger knows of its directory grows with the archives there, of which none is deleted: they are not too small.
SLACK, LOGGER_SLACK = 64 * 1024, 16 * 1024
ARCHIVE = 8192 if SECONDS < 600 else 65536
# Says lines, then notes on a disk of its own how many: a kill may come before the note, or in it.
RUN = """#!/bin/sh
id=$(cat /proc/sys/kernel/random/uuid)
n=0
while :; do
    i=0
    while [ $i -lt {burst} ]; do
        echo "$id $n {word}"
        n=$((n + 1))
        i=$((i + 1))
    done
    echo $n >/tmp/said/{name}:$id
    while [ -e /tmp/quiet ]; do usleep 200000; done
    usleep {pause}
done
"""


def define(tree, etc, names, word):
    for number, name in enumerate(names):
        folder = f"{etc}/s6-rc.d/{name}"
        changes = word if number % 10 == 1 else "word"
        tree.write(f"{folder}/type", "longrun\n")
        tree.script(f"{folder}/run", RUN.format(name=name, burst=BURST, word=changes, pause=700000 + 4000 * number))
        if number % 10 == 2:
            tree.script(f"{folder}/finish", "#!/bin/sh\nusleep 50000\n")
        if number % 10 > 4:
            tree.write(f"{folder}/dependencies.d/{names[number - 3]}")
        tree.write(f"{etc}/s6-rc.d/user/contents.d/{name}")
    tree.write(f"{etc}/s6-rc.d/user/type", "bundle\n")


@pytest.fixture
def box(tree, boot):
    always = [f"s{number}" for number in range(SERVICES)]
    define(tree, "etc/s6-overlay", [*always, "goes"], "one")
    define(tree, "srv/one", [*always, "goes"], "one")
    define(tree, "srv/two", [*always, "comes"], "two")
    os.makedirs(tree.at("tmp/said"))
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": f"n1000000 s{ARCHIVE} C", "S6_KILL_GRACETIME": "20000"})
    box.wait_booted()
    return box


def memory(pid, field):
    """Bytes of a field of smaps_rollup."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))


def held(pid):
    """Its descriptors by what they are. A pipe counts once: pid 1 holds both of its sides by two descriptors, or by one where
    a logger that was about to end got its service back."""
    targets = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    pipes = {target for target in targets if target.startswith("pipe:")}
    others = [target for target in targets if target not in pipes]
    return dict(sorted(Counter(re.sub(r"\d+", "N", target) for target in [*pipes, *others]).items()))


def figures(box):
    """What the container holds now; while something comes or goes, what is like nothing else."""
    first = box.pid()
    below = children(first)
    loggers = [pid for pid in below if is_logger(command_line(pid))]
    # What is not executed yet shows the command line of pid 1, which waits for it with one descriptor more.
    late = [pid for pid in below if command_line(pid) == command_line(first)]
    try:
        return {"processes": len(below), "loggers": len(loggers), "zombies": len(box.zombies()), "not executed": len(late),
                "descriptors of pid 1": held(first), "descriptors of loggers": sum(sum(held(pid).values()) for pid in loggers),
                "memory of pid 1": memory(first, "Anonymous"),
                "memory of loggers": sum(memory(pid, "Private_Dirty") for pid in loggers)}
    except (FileNotFoundError, ProcessLookupError):
        return {"gone at": time.monotonic()}


def grown(before, after):
    """Names of the figures that are not what they were."""
    slack = {"memory of pid 1": SLACK, "memory of loggers": LOGGER_SLACK * before["loggers"]}
    return [name for name in before if (after[name] > before[name] + slack[name] if name in slack else
                                        after[name] != before[name])]


def at_rest(box, before=None):
    """The figures once all that is defined is up and silent; and what was needed is given back, so that they are what
    they were before."""
    with open(box.inside("/tmp") + "/quiet", "w"):
        pass
    update = box.run("/command/s6-rc-update", "-b", "-t", "60000", "/srv/one")
    assert update.returncode == 0, update.stderr
    box.wait_for(lambda: box.run("/command/s6-rc", "-b", "-t", "60000", "-u", "change", "user").returncode == 0, what="all up")
    longruns = SERVICES + 1  # and .init has a logger

    def complete(found):
        return (found.get("loggers"), found.get("processes"), found.get("zombies"), found.get("not executed")) == (
            longruns + 1, 2 * longruns + 1, 0, 0)

    def rests():
        """What was told to end may still be about to when all are there for the first time."""
        found = complete(figures(box)) and wait_still(lambda: figures(box), STILL)
        if not found or not complete(found):
            return False
        last.append(found)
        return not before or not grown(before, found)
    last = []
    try:
        box.wait_for(rests, what="a process and a logger of each, at rest")
    except TimeoutError:
        if not before or not last:
            raise
    os.unlink(box.inside("/tmp/quiet"))
    return last[-1]


def disturb(box, r, seconds):
    """Kills and updates for so long; how many of each."""
    end = time.monotonic() + seconds
    kills = updates = 0
    while time.monotonic() < end:
        let_pass(KILL_EVERY)
        if r.random() < UPDATE_SHARE or not updates:
            result = box.run("/command/s6-rc-update", "-b", "-t", "60000", r.choice(["/srv/one", "/srv/two"]))
            assert result.returncode in (0, 1), result.stderr
            updates += 1
        try:
            os.kill(r.choice(children(box.pid())), r.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP]))
            kills += 1
        except ProcessLookupError:
            pass
    return kills, updates


def count_lines(tree):
    """Lines in all logs, each of which was said once and is in its place."""
    noted = {}
    for entry in os.listdir(tree.at("tmp/said")):
        name, _, who = entry.partition(":")
        noted.setdefault(name, {})[who] = tree.read(f"tmp/said/{entry}").strip()
    total = 0
    for name, runs in noted.items():
        found = {}
        for text in log_text(tree.at(f"var/log/services/{name}"), "stdout"):
            who, number, _ = text.split(" ")
            found.setdefault(who, []).append(int(number))
        for who, said in runs.items():
            numbers = found.pop(who, [])
            assert numbers == list(range(len(numbers))), f"{name} {who}: not once each, in order"
            assert not said or int(said) <= len(numbers) <= int(said) + BURST, f"{name} {who}: said {said}, logged {len(numbers)}"
            total += len(numbers)
        for who, numbers in found.items():
            assert numbers == list(range(len(numbers))) and len(numbers) <= BURST, f"{name} {who}: never noted"
            total += len(numbers)
    return total


@pytest.mark.long
def test_nothing_grows(tree, box):
    r = random.Random(SEED)
    disturb(box, r, WARM)
    before = at_rest(box)
    kills, updates = disturb(box, r, SECONDS - WARM)
    after = at_rest(box, before)
    assert box.alive(), box.transcript()
    assert box.stop() == 0, box.transcript()
    total = count_lines(tree)
    said = f"{kills} kills, {updates} updates, {total} lines; before: {before}, after: {after}"
    print(said)
    assert not grown(before, after), said
