"""livecheck: what hangs comes back by itself, and says why; what is well, stopped or gone is left alone."""

import os
import random
import shutil
import signal
import subprocess

import pytest

from lib.build import OVERLOG
from lib.control import status, svstat, tell
from lib.logs import log
from lib.processes import process_state
from lib.tree import BUSYBOX, link_or_copy
from lib.wait import let_pass, wait_for, wait_still

QUICK = "-i 200ms -s 0 -T 2s -f 2"


def checkers(box, name=""):
    """Processes of livecheck that watch, those whose command line has that word."""
    return [pid for pid, words in box.processes().items()
            if words[:1] == ["livecheck"] and any(word.startswith("-X") for word in words) and name in " ".join(words)]


def holds(lines, wanted):
    """Whether the lines stand there, one behind the other."""
    return any(lines[i:i + len(wanted)] == wanted for i in range(len(lines)))


def test_a_hung_server_comes_back_without_a_shell(scratch, boot):
    """Its own program and ours are all there is. It ignores SIGTERM once it hangs."""
    scratch.longrun("web", f"""#!/command/execlineb -P
livecheck {QUICK} -c "probe -T 300ms http://localhost:8080/health" /bin/helper serve 8080 4
""", timeout_kill="300\n")
    box = boot(scratch.path, env={"S6_LOGGING": "1"})
    life = ["serving",
            "livecheck: warning: web is not alive: 2 failures in a row, the last: the check exited 1: probe: fatal: "
            "http://localhost:8080/health: no answer in time; restarting it",
            "livecheck: warning: web has not ended: it is killed",
            "serving"]
    # On a busy machine an instance can be slow twice before it hangs, also to listen or to end, and is restarted for that.
    box.wait_for(lambda: holds(log(scratch, "web"), life), what="another start after the kill")
    box.wait_for(lambda: len(checkers(box)) == 1, what="one process that checks")
    box.run("/command/s6-svc", "-wD", "-d", "/run/service/web")
    box.wait_empty()
    assert box.stop() == 0


SILENT = """#!/bin/sh
exec livecheck -i 100ms -s 0 -f 2 -q 2s sh -c 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.3; done; exec sleep 1000'
"""


def test_silence(tree, boot):
    """A worker that says nothing; one without a logger is told; one that logs is left alone."""
    tree.longrun("silent", SILENT)
    tree.longrun("chatty", "#!/bin/sh\nexec livecheck -i 100ms -s 0 -f 2 -q 10s sh -c 'while :; do cat /proc/loadavg; sleep 0.2; done'\n")
    tree.longrun("bare", "#!/bin/sh\nexec livecheck -i 100ms -s 0 -f 1 -q 100ms sleep 1000\n", logging="0\n")
    tree.longrun("nothing", "#!/bin/sh\nexec livecheck sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    # An instance that had to wait for a processor has been silent before its last line.
    life = [str(i) for i in range(1, 9)] + [
        "livecheck: warning: silent is not alive: 2 failures in a row, the last: nothing logged for 2s; "
        "restarting it", "1"]
    box.wait_for(lambda: holds(log(tree, "silent"), life), what="another start")
    box.wait_for_text("livecheck: warning: bare has no logger of its own: only WATCHDOG=1 shows that it lives, no line does")
    box.wait_for(lambda: "livecheck: fatal: there is nothing to look at: write ./data/check, or use -c or -q" in log(tree, "nothing"),
                 what="a refusal")
    box.wait_for(lambda: [svstat(box, "up,wantedup", name) for name in ("chatty", "bare")] == ["true true"] * 2, what="both up")
    assert box.stop() == 0
    assert not [line for line in log(tree, "chatty") if "livecheck" in line], log(tree, "chatty")


TALKS = """#!/bin/sh
echo x >>/tmp/$0.starts
exec livecheck -i 100ms -s 0 -f 2 -q 4s sh -c 'while :; do echo line; echo x >>/tmp/$0.checks; sleep 0.2; done'
"""


def test_lines_that_no_log_directory_shows(tree, boot):
    """A service that talks is not silent, whatever becomes of its lines; one that does not talk is."""
    tree.longrun("placeless", TALKS.replace("$0", "placeless"))
    tree.write("/logs/placeless", "a file where its directory should be\n")
    tree.longrun("dropped", TALKS.replace("$0", "dropped"), logging_script="-\n")
    tree.longrun("endless", TALKS.replace("$0", "endless").replace("echo line", "printf ."), logging_script="-\n")
    tree.longrun("silent", "#!/bin/sh\nexec livecheck -i 100ms -s 0 -f 2 -q 500ms sleep 1000\n", logging_script="-\n")
    box = boot(tree.path, env={"OVERLOG_DIR": "/logs"})
    talking = ["placeless", "dropped", "endless"]
    box.wait_for(lambda: all(count(tree, name) >= 30 for name in talking), what="six seconds of lines")
    assert [tree.read(f"/tmp/{name}.starts") for name in talking] == ["x\n"] * 3, box.transcript()
    box.wait_for_text("livecheck: warning: silent is not alive: 2 failures in a row, the last: nothing logged for 500ms; "
                      "restarting it")
    assert box.stop() == 0


BEFORE_PID_1_HAS_WRITTEN = """#!/bin/sh
mv /run/s6/status /run/s6/away 2>/dev/null
exec livecheck -i 100ms -s 0 -f 2 -q 500ms sh -c 'sleep 1; mv /run/s6/away /run/s6/status 2>/dev/null; exec sleep 1000'
"""


def test_silence_of_one_that_is_not_in_the_status_yet(tree, boot):
    """Whether it has a logger is written down only when all is started that is due: livecheck looks again."""
    tree.longrun("early", BEFORE_PID_1_HAS_WRITTEN)
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    box.wait_for(lambda: len(log(tree, "early")) > 0, what="a line")
    assert log(tree, "early")[0] == ("livecheck: warning: early is not alive: 2 failures in a row, the last: nothing logged for "
                                     "500ms; restarting it")
    assert box.stop() == 0


CHECK = """#!/bin/sh
mkdir /tmp/$0.lock 2>/dev/null || echo twice >>/tmp/slow.twice
echo x >>/tmp/slow.checks
sleep 0.3
rmdir /tmp/$0.lock
"""


def count(tree, name):
    path = tree.at(f"/tmp/{name}.checks")
    return len(tree.read(f"/tmp/{name}.checks").split()) if os.path.exists(path) else 0


@pytest.mark.long
def test_checks(tree, boot):
    """From readiness on; one at a time, each at most -T with all that it started; not of what is stopped; as root for a
    service that is not."""
    tree.longrun("slow", "#!/bin/sh\nexec livecheck -i 50ms -s 0 -T 30s sleep 1000\n")
    tree.script("etc/s6-overlay/s6-rc.d/slow/data/check", CHECK.replace("$0", "slow"))
    tree.longrun("unready", "#!/bin/sh\nexec livecheck -i 50ms -s 0 -c 'touch /tmp/unready.checked' "
                            "sh -c 'while ! test -e /tmp/go; do sleep 0.05; done; echo >&3; exec sleep 1000'\n",
                 notification_fd="3\n")
    tree.longrun("late", "#!/bin/sh\nexec livecheck -i 50ms -s 0 -T 400ms -f 2 -a USR1 "
                         "sh -c 'trap \"echo got USR1\" USR1; while :; do sleep 0.05; done'\n")
    tree.script("etc/s6-overlay/s6-rc.d/late/data/check", "#!/bin/sh\necho half a\nsleep 7777 | cat\n")
    tree.longrun("dropped", "#!/bin/sh\nexec livecheck -i 50ms -s 0 -T 30s -f 1 -c 'test ! -e /tmp/ill' s6-setuidgid nobody "
                            "sh -c 'id -u; exec sleep 1000'\n")
    tree.longrun("turned", "#!/bin/sh\nexec s6-setuidgid nobody livecheck -c true sleep 1000\n")
    tree.longrun("none", "#!/bin/sh\nexec livecheck -i 50ms -s 0 -T 30s -f 1 -a WINCH -c /no/such/program sleep 1000\n")
    # One whose stderr nobody reads.
    tree.longrun("unheard", "#!/bin/sh\nmkfifo /tmp/unheard\nexec 4<>/tmp/unheard 2>/tmp/unheard 4>&-\necho begun\n"
                            "exec livecheck -i 50ms -s 0 -T 30s -f 1 -c 'test ! -e /tmp/ill' sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    box.wait_for(lambda: count(tree, "slow") >= 8, what="eight checks")
    assert not os.path.exists(tree.at("/tmp/slow.twice"))

    # Stopped, whoever did it: no check.
    ours = box.wait_for(lambda: [pid for pid, words in box.processes().items() if words == ["sleep", "1000"]
                                 and os.path.basename(os.readlink(f"/proc/{pid}/cwd")) == "slow"], what="the service")[0]
    os.kill(ours, signal.SIGSTOP)
    wait_for(lambda: process_state(ours) == "T", what="stop")
    wait_still(lambda: count(tree, "slow"), 1)
    before = count(tree, "slow")
    os.kill(ours, signal.SIGCONT)
    box.wait_for(lambda: count(tree, "slow") > before, what="a check after the stop")
    tell(box, "slow", b"p")
    wait_still(lambda: count(tree, "slow"), 1)
    before = count(tree, "slow")
    tell(box, "slow", b"c")
    box.wait_for(lambda: count(tree, "slow") > before, what="a check after the pause")
    assert svstat(box, "pid", "slow") != "-1" and log(tree, "slow") == []

    assert not os.path.exists(tree.at("/tmp/unready.checked"))
    tree.write("/tmp/go")
    wait_for(lambda: os.path.exists(tree.at("/tmp/unready.checked")), what="a check once it is ready")

    box.wait_for(lambda: log(tree, "late").count("got USR1") >= 2, what="two signals")
    # Not the first, where the check had not begun to speak in that time.
    box.wait_for(lambda: "livecheck: warning: late is not alive: 2 failures in a row, the last: the check took more than 400ms: "
                         "half a; sending it SIGUSR1" in log(tree, "late"), what="words of a check that was killed")
    box.wait_for(lambda: len([w for w in box.processes().values() if w == ["sleep", "7777"]]) <= 1, what="one check at a time")

    box.wait_for(lambda: log(tree, "dropped") == ["65534"], what="a line of what runs as nobody")
    tree.write("/tmp/ill")
    box.wait_for(lambda: log(tree, "dropped").count("65534") >= 2, what="a restart of what runs as nobody")
    assert log(tree, "dropped")[1] == ("livecheck: warning: dropped is not alive: the check exited 1; restarting it")
    box.wait_for(lambda: log(tree, "unheard").count("begun") >= 2, what="a restart of what cannot be told of")
    box.wait_for(lambda: ("livecheck: fatal: unable to open supervise/control: Permission denied (livecheck has to stand before "
                          "s6-setuidgid, or what else changes the user)") in log(tree, "turned"), what="a refusal")
    box.wait_for(lambda: len(log(tree, "none")) >= 1)
    assert log(tree, "none")[0].startswith("livecheck: warning: none is not alive: the check exited 127: ")
    assert "/no/such/program" in log(tree, "none")[0]
    box.run("/command/s6-svc", "-wD", "-d", *[f"/run/service/{n}" for n in ("slow", "unready", "late", "dropped", "turned", "none",
                                                                         "unheard")])
    box.wait_empty()
    assert box.stop() == 0


DIES_MEANWHILE = """#!/bin/sh
if test -e /tmp/first; then
    exec 2>/dev/null sh -c 'trap "echo term >>/tmp/got; exit" TERM; trap "echo usr1 >>/tmp/got" USR1; echo begun >>/tmp/got; while :; do sleep 0.05; done'
fi
echo $$ >/tmp/first
exec livecheck -i 100ms -s 1500ms -f 1 -c /tmp/check sleep 1000 2>/tmp/fifo
"""
ENDS_IT_SOON = """#!/bin/sh
(sleep 0.3; kill -9 $(cat /tmp/first)) >/dev/null 2>&1 &
exit 1
"""


def test_one_that_dies_while_its_message_waits_for_room(tree, boot):
    """Its stderr is full, so livecheck waits a second before it acts: that is not upon the next instance."""
    tree.longrun("web", DIES_MEANWHILE, restart="always, wait 1ms..1s\n")
    tree.script("/tmp/check", ENDS_IT_SOON)
    os.mkfifo(tree.at("/tmp/fifo"))
    fifo = os.open(tree.at("/tmp/fifo"), os.O_RDWR | os.O_NONBLOCK)
    assert os.write(fifo, bytes(1 << 20)) > 0
    box = boot(tree.path)

    def got():
        return tree.read("/tmp/got") if os.path.exists(tree.at("/tmp/got")) else ""

    box.wait_for(lambda: got() == "begun\n", what="a second instance")
    box.wait_for(lambda: checkers(box) == [], what="the end of the process that checked the first one")
    for i in (1, 2):  # what livecheck has written to the same pipe comes before
        tell(box, "web", b"1")
        box.wait_for(lambda: got().count("usr1") == i or "term" in got(), what="SIGUSR1")
    assert got() == "begun\nusr1\nusr1\n"
    os.close(fifo)
    assert box.stop() == 0


def test_the_container_ends(tree, boot):
    """With 1, also where somebody wrote that nothing is wrong."""
    tree.longrun("web", "#!/bin/sh\nprintf 0 >/run/s6-linux-init-container-results/exitcode\n"
                        "exec livecheck -i 50ms -s 0 -T 30s -f 2 -a exit -c 'test -e /tmp/well' sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    assert box.wait() == 1, box.transcript()
    assert log(tree, "web") == ["livecheck: warning: web is not alive: 2 failures in a row, the last: the check exited 1; "
                                "ending the container"]


def test_beside_a_restart_policy(tree, boot):
    """A restart is one that was asked for, also where a clean end is the last; a signal is a death like any other."""
    tree.longrun("polite", "#!/bin/sh\nexec livecheck -i 50ms -s 0 -T 30s -f 1 -c 'test ! -e /tmp/ill' "
                           "sh -c 'trap \"exit 0\" TERM; echo begun; while :; do sleep 0.05; done'\n", restart="on-failure\n")
    tree.longrun("hopeless", "#!/bin/sh\nexec livecheck -i 50ms -s 0 -T 30s -f 1 -a KILL -c 'test ! -e /tmp/over' sleep 1000\n",
                 restart="always, 1 in 1h, then 3\n")
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    box.wait_for(lambda: log(tree, "polite") == ["begun"])
    tree.write("/tmp/ill")
    box.wait_for(lambda: log(tree, "polite").count("begun") >= 2, what="another start")
    assert box.alive()
    tree.write("/tmp/over")
    assert box.wait() == 3, box.transcript()


@pytest.mark.parametrize("env", [{}, {"OVERLOG_SUPERVISE_PROCESSES": "1"}], ids=["plain", "parents"])
def test_as_a_plain_user(tree, boot, env):
    """In a container without root, with notify before it; also where each service has a parent."""
    tree.longrun("web", "#!/bin/sh\nexec notify livecheck -i 50ms -s 0 -f 2 -q 1m -c 'test ! -e /run/ill' "
                        "sh -c 'echo begun; exec sleep 1000'\n")
    box = boot(tree.path, options=["-u", "1000:1000", "-t", "uid=1000,gid=1000,mode=0755"], env={"S6_LOGGING": "1", **env})
    box.wait_for_text("begun\n", "stdout")
    box.wait_for(lambda: len(checkers(box)) == 1, what="a process that checks")
    box.run("/bin/touch", "/run/ill", user=1000)
    box.wait_for_text("livecheck: warning: web is not alive: 2 failures in a row, the last: the check exited 1; "
                      "restarting it\n")
    box.wait_for_text("begun\n", "stdout", count=2)
    box.run("/command/s6-svc", "-wD", "-d", "/run/service/web", user=1000)
    box.wait_empty()
    assert box.stop() == 0


@pytest.mark.long
def test_no_process_is_left_behind(scratch, boot):
    """300 kills at any moment: of the service while livecheck starts, checks, waits for a slow check, or acts."""
    link_or_copy(BUSYBOX, scratch.at("bin/sleep"))
    names = [f"s{i}" for i in range(10)]
    checks = ["-f 3 -c \"sleep 0.01\"", "-f 30000 -c \"sleep 7777\"", "-f 3 -c s6-true", "-f 10 -c s6-false"]
    for i, name in enumerate(names):
        scratch.longrun(name, f"#!/command/execlineb -P\nlivecheck -i 20ms -s 0 -T 5s {checks[i % 4]} /bin/helper wait\n")
    box = boot(scratch.path, env={"S6_LOGGING": "2"})
    steady = [name for i, name in enumerate(names) if i % 4 != 3]
    box.wait_for(lambda: all(status(box, name)[0] for name in steady), what="all services")
    r = random.Random(7)
    controls = [open(box.inside(f"/run/service/{name}/supervise/control"), "wb", buffering=0) for name in names]
    for _ in range(300):
        control = r.choice(controls)
        control.write(r.choice([b"k", b"k", b"K"]))
        let_pass(r.random() * 0.02)
        control.write(b"u")
        let_pass(r.random() * 0.01)
    box.wait_for(lambda: all(status(box, name)[0] for name in steady), what="all services again")
    box.wait_for(lambda: len(steady) <= len(checkers(box)) <= len(names), what="one process that checks for each")
    for control in controls:
        control.write(b"dk")
        control.close()
    box.wait_empty()
    box.wait_for(lambda: box.zombies() == [], what="no zombies")
    assert box.stop() == 0


def test_one_that_cannot_be_executed_again(tmp_path):
    """Its file is gone. Without a checker there is no service."""
    (tmp_path / "supervise").mkdir()
    os.mkfifo(tmp_path / "supervise/control")
    shutil.copy(OVERLOG, tmp_path / "copy")
    listens = os.open(tmp_path / "supervise/control", os.O_RDONLY | os.O_NONBLOCK)
    program = os.open(tmp_path / "copy", os.O_RDONLY)
    os.unlink(tmp_path / "copy")
    r = subprocess.run(["livecheck", "-c", "true", "echo", "begun"], executable=f"/proc/self/fd/{program}", cwd=tmp_path,
                       pass_fds=[program], capture_output=True, text=True, timeout=60, start_new_session=True)
    for fd in (listens, program):
        os.close(fd)
    assert (r.returncode, r.stdout) == (111, "") and r.stderr.startswith("livecheck: fatal: unable to execute ")
