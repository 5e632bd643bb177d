"""The restrictions and conveniences that engines have."""

import os
import pty
import subprocess

import pytest

from lib.logs import log_text
from lib.wait import wait_for

pytestmark = pytest.mark.xdist_group("bare-engine")

HARD = ["--user", "1000:1000", "--read-only", "--read-only-tmpfs=false", "--security-opt", "no-new-privileges", "--cap-drop", "all",
        "--tmpfs", "/run:rw,noexec,nosuid,nodev,mode=1777"]


@pytest.fixture
def services(tree):
    tree.longrun("web", "#!/bin/sh\necho web $(id -u)\nexec sleep 1000\n", deps=["base"], finish="#!/bin/sh\necho finish $(id -u)\n")
    tree.script("/etc/cont-init.d/x", "#!/command/with-contenv sh\necho init $ONE\n")
    tree.script("/etc/cont-finish.d/x", "#!/bin/sh\necho over\n")
    tree.script("/etc/services.d/old/run", "#!/bin/sh\necho old $PWD\nexec sleep 1000\n")
    os.chmod(tree.path, 0o755)
    return tree


def run(engine, tree, *command, **more):
    return engine.run(tree.path, *command, rootfs=True, **more)


def test_everything_forbidden(engine, services):
    os.chmod(services.at("/run"), 0o1777)  # runc gives the tmpfs the mode of what it covers
    box = run(engine, services, options=HARD, env={"ONE": "1"})
    for line in ("web 1000\n", "old /run/s6/legacy-services/old\n"):
        box.wait_for_log(line, 0)
    box.wait_for_log("legacy-services successfully started")
    assert box.stop() == 0
    out, err = box.logs()
    lines = out.splitlines()  # in order as far as one service wrote them
    assert [line for line in lines if line.startswith(("init", "over"))] == ["init 1", "over"], err
    assert sorted(lines) == sorted(["init 1", "web 1000", "old /run/s6/legacy-services/old", "finish 1000", "over"]), err
    assert "/run belongs to uid 0 instead of 1000, but we can still work" in err
    assert [line for line in err.splitlines() if "fatal" in line] == []


def test_under_the_engines_init_and_in_anothers_pid_namespace(engine, services, helper):
    """Only its own processes are told to end: those of the neighbour live on. Started twice, with what the first left in /run."""
    neighbour = engine.run(services.path, rootfs=True, options=["--entrypoint", '["/bin/sh","-c","sleep 1234; true"]'])
    alone = wait_for(lambda: neighbour.exec("pidof", "sleep", check=False).stdout.split(), what="the neighbour's sleep")
    shared = run(engine, services, options=["--pid", f"container:{neighbour.id}"], env={"ONE": "1"})
    shared.wait_for_log("legacy-services successfully started")
    wait_for(lambda: len(shared.exec("pidof", "sleep").stdout.split()) >= 3, what="three of them")
    assert shared.stop() == 0
    assert neighbour.inspect("{{.State.Running}}") == "true"
    assert neighbour.exec("pidof", "sleep").stdout.split() == alone
    box = run(engine, services, "sh", "-c", "ps -o pid,comm | grep -q '1 podman-init\\|1 catatonit\\|1 helper' && exec sleep 1000",
              options=["--init", "--init-path", helper], env={"ONE": "1"})
    for turn in range(1, 4):
        box.wait_for_log("legacy-services successfully started", count=turn)
        wait_for(lambda: box.exec("pidof", "sleep", check=False).stdout.count(" ") == 2, what="all three")
        assert box.stop() == 0
        if turn < 3:
            engine.podman("start", box.id)
    for text in ("init 1\n", "web 0\n", "old /run/s6/legacy-services/old\n"):
        box.wait_for_log(text, 0, count=3)
    assert len(log_text(services.at("/var/log/services/old"))) >= 3


def test_a_terminal_and_a_pipe(engine, services):
    limits = ["--network=none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4000:4000"]
    piped = subprocess.run(engine.command("run", "-i", "--rm", *limits, "-e", "S6_VERBOSITY=1", "--rootfs", services.path, "/init", "sh", "-c", "cat; exit 6"),
                           input="one\ntwo\n", capture_output=True, text=True, timeout=120)
    assert piped.returncode == 6, piped.stderr
    assert [line for line in piped.stdout.splitlines() if line in ("one", "two")] == ["one", "two"]
    master, slave = pty.openpty()
    child = subprocess.Popen(engine.command("run", "-it", "--rm", *limits, "-e", "PS1=prompt$ ", "-e", "S6_KEEP_ENV=1", "--rootfs", services.path, "/init", "sh", "-i"),
                             stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.set_blocking(master, False)
    seen, done = "", 0

    def read():
        """All that was shown so far."""
        nonlocal seen
        try:
            while some := os.read(master, 65536):
                seen += some.decode(errors="replace")
        except OSError:
            pass
        return seen

    def has(text):
        """Whether it was shown since what was waited for before."""
        nonlocal done
        at = read().find(text, done)
        done = max(done, at + len(text) if at >= 0 else 0)
        return at >= 0

    try:
        for typed, expected in (("", "prompt$ "), ("sh -c 'echo beg''un; exec sleep 1000'\n", "begun\r\n"), ("\x03", "prompt$ "),
                                ("echo code $((0+$?))\n", "code 130"), ("sh -c 'echo wait''ing; exec sleep 1000'\n", "waiting\r\n"),
                                ("\x1a", "Stopped"), ("exit\nexit 7\n", "exit 7")):
            os.write(master, typed.encode())
            wait_for(lambda: has(expected), 60, repr(expected))
        wait_for(lambda: read() and child.poll() is not None, 60, "end")
        read()
    finally:
        child.kill()
        os.close(master)
    assert child.returncode == 7, seen
    assert "over\r\n" in seen
