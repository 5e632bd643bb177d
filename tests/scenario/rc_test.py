"""s6-rc at run time: services started, stopped and listed while the container runs."""
import os
import re
import signal
import subprocess
import time

import pytest

from lib.boot import Boot
from lib.control import BUILT_IN
from lib.logs import log_text
from lib.text import assert_order
from lib.tree import Tree
from lib.wait import DEADLINE

RUN = "#!/bin/sh\nexec sleep 1000\n"


@pytest.fixture(scope="module")
def container(tmp_path_factory, installed, helper):
    """One container for all tests; each begins with db and web up."""
    tree = Tree(str(tmp_path_factory.mktemp("rc") / "root"), installed, helper)
    tree.longrun("db", RUN)
    tree.longrun("web", RUN, deps=["db"])
    tree.longrun("spare", RUN, bundle=None)
    tree.oneshot("migrate", up="/bin/migrate up", down="/bin/migrate down", deps=["spare"], bundle=None)
    tree.script("/bin/migrate", "#!/bin/sh\necho migrate $1\ncat\necho to stderr >&2\n")
    tree.oneshot("bad", up="/bin/false", bundle=None)
    tree.longrun("after-bad", RUN, deps=["bad"], bundle=None)
    tree.oneshot("slow", up="/bin/slow", bundle=None)
    tree.script("/bin/slow", "#!/bin/sh\nexec >/dev/null 2>&1\ntrap 'exit 1' TERM\ntouch /tmp/slow\n"
                             "until test -e /tmp/let-go; do sleep 0.05; done\n")
    tree.oneshot("tuned", up="true", reload="/bin/echo tuned again", bundle=None)
    tree.oneshot("sick", up="true", reload="sh -c \"exit 3\"", bundle=None)
    tree.oneshot("stuck", up="true", reload="sh -c \"exec >/dev/null 2>&1 sleep 1000\"", bundle=None)
    tree.longrun("vital", RUN, bundle=None, flag_essential="")
    tree.longrun("never-ready", "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8; do echo line $i; done\nexec sleep 999\n",
                 bundle=None, notification_fd="3\n", timeout_up="300\n")
    box = Boot(tree.path, env={"S6_LOGGING": "2"})
    box.wait_for(lambda: rc(box, "-a", "list")[1] == {"db", "web"})
    box.run("/command/s6-rc", "-bu", "change", "top")  # the boot itself is over, too
    yield box
    try:
        assert box.stop() == 0
    finally:
        box.close()


@pytest.fixture
def box(container):
    for name in ("slow", "let-go"):
        if container.exists(f"/tmp/{name}"):
            os.unlink(container.inside("/tmp") + "/" + name)
    yield container
    container.run("/command/s6-rc", "-bD", "change", "vital")
    container.run("/command/s6-rc", "-bup", "change", "top")
    container.wait_for(lambda: rc(container, "-a", "list")[1] == {"db", "web"})


def enter(box, *words):
    return box.entering("/command/s6-rc", *words)


def rc(box, *words):
    """(exit code, set of lines on stdout, stderr)"""
    r = box.run("/command/s6-rc", *words)
    said = "".join(line for line in r.stderr.splitlines(True) if not any(name in line for name in BUILT_IN))
    listed = {line for line in r.stdout.splitlines() if not any(name in line for name in BUILT_IN)}
    return r.returncode, listed, said


def sleepers(box):
    return [words for words in box.processes().values() if words == ["sleep", "1000"]]


def test_lists(box):
    assert rc(box, "list", "web") == (0, {"web"}, "")
    assert rc(box, "listall", "web") == (0, {"web", "db"}, "")
    assert rc(box, "-d", "listall", "db") == (0, {"web", "db"}, "")
    assert rc(box, "-d", "list", "web")[1] >= {"db", "spare", "migrate", "bad"}
    assert rc(box, "-d", "-a", "list")[1] >= {"spare", "migrate", "bad"}
    assert rc(box, "list", "nothing") == (
        3, set(), "s6-rc: fatal: nothing is not a recognized identifier in /run/s6-rc/compiled/resolve.cdb\n")
    assert rc(box, "list", "user")[1] == {"db", "web"}
    assert rc(box, "nonsense")[0] == 100
    assert rc(box)[0] == 100
    assert rc(box, "help")[0] == 0


def test_up_and_down_in_order(box):
    code, out, err = rc(box, "-v2", "-d", "change", "db")
    assert (code, out) == (0, set())
    assert err.splitlines() == ["s6-rc: info: service web: stopping",
                                "s6-rc: info: service web successfully stopped",
                                "s6-rc: info: service db: stopping",
                                "s6-rc: info: service db successfully stopped"]
    assert rc(box, "-a", "list")[1] == set() and not sleepers(box)
    assert os.path.exists(box.inside("/run/service/web") + "/down")
    code, out, err = rc(box, "-v2", "-u", "change", "web")
    assert code == 0 and err.splitlines()[0] == "s6-rc: info: service db: starting"
    assert rc(box, "-a", "list")[1] == {"db", "web"}
    box.wait_for(lambda: len(sleepers(box)) == 2)
    assert not os.path.exists(box.inside("/run/service/web") + "/down")
    assert rc(box, "-u", "change", "web") == (0, set(), "")
    assert rc(box, "stop", "web")[0] == 0 and rc(box, "-a", "list")[1] == {"db"}
    assert rc(box, "start", "web")[0] == 0 and rc(box, "-a", "list")[1] == {"db", "web"}


def test_a_oneshot_talks_to_its_caller(box):
    r = subprocess.run(box.entering("/command/s6-rc", "-u", "change", "migrate"), input="from the caller\n",
                       capture_output=True, text=True, timeout=60)
    assert (r.returncode, r.stdout, r.stderr) == (0, "migrate up\nfrom the caller\n", "to stderr\n")
    assert rc(box, "-a", "list")[1] == {"db", "web", "spare", "migrate"}
    assert rc(box, "-d", "change", "migrate")[1] == {"migrate down"}
    assert rc(box, "-a", "list")[1] == {"db", "web", "spare"}


def test_failure(box):
    code, _, err = rc(box, "-u", "change", "after-bad", "spare")
    assert code == 1
    assert err == "s6-rc: warning: unable to start service bad: command exited 1\n"
    assert rc(box, "-a", "list")[1] == {"db", "web", "spare"}  # the independent one went on


def test_timeout(box):
    code, _, err = rc(box, "-t", "200", "-u", "change", "slow")
    assert code == 2
    assert re.fullmatch(r"s6-rc: warning: service slow is not up after \d\d\d+ ms\ns6-rc: fatal: timed out\n", err), err


def test_prune(box):
    assert rc(box, "-p", "-u", "change", "spare")[0] == 0
    assert rc(box, "-a", "list")[1] == {"spare"}
    assert rc(box, "-p", "-u", "change", "user")[0] == 0
    assert rc(box, "-a", "list")[1] == {"db", "web"}
    box.run("/command/s6-rc", "start", "spare", check=True)
    # The other way round: these go down, with what needs them, and all else comes up.
    idle = ("slow", "bad", "never-ready", "vital", "tuned", "sick", "stuck", "spare")
    assert rc(box, "-p", "-d", "change", *idle) == (0, set(), "")
    assert rc(box, "-a", "list")[1] == {"db", "web"}
    assert rc(box, "-d", "-p", "change", "db", *idle[:-1])[0] == 0
    assert rc(box, "-a", "list")[1] == {"spare", "migrate"}


def test_dry_run_changes_nothing(box):
    code, out, err = rc(box, "-n", "0", "-d", "change", "db")
    assert (code, out) == (0, set())
    assert err == "s6-rc: info: dry run: service web: stopping\ns6-rc: info: dry run: service db: stopping\n"
    assert rc(box, "-a", "list")[1] == {"db", "web"}
    # Each step takes as long as is said; what is independent, at the same time.
    begun = time.monotonic()
    code, _, err = rc(box, "-v2", "--dry-run=300", "-p", "change", "spare", "bad")
    assert code == 0 and time.monotonic() - begun > 0.85  # web, then db, then both others
    assert_order(err, *[f"s6-rc: info: dry run: service {what}\n" for what in
                        ("web: stopping", "web successfully stopped", "db: stopping", "db successfully stopped",
                         "bad: starting", "bad successfully started")])


def test_diff(box):
    assert rc(box, "diff") == (0, set(), "")
    box.run("/command/s6-svc", "-wD", "-d", "/run/service/web", check=True)
    assert rc(box, "diff") == (1, {"-web"}, "")
    box.run("/command/s6-svc", "-wu", "-u", "/run/service/web", check=True)
    assert rc(box, "diff")[0] == 0


def test_reload(box, tree):
    assert rc(box, "reload", "spare")[0] == 1
    pids = {pid for pid, words in box.processes().items() if words == ["sleep", "1000"]}
    assert rc(box, "reload", "web")[0] == 0  # HUP ends it: it is started again
    box.wait_for(lambda: len(sleepers(box)) == 2 and
                 {pid for pid, words in box.processes().items() if words == ["sleep", "1000"]} != pids)


def test_reload_of_oneshots(box):
    box.run("/command/s6-rc", "start", "migrate", "tuned", "sick", check=True)
    code, out, err = rc(box, "-v2", "reload", "tuned", "migrate", "web")
    assert (code, out) == (0, {"tuned again"})
    assert {line for line in err.splitlines()} == {
        f"s6-rc: info: service {name} successfully reloaded" for name in ("tuned", "migrate", "web")}
    code, _, err = rc(box, "reload", "sick", "tuned")
    assert (code, err) == (1, "s6-rc: warning: unable to reload service sick: command exited 3\n")
    code, _, err = rc(box, "-t", "200", "reload", "tuned", "stuck")
    assert (code, err) == (1, "s6-rc: fatal: stuck is not up\n")
    box.run("/command/s6-rc", "start", "stuck", check=True)
    assert rc(box, "-t", "200", "reload", "stuck") == (2, set(), "s6-rc: fatal: timed out\n")
    assert rc(box, "-v2", "reload", "tuned")[0] == 0  # the lock was given back


def test_a_late_service_and_its_last_lines(box):
    # It has said it all before its time begins.
    box.run("/command/s6-svc", "-u", "/run/service/never-ready", check=True)
    folder = box.inside("/var/log/services/never-ready")
    box.wait_for(lambda: len(log_text(folder)) == 8)
    code, _, err = rc(box, "-u", "change", "never-ready", "spare")
    assert code == 1
    assert "s6-rc: warning: unable to start service never-ready: timed out after 300 ms\n" in err
    # Shown by a process of their own, so before or behind that, but together.
    shown = err.splitlines()
    heading = shown.index("s6-rc: warning: the last lines of never-ready:")
    lines = shown[heading + 1:heading + 6]
    assert [line.split()[-2:] for line in lines] == [["line", str(i)] for i in range(4, 9)], err
    assert all("never-ready" in line for line in lines)
    assert rc(box, "-a", "list")[1] == {"db", "web", "spare"}  # the independent one went on
    box.wait_for(lambda: not [w for w in box.processes().values() if w == ["sleep", "999"]])  # it was brought down


def test_waiting_for_the_lock(box):
    first = subprocess.Popen(enter(box, "-u", "change", "slow"), stderr=subprocess.DEVNULL)
    box.wait_for(lambda: box.exists("/tmp/slow"))
    assert rc(box, "-b", "-t", "200", "start", "spare") == (2, set(), "s6-rc: fatal: timed out\n")
    waiting = [subprocess.Popen(enter(box, "--block", "-v2", verb, "spare"), stderr=subprocess.PIPE, text=True)
               for verb in ("start", "stop")]
    gone = subprocess.Popen(enter(box, "-b", "stop", "web"))
    box.wait_for(lambda: sum(words[:2] in (["/command/s6-rc", "-b"], ["/command/s6-rc", "--block"])
                             for words in box.processes().values()) == 3)
    os.kill([pid for pid, words in box.processes().items() if words[-2:] == ["stop", "web"]][0], signal.SIGKILL)
    gone.wait()
    assert rc(box, "-a", "list")[0] == 0  # pid 1 knows by now: it asks no more
    with open(box.inside("/tmp/let-go"), "w"):
        pass
    assert first.wait(DEADLINE) == 0
    said = [one.communicate(timeout=DEADLINE)[1] for one in waiting]
    assert [one.returncode for one in waiting] == [0, 0]
    assert "service spare successfully started" in said[0] or "service spare" not in said[1]
    assert rc(box, "-a", "list")[1] >= {"db", "web", "slow"}


def test_essential(box):
    box.run("/command/s6-rc", "start", "vital", check=True)
    code, _, err = rc(box, "-d", "change", "vital")
    assert (code, err) == (0, "s6-rc: warning: service vital is marked as essential, not stopping it\n")
    assert "vital" in rc(box, "-a", "list")[1] and "vital" not in rc(box, "-e", "-a", "list")[1]
    assert rc(box, "-D", "change", "vital") == (0, set(), "")
    assert "vital" not in rc(box, "-a", "list")[1]


def test_messages_at_level_3(box):
    code, _, err = rc(box, "-v3", "start", "web")
    assert code == 0
    assert err.splitlines()[0] == "s6-rc: info: bringing selected services up"
    assert set(err.splitlines()[1:]) == {f"s6-rc: info: service {name}: already up" for name in ("web", "db")}


def test_the_live_database(box):
    def db(*words):
        r = box.run("/command/s6-rc-db", *words, user=65534)
        assert (r.returncode, r.stderr) == (0, "")
        return set(r.stdout.splitlines())
    assert db("list", "longruns") >= {"db", "web", "spare", "after-bad", "vital"}
    assert db("dependencies", "web") == {"db"} and db("contents", "user") == {"db", "web"}
    assert db("-l", "/run/s6-rc", "-d", "all-dependencies", "db") >= {"db", "web"}
    init = box.run("/command/s6-rc-init", "-c", "/run/s6-rc/compiled", "-l", "/run/s6-rc", "/run/service")
    assert (init.returncode, init.stderr) == (0, "")
    assert box.run("/command/s6-rc-init", "/tmp").returncode == 100
    assert box.run("/command/s6-rc-init", "-l", "/run/other", "/run/service").returncode == 111
    box.run("/command/s6-rc-compile", "/tmp/db", "/etc/s6-overlay", check=True)
    assert box.run("/command/s6-rc-init", "-c", "/tmp/db", "/run/service").returncode == 0
    other = box.inside("/tmp") + "/src/extra"
    os.makedirs(other)
    for name, text in (("type", "oneshot"), ("up", "true")):
        with open(f"{other}/{name}", "w") as file:
            file.write(text)
    box.run("/command/s6-rc-compile", "/tmp/db2", "/etc/s6-overlay", "/tmp/src", check=True)
    assert box.run("/command/s6-rc-init", "-c", "/tmp/db2", "/run/service").returncode == 102
    assert rc(box, "-l", "/tmp", "-a", "list")[0] == 111


def test_busy_and_a_caller_that_goes(box):
    first = box.begin("/command/s6-rc", "-u", "change", "slow")
    box.wait_for(lambda: box.exists("/tmp/slow"))
    code, _, err = rc(box, "-u", "change", "spare")
    assert code == 111 and err.startswith("s6-rc: fatal: unable to take locks: Resource busy")
    assert rc(box, "-a", "list")[0] == 0
    os.kill([pid for pid, words in box.processes().items() if words[:1] == ["/command/s6-rc"]][0], signal.SIGKILL)
    first.wait()
    assert box.alive() and rc(box, "-a", "list")[0] == 0


def test_a_stop_answers_who_waits(tree, boot):
    tree.longrun("web", RUN)
    tree.oneshot("slow", up="/bin/slow", bundle=None)
    tree.script("/bin/slow", "#!/bin/sh\nexec >/dev/null 2>&1\ntouch /tmp/slow\nexec sleep 1000\n")
    # Holds the stop back until the answer was read: the caller is ended with everything else.
    tree.oneshot("hold", up="/bin/true", down="/bin/hold")
    tree.script("/bin/hold", "#!/bin/sh\nuntil test -e /tmp/read; do sleep 0.05; done\n")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_booted()
    caller = box.begin("/command/s6-rc", "-u", "change", "slow")
    box.wait_for(lambda: box.exists("/tmp/slow"))
    box.kill(signal.SIGTERM)
    said = caller.communicate(timeout=60)[1]
    assert (said, caller.returncode) == ("s6-rc: fatal: the container is stopping\n", 111)
    with open(box.inside("/tmp/read"), "w"):
        pass
    assert box.wait() == 0
    assert "service web successfully stopped" in box.stderr.text()


def test_nested_call_fails_cleanly(tree, boot):
    tree.oneshot("nested", up="/bin/nested")
    tree.script("/bin/nested", "#!/bin/sh\n/command/s6-rc -u change other 2>/tmp/said\necho $? >/tmp/code\n")
    tree.longrun("other", RUN, bundle=None)
    box = boot(tree.path, "sh", "-c", "cat /tmp/said /tmp/code", env={"S6_LOGGING": "0"})
    assert box.wait() == 0
    assert box.stdout.text() == ("s6-rc: fatal: unable to take locks: Resource busy (a oneshot that calls s6-rc while "
                                 "it is being started or stopped)\n111\n")


def test_a_run_that_cannot_be_executed(tree, boot, place):
    """Who waits is told why, and a later call does not name what only an earlier one wanted."""
    tree.longrun("broken", "#!/nonexistent\n", bundle=None)
    tree.oneshot("slow", up='sh -c "exec >/dev/null 2>&1; until test -e /tmp/go; do sleep 0.02; done"', bundle=None)
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    box.wait_booted()
    heard = os.path.join(place, "heard")
    with open(heard, "w") as file:
        caller = box.begin("/command/s6-rc", "-t", "600000", "-b", "change", "broken", stderr=file)

    def said():
        with open(heard) as file:
            return [line for line in file if "service broken is not up yet, it is tried again: " in line]
    box.wait_for(said, what="why")
    assert all("its interpreter /nonexistent is missing" in line for line in said())
    os.kill([pid for pid, words in box.processes().items() if words[:1] == ["/command/s6-rc"]][0], signal.SIGKILL)
    caller.communicate()
    code, _, err = rc(box, "-b", "-t", "200", "change", "slow")
    assert code == 2 and "broken" not in err and "service slow is not up" in err
    tree.write("/tmp/go")
    assert rc(box, "-d", "change", "broken") == (0, set(), "")
    assert box.stop() == 0


def test_what_a_time_limit_left_is_told_again(tree, boot):
    """Left starting or stopping, and turned round by s6-svc meanwhile: the next call still gets what it asks for."""
    tree.longrun("patient", "#!/bin/sh\ntest ! -e /tmp/ready || echo >&3\nexec sleep 1000\n", bundle=None,
                 notification_fd="3\n")
    tree.longrun("stubborn", "#!/bin/sh\ntrap 'echo >>/tmp/terms; test ! -e /tmp/mortal || exit 0' TERM\n"
                             "touch /tmp/trapped\nwhile :; do sleep 0.02; done\n", bundle=None)
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    box.wait_booted()
    assert rc(box, "-b", "-t", "300", "change", "patient")[0] == 2
    assert box.run("/command/s6-svc", "-wD", "-d", "/run/service/patient").returncode == 0
    open(box.inside("/tmp") + "/ready", "w").close()
    assert rc(box, "-t", "20000", "change", "patient") == (0, set(), "")
    assert "patient" in rc(box, "-a", "list")[1]

    assert rc(box, "change", "stubborn") == (0, set(), "")
    box.wait_for(lambda: box.exists("/tmp/trapped"))
    for _ in range(2):
        assert rc(box, "-t", "300", "-d", "change", "stubborn")[0] == 2
    box.wait_for(lambda: box.read("/tmp/terms"))
    assert box.read("/tmp/terms") == "\n"  # a second one may mean something else to it
    assert rc(box, "-t", "20000", "-u", "change", "stubborn") == (0, set(), "")  # it never went
    assert box.run("/command/s6-svstat", "-o", "up,wantedup", "/run/service/stubborn").stdout == "true true\n"
    assert rc(box, "-t", "300", "-d", "change", "stubborn")[0] == 2
    assert box.run("/command/s6-svc", "-u", "/run/service/stubborn").returncode == 0
    box.wait_for(lambda: box.run("/command/s6-svstat", "-o", "wantedup", "/run/service/stubborn").stdout == "true\n")
    open(box.inside("/tmp") + "/mortal", "w").close()
    assert rc(box, "-t", "20000", "-d", "change", "stubborn") == (0, set(), "")
    assert rc(box, "-a", "list")[1] == {"patient"}

    os.unlink(box.inside("/tmp") + "/mortal")
    os.unlink(box.inside("/tmp") + "/trapped")
    assert rc(box, "change", "stubborn") == (0, set(), "")
    box.wait_for(lambda: box.exists("/tmp/trapped"))
    assert rc(box, "-t", "300", "-d", "change", "stubborn")[0] == 2
    assert box.run("/command/s6-svc", "-u", "/run/service/stubborn").returncode == 0
    box.wait_for(lambda: box.run("/command/s6-svstat", "-o", "wantedup", "/run/service/stubborn").stdout == "true\n")
    open(box.inside("/tmp") + "/mortal", "w").close()
    assert box.stop() == 0
