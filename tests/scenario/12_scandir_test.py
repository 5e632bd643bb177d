"""Services that are only put into /run/service while the container runs."""
import os
import signal

import pytest

from harness import log_text


def put(box, name, run, log=None, link=True, **files):
    """A service directory /srv/NAME, linked into /run/service."""
    folder = box.inside("/srv") + "/" + name
    for path, text in [("run", run)] + [(k.replace("_", "-"), v) for k, v in files.items()] + \
            ([("log/run", log)] if log else []):
        os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
        with open(f"{folder}/{path}", "w") as file:
            file.write(text)
        os.chmod(f"{folder}/{path}", 0o755)
    if link:
        os.symlink(f"/srv/{name}", box.inside("/run/service") + "/" + name)


@pytest.fixture
def box(tree, boot):
    os.mkdir(tree.at("srv"))
    tree.longrun("web")
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    box.wait_for(lambda: box.exists("/run/service/web") and
                 box.run("/command/s6-svstat", "-o", "up", "/run/service/web").stdout == "true\n")
    yield box
    if box.alive():
        assert box.stop() == 0


def up(box, name):
    return box.run("/command/s6-svstat", "-o", "up", "/run/service/" + name).stdout.strip()


def scan(box, letters):
    fd = os.open(box.inside("/run/service/.s6-svscan/control"), os.O_WRONLY | os.O_NONBLOCK)
    os.write(fd, letters.encode())
    os.close(fd)


def test_a_service_comes_and_goes(box):
    before = up(box, "web")
    put(box, "late", "#!/bin/sh\necho hello from $1 in $PWD\nexec sleep 1000\n", finish="#!/bin/sh\necho over $*\n")
    put(box, "waits", "#!/bin/sh\nexec sleep 1000\n", down="")
    scan(box, "a")
    box.wait_for(lambda: up(box, "late") == "true" and up(box, "waits") == "false")
    folder = box.inside("/var/log/services/late")
    box.wait_for(lambda: "hello from late in /srv/late" in log_text(folder))
    pid = box.run("/command/s6-svstat", "-o", "pid", "/run/service/late").stdout
    scan(box, "a")
    scan(box, "an")
    assert box.run("/command/s6-svstat", "-o", "pid", "/run/service/late").stdout == pid
    os.unlink(box.inside("/run/service") + "/late")
    scan(box, "an")
    box.wait_for(lambda: box.run("/command/s6-svok", "/srv/late").returncode == 1)
    box.wait_for(lambda: not box.loggers("late"))
    assert log_text(folder)[-1].startswith("over 256 15 late ")
    assert before == up(box, "web") == "true"
    os.symlink("/srv/late", box.inside("/run/service") + "/late")
    scan(box, "a")
    box.wait_for(lambda: up(box, "late") == "true")


def test_signals_to_pid_1_ask_for_the_same(box):
    """SIGALRM: what came; SIGHUP: that, and what is no longer there goes, a service by its signal, its logger at end of file."""
    web = box.run("/command/s6-svstat", "-o", "pid", "/run/service/web").stdout
    put(box, "late", "#!/bin/sh\nexec sleep 1000\n", finish="#!/bin/sh\necho $1 $2 >/tmp/late\n")
    put(box, "pair", "#!/bin/sh\ntrap 'echo last; exit 0' TERM\necho first\nwhile :; do sleep 0.02; done\n",
        log="#!/bin/sh\ntrap 'echo told >>/tmp/said' TERM HUP\ncat >>/tmp/said\n")
    box.kill(signal.SIGALRM)
    box.wait_for(lambda: up(box, "late") == up(box, "pair") == up(box, "pair/log") == "true")
    box.wait_for(lambda: box.exists("/tmp/said") and box.read("/tmp/said") == "first\n")
    pids = box.run("/command/s6-svstat", "-o", "pid", "/run/service/late", "/run/service/pair").stdout
    os.unlink(box.inside("/run/service") + "/late")
    os.unlink(box.inside("/run/service") + "/pair")
    put(box, "next", "#!/bin/sh\nexec sleep 1000\n")
    box.kill(signal.SIGALRM)
    box.wait_for(lambda: up(box, "next") == "true")
    assert box.run("/command/s6-svstat", "-o", "pid", "/srv/late", "/srv/pair").stdout == pids
    put(box, "after", "#!/bin/sh\nexec sleep 1000\n")
    box.kill(signal.SIGHUP)
    box.wait_for(lambda: up(box, "after") == "true")
    for name in ("late", "pair", "pair/log"):
        box.wait_for(lambda: box.run("/command/s6-svok", "/srv/" + name).returncode == 1, what=f"end of {name}")
    assert box.read("/tmp/late") == "256 15\n" and box.read("/tmp/said") == "first\nlast\n"
    assert up(box, "next") == "true" and box.run("/command/s6-svstat", "-o", "pid", "/run/service/web").stdout == web


def test_a_pair(box):
    put(box, "pair", "#!/bin/sh\ntrap 'echo last; exit 0' TERM\necho first\nwhile :; do sleep 0.02; done\n",
        log="#!/bin/sh\ntrap '' TERM\nexec cat >>/tmp/said\n")
    scan(box, "a")
    box.wait_for(lambda: up(box, "pair") == "true" and up(box, "pair/log") == "true")
    box.wait_for(lambda: box.exists("/tmp/said") and box.read("/tmp/said") == "first\n")
    os.unlink(box.inside("/run/service") + "/pair")
    scan(box, "h")
    box.wait_for(lambda: box.run("/command/s6-svok", "/srv/pair/log").returncode == 1)
    assert box.read("/tmp/said") == "first\nlast\n"


def test_the_stop_ends_them_in_order(box):
    put(box, "pair", "#!/bin/sh\ntrap 'echo last; exit 0' INT\necho first\nwhile :; do sleep 0.02; done\n",
        log="#!/bin/sh\ntrap '' TERM\nexec cat >>/tmp/said\n", down_signal="INT\n")
    scan(box, "a")
    said = box.root + "/tmp/said"
    box.wait_for(lambda: os.path.exists(said) and open(said).read() == "first\n")
    assert box.stop() == 0
    assert open(said).read() == "first\nlast\n"


def test_services_d(tree, boot):
    """What services.d holds is put into /run/service by the boot, and taken away again by the stop."""
    tree.script("etc/services.d/old/run", "#!/bin/sh\ntrap 'echo last; exit 0' TERM\necho first $PWD\n"
                                          "while :; do sleep 0.02; done\n")
    tree.script("etc/services.d/old/finish", "#!/bin/sh\necho finish $1 $2 $3 >>/tmp/said\n")
    tree.script("etc/services.d/old/log/run", "#!/bin/sh\ntrap '' TERM\nexec cat >>/tmp/said\n")
    tree.script("etc/services.d/alone/run", "#!/bin/sh\necho alone\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", "S6_CMD_WAIT_FOR_SERVICES": "1"})
    box.wait_for(lambda: box.exists("/tmp/said") and "first" in box.read("/tmp/said"))
    assert up(box, "old") == up(box, "old/log") == up(box, "alone") == "true"
    assert box.stop() == 0
    lines = tree.read("/tmp/said").splitlines()
    assert sorted(lines) == ["finish 0 0 old", "first /run/s6/legacy-services/old", "last"]
    assert log_text(tree.at("/var/log/services/alone")) == ["alone"]
