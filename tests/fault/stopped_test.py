"""A service of pid 1's own user stops every process it can, again and again: pid 1 waits for none of them."""
import os
import signal

import pytest

from lib.control import svstat
from lib.logs import log_text
from lib.processes import process_state

SERVICES = 60  # so many descriptors that children are made by slots
USER = ["-u", "1000:1000", "-t", "uid=1000,mode=0755"]
ATTACK = "#!/bin/sh\nuntil [ -e /tmp/attack ]; do sleep 0.02; done\nwhile [ -e /tmp/attack ]; do kill -STOP -1; done\nexec sleep 1000\n"
SHORT = "#!/bin/sh\nn=0\n[ ! -e /tmp/starts/$1 ] || read n </tmp/starts/$1\necho $((n + 1)) >/tmp/starts/$1\n"


@pytest.fixture
def box(tree, boot):
    for folder in ("tmp/starts", "tmp/logs"):
        os.makedirs(tree.at(folder))
        os.chown(tree.at(folder), 1000, 1000)
    for i in range(SERVICES):
        tree.longrun(f"s{i}", SHORT if i % 2 else "#!/bin/sh\nexec sleep 1000\n")
    tree.longrun("attacker", ATTACK)
    tree.oneshot("slow", "true\n", down='sh -c "echo down >/tmp/logs/down"\n')
    return boot(tree.path, "sh", "-c", "touch /tmp/logs/cmd; exec sleep 1000", options=USER,
                env={"S6_LOGGING": "2", "OVERLOG_DIR": "/tmp/logs", "S6_KILL_GRACETIME": "20000"})


def pid_of(box, name):
    """-1: it does not run."""
    return svstat(box, "pid", name)


def starts(tree, name):
    try:
        return int(tree.read(f"/tmp/starts/{name}") or 0)
    except FileNotFoundError:
        return 0


def test_everything_is_stopped_in_a_loop(tree, box):
    """Instances begin meanwhile, pid 1 answers, and the stop comes to its end while the attack goes on."""
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/logs/cmd")) and starts(tree, "s1") > 0)
    tree.write("/tmp/attack")
    for name in ("s0", "s2", "s4", "s30", "s58"):
        old = pid_of(box, name)
        assert box.run("/command/s6-svc", "-k", f"/run/service/{name}").returncode == 0
        box.wait_for(lambda: pid_of(box, name) not in (old, "-1"), what=f"another start of {name}")
    assert box.stop() == 0, box.transcript()
    assert tree.read("/tmp/logs/down") == "down\n"


def test_what_is_stopped_when_the_stop_begins(tree, boot):
    """A logger, a finish script and a oneshot go on, each once it is wanted; what a logger has not read is not lost."""
    tree.longrun("web", "#!/bin/sh\necho first\nexec sleep 1000\n")
    tree.longrun("ends", "#!/bin/sh\nexec sleep 1000\n", finish="#!/bin/sh\nkill -STOP $$\necho finished\n")
    tree.oneshot("once", "true\n", down='sh -c "kill -STOP $$; echo down >/tmp/down"\n')
    box = boot(tree.path, env={"S6_LOGGING": "2", "S6_KILL_GRACETIME": "20000"})
    folder = tree.at("/var/log/services/web")
    box.wait_booted()
    box.wait_for(lambda: os.path.exists(f"{folder}/current") and "first" in log_text(folder))
    (logger,) = box.loggers("web")
    os.kill(logger, signal.SIGSTOP)
    box.wait_for(lambda: process_state(logger) != "T", what="logger that goes on")
    box.run("/command/s6-svc", "-p", "/run/service/web")
    assert box.stop() == 0, box.transcript()
    assert tree.read("/tmp/down") == "down\n"
    assert "finished" in log_text(tree.at("/var/log/services/ends"))
