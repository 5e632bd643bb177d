"""logcat over directories of the packaged tools, and of our own s6-log while it rotates."""
import datetime
import os
import subprocess
import time

import pytest

from lib.logcat import DEADLINE, OVERLOG, Follower, run


def test_60_packaged_s6_log(root):
    for flag, name in (("t", "tai"), ("T", "iso")):
        lines = "".join(f"{name} {i}\n" for i in range(3000))
        subprocess.run(["/usr/bin/s6-log", "-b", "s4096", "n100", flag, str(root / name)], input=lines, text=True,
                       check=True, timeout=DEADLINE, env={**os.environ, "TZ": "UTC0"})
        assert len(list((root / name).glob("@*.s"))) >= 3
        assert run(root, name, "-o", "raw") == lines
        assert run(root, name, "-o", "raw", "-n", "700") == "".join(lines.splitlines(True)[-700:])
    shown = run(root)
    assert len(shown.splitlines()) == 6000 and abs(stamp_of(shown) - time.time()) < 60


def stamp_of(shown):
    t = datetime.datetime.strptime(shown[:19], "%Y-%m-%d %H:%M:%S")
    return t.replace(tzinfo=datetime.timezone.utc).timestamp()


def test_61_multilog_and_svlogd(root):
    lines = "".join(f"m {i}\n" for i in range(2000))
    subprocess.run(["multilog", "t", "s4096", "n100", str(root / "multi")], input=lines, text=True, check=True,
                   timeout=DEADLINE)
    assert run(root, "multi", "-o", "raw") == lines
    plain = root / "sv"
    plain.mkdir()
    (plain / "config").write_text("s4096\nn100\n")
    subprocess.run(["svlogd", "-t", str(plain)], input=lines, text=True, check=True, timeout=DEADLINE,
                   stderr=subprocess.DEVNULL)
    assert run(root, "sv", "-o", "raw") == lines
    shown = run(root)
    assert len(shown.splitlines()) == 4000 and abs(stamp_of(shown) - time.time()) < 60


def ours():
    try:
        p = subprocess.run([OVERLOG, "commands"], capture_output=True, text=True, timeout=DEADLINE)
    except OSError:
        return False
    return "s6-log" in p.stdout.split()


@pytest.mark.skipif(not ours(), reason="no s6-log in this program")
@pytest.mark.parametrize("slow", ["", "getdents64", "newfstatat", "openat"])
def test_62_our_own_logger_rotating_under_a_reader(root, tmp_path, slow):
    """Archives appear and are compressed while the reader lists them, looks at them and opens them."""
    count = 6000 if slow else 20000
    wrapper = None
    if slow:
        program = tmp_path / "bin/logcat"
        program.parent.mkdir()
        program.symlink_to(OVERLOG)
        wrapper = ["strace", "-o", "/dev/null", "-e", f"trace={slow}", "-e", f"inject={slow}:delay_exit=2000", program]
    with Follower(root, "-n", "all", "-o", "raw", "own", wrapper=wrapper) as f:
        p = subprocess.Popen(["s6-log", "-b", "s4096", "n1000", "S100000000", "z1", "C", str(root / "own")], executable=OVERLOG,
                             stdin=subprocess.PIPE)
        for i in range(0, count, 100):
            p.stdin.write("".join(f"line {k}\n" for k in range(i, i + 100)).encode())
            p.stdin.flush()
            if slow:  # it keeps up: what it sees is what has just begun
                f.lines(i + 100)
        p.stdin.close()
        assert f.lines(count) == [f"line {i}" for i in range(count)]
        assert p.wait(DEADLINE) == 0
    assert list((root / "own").glob("@*.s.gz"))  # compressed behind, while it was read
    assert run(root, "-o", "raw").splitlines() == [f"line {i}" for i in range(count)]
