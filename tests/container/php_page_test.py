"""docs/php.md, from nothing: its files, its commands, and its services as directories."""

import os
import re
import shlex
import subprocess

import pytest

from lib import pages
from lib.build import OVERLOG, TOP
from lib.engine import BASE
from lib.tree import copy_tree
from lib.wait import wait_for

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("engine")]
PAGE = "docs/php.md"
BLOCKS = pages.blocks(PAGE)
AS_DIRECTORIES = """FROM localhost/shop
RUN overlog show --dirs -o /tmp/dirs && rm /etc/s6-overlay/services.conf && cp -r /tmp/dirs/. /etc/s6-overlay/ && overlog check
"""


def test_it_is_short():
    files = {block.file: block.text for block in BLOCKS}
    assert len([x for x in files["root/etc/s6-overlay/services.conf"].splitlines() if x]) < 30
    assert len(files["Dockerfile"].splitlines()) == 6


def options(name):
    """Of the `docker run` that makes the container of that name: the variables."""
    [typed] = [block.text for block in BLOCKS if block.language == "sh"]
    [line] = [line for line in typed.splitlines() if f" --name {name} " in line]
    words = shlex.split(line)
    assert words[:3] == ["docker", "run", "-d"] and words[-1] == "shop"
    return dict(words[i + 1].split("=", 1) for i, word in enumerate(words) if word == "-e")


def build(engine, folder, name, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    engine.build(str(folder), name)


def lives(engine, image):
    """What is seen of both containers of the page."""
    seen = []
    for name in ("shop", "jobs"):
        box = engine.run(image, env=options(name))
        box.wait_for_log("service legacy-services successfully started")
        assert "fatal" not in box.logs()[1]
        status = box.exec("overlog", "status").stdout
        seen.append(sorted(re.findall(r"^(\S+) +(up|down) ", status, re.M)))
        if name == "shop":
            assert "Hello" in box.page("")
            wait_for(lambda: "HTTP" in box.exec("logcat", "nginx").stdout, what="the access line")
            wait_for(lambda: "fpm is running" in box.exec("logcat", "php-fpm").stdout, what="the line of php-fpm")
        assert box.stop() == 0
        seen.append([re.sub("-[0-9]", "-N", line) for line in box.logs()[1].splitlines() if "migrate" in line or "enable-if" in line])
    return seen


def test_from_nothing_and_as_directories(engine, tmp_path):
    files = {block.file: block.text for block in BLOCKS if block.file}
    # what is not to be had here: a registry and, in the engine, a network
    files["Dockerfile"] = re.sub(r"apt-get .*? && sed", "sed", files["Dockerfile"]).replace("debian:bookworm-slim", BASE)
    engine.debian()
    for folder in ("shop", "dirs"):
        (tmp_path / folder).mkdir()
    copy_tree(os.path.join(TOP, "examples/php-nginx/root/var"), str(tmp_path / "shop/root/var"))
    subprocess.run([os.path.join(TOP, "release/pack"), OVERLOG, str(tmp_path / "shop/overlog-amd64.tar.gz")], check=True)
    build(engine, tmp_path / "shop", "localhost/shop", files)
    build(engine, tmp_path / "dirs", "localhost/dirs", {"Dockerfile": AS_DIRECTORIES})
    one_file = lives(engine, "localhost/shop")
    assert one_file[0] == [("migrate", "up"), ("nginx", "up"), ("php-fpm", "up"), ("scheduler", "down"),
                           ("worker-1", "up"), ("worker-2", "up")]
    assert one_file[2] == [("migrate", "down"), ("nginx", "down"), ("php-fpm", "up"), ("scheduler", "up"), ("worker-1", "down")]
    assert lives(engine, "localhost/dirs") == one_file
