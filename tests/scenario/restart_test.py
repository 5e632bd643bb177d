"""The file restart: each policy on a booted tree, what is said of it, and what others see."""

import json
import os
import re

import pytest

from lib.control import svstat

QUICK = "wait 10ms..10ms"

POLICIES = {
    # name: (restart, run behind the note that it ran)
    "loop": (f"on-failure, 2 in 1m, {QUICK}", "echo 'last words' >&2; exit 1"),
    "clean": ("on-failure", "exit 0"),
    "listed": ("on-failure, ok 3 TERM", "exit 3"),
    "killed": ("never, ok KILL", "kill -9 $$"),
    "never": ("never", "exit 4"),
    # Its logger has its last words before it ends: none is waited for longer than a start may be held up.
    "again": (f"always, {QUICK}", "test $(wc -l </tmp/again) -lt 8 || exec sleep 1000; echo first >&2; echo last >&2\n"
              "until [ \"$(grep -cs last /var/log/services/again/current)\" -ge $(wc -l </tmp/again) ] 2>/dev/null; do sleep 0.02; done"),
    "worker": (f"always, ok 0, 1 in 1m, {QUICK}", "test $(wc -l </tmp/worker) -lt 5 || exec sleep 1000"),
    "unready": ("on-failure", "exit 0"),
    "absent": (f"on-failure, 1 in 1m, {QUICK}", ""),
    "served": ("on-failure", "trap 'exit 0' TERM; echo >/tmp/up; while :; do sleep 0.05; done"),
}


def runs(tree, name):
    return tree.read(f"/tmp/{name}").count("run") if os.path.exists(tree.at(f"/tmp/{name}")) else 0


def define(tree, name, restart, body, **more):
    return tree.longrun(name, f"#!/bin/sh\necho run >>/tmp/{name}\n{body}\n", restart=restart + "\n", **more)


def state(box, name):
    """The state and the rest of the line that overlog status has for a service."""
    for line in box.run("/command/overlog", "status").stdout.splitlines():
        if line.split()[:1] == [name]:
            return line
    return ""


def events(box, name):
    text = box.read("/var/log/services/.events/current")
    return re.findall(rf"^\S+ (\S+ service={name}\b.*)$", text, re.MULTILINE)


@pytest.fixture
def many(tree, boot):
    for name, (restart, body) in POLICIES.items():
        more = {"notification_fd": "3\n"} if name == "unready" else {}
        define(tree, name, restart, body, **more)
    tree.write("/etc/s6-overlay/s6-rc.d/absent/run", "#!/bin/nonesuch\n", 0o755)
    box = boot(tree.path, env={"OVERLOG_STOP_MAXTIME": "9000"})
    box.wait_for(lambda: runs(tree, "again") == 8 and runs(tree, "worker") == 5, what="loops that end")
    for said in ("loop ended", "never ended", "absent ended", "again ended 6 times"):
        box.wait_for_text(f"/init: warning: {said}")
    box.wait_for_text("service unready ended before it was ready")
    for name in ("clean", "listed", "killed", "unready"):
        box.wait_for(lambda: runs(tree, name) and "down" in state(box, name), what=f"end of {name}")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")), what="served")
    return box


def test_each_policy(tree, many):
    box = many
    assert [runs(tree, name) for name in ("loop", "clean", "listed", "killed", "never", "unready")] == [3, 1, 1, 1, 1, 1]
    text = box.stderr.text()
    assert re.search(r"^/init: warning: loop ended 3 times in \d+ m?s \(last: exit 1\): given up$", text, re.MULTILINE), text
    assert "/init: warning: never ended (exit 4): given up\n" in text
    assert re.search(r"^/init: warning: absent ended 2 times in .*\(last: .*nonesuch.*\): given up$", text, re.MULTILINE), text
    said = re.findall(r"^/init: warning: again ended (\d+) times in .*\(last: exit 0\), and was started again; its last words: last$",
                      text, re.MULTILINE)
    assert said == ["3", "6"]
    assert "service unready ended before it was ready" in text
    assert not re.search(r"warning: (clean|listed|killed|worker|unready|served) ended .*(given up|started)", text)

    assert "failed" in state(box, "loop")
    assert re.search(r"^ +gave up: ended 3 times in \d+ m?s \(last: exit 1\)\n +restart: on-failure, 2 in 1m, wait 10ms..10ms$",
                     box.run("/command/overlog", "status").stdout, re.MULTILINE)
    rows = json.loads(box.run("/command/overlog", "status", "-j").stdout)["services"]
    assert {row["name"]: row.get("restart") for row in rows}["listed"] == "on-failure, ok 3 TERM"
    assert "failed" in state(box, "never")
    for name in ("clean", "listed", "killed", "unready"):
        assert "down" in state(box, name) and "failed" not in state(box, name), name
    # As other tools see it: down, not wanted up, with the code of the last end; every death is tallied.
    assert svstat(box, "up,wantedup,exitcode", "loop").split() == ["false", "false", "1"]
    assert svstat(box, "up,wantedup,exitcode", "listed").split() == ["false", "false", "3"]
    assert svstat(box, "up,wantedup,signal", "killed").split() == ["false", "false", "SIGKILL"]
    assert len(box.run("/command/s6-svdt", "/run/service/loop").stdout.splitlines()) == 3

    box.wait_for(lambda: [e.split()[0] for e in events(box, "loop")] == ["start", "exit"] * 3 + ["gave-up"], what="events")
    seen = events(box, "loop")
    assert re.fullmatch(r"gave-up service=loop deaths=3 ms=\d+ code=1", seen[-1])
    box.wait_for(lambda: [e.split()[0] for e in events(box, "clean")] == ["start", "exit"], what="events")

    # Who asks starts it anew, with a clean tally.
    box.run("/command/s6-svc", "-u", "/run/service/loop", check=True)
    box.wait_for(lambda: runs(tree, "loop") == 6, what="three runs more")
    box.wait_for_text("/init: warning: loop ended 3 times", count=2)
    # An end that somebody asks for is none, though run exits 0 then; any other signal is not asking.
    os.unlink(tree.at("/tmp/up"))
    box.run("/command/s6-svc", "-r", "/run/service/served", check=True)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")) and runs(tree, "served") == 2 and
                 svstat(box, "up", "served") == "true", what="served again")
    box.run("/command/s6-svc", "-wD", "-t", "/run/service/served", check=True)
    assert svstat(box, "up,wantedup", "served").split() == ["false", "false"]
    assert box.stop() == 0


ENDS = [
    # restart, container-exit, run, finish, code
    (f"always, 1 in 1m, {QUICK}, then exit", None, "exit 3", None, 3),
    (f"always, 1 in 1m, {QUICK}, then exit", None, "kill -11 $$", None, 128 + 11),
    (f"always, 1 in 1m, {QUICK}, then exit", None, "exit 0", None, 1),
    (f"on-failure, 1 in 1m, {QUICK}, then 17", None, "exit 3", "exit 0", 17),
    (f"on-failure, 1 in 1m, {QUICK}", "gave-up", "exit 5", "exit 0", 5),
    ("never, then exit", None, "exit 6", None, 6),
    ("always, then 0", None, "exit 7", "exit 125", 0),
    (None, "gave-up", "exit 8", "exit 125", 8),
    (None, "always", "exit 0", "exit 125", 1),
    (None, "failure", "exit 0", "exit 125", 1),
]


@pytest.mark.parametrize("restart,when,run,finish,code", ENDS)
def test_the_code_of_the_container(tree, boot, restart, when, run, finish, code):
    more = {"restart": restart and restart + "\n", "container_exit": when and when + "\n",
            "finish": finish and f"#!/bin/sh\n{finish}\n"}
    tree.longrun("web", f"#!/bin/sh\nulimit -c 0\n{run}\n", **{name: text for name, text in more.items() if text})
    assert boot(tree.path).wait() == code


def test_a_run_that_is_not_there(tree, boot):
    tree.longrun("web", "#!/bin/nonesuch\n", restart=f"on-failure, 2 in 1m, {QUICK}, then exit\n")
    box = boot(tree.path)
    assert box.wait() == 127, box.transcript()
    assert "unable to spawn ./run" in box.stderr.text()


def test_a_file_with_a_mistake(tree, boot):
    tree.longrun("web", restart="always, 5 in soon\n")
    box = boot(tree.path)
    assert box.wait() == 1
    assert "/s6-rc.d/web/restart:1: invalid limit \"5 in soon\"; write N in TIME, as in: 5 in 1m" in box.stderr.text()


def test_a_service_that_is_only_in_the_scan_directory(tree, boot):
    box = boot(tree.path)
    box.wait_booted()
    tree.script("/tmp/own/run", "#!/bin/sh\necho run >>/tmp/runs\nexit 3\n")
    tree.write("/tmp/own/restart", f"always, 2 in 1m, {QUICK}, then exit\n")
    box.run("/command/s6-svlink", "/run/service", "/tmp/own")
    assert box.wait() == 3
    assert tree.read("/tmp/runs") == "run\n" * 3


def test_an_update_takes_the_file_over(tree, boot):
    tree.longrun("web", "#!/bin/sh\necho run >>/tmp/runs\ntest -e /tmp/end || exec sleep 1000\nexit 1\n")
    box = boot(tree.path)
    box.wait_booted()
    tree.write("/etc/s6-overlay/s6-rc.d/web/restart", "never\n")
    box.run("/command/s6-rc-compile", "/tmp/new", "/etc/s6-overlay/s6-rc.d", check=True)
    box.run("/command/s6-rc-update", "/tmp/new", check=True)
    box.wait_for(lambda: ["sleep", "1000"] in box.processes().values())
    assert tree.read("/tmp/runs") == "run\n"
    tree.write("/tmp/end", "")
    box.run("/command/s6-svc", "-t", "/run/service/web", check=True)
    box.wait_for_text("/init: warning: web ended (SIGTERM): given up")
    assert tree.read("/tmp/runs") == "run\n"
    assert box.stop() == 0
