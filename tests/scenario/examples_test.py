"""The trees in examples/ boot as their pages say. (php-nginx needs Debian: tests/container.)"""

import os
import re
import subprocess

import pytest

from lib.build import TOP, clean_environment
from lib.logs import log_lines, log_text
from lib.text import assert_order
from lib.tree import copy_tree


def test_hello(tree, boot):
    copy_tree(os.path.join(TOP, "examples/hello/root"), tree.path)
    box = boot(tree.path, env={"GREETING_PLACE": "a test", "TICK": "0.01", "OVERLOG_SCRIPT": "n4 s4096 S1000000 C",
                               "S6_LOGGING": "1"})
    box.wait_for_text("it is over: code 256, signal 11", stream="stdout", count=2)
    for name in ("ticker", "flaky"):  # which pid 1 says by another logger than that of flaky
        box.wait_for_text(f"service {name}: starting")
    assert_order(box.stderr.text(), "service greet successfully started", "service ticker: starting")
    assert_order(box.stderr.text(), "service slowstart successfully started", "service flaky: starting")
    ticker = tree.at("/var/log/services/ticker")
    box.wait_for(lambda: len([n for n in os.listdir(ticker) if n.endswith(".s.gz")]) >= 2)
    # on the console a line is there before it is on the disk
    box.wait_for(lambda: len(box.run("/command/logcat", "flaky").stdout.splitlines()) >= 5)
    logged = box.run("/command/logcat", "-n", "5", "flaky")
    assert len(logged.stdout.splitlines()) == 5
    assert box.stop() == 0

    assert "hello from" in box.stdout.text() and "goodbye\n" in box.stdout.text()
    assert "tick 1: all is well in a test\n" in box.stdout.text()
    assert "tick 10: a round number\n" in box.stderr.text()
    streams = {(stream, text) for _, stream, _, text in log_lines(ticker)}
    ticks = [int(text.split()[1].strip(":")) for stream, text in streams if stream == "stdout"]
    assert sorted(ticks) == list(range(min(ticks), max(ticks) + 1))
    assert f"tick {max(ticks)}: all is well in a test\n" in box.stdout.text()
    flaky = log_text(tree.at("/var/log/services/flaky"))
    assert flaky[:5] == ["step 1 of 3", "step 2 of 3", "step 3 of 3", "about to fai", "it is over: code 256, signal 11"]
    assert log_text(tree.at("/var/log/services/slowstart")) == ["warming up", "ready to serve"]


@pytest.mark.long
def test_the_demo_shows_it_and_ends_by_itself():
    shown = subprocess.run(["make", "-s", "demo"], cwd=TOP, env=clean_environment(), stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=300)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert shown.stderr == ""
    assert_order(shown.stdout, "== Build", "== Boot", "service greet: starting", "== Each service",
                 "== A moment later", "== logcat -n 20", "== logcat -n 6 flaky", "zcat @", "== Stop",
                 "service greet successfully stopped", "pid 1 ended with 0 after")
    zcat = shown.stdout.split("zcat @")[1].split("== Stop")[0]
    assert re.search(r" F tick \d+: (all is well in the demo|a round number)\n", zcat), zcat
    assert "   hello from " in shown.stdout  # on the other stream, so before or after it begins
    assert " flaky about to fai\n" in shown.stdout
    assert " flaky it is over: code 256, signal 11\n" in shown.stdout
