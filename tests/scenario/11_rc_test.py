"""s6-rc at run time: services started, stopped and listed while the container runs."""
import os
import signal
import subprocess

import pytest

BUILT_IN = {"fix-attrs", "legacy-cont-init", "legacy-services"}  # as upstream's
RUN = "#!/bin/sh\nexec sleep 1000\n"


@pytest.fixture
def box(tree, boot):
    tree.longrun("db", RUN)
    tree.longrun("web", RUN, deps=["db"])
    tree.longrun("spare", RUN, bundle=None)
    tree.oneshot("migrate", up="/bin/migrate up", down="/bin/migrate down", deps=["spare"], bundle=None)
    tree.script("/bin/migrate", "#!/bin/sh\necho migrate $1\ncat\necho to stderr >&2\n")
    tree.oneshot("bad", up="/bin/false", bundle=None)
    tree.longrun("after-bad", RUN, deps=["bad"], bundle=None)
    tree.oneshot("slow", up="/bin/slow", bundle=None)
    tree.script("/bin/slow", "#!/bin/sh\nexec >/dev/null 2>&1\ntouch /tmp/slow\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    box.wait_for(lambda: rc(box, "-a", "list")[1] == {"db", "web"})
    yield box
    assert box.stop() == 0


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
    assert rc(box, "-a", "list")[1] == {"db", "web"} and len(sleepers(box)) == 2
    assert not os.path.exists(box.inside("/run/service/web") + "/down")
    assert rc(box, "-u", "change", "web") == (0, set(), "")
    assert rc(box, "stop", "web")[0] == 0 and rc(box, "-a", "list")[1] == {"db"}
    assert rc(box, "start", "web")[0] == 0 and rc(box, "-a", "list")[1] == {"db", "web"}


def test_a_oneshot_talks_to_its_caller(box):
    r = subprocess.run(["/usr/bin/nsenter", "--target", str(box.pid()), "--mount", "--pid", "--net", "--root", "--wd",
                        "/command/s6-rc", "-u", "change", "migrate"], input="from the caller\n", capture_output=True,
                       text=True, timeout=60)
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
    assert (code, err) == (2, "s6-rc: fatal: timed out\n")


def test_prune(box):
    assert rc(box, "-p", "-u", "change", "spare")[0] == 0
    assert rc(box, "-a", "list")[1] == {"spare"}
    assert rc(box, "-p", "-u", "change", "user")[0] == 0
    assert rc(box, "-a", "list")[1] == {"db", "web"}


def test_dry_run_changes_nothing(box):
    code, out, _ = rc(box, "-n", "0", "-d", "change", "db")
    assert code == 0
    assert out == {"s6-rc: info: dry run: service web: stopping", "s6-rc: info: dry run: service db: stopping"}
    assert rc(box, "-a", "list")[1] == {"db", "web"}


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


def test_busy_and_a_caller_that_goes(box):
    first = subprocess.Popen(["/usr/bin/nsenter", "--target", str(box.pid()), "--mount", "--pid", "--net", "--root",
                              "--wd", "/command/s6-rc", "-u", "change", "slow"])
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
    box.wait_for(lambda: "web" in rc(box, "-a", "list")[1])
    caller = subprocess.Popen(["/usr/bin/nsenter", "--target", str(box.pid()), "--mount", "--pid", "--net", "--root",
                               "--wd", "/command/s6-rc", "-u", "change", "slow"], stderr=subprocess.PIPE, text=True)
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
