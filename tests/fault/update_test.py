"""s6-rc-update while pid 1 gets no memory, or nothing else that it asks for: it is refused or done, it can be tried
again, and what has nothing to do with it goes on."""
import contextlib
import os
import re
import shutil
import sys

import pytest

from lib.control import FINISHING, status, up
from lib.logs import log_text
from lib.refusal import REFUSED, Refusal, Scarce

pytestmark = pytest.mark.long

RUN = "#!/bin/sh\necho {0} says hello\nexec sleep 1000\n"
ETC = "etc/s6-overlay"
# 9, 10: before the switch; 1, 2: after it.
CODES = {0, 1, 2, 9, 10, 111}
PARTS = 4  # of a sweep, so that several can have a part each


def define(tree):
    """What runs is /etc/s6-overlay; /srv/one is the same, /srv/two another: one goes, others come, one changes its pipes."""
    for name in ("keep", "gone", "solo"):
        tree.longrun(name, RUN.format(name))
    tree.longrun("changes", RUN.format("changes"), deps=["keep"], notification_fd="3\n")
    tree.write(f"{ETC}/s6-rc.d/changes/run", "#!/bin/sh\necho changes says hello\necho >&3\nexec sleep 1000\n")
    tree.oneshot("job", "true\n", down="true\n")
    shutil.copytree(tree.at(ETC), tree.at("srv/one"))
    shutil.copytree(tree.at(ETC), tree.at("srv/two"))
    shutil.rmtree(tree.at("srv/two/s6-rc.d/gone"))
    os.unlink(tree.at("srv/two/user-bundles.d/user/contents.d/gone"))
    for name in ("fresh", "sink"):
        tree.write(f"srv/two/s6-rc.d/{name}/type", "longrun\n")
        tree.write(f"srv/two/s6-rc.d/{name}/run", RUN.format(name), 0o755)
        tree.write(f"srv/two/user-bundles.d/user/contents.d/{name}")
    tree.write("srv/two/s6-rc.d/sink/run", "#!/bin/sh\nexec cat >>/tmp/sunk\n", 0o755)
    tree.write("srv/two/s6-rc.d/sink/consumer-for", "solo\n")
    tree.write("srv/two/s6-rc.d/solo/producer-for", "sink\n")
    tree.write("srv/two/s6-rc.d/changes/dependencies.d/fresh")


SETS = {"one": {"keep", "gone", "solo", "changes", "job"}, "two": {"keep", "fresh", "sink", "solo", "changes", "job"}}


class Box:
    def __init__(self, box):
        self.box = box

    def up(self):
        return up(self.box)

    def update(self, to):
        return self.box.begin("/command/s6-rc-update", "-t", "20000", f"/srv/{to}")

    def descriptors(self):
        """How many pid 1 has. It holds a pipe by one descriptor for both ends or, where that one could not be opened,
        by one for each, which count as one here."""
        proc = f"/proc/{self.box.pid()}"
        found = []
        for fd in os.listdir(f"{proc}/fd"):
            with contextlib.suppress(FileNotFoundError):  # one that is closed meanwhile is none
                with open(f"{proc}/fdinfo/{fd}") as info:
                    mode = int(re.search(r"^flags:\s*([0-7]+)", info.read(), re.M)[1], 8) & os.O_ACCMODE
                found.append((os.readlink(f"{proc}/fd/{fd}"), mode))
        ends = [{name for name, mode in found if name.startswith("pipe:") and mode == of} for of in (os.O_RDONLY, os.O_WRONLY)]
        return len(found) - len(ends[0] & ends[1])

    def pid(self, name):
        return status(self.box, name)[0]

    def runs(self, name):
        """As s6-svstat says it, from the same file, without a process for each look."""
        pid, flags = status(self.box, name)
        return pid != 0 and not flags & FINISHING

    def settled(self, to):
        """All of it is as it is to be, and nothing is left of the other."""
        def good():
            try:
                return self.up() == SETS[to] and all(self.runs(name) for name in SETS[to] - {"job"})
            except FileNotFoundError:
                return False
        self.box.wait_for(good, what=f"all of {to}")
        other = (SETS["one"] | SETS["two"]) - SETS[to]
        self.box.wait_for(lambda: not any(self.box.exists(f"/run/s6-rc/servicedirs/{name}") for name in other))
        self.box.wait_for(lambda: not any(self.box.loggers(name) for name in other), what="end of the loggers")

    def stages(self):
        return sorted(n for n in os.listdir(self.box.inside("/run/s6-rc")) if n.startswith("compiled:"))


def sweep(box, begin, rounds):
    """begin(when, update): starts an update under the refusal, and how to end that."""
    b = Box(box)
    usual = {}
    # As it is when nothing is refused; one may still be about to be closed.
    for to in ("two", "one") * 2:
        assert b.update(to).wait() == 0
        b.settled(to)
        usual[to] = min(b.descriptors(), usual.get(to, sys.maxsize))
    keep = b.pid("keep")
    now, refused = "one", 0
    for when in rounds:
        to = "two" if now == "one" else "one"
        code, said, hit = begin(when, lambda: b.update(to))
        refused += hit
        assert code in CODES and (code == 0 or said), f"{when}: {code} {said}"
        client = b.update(to)
        assert client.wait(60) == 0, f"after {when}, which ended with {code} ({said}): {client.stderr.read()}"
        b.settled(to)
        box.wait_for(lambda: b.descriptors() <= usual[to], what=f"{usual[to]} descriptors after {when}, not {b.descriptors()}")
        assert b.pid("keep") == keep, when
        assert len(b.stages()) == 1, (when, b.stages())
        now = to
    assert refused > len(rounds) // 3
    box.run("/command/s6-svc", "-wr", "-r", "/run/service/keep", check=True)
    box.wait_for(lambda: len(log_text(box.inside("/var/log/services/keep"))) == 2, what="what keep says")
    assert box.stop() == 0
    text = box.stderr.text()
    assert not re.search("please report|bug", text), text


@pytest.mark.parametrize("part", range(PARTS))
def test_memory(tree, boot, part):
    define(tree)
    scarce = Scarce(tree)
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    box.wait_booted()

    def begin(when, update):
        before = scarce.count()
        first, last = when
        scarce.refuse(first, last)
        client = update()
        box.wait_for(lambda: client.poll() is not None or (last == 0 and scarce.count() - before > first + 200))
        scarce.refuse(0, 0)
        said = client.communicate(timeout=60)[1]
        return client.returncode, said, scarce.count() - before >= first

    client = Box(box)
    before = scarce.count()
    for to in ("two", "one"):
        assert client.update(to).wait() == 0
        client.settled(to)
    asked = (scarce.count() - before) // 2
    print("requests for memory:", asked)
    rounds = [(n, n) for n in range(1, asked + 2)] + [(n, 0) for n in range(1, asked, 7)]
    sweep(box, begin, rounds[part::PARTS])
    assert log_text(tree.at("/var/log/services/keep")) == ["keep says hello"] * 2


@pytest.mark.parametrize("calls", list(REFUSED))
def test_calls(tree, boot, place, calls):
    define(tree)
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    box.wait_booted()
    log = os.path.join(place, "strace")

    def begin(when, update):
        with Refusal(box.pid(), when, log, {calls: REFUSED[calls]}) as r:
            client = update()
            box.wait_for(lambda: client.poll() is not None or ("+" in when and r.refused() >= 3))
            hit = r.refused() > 0
        said = client.communicate(timeout=60)[1]
        return client.returncode, said, hit

    most = 1 if "accept" in calls else 12
    rounds = [f"{n}" for n in range(1, most + 1)] + [f"{n}+" for n in range(1, most, 2)] + ["1+"]
    sweep(box, begin, rounds)
