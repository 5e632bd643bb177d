"""What a producer wrote and no consumer ever read is said when the pipe goes."""

import os

import pytest

from lib.control import svstat
from lib.logs import log_text

SAYS = "#!/bin/sh\necho 0123456789\necho >>/tmp/wrote\nexec sleep 1000\n"
NOX = ("#!/bin/sh\nexec cat >/dev/null\n", 0o644)
READS = ("#!/bin/sh\nexec cat >>/tmp/read\n", 0o755)
# The log/run of a services.d entry, further files there, and what is said of it.
LEGACY = {
    "cannot be executed": (NOX, {}, "could not be executed"),
    "down": (READS, {"down": ""}, "never ran"),
    "fails for good": (("#!/bin/sh\nexit 1\n", 0o755), {"finish": "#!/bin/sh\nexit 125\n"}, "failed for good"),
    "does not read": (("#!/bin/sh\nuntil test -e /tmp/over; do sleep 0.02; done\n", 0o755), {}, "ended before it had read them"),
}


def boot_and_write(tree, boot, logging, drain):
    box = boot(tree.path, env={"S6_LOGGING": logging, "OVERLOG_DRAIN": drain, "S6_KILL_GRACETIME": "500"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/wrote")), what="line in the pipe")
    return box


def said(tree, box, logging):
    """Lines of pid 1."""
    return box.stderr.text().splitlines() if logging == "0" else log_text(tree.at("/var/log/services/.init"))


def lines(tree, box, logging):
    return [line for line in said(tree, box, logging) if " are lost: " in line]


@pytest.mark.parametrize("logging", ["0", "2"])
@pytest.mark.parametrize("kind", LEGACY)
def test_a_log_of_services_d(tree, boot, kind, logging):
    (run, mode), files, why = LEGACY[kind]
    tree.script("/etc/services.d/web/run", SAYS)
    tree.script("/etc/services.d/web/finish", "#!/bin/sh\n: >/tmp/over\n")
    tree.write("/etc/services.d/web/log/run", run, mode)
    for name, text in files.items():
        tree.script(f"/etc/services.d/web/log/{name}", text)
    box = boot_and_write(tree, boot, logging, "60000")  # all end by themselves
    # Pid 1 is to know of its log what is said at the end.
    if kind == "cannot be executed":
        box.wait_for(lambda: any("unable to spawn ./run" in line for line in said(tree, box, logging)), what="failure of the log")
    if kind == "does not read":
        box.wait_for(lambda: svstat(box, "up", "web/log") == "true", what="log")
    if kind == "fails for good":
        box.wait_for(lambda: svstat(box, "up,wantedup,exitcode", "web/log") == "false false 1", what="end of the log")
    assert box.stop() == 0
    assert [line.split("warning: ")[1] for line in lines(tree, box, logging)] == \
        [f"11 bytes that web wrote are lost: service web/log {why}"], box.transcript()


def test_a_pipeline(tree, boot):
    """Once, at the stop; nothing when all was read."""
    tree.longrun("one", SAYS, producer_for="reader\n")
    tree.longrun("reader", READS[0], consumer_for="one\n", pipeline_name="good\n")
    tree.longrun("two", SAYS.replace("echo 0", "sleep 0.1; echo 0"), producer_for="deaf\n")
    tree.longrun("three", "#!/bin/sh\nexec sleep 1000\n", producer_for="deaf\n")
    tree.longrun("deaf", "#!/bin/sh\nexec sleep 1000\n", consumer_for="two\nthree\n", pipeline_name="bad\n")
    box = boot_and_write(tree, boot, "0", "200")
    box.wait_for(lambda: os.path.getsize(tree.at("/tmp/wrote")) == 2, what="both lines")
    box.wait_for(lambda: os.path.getsize(tree.at("/tmp/read")) == 11, what="the one that is read")  # what hangs makes the time short
    assert box.stop() == 0
    assert [line.split("warning: ")[1] for line in lines(tree, box, "0")] == \
        ["11 bytes that two and others wrote are lost: service deaf ended before it had read them"]
    assert tree.read("/tmp/read") == "0123456789\n"


def test_a_service_that_is_removed(tree, boot):
    tree.script("/srv/web/run", SAYS)
    tree.write("/srv/web/log/run", *NOX)
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_for_text("legacy-services successfully started")
    box.run("/command/s6-svlink", "-d", "/run/service", "/srv/web", check=True)
    box.run("/command/s6-svc", "-u", "/run/service/web", check=True)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/wrote")), what="line in the pipe")
    box.wait_for_text("unable to spawn ./run")
    box.run("/command/s6-svunlink", "/run/service", "web", check=True)
    box.wait_for_text("11 bytes that web wrote are lost: service web/log could not be executed")
    assert box.stop() == 0
    assert box.stderr.text().count("are lost") == 1
