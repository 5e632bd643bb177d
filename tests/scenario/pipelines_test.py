"""Pipelines of more than two, and who speaks last: every line that was written is somewhere in the end."""
import os

import pytest

from lib.logs import log_bytes, log_text

LINES = 1500
LAST_WORDS = """#!/bin/sh
trap 'i=0; while [ $i -lt %d ]; do i=$((i+1)); echo %s last $i; done; echo %s over; exit 0' TERM
echo %s first
touch /tmp/%s
while :; do sleep 0.02; done
"""
MIDDLE = """#!/bin/sh
trap 'echo middle was told' TERM
while IFS= read -r line || [ -n "$line" ]; do echo "mid $line"; line=; done
echo middle over
"""
SPEAKS = """sh -c "%s i=0; while [ $i -lt %d ]; do i=$((i+1)); echo %s $i; echo %s $i >&2; done"\n"""
# Told to end twice within a moment, by its timeout and with everybody who remains. It does not speak in the trap: busybox's
# shell leaves out some of a trap's commands when the second signal comes while it begins with the first.
STAYS = """sh -c "trap told=1 TERM; touch /tmp/stays; until [ $told ]; do sleep 0.02; done; i=0; while [ $i -lt %d ]; do i=$((i+1)); echo stays $i; done"\n"""


def expected(name, text="last", count=LINES):
    return [f"{name} {text} {i}".replace("  ", " ") for i in range(1, count + 1)]


def of(lines, start):
    return [line for line in lines if line.startswith(start)]


@pytest.mark.parametrize("mode", ["1", "2"])
def test_a_funnel_with_a_middle_keeps_all_last_lines(tree, boot, mode):
    names = ("one", "two", "three")
    for name in names[:2]:
        tree.longrun(name, LAST_WORDS % (LINES, name, name, name, name), producer_for="middle\n",
                     finish=f"#!/bin/sh\necho {name} finished\n")
    tree.longrun("three", LAST_WORDS % (LINES, "three", "three", "three", "three"), producer_for="end\n")
    tree.longrun("middle", MIDDLE, consumer_for="one\ntwo\n", producer_for="end\n")
    tree.longrun("end", "#!/bin/sh\nexec s6-log -b -d 3 n20 s1000000 /tmp/own\n", consumer_for="middle\nthree\n",
                 pipeline_name="funnel\n", notification_fd="3\n")
    # Down first, down last, and one that is given up and speaks when everybody is told to end.
    tree.oneshot("early", down=SPEAKS % ("", LINES, "early", "early"), bundle="user2", deps=["one", "legacy-services"])
    # Not before the one that is given up is ready to hear that.
    ready = "until test -e /tmp/stays; do sleep 0.02; done;"
    tree.oneshot("ground", down=SPEAKS % (ready, LINES, "ground", "ground"))
    tree.write("etc/s6-overlay/s6-rc.d/end/dependencies.d/ground")
    tree.oneshot("stays", down=STAYS % LINES, timeout_down="3000\n")  # by then it has its trap
    tree.script("/etc/cont-finish.d/1", f"#!/bin/sh\ni=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo finish $i; done\n")
    box = boot(tree.path, env={"S6_LOGGING": mode, "S6_KILL_GRACETIME": "20000", "OVERLOG_DRAIN": "60000"})
    box.wait_for(lambda: all(os.path.exists(tree.at(f"/tmp/{name}")) for name in names))
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/own/current")) and len(tree.read("/tmp/own/current").splitlines()) == 3)
    # Whatever dies in the middle of it, the pipes stay: what is written meanwhile waits in them.
    box.run("/command/s6-svc", "-wR", "-k", "/run/service/middle")
    box.run("/command/s6-svc", "-wR", "-k", "/run/service/end")
    assert set(box.run("/command/s6-rc-db", "contents", "funnel").stdout.split()) == {*names, "middle", "end"}
    if mode == "2":
        init = tree.at("/var/log/services/.init")
        box.wait_for(lambda: "s6-rc: info: service early successfully started" in log_text(init))
    else:
        box.wait_for_text("s6-rc: info: service early successfully started")
    assert box.stop() == 0
    lines = log_bytes(tree.at("/tmp/own")).decode().splitlines()  # killed once, so there is an archive
    for name in names:
        head = "" if name == "three" else "mid "
        own = of(lines, f"{head}{name} ")
        wanted = [f"{name} first", *expected(name), f"{name} over"] + ([f"{name} finished"] if head else [])
        assert own == [head + line for line in wanted], own[-3:]
    assert lines.count("middle over") == 1 and "middle was told" not in lines
    said = log_text(tree.at("/var/log/services/.init"))
    for stream in ("stdout", "stderr"):
        for name in ("early", "ground"):
            assert of(log_text(tree.at("/var/log/services/.init"), stream), name) == expected(name, ""), name
    for name in ("stays", "finish"):
        assert of(said, name + " ") == expected(name, ""), (name, said[-9:], box.transcript()[-2000:])
    if mode == "1":
        for name in ("early", "ground", "stays", "finish"):
            assert of(box.stdout.text().splitlines(), name + " ") == expected(name, ""), name


def test_a_consumer_that_hangs_is_ended(tree, boot):
    """End of file first; the down-signal when that does not help; never longer than the stop may take."""
    tree.longrun("source", LAST_WORDS % (10, "source", "source", "source", "source"), producer_for="deaf\n")
    tree.longrun("deaf", "#!/bin/sh\ntrap 'touch /tmp/told; exit 0' USR1\ntouch /tmp/deaf\nwhile :; do sleep 0.02; done\n",
                 consumer_for="source\n", down_signal="USR1\n")
    box = boot(tree.path, env={"S6_LOGGING": "0", "OVERLOG_DRAIN": "200"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/source")) and os.path.exists(tree.at("/tmp/deaf")))
    assert box.stop() == 0
    assert os.path.exists(tree.at("/tmp/told"))
