"""Exit codes, and how long a stop takes."""

import contextlib
import os
import signal
import time

import pytest

RTMIN_3 = 37  # as engines count, and systemd; to Python it is signal.SIGRTMIN + 3 with one C library only
RESULT = "/run/s6-linux-init-container-results/exitcode"
STUBBORN = '#!/bin/sh\ntrap "" TERM\ntouch /tmp/up\nwhile :; do sleep 0.05; done\n'


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_code_of_cmd(tree, boot, code):
    assert boot(tree.path, "sh", "-c", f"exit {code}").wait() == code


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGTERM])
def test_cmd_killed_by_a_signal(tree, boot, number):
    assert boot(tree.path, "sh", "-c", f"ulimit -c 0; kill -{int(number)} $$").wait() == 128 + number


def test_an_exit_code_file_with_text(tree, boot):
    box = boot(tree.path)
    box.wait_for_text("legacy-services successfully started")
    box.run("/bin/sh", "-c", f"echo 'ex\033it 3' >{RESULT}", check=True)
    assert box.stop() == 100
    assert f"warning: {RESULT} holds \"ex?it 3\", which is no number: the container ends with 100\n" in box.stderr.text()


def test_a_variable_whose_name_no_file_can_have(tree, boot):
    box = boot(tree.path, "/command/with-contenv", "sh", "-c", "echo $AFTER", env={"N" * 300: "x", "AFTER": "y"})
    assert box.wait() == 0, box.transcript()
    assert box.stdout.text() == "y\n"
    assert f"warning: the variable {'N' * 32}... is left out of /run/s6/container_environment: its name is longer than a " \
        "file name can be\n" in box.stderr.text()


def test_an_environment_that_is_too_large(tree, boot):
    box = boot(tree.path, "/command/execlineb", "-c", "backtick HUGE { printf %0140000d 1 } true")
    assert box.wait() == 126, box.transcript()
    assert "fatal: unable to exec true: Argument list too long: the largest variable is HUGE, with 140005 bytes\n" in box.stderr.text()


def test_cmd_that_does_not_exist(tree, boot):
    box = boot(tree.path, "nonesuch")
    assert box.wait() == 127
    assert "nonesuch" in box.stderr.text()


def test_cmd_that_cannot_be_executed(tree, boot):
    tree.write("/bin/plain", "no program\n", 0o644)
    box = boot(tree.path, "/bin/plain")
    assert box.wait() == 126
    assert "/bin/plain" in box.stderr.text()


def test_stopped_from_outside_with_cmd_running(tree, boot):
    box = boot(tree.path, "sh", "-c", "touch /tmp/up; exec sleep 1000")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    assert box.stop() == 0


@pytest.mark.parametrize("text,code", [("5\n", 5), ("5  \n", 5), ("", 0), ("\n", 0), ("300\n", 44), ("what\n", 100)])
def test_the_exit_code_file(tree, boot, text, code):
    tree.write("/code", text)
    tree.oneshot("set", f"redirfd -w 1 {RESULT} cat /code\n")
    box = boot(tree.path)
    box.wait_for_text("service set successfully started")
    assert box.stop() == code


def test_the_code_of_cmd_beats_the_file(tree, boot):
    box = boot(tree.path, "sh", "-c", f"echo 5 >{RESULT}; exit 6")
    assert box.wait() == 6


def test_a_stop_takes_no_longer_than_it_must(tree, boot):
    tree.longrun("web")
    box = boot(tree.path, "sleep", "1000", env={"S6_KILL_GRACETIME": "600000"})
    box.wait_for_text("service legacy-services successfully started")
    box.wait_for(lambda: "sleep 1000" in [" ".join(words) for words in box.processes().values()])
    assert box.stop() == 0


def test_the_grace_time_is_a_ceiling(tree, boot):
    tree.script("/bin/stubborn", STUBBORN)
    box = boot(tree.path, "stubborn", env={"S6_KILL_GRACETIME": "700"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    before = time.monotonic()
    assert box.stop() == 0
    assert box.ended - before > 0.65


def test_halt_may_be_called_many_times(tree, boot):
    tree.longrun("web", finish="#!/bin/sh\nfor i in 1 2 3; do /run/s6/basedir/bin/halt || echo failed >>/tmp/failed; done\n")
    box = boot(tree.path, "sh", "-c", "for i in 1 2 3; do /run/s6/basedir/bin/halt; done; exec sleep 1000")
    assert box.wait() == 0, box.transcript()
    assert not os.path.exists(tree.at("/tmp/failed"))


@pytest.mark.parametrize("number", [signal.SIGUSR2, signal.SIGQUIT, signal.SIGWINCH, RTMIN_3])
def test_other_signals_that_stop(tree, boot, number):
    box = boot(tree.path)
    box.wait_for_text("service legacy-services successfully started")
    assert box.stop(number) == 0


@pytest.mark.parametrize("number", [signal.SIGPIPE, signal.SIGALRM, signal.SIGHUP])
def test_signals_that_do_not_stop(tree, boot, number):
    tree.longrun("web")
    box = boot(tree.path)
    box.wait_for_text("service web successfully started")
    box.kill(number)
    assert box.run("/command/printcontenv", "PATH").stdout.strip() == "/command:/usr/bin:/bin"
    assert box.alive()
    assert box.stop() == 0


def test_a_signal_during_boot_is_not_lost(tree, boot):
    tree.oneshot("slow", 'sh -c "touch /tmp/up; until test -e /tmp/go; do sleep 0.02; done"\n')
    tree.oneshot("after", "touch /tmp/after\n", deps=["slow"])
    box = boot(tree.path, "touch", "/tmp/cmd")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    box.kill(signal.SIGTERM)
    tree.write("/tmp/go", "")
    assert box.wait() == 0
    assert not os.path.exists(tree.at("/tmp/cmd"))


def test_a_signal_while_run_is_cleaned_is_not_lost(tree, boot):
    names = [tree.at(f"/run/s6/left/{i}") for i in range(40000)]
    tree.write("/run/s6/left/0")
    for name in names[1:]:
        os.link(names[0], name)
    box = boot(tree.path, options=["-t", "none"])
    box.wait_for(lambda: not all(os.path.exists(name) for name in names[::1000]))
    box.kill(signal.SIGTERM)
    assert box.wait() == 0, box.transcript()


def test_a_second_signal_skips_the_waits(tree, boot):
    tree.longrun("stubborn", STUBBORN)
    box = boot(tree.path, env={"S6_KILL_GRACETIME": "600000"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    box.kill(signal.SIGTERM)
    box.wait_for_text("service stubborn: stopping")
    pid = box.pid()

    def insist():
        if box.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        return not box.alive()

    box.wait_for(insist, what="end")
    assert box.wait() == 0


def test_the_whole_stop_can_be_bounded(tree, boot):
    tree.longrun("stubborn", STUBBORN)
    # pid 1 says it itself: a logger would get 200 ms for it
    box = boot(tree.path, env={"OVERLOG_STOP_MAXTIME": "800", "S6_KILL_GRACETIME": "600000", "S6_LOGGING": "0"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    before = time.monotonic()
    assert box.stop() == 0
    assert box.ended - before > 0.59  # the last quarter is the loggers'
    assert "OVERLOG_STOP_MAXTIME" in box.stderr.text()


@pytest.mark.parametrize("when,run,code", [("always", "exit 0", 0), ("always", "exit 3", 3),
                                           ("failure", "exit 4", 4), ("failure", "kill -9 $$", 137)])
def test_a_service_whose_end_is_the_containers(tree, boot, when, run, code):
    tree.longrun("main", f"#!/bin/sh\n{run}\n", container_exit=when + "\n")
    assert boot(tree.path).wait() == code


def test_success_is_no_failure(tree, boot):
    tree.longrun("main", "#!/bin/sh\necho run >>/tmp/runs\n", container_exit="failure\n")
    box = boot(tree.path)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/runs")) and tree.read("/tmp/runs").count("run") >= 2)
    assert box.stop() == 0


def test_a_second_init_leaves_the_first_alone(tree, boot):
    """As CMD (CMD ["/init"] beside the ENTRYPOINT), or by the engine's exec."""
    tree.longrun("web")
    box = boot(tree.path, "sh", "-c", "/init echo inner; echo $?; s6-svstat -u /run/service/web; printcontenv ONE; s6-rc -a list | grep web",
               env={"ONE": "1"})
    assert box.wait() == 0, box.transcript()
    assert box.stdout.text() == "100\ntrue\n1\n\nweb\n"
    assert "/init: fatal: the services in /run are supervised already, by another /init" in box.stderr.text()


def test_it_need_not_be_pid_1(tree, boot):
    tree.longrun("web", finish="#!/bin/sh\ntouch /tmp/finished\n")
    box = boot(tree.path, "-c", "sleep 1000 & /init sh -c 'helper orphans 50; exit 7'; echo code $?", init="/bin/sh")
    assert box.wait() == 0, box.transcript()
    assert "code 7\n" in box.stdout.text()
    assert os.path.exists(tree.at("/tmp/finished"))
