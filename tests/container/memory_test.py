"""A memory limit that is real: whom the kernel kills, and who says so."""

import json
import re

import pytest

from lib.wait import DEADLINE, wait_for

pytestmark = pytest.mark.xdist_group("bare-engine")

EATS = "dd if=/dev/zero of=/dev/null bs=400M count=1"


def test_the_kernel_kills(engine, tree):
    tree.longrun("hog", f"#!/bin/sh\ntest -e /tmp/once && exec sleep 1000\n: >/tmp/once\necho eating\nexec {EATS}\n")
    # The one that dies is below the service, which goes on.
    tree.longrun("keeper", f"#!/bin/sh\nuntil test -e /tmp/go; do sleep 0.1; done\n{EATS}\nexec sleep 1000\n")
    tree.longrun("other")
    box = engine.run(tree.path, rootfs=True, options=("--memory", "64m", "--memory-swap", "64m"))
    box.wait_for_log("the kernel killed service hog: out of memory (limit 64")
    box.exec("touch", "/tmp/go")
    box.wait_for_log("Killed\n")
    box.exec("/command/overlog", "kill", "other")  # groups of version 1 tell nobody: pid 1 looks when a child ends
    box.wait_for_log("the kernel killed a process: out of memory (limit 64")

    def ends():
        found = json.loads(box.exec("/command/overlog", "why", "--json", "hog").stdout)["ends"]
        return found if found and found[0]["lines"] else None
    (end,) = wait_for(ends, DEADLINE, "the end of hog")
    assert (end["signal"], end["out_of_memory"]) == (9, True) and end["lines"] == ["eating"]
    text = box.exec("/command/overlog", "why", "hog").stdout
    assert re.search(r"SIGKILL \(out of memory, limit 64(\.0)?M\) after ", text)
    assert "last end: SIGKILL (out of memory, limit 64" in box.exec("/command/overlog", "status").stdout
    rows = json.loads(box.exec("/command/overlog", "status", "--json").stdout)["services"]
    keeper = next(row for row in rows if row["name"] == "keeper")
    assert keeper["restarts"] == 0 and keeper["state"] == "up"
    events = wait_for(lambda: " oom kills=" in (text := tree.read("/var/log/services/.events/current")) and text, DEADLINE, "event")
    assert re.search(r" exit service=hog pid=\d+ signal=9 oom=1\n", events)
    assert events.count(" oom kills=1 limit=67108864\n") == 1
