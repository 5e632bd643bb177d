"""services.d, and the order of everything at start and stop."""

import os
import re

import pytest

from lib.logs import log_text
from lib.text import assert_order

SLEEP = "exec sleep 1000\n"
TRACE = "echo %s >>/tmp/trace\n"
TRAP = "#!/bin/sh\ntrap 'sleep 0.3; echo %s told >>/tmp/trace; exit 0' TERM\necho %s >>/tmp/trace\n%swhile :; do sleep 0.02; done\n"


def trace(tree):
    return tree.read("/tmp/trace").splitlines() if os.path.exists(tree.at("/tmp/trace")) else []


def test_the_order_of_everything(tree, boot):
    """Each waits a little before it says that it is done: whatever did not wait for it would be seen."""
    tree.script("/bin/hook", "#!/bin/sh\nsleep 0.1\n" + TRACE % "hook")
    tree.write("/data")
    tree.write("/etc/fix-attrs.d/x", "/data false 7:7 0600 0700\n")
    tree.script("/etc/cont-init.d/1", "#!/bin/sh\nsleep 0.1\n" + TRACE % "init $(stat -c %u /data)")
    tree.script("/etc/cont-init.d/2", "#!/bin/sh\nmkdir -p /etc/services.d/made\ncp /bin/made /etc/services.d/made/run\n" + TRACE % "init 2")
    tree.script("/etc/cont-finish.d/1", "#!/bin/sh\nsleep 0.1\n" + TRACE % "finish 1")
    tree.script("/etc/cont-finish.d/2", "#!/bin/sh\n" + TRACE % "finish 2")
    tree.script("/bin/made", "#!/bin/sh\n" + TRACE % "made" + SLEEP)
    tree.oneshot("setup", 'sh -c "sleep 0.1; echo setup >>/tmp/trace"\n', down='sh -c "sleep 0.1; echo setup down >>/tmp/trace"\n', deps=["base"])
    tree.longrun("web", TRAP % ("web", "web", "echo >&3\n"), notification_fd="3\n", deps=["setup"], finish="#!/bin/sh\n" + TRACE % "web finish")
    tree.script("/etc/services.d/old/run", TRAP % ("old", "old", "sleep 0.3\necho >&5\n"))
    tree.write("/etc/services.d/old/notification-fd", "5\n")
    tree.script("/etc/services.d/old/finish", "#!/bin/sh\n" + TRACE % "old finish $1 $2 $3")
    tree.oneshot("late", 'sh -c "echo late >>/tmp/trace"\n', down='sh -c "sleep 0.1; echo late down >>/tmp/trace"\n',
                 bundle="user2", deps=["legacy-services"])
    tree.oneshot("early", 'sh -c "touch /tmp/early; until [ -e /tmp/trace ] && grep -q init /tmp/trace; do sleep 0.02; done"\n')
    tree.script("/etc/cont-init.d/0", "#!/bin/sh\nuntil [ -e /tmp/early ]; do sleep 0.02; done\n")  # without a dependency: beside us
    tree.script("/bin/cmd", TRAP % ("cmd", "cmd", "touch /tmp/up\n"))
    box = boot(tree.path, "cmd", env={"S6_STAGE2_HOOK": "hook", "S6_CMD_WAIT_FOR_SERVICES": "1",
                                      "S6_SERVICES_GRACETIME": "60000", "S6_KILL_GRACETIME": "60000"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")) and "made" in trace(tree))
    assert box.stop() == 0
    assert [line for line in trace(tree) if line != "made"] == [
        "hook", "init 7", "init 2", "setup", "web", "old", "late", "cmd", "late down", "old told", "old finish 0 0 old",
        "web told", "web finish", "setup down", "finish 1", "finish 2", "cmd told"]
    assert "made" in trace(tree)[4:]
    info = "s6-rc: info: service "
    text = box.stderr.text()
    order = ["fix-attrs", "legacy-cont-init", "setup", "web", "legacy-services", "late"]
    assert_order(text, *[part for name in order for part in (f"{info}{name}: starting\n", f"{info}{name} successfully started\n")])
    assert_order(text, *[part for name in reversed(order) for part in (f"{info}{name}: stopping\n", f"{info}{name} successfully stopped\n")])


def test_everything_of_a_service_directory(tree, boot):
    folder = "/etc/services.d/%s"
    tree.script(folder % "full/run", "#!/bin/sh\n(pwd; env | grep -v -e ^PWD= -e ^SHLVL= -e ^OLDPWD; ls -l data; cat data/x; echo $#$1) >/tmp/full\n"
                                     "echo out\necho err >&2\necho >&7\n" + SLEEP)
    tree.write(folder % "full/data/x", "inside\n", 0o640)
    os.chown(tree.at(folder % "full/data/x"), 5, 6)
    tree.write(folder % "full/notification-fd", "7\n")
    tree.write(folder % "full/down-signal", "USR1\n")
    tree.script(folder % "full/finish", "#!/bin/sh\necho $1 $2 $3 $PWD >/tmp/finish\n")
    tree.script(folder % "logged/run", "#!/bin/sh\ntrap 'echo last; exit 0' TERM\necho first\necho aside >&2\nwhile :; do sleep 0.02; done\n")
    tree.script(folder % "logged/log/run", "#!/bin/sh\nexec s6-log -b n3 t /tmp/own\n")
    tree.script(folder % "off/run", "#!/bin/sh\ntouch /tmp/off\n" + SLEEP)
    tree.write(folder % "off/down")
    tree.write(folder % "plain/run", "#!/bin/sh\n", 0o644)
    tree.write(folder % "web/run", "#!/bin/sh\n", 0o755)
    tree.write(folder % "file", "no directory\n")
    tree.script(folder % ".hidden/run", "#!/bin/sh\ntouch /tmp/hidden\n" + SLEEP)
    tree.longrun("web")
    box = boot(tree.path, env={"S6_CMD_WAIT_FOR_SERVICES": "0", "OVERLOG_DRAIN": "60000"})
    box.wait_for_text("legacy-services successfully started")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/full")) and "1full" in tree.read("/tmp/full"))
    found = tree.read("/tmp/full").splitlines()
    assert found[0] == "/run/s6/legacy-services/full" and found[1] == "PATH=/command:/usr/bin:/bin"
    assert re.match(r"-rw-r----- +1 5 +6 ", found[3]) and found[4:] == ["inside", "1full"]
    assert os.readlink(box.inside("/run/service") + "/full") == "/run/s6/legacy-services/full"
    box.wait_for(lambda: box.run("/command/s6-svstat", "-o", "up,ready", "/var/run/s6/legacy-services/full").stdout == "true true\n")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/own/current")) and "first" in tree.read("/tmp/own/current"))
    assert box.run("/command/s6-svstat", "/run/service/off").stdout.startswith("down (not started yet)")
    box.wait_for_text("plain: warning: unable to spawn ./run: ")
    assert box.run("/command/s6-svc", "-wu", "-u", "/run/service/off").returncode == 0
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/off")))
    assert box.stop() == 0
    assert tree.read("/tmp/finish") == "256 10 full /run/s6/legacy-services/full\n"
    assert log_text(tree.at("/var/log/services/full"), "stdout") == ["out"] and log_text(tree.at("/var/log/services/full"), "stderr") == ["err"]
    assert re.fullmatch(r"@[0-9a-f]{24} first\n@[0-9a-f]{24} last\n", tree.read("/tmp/own/current"))
    assert not os.path.exists(tree.at("/var/log/services/logged")) and not os.path.exists(tree.at("/tmp/hidden"))
    assert "out\n" in box.stdout.text() and "first" not in box.stdout.text() and "aside\n" in box.stderr.text()
    text = box.stderr.text()
    up = "services-up: info: copying legacy longrun "
    assert_order(text, f"{up}full\n", f"{up}logged (no readiness notification)\n", f"{up}off (no readiness", f"{up}plain (no readiness",
                 "services-up: warning: /etc/services.d/web has the name of a service that is there already: skipped\n")
    assert "it has no x bit" in text


def test_cmd_waits_only_when_it_is_told_to(tree, boot):
    """And S6_SERVICES_READYTIME is only slept then."""
    tree.script("/etc/services.d/slow/run", "#!/bin/sh\nuntil [ -e /tmp/cmd ] || [ $# = 2 ]; do sleep 0.02; done\n" + TRACE % "slow" + "echo >&3\n" + SLEEP)
    tree.write("/etc/services.d/slow/notification-fd", "3\n")
    box = boot(tree.path, "sh", "-c", "touch /tmp/cmd; until [ -e /tmp/trace ]; do sleep 0.02; done; exit 5",
               env={"S6_SERVICES_READYTIME": "1000000"})
    assert box.wait() == 5, box.transcript()


def test_how_long_it_waits(tree, boot):
    uptime = "read up rest </proc/uptime\necho %s $up >>/tmp/trace\n"
    tree.script("/etc/services.d/quiet/run", "#!/bin/sh\n" + uptime % "quiet" + SLEEP)
    tree.script("/etc/services.d/ready/run", "#!/bin/sh\nuntil grep -qs quiet /tmp/trace; do sleep 0.02; done\n" + uptime % "ready" + "echo >&3\n" + SLEEP)
    tree.write("/etc/services.d/ready/notification-fd", "3\n")
    tree.script("/etc/services.d/off/run", "#!/bin/sh\n" + SLEEP)
    tree.write("/etc/services.d/off/down")
    tree.script("/bin/cmd", "#!/bin/sh\n" + uptime % "cmd")
    for ready in ("0", "1500"):
        box = boot(tree.path, "cmd", env={"S6_CMD_WAIT_FOR_SERVICES": "1", "S6_SERVICES_READYTIME": ready})
        assert box.wait() == 0
        times = {name: float(at) for name, at in (line.split() for line in trace(tree))}
        assert list(times)[-1] == "cmd" and set(times) == {"quiet", "ready", "cmd"}
        if ready != "0":
            assert times["cmd"] - times["quiet"] >= 1.4 or times["cmd"] - times["ready"] >= 0.9
        os.unlink(tree.at("/tmp/trace"))


@pytest.mark.parametrize("case,variables,code,said", [
    ("never ready", {"S6_CMD_WAIT_FOR_SERVICES_MAXTIME": "1500"}, 2, "s6-rc: fatal: timed out\n"),
    ("gives up", {}, 1, "services-up: warning: some legacy longruns failed to start\n"),
])
def test_a_service_that_does_not_come_up(tree, boot, case, variables, code, said):
    tree.script("/etc/services.d/bad/run", "#!/bin/sh\n" + (SLEEP if code == 2 else "exit 1\n"))
    tree.script("/etc/services.d/bad/finish", "#!/bin/sh\nexit 125\n")
    tree.write("/etc/services.d/bad/notification-fd", "3\n")
    box = boot(tree.path, "touch", "/tmp/cmd", env={"S6_CMD_WAIT_FOR_SERVICES": "1", "S6_BEHAVIOUR_IF_STAGE2_FAILS": "2", **variables})
    assert box.wait() == code, box.transcript()
    assert said in box.stderr.text()
    assert not os.path.exists(tree.at("/tmp/cmd"))


@pytest.mark.parametrize("grace,takes,order", [
    ("300", "until grep -qs web /tmp/trace; do sleep 0.02; done", ["web", "stubborn"]), ("60000", "sleep 0.5", ["stubborn", "web"])])
def test_the_grace_time_of_the_stop(tree, boot, grace, takes, order):
    tree.script("/etc/services.d/stubborn/run", f"#!/bin/sh\ntrap '{takes}; " + (TRACE % "stubborn").strip() + "; exit' TERM\ntouch /tmp/up\n"
                                                "while :; do sleep 0.02; done\n")
    tree.longrun("web", finish="#!/bin/sh\n" + TRACE % "web")
    box = boot(tree.path, env={"S6_SERVICES_GRACETIME": grace, "S6_KILL_GRACETIME": "60000"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    box.wait_for_text("legacy-services successfully started")
    assert box.stop() == 0
    assert trace(tree) == order


def test_without_a_shell_as_a_user_on_noexec(scratch, boot):
    scratch.script("/etc/services.d/tick/run", "#!/command/execlineb -P\n/bin/helper tick 2\n")
    scratch.script("/etc/services.d/tick/finish", "#!/command/execlineb -S0\n/bin/helper say over\n")
    os.chmod(scratch.path, 0o755)
    box = boot(scratch.path, options=["-u", "1000:1000", "-t", "uid=1000,mode=0700,noexec"])
    box.wait_for_text("tick 2\n", "stdout")
    box.wait_for_text("legacy-services successfully started")
    assert box.stop() == 0
    assert box.stdout.text() == "tick 1\ntick 2\nover\n"
