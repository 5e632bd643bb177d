"""What a boot or a stop waits for: told to end where it can be, and named where it takes long. Who is named when, on
simulated time: tests/unit/supervisor/waits_test.c."""
import os
import re
import signal
import time

import pytest

from lib.text import assert_order

pytestmark = pytest.mark.long

WAITS = "until [ -e /tmp/go ]; do sleep 1000; done"
TOLD = "s6-rc: warning: service {} is still starting: told to end\n"


def begun(tree, name):
    return os.path.exists(tree.at(f"/tmp/{name}"))


@pytest.mark.parametrize("name", ["migrate", "legacy-cont-init"])
def test_a_stop_tells_what_still_starts(tree, boot, name):
    """And its whole group: the shell waits for another program, which would outlive it."""
    script = f"touch /tmp/begun; {WAITS}"
    tree.oneshot("after", "touch /tmp/after\n", deps=["migrate"] if name == "migrate" else ["legacy-cont-init"])
    tree.oneshot("migrate", f'sh -c "{script}"\n' if name == "migrate" else "true\n", down="touch /tmp/down\n")
    if name != "migrate":
        tree.script("/etc/cont-init.d/wait", f"#!/bin/sh\n{script}\n")
    box = boot(tree.path, env={"S6_KILL_GRACETIME": "600000", "OVERLOG_STOP_MAXTIME": "0"})
    box.wait_for(lambda: begun(tree, "begun"))
    assert box.stop() == 0, box.transcript()  # it was told: no limit ends it
    assert TOLD.format(name) in box.stderr.text()
    assert not begun(tree, "after") and not (name == "migrate" and begun(tree, "down"))


def test_one_that_minds_and_one_that_does_not(tree, boot):
    """TERM comes once. What goes on regardless is waited for; when it is up after all, its down runs."""
    tree.oneshot("minds", "sh -c \"trap 'echo told >>/tmp/minds; exit 1' TERM; touch /tmp/one; while :; do sleep 0.02; done\"\n")
    tree.oneshot("stays", "sh -c \"trap 'touch /tmp/deaf' TERM; touch /tmp/two; until [ -e /tmp/go ]; do sleep 0.02; done; exit 0\"\n",
                 down="touch /tmp/down\n")
    box = boot(tree.path)
    box.wait_for(lambda: begun(tree, "one") and begun(tree, "two"))
    box.kill(signal.SIGTERM)
    box.wait_for(lambda: begun(tree, "deaf"))
    tree.write("/tmp/go")
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/minds") == "told\n" and begun(tree, "down")


def test_legacy_services_that_are_waited_for(tree, boot):
    """They are there by then: the stop ends them before what they need."""
    trap = "#!/bin/sh\ntrap 'echo %s >>/tmp/trace; exit 0' TERM\ntouch /tmp/%s\nwhile :; do sleep 0.02; done\n"
    tree.script("/etc/services.d/old/run", trap % ("old", "old"))
    tree.write("/etc/services.d/old/notification-fd", "3\n")
    tree.longrun("web", trap % ("web", "web"))
    box = boot(tree.path, env={"S6_CMD_WAIT_FOR_SERVICES": "1", "S6_SERVICES_GRACETIME": "60000"})
    box.wait_for(lambda: begun(tree, "old") and begun(tree, "web"))
    assert box.stop() == 0, box.transcript()
    assert tree.read("/tmp/trace") == "old\nweb\n"
    assert TOLD.format("legacy-services") in box.stderr.text()


def test_services_d_without_a_limit(tree, boot):
    """S6_SERVICES_GRACETIME=0: what they need is there until they have ended."""
    tree.script("/etc/services.d/old/run", "#!/bin/sh\ntrap 'until [ -e /tmp/go ]; do sleep 0.02; done; exit 0' TERM\ntouch /tmp/old\n"
                                           "while :; do sleep 0.02; done\n")
    tree.script("/etc/cont-finish.d/x", "#!/bin/sh\ntouch /tmp/finish\n")
    box = boot(tree.path, env={"S6_SERVICES_GRACETIME": "0", "S6_KILL_GRACETIME": "1"})
    box.wait_for(lambda: begun(tree, "old"))
    box.wait_booted()
    box.kill(signal.SIGTERM)
    box.wait_for_text("warning: old is still stopping after 3 s (there is no time limit)\n")
    assert not begun(tree, "finish")
    tree.write("/tmp/go")
    assert box.wait() == 0 and begun(tree, "finish"), box.transcript()


def test_services_d_that_do_not_end(tree, boot):
    """Named one by one, and waited for once: then they are among what is left, as long as that may be."""
    deaf = "#!/bin/sh\ntrap '' TERM HUP\necho up >/tmp/web\nwhile :; do sleep 0.05; done\n"
    tree.script("/etc/services.d/web/run", deaf)
    tree.script("/etc/services.d/web/log/run", "#!/bin/sh\nexec cat\n")
    tree.script("/etc/services.d/meek/run", "#!/bin/sh\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_SERVICES_GRACETIME": "7000", "S6_KILL_GRACETIME": "5500"})
    box.wait_for(lambda: begun(tree, "web"))
    began = time.monotonic()
    assert box.stop() == 0, box.transcript()
    assert time.monotonic() - began > 12.4
    text = box.stderr.text()
    assert re.search(r"warning: web is still stopping after [3-5] s \(we go on without it in [1-4] s\)\n", text), text
    assert not re.search("(legacy-services|meek|web/log) (is still stopping|has not ended)", text)
    assert ("web has not ended within S6_SERVICES_GRACETIME (7000 ms): the stop goes on without it\n") in text
    assert_order(text, "web is still stopping", "still there after", "what is left is killed in ")


NO_KILL = ["-x", "/usr/bin/setpriv --bounding-set=-kill --inh-caps=-kill"]


def test_a_service_that_may_not_be_signalled(tree, boot):
    """Without CAP_KILL root cannot end what runs as another user. That is said, and the end of pid 1 ends it."""
    tree.longrun("web", "#!/bin/sh\necho up\ntouch /tmp/up\nexec s6-setuidgid www-data sleep 1000\n")
    tree.oneshot("job", "true\n", down="touch /tmp/down\n")
    box = boot(tree.path, options=NO_KILL, env={"S6_KILL_GRACETIME": "1000", "S6_LOGGING": "2", "OVERLOG_DRAIN": "1000"})
    box.wait_for(lambda: begun(tree, "up") and
                 any(words == ["sleep", "1000"] for words in box.processes().values()))
    box.run("/command/s6-svc", "-h", "/run/service/web")
    said = re.compile(r"unable to signal service web \(process \d+\): it runs as another user, and we lack the capability CAP_KILL")
    log = tree.at("/var/log/services/.init/current")
    box.wait_for(lambda: os.path.exists(log) and said.search(open(log).read()))
    assert box.stop() == 0, box.transcript()
    assert len(said.findall(open(log).read() + box.stderr.text())) == 1
    assert begun(tree, "down")
