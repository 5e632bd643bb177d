"""logutil-service: s6-log as nobody, by S6_LOGGING_SCRIPT."""
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from harness import wait_for

ROOT = Path(__file__).resolve().parents[2]
OVERLOG = str(Path(os.environ.get("OVERLOG", ROOT / "build/overlog")))
ISO = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}  (.*)")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def command(place):
    """logutil-service where anybody may execute it."""
    path = Path(place) / "overlog"
    shutil.copy(OVERLOG, path)
    path.chmod(0o755)
    link = Path(place) / "logutil-service"
    link.symlink_to("overlog")
    return str(link)


@pytest.fixture
def logs(place):
    path = Path(place) / "logs"
    path.mkdir()
    os.chown(path, 65534 if os.geteuid() == 0 else -1, -1)
    return path


def environment(**extra):
    return {"PATH": "/usr/bin:/bin", "SECRET": "1", "ASAN_OPTIONS": "detect_leaks=0", **extra}


@needs_root
def test_defaults(command, logs):
    r = subprocess.run([command, str(logs / "web")], input=b"one\ntwo\n", capture_output=True,
                       env=environment(), timeout=20)
    assert (r.returncode, r.stdout, r.stderr) == (0, b"", b"")
    current = logs / "web/current"
    lines = current.read_bytes().split(b"\n")[:-1]
    assert [ISO.fullmatch(line)[1] for line in lines] == [b"one", b"two"]
    assert current.stat().st_uid == (logs / "web").stat().st_uid == 65534
    assert stat.S_IMODE((logs / "web").stat().st_mode) == 0o700
    assert stat.S_IMODE(current.stat().st_mode) == 0o744


@needs_root
def test_script_and_what_it_runs_as(command, logs):
    p = subprocess.Popen([command, str(logs / "web")], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, env=environment(
                             S6_LOGGING_SCRIPT=" n3\ts4096  p>  1\n -two pa"))
    p.stdin.write(b"one\ntwo\n")
    p.stdin.flush()
    wait_for((logs / "web/current").exists, what="directory")
    status = Path(f"/proc/{p.pid}/status").read_text()
    assert re.search(r"\nUid:\t65534\t65534\t65534\t65534\nGid:\t65534\t65534\t65534\t65534\n",
                     status)
    assert b"SECRET" not in Path(f"/proc/{p.pid}/environ").read_bytes()
    assert p.communicate()[0] == b"> one\n> two\n"
    assert p.returncode == 0
    assert (logs / "web/current").read_bytes() == b"a one\n"


@needs_root
def test_fifo(command, logs):
    fifo = logs / "fifo"
    os.mkfifo(fifo, 0o600)
    p = subprocess.Popen([command, "-f", str(fifo), str(logs / "web")], stdin=subprocess.DEVNULL,
                         env=environment(S6_LOGGING_SCRIPT="s100000"))
    wait_for((logs / "web/current").exists, what="directory")
    for line in (b"one\n", b"two\n"):
        fifo.write_bytes(line)
        wait_for(lambda: (logs / "web/current").read_bytes().endswith(line), what="line")
    p.terminate()
    assert p.wait(20) == 0
    assert (logs / "web/current").read_bytes() == b"one\ntwo\n"


def test_without_root(command, logs):
    start = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    if os.geteuid() == 0:
        os.chown(logs, 12345, 12345)
    else:
        start = []
    r = subprocess.run([*start, command, str(logs / "web")], input=b"one\n", capture_output=True,
                       env=environment(), timeout=20)
    uid = 12345 if start else os.geteuid()
    assert r.returncode == 0
    assert r.stderr.decode() == (
        f"logutil-service: warning: unable to become nobody, logging as uid {uid}\n")
    assert (logs / "web/current").read_bytes().endswith(b"  one\n")


def test_bad_script_and_usage(command, logs):
    r = subprocess.run([command, str(logs / "web")], input=b"", capture_output=True,
                       env=environment(S6_LOGGING_SCRIPT="nonsense"), timeout=20)
    assert r.returncode == 100
    assert b"s6-log: fatal: unrecognized directive: nonsense\n" in r.stderr
    for argv in ([], ["a", "b"], ["-x", "a"]):
        assert subprocess.run([command, *argv], capture_output=True, timeout=20).returncode == 100
