"""The manual's examples, the README's, --help and the completion: what they say is what happens."""
import datetime
import os
import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from lib.build import TOP
from lib.logcat import DEADLINE, Follower, OVERLOG, cri, environment, service, utc


def examples():
    page = (Path(TOP) / "docs/logcat.1").read_text().split(".Sh EXAMPLES")[1].split("\n.Sh ")[0]
    return [x.removeprefix(".Dl ") for x in page.splitlines() if x.startswith(".Dl ")]


@pytest.fixture
def house(root, tmp_path):
    """Services and runs that have what the examples look for."""
    now = int(time.time())
    noon = datetime.datetime.now(datetime.timezone.utc).replace(hour=12, minute=30, second=10)
    for name in ("nginx", "php-fpm", "api"):
        service(root, name, cri(now - 3600, f"{name} in the run before") +
                cri(now - 300, f"Error: health check of {name}") + cri(now - 200, f"Error: {name} failed", "stderr") +
                cri(now - 100, "Exception: x") + cri(now - 100, "  at y") + cri(now - 90, "upstream timed out") +
                cri(now - 80, '{"level": "info"}') + cri(now - 70, "status=503 path=/api/x"))
    # Of tomorrow, too: midnight may come.
    service(root, "clock", "".join(cri(int(noon.timestamp()) + day, "half past twelve") for day in (0, 86400)))
    service(root, ".events", f"{utc(now - 3700)} boot id=1 pid=1 version=0\n{utc(now - 3650)} exit service=api pid=2 "
            f"code=1\n{utc(now - 400)} boot id=2 pid=1 version=0\n")
    (tmp_path / "volume").symlink_to(root)
    return root


@pytest.mark.parametrize("example", examples())
def test_01_examples_of_the_manual(house, tmp_path, example):
    words = shlex.split(example.replace("/srv/volumes/web/logs", str(tmp_path / "volume")))
    assert words[0] == "logcat"
    if "-f" in words:
        with Follower(house, *words[2:]) as f:
            assert len(f.lines(10)) == 10 and f.end() == 0
        return
    p = subprocess.run(words, executable=OVERLOG, env=environment(house), capture_output=True, text=True,
                       timeout=DEADLINE)
    assert (p.returncode, p.stderr) == (0, "") and p.stdout, (p.returncode, p.stderr)
    if "-X" in words:
        assert "php-fpm failed" in p.stdout and "nginx" not in p.stdout
    if "-p" in words and "-u" in words:
        assert "in the run before" in p.stdout and "failed" not in p.stdout and "overlog: exit pid=2" in p.stdout
    if "--entry" in words:
        assert "at y" in p.stdout


def test_02_there_are_examples():
    assert len(examples()) >= 10


def test_03_help_fits_a_screen_and_the_manual_has_every_option():
    shown = subprocess.run(["logcat", "--help"], executable=OVERLOG, capture_output=True, text=True).stdout
    assert shown.count("\n") <= 23 and max(map(len, shown.splitlines())) <= 80
    page = (Path(TOP) / "docs/logcat.1").read_text()
    long = re.findall(r"--([a-z-]+)", shown)
    assert len(long) >= 21
    for name in (*long, "after", "before", "ignore-case"):
        assert f"Fl -{name}" in page or f"-{name}" in page.replace(", -", ", Fl -"), name


def test_04_the_readme_finds_errors_in_all_services_but_one(house):
    line = re.search(r"^\$ (?:docker exec \w+ )?(logcat .*-X.*)$", (Path(TOP) / "README.md").read_text(), re.M).group(1)
    p = subprocess.run(shlex.split(line), executable=OVERLOG, env=environment(house), capture_output=True, text=True)
    assert p.returncode == 0 and "failed" in p.stdout and "nginx" not in p.stdout


# --- completion ---


def complete(root, *words):
    """What bash offers for the last word."""
    script = f"""
        source {TOP}/command/logcat.bash
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${{#COMP_LINE}}
        $(complete -p logcat | sed 's/.*-F \\([^ ]*\\) .*/\\1/') logcat "${{@: -1}}" "${{@: -2:1}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    bin_dir = root.parent / "bin"
    bin_dir.mkdir(exist_ok=True)
    if not (bin_dir / "logcat").exists():
        (bin_dir / "logcat").symlink_to(OVERLOG)
    p = subprocess.run(["bash", "-c", script, "bash", "logcat", *words], capture_output=True, text=True, timeout=DEADLINE,
                       env=environment(root, PATH=f"{bin_dir}:{os.environ['PATH']}"))
    assert p.stderr == ""
    return p.stdout.split()


def test_10_completion(house):
    assert complete(house, "") == ["api", "clock", "nginx", "php-fpm"]
    assert complete(house, "n") == ["nginx"]
    assert complete(house, "-X", "p") == ["php-fpm"]
    assert complete(house, ".") == []
    shown = subprocess.run(["logcat", "--help"], executable=OVERLOG, capture_output=True, text=True).stdout
    offered = complete(house, "--")
    for name in re.findall(r"--([a-z-]+)", shown):
        assert f"--{name}" in offered
    assert complete(house, "--hi") == ["--highlight"]
    assert complete(house, "-o", "") == ["short", "full", "raw", "json", "cri", "pretty"]
    assert complete(house, "--color", "a") == ["auto", "always"]
    assert complete(house, "-S", "to") == ["today"]
    assert complete(house, "-n", "5", "a") == ["api"]
