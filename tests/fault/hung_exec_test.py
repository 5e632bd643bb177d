"""Programs on a file system that never lets them be opened: pid 1 waits for none of them."""
import os

import pytest

from lib.silent import Silent

HUNG = 40  # each holds a place of base/launch.c


@pytest.fixture
def silent(tree):
    os.makedirs(tree.at("silent"))
    try:
        silent = Silent(tree.at("silent"))
    except PermissionError:
        pytest.skip("no FUSE here")
    yield silent
    silent.close()


def test_a_program_that_cannot_be_opened(tree, boot, silent):
    """Others start beside those whose exec hangs, and again, and pid 1 answers; it ends when that is over."""
    for i in range(HUNG):
        tree.longrun(f"a{i}", "#!/silent/shell\n")
        tree.longrun(f"b{i}", "#!/bin/sh\necho up\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_KILL_GRACETIME": "500"})
    box.wait_for(lambda: silent.opens >= HUNG, what="programs that hang")
    for i in (0, HUNG - 1):
        box.wait_for(lambda: os.path.exists(tree.at(f"/var/log/services/b{i}/current")) and
                     "up" in tree.read(f"/var/log/services/b{i}/current"), what=f"b{i}")
    assert box.run("/command/s6-svc", "-wu", "-r", "/run/service/b0").returncode == 0
    assert box.run("/command/overlog", "status").returncode in (0, 1)
    silent.speak()
    assert box.stop() == 0, box.transcript()
