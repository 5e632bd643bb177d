"""overlog status: what it says of a booted container, to whom, and as which exit code."""

import json
import os
import subprocess

import pytest

from lib.boot import Boot
from lib.build import OVERLOG
from lib.tree import Tree

RUN = "#!/bin/sh\nexec sleep 1000\n"
STATUS = ("/command/overlog", "status")


def status(box, *words, **more):
    """{name: row} and the whole."""
    r = box.run(*STATUS, "--json", *words, **more)
    assert r.stderr == "" and r.returncode == 0, r
    whole = json.loads(r.stdout)
    return {row["name"]: row for row in whole["services"]}, whole


@pytest.fixture(scope="module")
def box(tmp_path_factory, installed, helper):
    tree = Tree(str(tmp_path_factory.mktemp("status") / "root"), installed, helper)
    tree.longrun("web", "#!/bin/sh\necho hello\nexec sleep 1000\n")
    tree.longrun("ready", "#!/bin/sh\necho >&3\nexec sleep 1000\n", notification_fd="3\n")
    tree.longrun("mute", "#!/bin/sh\nuntil test -e /tmp/speak; do sleep 0.05; done\necho >&3\nexec sleep 1000\n",
                 notification_fd="3\n", bundle=None)
    tree.longrun("crash", "#!/bin/sh\ntest -e /tmp/once && exec sleep 1000\n: >/tmp/once\nkill -SEGV $$\n")
    tree.longrun("gone", "#!/opt/nothere\n", timeout_up="300\n", bundle=None)
    tree.longrun("final", "#!/bin/sh\nexit 3\n", finish="#!/bin/sh\nexit 125\n", bundle=None)
    tree.longrun("odd name", RUN, bundle=None)
    tree.oneshot("once")
    tree.oneshot("bad", "false\n", bundle=None)
    box = Boot(tree.path)
    box.wait_booted()
    box.wait_for(lambda: box.run(*STATUS, "-H").returncode == 0 and status(box)[0]["crash"]["restarts"] == 1)
    box.wait_for(lambda: status(box)[0]["crash"]["state"] == "up")
    yield box
    box.close()


def test_a_table(box):
    # Not before the first log line is on disk, for its size.
    box.wait_for(lambda: status(box)[0]["web"]["log_bytes"])
    r = box.run(*STATUS)
    lines = r.stdout.splitlines()
    assert r.returncode == 0 and "\x1b" not in r.stdout
    assert lines[0].split() == ["SERVICE", "STATE", "PID", "FOR", "READY", "RESTARTS", "LAST", "END", "LOG", "/MIN"]
    assert lines[-1].startswith("running for ") and lines[-1].endswith("s, 4 of 4 services up and ready")
    rows = {line.split()[0]: line.split() for line in lines[1:-1]}
    assert rows["web"][1] == "up" and rows["web"][4:7] == ["yes", "0", "-"] and int(rows["web"][-2]) > 0
    assert rows["crash"][5:7] == ["1", "SIGSEGV"]
    assert rows["once"][1:3] == ["up", "-"] and rows["mute"][1] == "down"


def test_the_facts(box):
    rows, whole = status(box)
    assert (whole["stage"], whole["well"], whole["pid"]) == ("running", True, 1)
    assert set(rows) == {"web", "ready", "mute", "crash", "gone", "final", "odd name", "once", "bad"}
    web = rows["web"]
    assert web["type"] == "longrun" and web["wanted"] and web["ready"] and web["well"]
    assert web["log"] == "/var/log/services/web" and web["restarts"] == 0
    assert (web["last_exit_code"], web["last_signal"]) == (None, None)
    box.wait_for(lambda: box.run("/bin/cat", f"/proc/{web['pid']}/comm").stdout == "sleep\n")  # a shell at first
    assert rows["ready"]["ready_milliseconds"] <= rows["ready"]["milliseconds"] <= whole["milliseconds"]
    assert rows["crash"]["last_signal"] == 11 and rows["crash"]["restarts"] == 1
    assert rows["crash"]["last_end_milliseconds_ago"] > 0
    assert rows["once"]["last_exit_code"] == 0 and rows["once"]["state"] == "up" and "restarts" not in rows["once"]
    assert rows["mute"]["state"] == "down" and not rows["mute"]["wanted"] and rows["mute"]["well"]
    assert status(box, "we?", "once")[0].keys() == {"web", "once"}
    r = box.run(*STATUS, "nothere")
    assert (r.returncode, r.stderr) == (1, "overlog status: fatal: there is no service nothere\n")
    assert "there is no service crahs; did you mean crash?\n" in box.run(*STATUS, "crahs").stderr


def test_a_plain_user_may_look_and_no_more(box):
    rows, whole = status(box, user=65534)
    assert whole["well"] and rows["web"]["state"] == "up"
    assert box.run(*STATUS, "--health", user=65534).returncode == 0
    r = box.run("/command/s6-rc", "-a", "list", user=65534)
    assert r.returncode == 100 and "refused" in r.stderr
    r = box.run("/run/s6/basedir/bin/halt", user=65534)
    assert r.returncode == 100 and box.alive()


def is_there(box):
    """The file of pid 1, before which there is nothing to look at."""
    box.wait_for(lambda: box.exists("/run/s6/status"))


def health(box, *words):
    r = box.run(*STATUS, "--health", *words)
    assert r.stderr == ""
    return r.returncode, r.stdout


def test_health(box):
    # Some are started by hand only.
    assert health(box) == (0, "all services that should be up are up and ready\n")
    assert health(box, "web") == (0, "all services are up and ready\n")
    # What people stopped is not missed.
    box.run("/command/s6-rc", "-d", "change", "web", check=True)
    assert health(box) == (0, "all services that should be up are up and ready; down: web\n")
    box.run("/command/s6-rc", "-u", "change", "web", check=True)
    box.run("/command/s6-svc", "-wD", "-d", "/run/service/web", check=True)
    # Pid 1 tells who listens, and then writes its file.
    box.wait_for(lambda: health(box) == (0, "all services that should be up are up and ready; down: web\n"))
    assert not status(box)[0]["web"]["wanted"]
    box.run("/command/s6-svc", "-wu", "-u", "/run/service/web", check=True)
    # Started, and not ready.
    box.run("/command/s6-rc", "-t", "200", "-u", "change", "mute")
    assert health(box) == (1, "mute is starting\n")
    assert health(box, "web")[0] == 0
    with open(box.inside("/tmp/speak"), "w"):
        pass
    box.wait_for(lambda: health(box)[0] == 0)
    assert status(box)[0]["mute"]["wanted"]
    # It cannot be executed: why.
    box.run("/command/s6-rc", "-u", "change", "gone")
    box.wait_for(lambda: "interpreter" in health(box)[1])
    code, text = health(box)
    assert code == 1 and "gone is " in text and "its interpreter /opt/nothere is missing" in text
    assert status(box)[0]["gone"]["why"].startswith("unable to execute /run/s6-rc/servicedirs/gone/run")
    box.run("/command/s6-rc", "-d", "change", "gone", check=True)
    assert health(box)[0] == 0
    # Permanent failure, and a oneshot that fails.
    box.run("/command/s6-rc", "-u", "change", "final")
    box.wait_for(lambda: "final is failed (finish said 125)" in health(box)[1])
    row = status(box)[0]["final"]
    assert row["last_exit_code"] == 3 and row["state"] == "failed" and row["wanted"]
    box.run("/command/s6-rc", "-d", "change", "final")
    assert box.run("/command/s6-rc", "-u", "change", "bad").returncode == 1
    assert health(box) == (1, "bad is failed\n")
    assert status(box)[0]["bad"]["last_exit_code"] == 1
    box.run("/command/s6-rc", "-d", "change", "bad")
    assert health(box)[0] == 0
    assert status(box, "odd name")[0]["odd name"]["state"] == "down"


def test_without_a_container(tmp_path):
    r = subprocess.run([OVERLOG, "status", "-R", tmp_path], capture_output=True, text=True)
    assert r.returncode == 111 and "unable to reach pid 1" in r.stderr
    r = subprocess.run([OVERLOG, "status", "--health", "-R", tmp_path], capture_output=True)
    assert r.returncode == 1


def said_of(tmp_path, data):
    os.makedirs(tmp_path / "s6", exist_ok=True)
    (tmp_path / "s6/status").write_bytes(data)
    r = subprocess.run([OVERLOG, "status", "-R", tmp_path], capture_output=True, text=True)
    assert r.returncode == 111 and r.stdout == ""
    return r.stderr


def test_files_that_nobody_keeps(tmp_path, box):
    """What a pid 1 left that is gone is not taken for how things are; nor is anything else."""
    with open(box.inside("/run/s6/status"), "rb") as file:
        data = file.read()
    assert "pid 1: it is gone" in said_of(tmp_path, data)
    assert "it is gone" in said_of(tmp_path, data[:200] + b"?" + data[201:])
    assert "is too short" in said_of(tmp_path, data[:90])
    assert "is too short" in said_of(tmp_path, b"")
    assert "is no status file" in said_of(tmp_path, b"x" * 1000)
    assert "another version" in said_of(tmp_path, data[:4] + b"\x7f\x7f" + data[6:])
    os.unlink(tmp_path / "s6/status")
    os.mkfifo(tmp_path / "s6/status")
    r = subprocess.run([OVERLOG, "status", "-R", tmp_path], capture_output=True, text=True, timeout=30)
    assert r.returncode == 111 and "unable to reach pid 1" in r.stderr


def test_names_are_harmless(tree, boot):
    tree.script("/etc/services.d/a\x1b[31mb/run", RUN)
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    is_there(box)
    box.wait_for(lambda: "a\x1b[31mb" in status(box)[0])
    box.wait_for(lambda: health(box)[0] == 0)
    shown = box.run(*STATUS).stdout
    assert "\x1b" not in shown and "a^[[31mb" in shown
    assert "a\x1b[31mb" in status(box)[0]
    box.run("/command/s6-svc", "-d", "/run/service/a\x1b[31mb", check=True)
    assert "\x1b" not in health(box)[1]


def test_while_it_starts_and_stops(tree, boot):
    tree.oneshot("slow", up="/bin/slow", down="/bin/hold")
    tree.script("/bin/slow", "#!/bin/sh\nuntil test -e /tmp/go; do sleep 0.05; done\n")
    tree.script("/bin/hold", "#!/bin/sh\n/command/overlog status --health >/tmp/said\necho $? >>/tmp/said\n")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    is_there(box)
    box.wait_for(lambda: status(box)[1]["stage"] == "starting")
    box.wait_for(lambda: "slow is starting" in health(box)[1])
    assert health(box) == (1, "the container is starting\nslow is starting\n")
    with open(box.inside("/tmp/go"), "w"):
        pass
    box.wait_for(lambda: health(box)[0] == 0)
    assert "log" not in status(box)[0]["slow"]
    assert box.stop() == 0
    assert tree.read("/tmp/said") == "the container is stopping\n1\n"


def test_services_that_are_none_of_s6_rcs(tree, boot):
    tree.script("/etc/services.d/old/run", RUN)
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    is_there(box)
    box.wait_for(lambda: health(box)[0] == 0 and "old" in status(box)[0])
    box.wait_for(lambda: status(box)[0]["old"]["state"] == "up")
    old = status(box)[0]["old"]
    assert (old["type"], old["wanted"], old["ready"], old["well"]) == ("longrun", True, True, True)
    box.run("/command/s6-svc", "-wD", "-d", "/run/service/old", check=True)
    box.wait_for(lambda: status(box)[0]["old"]["state"] == "down")
    assert health(box)[0] == 0 and not status(box)[0]["old"]["wanted"]
