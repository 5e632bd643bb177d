"""s6-tai64n, s6-tai64nlocal, ucspilogd and s6-socklog beside those of the package s6.

Differences that are meant, and left out of the comparison:
* the reference's s6-tai64nlocal leaves a last line alone that is nothing but a label without a
  newline, prints numbers of nanoseconds that are too large, takes capitals as hex digits, and
  subtracts fewer leap seconds from labels before 2017;
* the reference's s6-socklog ends when it gets an empty message (ours: an empty line), prints
  garbage for the sender's address with -i (ours: what its documentation says), ignores nonsense in
  -G, and leaves messages unread that arrived before SIGTERM (ours writes them);
* the reference holds PATH.lock so that nobody takes its socket away; ours asks whether somebody
  listens to it;
* system error texts.
"""
import os
import re
import select
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from lib.build import OVERLOG
from lib.processes import process_state
from lib.wait import DEADLINE, wait_for

THEIRS = Path("/usr/bin")
LABEL = b"@4000000065a0b1c2075bcd15"

pytestmark = pytest.mark.skipif(not (THEIRS / "s6-socklog").exists(), reason="needs the package s6")


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    for name in ("s6-tai64n", "s6-tai64nlocal", "ucspilogd", "s6-socklog"):
        (folder / name).symlink_to(OVERLOG)
    return folder


def environment(**more):
    return {"PATH": "/usr/bin:/bin", "TZ": "XXX-02:30", "ASAN_OPTIONS": "detect_leaks=0", **more}


def filtered(program, *options, data, **more):
    r = subprocess.run([program, *options], input=data, capture_output=True,
                       env=environment(**more), timeout=60)
    return r.returncode, r.stdout, r.stderr if r.returncode == 0 else b""


# --- s6-tai64n

@pytest.mark.parametrize("data", [b"", b"a\n", b"a", b"\n\n", b"a\0b\n", LABEL + b" x\n",
                                  b"x" * 200000 + b"\ny\n", b"z\n" * 50000],
                         ids=lambda d: repr(d[:30]) + str(len(d)))
def test_tai64n(ours, data):
    seen = []
    for folder in (THEIRS, ours):
        code, out, err = filtered(folder / "s6-tai64n", data=data)
        stamps = re.findall(rb"^@([0-9a-f]{24}) ", out, re.M)
        assert stamps == sorted(stamps)
        assert all(int(s[:16], 16) - (1 << 62) - 37 in range(int(time.time()) - 30, int(time.time()) + 2)
                   for s in stamps)
        seen.append((code, re.sub(rb"^@[0-9a-f]{24} ", b"@ ", out, flags=re.M), err))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", ["s6-tai64n", "s6-tai64nlocal", "ucspilogd"])
def test_lines_do_not_wait_for_the_next(ours, name):
    p = subprocess.Popen([ours / name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         env=environment())
    for data in (b"one\ntwo\nthr", b"ee\n"):
        p.stdin.write(data)
        p.stdin.flush()
        wanted = data.rsplit(b"\n", 1)[0].rsplit(b"\n", 1)[-1] + b"\n"
        got = b""
        while not got.endswith(wanted):
            assert select.select([p.stdout], [], [], DEADLINE)[0]
            got += os.read(p.stdout.fileno(), 4096)
    p.stdin.close()
    assert p.wait(DEADLINE) == 0


# --- s6-tai64nlocal

LABELLED = [
    b"", b"\n", b"abc", b"abc\n", LABEL + b" a\n", LABEL + b"a\n", LABEL + b"\n",
    LABEL + b" unfinished", LABEL[:20] + b"\n", LABEL[:24] + b"g x\n", b"@40 x\n", b"x " + LABEL + b"\n",
    b"a\0" + LABEL + b"\n", LABEL + LABEL + b"\n", b"@" + b"f" * 24 + b" x\n", b"@" + b"0" * 24 + b" x\n",
    b"@3fffffffffffffff00000000 x\n", b"@bfffffffffffffff00000000 x\n", b"@4000000065a0b1c23b9ac9ff x\n",
    b"".join(b"@4000000%x%08x line %d\n" % (0x65a0b1c2 + i * 7654321, i, i) for i in range(300)),
    (LABEL + b" " + b"y" * 100000 + b"\n") * 3,
]


@pytest.mark.parametrize("data", LABELLED, ids=lambda d: repr(d[:50]))
@pytest.mark.parametrize("options", [[], ["-g"]], ids=["local", "gmt"])
def test_tai64nlocal(ours, data, options):
    theirs = filtered(THEIRS / "s6-tai64nlocal", *options, data=data)
    assert filtered(ours / "s6-tai64nlocal", *options, data=data) == theirs


def test_tai64nlocal_where_we_differ(ours):
    for data, expected in [
            (LABEL, b"2024-01-12 03:27:25.123456789"),
            (LABEL.upper() + b" x\n", LABEL.upper() + b" x\n"),
            (b"@4000000065a0b1c23b9aca00 x\n", b"@4000000065a0b1c23b9aca00 x\n"),
            (b"@40000fff65a0b1c2075bcd15 x\n", b"@40000fff65a0b1c2075bcd15 x\n")]:
        assert filtered(ours / "s6-tai64nlocal", "-g", data=data) == (0, expected, b"")


# --- ucspilogd

EVERY_CODE = b"".join(b"<%d>x\n" % n for n in range(1100))
ODD_CODES = (b"<>f\n<13 g\n<013>h\n<-1>y\n< 13>q\n<1.5>x\n<+3>x\n<191a>e\nx<13>a\n<23>x <24>y\n<65536>a\n"
             b"<4294967295>a\n<4294967296>a\n<99999999999999999999999>a\n<00000000000000000013>a\n<13>\n<13>\r\n")


@pytest.mark.parametrize("data", [b"", b"\n", b"part", b"<13>part", b"<13>a\0<14>b\0", b"\0\n\0", EVERY_CODE,
                                  ODD_CODES, b"<13>" + b"y" * 100000 + b"\n", b"<13>a\x01\x1b\xff\n"],
                         ids=lambda d: repr(d[:40]))
@pytest.mark.parametrize("options", [[], ["A", "B"], ["-D", "no", "B", "A"], ["-D", "", "C"]], ids=" ".join)
def test_ucspilogd(ours, data, options):
    theirs = filtered(THEIRS / "ucspilogd", *options, data=data, A="of A", B="")
    assert filtered(ours / "ucspilogd", *options, data=data, A="of A", B="") == theirs


@pytest.mark.parametrize("argv", [["s6-tai64nlocal", "-x"], ["ucspilogd", "-x"], ["ucspilogd", "-D"]], ids=" ".join)
def test_usage_of_filters(ours, argv):
    for folder in (THEIRS, ours):
        r = subprocess.run([folder / argv[0], *argv[1:]], input=b"", capture_output=True, timeout=60,
                           env=environment())
        assert r.returncode == 100
        assert b"usage: " in r.stderr


# --- s6-socklog

class Socklog:
    def __init__(self, program, folder, *options, notify=True, stdout=subprocess.PIPE, **more):
        self.path = str(folder / "socket")
        ready, end = os.pipe()
        self.process = subprocess.Popen([program, "-d", str(end), "-x", self.path, *options],
                                        stdout=stdout, stderr=subprocess.PIPE, pass_fds=[end],
                                        env=environment(**more), umask=0o077)
        os.close(end)
        self.ready = os.read(ready, 10)
        os.close(ready)

    def send(self, *messages):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(self.path)
            for m in messages:
                s.send(m)

    def lines(self, count):
        """What comes out until that many lines are there."""
        out = b""
        while out.count(b"\n") < count:
            assert select.select([self.process.stdout], [], [], DEADLINE)[0], out
            some = os.read(self.process.stdout.fileno(), 1 << 16)
            assert some, out
            out += some
        return out

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def both(ours, tmp_path):
    def compare(messages, *options, **more):
        seen = []
        for name, folder in (("theirs", THEIRS), ("ours", ours)):
            place = tmp_path / name
            place.mkdir()
            log = Socklog(folder / "s6-socklog", place, *options, **more)
            assert log.ready == b"\n"
            mode = stat.S_IMODE(os.stat(log.path).st_mode)
            log.send(*messages)
            out = log.lines(len(messages))
            code, rest, err = log.end()
            seen.append((mode, out + rest, code, err, os.path.exists(log.path)))
        assert seen[1] == seen[0]
        return seen[1][1]
    return compare


MESSAGES = [b"<13>a", b"<13>a\n", b"<13>a\n\0\n\0", b"a\nb\0c", b"\n", b"\0", b"<13>", b"<13>\n", b"<300>x", b"<13x",
            b"<>x", b"<0013>x", b"<99999>x", b"<999999999999>x", b" <13>x", b"<13>a\r\n", b"<13>a\x1b\xff\t",
            b"<13>\n\nb\n\n", b"<13>Nov 23 10:00:00 me[1]: hello"]
LENGTHS = [b"x" * n + end for n in (1020, 1023, 1024, 1025, 1030, 5000) for end in (b"", b"\n\n\n")] + \
    [b"<13>" + b"y" * n for n in (1019, 1020, 1021)]


def test_socklog_messages(both):
    assert both(MESSAGES).startswith(b"user.notice: a\nuser.notice: a\n")


@pytest.mark.parametrize("options", [["-r"], ["-l", "1"], ["-l", "100"], ["-l", "0"], ["-l", "2000000"], ["-t", "50"]],
                         ids=" ".join)
def test_socklog_options(both, options):
    both([*MESSAGES, b"x" * 150], *options)


def test_socklog_lengths(both):
    both(LENGTHS)


def test_socklog_every_code(both):
    both([b"<%d>x" % n for n in range(256)])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("options, ids", [
    (["-U"], "1234:1235:1,2"), (["-u", "1234"], "1234:0:-"), (["-g", "1235"], "0:1235:-"),
    (["-U", "-u", "99"], "99:1235:1,2"), (["-u", "99", "-U"], "1234:1235:1,2"),
    (["-u", "9", "-g", "8", "-G", "7,6"], "9:8:7,6")], ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_socklog_drops_privileges(ours, tmp_path, options, ids):
    seen = []
    for name, folder in (("theirs", THEIRS), ("ours", ours)):
        program = folder / "s6-socklog"
        place = tmp_path / name
        place.mkdir()
        log = Socklog(program, place, *options, UID="1234", GID="1235", GIDLIST="1,2")
        assert log.ready == b"\n"
        status = Path(f"/proc/{log.process.pid}/status").read_text()
        seen.append(re.findall(r"^(?:Uid|Gid|Groups):.*", status, re.M))
        assert log.end()[0] == 0
    assert [line.split() for line in seen[0][:2]] == [line.split() for line in seen[1][:2]]
    uid, gid, groups = ids.split(":")
    assert seen[1][0].split()[1:] == [uid] * 4 and seen[1][1].split()[1:] == [gid] * 4
    assert groups == "-" or set(groups.split(",")) <= set(seen[1][2].split()[1:])


@pytest.mark.parametrize("options, code, said", [
    (["-l", "x"], 100, b"usage: s6-socklog "), (["-t", "x"], 100, b"usage: s6-socklog "),
    (["-u", "x"], 100, b"usage: s6-socklog "), (["-i", "x"], 100, b"usage: s6-socklog "),
    (["-i", "127.0.0.1_x"], 100, b"usage"), (["-i", "127.0.0.1_99999"], 100, b"usage"),
    (["-i", "localhost_5"], 100, b"usage"), (["-i", "::1:15514"], 100, b"usage"), (["-z"], 100, b"usage"),
    (["-d", "2"], 100, b"s6-socklog: fatal: notification fd must be 3 or more\n"),
    (["-d", "77"], 100, b"s6-socklog: fatal: invalid notification fd: Bad file descriptor\n"),
    (["-U"], 100, b"s6-socklog: fatal: UID not set\n"),
    (["-x", "/nonexistent/x"], 111, b"s6-socklog: fatal: unable to bind "), (["-x", "x" * 200], 111, b"unable to bind "),
    (["-i", "1.2.3.4_15514"], 111, b"s6-socklog: fatal: unable to bind ")], ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_socklog_errors(ours, tmp_path, options, code, said):
    for folder in (THEIRS, ours):
        r = subprocess.run([folder / "s6-socklog", *options], capture_output=True, timeout=60,
                           env=environment(), cwd=tmp_path)
        assert (r.returncode, said in r.stderr) == (code, True), r.stderr


def test_socklog_replaces_an_old_socket(ours, tmp_path):
    for _ in range(2):
        log = Socklog(ours / "s6-socklog", tmp_path)
        assert log.ready == b"\n"
        log.send(b"<13>again")
        assert log.lines(1) == b"user.notice: again\n"
        assert log.end(signal.SIGKILL)[0] == -9


def test_socklog_leaves_a_socket_in_use_alone(ours, tmp_path):
    for folder in (THEIRS, ours):
        log = Socklog(folder / "s6-socklog", tmp_path)
        second = Socklog(folder / "s6-socklog", tmp_path)
        assert (second.ready, second.process.wait(DEADLINE)) == (b"", 111)
        assert b"s6-socklog: fatal: unable to bind " in second.process.stderr.read()
        log.send(b"<13>still")
        assert log.lines(1) == b"user.notice: still\n"
        assert log.end() == (0, b"", b"")


def test_socklog_empty_message(ours, tmp_path):
    log = Socklog(ours / "s6-socklog", tmp_path)
    log.send(b"", b"<14>b")
    assert log.lines(2) == b"\nuser.info: b\n"
    assert log.end()[0] == 0


@pytest.mark.parametrize("address, family, to, prefix", [
    ("127.0.0.1_{}", socket.AF_INET, "127.0.0.1", b"127.0.0.1_"),
    ("127.0.0.1:{}", socket.AF_INET, "127.0.0.1", b"127.0.0.1_"),
    ("0.0.0.0_{}", socket.AF_INET, "127.0.0.1", b"127.0.0.1_"),
    ("::1_{}", socket.AF_INET6, "::1", b"::1_"), ("::_{}", socket.AF_INET6, "::1", b"::1_")])
def test_socklog_udp(ours, tmp_path, address, family, to, prefix):
    def listening():
        """On a port that was free; again, if somebody else has taken it meanwhile."""
        with socket.socket(family, socket.SOCK_DGRAM) as free:
            try:
                free.bind((to, 0))
            except OSError:
                pytest.skip("no IPv6 here")
            port = free.getsockname()[1]
        log = Socklog(ours / "s6-socklog", tmp_path, "-i", address.format(port))
        if log.ready == b"\n":
            return log, port
        said = log.end()[2]
        assert b"in use" in said, said
        return None
    log, port = wait_for(listening, what="port")
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.connect((to, port))
        s.send(b"<13>hello\n")
        own = s.getsockname()[1]
        assert log.lines(1) == prefix + b"%d: user.notice: hello\n" % own
    assert log.end() == (0, b"", b"")


# --- what is slow, or goes away

def blocked(log):
    """Fills the daemon's pipe, and the kernel's queue behind it; how many messages went in."""
    count = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(log.path)
        s.settimeout(0.3)
        while True:
            try:
                s.send(b"<13>%06d " % count + b"x" * 900)
                count += 1
            except TimeoutError:
                # It sleeps although there is something to read: it has been let on, and waits for its reader.
                if process_state(log.process.pid) == "S":
                    return count


def test_socklog_waits_for_a_slow_reader_and_loses_nothing(ours, tmp_path):
    log = Socklog(ours / "s6-socklog", tmp_path)
    count = blocked(log)
    assert count > 60
    log.process.terminate()
    out, err = log.process.communicate(timeout=60)
    assert (log.process.returncode, err) == (0, b"")
    assert [int(line[13:19]) for line in out.splitlines()] == list(range(count))


def test_socklog_gives_up_in_time(ours, tmp_path):
    for program in (THEIRS / "s6-socklog", ours / "s6-socklog"):
        log = Socklog(program, tmp_path, "-t", "100")
        blocked(log)
        log.process.terminate()
        assert log.process.wait(DEADLINE) == 99
        log.process.communicate()


def test_socklog_without_a_reader(ours, tmp_path):
    log = Socklog(ours / "s6-socklog", tmp_path)
    log.process.stdout.close()
    log.send(b"<13>a")
    assert log.process.wait(DEADLINE) == 111
    assert log.process.stderr.read() == (
        b"s6-socklog: fatal: unable to write to standard output: Broken pipe\n")


def test_socklog_idles(ours, tmp_path):
    log = Socklog(ours / "s6-socklog", tmp_path)
    log.send(b"<13>a")
    log.lines(1)
    def sleeps():
        return process_state(log.process.pid) == "S"
    wait_for(sleeps)
    assert log.end() == (0, b"", b"")
