"""The README's way from nothing to an nginx with followed logs, typed as it stands there."""

import os
import re
import shlex
import subprocess

from engine import BASE
from harness import BUILD, TOP, wait_for


def walk():
    """The README's commands: those before the engine's, and the engine's."""
    with open(os.path.join(TOP, "README.md")) as file:
        block = re.search(r"^```sh\n(tar .*?)^```", file.read(), re.M | re.S).group(1)
    before, _, after = block.partition("\ndocker ")
    return before, [shlex.split(line, comments=True) for line in ("docker " + after).splitlines()]


def test_from_nothing_to_followed_logs(engine, tmp_path):
    before, (build, run, curl, follow) = walk()
    tarball = re.search(r"overlog-\S+\.tar\.gz", before).group()
    subprocess.run([os.path.join(TOP, "release/pack"), os.path.join(BUILD, "overlog"), str(tmp_path / tarball)], check=True)
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
            wait_for(lambda: seen(page), 10, "the line of the first page")
            box.exec("curl", "-s", "http://127.0.0.1/later")
            wait_for(lambda: seen("/later"), 10, "the line of another, followed")
            assert box.stop() == 0
            assert logcat.wait(10) is not None
        finally:
            logcat.kill()
            logcat.wait()
