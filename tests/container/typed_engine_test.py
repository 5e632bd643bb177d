"""What the pages tell to type to an engine, typed. The README's has a test of its own: readme_test.py."""

import os
import re
import shlex
import subprocess

import pytest

from lib import pages
from lib.build import OVERLOG, TOP
from lib.engine import LIMITS
from lib.tree import copy_tree
from lib.wait import wait_for

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("engine")]
IMAGE = "localhost/pages"


def block(page, begin):
    """The lines of the block that begins so, without their comments."""
    return [shlex.split(line, comments=True) for line in pages.block(page, begin).text.splitlines()]


@pytest.fixture
def image(engine, tree, tmp_path):
    """examples/hello, on a busybox."""
    copy_tree(os.path.join(TOP, "examples/hello/root"), tree.path)
    engine.import_tree(tree.path, f"{IMAGE}-base")
    engine.images.append(f"{IMAGE}-base")
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}-base\nENV PATH=/usr/bin:/bin\nENTRYPOINT [\"/init\"]\n")
    engine.build(str(tmp_path), IMAGE)
    return IMAGE


def test_an_ordinary_user_and_what_is_left_of_it(engine, image, tmp_path):
    docker, run = block("docs/non-root.md", "docker run")
    assert docker[1:] == [word.replace(":U", ":uid=1000") for word in run[1:]]  # podman knows no uid=
    assert run[:2] == ["podman", "run"] and run[-1] == "IMAGE"
    [script] = re.findall('`OVERLOG_SCRIPT="(.*?)"`', pages.pages()["docs/non-root.md"])
    box = engine.run(image, env={"TICK": "0.1", "OVERLOG_SCRIPT": script}, options=run[2:-1])
    box.wait_for_log("tick 3")
    assert box.exec("id", "-u").stdout == "1000\n"
    wait_for(lambda: box.exec("overlog", "status", "ticker").stdout.splitlines()[1].split()[:2] == ["ticker", "up"], what="ticker")
    log = "/var/log/services/ticker"  # a sidecar of the group reads, and no more; others do not
    wait_for(lambda: "tick 1" in engine.podman("exec", "--user", "1001:1000", box.id, "cat", f"{log}/current").stdout, what="tick 1")
    for user, command in ("1001:1000", ["touch", f"{log}/x"]), ("1001:1001", ["cat", f"{log}/current"]):
        assert "Permission denied" in engine.podman("exec", "--user", user, box.id, *command, check=False).stderr
    assert box.stop() == 0

    box = engine.run(image, env={"TICK": "0.1"})
    box.wait_for_log("tick 3")
    assert box.stop() == 0
    copy, (variable, *logcat) = block("docs/debugging.md", "docker cp")
    assert copy[:3] == ["docker", "cp", "NAME:/var/log/services"] and logcat[0] == "logcat"
    engine.podman("cp", f"{box.id}:/var/log/services", str(tmp_path / copy[3]))
    shown = subprocess.run(logcat, executable=OVERLOG, cwd=tmp_path, env=dict([variable.split("=")]), capture_output=True, text=True, check=True)
    assert "tick 3" in shown.stdout and re.search(r"stop +.*signal", shown.stdout), shown.stdout


def test_a_look_into_an_image(engine, image):
    run, *typed = block("docs/debugging.md", "docker run")
    assert run[:5] == ["docker", "run", "--rm", "-it", "--entrypoint"] and run[-1] == "IMAGE"
    result = engine.podman("run", "--rm", "-i", *run[4:-1], "--network=none", *LIMITS, image, "-e",
                           stdin=None, input="\n".join(map(shlex.join, typed)))
    assert "4 services, 0 errors, 0 warnings" in result.stdout and re.search("^ +1  greet +oneshot", result.stdout, re.M), result.stdout
