"""with-logfiles: lines of log files join the service's output, whoever writes them, each once."""

import os
import signal
import socket
import stat
import subprocess
import tempfile

import pytest

from lib.build import OVERLOG, clean_environment
from lib.control import status
from lib.logger import waiting
from lib.logs import log
from lib.processes import process_state
from lib.wait import wait_for, wait_still


def followers(box):
    return [pid for pid, words in box.processes().items()
            if words[:1] == ["with-logfiles"] and any(word.startswith("-X") for word in words)]


# --- links


WRITER = """#!/bin/sh
exec with-logfiles /var/log/app/access.log /var/log/app/error.log:err -- /command/s6-setuidgid nobody sh -c '
    echo access >>/var/log/app/access.log
    echo error >>/var/log/app/error.log
    echo plain
    (exec >/dev/null; echo elsewhere; sh -c "echo $$ >&2")
    exec sleep 1000'
"""


@pytest.mark.parametrize("mode", ["0", "1"])
def test_links_for_another_user(tree, boot, mode):
    """Pipes are root's, the program is not; what stood in a file stays; a program keeps the pid of its service."""
    tree.longrun("app", WRITER)
    tree.write("/var/log/app/error.log", "from before\n")
    tree.write("/var/log/app/error.log.old", "from long before\n")
    box = boot(tree.path, env={"S6_LOGGING": mode})
    box.wait_for_text("access\n", "stdout")
    box.wait_for_text("error\n", "stderr")
    box.wait_for_text("plain\n", "stdout")
    if mode == "1":
        box.wait_for(lambda: sorted(log(tree, "app", "stdout")) == ["access", "plain"], what="lines of stdout")
        box.wait_for(lambda: log(tree, "app", "stderr") == [
            "with-logfiles: warning: /var/log/app/error.log had content: it is /var/log/app/error.log.old2 now",
            "error", str(status(box, "app")[0])], what="lines of stderr")
    assert os.readlink(tree.at("/var/log/app/access.log")) == "/proc/self/fd/1"
    assert os.readlink(tree.at("/var/log/app/error.log")) == "/proc/self/fd/2"
    assert tree.read("/var/log/app/error.log.old2") == "from before\n"
    assert tree.read("/var/log/app/error.log.old") == "from long before\n"
    assert followers(box) == []
    assert box.stop() == 0


def test_a_link_into_the_pipe_of_a_consumer(tree, boot):
    """A pipe between services is nobody else's, before it is opened up."""
    tree.longrun("app", "#!/bin/sh\nexec with-logfiles /tmp/x.log s6-setuidgid nobody sh -c 'echo hello >>/tmp/x.log; exec sleep 1000'\n",
                 producer_for="sink\n")
    tree.longrun("sink", "#!/bin/sh\nexec sh -c 'read line; echo \"got $line\"; exec sleep 1000'\n", consumer_for="app\n",
                 pipeline_name="both\n", bundle=None)
    tree.write("etc/s6-overlay/user-bundles.d/user/contents.d/both")
    os.unlink(tree.at("etc/s6-overlay/user-bundles.d/user/contents.d/app"))
    os.makedirs(tree.at("/tmp"), exist_ok=True)
    os.chmod(tree.at("/tmp"), 0o1777)
    box = boot(tree.path)
    box.wait_for_text("got hello\n", "stdout")
    assert box.stop() == 0


def refused(*words, around=(), **more):
    result = subprocess.run([*around, str(OVERLOG), "with-logfiles", *map(str, words)], capture_output=True, text=True,
                            env=clean_environment(), stdin=subprocess.DEVNULL, **more)
    assert result.stdout == ""
    return result.returncode, result.stderr.splitlines()[0].removeprefix("with-logfiles: fatal: ")


def test_what_cannot_be(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho started\n")
    program.chmod(0o755)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "other").symlink_to("/etc/passwd")
    path, missing = tmp_path / "x.log", tmp_path / "no/x.log"
    assert refused(path) == (100, "there is no program behind the log files (in front of one that begins with a slash stands --)")
    assert refused(path, program, "-x")[0] == 100
    assert refused(path, program, "true") == (100, f"{program} is a program: write -- in front of it")
    assert refused("x.log:err", "true") == (100, "x.log:err is no absolute path of a file")
    assert refused(f"{path}:folow", "true") == (100, ":folow is neither :out, :err nor :follow")
    assert refused(f"{path}:out:err", "true") == (100, "a log file goes to one stream, :out or :err")
    assert refused(path, f"{path}:follow", "true") == (100, f"{path} is named twice")
    for size in ("5", "63K", "x", ""):
        assert refused("-s", size, path, "true") == (100, f"{size} is no size, as 500K or 10M, of at least 64K, or 0")
    for word, verb in (("", "link"), (":follow", "follow")):
        assert refused(f"{missing}{word}", "true") == (111, f"unable to {verb} {missing}: there is no directory {missing.parent}")
        assert refused(f"{tmp_path}{word}", "true") == (111, f"{tmp_path} is a directory, not a log file")
        assert refused(f"{tmp_path}/fifo{word}", "true") == (111, f"{tmp_path}/fifo is a device, fifo or socket, not a log file")
    assert refused(f"{tmp_path}/other:follow", "true") == (111, f"{tmp_path}/other is a link to /etc/passwd: follow that")
    as_nobody = ("sh", "-c", 'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@" >/dev/null', "sh")
    with tempfile.TemporaryDirectory() as place:  # where nobody can look
        os.chmod(place, 0o755)
        assert refused(f"{place}/x.log", "true", around=as_nobody) == (
            111, f"unable to link {place}/x.log: Permission denied: with-logfiles has to stand before s6-setuidgid, "
                 "or what else changes the user")
    place = tmp_path / "read-only"
    place.mkdir()
    read_only = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o ro none {place} && exec "$@"', "sh")
    assert refused(place / "x.log", "true", around=read_only) == (
        111, f"unable to link {place}/x.log: Read-only file system: make the link in the image, or mount a tmpfs on "
             "its directory")
    assert not path.exists() and os.listdir(place) == []


def test_links_of_an_image_stay(tmp_path):
    """On a read-only root, too: they are there already."""
    (tmp_path / "a").symlink_to("/dev/stdout")
    (tmp_path / "b").symlink_to("/proc/self/fd/2")
    script = f'mount --bind {tmp_path} {tmp_path} && mount -o remount,bind,ro {tmp_path} && exec "$@"'
    result = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", str(OVERLOG), "with-logfiles", f"{tmp_path}/a",
                             f"{tmp_path}/b:err", "sh", "-c", f"echo to a >>{tmp_path}/a; echo to b >>{tmp_path}/b"],
                            capture_output=True, text=True, env=clean_environment())
    assert (result.returncode, result.stdout, result.stderr) == (0, "to a\n", "to b\n")


def test_a_stream_that_no_path_can_open(tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        result = subprocess.run([str(OVERLOG), "with-logfiles", f"{tmp_path}/x.log", "true"], stdout=theirs,
                                stderr=subprocess.PIPE, text=True, env=clean_environment())
    assert (result.returncode, result.stderr) == (
        111, "with-logfiles: fatal: unable to open stdout by its path: No such device or address: files can only be "
             "followed (PATH:follow)\n")


# --- files that are followed


LOG = "/var/log/app/app.log"


class Writer:
    """Writes numbered lines into the file of the service, from outside; knows what must arrive."""

    def __init__(self, tree):
        self.tree, self.path, self.next, self.file = tree, tree.at(LOG), 0, None

    def open(self):
        self.file = open(self.path, "ab", buffering=0)

    def lines(self, count, file=None):
        for _ in range(count):
            (file or self.file).write(b"line %d\n" % self.next)
            self.next += 1

    def arrived(self, name="app"):
        return [line for line in log(self.tree, name) if line.startswith("line ")]

    def wait(self, box):
        box.wait_for(lambda: len(self.arrived()) >= self.next, what=f"{self.next} lines")

    def check(self):
        assert sorted(self.arrived(), key=lambda line: int(line[5:])) == [f"line {i}" for i in range(self.next)]


def follow(tree, boot, path=LOG, env=None, run=None, **files):
    tree.longrun("app", run or f"#!/bin/sh\nexec with-logfiles -s 96K {path}:follow:err sleep 1000\n", **files)
    tree.write(LOG, "from before the start\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": "n200 s1000000 C", **(env or {})})
    box.wait_for(lambda: len(followers(box)) == 1, what="follower")
    return box


def test_rotation(tree, boot):
    """By a new name, with the writer going on in the old file; by removal; by copying; and out of the directory."""
    box = follow(tree, boot)
    w = Writer(tree)
    w.open()
    w.lines(100)
    w.wait(box)  # what leaves the directory before it was opened there is out of reach
    for i in range(6):
        os.rename(w.path, tree.at(f"/var/log/app/app.log.{i}") if i % 2 else tree.at(f"/srv.{i}"))
        old = w.file
        w.lines(50)
        w.open()
        w.lines(50)
        w.lines(50, old)
        w.lines(50)
        old.close()
        w.wait(box)
    os.unlink(w.path)
    w.lines(20)
    w.wait(box)
    w.open()
    w.lines(20)
    w.wait(box)
    for count in (10, 10, 500):  # shorter than before, and longer
        os.truncate(w.path, 0)
        w.lines(count)
        w.wait(box)
    w.check()
    assert "from before the start" not in log(tree, "app")
    assert set(log(tree, "app", "stdout")) == set()
    # The whole directory, as an image's script may do.
    for name in os.listdir(tree.at("/var/log/app")):
        os.unlink(tree.at(f"/var/log/app/{name}"))
    os.rmdir(tree.at("/var/log/app"))
    os.mkdir(tree.at("/var/log/app"))
    w.open()
    w.lines(10)
    w.wait(box)
    # The same by a new name, with the writer going on in the old file; the second one is made late.
    for i, late in enumerate((False, True)):
        os.rename(tree.at("/var/log/app"), tree.at(f"/var/log/app{i}"))
        old = w.file
        w.lines(10, old)
        if late:
            w.wait(box)
        os.mkdir(tree.at("/var/log/app"))
        w.open()
        w.lines(10)
        w.lines(10, old)
        w.wait(box)
        old.close()
    w.check()
    assert box.stop() == 0


def test_a_file_that_gets_its_name_back(tree, boot):
    """Alone, beside a successor, and with its directory; what is new comes once, what was passed on not again."""
    box = follow(tree, boot)
    w = Writer(tree)
    w.open()
    away, folder, other = w.path + ".1", tree.at("/var/log/app"), tree.at("/var/log/other")

    def say():
        w.lines(2)
        w.wait(box)

    say()
    os.rename(w.path, away)
    say()
    os.rename(away, w.path)
    say()
    os.rename(w.path, away)
    first = w.file
    w.open()
    say()
    os.rename(w.path, w.path + ".2")
    os.rename(away, w.path)
    w.lines(2, first)
    w.wait(box)
    say()  # in the successor, that was followed in between
    w.file.close()
    w.file = first
    os.mkdir(other)
    for _ in range(2):  # another directory and its file, and both back again
        for there in (folder, other):
            os.rename(folder, folder + ".was")
            os.rename(other, folder)
            os.rename(folder + ".was", other)
            w.open()
            say()
    w.check()
    assert box.stop() == 0
    w.check()


def test_a_file_that_was_renamed_is_not_shortened(tree, boot):
    """Not even where that happens between the look at its name and the end of its lines: the output is held up."""
    os.makedirs(tree.at("/tmp"), exist_ok=True)
    os.mkfifo(tree.at("/tmp/fifo"))
    fifo = os.open(tree.at("/tmp/fifo"), os.O_RDWR | os.O_NONBLOCK)
    box = follow(tree, boot, run=f"#!/bin/sh\nexec with-logfiles -s 64K {LOG}:follow sleep 1000 >/tmp/fifo\n")
    text = b"".join(b"line %d\n" % i for i in range(30000))
    with open(tree.at(LOG), "ab") as file:
        file.write(text)
    box.wait_for(lambda: waiting(fifo) > 60000, what="a full pipe")
    os.rename(tree.at(LOG), tree.at(LOG + ".1"))
    got = b""

    def drained():
        nonlocal got
        try:
            got += os.read(fifo, 1 << 20)
        except BlockingIOError:
            pass
        return len(got) >= len(text)

    box.wait_for(drained, what="all lines")
    with open(tree.at(LOG), "ab") as file:  # which is looked at after the old one would be shortened
        file.write(b"the next\n")
    box.wait_for(lambda: drained() and got.endswith(b"the next\n"), what="the next file's line")
    assert got == text + b"the next\n"
    with open(tree.at(LOG + ".1"), "rb") as file:
        assert file.read() == b"from before the start\n" + text
    os.close(fifo)
    assert box.stop() == 0


@pytest.mark.long
def test_a_flood_does_not_fill_the_disk(tree, boot):
    """Two ways to write: with O_APPEND and without; the file's room on the disk stays small, and every line comes."""
    box = follow(tree, boot)
    w = Writer(tree)
    most = 0
    for how in ("ab", "r+b"):
        with open(w.path, how, buffering=0) as w.file:
            w.file.seek(0, os.SEEK_END)
            for _ in range(40):
                before = w.next
                w.file.write(b"".join(b"line %d\n" % i for i in range(before, before + 5000)))
                w.next += 5000
                most = max(most, os.stat(w.path).st_blocks * 512)
                wait_for(lambda: os.stat(w.path).st_blocks * 512 < 400000, what="less on the disk")
            box.wait_for(lambda: f"line {w.next - 1}" in log(tree, "app")[-1:], what="the last line")
    w.check()
    assert w.next == 400000 and most < 1000000
    assert box.stop() == 0


def test_restarts(tree, boot):
    """A begun line, the rest at the end, what comes while it is down, a killed follower."""
    box = follow(tree, boot)
    w = Writer(tree)
    w.open()
    w.lines(10)
    w.wait(box)
    w.file.write(b"be")
    w.file.write(b"gun\n")
    box.wait_for(lambda: "begun" in log(tree, "app"), what="line in two parts")
    w.file.write(b"never ended")
    assert "never ended" not in log(tree, "app")
    box.run("/command/s6-svc", "-wD", "-d", "/run/service/app")
    box.wait_for(lambda: "never ended" in log(tree, "app"), what="the rest, as a line")
    box.wait_for(lambda: followers(box) == [], what="no follower")
    w.lines(1)  # behind the begun line, which was ended
    w.lines(9)
    box.run("/command/s6-svc", "-wu", "-u", "/run/service/app")
    w.wait(box)
    # One that was killed before it has noted what it had passed on would have that passed on again.
    box.wait_for(lambda: [process_state(pid) for pid in followers(box)] == ["S"], what="follower that waits")
    os.kill(followers(box)[0], signal.SIGKILL)
    box.wait_for(lambda: followers(box) == [], what="end of the follower")
    w.lines(10)
    wait_still(lambda: len(w.arrived()), 0.2)
    assert len(w.arrived()) == w.next - 10
    pid, _ = status(box, "app")
    box.run("/command/s6-svc", "-r", "/run/service/app")
    w.wait(box)
    w.check()
    box.wait_for(lambda: status(box, "app")[0] not in (0, pid), what="another instance")
    box.wait_for(lambda: len(followers(box)) == 1, what="follower")
    # killed, with lines that were not read: the follower sleeps
    follower = followers(box)[0]
    os.kill(follower, signal.SIGSTOP)
    w.lines(10)
    box.run("/command/s6-svc", "-wd", "-k", "/run/service/app")
    box.wait_for(lambda: len(followers(box)) == 2, what="the next follower, which waits for the last one")
    w.lines(10)
    os.kill(follower, signal.SIGCONT)
    w.wait(box)
    w.check()
    assert box.stop() == 0


@pytest.mark.parametrize("mode", ["0", "2"])
def test_the_last_lines_of_a_container(tree, boot, mode):
    """What a program writes when it is told to end, as another user; into two files."""
    box = follow(tree, boot, env={"S6_LOGGING": mode}, run="""#!/bin/sh
mkdir -p /tmp/app; chown nobody /tmp/app
exec with-logfiles /tmp/app/a.log:follow /tmp/app/b.log:follow s6-setuidgid nobody sh -c '
    trap "i=0; while test \\$i -lt 300; do echo a \\$i >>/tmp/app/a.log; echo b \\$i >>/tmp/app/b.log; i=\\$((i+1)); done; printf end >>/tmp/app/a.log; exit 0" TERM
    echo ready
    while :; do sleep 0.05; done'
""")
    if mode == "0":
        box.wait_for_text("ready\n", "stdout")
    else:
        box.wait_for(lambda: "ready" in log(tree, "app"), what="ready")
    assert box.stop() == 0
    lines = log(tree, "app") if mode == "2" else box.stdout.text().splitlines()
    assert [line for line in lines if line[0] == "a"] == [f"a {i}" for i in range(300)]
    assert [line for line in lines if line[0] == "b"] == [f"b {i}" for i in range(300)]
    assert lines.count("end") == 1


def test_behind_another_user(tree, boot):
    """With the rights of the service: nothing that it may not read itself comes into its log."""
    tree.longrun("app", "#!/bin/sh\nmkdir -p /tmp/app; chown nobody /tmp/app; exec s6-setuidgid nobody "
                        "with-logfiles /tmp/app/app.log:follow sh -c 'echo mine >>/tmp/app/app.log; exec sleep 1000'\n")
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    box.wait_for(lambda: log(tree, "app") == ["mine"], what="line")
    notes = os.listdir(box.inside("/run/s6/logfiles"))
    assert len(notes) == 1 and notes[0].startswith("app.log~")
    note = os.stat(box.inside(f"/run/s6/logfiles/{notes[0]}"))
    assert (note.st_uid, stat.S_IMODE(note.st_mode)) == (65534, 0o600)
    assert stat.S_IMODE(os.stat(box.inside("/run/s6/logfiles")).st_mode) == 0o1777
    assert box.stop() == 0


def test_what_is_no_log_file(tree, boot):
    """A follower with the rights of root reads, and shortens, nothing that a link leads to."""
    secret = "secret\n" * 30000
    tree.write("/etc/secret", secret, 0o600)
    box = follow(tree, boot)
    w = Writer(tree)
    w.open()
    w.lines(1)
    w.wait(box)
    os.unlink(w.path)
    os.symlink("/etc/secret", w.path)
    wanted = "unable to follow /var/log/app/app.log: "
    box.wait_for(lambda: [line for line in log(tree, "app") if wanted in line], what="warning")
    os.unlink(w.path)
    os.link(tree.at("/etc/secret"), w.path)
    wait_still(lambda: log(tree, "app"), 0.3)
    os.unlink(w.path)
    w.open()
    w.lines(1)
    w.wait(box)
    assert not [line for line in log(tree, "app") if "secret" in line]
    assert tree.read("/etc/secret") == secret
    assert box.stop() == 0


def test_a_link_of_before_becomes_a_file(tree, boot):
    """The service was run with a link once; now its file is followed."""
    tree.link(LOG, "/proc/self/fd/1")
    tree.longrun("app", f"#!/bin/sh\nexec with-logfiles {LOG}:follow sh -c 'echo x >>{LOG}; exec sleep 1000'\n")
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    box.wait_for(lambda: log(tree, "app") == ["x"], what="line")
    assert tree.read(LOG) == "x\n"
    assert box.stop() == 0
