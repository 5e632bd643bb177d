"""Disks that fill up, fail or vanish under a paired logger: what can be kept is kept, and it is said once."""
import fcntl
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

from lib.logger import TO_A_SUCCESSOR, grow, high, numbered, numbers, said, stalls, talk, waiting
from lib.processes import children, process_state
from lib.wait import DEADLINE, let_pass, wait_for

F_SETPIPE_SZ, F_OFD_SETLK = 1031, 37


def test_a_full_disk_costs_the_oldest_archives_first(rig, small):
    r = rig("n1000", "s100000", "z0", "r20", "C", logs=small).start()
    thread = talk(r, 1, 30000, torn=False)
    thread.join(DEADLINE)
    assert not thread.is_alive(), "it was held back although there were archives to give up"
    assert r.finish() == 0
    for stream in ("stdout", "stderr"):
        found, other = numbers(r, stream)
        assert found == list(range(found[0], 30001)) and 1 < found[0] < 27000
        assert other == []
    assert said(r) == [f"logger web: warning: no space left for {r.directory}; deleting its oldest archives"]


def test_then_it_holds_the_service_back(rig, small):
    r = rig("n1000", "s100000000", "z0", "r20", "C", logs=small).start()
    thread = talk(r, 1, 30000)
    stalls(r)
    grow(small)
    thread.join(DEADLINE)
    assert r.finish() == 0
    assert numbers(r) == numbers(r, "stderr") == (list(range(1, 30001)), [])
    assert said(r) == [f"logger web: warning: unable to write to {r.directory}: No space left on device; "
                       "nothing is read until it works"]


def test_or_it_drops_whole_lines_and_counts_them(rig, small):
    r = rig("n1000", "s100000000", "z0", "r1", "C", logs=small, options=["-D"]).start()
    thread = talk(r, 1, 30000, torn=False)
    thread.join(DEADLINE)
    assert not thread.is_alive()
    # all of it was read: the last line can be told from its absence on disk
    wait_for(lambda: waiting(r.out[0]) == waiting(r.err[0]) == 0, what="reading")
    grow(small)
    last = 30000

    def back():
        nonlocal last
        last += 1
        os.write(r.out[1], numbered(last, last))
        # what is there may still end within a line
        return any(b" lines are missing here" in path.read_bytes() for path in r.files())
    wait_for(back, what="notice", interval=0.02)
    assert r.finish() == 0
    found, other = numbers(r)
    assert len(other) == 1
    missing = re.fullmatch(r"logger web: warning: (\d+) lines are missing here: No space left on device", other[0])
    others = numbers(r, "stderr")[0]
    assert missing and int(missing[1]) + len(found) + len(others) == last + 30000
    gap = next(i for i, n in enumerate(found) if n != i + 1)
    assert found == list(range(1, gap + 1)) + list(range(found[gap], last + 1))
    assert others == list(range(1, len(others) + 1)) and len(others) < 30000
    assert said(r) == [f"logger web: warning: unable to write to {r.directory}: No space left on device; "
                       "lines are dropped until it works"]


def test_full_again_and_again_through_rotations_and_compressions(rig, small):
    """Room comes and goes; what is there in the end is the end of what was written, without a gap."""
    r = rig("n1000", "s50000", "S100000000", "z1", "r5", "C", logs=small).start()
    thread = talk(r, 1, 60000, torn=False)
    ballast = small / "ballast"
    size = 0
    while thread.is_alive():
        size = (size + 137_000) % 900_000
        try:
            with open(ballast, "wb") as file:
                file.write(bytes(size))
        except OSError:
            pass  # that was the point
        let_pass(0.002)
    ballast.unlink()
    assert r.finish() == 0
    for stream in ("stdout", "stderr"):
        found, other = numbers(r, stream)
        assert found == list(range(found[0], 60001)) and other == []


def test_full_in_a_compression(rig, small):
    """The archive stays as it is, said once, until there is room for its copy."""
    with open(small / "ballast", "wb") as file:
        file.write(bytes(933_888))  # three or four pages are left
    r = rig("n100", "s50000", "S100000000", "z1", "r20", "C", logs=small).start()
    text = b"".join(b"line %06d %s\n" % (i, os.urandom(24).hex().encode()) for i in range(476))  # of each stream: two files, and no more
    for fd in (r.out[1], r.err[1]):
        os.write(fd, text)
    wait_for(lambda: any("No space" in line for line in said(r)), what="message")
    assert [path.suffix for path in r.files()] == [".s", ".s", ""]
    (small / "ballast").unlink()
    wait_for(lambda: [path.suffix for path in r.files()] == [".gz", ".s", ""], what="compression")
    assert r.finish() == 0
    for stream in ("stdout", "stderr"):
        got = b"".join(message + b"\n" for which, message in r.whole() if which == stream)
        assert got == text
    assert len(said(r)) == 1


def test_full_in_a_rotation(rig, place):
    """No inode is left for a new current: the oldest archives give theirs."""
    folder = Path(place) / "few"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=8", "none", folder], check=True)
    try:
        r = rig("n1000", "s4096", "z0", "r20", "C", logs=folder).start()
        thread = talk(r, 1, 2000, torn=False)
        thread.join(DEADLINE)
        assert not thread.is_alive() and r.finish() == 0
        assert 2 <= len(r.files()) < 6
        for stream in ("stdout", "stderr"):
            found, other = numbers(r, stream)
            assert found == list(range(2001 - len(found), 2001)) and other == []
        assert said(r) == [f"logger web: warning: no space left for {r.directory}; deleting its oldest archives"]
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def held(pid, path):
    """Whether a process has the file open."""
    folder = f"/proc/{pid}/fd"
    return any(os.path.samestat(os.stat(path), os.stat(f"{folder}/{fd}")) for fd in os.listdir(folder))


def test_a_helper_does_not_hold_current(rig, place):
    """It becomes an archive, whose space would not be free when it is deleted, for as long as the helper works."""
    go = Path(place) / "go"
    r = rig("n1000", "s4096", f"!sh -c \"until test -e {go}; do sleep 0.02; done; cat\"", "C").start()
    current = r.directory / "current"
    os.write(r.out[1], numbered(1, 100))
    helper, = wait_for(lambda: children(r.pid), what="helper")
    wait_for(lambda: held(r.pid, current) and (r.directory / "previous").exists(), what="the new current")
    wait_for(lambda: not held(helper, current), what="helper that has let go")
    go.touch()
    assert r.finish() == 0


def test_current_deleted(rig):
    r = rig("C", mode="1").start()
    os.write(r.out[1], b"before\n")
    wait_for(lambda: r.lines(), what="line")
    (r.directory / "current").unlink()
    os.write(r.out[1], b"after\n")
    wait_for(lambda: r.lines(), what="line")
    assert r.finish() == 0
    assert [line[2] for line in r.lines()] == [b"after"]
    assert said(r) == [f"logger web: warning: {r.directory}/current was deleted, renamed or replaced; "
                       "going on with a new one"]


@pytest.mark.parametrize("rotates", [False, True], ids=["", "alrm"])
def test_directory_deleted(rig, rotates):
    """A rotation that comes before the next line finds no place for a new current."""
    r = rig("C", mode="1").start()
    os.write(r.out[1], b"before\n")
    wait_for(lambda: r.lines(), what="line")
    subprocess.run(["rm", "-r", r.directory], check=True)
    if rotates:
        r.signal(signal.SIGALRM)
        wait_for(lambda: said(r), what="rotation that fails")
    os.write(r.out[1], b"after\nbeg")
    assert r.wait() == TO_A_SUCCESSOR  # who may make directories
    r.start()
    os.write(r.out[1], b"un\n")
    assert r.finish() == 0
    assert r.whole() == [("stdout", b"after"), ("stdout", b"begun")]
    assert r.shown[0].read_bytes() == b"before\nafter\nbegun\n"
    assert said(r)[rotates:] == [f"logger web: warning: log directory {r.directory} was deleted"]


def tracer(pid):
    return int(re.search(r"TracerPid:\t(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def test_directory_deleted_on_the_server(rig):
    """Of NFS: whatever is done with it, or with current, says that the handle is stale."""
    r = rig("C").start()
    os.write(r.out[1], b"before\n")
    wait_for(lambda: r.lines(), what="line")
    server = subprocess.Popen(["strace", "-o", "/dev/null", "-p", str(r.pid), "-P", r.directory, "-P", r.directory / "current",
                               "-e", "inject=newfstatat,fstat,openat,write:error=ESTALE"], stderr=subprocess.DEVNULL)
    wait_for(lambda: tracer(r.pid) == server.pid, what="strace")
    os.write(r.out[1], b"after\n")
    assert r.wait() == TO_A_SUCCESSOR
    server.wait(DEADLINE)
    r.start()
    assert r.finish() == 0
    assert [line[2] for line in r.lines()] == [b"before", b"after"]
    assert said(r) == [f"logger web: warning: log directory {r.directory} was deleted"]


def test_directory_replaced_by_a_symbolic_link(rig, place):
    """What is behind the link is never touched."""
    elsewhere = Path(place) / "elsewhere"
    elsewhere.mkdir()
    r = rig("s4096", "n3", "z0", "C", mode="1").start()
    os.write(r.out[1], numbered(1, 10))
    wait_for(lambda: len(r.lines()) == 10, what="lines")
    moved = r.directory.with_name("moved")
    r.directory.rename(moved)
    r.directory.symlink_to(elsewhere)
    os.write(r.out[1], numbered(11, 400))
    wait_for(lambda: r.shown[0].read_bytes() == numbered(1, 400), what="console copy")
    r.kill()
    os.write(r.out[1], numbered(401, 410))
    r.start()
    wait_for(lambda: r.shown[0].read_bytes().endswith(numbered(401, 410)), what="console copy")
    assert r.finish() == 0
    assert list(elsewhere.iterdir()) == []
    assert len(said(r)) == 1 and "logging to the console only" in said(r)[0]


def failing_writes(r, error, when):
    return ["strace", "-f", "-o", "/dev/null", "-P", str(r.directory / "current"),
            "-e", f"inject=write:error={error}:when={when}"]


def test_read_only_holds_the_service_back(rig):
    r = rig("r20", "C")
    r.start(wrapper=failing_writes(r, "EROFS", "2..4"))
    os.write(r.out[1], numbered(1, 10))
    wait_for(lambda: len(r.lines()) == 10, what="lines")
    os.write(r.out[1], numbered(11, 20))
    wait_for(lambda: len(r.lines()) == 20, what="lines")
    assert r.finish() == 0
    assert numbers(r) == (list(range(1, 21)), [])
    assert said(r) == [f"logger web: warning: unable to write to {r.directory}: Read-only file system; "
                       "nothing is read until it works"]


def test_read_only_in_auto_leaves_the_console(rig):
    r = rig("r20", "C", mode="auto")
    r.start(wrapper=failing_writes(r, "EROFS", "2+"))
    for first in range(1, 101, 10):
        os.write(r.out[1], numbered(first, first + 9))
        wait_for(lambda: r.shown[0].read_bytes() == numbered(1, first + 9), what="console copy")
    assert r.finish() == 0
    assert numbers(r) == (list(range(1, 11)), [])
    assert said(r) == []


def test_errors_of_the_disk_are_waited_out(rig):
    """Three writes to the log directory fail with EIO."""
    r = rig("r10", "C")
    r.start(wrapper=failing_writes(r, "EIO", "2..4"))
    for first in range(1, 101, 10):
        os.write(r.out[1], numbered(first, first + 9))
        wait_for(lambda: len(numbers(r)[0]) == first + 9, what="lines")
    assert r.finish() == 0
    assert numbers(r) == (list(range(1, 101)), [])
    assert said(r) == [f"logger web: warning: unable to write to {r.directory}: I/O error; "
                       "nothing is read until it works"]


def test_no_descriptors_left(rig):
    r = rig("s4096", "n1000", "z0", "r20", "C").start()
    os.write(r.out[1], numbered(1, 1))
    wait_for(lambda: r.lines(), what="logger that has opened everything")
    limit = resource.prlimit(r.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(r.pid, resource.RLIMIT_NOFILE, (3, limit[1]))
    talk(r, 2, 2500).join(DEADLINE)
    wait_for(lambda: said(r) and len(numbers(r, "stderr")[0]) == 2499, what="all lines, in a current that goes on growing")
    assert len(r.files()) == 1
    resource.prlimit(r.pid, resource.RLIMIT_NOFILE, limit)
    wait_for(lambda: len(r.files()) > 1, what="a rotation without another line")
    talk(r, 2501, 5000).join(DEADLINE)
    assert r.finish() == 0, said(r)
    assert numbers(r) == (list(range(1, 5001)), [])
    assert numbers(r, "stderr") == (list(range(2, 5001)), [])
    assert len(r.files()) > 50
    assert 1 <= len(said(r)) <= 2 and "No file descriptors available" in said(r)[0]


def test_no_permission_to_rotate(rig, place):
    os.chmod(place, 0o755)
    r = rig("s4096", "n1000", "z0", "r20", "C", options=["-u", "32762:32762"]).start()
    os.write(r.out[1], numbered(1, 10))
    wait_for(lambda: len(r.lines()) == 10, what="lines")
    os.chown(r.directory, 0, 0)
    os.chmod(r.directory, 0o755)
    thread = talk(r, 11, 2000)
    thread.join(DEADLINE)
    wait_for(lambda: len(numbers(r)[0]) == 2000, what="lines in the file that is there")
    os.chown(r.directory, 32762, 32762)
    let_pass(0.03)  # longer than r
    os.write(r.out[1], numbered(2001, 2100))
    wait_for(lambda: len(r.files()) > 1, what="rotation")
    assert r.finish() == 0
    assert numbers(r) == (list(range(1, 2101)), [])
    assert numbers(r, "stderr") == (list(range(11, 2001)), [])
    assert len(said(r)) == 1 and "Permission denied" in said(r)[0]


def test_a_volume_shared_by_three_containers(rig, place):
    """All with one host name, as in a pod."""
    one = rig("C", name="web")
    expected = [one.directory, *(one.directory.with_name(f"log@{socket.gethostname()}{end}") for end in ("", ".2"))]
    loggers = [one, rig("C", name="web"), rig("C", name="web")]
    for i, logger in enumerate(loggers):
        if i > 0:
            wait_for(lambda: (expected[i - 1] / "current").exists(), what="the logger before")
            logger.shown = [Path(place) / f"{i}.out", Path(place) / f"{i}.err"]
            logger.console = [high(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)) for path in logger.shown]
        logger.start()
        os.write(logger.out[1], b"of %d\n" % i)
    for i, logger in reversed(list(enumerate(loggers))):
        assert logger.finish() == 0
        assert said(logger) == [f"logger web: warning: {one.directory} is in use by another container; logging to {expected[i]}"][:i]
        logger.directory = expected[i]
        assert [line[2] for line in logger.lines()] == [b"of %d" % i]


def test_two_containers_begin_at_the_same_moment(rig, place):
    """The first has seen that nobody logs there, and stops (at its second prctl, which comes before it locks the
    directory); the second begins. The first one's successor finds a place."""
    one, two = rig("C", name="web"), rig("C", name="web")
    trace = Path(place) / "trace"
    one.start(wrapper=["strace", "-f", "-o", trace, "-e", "inject=prctl:signal=SIGSTOP:when=2"])
    stopped = wait_for(lambda: re.search(r"(\d+) +--- stopped by SIGSTOP ---", trace.read_text()), what="its stop")
    two.start()
    wait_for(lambda: (two.directory / "current").exists(), what="the other logger")
    os.kill(int(stopped[1]), signal.SIGCONT)
    assert one.wait() == 111
    assert said(one) == [f"logger web: fatal: another container has just begun to log to {one.directory}: "
                         "the next logger takes another directory"]
    one.start()
    os.write(one.out[1], b"a line\n")
    assert one.finish() == two.finish() == 0
    one.directory = one.directory.with_name(f"log@{socket.gethostname()}")
    assert [line[2] for line in one.lines()] == [b"a line"]


def helper_that_stays(directory):
    """As one does that waits for a slow disk: it holds its byte of the lock, and cannot be killed."""
    fd = high(os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600))
    fcntl.fcntl(fd, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 1, 1, 0))
    return lambda: os.close(fd)


def current_mounted(directory):
    """It can be opened, and not be renamed."""
    current = directory / "current"
    current.write_text("of somebody\n")
    subprocess.run(["mount", "--bind", current, current], check=True)
    return lambda: subprocess.run(["umount", "-l", current], check=True)


@pytest.mark.parametrize("taken_by", [helper_that_stays, current_mounted])
def test_a_directory_that_is_busy_without_another_container(rig, taken_by):
    """It cannot be used, and no other would be: the console has to do."""
    r = rig("C", mode="auto")
    r.directory.mkdir(0o700)
    undo = taken_by(r.directory)
    try:
        r.start(wrapper=["strace", "-f", "-o", "/dev/null", "-e", "inject=nanosleep,clock_nanosleep:retval=0"])
        os.write(r.out[1], numbered(1, 10))
        wait_for(lambda: r.shown[0].read_bytes() == numbered(1, 10) or process_state(r.pid) == "Z", what="console copy")
        assert r.finish() == 0
        assert r.shown[0].read_bytes() == numbered(1, 10) and said(r) == []
    finally:
        undo()


def test_a_file_system_without_links_and_modes(rig):
    """Like vfat: no renaming without replacing, no links, no modes."""
    r = rig("s4096", "n1000", "S100000000", "z1", "C")
    refused = ["-e", "inject=renameat2:error=EINVAL", "-e", "inject=link,linkat:error=EPERM",
               "-e", "inject=fchmod:error=EPERM"]
    r.start(wrapper=["strace", "-f", "-o", "/dev/null", *refused])
    thread = talk(r, 1, 3000)
    thread.join(DEADLINE)
    assert r.finish() == 0
    assert numbers(r) == numbers(r, "stderr") == (list(range(1, 3001)), [])
    assert len(r.files()) > 40
    assert said(r) == []


@pytest.fixture
def fat(place):
    """exFAT in a loop mount: every file can be executed, chmod says yes and does nothing, there are no links."""
    image, path = Path(place) / "image", Path(place) / "fat"
    path.mkdir()
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.exfat", image], check=True, stdout=subprocess.DEVNULL)
    device = subprocess.run(["losetup", "-f", "--show", image], check=True, capture_output=True, text=True).stdout.strip()
    try:
        subprocess.run(["mount.exfat-fuse", device, path], check=True, stdout=subprocess.DEVNULL)
        yield path
        subprocess.run(["umount", "-l", path], check=True)
    finally:
        subprocess.run(["losetup", "-d", device], check=True)


@pytest.mark.skipif(not os.path.exists("/dev/fuse") or not os.path.exists("/dev/loop-control"),
                    reason="needs FUSE and loop devices")
@pytest.mark.parametrize("script", [["S100000000", "z1"], ["?sed s/itself/others/"]], ids=["compressed", "processor"])
def test_fat(rig, fat, script):
    """Rotation, compression, a processor, and what a kill leaves of them."""
    r = rig("s4096", "n1000", "r20", *script, "C", logs=fat)
    for turn in range(8):
        r.start()
        os.write(r.out[1], numbered(turn * 200 + 1, turn * 200 + 200))
        wait_for(lambda: waiting(r.out[0]) == 0, what="reading")
        if turn < 7:
            r.kill()
    assert r.finish() == 0
    text = [re.sub(rb"others$", b"itself", message) for _, message in r.whole()]
    assert text == numbered(1, 1600).splitlines()
    assert len(r.files()) > (10 if "z1" in script else 2)
    assert said(r) == []


def test_where_splice_is_refused(rig):
    r = rig("s4096", "n1000", "z0", "C")
    r.start(wrapper=["strace", "-f", "-o", "/dev/null", "-e", "inject=splice:error=EINVAL"])
    thread = talk(r, 1, 3000)
    thread.join(DEADLINE)
    assert r.finish() == 0
    assert numbers(r) == numbers(r, "stderr") == (list(range(1, 3001)), [])
    assert len(said(r)) == 2  # one for each stream
    assert all("unable to splice into the journal: Invalid argument; reading plainly" in text for text in said(r))


def test_pipes_of_two_pages(rig):
    r = rig("s100000", "n1000", "C")
    for ends in (r.out, r.err):
        assert fcntl.fcntl(ends[1], F_SETPIPE_SZ, 8192) == 8192
    r.start()
    thread = talk(r, 1, 20000)
    thread.join(DEADLINE)
    assert r.finish() == 0
    assert numbers(r) == numbers(r, "stderr") == (list(range(1, 20001)), [])


def test_descriptor_limit_of_256(tree, boot):
    """Twenty services and their loggers in a container that may open 256 files."""
    for i in range(20):
        tree.longrun(f"web{i}", f"#!/bin/sh\necho here is {i}\nexec sleep 1000\n")
    tree.script("/limited", "#!/bin/sh\nulimit -n 256\nexec /init\n")
    box = boot(tree.path, env={"S6_LOGGING": "2"}, init="/limited")
    for i in range(20):
        folder = tree.at(f"/var/log/services/web{i}")
        box.wait_for(lambda: os.path.exists(folder + "/current") and
                     Path(folder, "current").read_bytes().endswith(b" stdout F here is %d\n" % i))
    assert box.stop() == 0


# --- odd input ---

LIMIT = 8192


def pieces(message):
    """What a line becomes: (flag, bytes)."""
    cut = [message[i:i + LIMIT] for i in range(0, len(message), LIMIT)] or [b""]
    return [("P", part) for part in cut[:-1]] + [("F", cut[-1])]


@pytest.mark.parametrize("data, chunk", [
    (b"a\0b\0\0c\n\0d", 65536),
    (b"x" * 10_000_000 + b"\nnext\n", 65536),
    (b"no newline at all " * 100_000, 4096),
    (b"\xff\xfe\xc3\x28 invalid \x80\n" * 1000, 7),
    (b"\n" * 300_000, 65536),
    (b"one byte at a time\nand a second line\n" * 200, 1),
    (bytes(range(256)) * 500, 777),
], ids=["nul", "ten-megabytes", "no-newline", "invalid-utf8", "empty-lines", "single-bytes", "all-bytes"])
def test_odd_input(rig, data, chunk):
    r = rig("n100000", "s200000", "z0", "C", mode="1").start()
    begun = time.monotonic()

    def write():
        view = memoryview(data)
        while view:
            view = view[os.write(r.out[1], view[:chunk]):]
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert r.finish() == 0
    assert r.shown[0].read_bytes() == data
    lines = re.split(rb"[\n\0]", data)
    if lines[-1] == b"":
        lines.pop()
    found = [line[1:] for line in r.lines()]
    # What stands begun for a second is a piece as well.
    late = [flag == "P" and len(text) < LIMIT for flag, text in found].count(True)
    assert late <= time.monotonic() - begun and all(len(text) <= LIMIT for _, text in found)
    assert [message for _, message in r.whole()] == lines
    assert late or found == [piece for line in lines for piece in pieces(line)]
