"""instances: several longruns of one definition, and overlog scale."""

import os
import re

import pytest

from lib.control import svstat, up
from lib.logs import log_text

OVERLOG = "/command/overlog"
FOLDER = "/etc/s6-overlay/s6-rc.d"
RUN = "#!/bin/sh\necho instance $INSTANCE of $0\nexec sleep 1000\n"


def pids(box, *names):
    return svstat(box, "pid", *names).split()


def numbered(name, count):
    return {f"{name}-{number}" for number in range(1, count + 1)}


def scale(box, name, count, code=0):
    r = box.run(OVERLOG, "scale", name, str(count))
    assert r.returncode == code, (r.stdout, r.stderr)
    return r.stdout if code == 0 else r.stderr


@pytest.fixture
def workers(tree):
    tree.longrun("db")
    tree.longrun("worker@", RUN, deps=["db"], instances="$WORKERS\n", finish="#!/bin/sh\necho end $INSTANCE\n")
    tree.longrun("front", deps=["worker"])
    tree.longrun("queue", "#!/command/with-contenv sh\necho queue $INSTANCE $WORKERS >/tmp/queue-$INSTANCE\nexec sleep 1000\n",
                 instances="mail search\n")
    return tree


def test_instances_and_their_number_at_run_time(workers, boot):
    box = boot(workers.path, env={"WORKERS": "3", "INSTANCE": "of the container", "S6_KEEP_ENV": "0", "S6_LOGGING": "2"})
    box.wait_booted()
    others = {"db", "front", "queue-mail", "queue-search"}
    assert up(box) == numbered("worker", 3) | others
    box.wait_for(lambda: all(workers.read(f"/tmp/queue-{n}") for n in ("mail", "search")))
    assert workers.read("/tmp/queue-mail") == "queue mail 3\n"
    logs = workers.at("/var/log/services")
    for number in "123":  # each has a log of its own
        box.wait_for(lambda: f"instance {number} of ./run" in log_text(f"{logs}/worker-{number}", "stdout"))
    assert "worker-1" in box.run(OVERLOG, "status").stdout
    assert set(box.run("/command/s6-rc-db", "contents", "worker").stdout.split()) == numbered("worker", 3)

    shown = box.run(OVERLOG, "show", "worker").stdout
    assert "[worker@]\n" in shown and "\ninstances = $WORKERS\n" in shown and "bundle" not in shown
    assert "  needs worker\n" in box.run(OVERLOG, "graph").stdout

    # Only the difference starts and stops, and who needs the bundle goes on.
    keep = pids(box, "worker-1", "worker-2", "front", "db", "queue-mail")
    assert scale(box, "worker", 5) == "worker has 5 instances, and had 3\n"
    assert up(box) == numbered("worker", 5) | others
    box.wait_for(lambda: "instance 5 of ./run" in log_text(f"{logs}/worker-5", "stdout"))
    assert scale(box, "worker", 2) == "worker has 2 instances, and had 5\n"
    assert up(box) == numbered("worker", 2) | others
    assert pids(box, "worker-1", "worker-2", "front", "db", "queue-mail") == keep
    # Its logger and its place go a moment later.
    box.wait_for(lambda: "end 3" in log_text(f"{logs}/worker-3", "stdout"))
    box.wait_for(lambda: not os.path.exists(box.inside("/run/service/worker-3")))
    assert scale(box, "worker", 2) == "worker has 2 instances, as before\n"

    # It stays so over an update, and is as the file says in the next container.
    workers.longrun("late")
    assert box.run("/command/s6-rc-update", "/etc/s6-overlay").returncode == 0
    assert up(box) == numbered("worker", 2) | others | {"late"}
    assert pids(box, "worker-1", "worker-2") == keep[:2]
    assert scale(box, "worker", 0) == "worker has 0 instances, and had 2\n"
    assert up(box) == others | {"late"}
    assert scale(box, "worker", 1) == "worker has 1 instance, and had 0\n"
    assert up(box) == numbered("worker", 1) | others | {"late"}

    for name, said in (("db", "db has no instances"), ("nothing", "nothing has no instances"),
                       ("queue", "the instances of queue have names")):
        assert said in scale(box, name, 2, code=1)
    assert "no number from 0 to 256" in scale(box, "worker", "many", code=100)
    assert "no number from 0 to 256" in scale(box, "worker", 257, code=100)
    assert box.stop() == 0
    box = boot(workers.path, env={"WORKERS": "2"})
    box.wait_booted()
    assert up(box) == numbered("worker", 2) | others | {"late"}


def test_a_number_that_was_set_and_another_definition(tree, boot):
    tree.longrun("worker", RUN, instances="2\n")
    box = boot(tree.path)
    box.wait_booted()
    number = box.inside("/run/s6-rc/instances/worker")
    definition = f"{FOLDER}/worker/instances"
    assert scale(box, "worker", 1) == "worker has 1 instance, and had 2\n"
    tree.write(definition, "3\n")
    r = box.run("/command/s6-rc-update", "/etc/s6-overlay")
    assert (r.returncode, up(box)) == (0, {"worker-1"})
    assert f"{definition}:1: scaled to 1: instances is not used; overlog scale sets another number\n" in r.stderr
    tree.write(definition, "1\n")
    r = box.run("/command/s6-rc-update", "/etc/s6-overlay")
    assert (r.returncode, r.stderr) == (0, "")

    # Names are no number: the one that was set is given up, but not by a look.
    tree.write(definition, "mail search\n")
    r = box.run("/command/s6-rc-update", "-n", "/etc/s6-overlay")
    assert r.returncode == 0 and "worker-mail" in r.stdout and os.path.exists(number)
    r = box.run("/command/s6-rc-update", "/etc/s6-overlay")
    assert (r.returncode, r.stderr) == (0, "") and not os.path.exists(number)
    assert up(box) == {"worker-mail", "worker-search"}


def test_one_that_ends_late_is_waited_for(tree, boot):
    tree.longrun("worker@", "#!/bin/sh\ntrap '' TERM\ntouch /tmp/up$INSTANCE\nwhile :; do sleep 0.1; done\n", instances="3\n",
                 timeout_kill="4000\n")
    tree.longrun("web", deps=["worker-2"])
    box = boot(tree.path)
    box.wait_booted()
    box.wait_for(lambda: box.exists("/tmp/up3"))
    assert box.run(OVERLOG, "show", "worker-3").stdout == box.run(OVERLOG, "show", "worker").stdout != ""
    assert "there is no service worker-x" in box.run(OVERLOG, "show", "worker-x").stderr
    assert scale(box, "worker", 1, code=1).endswith("fatal: unable to scale worker to 1: web needs worker-2\n")
    (pid,) = pids(box, "worker-3")
    assert box.run(OVERLOG, "scale", "-t", "200ms", "worker", "2").returncode == 10
    assert pids(box, "worker-3") == [pid]
    assert scale(box, "worker", 2) == "worker has 2 instances, and had 3\n"
    assert box.run("/bin/sh", "-c", f"kill -0 {pid}").returncode != 0
    assert up(box) == {"web", *numbered("worker", 2)}
    box.wait_for(lambda: not os.path.exists(box.inside("/run/service/worker-3")))
    assert "death_tally" not in box.stderr.text()


def test_instances_that_write_to_one_consumer(tree, boot):
    tree.longrun("from@", "#!/bin/sh\necho from $INSTANCE\nexec sleep 1000\n", instances="${N:-2}\n", producer_for="to\n")
    tree.longrun("to", "#!/bin/sh\nexec cat >>/tmp/consumed\n", consumer_for="from@\n", pipeline_name="pipe\n")
    box = boot(tree.path)
    box.wait_booted()
    box.wait_for(lambda: sorted(tree.read("/tmp/consumed").splitlines()) == ["from 1", "from 2"])
    assert up(box) == {"from-1", "from-2", "to"}
    assert "as many as at the start of the container stay" in scale(box, "from", 3, code=1)
    assert box.stop() == 0


def test_what_is_off_has_no_instances_either(tree, boot):
    tree.longrun("worker@", RUN, instances="2\n", enable_if="WORK\n")
    tree.longrun("front", deps=["worker"])
    tree.longrun("web")
    box = boot(tree.path)
    box.wait_booted()
    assert up(box) == {"web"}
    box.wait_for_text("service front is left out: it needs worker, which is left out\n")
    why = "left out: enable-if: WORK is not set"
    assert scale(box, "worker", 3) == f"worker has 3 instances, and had 2; {why}\n"
    assert up(box) == {"web"}
    assert box.run(OVERLOG, "start", "worker-3").returncode == 0
    assert up(box) == {"web", "worker-3"}


def test_services_that_see_all_of_the_environment(tree, boot):
    tree.longrun("worker", "#!/bin/sh\necho $INSTANCE $W >/tmp/worker-$INSTANCE\nexec sleep 1000\n", instances="$W\n")
    box = boot(tree.path, env={"S6_KEEP_ENV": "1", "W": "1", "INSTANCE": "outer"})
    box.wait_booted()
    box.wait_for(lambda: tree.read("/tmp/worker-1"))
    assert tree.read("/tmp/worker-1") == "1 1\n"


def test_mistakes_are_named_with_their_place(tree, boot):
    tree.longrun("a@", instances="$MANY\n")
    tree.longrun("b", instances="x y x\n")
    tree.longrun("c@", instances="2\n")
    tree.longrun("c-1")
    tree.longrun("d", instances="2\n", consumer_for="e\n")
    tree.longrun("e", producer_for="d\n")
    tree.oneshot("f", instances="2\n")
    tree.longrun("g", instances="\n")
    box = boot(tree.path, env={"MANY": "1000"})
    assert box.wait() == 1
    text = box.stderr.text()
    for line in (r'a@/instances:1: MANY: invalid number "1000"; 256 instances are the most',
                 r'b/instances:1: there are two instances "x"; name each once',
                 r"c@/instances:1: c-1 is already defined; choose another name",
                 r"d/instances:1: a consumer has no instances: its producers write to one pipe",
                 r"f/instances: instances is ignored: it means nothing in a oneshot; only longruns have instances",
                 r"g/instances:1: there is no number of instances"):
        assert re.search(re.escape(f"{FOLDER}/{line}"), text), text


def test_a_section(tree, boot):
    tree.write("/etc/s6-overlay/services.conf", "[worker@]\ninstances = $WORKERS\n"
               "script =\n    echo $INSTANCE >/tmp/worker-$INSTANCE\n    exec sleep 1000\n\n"
               "[web]\nneeds = worker\nrun = sleep 1000\n")
    box = boot(tree.path, env={"WORKERS": "2"})
    box.wait_booted()
    assert up(box) == {"worker-1", "worker-2", "web"}
    box.wait_for(lambda: tree.read("/tmp/worker-2"))
    assert tree.read("/tmp/worker-2") == "2\n"
    before = pids(box, "web")
    assert scale(box, "worker", 3) == "worker has 3 instances, and had 2\n"
    box.wait_for(lambda: tree.read("/tmp/worker-3"))
    assert up(box) == {"worker-1", "worker-2", "worker-3", "web"} and pids(box, "web") == before
