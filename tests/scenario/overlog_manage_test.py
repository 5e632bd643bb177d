"""overlog start, stop, restart, reload and kill: what they do, in which order, and what they say."""

import json
import re

import pytest

from lib.boot import Boot
from lib.tree import Tree

OVERLOG = "/command/overlog"


@pytest.fixture(scope="module")
def box(tmp_path_factory, installed, helper):
    tree = Tree(str(tmp_path_factory.mktemp("manage") / "root"), installed, helper)
    tree.longrun("db", "#!/bin/sh\necho >&3\nexec sleep 1000\n", notification_fd="3\n")
    tree.longrun("web", deps=["db"])
    tree.longrun("proxy", deps=["web"])
    for number in "12":
        tree.longrun(f"worker-{number}", "#!/bin/sh\necho >&3\nexec sleep 1000\n", notification_fd="3\n", deps=["db"])
    # It ends when its words are in the log: who starts it waits for these for a moment only.
    tree.longrun("bad", "#!/bin/sh\necho reading\necho no such option >&2\n"
                        "until grep -q reading $LOG && grep -q option $LOG; do usleep 10000; done 2>/dev/null\nexit 3\n"
                 .replace("$LOG", "/var/log/services/bad/current"), bundle=None)
    tree.longrun("gone", "#!/opt/nothere\n", bundle=None)
    tree.longrun("mute", "#!/bin/sh\nwhile :; do echo still thinking; sleep 0.1; done\n", notification_fd="3\n", bundle=None)
    tree.longrun("after", deps=["mute"], bundle=None)
    tree.longrun("stubborn", "#!/bin/sh\ntrap '' TERM\necho >&3\nexec sleep 1000\n", notification_fd="3\n", bundle=None)
    tree.longrun("rider", deps=["stubborn"], bundle=None)
    tree.oneshot("setup", "echo set up\n", reload="echo set up again\n")
    box = Boot(tree.path)
    box.wait_booted()
    yield box
    box.close()


def plain(text):
    return re.sub(r"pid \d+", "pid N", re.sub(r"\d+\.\d+s", "T", text)).splitlines()


def overlog(box, *words, code=0):
    r = box.run(OVERLOG, *words)
    assert r.returncode == code, (r.stdout, r.stderr)
    return plain(r.stdout)


def ended(box, *words):
    """What is said of one that a signal ends; again, where it has not ended as long as that is watched."""
    def said():
        lines = plain(box.run(OVERLOG, *words).stdout)
        return lines if [line for line in lines if " ended by " in line] else None
    return box.wait_for(said, what="an end that is seen")


def pids(box):
    rows = json.loads(box.run(OVERLOG, "status", "--json").stdout)["services"]
    return {row["name"]: row["pid"] for row in rows}


def test_start_and_stop(box):
    assert overlog(box, "start", "db") == ["db is up and ready already (pid N)"]
    lines = overlog(box, "stop", "web")
    assert sorted(lines) == ["proxy is down after T: SIGTERM", "web is down after T: SIGTERM"]
    assert overlog(box, "stop", "web") == ["web is down already"]
    assert overlog(box, "start", "proxy") == ["web is up (pid N)", "proxy is up (pid N)"]
    # What somebody has stopped behind the back of s6-rc is started too.
    box.run("/command/s6-svc", "-wD", "-d", "/run/service/web", check=True)
    assert overlog(box, "start", "web") == ["web is up (pid N)"]
    assert overlog(box, "stop", "setup") == ["setup is down"]
    assert overlog(box, "start", "setup") == ["set up", "setup has run"]
    r = box.run(OVERLOG, "start", "nothere")
    assert (r.returncode, r.stderr) == (1, "overlog start: fatal: there is no service nothere\n")
    assert "there is no service wbe; did you mean web?\n" in box.run(OVERLOG, "start", "wbe").stderr
    assert box.run(OVERLOG, "start").returncode == 100
    r = box.run(OVERLOG, "stop", "web", user=65534)
    assert r.returncode == 100 and "refused" in r.stderr


def test_what_fails_says_why(box):
    lines = overlog(box, "start", "bad", code=1)
    assert lines[0] == "bad ended: exit 3, and is started again"
    assert "    reading" in lines and "    no such option" in lines
    lines = overlog(box, "start", "gone", code=1)
    assert len(lines) == 1 and "its interpreter /opt/nothere is missing" in lines[0]
    # Again, where its logger has written nothing of it in that time.
    def tried():
        lines = overlog(box, "start", "-t", "700", "after", code=1)
        return lines if "    still thinking" in lines else None

    lines = box.wait_for(tried, what="words of mute")
    assert lines[0] == "mute has not said that it is ready after T (pid N)" and set(lines[1:-1]) == {"    still thinking"}
    assert lines[-1] == "after is not started: mute, which it needs, is not up"
    overlog(box, "stop", "bad", "gone", "mute")
    assert [pids(box)[name] for name in ("bad", "gone", "mute", "after")] == [None] * 4


def test_restart(box):
    before = pids(box)
    # Those that need it are left alone.
    assert overlog(box, "restart", "db") == ["db is up and ready after T (pid N)"]
    after = pids(box)
    assert after["db"] != before["db"] and after["web"] == before["web"]
    lines = overlog(box, "restart", "web", "db", "setup")
    assert lines == ["db is up and ready after T (pid N)", "web is up (pid N)"]
    lines = overlog(box, "restart", "--rolling", "worker-*")
    assert lines == [f"worker-{number} is up and ready after T (pid N)" for number in "12"]
    # In the event log: one by one, and in order.
    def events():
        return [re.sub(r"^\S+ | pid=.*", "", line) for line in box.read("/var/log/services/.events/current").splitlines()]
    box.wait_for(lambda: events()[-6:] == [f"{event} service=worker-{n}" for n in "12" for event in ("exit", "start", "ready")])
    text = "\n".join(events())
    assert "exit service=web\nexit service=db\nstart service=db\nready service=db\nstart service=web" in text
    r = box.run(OVERLOG, "restart", "setup")
    assert r.returncode == 100 and "a oneshot has no process" in r.stderr


def test_a_restart_that_gets_stuck_says_who_stays_down(box):
    def stuck():
        """Again, where rider has not ended in that time."""
        overlog(box, "start", "rider")
        r = box.run(OVERLOG, "restart", "-t", "300ms", "stubborn", "rider")
        rider = pids(box)["rider"]
        box.run("/command/s6-svc", "-k", "/run/service/stubborn", check=True)
        overlog(box, "stop", "stubborn")
        return None if r.stdout.startswith("rider is still up after ") else (r, rider)

    r, rider = box.wait_for(stuck, what="a restart that gets to stubborn")
    assert r.returncode == 1 and r.stdout.startswith("stubborn is still up after ")
    assert r.stderr == "overlog restart: fatal: those that need it stay down\n"
    assert rider is None


def test_who_may_not_is_told_at_once(box):
    def refused(*words):
        r = box.run(OVERLOG, *words, user=65534)
        assert r.returncode == 100, r
        return r
    r = refused("restart", "-t", "20s", "web")
    assert (r.stdout, r.stderr) == ("", "overlog restart: fatal: unable to control web: Permission denied\n")
    r = refused("kill", "web", "db")
    assert r.stdout == "" and r.stderr.count("Permission denied") == 2
    assert "unable to signal db: Operation not permitted" in refused("kill", "-s", "URG", "db").stderr
    assert "refused" in refused("reload", "web").stderr


def test_signals(box):
    before = pids(box)
    assert ended(box, "kill", "web") == ["web ended by SIGTERM and is up again (pid N)"]
    assert pids(box)["web"] != before["web"]
    assert overlog(box, "kill", "-s", "CONT", "worker-*") == [f"worker-{n}: sent SIGCONT to pid N" for n in "12"]
    assert overlog(box, "kill", "-s", "URG", "db") == ["db: sent SIGURG to pid N"]  # which has no letter
    assert overlog(box, "reload", "setup") == ["set up again", "setup has reloaded"]
    assert ended(box, "reload", "db") == ["db ended by SIGHUP and is up again (pid N)"]
    assert overlog(box, "kill", "mute", code=1) == ["mute is down"]
    # Elsewhere a pid may be somebody else's.
    box.run("/bin/ln", "-sf", "/run", "/tmp/elsewhere", check=True)
    r = box.run(OVERLOG, "kill", "-s", "URG", "-R", "/tmp/elsewhere", "db")
    assert r.returncode == 100 and "can only be sent from within" in r.stderr
    # One that is down is no better news than that.
    r = box.run(OVERLOG, "kill", "-s", "URG", "-R", "/tmp/elsewhere", "db", "mute")
    assert r.returncode == 100 and r.stdout == "mute is down\n"
    r = box.run(OVERLOG, "kill", "-s", "NOPE", "web")
    assert r.returncode == 100 and "there is no signal NOPE" in r.stderr


def test_the_overview_is_one_screen(box):
    r = box.run("/usr/bin/overlog")
    assert r.returncode == 100 and r.stdout == ""
    lines = r.stderr.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    assert box.run(OVERLOG, "help").stdout == r.stderr == box.run(OVERLOG, "--help").stdout
    everything = box.run(OVERLOG, "help", "all").stdout
    assert everything.startswith(r.stderr) and "\n  s6-svc " in everything and "  overlog restart " in everything
