"""Hooks in /etc/s6-overlay/on-event.d, run for what the event log tells."""

import json
import os
import subprocess

import pytest

from lib.boot import Boot
from lib import build
from lib.control import svstat
from lib.tree import Tree

OVERLOG, SVC = "/command/overlog", "/command/s6-svc"
LIMIT = "5s"  # for each hook: one hangs, and all others must have the time that they need
HOOKS = "etc/s6-overlay/on-event.d"
pytestmark = pytest.mark.long
# A line for each run: the facts, and what came on stdin.
NOTE = """#!/bin/sh
lines=$(cat | tr '\\n' '|')
echo "$OVERLOG_EVENT $OVERLOG_SERVICE code=$OVERLOG_CODE signal=$OVERLOG_SIGNAL deaths=$OVERLOG_DEATHS \
run=${OVERLOG_RUN_MS:+known} time=${OVERLOG_TIME%%T*} reason=$OVERLOG_REASON $lines" >>/tmp/notes
"""


# It comes to its end when what it wrote last, and what livecheck said before, are in the log.
LOUD = """#!/bin/sh
log=/var/log/services/loud/current
trap 'rm -f /tmp/trapped; seq 30
until grep -qs "stdout F 30$" $log && grep -qs "is not alive" $log; do sleep 0.1; done
exit' TERM
: >/tmp/trapped
while :; do sleep 0.1; done
"""


def once(name, text):
    return f"#!/bin/sh\ntest -e /tmp/{name} && exec sleep 1000\n: >/tmp/{name}\n{text}"


@pytest.fixture(scope="module")
def tree(tmp_path_factory, installed, helper):
    tree = Tree(str(tmp_path_factory.mktemp("hooks") / "root"), installed, helper)
    tree.write(f"{HOOKS}/death/10-note", NOTE, 0o755)
    tree.write(f"{HOOKS}/death/20-notx", "#!/bin/sh\n: >/tmp/notx\n", 0o644)
    tree.write(f"{HOOKS}/death/30-hang", "#!/bin/sh\ncase $OVERLOG_SERVICE in\n"
               "hang) trap '' TERM; echo $$ >/tmp/hanging; sleep 1000;;\n"
               "fast*) until test -e /tmp/all; do sleep 0.1; done;;\nesac\n", 0o755)
    for event in ("gave-up", "unready", "oom"):
        tree.write(f"{HOOKS}/{event}", NOTE, 0o755)
    tree.longrun("web", once("web", "seq 30\necho oh no\n"
                             "until grep -qs 'oh no' /var/log/services/web/current; do sleep 0.1; done\nexit 3\n"))
    tree.longrun("loop", "#!/bin/sh\necho trying\nuntil grep -qs trying /var/log/services/loop/current; do sleep 0.1; done\nexit 7\n",
                 restart="always, 2 in 1h, wait 50ms..100ms\n")
    tree.longrun("calm")
    tree.longrun("hung", "#!/bin/sh\nexec livecheck -i 100ms -f 2 -c /bin/false sleep 1000\n", bundle=None)
    tree.script("/bin/loud", LOUD)
    tree.longrun("loud", "#!/bin/sh\nexec livecheck -i 100ms -f 2 -c 'test ! -e /tmp/trapped' loud\n", bundle=None)
    tree.longrun("hang", once("hang", "kill -KILL $$\n"), bundle=None)
    tree.longrun("fast", "#!/bin/sh\nexit 5\n", restart="always, 100 in 1h, wait 1ms..1ms\n", bundle=None)
    tree.longrun("fast2", "#!/bin/sh\nexit 5\n", restart="always, 100 in 1h, wait 1ms..1ms\n", bundle=None)
    return tree


@pytest.fixture(scope="module")
def box(tree):
    box = Boot(tree.path, env={"OVERLOG_HOOK_TIMEOUT": LIMIT, "MARK": "from the container"})
    box.wait_booted()
    yield box
    box.close()


def notes(tree, begins):
    path = tree.at("/tmp/notes")
    text = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
    return [line for line in text.splitlines() if line.startswith(begins)]


def begin_to_hang(box, tree):
    """A death of hang, at which a hook hangs."""
    box.run("/command/s6-rc", "stop", "hang", check=True)
    for name in ("/tmp/hang", "/tmp/hanging"):
        if os.path.exists(tree.at(name)):
            os.unlink(tree.at(name))
    box.run("/command/s6-rc", "start", "hang", check=True)


def test_a_death_with_its_facts_and_last_lines(box, tree):
    box.wait_for(lambda: notes(tree, "death web "))
    (line,) = notes(tree, "death web ")
    date = line.split("time=")[1][:10]
    lines = "|".join([str(i) for i in range(12, 31)] + ["oh no"])
    assert line == f"death web code=3 signal= deaths=1 run=known time={date} reason= {lines}|"
    assert not os.path.exists(tree.at("/tmp/notx"))


def test_a_service_that_is_given_up(box, tree):
    box.wait_for(lambda: notes(tree, "gave-up loop "))
    (line,) = notes(tree, "gave-up loop ")
    assert line.startswith("gave-up loop code=7 signal= deaths=3 ") and line.endswith("trying|")
    assert [n.split("deaths=")[1][0] for n in notes(tree, "death loop ")] == ["1", "2", "3"]


def test_what_livecheck_restarts_and_what_people_ask_for(box, tree):
    box.run(SVC, "-r", "/run/service/calm", check=True)
    box.run(SVC, "-d", "/run/service/calm", check=True)
    box.run("/command/s6-rc", "start", "hung", "loud", check=True)
    box.wait_for(lambda: notes(tree, "unready hung "))
    assert "reason=livecheck: warning: hung is not alive: " in notes(tree, "unready hung ")[0]
    # More lines came between what livecheck said and the end than a hook gets.
    box.wait_for(lambda: notes(tree, "unready loud "))
    (lines,) = notes(tree, "unready loud ")[:1]
    assert "reason=livecheck: warning: loud is not alive: " in lines and lines.endswith("|28|29|30|")
    box.run("/command/s6-rc", "stop", "hung", "loud", check=True)
    assert not notes(tree, "death hung") and not notes(tree, "death calm") and not notes(tree, "unready calm")


def test_one_that_hangs_is_ended_and_a_restart_repeats_nothing(box, tree):
    # What dies by itself has done so.
    box.wait_for(lambda: notes(tree, "death web ") and notes(tree, "gave-up loop "))
    begin_to_hang(box, tree)
    box.wait_for(lambda: notes(tree, "death hang "))
    assert notes(tree, "death hang ")[0].startswith("death hang code= signal=SIGKILL deaths=1 ")
    box.wait_for_text("30-hang takes longer than 5000 ms, and is ended")
    hanging = tree.read("/tmp/hanging").strip()
    box.wait_for(lambda: box.run("/bin/sh", "-c", f"kill -0 {hanging}").returncode != 0)
    before = len(notes(tree, ""))
    # A death while nobody looks is told once there is somebody again; nothing is told twice.
    box.run(SVC, "-d", "-wD", "/run/service/event-hooks", check=True)
    box.wait_for(lambda: svstat(box, "up", "web") == "true", what="web again")
    box.run(SVC, "-k", "/run/service/web", check=True)
    box.wait_for(lambda: len(json.loads(box.run(OVERLOG, "why", "--json", "web").stdout)["ends"]) == 2)
    box.run(SVC, "-u", "/run/service/event-hooks", check=True)
    box.wait_for(lambda: len(notes(tree, "death web ")) == 2)
    box.run(SVC, "-uwu", "/run/service/web", check=True)
    box.run(SVC, "-k", "/run/service/web", check=True)
    box.wait_for(lambda: len(notes(tree, "death web ")) == 3)
    assert len(notes(tree, "")) == before + 2 and not notes(tree, "death event-hooks")


def test_a_burst_is_bounded_and_a_stop_does_not_wait(box, tree):
    # While hooks are busy, more deaths than there is room for.
    box.run("/command/s6-rc", "start", "fast", "fast2", check=True)
    for name in ("fast", "fast2"):
        box.wait_for_text(f"{name} ended 101 times in ")
    tree.write("tmp/all", "")
    box.wait_for_text("100 were waiting already")
    assert 50 <= len(notes(tree, "death fast")) < 202
    # A hook that is busy at the stop is ended.
    begin_to_hang(box, tree)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/hanging")))
    assert box.stop() == 0


def test_without_an_event_log_that_is_said_once(tmp_path, installed, helper):
    tree = Tree(str(tmp_path / "root"), installed, helper)
    tree.write(f"{HOOKS}/death", NOTE, 0o755)
    box = Boot(tree.path, env={"S6_LOGGING": "0"})
    try:
        box.wait_for_text("set S6_LOGGING to 1 or 2")
        assert box.stop() == 0
        assert box.stderr.text().count("no hook is run, for there is no event log in /var/log/services/.events") == 1
    finally:
        box.close()


def test_what_check_says_of_hooks(tmp_path):
    hooks = tmp_path / "on-event.d"
    (hooks / "gave-up").mkdir(parents=True)
    (tmp_path / "s6-rc.d").mkdir()
    for name in ("deaths", "xyzzy", "oom", "gave-up/mail"):
        (hooks / name).write_text("#!/bin/sh\n")
    (hooks / "oom").chmod(0o755)
    r = subprocess.run(["overlog", "check", "--json", str(tmp_path)], executable=build.OVERLOG,
                       capture_output=True, text=True, check=False)
    found = [(p["file"].split("on-event.d/")[1], p["text"], p.get("cure")) for p in json.loads(r.stdout)["problems"]]
    assert found[0][0] == "deaths" and found[0][1:] == ("no event is called deaths", "did you mean death?")
    assert [f[0] for f in found] == ["deaths", "gave-up/mail", "xyzzy"] and found[1][1] == "it has no x bit"
    assert found[2][2] == "the events are death, gave-up, oom, unready and flood"
