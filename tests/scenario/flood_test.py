"""A service that floods its log: the event, its hook, and what status, why and metrics say."""

import json
import os
import re
import signal

from lib.logs import log_bytes

ROOT = "/var/log/services"
OVERLOG = "/command/overlog"
# 3 MB in 3000 lines, then a line whenever /tmp/more appears
LOUD = """#!/bin/sh
yes "$(printf %999s x)" | head -n 3000
: >/tmp/loud-is-done
until test -e /tmp/more; do sleep 0.1; done
yes "$(printf %999s y)" | head -n 3000
exec sleep 1000
"""
HOOK = """#!/bin/sh
echo "$OVERLOG_EVENT $OVERLOG_SERVICE $OVERLOG_RATE $(cat | wc -l)" >>/tmp/notes
"""


def events(tree):
    return re.findall(r"^\S+Z (flood .*)$", log_bytes(tree.at(f"{ROOT}/.events")).decode(), re.M)


def row(box, name):
    return json.loads(box.run(OVERLOG, "status", "-j", name, check=True).stdout)["services"][0]


def test_it_is_named(tree, boot):
    tree.longrun("loud one", LOUD)
    tree.longrun("calm", "#!/bin/sh\nyes 'a line of twenty bytes' | head -n 1000\nexec sleep 1000\n")
    tree.write("etc/s6-overlay/on-event.d/flood", HOOK, 0o755)
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_FLOOD": "2M"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/loud-is-done")) and events(tree), what="the event")
    found = re.fullmatch(r"flood service=loud\\040one rate=(\d+)", events(tree)[0])
    assert found and int(found[1]) >= 2 << 20
    box.wait_for(lambda: box.exists("/tmp/notes"), what="the hook")
    box.wait_for(lambda: box.read("/tmp/notes") == f"flood loud one {found[1]} 20\n")
    # counted as written, stamps are not
    box.wait_for(lambda: row(box, "loud one")["log_bytes_written"] == 3_000_000, what="all of it")
    box.wait_for(lambda: row(box, "calm")["log_bytes_written"] == 23_000)
    loud, calm = row(box, "loud one"), row(box, "calm")
    assert loud["floods"] and "floods" not in calm
    assert 2_000_000 < loud["log_bytes_a_minute"] <= 3_000_000 and 0 < calm["log_bytes_a_minute"] <= 23_000
    table = box.run(OVERLOG, "status").stdout.splitlines()
    shown = [i for i, line in enumerate(table) if line.startswith("loud one ")]
    assert re.search(r" 2\.\dM$", table[shown[0]]) and table[shown[0] + 1] == "    floods its log"
    assert sum("floods" in line for line in table) == 1
    assert re.search(r"logs +/var/log/services/loud one \(\S+, 2\.\dM a minute\)\n +floods +its log 1 time, last at ",
                     box.run(OVERLOG, "why", "loud one").stdout)
    text = box.run(OVERLOG, "metrics").stdout
    assert 'overlog_service_log_floods_total{service="loud one"} 1\n' in text
    assert 'overlog_service_log_written_bytes_total{service="calm"} 23000\n' in text
    # a logger that is killed goes on counting, and a minute has not passed
    os.kill(box.loggers("loud one")[0], signal.SIGKILL)
    tree.write("/tmp/more")
    box.wait_for(lambda: row(box, "loud one")["log_bytes_written"] == 6_000_000, what="the rest")
    assert len(events(tree)) == 1
    assert box.stop() == 0, box.transcript()
    assert log_bytes(tree.at(f"{ROOT}/.events")).decode().rstrip().endswith("end code=0")


def test_never_and_wrong(tree, boot):
    tree.longrun("loud", LOUD)
    for value in ("0", "much"):
        box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_FLOOD": value})
        box.wait_for(lambda: os.path.exists(tree.at("/tmp/loud-is-done")))
        box.wait_for(lambda box=box: row(box, "loud")["log_bytes_written"] == 3_000_000)
        assert not row(box, "loud").get("floods") and not events(tree)
        assert ("OVERLOG_FLOOD: much is no size, using the default" in box.stderr.text()) == (value == "much")
        assert box.stop() == 0
        os.unlink(tree.at("/tmp/loud-is-done"))
