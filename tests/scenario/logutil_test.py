"""logutil-service: s6-log as nobody, by S6_LOGGING_SCRIPT."""
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from lib.build import OVERLOG
from lib.wait import wait_for

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
                       env=environment(), timeout=60)
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
    assert p.wait(60) == 0
    assert (logs / "web/current").read_bytes() == b"one\ntwo\n"


def test_without_root(command, logs):
    start = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    if os.geteuid() == 0:
        os.chown(logs, 12345, 12345)
    else:
        start = []
    r = subprocess.run([*start, command, str(logs / "web")], input=b"one\n", capture_output=True,
                       env=environment(), timeout=60)
    uid = 12345 if start else os.geteuid()
    assert r.returncode == 0
    assert r.stderr.decode() == (
        f"logutil-service: warning: unable to become nobody, logging as uid {uid}\n")
    assert (logs / "web/current").read_bytes().endswith(b"  one\n")


def test_bad_script_and_usage(command, logs):
    r = subprocess.run([command, str(logs / "web")], input=b"", capture_output=True,
                       env=environment(S6_LOGGING_SCRIPT="nonsense"), timeout=60)
    assert r.returncode == 100
    assert b"s6-log: fatal: unrecognized directive: nonsense\n" in r.stderr
    for argv in ([], ["a", "b"], ["-x", "a"]):
        assert subprocess.run([command, *argv], capture_output=True, timeout=60).returncode == 100


@needs_root
@pytest.mark.parametrize("groups", ["allow", "deny"])
def test_where_only_one_user_exists(command, logs, groups):
    """A user namespace that maps nobody but root: its root is not able to become another."""
    os.chown(logs, 0, 0)
    p = subprocess.Popen(["unshare", "-U", "sh", "-c", 'echo; read go; exec "$0" "$1"', command, str(logs / "web")],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                         env=environment())
    p.stdout.readline()
    for file, text in (("setgroups", groups), ("uid_map", "0 0 1"), ("gid_map", "0 0 1")):
        Path(f"/proc/{p.pid}/{file}").write_text(text)
    _, said = p.communicate(b"go\none\n", timeout=60)
    assert said == b"logutil-service: warning: unable to become nobody, logging as uid 0\n"
    assert p.returncode == 0
    assert (logs / "web/current").read_bytes().endswith(b"  one\n")


# --- logutil-newfifo

DEPRECATED = "logutil-newfifo: warning: deprecated: use s6-mkfifo and s6-chown\n"


def newfifo(place, *words, umask=0o022):
    link = Path(place) / "logutil-newfifo"
    if not link.is_symlink():
        link.symlink_to(OVERLOG)
    r = subprocess.run([link, *map(str, words)], capture_output=True, text=True, umask=umask, timeout=60)
    return r.returncode, r.stdout, r.stderr


@needs_root
@pytest.mark.parametrize("options, mode, uid, gid", [
    ([], 0o600, 0, 0), (["-m", "0622"], 0o622, 0, 0), (["-o", "nobody"], 0o600, 65534, 65534),
    (["-o", "12:34", "-m", "640"], 0o640, 12, 34), (["-o", "nobody:34"], 0o600, 65534, 34)], ids=lambda x: " ".join(x) if isinstance(x, list) else "")
@pytest.mark.parametrize("before", ["nothing", "file", "fifo", "link"])
def test_newfifo(place, options, mode, uid, gid, before):
    path = Path(place) / "fifo"
    other = Path(place) / "other"
    other.write_text("kept")
    {"nothing": lambda: None, "file": path.touch, "fifo": lambda: os.mkfifo(path),
     "link": lambda: path.symlink_to(other)}[before]()
    assert newfifo(place, *options, path, umask=0o077) == (0, "", DEPRECATED)
    st = path.lstat()
    assert stat.S_ISFIFO(st.st_mode) and stat.S_IMODE(st.st_mode) == mode
    assert (st.st_uid, st.st_gid) == (uid, gid)
    assert other.read_text() == "kept" and other.stat().st_uid == 0


def test_newfifo_errors(place):
    path = Path(place) / "fifo"
    assert newfifo(place) == (100, "", "usage: logutil-newfifo [-m mode] [-o owner] fifo\n")
    assert newfifo(place, "-m", "9", path)[0] == 100
    assert newfifo(place, "-x", path)[0] == 100
    assert newfifo(place, "-o", "nosuch", path) == (
        1, "", DEPRECATED + "logutil-newfifo: fatal: unknown user: nosuch\n")
    assert newfifo(place, "-o", "0:nosuch", path) == (
        1, "", DEPRECATED + "logutil-newfifo: fatal: unknown group: nosuch\n")
    assert not path.exists()
    path.mkdir()
    code, _, said = newfifo(place, path)
    assert (code, said) == (111, DEPRECATED + f"logutil-newfifo: fatal: unable to remove {path}: Is a directory\n")
    assert newfifo(place, path / "no/such")[0] == 111
