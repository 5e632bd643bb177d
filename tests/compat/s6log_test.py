"""s6-log beside the packaged one: same input and script, same files, bytes, modes, exit codes.

Differences that are meant, and left out of the comparison:
* a last line without newline is logged at end of file (the reference drops it);
* current is rotated at the very line that fills it (the reference writes whole buffers, so its
  archives may be larger and fewer): contents are compared over all files together;
* the file `state` exists only where there is a processor;
* an archive `.u` has the mode of the others (the reference leaves it without x);
* usage lines, and system error texts (musl has its own);
* numbers of stamps: the form is compared.
"""
import os
import re
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from harness import wait_for

ROOT = Path(__file__).resolve().parents[2]
OVERLOG = str(Path(os.environ.get("OVERLOG", ROOT / "build/overlog")))
THEIRS = "/usr/bin/s6-log"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "XXX-02:30", "ASAN_OPTIONS": "detect_leaks=0"}
STAMPS = [(re.compile(rb"@4000000[0-9a-f]{17} "), b"@TAI64N "),
          (re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}  "), b"ISO  ")]
NUMBERS = b"".join(b"%d\n" % i for i in range(1, 3001))

pytestmark = pytest.mark.skipif(not os.path.exists(THEIRS), reason="needs the package s6")


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    link = tmp_path_factory.mktemp("bin") / "s6-log"
    link.symlink_to(OVERLOG)
    return str(link)


def normal(text):
    for pattern, name in STAMPS:
        text = pattern.sub(name, text)
    return text


def directory(path):
    """What a log directory holds: names (archives as a kind), modes and all lines in order."""
    names = sorted(os.listdir(path))
    archives = [n for n in names if n.startswith("@")]
    others = {n: oct(stat.S_IMODE((path / n).stat().st_mode)) for n in names
              if n not in archives and n != "state"}
    kinds = {(n[25:], n.endswith(".u") or oct(stat.S_IMODE((path / n).stat().st_mode)))
             for n in archives}
    text = b"".join((path / n).read_bytes() for n in [*archives, "current"])
    return oct(stat.S_IMODE(path.stat().st_mode)), others, kinds, normal(text)


def outcome(program, folder, script, data, *options, before=None):
    folder.mkdir()
    if before:
        before(folder)
    r = subprocess.run([program, *options, "--", *script], input=data, capture_output=True,
                       cwd=folder, env=ENVIRONMENT, timeout=30, umask=0o022)
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found[path.name] = directory(path)
        else:
            found[path.name] = normal(path.read_bytes()), oct(stat.S_IMODE(path.stat().st_mode))
    return r.returncode, normal(r.stdout), normal(r.stderr), found


@pytest.fixture
def both(ours, tmp_path):
    def compare(script, data, *options, before=None):
        theirs = outcome(THEIRS, tmp_path / "theirs", script, data, *options, before=before)
        own = outcome(ours, tmp_path / "ours", script, data, *options, before=before)
        assert own == theirs
        return own
    return compare


SCRIPTS = [
    ["1"], ["t", "1"], ["T", "1"], ["T", "t", "1"], ["t", "1", "1"],
    ["pweb", "1"], ["t", "pa b", "1", "p", "T", "1"], ["n20", "s1000000", "T", "./d"],
    ["./d"], ["s4096", "n100", "./d"], ["n0", "s4096", "1"], ["t", "./d", "T", "./e", "1"],
    ["-7", "1"], ["-", "+7", "1"], ["-", "+^1", "-9$", "1"], ["-", "1", "f", "./d"],
    ["-5", "1", "f", "./d"], ["-[13579]$", "./odd", "f", "./even"], ["+", "1"], ["-", "+", "1"],
    ["-", "+^2999$", "2", "1"], ["=st"], ["^5", "=st"], ["^0", "T", "=st"], ["^30", "px", "=st"],
    ["1", "-x"], ["1", "n5"], ["1", "t"], ["1", "f"], ["-.", "1"],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=" ".join)
def test_scripts(both, script):
    both(script, NUMBERS)


DATA = {
    "nothing": b"", "empty lines": b"\n\n\n", "nul": b"a\0b\n\0c\0\n",
    "exactly the limit": b"x" * 8192 + b"\n", "over the limit": b"x" * 8193 + b"\n",
    "long": b"y" * 50000 + b"\nz\n", "bytes": bytes(range(256)) * 40 + b"\n",
    "begins like a stamp": b"@4000000000000000deadbeef x\n",
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("script", [["1"], ["t", "./d"], ["-", "+x", "1"]], ids=" ".join)
def test_data(both, name, script):
    both(script, DATA[name])


@pytest.mark.parametrize("limit", ["0", "1", "47", "48", "100", "8192", "60000"])
def test_line_limits(both, limit):
    data = b"a" * 47 + b"\n" + b"b" * 48 + b"\n" + b"c" * 49 + b"\n" + b"d" * 30000 + b"\n"
    both(["1"], data, "-l", limit)


@pytest.mark.parametrize("length", [199, 200, 201, 203, 204, 250])
@pytest.mark.parametrize("script", [["2"], ["E0", "t", "2"], ["E198", "pweb", "2"]], ids=" ".join)
def test_alerts(both, length, script):
    both(script, b"x" * length + b"\n")


@pytest.mark.parametrize("script", [
    ["n20"], ["f"], ["tx", "1"], ["Tx", "1"], ["1x"], ["2z"], ["ff", "1"], ["="], ["q"], [""],
    ["n", "1"], ["n-1", "1"], ["nfoo", "1"], ["n99999999999", "1"], ["+(", "1"], ["^x", "1"],
    ["s4096", "l2049", "1"], ["R", "1"], ["sx", "1"], ["Sx", "1"], ["rx", "1"], ["Ex", "1"],
], ids=" ".join)
def test_errors(both, script):
    code, _, said, _ = both(script, b"a\n")
    assert code == 100
    assert said.startswith(b"s6-log: fatal: ")


@pytest.mark.parametrize("argv", [[], ["-x", "1"], ["-l", "x", "1"], ["-d", "x", "1"]], ids=" ".join)
def test_usage(ours, argv):
    for program in (THEIRS, ours):
        r = subprocess.run([program, *argv], capture_output=True, input=b"", timeout=20)
        assert r.returncode == 100
        assert b"usage: s6-log " in r.stderr


@pytest.mark.parametrize("fd", ["0", "2", "77"])
def test_bad_notification_descriptors(both, fd):
    assert both(["1"], b"a\n", "-d", fd)[0] == 100


def test_notification(ours, tmp_path):
    for i, program in enumerate((THEIRS, ours)):
        r, w = os.pipe()
        folder = tmp_path / str(i)
        p = subprocess.Popen([program, "-d", str(w), str(folder)], stdin=subprocess.PIPE,
                             pass_fds=[w], env=ENVIRONMENT)
        os.close(w)
        assert os.read(r, 10) == b"\n"
        assert (folder / "current").exists()
        assert os.read(r, 10) == b""
        os.close(r)
        p.communicate(b"")
        assert p.returncode == 0


def test_no_parent_directory(both):
    code, _, said, _ = both(["./a/b"], b"x\n")
    assert code == 111
    assert said == b"s6-log: fatal: unable to mkdir ./a/b: No such file or directory\n"


def test_a_directory_that_is_there_keeps_its_mode(both):
    def before(folder):
        (folder / "d").mkdir()
        (folder / "d").chmod(0o751)
    assert both(["./d"], b"x\n", before=before)[3]["d"][0] == "0o751"


@pytest.mark.parametrize("mode", [0o644, 0o744], ids=["unclean", "clean"])
def test_what_was_there_before(both, mode):
    def before(folder):
        (folder / "d").mkdir()
        (folder / "d/current").write_bytes(b"before\n")
        (folder / "d/current").chmod(mode)
        (folder / "d/notes").write_bytes(b"not ours\n")
        (folder / ("d/@400000006adc8ed1075bcd15.s")).write_bytes(b"oldest\n")
        (folder / ("d/@400000006adc8ed1075bcd15.s")).chmod(0o744)
    found = both(["./d"], b"x\n", before=before)[3]["d"]
    assert found[3] == b"oldest\nbefore\nx\n"


def test_retention_counts(ours, tmp_path):
    """Line by line, so that both rotate at the same lines."""
    sizes = []
    for i, program in enumerate((THEIRS, ours)):
        folder = tmp_path / str(i)
        p = subprocess.Popen([program, "-b", "n3", "s4096", str(folder)], stdin=subprocess.PIPE,
                             env=ENVIRONMENT)
        line = b"x" * 699 + b"\n"
        current = folder / "current"
        for _ in range(23):
            before = (current.stat().st_ino, current.stat().st_size) if current.exists() else None
            p.stdin.write(line)
            p.stdin.flush()
            wait_for(lambda: current.exists() and
                     (current.stat().st_ino, current.stat().st_size) != before, what="line")
        p.stdin.close()
        assert p.wait(20) == 0
        sizes.append([(folder / n).stat().st_size for n in sorted(os.listdir(folder))
                      if n.startswith("@")] + [current.stat().st_size])
    assert sizes[0] == sizes[1]
    assert sizes[1] == [2100, 2100, 2100, 1400]


@pytest.mark.parametrize("script", [["!sed s/^1/one/", "s4096", "./d"],
                                    ["?sed s/^1/one/", "s4096", "./d"]], ids=" ".join)
def test_processor(ours, tmp_path, script):
    """The reference may repeat data here, and rotates at other lines: each line is seen once,
    changed in archives only."""
    code, _, said, found = outcome(ours, tmp_path / "d", script, NUMBERS)
    assert (code, said) == (0, b"")
    text = found["d"][3]
    changed = [line.replace(b"one", b"1") for line in text.splitlines(True)]
    assert b"".join(changed) == NUMBERS
    assert b"\none00\n" in text


class Running:
    """An s6-log on a pipe that we keep open."""

    def __init__(self, program, folder, *argv):
        self.read, self.write = os.pipe()
        self.folder = folder
        r, w = os.pipe()
        self.process = subprocess.Popen([program, "-d", str(w), *argv], stdin=self.read,
                                        pass_fds=[w], env=ENVIRONMENT, cwd=folder.parent)
        os.close(w)
        assert os.read(r, 1) == b"\n"
        os.close(r)

    def current(self):
        return (self.folder / "current").read_bytes()

    def unread(self):
        os.set_blocking(self.read, False)
        try:
            return os.read(self.read, 65536)
        except BlockingIOError:
            return b""

    def read_all(self):
        wait_for(lambda: pending(self.read) == 0, what="read")

    def close(self):
        os.close(self.read)
        os.close(self.write)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def pending(fd):
    import array
    import fcntl
    import termios
    n = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, n)
    return n[0]


@pytest.fixture
def running(ours, tmp_path):
    started = []

    def start(which, *argv):
        program = {"theirs": THEIRS, "ours": ours}[which]
        started.append(Running(program, tmp_path / "d", *argv, str(tmp_path / "d")))
        return started[-1]

    yield start
    for one in started:
        one.close()


WHICH = pytest.mark.parametrize("which", ["theirs", "ours"])


@WHICH
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_at_a_line(running, which, number):
    r = running(which)
    os.write(r.write, b"one\n")
    wait_for(lambda: r.current() == b"one\n", what="line")
    r.process.send_signal(number)
    assert r.process.wait(20) == 0
    assert stat.S_IMODE((r.folder / "current").stat().st_mode) == 0o744


@WHICH
def test_a_begun_line_is_waited_for(running, which):
    r = running(which)
    os.write(r.write, b"one\nbeg")
    wait_for(lambda: r.current() == b"one\n", what="line")
    r.read_all()
    r.process.send_signal(signal.SIGTERM)
    # signals are handled in order: once the second was, the first was
    wait_for(lambda: not pending_signals(r.process.pid), what="signal")
    os.write(r.write, b"un\nnext\n")
    assert r.process.wait(20) == 0
    assert r.current() == b"one\nbegun\n"
    assert r.unread() == b"next\n"


def pending_signals(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    if "State:\tZ" in text:
        return 0
    return int(re.search(r"ShdPnd:\t([0-9a-f]+)", text)[1], 16)


def test_a_begun_line_is_ended_after_a_while(running):
    r = running("ours", "-t", "50")
    os.write(r.write, b"begun")
    r.read_all()
    r.process.send_signal(signal.SIGTERM)
    assert r.process.wait(20) == 0
    assert r.current() == b"begun\n"


@WHICH
def test_protection(running, which):
    r = running(which, "-p")
    r.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not pending_signals(r.process.pid), what="signal")
    os.write(r.write, b"alive\n")
    wait_for(lambda: r.current() == b"alive\n", what="line")
    r.process.send_signal(signal.SIGHUP)
    assert r.process.wait(20) == 0


@WHICH
def test_alarm_rotates(running, which):
    r = running(which)
    r.process.send_signal(signal.SIGALRM)
    wait_for(lambda: not pending_signals(r.process.pid), what="signal")
    os.write(r.write, b"one\n")
    wait_for(lambda: r.current() == b"one\n", what="line")
    r.process.send_signal(signal.SIGALRM)
    wait_for(lambda: any(n.endswith(".s") for n in os.listdir(r.folder)), what="archive")
    wait_for(lambda: (r.folder / "current").exists() and r.current() == b"", what="new current")
    r.process.send_signal(signal.SIGHUP)
    assert r.process.wait(20) == 0
    archives = [n for n in os.listdir(r.folder) if n.startswith("@")]
    assert [(r.folder / n).read_bytes() for n in archives] == [b"one\n"]


@WHICH
def test_a_locked_directory(running, which, ours, tmp_path):
    running(which)
    program = {"theirs": THEIRS, "ours": ours}[which]
    r = subprocess.run([program, str(tmp_path / "d")], input=b"x\n", capture_output=True,
                       timeout=20)
    assert r.returncode == 111
    said = f"s6-log: fatal: unable to lock {tmp_path}/d/lock: "
    assert r.stderr.decode().startswith(said) and r.stderr.endswith(b"esource busy\n")


def test_last_line_without_newline(ours):
    r = subprocess.run([ours, "1"], input=b"one\ntwo", capture_output=True, timeout=20)
    assert (r.returncode, r.stdout) == (0, b"one\ntwo\n")


def test_input_that_is_no_pipe(ours, tmp_path):
    (tmp_path / "in").write_bytes(NUMBERS)
    for path, expected in ((tmp_path / "in", NUMBERS), ("/dev/null", b"")):
        with open(path, "rb") as f:
            r = subprocess.run([ours, "1"], stdin=f, capture_output=True, timeout=20)
        assert (r.returncode, r.stdout) == (0, expected)
