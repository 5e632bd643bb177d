"""The README's way from nothing to an nginx with followed logs, typed as it stands there."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from lib import pages
from lib.build import OVERLOG, TOP
from lib.engine import BASE
from lib.wait import DEADLINE, wait_for

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("engine")]


def walk():
    """The README's commands: those before the engine's, and the engine's."""
    block = pages.block("README.md", "cat ")
    assert block.language == "sh"
    before, _, after = block.text.partition("\ndocker ")
    return before, [shlex.split(line, comments=True) for line in ("docker " + after).splitlines()]


def test_from_nothing_to_followed_logs(engine, tmp_path):
    before, (build, run, curl, follow) = walk()
    tarball = re.search(r"overlog-\S+\.tar\.gz", before).group()
    subprocess.run([os.path.join(TOP, "release/pack"), OVERLOG, str(tmp_path / tarball)], check=True)
    subprocess.run(["sh", "-e"], input=before, text=True, cwd=tmp_path, check=True)

    # what is not to be had here: a registry and, in the engine, a network
    dockerfile = tmp_path / "Dockerfile"
    text = dockerfile.read_text()
    assert "FROM debian:bookworm-slim\n" in text and "nginx-light" in text
    text = text.replace("FROM debian:bookworm-slim", f"FROM {BASE}")
    dockerfile.write_text(re.sub(r"apt-get .*? && ", "", text))
    engine.debian()
    assert build == ["docker", "build", "-t", "web", "."]
    engine.build(str(tmp_path), "localhost/web")
    assert run[:5] == ["docker", "run", "-d", "--name", "web"] and run[-1] == "web"
    box = engine.run("localhost/web")

    page = "/" + curl[-1].split("/", 3)[3]
    assert "nginx" in box.page(page[1:])
    assert follow[:3] == ["docker", "exec", "web"]
    with open(tmp_path / "shown", "w+") as shown:
        logcat = subprocess.Popen(engine.command("exec", box.id, *follow[3:]), stdout=shown, stdin=subprocess.DEVNULL)

        def seen(path):
            return f'"GET {path} HTTP/1.1"' in (tmp_path / "shown").read_text()
        try:
            wait_for(lambda: seen(page), what="the line of the first page")
            box.exec("curl", "-s", "http://127.0.0.1/later")
            wait_for(lambda: seen("/later"), what="the line of another, followed")
            assert box.stop() == 0
            assert logcat.wait(DEADLINE) is not None
        finally:
            logcat.kill()
            logcat.wait()


def essential_tools(folder):
    """Links for what the smallest Debian has, and no more; apt-get and dpkg-query are ours."""
    packages = subprocess.run(["dpkg-query", "-Wf", "${Essential} ${Package}\n"], capture_output=True, text=True, check=True).stdout
    names = [line.split()[1] for line in packages.splitlines() if line.startswith("yes ")]
    for path in subprocess.run(["dpkg-query", "-L", *names], capture_output=True, text=True, check=True).stdout.split():
        if re.fullmatch(r"(/usr)?/s?bin/[^/]+", path) and not os.path.lexists(os.path.join(folder, os.path.basename(path))):
            os.symlink(path, os.path.join(folder, os.path.basename(path)))
    for name, script in (("dpkg-query", "exit 1"), ("apt-get", f'echo "$@" >>{folder}/asked; [ "$1" = update ]')):
        path = os.path.join(folder, name)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)


def test_the_first_two_commands_install_what_they_need(tmp_path):
    _, _, text = pages.pages()["README.md"].partition("\nOn a fresh Debian 12")
    block = pages.blocks("README.md", text)[0]
    assert block.language == "sh"
    commands = [shlex.split(line, comments=True) for line in block.text.splitlines()]
    assert commands == [["sh", "tests/demo"], ["sh", "tests/check"]]
    for command in commands:
        tools = tmp_path / command[1].replace("/", "-")
        tools.mkdir()
        essential_tools(str(tools))
        assert not (tools / "make").exists() and not (tools / "gcc").exists()
        copy = tmp_path / "copy"
        (copy / "tests").mkdir(parents=True, exist_ok=True)
        for script in ("demo", "check", "setup"):
            (copy / "tests" / script).write_text(Path(TOP, "tests", script).read_text())  # without x bits
        result = subprocess.run(command, cwd=copy, env={"PATH": str(tools)}, capture_output=True, text=True)
        assert result.returncode not in (0, 126, 127), result.stdout + result.stderr
        assert "not found" not in result.stderr
        update, install = (tools / "asked").read_text().splitlines()
        assert update.startswith("update") and {"install", "make", "gcc", "musl-tools"} <= set(install.split())
