"""S6_* variables of the boot: what happens when it fails, what is said, the hook."""

import os

import pytest

FAILED = "s6-rc failed to properly bring all the services up"


@pytest.mark.parametrize("value", [None, "0", "1"])
def test_a_failed_oneshot_does_not_stop_the_container(tree, boot, value):
    tree.oneshot("bad", "exit 3\n")
    tree.oneshot("dependent", "touch /tmp/dependent\n", deps=["bad"])
    tree.longrun("other")
    box = boot(tree.path, "sh", "-c", "exit 7", env={"S6_BEHAVIOUR_IF_STAGE2_FAILS": value} if value else {})
    assert box.wait() == 7, box.transcript()
    text = box.stderr.text()
    assert "s6-rc: warning: unable to start service bad: command exited 3\n" in text
    assert "service dependent: starting" not in text
    assert "service other successfully started" in text
    assert not os.path.exists(tree.at("/tmp/dependent"))
    assert (FAILED in text) == (value == "1")


def test_a_failed_oneshot_stops_the_container_with_2(tree, boot):
    tree.oneshot("bad", "exit 3\n")
    tree.longrun("other", finish="#!/bin/sh\ntouch /tmp/finished\n")
    box = boot(tree.path, "touch", "/tmp/cmd", env={"S6_BEHAVIOUR_IF_STAGE2_FAILS": "2"})
    assert box.wait() == 1, box.transcript()
    assert "fatal: stopping the container." in box.stderr.text()
    assert not os.path.exists(tree.at("/tmp/cmd"))
    assert os.path.exists(tree.at("/tmp/finished"))


def test_a_longrun_that_exits_is_no_failure(tree, boot):
    tree.longrun("web", "#!/bin/sh\nexit 1\n")
    box = boot(tree.path, "sh", "-c", "exit 7", env={"S6_BEHAVIOUR_IF_STAGE2_FAILS": "2"})
    assert box.wait() == 7, box.transcript()


def test_a_crashed_oneshot_names_its_signal(tree, boot):
    tree.oneshot("bad", "/bin/helper segv\n")
    box = boot(tree.path, "true")
    assert box.wait() == 0
    assert "s6-rc: warning: unable to start service bad: command crashed with signal 11\n" in box.stderr.text()


@pytest.mark.parametrize("level", ["0", "1", "2"])
def test_verbosity(tree, boot, level):
    tree.oneshot("bad", "exit 3\n")
    tree.longrun("good")
    box = boot(tree.path, "true", env={"S6_VERBOSITY": level})
    assert box.wait() == 0, box.transcript()
    text = box.stderr.text()
    assert ("warning: unable to start service bad" in text) == (level != "0")
    assert (": info: " in text) == (level == "2")
    if level == "0":
        assert text == ""


def test_the_hook_edits_definitions_before_they_are_read(tree, boot):
    tree.oneshot("dropped", "touch /tmp/dropped\n")
    tree.script("/bin/hook", "#!/command/with-contenv sh\npwd >/tmp/hook\necho \"$*:$DROP\" >>/tmp/hook\n"
                             "rm /etc/s6-overlay/user-bundles.d/user/contents.d/$DROP\n")
    box = boot(tree.path, "true", env={"S6_STAGE2_HOOK": "/bin/hook a  $b 'c d'", "DROP": "dropped"})
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/hook") == "/\na $b 'c d':dropped\n"
    assert not os.path.exists(tree.at("/tmp/dropped"))


@pytest.mark.parametrize("behaviour,code", [("0", 7), ("1", 7), ("2", 5)])
def test_a_hook_that_fails(tree, boot, behaviour, code):
    tree.script("/bin/hook", "#!/bin/sh\nexit 5\n")
    tree.longrun("web", "#!/bin/sh\ntouch /tmp/web\nexec sleep 1000\n")
    box = boot(tree.path, "sh", "-c", "exit 7", env={"S6_STAGE2_HOOK": "/bin/hook", "S6_BEHAVIOUR_IF_STAGE2_FAILS": behaviour})
    assert box.wait() == code, box.transcript()
    assert "warning: hook /bin/hook exited 5\n" in box.stderr.text()
    assert ("service web: starting" in box.stderr.text()) == (behaviour != "2")


@pytest.mark.parametrize("verbosity", ["0", "1"])
def test_a_hook_that_is_missing(tree, boot, verbosity):
    """Warned of from verbosity 1 on, whatever is made of it."""
    box = boot(tree.path, "sh", "-c", "exit 7", env={"S6_STAGE2_HOOK": "/bin/none", "S6_VERBOSITY": verbosity})
    assert box.wait() == 7, box.transcript()
    assert ("warning: hook /bin/none exited 127\n" in box.stderr.text()) == (verbosity == "1")


def test_grace_time_that_is_no_number_means_the_default(tree, boot):
    box = boot(tree.path, "true", env={"S6_KILL_GRACETIME": "soon"})
    assert box.wait() == 0, box.transcript()
