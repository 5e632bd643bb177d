"""The S6_ variables that are not about failing (05), stopping (03), logging (08) or users (25): what each does."""

import os
import signal

import pytest

from lib.refusal import attached
from lib.wait import DEADLINE, wait_for

TOUCH = "#!/bin/sh\ntouch /tmp/%s\n"
SIGNALS = ("TERM", "QUIT", "INT", "USR1", "USR2", "PWR", "WINCH")


def names(tree, folder="/tmp"):
    return set(os.listdir(tree.at(folder)))


@pytest.mark.parametrize("keep", ["0", "1"])
def test_a_profile_replaces_all_directories(tree, boot, keep):
    profile = "/etc/cont-profile.d/small"
    for etc, name in (("/etc", "wrong"), (profile, "right")):
        tree.script(f"{etc}/cont-init.d/x", TOUCH % f"init-{name}")
        tree.script(f"{etc}/cont-finish.d/x", TOUCH % f"finish-{name}")
        tree.write(f"{etc}/fix-attrs.d/x", f"/data/{name} false 7:7 0600 0700\n")
        tree.write(f"/data/{name}")
        tree.script(f"{etc}/services.d/x/run", f"#!/bin/sh\ntouch /tmp/legacy-{name}\necho >&3\nexec sleep 1000\n")
        tree.write(f"{etc}/services.d/x/notification-fd", "3\n")
        tree.write(f"{etc}/s6-overlay/s6-rc.d/x/type", "oneshot\n")
        tree.write(f"{etc}/s6-overlay/s6-rc.d/x/up", f"touch /tmp/up-{name}\n")
        tree.write(f"{etc}/s6-overlay/user-bundles.d/user/contents.d/x")
    box = boot(tree.path, "touch", "/tmp/cmd", 
               env={"S6_RUNTIME_PROFILE": "small", "S6_KEEP_ENV": keep, "S6_CMD_WAIT_FOR_SERVICES": "1"})
    assert box.wait() == 0, box.transcript()
    assert names(tree) == {"init-right", "finish-right", "up-right", "legacy-right", "cmd"}
    assert os.stat(tree.at("/data/right")).st_uid == 7 and os.stat(tree.at("/data/wrong")).st_uid == 0


def test_the_hook_may_change_what_comes_after(tree, boot):
    """And a cont-init script what the later ones read; S6_RUNTIME_BUNDLEDIR chooses the services."""
    tree.oneshot("one", "touch /tmp/one\n")
    tree.oneshot("two", "touch /tmp/two\n", bundle=None)
    tree.write("/bundles/user/contents.d/two")
    env = "/run/s6/container_environment"
    tree.script("/bin/hook", f"#!/bin/sh\necho /bundles >{env}/S6_RUNTIME_BUNDLEDIR\n"
                             f"printf 'sh -c' >{env}/S6_CMD_ARG0\n")
    tree.script("/etc/cont-init.d/x", f"#!/bin/sh\necho 100 >{env}/S6_KILL_FINISH_MAXTIME\n")
    tree.script("/etc/cont-finish.d/x", "#!/bin/sh\nexec sleep 1000\n")
    box = boot(tree.path, "touch /tmp/cmd; exit 6", env={"S6_STAGE2_HOOK": "hook"})
    assert box.wait() == 6, box.transcript()
    assert names(tree) == {"two", "cmd"}
    assert "/run/s6/basedir/scripts/rc.init: info: hook hook exited 0\n" in box.stderr.text()
    assert "took more than 100 milliseconds" in box.stderr.text()


def test_bundles_in_the_folder_of_the_services(tree, boot):
    """Images from before user-bundles.d name it by S6_RUNTIME_BUNDLEDIR."""
    tree.oneshot("one", "touch /tmp/one\n", bundle=None)
    tree.write("/etc/s6-overlay/s6-rc.d/user/contents.d/one")
    box = boot(tree.path, "touch", "/tmp/cmd", env={"S6_RUNTIME_BUNDLEDIR": "/etc/s6-overlay/s6-rc.d/"})
    assert box.wait() == 0, box.transcript()
    assert names(tree) == {"one", "cmd"}


def test_cmd_arg0(tree, boot):
    tree.script("/bin/show", "#!/bin/sh\nprintf '<%s>' \"$@\" >/tmp/words\n")
    box = boot(tree.path, "c d", "", env={"S6_CMD_ARG0": "  show a\t 'b "})
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/words") == "<a><'b><c d><>"


def test_cmd_arg0_without_cmd_runs_nothing(tree, boot):
    tree.oneshot("last", "true\n", bundle="user2", deps=["legacy-services"])
    box = boot(tree.path, env={"S6_CMD_ARG0": "touch /tmp/cmd"})
    box.wait_for_text("service last successfully started")
    assert box.stop() == 0
    assert names(tree) == set()


def test_cmd_receives_signals(tree, boot):
    traps = "".join(f"trap 'echo {name} >>/tmp/trace' {name}\n" for name in SIGNALS)
    tree.script("/bin/cmd", f"#!/bin/sh\n{traps}echo $$ >/tmp/pid\nuntil [ -e /tmp/end ]; do sleep 0.02; done\nexit 9\n")
    box = boot(tree.path, "cmd", env={"S6_CMD_RECEIVE_SIGNALS": "1"})
    box.wait_for(lambda: "pid" in names(tree) and tree.read("/tmp/pid"))
    box.wait_for(lambda: box.read("/run/s6/cmdpid") == tree.read("/tmp/pid"))
    for count, name in enumerate(SIGNALS, 1):
        box.kill(getattr(signal, "SIG" + name))
        box.wait_for(lambda: "trace" in names(tree) and tree.read("/tmp/trace").count("\n") == count, what=name)
    assert tree.read("/tmp/trace").split() == list(SIGNALS)
    tree.write("/tmp/end")
    assert box.wait() == 9


def test_signals_are_pid_1s_before_cmd_runs(tree, boot):
    tree.oneshot("slow", 'sh -c "touch /tmp/up; until [ -e /tmp/go ]; do sleep 0.02; done"\n')
    box = boot(tree.path, "touch", "/tmp/cmd", env={"S6_CMD_RECEIVE_SIGNALS": "1"})
    box.wait_for(lambda: "up" in names(tree))
    box.kill(signal.SIGTERM)
    tree.write("/tmp/go")
    assert box.wait() == 0
    assert "cmd" not in names(tree)


def test_boot_waits_for_a_descriptor(tree, boot):
    read, write = os.pipe()
    tree.script("/bin/cmd", f"#!/bin/sh\n[ -e /proc/self/fd/{read} ] && touch /tmp/leaked\ntouch /tmp/cmd\n")
    box = boot(tree.path, "cmd", env={"S6_WAIT_FOR_CLOSING_FD": str(read)}, pass_fds=[read])
    pid = box.pid()
    wait_for(lambda: open(f"/proc/{pid}/syscall").read().split()[:2] == ["0", hex(read)], what="read")
    assert not box.exists("/run/s6")
    os.close(write)
    assert box.wait() == 0, box.transcript()
    os.close(read)
    assert names(tree) == {"cmd"}


def test_a_boot_that_waits_can_be_stopped(tree, boot):
    read, write = os.pipe()
    box = boot(tree.path, "touch", "/tmp/cmd", env={"S6_WAIT_FOR_CLOSING_FD": str(read)}, pass_fds=[read])
    pid = box.pid()
    wait_for(lambda: open(f"/proc/{pid}/syscall").read().split()[:2] == ["0", hex(read)], what="read")
    assert box.stop() == 128 + signal.SIGTERM
    os.close(read)
    os.close(write)
    assert names(tree) == set()


def test_read_only_root(tree, boot):
    os.makedirs(tree.at("/run"), exist_ok=True)
    box = boot(tree.path, "true", options=["-r", "-t", "none"])
    assert box.wait() == 100
    line, = [line for line in box.stderr.text().splitlines() if "fatal" in line]
    assert "/run is read-only" in line and "--tmpfs /run" in line and "S6_READ_ONLY_ROOT=1" in line
    tree.longrun("web", "#!/bin/sh\necho web is up\nexec sleep 1000\n")
    box = boot(tree.path, "echo", "hello", options=["-r", "-t", "none"], env={"S6_READ_ONLY_ROOT": "1"})
    assert box.wait() == 0, box.transcript()
    assert "info: creating a tmpfs on /run\n" in box.stderr.text()
    assert "hello\n" in box.stdout.text()
    assert os.listdir(tree.at("/run")) == []


@pytest.mark.parametrize("value", ["0", "1"])
def test_sync_disks(tree, boot, place, value):
    box = boot(tree.path, "sh", "-c", "until [ -e /tmp/end ]; do sleep 0.02; done", env={"S6_SYNC_DISKS": value})
    box.wait_for_text("service legacy-services successfully started")
    trace = os.path.join(place, "trace")
    tracer = attached(box.pid(), trace, "-e", "trace=sync,exit_group")
    tree.write("/tmp/end")
    assert box.wait() == 0
    tracer.wait(DEADLINE)
    calls = [line.split("(")[0] for line in open(trace) if "(" in line and "---" not in line]
    assert calls == (["sync"] if value == "1" else []) + ["exit_group"]


def test_catchall_user(tree, boot):
    box = boot(tree.path, env={"S6_LOGGING": "1", "S6_CATCHALL_USER": "www-data"})
    box.wait_for_text("service legacy-services successfully started")
    logger, = box.wait_for(lambda: box.loggers(".init"))

    def ids():
        return [line.split()[1:] for line in open(f"/proc/{logger}/status") if line.startswith(("Uid:", "Gid:"))]
    box.wait_for(lambda: ids() == [["33"] * 4] * 2, what="its user")  # it begins as root
    assert os.stat(f"/proc/{logger}").st_uid in (33, 0)  # not dumpable: root's
    assert os.stat(tree.at("/var/log/services/.init")).st_uid == 33
    assert box.stop() == 0


def test_catchall_user_that_does_not_exist(tree, boot):
    box = boot(tree.path, "true", env={"S6_LOGGING": "1", "S6_CATCHALL_USER": "nonesuch"})
    assert box.wait() == 100
    assert "no user nonesuch in /etc/passwd (S6_CATCHALL_USER)" in box.stderr.text()
    box = boot(tree.path, "true", env={"S6_LOGGING": "1", "OVERLOG_USER": "www-data:nonesuch"})
    assert box.wait() == 100
    assert "unknown group: nonesuch (OVERLOG_USER)" in box.stderr.text()
