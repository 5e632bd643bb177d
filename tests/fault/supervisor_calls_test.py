"""Pid 1 while the system refuses what it asks for: it stays, says so once, and all is well again afterwards."""
import os
import re
import signal
import subprocess
import time

from lib.control import READY, WANTED_UP, runs, status, tell
from lib.processes import children
from lib.refusal import Refusal, attached

WEB = """#!/bin/sh
echo x >>/tmp/starts
echo started
echo >&7
exec sleep 1000
"""


def test_each_call_refused_once_and_from_then_on(tree, boot, place):
    tree.longrun("web", WEB, notification_fd="7\n", finish="#!/bin/sh\necho finished\n")
    tree.oneshot("job", "echo up\n", down="echo down\n", bundle=None)
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": "n20 s1000000 C"})
    first = box.pid()
    log = os.path.join(place, "strace")

    def settled(old_web, old_logger):
        pid, flags = status(box, "web")
        loggers = box.loggers("web")
        return pid not in (0, old_web) and flags == WANTED_UP | READY and loggers and old_logger not in loggers and \
            status(box, "web/log")[0] != 0

    def descriptors():
        return len(os.listdir(f"/proc/{first}/fd"))

    begun = time.monotonic()
    box.wait_booted()
    box.wait_for(lambda: settled(0, 0), what="web")
    usual = descriptors()
    refused = 0
    rounds = [f"{n}" for n in range(1, 7)] + [f"{n}+" for n in range(1, 5)]
    for number, when in enumerate(rounds):
        web, logger = status(box, "web")[0], box.loggers("web")[0]
        with Refusal(first, when, log) as r:
            client = box.begin("/command/s6-rc", "-u" if number % 2 == 0 else "-d", "change", "job",
                               stdout=subprocess.DEVNULL)
            os.kill(logger, signal.SIGHUP)  # it leaves to a successor
            tell(box, "web", b"du")
            # Each kind has its Nth call at another time: all of what one call each holds up, or some of what never ends.
            box.wait_for(lambda: settled(web, logger) or "+" in when and r.refused() > 1, what=f"refusal {when}")
            refused += r.refused()
        said = client.communicate()[1]
        assert client.returncode == 0, f"{when}: {said}"
        box.wait_for(lambda: settled(web, logger), what=f"recovery from {when}")
        box.wait_for(lambda: descriptors() <= usual, what=f"{usual} descriptors after {when}, not {descriptors()}")
    assert refused > len(rounds)
    assert box.run("/command/s6-svstat", "-o", "up,ready", "/run/service/web").stdout == "true true\n"
    assert box.stop() == 0
    text = "\n".join(tree.read("/var/log/services/.init/current").splitlines())
    # Of each of two kinds once a minute, no more.
    assert 1 <= text.count("retrying this") <= max(6, 2 + (time.monotonic() - begun) // 30), text
    assert "please report" not in text
    # What every instance wrote is there.
    lines = [line.split(" ", 3)[3] for line in tree.read("/var/log/services/web/current").splitlines()]
    assert lines.count("started") == tree.read("/tmp/starts").count("x")
    assert not re.search(r"^(?!started|finished)", "\n".join(lines), re.M), lines


def test_the_report_of_a_parent_that_cannot_be_watched(tree, boot, place):
    """Pid 1 looks at it now and then, as nobody else knows the pid of the service."""
    tree.longrun("web", "#!/bin/sh\nexec sleep 1000\n", finish="#!/bin/sh\necho finished\n")
    box = boot(tree.path, env={"S6_LOGGING": "0", "OVERLOG_SUPERVISE_PROCESSES": "1"})
    box.wait_for(lambda: runs(box, "web"), what="web")
    for letters in (b"t", b"OtU", b"d"):
        old = runs(box, "web")
        with Refusal(box.pid(), "1+", os.path.join(place, "strace"), {"epoll_ctl": "EPERM"}) as r:
            tell(box, "web", letters)
            box.wait_for(r.refused, what="refusal")
            box.wait_for(lambda: status(box, "web") == (0, READY) if letters == b"d" else runs(box, "web", old),
                         what="what was wanted")
    assert box.stop() == 0
    assert box.stdout.text().count("finished") == 3


def test_a_child_whose_exec_hangs_holds_nobody_up(tree, boot, place):
    """As on a file system that does not answer: only that service is late, and it is up once the exec goes on."""
    for name in ("web", "other"):
        tree.longrun(name, "#!/bin/sh\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    box.wait_for(lambda: runs(box, "web") and runs(box, "other"), what="services")
    tell(box, "web", b"d")
    box.wait_for(lambda: status(box, "web")[0] == 0, what="end of web")
    first = box.pid()
    strace = attached(first, os.path.join(place, "log"), "-f", "-e", "trace=execve", "-e", "inject=execve:delay_enter=600000000")
    try:
        before = set(children(first))
        tell(box, "web", b"u")
        late = box.wait_for(lambda: set(children(first)) - before, what="child of web").pop()
        tell(box, "other", b"d")
        box.wait_for(lambda: status(box, "other")[0] == 0, what="end of other")
        assert box.run("/command/s6-rc", "-a", "list").returncode == 0
        assert os.readlink(f"/proc/{late}/exe") == os.readlink(f"/proc/{first}/exe")  # it still waits for its exec
    finally:
        strace.send_signal(signal.SIGTERM)
        strace.wait()
    box.wait_for(lambda: runs(box, "web"), what="web")
    assert box.stop() == 0
