"""The tools of Debian's s6, which know nothing of us, on services that our pid 1 runs; and ours beside them."""
import os
import re
import shutil
import subprocess

import pytest

from harness import wait_for

PACKAGED = ["/usr/bin/" + name for name in ("s6-svc", "s6-svstat", "s6-svwait", "s6-svok", "s6-svdt", "s6-svlisten1",
                                              "s6-ftrigrd")]
WEB = "#!/bin/sh\ntrap 'echo got TERM; exit 3' TERM\ntrap 'echo got HUP' HUP\ntrap 'echo got USR1' USR1\n" \
      "echo ready >&5\nwhile :; do sleep 0.02; done\n"


def put_packaged(tree):
    """The packaged tools and their libraries, where the package has them."""
    libraries = set()
    for name in PACKAGED:
        target = tree.at(name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(name, target)
        said = subprocess.run(["ldd", name], capture_output=True, text=True, check=True).stdout
        libraries |= set(re.findall(r"(/\S+) \(0x", said))
    for path in libraries:
        target = tree.at(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(path, target)


@pytest.fixture
def box(tree, boot):
    put_packaged(tree)
    tree.longrun("web", WEB, notification_fd="5\n", finish="#!/bin/sh\nexit 0\n")
    tree.longrun("plain", "#!/bin/sh\nexec sleep 1000\n")
    tree.longrun("brief", "#!/bin/sh\nexit 7\n")
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    box.wait_for(lambda: box.run("/usr/bin/s6-svstat", "-o", "ready", "/run/service/web").stdout == "true\n")
    yield box
    assert box.stop() == 0


THEIRS, OURS = "/usr/bin/", "/command/"
EACH = pytest.mark.parametrize("tools", [THEIRS, OURS], ids=["packaged", "ours"])


def stat(box, tools, name="web", *options):
    r = box.run(tools + "s6-svstat", *options, "/run/service/" + name)
    assert r.returncode == 0, r.stderr
    return r.stdout.strip()


@EACH
def test_status(box, tools):
    pid = [pid for pid, words in box.processes().items() if words[:2] == ["/bin/sh", "./run"] and words[2:] == ["web"]]
    said = stat(box, tools)
    m = re.fullmatch(r"up \(pid (\d+)( pgid \1)?\) \d+ seconds, ready \d+ seconds", said)
    assert m and pid, said
    assert stat(box, tools, "plain", "-o", "up,wantedup,paused,exitcode,signal") == "true true false -1 NA"
    assert re.fullmatch(r"up \(pid \d+( pgid \d+)?\) \d+ seconds", stat(box, tools, "web/log"))
    assert stat(box, tools, "web", "-o", "pid") == m[1]


@EACH
def test_down_up_once_and_signals(box, tools):
    service = "/run/service/web"
    assert box.run(tools + "s6-svc", "-wD", "-T", "5000", "-d", service).returncode == 0
    assert re.fullmatch(r"down \(exitcode 3\) \d+ seconds, normally up(, ready \d+ seconds)?", stat(box, tools))
    assert box.run(tools + "s6-svc", "-wU", "-T", "5000", "-u", service).returncode == 0
    before = stat(box, tools, "web", "-o", "pid")
    assert box.run(tools + "s6-svc", "-h", service).returncode == 0
    assert box.run(tools + "s6-svc", "-1", service).returncode == 0
    box.wait_for(lambda: "got USR1" in box.read("/var/log/services/web/current") and
                 "got HUP" in box.read("/var/log/services/web/current"))
    assert stat(box, tools, "web", "-o", "pid") == before
    assert box.run(tools + "s6-svc", "-wR", "-T", "5000", "-r", service).returncode == 0
    assert stat(box, tools, "web", "-o", "pid") != before
    assert box.run(tools + "s6-svc", "-wD", "-T", "5000", "-d", service).returncode == 0
    assert box.run(tools + "s6-svc", "-wU", "-T", "5000", "-o", service).returncode == 0
    assert stat(box, tools, "web", "-o", "up,wantedup") == "true false"
    assert box.run(tools + "s6-svc", "-wD", "-T", "5000", "-t", service).returncode == 0
    assert stat(box, tools, "web", "-o", "up") == "false"


@EACH
def test_paused(box, tools):
    box.run(tools + "s6-svc", "-p", "/run/service/plain", check=True)
    wait_for(lambda: "paused" in stat(box, tools, "plain"), what="paused")
    box.run(tools + "s6-svc", "-c", "/run/service/plain", check=True)
    wait_for(lambda: "paused" not in stat(box, tools, "plain"), what="not paused")


@EACH
def test_a_logger_is_rotated(box, tools):
    box.run(tools + "s6-svc", "-h", "/run/service/web", check=True)
    folder = box.inside("/var/log/services/web")
    box.wait_for(lambda: "got HUP" in box.read("/var/log/services/web/current"))
    box.run(tools + "s6-svc", "-a", "/run/service/web/log", check=True)
    box.wait_for(lambda: any(name.startswith("@") for name in os.listdir(folder)))


@EACH
def test_is_it_supervised(box, tools):
    assert box.run(tools + "s6-svok", "/run/service/web").returncode == 0
    os.mkdir(box.inside("/run") + "/other")
    assert box.run(tools + "s6-svok", "/run/other").returncode == 1
    r = box.run(tools + "s6-svc", "-u", "/run/other")
    assert r.returncode in (100, 102, 111) and "s6-svc: " in r.stderr
    assert box.run(tools + "s6-svstat", "/run/other").returncode == 1


@EACH
def test_waiting(box, tools):
    web, plain = "/run/service/web", "/run/service/plain"
    assert box.run(tools + "s6-svwait", "-U", web).returncode == 0
    assert box.run(tools + "s6-svwait", "-u", web, plain).returncode == 0
    r = box.run(tools + "s6-svwait", "-d", "-t", "100", web)
    assert (r.returncode, r.stderr) == (99, "s6-svwait: fatal: timed out\n") or r.returncode == 99
    assert box.run(tools + "s6-svwait", "-o", "-d", "-u", "-t", "100", web, plain).returncode == 0
    box.run(tools + "s6-svc", "-d", plain, check=True)
    assert box.run(tools + "s6-svwait", "-D", "-t", "5000", plain).returncode == 0


def test_deaths_are_counted(box):
    box.wait_for(lambda: len(box.run("/usr/bin/s6-svdt", "/run/service/brief").stdout.splitlines()) >= 2)
    for line in box.run("/usr/bin/s6-svdt", "/run/service/brief").stdout.splitlines():
        assert re.fullmatch(r"@[0-9a-f]{24} exitcode 7", line), line


def test_outputs_are_the_same(box):
    box.run("/command/s6-svc", "-wD", "-d", "/run/service/plain", check=True)
    for name in ("web", "plain", "web/log"):
        for field in ("up", "wantedup", "normallyup", "paused", "pid", "exitcode", "signal", "signum", "ready",
                      "updownsince", "readysince"):
            answers = {box.run(tools + "s6-svstat", "-o", field, "/run/service/" + name).stdout
                       for tools in (THEIRS, OURS)}
            assert len(answers) == 1, (name, field, answers)


def test_normally_down(box):
    folder = box.inside("/run/service/web")
    assert not os.path.exists(folder + "/down")
    box.run("/command/s6-svc", "-wD", "-D", "/run/service/web", check=True)
    assert os.path.exists(folder + "/down")
    box.run("/command/s6-svc", "-wU", "-U", "/run/service/web", check=True)
    assert not os.path.exists(folder + "/down")
