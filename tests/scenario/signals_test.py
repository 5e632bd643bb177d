"""Signals to pid 1, halt and its kin, the scheduler of shutdown."""

import os
import signal
import socket
import struct
import time

import pytest

from lib.text import assert_order

HALT = "/run/s6/basedir/bin/"
UP = "service legacy-services successfully started"


def up(boot, tree, *command, **more):
    box = boot(tree.path, *command, **more)
    box.wait_for_text(UP)
    return box


def ask(box, *words):
    """A request on the control socket; all that is said, and the exit code."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(f"/proc/{box.pid()}/root/run/s6/control")
        s.send(b"OVL1" + struct.pack("=HH", len(words), 0) + b"".join(w.encode() + b"\0" for w in words))
        text = ""
        while (packet := s.recv(65536))[:1] != b"x":
            text += packet[1:].decode()
        return text, int(packet[1:])


@pytest.mark.parametrize("number,code", [(signal.SIGINT, 128 + signal.SIGHUP), (signal.SIGUSR1, 128 + signal.SIGINT),
                                         (signal.SIGPWR, 128 + signal.SIGINT)])
def test_reboot_and_poweroff_end_the_namespace_by_the_kernel(tree, boot, number, code):
    tree.longrun("web", finish="#!/bin/sh\ntouch /tmp/finished\n")
    box = up(boot, tree)
    assert box.stop(number) == code
    assert os.path.exists(tree.at("/tmp/finished"))


def test_without_the_capability_that_is_said(tree, boot):
    for number, what in ((signal.SIGINT, "reboot"), (signal.SIGUSR1, "power off")):
        box = up(boot, tree, options=["-x", "/usr/bin/setpriv --bounding-set -sys_boot --inh-caps -sys_boot"])
        assert box.stop(number) == 111
        assert f"unable to {what}: Operation not permitted" in box.stderr.text()


def test_the_abrupt_end(tree, boot):
    tree.longrun("stubborn", "#!/bin/sh\ntrap '' TERM\ntouch /tmp/up\nwhile :; do sleep 0.05; done\n")
    box = up(boot, tree, env={"S6_KILL_GRACETIME": "600000"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    assert box.stop(signal.SIGABRT) == 0


DIVERTED = ("HUP", "INT", "TERM", "QUIT", "USR1", "USR2", "PWR", "WINCH")


def divert(tree, names, script, how="ln -s"):
    """cont-init.d makes the handlers: /run/service is new at every boot."""
    tree.script("/tmp/handler", script)
    tree.script("/etc/cont-init.d/divert", "#!/bin/sh\ncd /run/service/.s6-svscan\n" +
                "".join(f"{how} /tmp/handler SIG{name}\n" for name in names))


@pytest.mark.parametrize("run", ["mode=0755", "mode=0755,noexec"])
@pytest.mark.parametrize("how", ["ln -s", "cp"])
def test_a_script_in_the_scan_directory_takes_the_place_of_what_a_signal_does(tree, boot, run, how):
    divert(tree, DIVERTED, "#!/bin/sh\necho \"$0 $PWD $# ${PATH:+path} ${A-}\" >>/tmp/seen\n", how)
    box = up(boot, tree, "sleep", "1000", options=["-t", run], env={"S6_CMD_RECEIVE_SIGNALS": "1", "A": "a"})
    wanted = []
    for name in DIVERTED:
        box.kill(getattr(signal, f"SIG{name}"))
        wanted.append(f".s6-svscan/SIG{name} /run/service 0 path ")
        box.wait_for(lambda: os.path.exists(tree.at("/tmp/seen")) and tree.read("/tmp/seen").splitlines() == wanted)
    box.wait_for(lambda: not box.zombies())
    os.unlink(box.inside("/run/service/.s6-svscan/SIGTERM"))
    box.kill(signal.SIGTERM)  # CMD's again
    assert box.wait() == 128 + signal.SIGTERM
    assert tree.read("/tmp/seen").splitlines() == wanted


def test_a_signal_whose_script_cannot_be_run_does_what_it_always_does(tree, boot):
    divert(tree, ["USR2", "TERM"], "#!/no/such/interpreter\n")
    box = up(boot, tree)
    os.chmod(tree.at("/tmp/handler"), 0o644)  # not executable: as if it were not there
    box.kill(signal.SIGHUP)
    os.chmod(tree.at("/tmp/handler"), 0o755)
    assert box.stop(signal.SIGUSR2) == 0
    assert "/run/service/.s6-svscan/SIGUSR2" in box.stderr.text()


def test_a_stop_under_way_is_not_diverted(tree, boot):
    """The script asks for the stop; the signals that follow hurry it, as after any halt."""
    tree.longrun("stubborn", "#!/bin/sh\ntrap '' TERM\ntouch /tmp/up\nwhile :; do sleep 0.05; done\n")
    divert(tree, ["TERM"], f"#!/bin/sh\necho diverted\nexec {HALT}halt\n")
    box = up(boot, tree)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    box.kill(signal.SIGTERM)
    box.wait_for_text("service stubborn: stopping")
    box.kill(signal.SIGTERM)
    box.kill(signal.SIGUSR2)  # two of the same may become one
    assert box.wait() == 0
    assert box.stdout.text().count("diverted") == 1


def test_not_as_pid_1_signals_end_it_alone(tree, boot):
    """No reboot(2) there, which would be the host's; ALRM and HUP do nothing; bystanders live."""
    tree.longrun("web", "#!/bin/sh\nhelper orphans 3\n(exec setsid sleep 1001) &\nexec sleep 1002\n")
    script = ("sleep 1003 & for s in ALRM HUP INT USR1 TERM; do /init & p=$!; until [ -e /run/s6/control ]; do sleep 0.02; done; "
              "until [ $(s6-rc -a list | grep -c legacy) = 2 ] && pidof sleep | grep -q ' .* '; do sleep 0.02; done; kill -$s $p; "
              "case $s in ALRM|HUP) s6-rc -a list >/dev/null || echo died of $s; kill -TERM $p;; esac; "
              "wait $p; echo $s $?; pidof sleep | wc -w; rm -f /run/s6/control; done")
    box = boot(tree.path, "-c", script, init="/bin/sh", env={"S6_VERBOSITY": "1"})
    assert box.wait(60) == 0, box.transcript()
    assert box.stdout.text().replace("released 3\n", "") == "".join(f"{s} 0\n1\n" for s in ("ALRM", "HUP", "INT", "USR1", "TERM")), \
        box.transcript()


def test_halt_poweroff_and_reboot(tree, boot):
    for name, code in (("halt", 3), ("poweroff", 128 + signal.SIGINT), ("halt -dfinW -r", 128 + signal.SIGHUP)):
        box = up(boot, tree)
        assert box.run(HALT + "reboot", "-w").returncode == 0
        result = box.run("/bin/sh", "-c", f"echo 3 >/run/s6-linux-init-container-results/exitcode; exec {HALT}{name}")
        assert result.returncode in (0, -signal.SIGKILL)  # it comes from outside: the end may be faster
        assert box.wait() == code, box.transcript()


def test_only_root_may_halt(tree, boot):
    os.chmod(tree.path, 0o755)
    box = up(boot, tree)
    result = box.run(HALT + "halt", user=33)
    assert (result.returncode, result.stderr) == (100, "halt: fatal: refused: only root and the owner of pid 1 may control it\n")
    assert box.run(HALT + "halt").returncode in (0, -signal.SIGKILL)  # it is from outside
    assert box.wait() == 0


def test_a_shutdown_can_wait_and_be_cancelled(tree, boot):
    tree.script("/bin/stubborn", "#!/bin/sh\ntrap '' TERM\ntouch /tmp/up\nwhile :; do sleep 0.05; done\n")
    box = up(boot, tree, "stubborn", env={"S6_KILL_GRACETIME": "60000"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    for words, code in ((["-c"], 1), ([], 100), (["soon"], 100), (["+"], 100), (["25:00"], 100), (["-t", "x", "now"], 100),
                        (["-p", "-P", "now"], 100), (["-k", "now"], 0), (["-hH", "-f", "999"], 0), (["-c"], 0),
                        (["-h", "+1", "going", "down"], 0), (["-c"], 0), (["-c"], 1), (["-r", "-t", "0", "+1000"], 0)):
        result = box.run(HALT + "shutdown", *words)
        assert result.returncode == code, (words, result.stderr)
    box.wait_for_text("in 60000 s\n")
    cancelled = "\n/init: info: the shutdown is cancelled\n"
    assert_order(box.stderr.text(), "/init: info: the container will stop in 59940 s" + cancelled,
                 "/init: info: the container will stop in 60 s: going down" + cancelled,
                 "/init: info: the container will stop in 60000 s\n")
    # a later one takes the place of the earlier; the client's grain is a minute, the socket's a second
    assert ask(box, "halt", "halt", "x") == ("malformed request\n", 100)
    begin = time.monotonic()
    assert ask(box, "halt", "halt", "1", "300") == ("", 0)
    assert box.wait() == 0
    assert box.ended - begin > 1.2
