"""A limit of file sizes (ulimit -f) that the container engine or a user has set: services run, and are logged."""
import os
from pathlib import Path

import pytest

from lib.logger import numbered, numbers, said, talk
from lib.logs import log_bytes, log_text
from lib.wait import DEADLINE, wait_for

COUNT = 1500
BARE = "setpriv --bounding-set -sys_resource --inh-caps -sys_resource prlimit"  # root as docker's is: no CAP_SYS_RESOURCE
TALK = ("#!/bin/sh\ni=0\nwhile [ $i -lt %d ]; do i=$((i+1)); echo line $i of a service that talks about itself; done\n"
        "exec >/dev/null 2>&1 sleep 1000\n") % COUNT
LINES = [f"line {i} of a service that talks about itself" for i in range(1, COUNT + 1)]
RUN = {"0": "mode=0755", "1000": "uid=1000,gid=1000,mode=0755"}


def start(tree, boot, limit, user="0", around="prlimit", **env):
    tree.longrun("web", TALK)
    os.chmod(tree.path, 0o755)
    folder = "/var/log/services" if user == "0" else "/run/logs"
    return folder, boot(tree.path, options=["-x", f"{around} --fsize={limit}", "-t", RUN[user], "-u", f"{user}:{user}"],
                        env={"S6_LOGGING": "1", "OVERLOG_DIR": folder, "OVERLOG_SCRIPT": "n1000 s1000000 C", **env})


def may_raise():
    """CAP_SYS_RESOURCE, which the machine's root has, but not everywhere."""
    with open("/proc/self/status") as file:
        return int([line.split()[1] for line in file if line.startswith("CapBnd")][0], 16) >> 24 & 1 == 1


def limit_of(pid):
    with open(f"/proc/{pid}/limits") as file:
        return [line.split()[3] for line in file if line.startswith("Max file size")][0]


@pytest.mark.parametrize("user, around, limit, left", [
    ("0", "prlimit", "20000:20000", "unlimited" if may_raise() else "20000"),
    ("0", BARE, "20000:20000", "20000"), ("1000", "prlimit", "20000:20000", "20000"),
    ("1000", "prlimit", "20000:unlimited", "unlimited"), ("1000", "prlimit", "20000:40000", "40000"),
    ("0", BARE, "300000:300000", "300000"),
], ids=["root", "root-without-capability", "user", "user-soft", "user-raised", "journals-fit"])
def test_every_line_is_there_once(tree, boot, user, around, limit, left):
    folder, box = start(tree, boot, limit, user, around)
    box.wait_for(lambda: box.exists(f"{folder}/web/current") and
                 log_bytes(box.inside(f"{folder}/web")).count(b"\n") == COUNT, what="lines on disk")
    logger, = box.loggers("web")
    assert limit_of(logger) == left
    assert log_text(box.inside(f"{folder}/web")) == LINES
    if left != "unlimited" and int(left) < 100000:
        assert len([name for name in os.listdir(box.inside(f"{folder}/web")) if name.startswith("@")]) > 2
    assert box.stdout.text().splitlines() == LINES
    service = box.wait_for(lambda: [pid for pid, words in box.processes().items() if words == ["sleep", "1000"]], what="service")
    assert limit_of(service[0]) == limit.split(":")[0], "services keep the limit"
    assert box.stop() == 0


@pytest.mark.parametrize("user", ["0", "1000"])
def test_a_limit_below_two_lines(tree, boot, user):
    """There is no log directory then, and that is said; the console has everything, and nothing hangs."""
    folder, box = start(tree, boot, "4096:4096", user, BARE if user == "0" else "prlimit")
    box.wait_for(lambda: box.stdout.data.count(b"\n") == COUNT, what="console copy")
    assert box.stdout.text().splitlines() == LINES
    assert f"unable to use {folder}/web: the limit of file sizes is 4096 bytes; logging to the console only" in \
        box.stderr.text()
    assert box.stop() == 0


def test_a_restart_under_a_limit(tree, boot):
    """The boundary between two instances needs no file that grows."""
    tree.longrun("web", "#!/bin/sh\necho begin >>/tmp/starts\nprintf 'begun'\nexit 0\n")
    os.chmod(tree.path, 0o755)
    box = boot(tree.path, options=["-x", f"{BARE} --fsize=20000:20000"],
               env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": "n1000 s1000000 C"})
    wait_for(lambda: os.path.exists(tree.at("/tmp/starts")) and tree.read("/tmp/starts").count("begin") >= 3, what="starts")
    assert box.stop() == 0
    text = log_text(tree.at("/var/log/services/web"))
    assert len(text) >= 2 and set(text) == {"begun"}


@pytest.mark.parametrize("limit", [20000, 300000])
@pytest.mark.parametrize("at_once", [False, True], ids=["much", "at-once"])
def test_a_processor_that_takes_long(rig, place, limit, at_once):
    """current grows meanwhile, up to the limit; then the service waits. at_once: all of it is read, and waits, when
    the processor ends."""
    go = Path(place) / "go"
    r = rig("s5000", "n1000", "r20", f"!sh -c \"until test -e {go}; do sleep 0.02; done; cat\"", "C")
    r.start(wrapper=[*BARE.split(), f"--fsize={limit}:{limit}"])
    last = 400 if at_once else 10000
    if at_once:
        os.write(r.out[1], numbered(1, 100))
        wait_for((r.directory / "previous").exists, what="processor")
        os.write(r.out[1], numbered(101, last))
    else:
        thread = talk(r, 1, last)
    if not at_once or limit == 20000:
        wait_for(lambda: any("File too large; nothing is read until it works" in line for line in said(r)), what="message")
    go.touch()
    if not at_once:
        thread.join(DEADLINE)
        assert not thread.is_alive(), "the service is still held back"
    assert r.finish() == 0
    assert numbers(r) == (list(range(1, last + 1)), [])
    assert max(os.stat(path).st_size for path in r.files()) <= limit
