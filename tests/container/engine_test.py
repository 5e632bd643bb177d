"""What an engine sees of small containers: exit codes, streams, restrictions."""

import itertools
import os
from datetime import datetime, timedelta

import pytest

from lib.logs import log_text
from lib.wait import wait_for

pytestmark = pytest.mark.xdist_group("bare-engine")

RESULT = "/run/s6-linux-init-container-results/exitcode"


def run(engine, tree, *command, **more):
    return engine.run(tree.path, *command, rootfs=True, **more)


def test_cmd_exits_7(engine, tree):
    assert run(engine, tree, "sh", "-c", "exit 7").wait() == 7


def test_cmd_killed_by_segv(engine, tree):
    assert run(engine, tree, "helper", "segv").wait() == 139


def test_halt_from_a_finish(engine, tree):
    tree.longrun("web", "#!/bin/sh\nexit 1\n", finish=f"#!/bin/sh\necho 23 >{RESULT}\nexec /run/s6/basedir/bin/halt\n")
    assert run(engine, tree).wait() == 23


def test_halt_from_exec(engine, tree):
    box = run(engine, tree)
    box.wait_for_log("legacy-services successfully started")
    box.exec("sh", "-c", f"echo 5 >{RESULT}")
    box.exec("/run/s6/basedir/bin/halt", check=False)  # the engine may lose it: the container ends
    assert box.wait() == 5


def test_stop_is_quick(engine, tree):
    """By the container's own clock: what the engine adds on a busy machine is not ours. The grace time is not slept. One
    stop may meet a machine that stands still: then another one is looked at."""
    for name in ("a", "b", "c"):
        tree.longrun(name)
    box = run(engine, tree, "sleep", "1000", env={"S6_KILL_GRACETIME": "120000"})
    turns = itertools.count(1)

    def is_quick():
        turn = next(turns)
        if turn > 1:
            engine.podman("start", box.id)
        box.wait_for_log("legacy-services successfully started", count=turn)
        assert box.stop() == 0
        with open(tree.at("/var/log/services/.events/current")) as file:
            at = {line.split()[1]: line.split()[0] for line in file}
        begin, end = (datetime.fromisoformat(at[event][:26]) for event in ("stop", "end"))
        return end - begin < timedelta(seconds=1)
    wait_for(is_quick, what="quick stop")


@pytest.mark.parametrize("mode", [None, "0", "1", "2"])
def test_www_data_opens_its_streams(engine, tree, mode):
    tree.longrun("web", "#!/bin/sh\nexec s6-setuidgid www-data sh -c 'helper open /dev/stdout to-out && "
                        "helper open /dev/stderr to-err && touch /tmp/up; exec sleep 1000'\n")
    box = run(engine, tree, "sh", "-c", "while [ ! -e /tmp/up ]; do sleep 0.02; done; "
              "s6-setuidgid www-data helper open /dev/stdout cmd-out && s6-setuidgid www-data helper open /dev/stderr cmd-err",
              env={} if mode is None else {"S6_LOGGING": mode})
    assert box.wait() == 0
    out, err = box.logs()
    if mode != "2":
        assert "to-out\n" in out and "cmd-out\n" in out
        assert "to-err\n" in err and "cmd-err\n" in err
    if mode != "0":
        folder = tree.at("/var/log/services/web")
        assert (log_text(folder, "stdout"), log_text(folder, "stderr")) == (["to-out"], ["to-err"])


@pytest.mark.parametrize("mode", [None, "0", "1", "2"])
def test_root_writes_to_the_descriptors_of_pid_1(engine, tree, mode):
    tree.longrun("web", "#!/bin/sh\necho past >/proc/1/fd/1\necho errors >/proc/1/fd/2\ntouch /tmp/up\nexec sleep 1000\n")
    box = run(engine, tree, env={} if mode is None else {"S6_LOGGING": mode})
    box.wait_for_log("past\n", 0)
    box.wait_for_log("errors\n", 1)
    box.exec("sh", "-c", "echo from exec >/proc/1/fd/1")
    box.wait_for_log("from exec\n", 0)
    assert box.stop() == 0


def test_a_plain_user(engine, tree):
    """USER in an image: everything runs as that uid."""
    tree.longrun("web", "#!/bin/sh\nid -u\nexec sleep 1000\n")
    os.makedirs(tree.at("/var/log/services"))
    for own in ("/var/log/services", "/run"):
        os.chown(tree.at(own), 1000, 1000)
    box = run(engine, tree, options=["--user", "1000:1000"])
    box.wait_for_log("1000\n", 0)
    assert box.stop() == 0
    assert log_text(tree.at("/var/log/services/web")) == ["1000"]


def test_a_terminal_means_console_only(engine, tree):
    tree.longrun("web", "#!/bin/sh\necho up\nexec sleep 1000\n")
    box = run(engine, tree, options=["-t"])
    box.wait_for_log("up", 0)
    assert box.stop() == 0
    assert not os.path.exists(tree.at("/var/log/services"))


def test_two_containers_on_one_volume(engine, tree, tmp_path):
    """The second one's logs stand beside the first one's; nothing is mixed or lost, whoever ends first."""
    tree.longrun("web", "#!/bin/sh\necho hello from $(hostname)\nexec sleep 1000\n", finish="#!/bin/sh\necho bye from $(hostname)\n")
    volume = tmp_path / "logs"
    volume.mkdir()
    boxes = []
    for name in ("alpha", "beta"):
        boxes.append(run(engine, tree, env={"S6_LOGGING": "1"}, options=[
            "--hostname", name, "--tmpfs", "/run:exec", "-v", f"{volume}:/var/log/services"]))
        boxes[-1].wait_for_log(f"hello from {name}\n", 0)
    boxes[1].wait_for_log("/var/log/services/web@beta\n")
    said = [line for line in boxes[1].logs()[1].splitlines() if "in use" in line and " web: " in line]
    assert said == ["logger web: warning: /var/log/services/web is in use by another container; logging to "
                    "/var/log/services/web@beta"]
    def shown():
        """A line is on the console before it is on disk."""
        lines = boxes[1].exec("logcat", "-o", "raw", "web*").stdout.splitlines()
        return len(lines) >= 2 and sorted(lines)
    assert wait_for(shown, what="both lines") == ["hello from alpha", "hello from beta"]
    assert boxes[0].stop() == 0
    assert boxes[1].stop() == 0
    assert log_text(volume / "web") == ["hello from alpha", "bye from alpha"]
    assert log_text(volume / "web@beta") == ["hello from beta", "bye from beta"]


def test_a_health_check_without_a_shell(engine, scratch):
    """As docs/probe.1 shows it: the image has no other program than overlog and the service's own."""
    scratch.longrun("web", "#!/command/execlineb -P\n/bin/helper serve 8080\n")
    box = run(engine, scratch, options=["--health-cmd", '["probe", "service:web", "http://localhost:8080/health"]',
                                        "--health-interval", "disable"])

    def health():
        return engine.podman("healthcheck", "run", box.id, check=False).returncode

    wait_for(lambda: health() == 0, what="health")
    box.exec("s6-svc", "-wD", "-d", "/run/service/web")
    assert health() == 1
    assert box.stop() == 0
