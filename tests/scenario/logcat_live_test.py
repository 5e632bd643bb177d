"""logcat -f: what begins it, what ends it, and what comes and goes meanwhile."""
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

from lib.logcat import BASE, DEADLINE, OVERLOG, Follower, Writer, cri, environment, is_asleep, run, service, three
from lib.refusal import attached
from lib.wait import let_pass, wait_for, wait_still


def lines_in_the_end(root, viewer, logger):
    """Ends both, first the viewer, which has said what it leaves out. What it has shown."""
    viewer.terminate()
    said = viewer.stderr.read().decode()
    viewer.wait(DEADLINE)
    assert logger.wait(DEADLINE) == 0
    assert said == "logcat: warning: leaving out viewer: what is shown here is logged there\n"
    return [line.split(" ", 1)[1] for line in (root / "viewer/current").read_text().splitlines()]


def test_39_a_service_does_not_follow_itself(root):
    """Its logger says which pipe it reads. 30 bytes for each line of another service, and no more."""
    service(root, "other", cri(BASE, "x"))
    (root / "viewer").mkdir()
    r, w = os.pipe()
    logger = subprocess.Popen(["s6-log", "-b", "U", str(root / "viewer")], executable=OVERLOG, stdin=r)
    os.close(r)
    wait_for((root / "viewer/current").exists)
    viewer = subprocess.Popen(["logcat", "-f", "-o", "raw"], executable=OVERLOG, env=environment(root), stdout=w,
                              stderr=subprocess.PIPE)
    os.close(w)
    try:
        wait_for(lambda: b" x\n" in (root / "viewer/current").read_bytes())
        for i in range(100):
            with open(root / "other/current", "a") as f:
                f.write(cri(BASE + 1 + i, f"line {i}"))
        wait_for(lambda: b"line 99" in (root / "viewer/current").read_bytes())
        service(root, "later", cri(BASE + 1000, "the last"))
        wait_for(lambda: b"the last" in (root / "viewer/current").read_bytes())
        lines = lines_in_the_end(root, viewer, logger)
    finally:
        viewer.kill()
        logger.kill()
    assert lines == ["x"] + [f"line {i}" for i in range(100)] + ["the last"]
    assert "line 99" in run(root, "viewer")  # it can be shown, and followed by others


def test_39_a_service_whose_logger_begins_later(root):
    """What it has shown is in the pipe by then, and in the log with the logger's first write: none of it comes again."""
    service(root, "other", "".join(cri(BASE + i, f"line {i}") for i in range(10)))
    (root / "viewer").mkdir()
    r, w = os.pipe()
    viewer = subprocess.Popen(["logcat", "-f", "-o", "raw"], executable=OVERLOG, env=environment(root), stdout=w,
                              stderr=subprocess.PIPE)
    wait_for(lambda: is_asleep(viewer.pid) and select.select([r], [], [], 0)[0])
    viewer.send_signal(signal.SIGSTOP)  # it looks when all is there
    logger = subprocess.Popen(["s6-log", "-b", "U", str(root / "viewer")], executable=OVERLOG, stdin=r)
    os.close(r)
    os.close(w)
    try:
        wait_for(lambda: (root / "viewer/current").exists() and b"line 9" in (root / "viewer/current").read_bytes())
        viewer.send_signal(signal.SIGCONT)
        other = Writer(root / "other")  # with stamps of now: later than all that is in the log
        for i in range(10, 20):
            other.write(f"line {i}")
        wait_for(lambda: b"line 19" in (root / "viewer/current").read_bytes())
        lines = lines_in_the_end(root, viewer, logger)
    finally:
        viewer.kill()
        logger.kill()
    assert lines == [f"line {i}" for i in range(20)]


def test_40_follow_begins_with_ten_lines(root):
    three(root)
    w = Writer(root / "alpha")
    every = run(root, "-o", "raw").splitlines()
    with Follower(root, "-o", "raw") as f:
        assert f.lines(10) == every[-10:]
        w.write("new")
        assert f.lines(11)[10:] == ["new"]
        assert f.end() == 0
    with Follower(root, "-n0", "-o", "raw") as f:
        wait_for(lambda: is_asleep(f.process.pid))
        w.write("first")
        assert f.lines(1) == ["first"]
    with Follower(root, "-n", "all", "-o", "raw", "gamma") as f:
        assert f.lines(20) == [f"gamma {i}" for i in range(20)]
        w.write("of another service")
        assert f.end(signal.SIGTERM) == 0
        assert f.data.count(b"\n") == 20


def test_41_every_line_once_while_rotating(root):
    """Three services, rotated every few lines, compressed by one of them, while a reader follows."""
    count, names = 4000, ["a", "b", "c"]
    for n in names:
        Writer(root / n)

    def write(name):
        w = Writer(root / name)
        for i in range(count):
            w.write(f"{name} {i}")
            if i % 37 == 36:
                w.rotate(compress=name == "b")
            if i % 500 == 0:
                let_pass(0.01)

    with Follower(root, "-n", "all", "-o", "raw") as f:
        threads = [threading.Thread(target=write, args=(n,)) for n in names]
        for t in threads:
            t.start()
        f.lines(count * 3)
        for t in threads:
            t.join()
        assert f.end() == 0
        lines = f.data.decode().splitlines()
        for n in names:
            assert [x for x in lines if x.startswith(n)] == [f"{n} {i}" for i in range(count)]
        assert len(lines) == count * 3
        assert f.errors() in (None, b"")


def test_42_order_among_services(root):
    """One writer, two services in turn: the order of writing is the order shown."""
    writers = [Writer(root / n) for n in ("x", "y", "z")]
    with Follower(root, "-o", "raw", "-n0") as f:
        wait_for(lambda: is_asleep(f.process.pid))
        for i in range(3000):
            writers[i * 7 % 3].write(str(i))
        assert f.lines(3000) == [str(i) for i in range(3000)]


def test_42_order_among_services_where_a_reader_waits_for_a_processor(root, tmp_path):
    """Between being told of changes and reading them: then one service has its lines read, another is not known to have any."""
    writers = [Writer(root / n) for n in ("x", "y")]
    told = tmp_path / "told"
    with Follower(root, "-o", "raw", "-n0") as f:
        wait_for(lambda: is_asleep(f.process.pid))
        slow = attached(f.process.pid, str(told), "-e", "trace=read", "-e", "inject=read:delay_exit=300000")
        writers[0].write("first")
        wait_for(lambda: "EAGAIN" in told.read_text(), what="the end of what it is told")
        writers[1].write("second")
        writers[0].write("third")
        assert f.lines(3) == ["first", "second", "third"]
        slow.terminate()
        slow.wait(DEADLINE)


def test_43_new_services_and_new_roots(root):
    Writer(root / "a").write("a1")
    with Follower(root, "-o", "raw") as f:
        f.lines(1)
        Writer(root / "late").write("l1")
        assert f.lines(2)[1:] == ["l1"]
    with Follower(root / "deep/er", "-o", "raw", S6_LOGGING="1") as f:
        assert f.process.wait(DEADLINE) == 1  # nothing there: said, not waited for
    with Follower(root, "-o", "raw", "coming") as f:
        wait_for(lambda: is_asleep(f.process.pid))
        Writer(root / "other").write("o1")
        Writer(root / "coming").write("c1")
        assert f.lines(1) == ["c1"]
        assert b"no log directory of coming" in f.errors()


def test_43_a_link_to_what_is_followed(root):
    service(root, "web", cri(BASE, "one"))
    with Follower(root, "-n", "all", "-o", "raw") as f:
        assert f.lines(1) == ["one"]
        (root / "alias").symlink_to("web")
        service(root, "later", cri(BASE + 1, "two"))  # seen after the link
        assert f.lines(2) == ["one", "two"]
        with open(root / "web/current", "a") as file:
            file.write(cri(BASE + 2, "three"))
        f.lines(3)
        with open(root / "later/current", "a") as file:
            file.write(cri(BASE + 3, "four"))
        assert f.lines(4) == ["one", "two", "three", "four"]


def test_44_deleted_and_made_again(root):
    w = Writer(root / "a")
    Writer(root / "b").write("b")
    w.write("before")
    with Follower(root, "-o", "raw") as f:
        f.lines(2)
        for i in range(5):
            w.write(f"last words {i}")
            shutil.rmtree(root / "a")
            w = Writer(root / "a")
            w.write(f"again {i}")
            assert f.lines(4 + 2 * i)[2 + 2 * i:] == [f"last words {i}", f"again {i}"]
        os.rename(root / "a", root / "c")
        Writer(root / "a").write("a new one")
        f.read_until(lambda d: b"a new one\n" in d)
        assert f.data.count(b"a new one\n") == 1


def test_45_pieces_are_joined_while_following(root):
    w = Writer(root / "a")
    with Follower(root, "-n0", "-o", "raw") as f:
        wait_for(lambda: is_asleep(f.process.pid))
        w.write("begin ", flag="P")
        w.rotate()
        w.file.write(cri(int(time.time()), "end")[:20].encode())
        w.file.write(cri(int(time.time()), "end")[20:].encode())
        assert f.lines(1) == ["begin end"]


def test_46_ends_when_the_reader_goes_away(root):
    Writer(root / "a").write("a1")
    f = Follower(root)
    f.lines(1)
    f.process.stdout.close()  # nothing is written any more: it is told all the same
    f.process.wait(DEADLINE)
    assert f.process.returncode == 0
    assert f.process.stderr.read() == b""
    f.process.stderr.close()


def test_47_head_and_pipe(root):
    service(root, "a", "".join(cri(BASE + i, f"line {i}" + "x" * 100) for i in range(20000)))
    p = subprocess.Popen(["logcat"], executable=OVERLOG, env=environment(root), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    p.stdout.read(10)
    p.stdout.close()
    assert p.wait(DEADLINE) == 0 and p.stderr.read() == b""
    p.stderr.close()


def test_48_idle_makes_no_wakeups(root):
    for n in ("a", "b"):
        Writer(root / n).write("x")
    with Follower(root) as f:
        f.lines(2)

        def switches():
            text = Path(f"/proc/{f.process.pid}/status").read_text()
            return [x for x in text.splitlines() if "ctxt_switches" in x]

        wait_still(switches, 1.5, what="work")


def test_49_interrupt_while_the_reader_stands_still(root):
    service(root, "a", "".join(cri(BASE + i, "x" * 200) for i in range(20000)))
    with Follower(root, "-n", "all") as f:
        select.select([f.process.stdout], [], [], DEADLINE)
        wait_for(lambda: is_asleep(f.process.pid))  # the pipe is full
        f.process.send_signal(signal.SIGINT)
        assert f.process.wait(DEADLINE) == 0


def test_50_follow_with_filter_shows_the_matching_history(root):
    three(root)
    w = Writer(root / "alpha")
    with Follower(root, "-o", "raw", "-g", "alpha") as f:
        assert f.lines(20) == [f"alpha {i}" for i in range(20)]
        w.write("beta, no")
        w.write("alpha, yes")
        assert f.lines(21)[20:] == ["alpha, yes"]
