"""s6-rc-update: services added, removed and changed while the others go on."""

import os
import shutil
import signal

import pytest

from lib.boot import Boot
from lib.control import svstat, up
from lib.logs import log, log_text
from lib.processes import command_line, process_state
from lib.text import assert_order
from lib.tree import Tree
from lib.wait import DEADLINE

RUN = "#!/bin/sh\necho {0} says hello\nexec sleep 1000\n"
FOLDER = "/etc/s6-overlay/s6-rc.d"


@pytest.fixture
def box(tmp_path, installed, helper):
    tree = Tree(str(tmp_path / "root"), installed, helper)
    for name in ("keep", "gone", "restart"):
        tree.longrun(name, RUN.format(name))
    tree.longrun("user-of-gone", RUN.format("user-of-gone"), deps=["gone"])
    tree.longrun("producer", "#!/bin/sh\nwhile sleep 0.1; do echo line; done\n", producer_for="consumer\n")
    tree.longrun("consumer", "#!/bin/sh\nexec cat >>/tmp/consumed\n", consumer_for="producer\n", pipeline_name="pipe\n")
    tree.oneshot("once", up="sh -c \"echo up >>/tmp/once\"", down="sh -c \"echo down >>/tmp/once\"")
    tree.longrun("idle", RUN.format("idle"), bundle=None)
    box = Boot(tree.path, env={"S6_LOGGING": "2"})
    box.tree = tree
    box.wait_booted()
    assert up(box) >= {"keep", "gone", "user-of-gone", "producer", "consumer", "once", "restart"}
    for name in ("keep", "gone", "user-of-gone", "restart"):
        box.wait_for(lambda: log(tree, name) == [f"{name} says hello"], what=name)
    yield box
    box.close()


def pids(box):
    return svstat(box, "pid", "keep", "producer", "consumer").split()


def update(box, *words):
    r = box.run("/command/s6-rc-update", *words)
    return r.returncode, r.stdout, r.stderr


def wait_gone(box, *names):
    """From /run/service: pid 1 sweeps there once it has answered."""
    for name in names:
        box.wait_for(lambda: not box.exists(f"/run/service/{name}") and not box.exists(f"/run/s6-rc/servicedirs/{name}"),
                     what=f"end of {name}")


def undefine(box, name):
    shutil.rmtree(box.tree.at(f"{FOLDER}/{name}"))
    link = box.tree.at(f"/etc/s6-overlay/user-bundles.d/user/contents.d/{name}")
    if os.path.exists(link):
        os.unlink(link)


def test_nothing_changed_nothing_happens(box):
    box.wait_for(lambda: command_line(box.pid()) not in box.processes().values(), what="all to be executed")
    before, loggers = pids(box), sorted(box.loggers())
    assert update(box, "/etc/s6-overlay") == (0, "", "")
    assert pids(box) == before and sorted(box.loggers()) == loggers
    assert box.read("/tmp/once") == "up\n"
    assert os.listdir(box.inside("/run/s6-rc")).count("compiled") == 1
    assert sum(n.startswith("compiled:") for n in os.listdir(box.inside("/run/s6-rc"))) == 1
    assert box.stop() == 0


def test_add_remove_change(box):
    before = pids(box)
    undefine(box, "gone")
    os.unlink(box.tree.at(f"{FOLDER}/user-of-gone/dependencies.d/gone"))
    box.tree.longrun("fresh", RUN.format("fresh"), deps=["keep"])
    box.tree.oneshot("later", up="sh -c \"echo later >>/tmp/once\"")
    box.tree.write(f"{FOLDER}/keep/run", RUN.format("another keep"))
    with open(box.inside("/tmp") + "/convert", "w") as file:
        file.write("# what to do\nrestart restart\n")
    code, plan, _ = update(box, "-n", "-f", "/tmp/convert", "/etc/s6-overlay")
    assert code == 0 and set(plan.splitlines()[0].split()[3:]) == {"gone", "user-of-gone", "restart"}
    assert up(box) >= {"gone"}
    code, out, err = update(box, "-v2", "-f", "/tmp/convert", "/etc/s6-overlay")
    assert (code, out) == (0, "")
    assert_order(err, "service user-of-gone: stopping", "service gone: stopping", "the new database is in place",
                 "service user-of-gone: starting")
    assert "service restart successfully started" in err and "service keep" not in err
    assert "run of keep is another one" in err
    # Untouched: processes, pipes and what runs.
    assert pids(box) == before and box.read("/tmp/once") == "up\nlater\n"
    assert "legacy" not in err
    assert up(box) == {"keep", "user-of-gone", "producer", "consumer", "once", "restart", "fresh", "later"}
    box.wait_for(lambda: box.exists("/tmp/consumed"))
    consumed = len(box.read("/tmp/consumed"))
    box.wait_for(lambda: len(box.read("/tmp/consumed")) > consumed)
    # The removed one is gone, its log is whole and its logger has left.
    wait_gone(box, "gone")
    box.wait_for(lambda: not box.loggers("gone"))
    assert log_text(box.inside("/var/log/services/gone")) == ["gone says hello"]
    assert box.run("/command/s6-rc", "start", "gone").returncode == 3
    # New ones in the user bundle are started.
    box.wait_for(lambda: log_text(box.inside("/var/log/services/fresh")) == ["fresh says hello"])
    assert "fresh" in box.run("/command/s6-rc-db", "list", "longruns").stdout.split()
    # The changed run counts from the next start on.
    assert box.run("/command/s6-svc", "-wR", "-r", "/run/service/keep").returncode == 0
    box.wait_for(lambda: log_text(box.inside("/var/log/services/keep")) == ["keep says hello", "another keep says hello"])
    # And again, back: the names can be used anew.
    undefine(box, "fresh")
    box.tree.longrun("gone", RUN.format("gone again"), bundle=None)
    assert update(box, "/etc/s6-overlay")[0] == 0
    assert box.run("/command/s6-rc", "start", "gone").returncode == 0
    box.wait_for(lambda: log_text(box.inside("/var/log/services/gone")) == ["gone says hello", "gone again says hello"])
    assert box.stop() == 0


def test_back_while_the_old_logger_still_reads(box):
    """What the removed service left behind holds its log open, on one stream."""
    with open(box.inside("/run/s6-rc/servicedirs/gone/run"), "w") as run:
        run.write("#!/bin/sh\necho first\n"
                  "setsid sh -c 'touch /tmp/stays; while [ ! -e /tmp/speak ]; do sleep 0.02; done; echo late >&2; exec sleep 1000' >/dev/null &\n"
                  "exec sleep 1000\n")
    assert box.run("/command/s6-svc", "-wR", "-r", "/run/service/gone").returncode == 0
    folder = box.inside("/var/log/services/gone")
    box.wait_for(lambda: log_text(folder)[-1:] == ["first"] and box.exists("/tmp/stays"))
    undefine(box, "gone")
    os.unlink(box.tree.at(f"{FOLDER}/user-of-gone/dependencies.d/gone"))
    assert update(box, "/etc/s6-overlay") == (0, "", "")
    logger = box.loggers("gone")
    assert len(logger) == 1
    # Refused after everything was prepared: as if nothing had been asked.
    box.tree.longrun("gone", "#!/bin/sh\necho second\necho to-stderr >&2\nexec sleep 1000\n")
    box.tree.longrun("zz-not-to-be", RUN, bundle=None)
    open(box.inside("/run/s6-rc/servicedirs") + "/zz-not-to-be", "w").close()  # no directory can take its place
    code, _, err = update(box, "/etc/s6-overlay")
    assert code == 111 and "unable to put /run/s6-rc/servicedirs/zz-not-to-be in place" in err
    assert box.run("/command/s6-rc", "start", "gone").returncode == 3
    undefine(box, "zz-not-to-be")
    # Back, with another run: old and new write into one log, each line once.
    assert update(box, "/etc/s6-overlay") == (0, "", "")
    box.wait_for(lambda: sorted(log_text(folder)[-2:]) == ["second", "to-stderr"])
    open(box.inside("/tmp/speak"), "w").close()
    box.wait_for(lambda: sorted(log_text(folder)[-3:]) == ["late", "second", "to-stderr"])
    assert len(box.loggers("gone")) == 1
    assert box.run("/command/s6-svstat", "-o", "up", "/run/service/gone/log").stdout == "true\n"
    assert box.run("/command/s6-svc", "-a", "/run/service/gone/log").returncode == 0
    box.wait_for(lambda: any(n.startswith("@") for n in os.listdir(folder)))
    # Of a rotation under way both names may be read in vain.
    box.wait_for(lambda: sorted(log_text(folder)) == ["first", "gone says hello", "late", "second", "to-stderr"])
    assert box.stop() == 0


def begin_without_gone(box, slow):
    """A caller of an update that has removed gone, and waits for the up of a oneshot that is new; and its pid."""
    undefine(box, "gone")
    step = "touch /tmp/{0}-{1}; until test -e /tmp/{0}-{1}-ends; do sleep 0.02; done"
    box.tree.oneshot(slow, up=f"sh -c \"{step.format(slow, 'up')}\"", down=f"sh -c \"{step.format(slow, 'down')}\"")
    caller = box.begin("/command/s6-rc-update", "/etc/s6-overlay")
    box.wait_for(lambda: box.exists(f"/tmp/{slow}-up"), what="the up of what is new")
    assert not box.exists("/run/service/gone")
    found = [pid for pid, words in box.processes().items() if words[:1] == ["/command/s6-rc-update"]]
    assert len(found) == 1
    return caller, found[0]


def touch(box, name):
    open(box.inside("/tmp") + f"/{name}", "w").close()


def test_back_where_the_last_caller_has_not_cleaned_up(box):
    os.unlink(box.tree.at(f"{FOLDER}/user-of-gone/dependencies.d/gone"))
    # Killed after the switch: what was left of gone makes way.
    caller, pid = begin_without_gone(box, "one")
    os.kill(pid, signal.SIGKILL)
    touch(box, "one-up-ends")
    caller.communicate(timeout=DEADLINE)
    assert box.exists("/run/s6-rc/servicedirs/gone/run")
    box.tree.longrun("gone", RUN.format("second"))
    assert update(box, "-b", "/etc/s6-overlay") == (0, "", "")
    assert "gone" in up(box)
    assert "second" in box.read("/run/s6-rc/servicedirs/gone/run")
    # It cleans up so late that another update has put another gone in place: that stays.
    caller, pid = begin_without_gone(box, "two")
    os.kill(pid, signal.SIGSTOP)
    touch(box, "two-up-ends")
    box.tree.longrun("gone", RUN.format("third"))
    undefine(box, "two")
    other = box.begin("/command/s6-rc-update", "-b", "/etc/s6-overlay")
    box.wait_for(lambda: box.exists("/tmp/two-down"), what="the down of what goes")
    box.wait_for(lambda: process_state(caller.pid) == "T", what="nsenter to stop as its child has")
    os.kill(caller.pid, signal.SIGCONT)  # and nsenter continues its child
    assert caller.communicate(timeout=DEADLINE) == ("", "") and caller.returncode == 0
    touch(box, "two-down-ends")
    assert other.communicate(timeout=DEADLINE) == ("", "") and other.returncode == 0
    assert "gone" in up(box)
    assert "third" in box.read("/run/s6-rc/servicedirs/gone/run")
    touch(box, "one-down-ends")
    assert box.stop() == 0


def test_types_dependencies_and_pipes(box):
    undefine(box, "gone")
    box.tree.oneshot("gone", up="true")                      # another type
    box.tree.write(f"{FOLDER}/keep/dependencies.d/idle")     # needs what was down
    undefine(box, "producer")
    box.tree.longrun("producer", "#!/bin/sh\nwhile sleep 0.1; do echo alone; done\n")
    undefine(box, "consumer")
    assert update(box, "/etc/s6-overlay")[0] == 0
    assert up(box) == {"keep", "idle", "gone", "user-of-gone", "producer", "once", "restart"}
    box.wait_for(lambda: not box.exists("/run/service/gone"))
    box.wait_for(lambda: "alone" in log_text(box.inside("/var/log/services/producer")))
    assert box.read("/tmp/once") == "up\n"
    assert box.stop() == 0
    assert box.stdout.text() == ""


def test_pipes_and_loggers_that_are_no_longer_theirs(box):
    """A plain one becomes a producer, a consumer becomes plain: from the next start on each has what its definition says."""
    says = "#!/bin/sh\necho {0} out\necho {0} err >&2\nreadlink /proc/self/fd/0\nexec sleep 1000\n"
    undefine(box, "producer")
    undefine(box, "consumer")
    undefine(box, "keep")
    box.tree.longrun("consumer", says.format("consumer"))
    box.tree.longrun("keep", says.format("keep"), producer_for="taker\n")
    box.tree.longrun("taker", "#!/bin/sh\nexec cat >>/tmp/taken\n", consumer_for="keep\n")
    assert update(box, "/etc/s6-overlay")[0] == 0
    box.wait_for(lambda: box.exists("/tmp/taken") and box.read("/tmp/taken").count("\n") == 2)
    assert box.read("/tmp/taken") == "keep out\n/dev/null\n"
    folder = box.inside("/var/log/services/consumer")
    box.wait_for(lambda: os.path.exists(folder + "/current") and len(log_text(folder)) == 3)
    assert sorted(log_text(folder)) == ["/dev/null", "consumer err", "consumer out"]
    assert box.run("/command/s6-svok", "/run/service/consumer/log").returncode == 0
    box.wait_for(lambda: "keep err" in log_text(box.inside("/var/log/services/.init"), "stderr"))
    assert log_text(box.inside("/var/log/services/keep")) == ["keep says hello"]
    assert box.stop() == 0


def test_refusals_and_failures(box):
    def convert(text):
        with open(box.inside("/tmp") + "/convert", "w") as file:
            file.write(text)
        return update(box, "-f", "/tmp/convert", "/etc/s6-overlay")
    before = pids(box)
    assert convert("nothing restart\n")[0] == 3 and convert("keep -> nothing\n")[0] == 3
    assert convert("user restart\n")[0] == 5 and convert("keep restart\n\nkeep\n")[0] == 6
    assert convert('"keep\n')[0] == 100 and "/tmp/convert:1" in convert("keep what\n")[2]
    assert update(box, "etc")[0] == update(box)[0] == 100 and update(box, "/nonesuch")[0] == 111
    box.tree.longrun("broken", RUN, deps=["absent"])
    code, _, err = update(box, "/etc/s6-overlay")
    assert code == 4 and "undefined service name absent" in err
    undefine(box, "broken")
    # What cannot be stopped ends it before the switch; what cannot be started, after it.
    box.tree.oneshot("stubborn", up="true", down="false")
    assert update(box, "/etc/s6-overlay")[0] == 0
    box.run("/command/s6-rc", "start", "stubborn", check=True)
    undefine(box, "stubborn")
    box.tree.longrun("fresh", RUN.format("fresh"))
    assert update(box, "/etc/s6-overlay")[0] == 9
    assert "stubborn" in up(box)
    wait_gone(box, "fresh")
    assert not box.loggers("fresh")
    box.tree.oneshot("stubborn", up="true")
    assert update(box, "/etc/s6-overlay")[0] == 0
    undefine(box, "stubborn")
    box.tree.oneshot("bad", up="false", bundle=None)
    box.tree.write(f"{FOLDER}/restart/dependencies.d/bad")
    code, _, err = update(box, "/etc/s6-overlay")
    assert code == 1 and "unable to start service bad: command exited 1" in err
    assert "restart" not in up(box) and pids(box) == before
    assert sum(n.startswith("compiled:") for n in os.listdir(box.inside("/run/s6-rc"))) == 1
    assert box.stop() == 0


def test_removed_though_only_s6_svc_had_brought_it_up(box):
    """s6-rc has it for down: the removal ends it all the same."""
    box.run("/command/s6-svc", "-wu", "-T", "10000", "-u", "/run/service/idle", check=True)
    pid = box.run("/command/s6-svstat", "-o", "pid", "/run/service/idle").stdout.strip()
    assert "idle" not in up(box)
    box.wait_for(lambda: log(box.tree, "idle") == ["idle says hello"])
    undefine(box, "idle")
    assert update(box, "/etc/s6-overlay") == (0, "", "")
    box.wait_for(lambda: not box.exists(f"/proc/{pid}"), what="end of the removed service")
    box.wait_for(lambda: not box.exists("/run/service/idle"))
    assert box.stop() == 0
