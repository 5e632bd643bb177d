"""Callers at random on a live container: four at a time use s6-rc, s6-svc, s6-rc-update, s6-svscanctl, s6-svlink and
kill services and loggers. None may hang or crash, no line may be lost or come twice, the stop is soon done.

SEEDS= (7) and CALL_SECONDS= (8 each) try more; PROGRAM= boots another build, as `make chaos` does with san/overlog."""
import os
import random
import signal
import subprocess
import threading
import time

import pytest

from lib.logs import log_text
from lib.processes import is_logger
from lib.tree import give_build

SEEDS = os.environ.get("SEEDS", "7").split()
SECONDS = float(os.environ.get("CALL_SECONDS", "8"))
PROGRAM = os.environ.get("PROGRAM")
CALLERS = 4
STOP_SECONDS = 60  # what is left over gets ten minutes: nothing may be
CODE_MAX = 119  # that of a command that refuses; what cannot be executed, or dies, ends with more

# Says a line, then notes on a disk of its own that it was said: what was noted must be in the log. So was at most one
# line more, if it was killed between the two.
COUNTER = """#!/bin/sh
{before}
id=$(cat /proc/sys/kernel/random/uuid)
n=0
{ready}
while :; do
    echo "$id $n"
    echo $n >/tmp/said/{name}:$id
    n=$((n + 1))
    usleep {pause}
done
"""
RUN = {
    "plain": COUNTER.format(before="", ready="", name="plain", pause=4000),
    "ready": COUNTER.format(before="usleep 50000", ready="echo >&3", name="ready", pause=9000),
    "stubborn": COUNTER.format(before="trap '' TERM", ready="", name="stubborn", pause=15000),
    "goes": COUNTER.format(before="", ready="", name="goes", pause=7000),
    "comes": COUNTER.format(before="", ready="", name="comes", pause=7000),
    "linked": COUNTER.format(before="", ready="", name="linked", pause=20000),
    "lasting": COUNTER.format(before="", ready="", name="lasting", pause=11000),
    "never": "#!/bin/sh\nexec sleep 1000\n",
    "short": "#!/bin/sh\necho short\nusleep 300000\n",
}
DEPENDS = {"ready": ["once"], "stubborn": ["plain"], "goes": ["plain"], "lasting": ["ready"]}
NAMES = ["plain", "ready", "stubborn", "goes", "lasting", "never", "short", "once", "slow", "comes", "some"]
LONGRUNS = [name for name in RUN if name != "linked"]


def longrun(tree, etc, name, deps=()):
    folder = f"{etc}/s6-rc.d/{name}"
    tree.write(f"{folder}/type", "longrun\n")
    tree.script(f"{folder}/run", RUN[name])
    for file, value in (("timeout-kill", "400"), ("timeout-up", "1500"), ("timeout-down", "1500")):
        tree.write(f"{folder}/{file}", value + "\n")
    if name in ("ready", "never"):
        tree.write(f"{folder}/notification-fd", "3\n")
    if name == "lasting":
        tree.script(f"{folder}/finish", "#!/bin/sh\nusleep 100000\n")
    for dependency in deps:
        tree.write(f"{folder}/dependencies.d/{dependency}")


def define(tree, etc, names):
    for name in names:
        longrun(tree, etc, name, DEPENDS.get(name, ()))
    for name, pause in (("once", "20000"), ("slow", "700000")):
        for file in ("up", "down"):
            tree.write(f"{etc}/s6-rc.d/{name}/{file}", f"foreground {{ usleep {pause} }} echo {name} {file}\n")
        for file in ("timeout-up", "timeout-down"):
            tree.write(f"{etc}/s6-rc.d/{name}/{file}", "1500\n")
        tree.write(f"{etc}/s6-rc.d/{name}/type", "oneshot\n")
    tree.write(f"{etc}/s6-rc.d/some/type", "bundle\n")
    for name in ("plain", "once", "lasting"):
        tree.write(f"{etc}/s6-rc.d/some/contents.d/{name}")
    for name in ("some", "stubborn", *{"goes", "comes"} & set(names)):
        tree.write(f"{etc}/user-bundles.d/user/contents.d/{name}")


@pytest.fixture
def box(tree, boot):
    if PROGRAM:
        give_build(tree, PROGRAM)
    one = [name for name in LONGRUNS if name != "comes"]
    two = [name for name in LONGRUNS if name != "goes"]
    define(tree, "etc/s6-overlay", one)
    define(tree, "srv/one", one)
    define(tree, "srv/two", two)
    tree.script("srv/linked/run", RUN["linked"])
    os.makedirs(tree.at("tmp/said"))
    box = boot(tree.path, env={"S6_LOGGING": "2", "S6_KILL_FINISH_MAXTIME": "1000", "S6_KILL_GRACETIME": "600000",
                               "OVERLOG_SCRIPT": "n100000 s8192 C"})
    box.wait_for(lambda: len({entry.partition(":")[0] for entry in os.listdir(box.inside("/tmp/said"))}) > 2,
                 what="lines of three services")
    return box


def a_call(r):
    """Words of a command that somebody might use."""
    some = r.sample(NAMES, r.randint(1, 3))
    service = "/run/service/" + r.choice([*LONGRUNS, "linked"])
    limit = r.choice([[], ["-t", "100"], ["-t", "800"], ["-t", "3000"]])
    return r.choice([
        lambda: ["s6-rc", *limit, r.choice(["-u", "-d"]), "change", *some],
        lambda: ["s6-rc", *limit, *r.choice([["-u"], ["-d"], ["-D"], ["-up"]]), "change", *some],
        lambda: ["s6-rc", *limit, r.choice(["start", "stop"]), *some],
        lambda: ["s6-rc", *limit, "reload", r.choice(LONGRUNS)],
        lambda: ["s6-rc", *limit, "-u", "change", "user"],
        lambda: ["s6-rc", r.choice(["-a", "-da"]), "list"],
        lambda: ["s6-rc", "diff"],
        lambda: ["s6-svc", "-" + r.choice("udrtkohiaqpc"), service],
        lambda: ["s6-svc", "-" + r.choice(["u", "d", "o", "t"]), service],
        lambda: ["s6-svc", "-c", service],
        lambda: ["s6-svc", "-w" + r.choice("uUdDrR"), "-T", "300", "-" + r.choice("udr"), service],
        lambda: ["s6-svc", "-" + r.choice("atrkud"), service + "/log"],
        lambda: ["s6-svwait", "-" + r.choice("uUdD"), "-t", "200", service],
        lambda: ["s6-svstat", service],
        lambda: ["s6-svscanctl", r.choice(["-a", "-h", "-an", "-z"]), "/run/service"],
        lambda: ["s6-svlink", "-t", "500", "/run/service", "/srv/linked"],
        lambda: ["s6-svunlink", "-t", "500", "/run/service", "linked"],
        lambda: ["s6-rc-update", *limit, r.choice(["/srv/one", "/srv/two"])],
        lambda: ["overlog", "status"],
        lambda: ["kill"],
    ])()


class Caller(threading.Thread):
    def __init__(self, box, seed, until):
        super().__init__()
        self.box, self.random, self.until = box, random.Random(seed), until
        self.wrong = []
        self.calls = 0

    def kill_something(self):
        """A service or a logger, with a signal that it may well get."""
        found = [pid for pid, words in self.box.processes().items() if is_logger(words) or words[:1] in (["/bin/sh"], ["short"])]
        if found:
            try:
                os.kill(self.random.choice(found), self.random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGHUP]))
            except ProcessLookupError:
                pass

    def run(self):
        while time.monotonic() < self.until and not self.wrong:
            words = a_call(self.random)
            self.calls += 1
            if words == ["kill"]:
                self.kill_something()
                continue
            try:
                result = self.box.run("/command/" + words[0], *words[1:])
            except subprocess.TimeoutExpired:
                self.wrong.append(f"hangs: {words}")
                continue
            if result.returncode > CODE_MAX or result.returncode < 0 or "runtime error" in result.stderr:
                self.wrong.append(f"{result.returncode}: {words}\n{result.stderr}")


def lines_of(tree, name):
    """{id: numbers in the order of the log} of a service."""
    found = {}
    folder = tree.at(f"var/log/services/{name}")
    if os.path.isdir(folder):
        for text in log_text(folder, "stdout"):
            who, _, number = text.partition(" ")
            found.setdefault(who, []).append(int(number))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_callers_at_random(tree, box, seed):
    callers = [Caller(box, f"{seed}/{i}", time.monotonic() + SECONDS) for i in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    wrong = [text for caller in callers for text in caller.wrong]
    assert not wrong, "\n".join(wrong) + box.transcript()
    assert box.alive(), box.transcript()
    begun = time.monotonic()
    assert box.stop(deadline=STOP_SECONDS) == 0, box.transcript()
    took = time.monotonic() - begun
    said = box.stderr.text() + "\n".join(log_text(tree.at("var/log/services/.init")))
    assert "runtime error" not in said and "Sanitizer" not in said, said[-8000:]
    noted = {}
    for entry in os.listdir(tree.at("tmp/said")):
        name, _, who = entry.partition(":")
        noted.setdefault(name, {})[who] = tree.read(f"tmp/said/{entry}").strip()  # empty: killed while it noted
    assert len(noted) >= 3, noted
    total = 0
    for name, last in noted.items():
        found = lines_of(tree, name)
        for who, number in last.items():
            numbers = found.get(who, [])
            assert numbers == list(range(len(numbers))), f"{name} {who}: not once each, in order: {numbers}"
            assert not number or len(numbers) - 2 <= int(number) < len(numbers), \
                f"{name} {who}: said {number}, logged {len(numbers)} lines"
            total += len(numbers)
    print(f"seed {seed}: {sum(c.calls for c in callers)} calls, {total} lines, stopped after {took:.2f} s")
