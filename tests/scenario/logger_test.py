"""The paired logger by its contract (docs/logger-contract.md): real pipes, no supervisor."""
import fcntl
import json
import os
import re
import select
import signal
import stat
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from lib.logger import OVERLOG, TO_A_SUCCESSOR, Rig, high, pipe
from lib.wait import DEADLINE, wait_for, wait_still

@pytest.fixture
def rig(tmp_path):
    made = []

    def make(*args, **kwargs):
        made.append(Rig(kwargs.pop("folder", tmp_path), *args, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.close()


def write_all(fd, data, chunk):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view[:chunk]):]


def numbered(letter, count):
    return b"".join(b"%c %07d of a service that talks\n" % (letter, i) for i in range(count))


def messages(lines, stream):
    return [m for s, _, m in lines if s == stream]


def whole(r, stream):
    """The messages of a stream, their pieces joined: a line that stands begun for a second, where its writer had to wait
    for a processor, is there in pieces."""
    return [m for s, m in r.whole() if s == stream]


def is_clean(path):
    return bool(path.stat().st_mode & stat.S_IXUSR)


def size_of(path):
    return path.stat().st_size if path.exists() else 0


def waiting(fd):
    return bool(select.select([fd], [], [], 0)[0])


def test_two_streams_in_order_through_rotations_and_restarts(rig):
    """Nothing lost, torn or twice, on disk and on the console."""
    count = 100000
    r = rig("n2000", "s200000", "S1000000000", "C").start()
    data = [numbered(b"O"[0], count), numbered(b"E"[0], count)]
    writers = [threading.Thread(target=write_all, args=(fd, d, chunk)) for fd, d, chunk in
               ((r.out[1], data[0], 4093), (r.err[1], data[1], 9001))]
    for w in writers:
        w.start()
    total = len(data[0])
    for step in range(1, 6):
        wait_for(lambda: r.shown[0].stat().st_size > total * step // 7, what="progress")
        r.signal(signal.SIGHUP)
        assert r.wait() == TO_A_SUCCESSOR
        r.start()
    for w in writers:
        w.join()
    wait_for(lambda: any(p.suffix == ".gz" for p in r.files()), what="compression")
    assert r.finish() == 0
    assert whole(r, "stdout") == data[0].split(b"\n")[:-1]
    assert whole(r, "stderr") == data[1].split(b"\n")[:-1]
    assert r.shown[0].read_bytes() == data[0]
    assert r.shown[1].read_bytes() == data[1]
    assert len(r.files()) > 30
    assert is_clean(r.directory / "current")


def test_files_and_modes(rig):
    r = rig("n20", "s4096", "C").start()
    write_all(r.out[1], numbered(b"O"[0], 200), 100000)
    wait_for(lambda: len(r.files()) > 2, what="rotation")
    current = r.directory / "current"
    wait_for(lambda: current.exists() and stat.S_IMODE(current.stat().st_mode) == 0o644, what="mode of current")
    assert r.finish() == 0
    assert stat.S_IMODE(r.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(current.stat().st_mode) == 0o744
    for path in r.files()[:-1]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o744
        if path.suffix != ".gz":
            assert path.stat().st_size <= 4096
    assert r.directory.joinpath("lock").exists()


def test_the_user_owns_what_is_made(rig, place):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    r = rig("n20", "s4096", "C", folder=place, options=["-u", "12345:23456"]).start()
    write_all(r.out[1], numbered(b"O"[0], 200), 100000)
    wait_for(lambda: r.directory.exists() and len(r.files()) > 2, what="rotation")
    status = Path(f"/proc/{r.pid}/status").read_text()
    assert re.search(r"Uid:\t12345\t12345\t12345\t12345\nGid:\t23456\t23456\t23456\t23456", status)
    assert re.search(r"Groups:\t *\n", status)
    assert "NoNewPrivs:\t1" in status
    assert Path(f"/proc/{r.pid}/maps").stat().st_uid == 0  # not dumpable
    assert r.finish() == 0
    for path in [r.directory, *r.directory.iterdir()]:
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456), path


def test_begun_line_goes_to_the_successor(rig):
    r = rig("C").start()
    os.write(r.out[1], b"whole\nbeg")
    os.write(r.err[1], b"x" * 10000)
    wait_for(lambda: r.shown[0].read_bytes() == b"whole\nbeg", what="begun line on the console")
    wait_for(lambda: r.shown[1].stat().st_size == 10000, what="begun line on the console")
    r.signal(signal.SIGHUP)
    assert r.wait() == TO_A_SUCCESSOR
    os.write(r.out[1], b"un\n")
    os.write(r.err[1], b"yz\n")
    r.start()
    assert r.finish() == 0
    assert whole(r, "stdout") == [b"whole", b"begun"]
    assert whole(r, "stderr") == [b"x" * 10000 + b"yz"]
    pieces = [l[1:] for l in r.lines() if l[0] == "stderr"]
    assert pieces[0] == ("P", b"x" * 8192) and pieces[-1][0] == "F"
    assert r.shown[0].read_bytes() == b"whole\nbegun\n"
    assert r.shown[1].read_bytes() == b"x" * 10000 + b"yz\n"


def test_without_journals_hup_ends_the_line(rig):
    r = rig("C", journals=False).start()
    os.write(r.out[1], b"begun")
    wait_for(lambda: r.shown[0].read_bytes() == b"begun", what="begun line on the console")
    r.signal(signal.SIGHUP)
    assert r.wait() == TO_A_SUCCESSOR
    assert r.whole() == [("stdout", b"begun")] and r.lines()[-1][1] == "F"


def test_usr1_is_a_line_boundary(rig):
    r = rig("C").start()
    os.write(r.out[1], b"panic: fata")
    os.write(r.err[1], b"whole\n")
    r.signal(signal.SIGUSR1)
    wait_for(lambda: not fcntl.fcntl(r.keep[2], fcntl.F_GETFL) & os.O_NONBLOCK, what="boundary")
    assert whole(r, "stdout") == [b"panic: fata"] and [l for l in r.lines() if l[0] == "stdout"][-1][1] == "F"
    r.signal(signal.SIGUSR1)
    os.write(r.out[1], b"starting\n")
    assert r.finish() == 0
    assert whole(r, "stdout") == [b"panic: fata", b"starting"]
    assert whole(r, "stderr") == [b"whole"]
    assert r.shown[0].read_bytes() == b"panic: fata\nstarting\n"


def test_usr2_drains_and_leaves(rig):
    r = rig("C")
    write_all(r.out[1], numbered(b"O"[0], 1000) + b"last", 100000)
    r.start()
    r.signal(signal.SIGUSR2)
    assert r.wait() == 0
    assert whole(r, "stdout") == numbered(b"O"[0], 1000).split(b"\n")[:-1] + [b"last"]
    assert is_clean(r.directory / "current")


def test_other_signals_are_ignored(rig):
    r = rig("C").start()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        r.signal(number)
    os.write(r.out[1], b"alive\n")
    assert r.finish() == 0
    assert messages(r.lines(), "stdout") == [b"alive"]


def test_alrm_rotates(rig):
    r = rig("C", "z0").start()
    r.signal(signal.SIGALRM)
    os.write(r.out[1], b"one\n")
    # With an archive at once, where the signal came after the line.
    wait_for(lambda: size_of(r.directory / "current") > 0 or len(r.files()) == 2, what="line")
    r.signal(signal.SIGALRM)
    wait_for(lambda: len(r.files()) == 2, what="archive")
    assert r.finish() == 0
    first, current = r.files()
    assert first.suffix == ".s" and first.read_bytes().endswith(b"Z stdout F one\n")
    assert current.read_bytes() == b""


def test_period_rotates(rig):
    r = rig("R1", "C", "z0").start()
    os.write(r.out[1], b"one\n")
    wait_for(lambda: len(r.files()) == 2, what="archive")
    assert r.finish() == 0
    assert r.files()[0].read_bytes().endswith(b" one\n")


def test_nul_and_long_lines(rig):
    r = rig("C")
    data = b"a\0b\n\n\0" + b"x" * 8192 + b"\n" + b"y" * 8193 + b"\n" + b"z" * 20000
    write_all(r.out[1], data, 100000)
    r.end_input()  # at once: no line stands begun
    r.start()
    assert r.wait() == 0
    assert [l[1:] for l in r.lines()] == [
        ("F", b"a"), ("F", b"b"), ("F", b""), ("F", b""), ("F", b"x" * 8192),
        ("P", b"y" * 8192), ("F", b"y"),
        ("P", b"z" * 8192), ("P", b"z" * 8192), ("F", b"z" * 3616)]
    assert r.shown[0].read_bytes() == data


def test_console_copy_is_byte_identical(rig):
    data = os.urandom(3 << 20)
    r = rig("n1000", "z0", "C").start()
    write_all(r.out[1], data, 65536)
    assert r.finish() == 0
    assert r.shown[0].read_bytes() == data
    assert r.shown[1].read_bytes() == b""
    joined = b"".join(m if f == "P" else m + b"\n" for _, f, m in r.lines())
    ended = data if data[-1:] in (b"\n", b"\0") else data + b"\n"
    assert joined == ended.replace(b"\0", b"\n")


def one_line(r, *options):
    """What logcat shows of the log."""
    shown = subprocess.run(["logcat", "-o", "raw", *options, str(r.directory)], executable=OVERLOG, capture_output=True,
                           check=True)
    return shown.stdout


def test_a_begun_line_is_visible(rig):
    r = rig("C", mode="2").start()
    os.write(r.out[1], b"first\nWaiting for \xe2\x82")
    wait_for(lambda: len(r.lines()) == 2, what="begun line")
    assert r.lines() == [("stdout", "F", b"first"), ("stdout", "P", b"Waiting for ")]
    assert one_line(r) == b"first\nWaiting for \n"
    os.write(r.err[1], b"in between\n")
    with subprocess.Popen(["logcat", "-f", "-o", "raw", str(r.directory)], executable=OVERLOG, stdout=subprocess.PIPE,
                          bufsize=0) as follower:
        assert follower.stdout.readline() == b"first\n"
        assert follower.stdout.readline() == b"in between\n"
        os.write(r.out[1], b"\xac...")
        wait_for(lambda: len(r.lines()) == 4, what="more of it")
        r.kill()
        r.start()
        os.write(r.out[1], b" done\nlast gasp")
        assert follower.stdout.readline() == "Waiting for €... done\n".encode()
        wait_for(lambda: len(r.lines()) == 6, what="another one")
        r.signal(signal.SIGUSR1)  # its writer is gone
        assert follower.stdout.readline() == b"last gasp\n"
        follower.kill()
    assert r.finish() == 0
    assert r.lines() == [("stdout", "F", b"first"), ("stdout", "P", b"Waiting for "), ("stderr", "F", b"in between"),
                         ("stdout", "P", "€...".encode()), ("stdout", "F", b" done"), ("stdout", "P", b"last gasp"),
                         ("stdout", "F", b"")]
    assert one_line(r).decode() == "first\nin between\nWaiting for €... done\nlast gasp\n"


@pytest.mark.parametrize("script", [["t"], ["-", "+x", "C"]], ids=["other stamps", "selection"])
def test_a_begun_line_waits_where_nobody_can_join_it(rig, script):
    r = rig(*script, mode="2").start()
    os.write(r.out[1], b"x whole\nx begun")
    wait_for(lambda: b"whole" in r.logged(), what="whole line")
    wait_still(r.logged, 1.5)
    assert b"begun" not in r.logged()
    os.write(r.out[1], b" and ended\n")
    assert r.finish() == 0
    assert r.logged().endswith(b"x begun and ended\n")


def test_no_wake_up_for_a_line_that_is_written(rig):
    """The timer runs only while a begun line stands."""
    r = rig("C", mode="2").start()
    os.write(r.out[1], b"begun")
    wait_for(lambda: len(r.lines()) == 1, what="begun line")

    def turns():
        status = Path(f"/proc/{r.pid}/status").read_text()
        return re.search(r"\nvoluntary_ctxt_switches:\t(\d+)", status)[1]
    wait_still(turns, 2.5, what="a logger that sleeps")
    assert r.finish() == 0


def test_prefix_before_each_line(rig):
    r = rig(mode="0", disk=False, options=["-p"]).start()
    os.write(r.out[1], b"one\ntwo\nthr")
    wait_for(lambda: r.shown[0].read_bytes().endswith(b"thr\n"), what="begun line")
    os.write(r.out[1], b"ee\n\nfive")
    os.write(r.err[1], b"error\n")
    assert r.finish() == 0
    assert r.shown[0].read_bytes() == b"[web] one\n[web] two\n[web] thr\n[web] ee\n[web] \n[web] five\n"
    assert r.shown[1].read_bytes() == b"[web] error\n"
    assert not r.directory.exists()


def test_objects(rig):
    r = rig(mode="0", disk=False, options=["-j"]).start()
    os.write(r.out[1], b'{"a":1}\nbegun \xe2\x82')
    os.write(r.err[1], b"half")
    wait_for(lambda: r.shown[0].read_bytes().endswith(b'"partial":true}\n'), what="begun line")
    os.write(r.out[1], b"\xac\n")
    r.signal(signal.SIGUSR1)
    wait_for(lambda: r.shown[1].read_bytes().endswith(b"}\n") and r.shown[0].read_bytes().count(b"\n") == 3
             and not r.shown[1].read_bytes().endswith(b'"partial":true}\n'), what="boundary")
    os.write(r.err[1], b"half\n")
    assert r.finish() == 0
    out, err = ([json.loads(line) for line in shown.read_text().splitlines()] for shown in r.shown)
    assert [(e.get("a"), e.get("message"), e.get("partial")) for e in out] == \
        [(1, None, None), (None, "begun ", True), (None, "€", None)]
    assert "".join(e["message"] + ("" if e.get("partial") else "\n") for e in err) == "half\nhalf\n"
    assert {(e["service"], e["stream"]) for e in out + err} == {("web", "stdout"), ("web", "stderr")}


def test_mode_2_shows_nothing(rig):
    r = rig("C", mode="2").start()
    os.write(r.out[1], b"secret\n")
    assert r.finish() == 0
    assert messages(r.lines(), "stdout") == [b"secret"]
    assert [p.read_bytes() for p in r.shown] == [b"", b""]


def test_console_lock_is_honoured(rig):
    r = rig("C")
    lock = r.keep[3]
    fcntl.lockf(lock, fcntl.LOCK_EX, 1, 0, os.SEEK_SET)
    r.start()
    os.write(r.out[1], b"one\n")
    wait_for(lambda: not waiting(r.out[0]), what="read")
    assert r.shown[0].read_bytes() == b""
    fcntl.lockf(lock, fcntl.LOCK_UN, 1, 0, os.SEEK_SET)
    wait_for(lambda: r.shown[0].read_bytes() == b"one\n", what="console copy")
    assert r.finish() == 0


def filled(fd):
    """How many bytes wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_a_console_that_stands_still_holds_back_only_who_writes_to_it(rig, tmp_path):
    console = pipe()
    null = high(os.open(os.devnull, os.O_WRONLY))
    for name in "ab":
        (tmp_path / name).mkdir()
    r = rig("n1000", "z0", "C", console=[console[1], null], folder=tmp_path / "a").start()
    other = rig("n1000", "z0", "C", mode="2", folder=tmp_path / "b", name="other")
    os.close(other.keep[3])
    other.keep[3] = fcntl.fcntl(r.keep[3], fcntl.F_DUPFD_CLOEXEC, 100)  # the lock of the container
    other.start()
    data = numbered(b"o"[0], 60000)
    written = []

    def feed():
        view = memoryview(data)
        while view:
            written.append(os.write(r.out[1], view[:1000]))
            view = view[written[-1]:]

    service = threading.Thread(target=feed)
    service.start()
    capacity = fcntl.fcntl(console[0], fcntl.F_GETPIPE_SZ)
    # How full the console's pipe gets depends on where the writes meet its pages.
    # A pipe on each side, a journal, and what is on its way between.
    wait_for(lambda: filled(console[0]) > capacity // 2 and filled(r.out[0]) > capacity - 5000 and
             sum(written) > 2 * capacity - 10000, what="standstill")
    wait_still(lambda: (len(written), filled(console[0]), filled(r.out[0])), 0.3)
    assert sum(written) < 4 * capacity
    # One without a console does not notice.
    write_all(other.out[1], data, 4096)
    assert other.finish() == 0
    assert whole(other, "stdout") == data.split(b"\n")[:-1]
    shown = b""
    while len(shown) < len(data):
        shown += os.read(console[0], 3000)
    service.join()
    assert r.finish() == 0
    assert shown == data and filled(console[0]) == 0
    assert whole(r, "stdout") == data.split(b"\n")[:-1]
    for fd in (*console, null):
        os.close(fd)


def test_closed_console_is_given_up_and_said_once(rig):
    closed = pipe()
    os.close(closed[0])
    r = rig("C")
    r.console[0] = closed[1]
    r.start()
    for i in range(3):
        os.write(r.out[1], b"line %d\n" % i)
        wait_for(lambda: len(messages(r.lines(), "stdout")) == i + 1, what="line on disk")
    os.write(r.err[1], b"error\n")
    assert r.finish() == 0
    said = r.shown[1].read_bytes().split(b"\n")
    assert said == [b"logger web: warning: unable to write to the console's stdout: Broken pipe; "
                    b"it is given up", b"error", b""]


def test_both_consoles_closed_is_said_in_the_log(rig):
    closed = pipe()
    os.close(closed[0])
    r = rig("C", console=[closed[1], closed[1]]).start()
    os.write(r.err[1], b"error\n")
    assert r.finish() == 0
    assert b"the console's stderr" in r.lines()[0][2] or b"the console's stderr" in r.lines()[1][2]
    assert ("stderr", "F", b"error") in r.lines()


def test_bad_script_means_the_default(rig):
    r = rig("n20", "nonsense").start()
    os.write(r.out[1], b"line\n")
    assert r.finish() == 0
    assert messages(r.lines(), "stdout") == [b"line"]
    assert r.shown[1].read_bytes() == (
        b"logger web: warning: bad logging script: unrecognized directive: nonsense; "
        b"taking n20 s1000000 C\n")


@pytest.mark.parametrize("argv", [[], ["web"], ["web", "3"], ["-u", "web", "web", "1"], ["-x"]])
def test_bad_usage(argv):
    r = subprocess.run([OVERLOG, "logger", *argv], capture_output=True, timeout=60)
    assert r.returncode == 100


@pytest.mark.parametrize("mode,shown", [("1", True), ("2", True)])
def test_no_directory_is_a_warning(rig, tmp_path, mode, shown):
    (tmp_path / "log").write_text("in the way")
    r = rig("C", mode=mode).start()
    os.write(r.out[1], b"line\n")
    assert r.finish() == 0
    assert r.shown[0].read_bytes() == (b"line\n" if shown else b"")
    said = r.shown[1].read_text()
    assert said.startswith("logger web: warning: unable to ") and said.count("\n") == 1
    assert said.endswith("; logging to the console only\n")


def test_no_directory_in_auto_is_quiet_but_for_init(rig, tmp_path):
    (tmp_path / "log").write_text("in the way")
    r = rig("C", mode="auto").start()
    os.write(r.out[1], b"line\n")
    assert r.finish() == 0
    assert r.shown[0].read_bytes() == b"line\n"
    assert r.shown[1].read_bytes() == b""
    r = rig("C", mode="auto", name=".init", events=True,
            options=["-v", "-e", str(tmp_path / "log/.events")]).start()
    os.write(r.out[1], b"line\n")
    assert r.finish() == 0
    assert r.shown[1].read_text() == (
        f".init: info: unable to use log directory {tmp_path}/log (Not a directory): logging to the console only; "
        "`logcat NAME` gives the reason for each service\n")


def test_the_line_about_no_directory_is_info(rig, tmp_path):
    (tmp_path / "log").write_text("in the way")
    r = rig("C", mode="auto", name=".init", events=True, options=["-e", str(tmp_path / "log/.events")]).start()
    assert r.finish() == 0
    assert r.shown[1].read_bytes() == b""


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_log_directory_that_is_a_link_is_named(rig, tmp_path, target):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "log").symlink_to(target)
    r = rig("C", mode="1").start()
    os.write(r.out[1], b"line\n")
    assert r.finish() == 0
    assert f"unable to use log directory {tmp_path}/log: it is a symbolic link (to {target})" in r.shown[1].read_text()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_auto_takes_the_disk_back(rig, tmp_path):
    (tmp_path / "log").write_text("in the way")
    r = rig("r1", "C", mode="auto").start()
    os.write(r.out[1], b"one\n")
    wait_for(lambda: r.shown[0].read_bytes() == b"one\n", what="console")
    (tmp_path / "log").unlink()

    def logged():
        os.write(r.out[1], b"more\n")
        return r.directory.is_dir() and r.lines()
    wait_for(logged, what="line on disk", interval=0.02)
    assert r.finish() == 0
    notice, first = r.lines()[:2]
    assert notice[:2] == ("stderr", "F")
    assert re.fullmatch(rb"logger web: warning: \d+ lines are missing here: there was no log directory", notice[2])
    assert first == ("stdout", "F", b"more")


def test_events_go_to_their_directory(rig, tmp_path):
    events = tmp_path / "events"
    r = rig("C", name=".init", events=True, options=["-e", str(events)]).start()
    os.write(r.events[1], b"2026 web start\n2026 web ready\n")
    wait_for(lambda: size_of(events / "current") > 0, what="event")
    r.signal(signal.SIGHUP)
    assert r.wait() == TO_A_SUCCESSOR
    os.write(r.events[1], b"2026 web exit\n")
    r.start()
    assert r.finish() == 0
    assert (events / "current").read_bytes() == b"2026 web start\n2026 web ready\n2026 web exit\n"
    assert is_clean(events / "current")


def test_more_actions_in_a_paired_script(rig, tmp_path):
    status = tmp_path / "status"
    r = rig("-debug", "^0", f"={status}", "1", "C", "p>", mode="2").start()
    os.write(r.out[1], b"debug 1\nerror 2\n")
    assert r.finish() == 0
    assert r.lines() == [("stdout", "F", b"> error 2")]
    assert status.read_bytes() == b"error 2\n"
    assert r.shown[0].read_bytes() == b"error 2\n"


def test_idle_makes_no_wake_ups(rig):
    r = rig("C").start()
    os.write(r.out[1], b"line\nbegun")
    wait_for(lambda: r.shown[0].read_bytes() == b"line\nbegun", what="begun line")

    def switches():
        text = Path(f"/proc/{r.pid}/status").read_text()
        return int(re.search(r"\nvoluntary_ctxt_switches:\t(\d+)", text)[1])

    wait_still(switches, 1.2, what="work")
    assert r.finish() == 0


# --- full disks ---------------------------------------------------------------------------------


@pytest.fixture
def small(place):
    """A file system of 256 KiB, with a file that takes half of it."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    path = Path(place) / "small"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", path], check=True)
    (path / "ballast").write_bytes(b"\0" * 131072)
    yield path
    subprocess.run(["umount", "-l", path], check=True)


class SmallRig(Rig):
    def __init__(self, small, folder, *args, **kwargs):
        super().__init__(folder, *args, **kwargs)
        self.options[self.options.index("-d") + 1] = str(small / "log")
        self.directory = small / "log"


@pytest.mark.parametrize("restart", [False, True])
def test_full_disk_holds_the_service_back(small, tmp_path, restart):
    data = numbered(b"O"[0], 5000)
    r = SmallRig(small, tmp_path, "n1000", "s10000000", "r50", "z0", "C")
    try:
        r.start()
        writer = threading.Thread(target=write_all, args=(r.out[1], data, 5000), daemon=True)
        writer.start()
        wait_for(lambda: b"No space left" in r.shown[1].read_bytes(), what="full disk")
        wait_for(lambda: waiting(r.out[0]), what="data in the pipe")
        if restart:
            r.signal(signal.SIGHUP)
            assert r.wait() == TO_A_SUCCESSOR
            r.start()
            wait_for(lambda: r.shown[1].read_bytes().count(b"No space left") == 2, what="full disk, for the successor")
        (small / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=2m", small], check=True)
        writer.join(DEADLINE)
        assert not writer.is_alive()
        assert r.finish() == 0
        assert whole(r, "stdout") == data.split(b"\n")[:-1]
        assert r.shown[0].read_bytes() == data
        said = r.shown[1].read_bytes().split(b"\n")[:-1]
        assert len(said) == 2 if restart else 1
        assert said[0] == (b"logger web: warning: unable to write to %s: No space left on device; "
                           b"nothing is read until it works" % bytes(r.directory))
    finally:
        r.close()


def test_full_disk_in_auto_is_given_up(small, tmp_path):
    data = numbered(b"O"[0], 10000)
    r = SmallRig(small, tmp_path, "n1000", "s10000000", "r1", "z0", "C", mode="auto")
    try:
        r.start()
        write_all(r.out[1], data, 5000)
        wait_for(lambda: r.shown[0].stat().st_size == len(data), what="console copy")
        (small / "ballast").unlink()

        def back():
            os.write(r.out[1], b"back\n")
            return r.logged().endswith(b"back\n")
        wait_for(back, what="line on disk", interval=0.02)
        assert r.finish() == 0
        kept = [m for m in whole(r, "stdout") if m != b"back"]
        all_lines = data.split(b"\n")[:-1]
        assert kept == [m for m in all_lines if m in set(kept)]  # in order, whole, none twice
        assert 1000 < len(kept) < len(all_lines)
        assert r.shown[1].read_bytes() == b""
    finally:
        r.close()
