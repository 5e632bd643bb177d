"""s6-log beside the packaged one: same input and script, same files, bytes, modes, exit codes.

Differences that are meant, and left out of the comparison:
* a last line without newline is logged at end of file (the reference drops it);
* current is rotated at the very line that fills it (the reference writes whole buffers, so its
  archives may be larger and fewer): contents are compared over all files together, and file by
  file where lines come one at a time;
* descriptor 5 of a processor (the packaged version forgets it);
* a rotation with a processor in the middle of a backlog (the reference may repeat data for ever);
* an empty file is never an archive (the packaged version makes some of empty files);
* previous and current both unfinished (the packaged version fails, as it gives both one name);
* previous or processed beside a clean current, which the reference cannot leave: what is in them
  becomes an archive (the reference lets them lie, and overwrites previous);
* usage lines, and system error texts (musl has its own);
* numbers of stamps: the form is compared.
"""
import itertools
import array
import fcntl
import gzip
import os
import re
import signal
import stat
import subprocess
import termios
import threading
from pathlib import Path

import pytest

from lib.build import OVERLOG
from lib.processes import process_state
from lib.wait import DEADLINE, wait_for

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


def mode_of(path, program):
    """As it differs on purpose: our lock is for its owner alone, so that nobody else can hold it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if path.name == "lock" and mode == (0o644 if program == THEIRS else 0o600):
        return "its own"
    return oct(mode)


def directory(path, program):
    """What a log directory holds: names (archives as a kind), modes and all lines in order."""
    names = sorted(os.listdir(path))
    archives = [n for n in names if n.startswith("@")]
    others = {n: mode_of(path / n, program) for n in names if n not in archives}
    kinds = {(n[25:], oct(stat.S_IMODE((path / n).stat().st_mode))) for n in archives}
    text = b"".join((path / n).read_bytes() for n in [*archives, "current"])
    return oct(stat.S_IMODE(path.stat().st_mode)), others, kinds, normal(text)


def outcome(program, folder, script, data, *options, before=None):
    folder.mkdir()
    if before:
        before(folder)
    r = subprocess.run([program, *options, "--", *script], input=data, capture_output=True,
                       cwd=folder, env=ENVIRONMENT, timeout=60, umask=0o022)
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found[path.name] = directory(path, program)
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
    both(script, NUMBERS[:500] if script[-1] == "=st" else NUMBERS)


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
        r = subprocess.run([program, *argv], capture_output=True, input=b"", timeout=60)
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


FOUND = {"absent": None, "empty": (b"", 0o644), "empty+x": (b"", 0o744),
         "plain": (b"text of %s\n", 0o644), "plain+x": (b"text of %s\n", 0o744)}


def prepare(folder, **files):
    for name, kind in files.items():
        if FOUND[kind]:
            text, mode = FOUND[kind]
            (folder / name).write_bytes(text.replace(b"%s", name.encode()))
            (folder / name).chmod(mode)


def archives(folder):
    """(suffix, mode, text) of each that is not empty, oldest first."""
    paths = [folder / n for n in sorted(os.listdir(folder)) if n.startswith("@")]
    return [(p.name[25:], oct(stat.S_IMODE(p.stat().st_mode)), p.read_bytes()) for p in paths
            if p.stat().st_size > 0]


def by_the_table(current, previous, processed):
    """What the start-up table makes archives of."""
    def one(name, kind, suffix):
        text, mode = FOUND[kind] or (b"", 0)
        return [(suffix, oct(mode), text.replace(b"%s", name.encode()))] if text else []

    if processed.endswith("+x"):
        made = one("processed", processed, ".s")
    elif current.endswith("+x"):
        made = one("previous", previous, ".s" if previous.endswith("+x") else ".u")
    else:
        made = one("previous", previous, ".u")
    return made if current.endswith("+x") else made + one("current", current, ".u")


@pytest.mark.parametrize("processed", FOUND)
@pytest.mark.parametrize("current", FOUND)
def test_every_state_at_start(ours, tmp_path, current, processed):
    clean = current.endswith("+x")
    for i, (previous, state) in enumerate(itertools.product(FOUND, ["absent", "plain"])):
        results = []
        for program in (THEIRS, ours):
            folder = tmp_path / f"{i}-{len(results)}"
            folder.mkdir()
            prepare(folder, current=current, previous=previous, processed=processed, state=state,
                    newstate=state)
            r = subprocess.run([program, str(folder)], input=b"x\n", capture_output=True,
                               timeout=60, env=ENVIRONMENT, umask=0o022)
            rest = {n: ((folder / n).read_bytes(), mode_of(folder / n, program))
                    for n in os.listdir(folder) if not n.startswith("@")}
            results.append((r.returncode, r.stderr, archives(folder), rest))
        theirs, mine = results
        case = (current, previous, processed, state)
        assert mine[:3] == (0, b"", by_the_table(current, previous, processed)), case
        assert mine[3]["current"][0].endswith(b"x\n") and set(mine[3]) <= {"current", "lock", "state"}, case
        if clean and (previous, processed, state) != ("absent", "absent", "absent"):
            continue  # what it leaves lying
        if not clean and "absent" not in (current, previous) and not processed.endswith("+x"):
            assert theirs[0] == 111, case
            continue
        assert mine == theirs, case


def feed(program, folder, *words, lines, settled=lambda number: True):
    """Line by line, so that both rotate at the same lines; settled: after that many of them."""
    p = subprocess.Popen([program, *words, str(folder)], stdin=subprocess.PIPE, env=ENVIRONMENT,
                         stderr=subprocess.PIPE, umask=0o022)
    try:
        for number, line in enumerate(lines, 1):
            before = look(folder)
            p.stdin.write(line)
            p.stdin.flush()
            # Between two lines it is at rest: one that comes while it rotates would be read together with the next.
            wait_for(lambda: at_rest(p) and look(folder) not in (None, before) and settled(number), what="line")
        said = p.communicate(timeout=60)[1]
    finally:
        p.kill()
        p.wait()
    assert p.returncode == 0
    return said


def at_rest(process):
    """Whether it has read all that it got, and done what was to be done for that."""
    return pending(process.stdin.fileno()) == 0 and process_state(process.pid) == "S"


def look(folder):
    try:
        st = (folder / "current").stat()
        return st.st_ino, st.st_size
    except FileNotFoundError:
        return None


@pytest.mark.parametrize("script, sizes", [
    (["n3", "s4096"], [2100, 2100, 2100, 1400]),
    (["n0", "s4096"], [1400]),
    (["n9", "s4096", "l0"], [4200, 4200, 4200, 3500]),
    (["n9", "s4096", "l1000"], [3500, 3500, 3500, 3500, 2100]),
    (["n9", "s4096", "S5000"], [2100, 2100, 1400]),
    (["n1", "s4096", "S5000"], [2100, 1400]),
    (["n9", "s1"], [2100] * 7 + [1400]),
    (["n9", "s5000", "t"], [3630, 3630, 3630, 3630, 2178]),
], ids=lambda x: " ".join(map(str, x)))
def test_rotation_and_retention(ours, tmp_path, script, sizes):
    found = []
    for i, program in enumerate((THEIRS, ours)):
        folder = tmp_path / str(i)
        said = feed(program, folder, "-b", *script, lines=[b"x" * 699 + b"\n"] * 23)
        assert said == b""
        found.append([len(text) for _, _, text in archives(folder)] + [look(folder)[1]])
    assert found == [sizes, sizes]


PROCESSORS = {
    "filter": "?sed s/x/y/",
    "execline": "!sed s/x/y/",
    "no output": "?cat >/dev/null",
    "fails once": "?[ -e failed ] && exec sed s/x/z/; echo >failed; echo half; exit 3",
    "is killed once": "?[ -e failed ] && exec sed s/x/z/; echo >failed; kill -9 $$",
}


def processed(program, folder, processor):
    """What was said, the archives and the other files; every third of 14 lines makes a rotation."""
    def settled(number):
        current = look(folder)  # None: the reference has no current for a moment
        return number % 3 or (current is not None and current[1] == 0 and not {"previous", "processed"} & set(os.listdir(folder)))
    said = feed(program, folder, "r50", "n3", "s4096", processor, settled=settled,
                lines=[b"%03d" % i + b"x" * 696 + b"\n" for i in range(14)])
    rest = {n: ((folder / n).read_bytes(), mode_of(folder / n, program))
            for n in os.listdir(folder) if not n.startswith("@")}
    return said.replace(str(folder).encode(), b"DIR"), archives(folder), rest


@pytest.mark.parametrize("name", PROCESSORS)
def test_processors(ours, tmp_path, name):
    theirs, mine = [processed(program, tmp_path / str(i), PROCESSORS[name])
                    for i, program in enumerate((THEIRS, ours))]
    assert mine == theirs
    assert ("once" in name) == mine[0].startswith(b"s6-log: warning: processor ")


def test_a_processor_with_state(ours, tmp_path):
    """The packaged version gives its processors no descriptor 5: a bug."""
    said, archived, rest = processed(ours, tmp_path / "d", "?sed s/x/y/; cat <&4 >&5; echo more >&5")
    assert (said, len(archived), rest["state"][0]) == (b"", 3, b"more\n" * 4)
    assert [text[:4] for _, _, text in archived] == [b"003y", b"006y", b"009y"]


def whole(folder):
    """All lines; of twins, which a killed helper may leave, the compressed one counts."""
    names = os.listdir(folder)
    archived = sorted(n for n in names if n.startswith("@") and not n.endswith(".new") and n + ".gz" not in names)
    return b"".join((gzip.open if n.endswith(".gz") else open)(folder / n, "rb").read()
                    for n in [*archived, "current"])


def is_free(path):
    with open(path, "r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def unclean(folder):
    """How many unfinished archives the next one makes of what a kill has left, by the start-up table."""
    def look(name):
        try:
            st = (folder / name).stat()
        except FileNotFoundError:
            return False, False
        return st.st_size > 0, bool(st.st_mode & stat.S_IXUSR)
    (written, clean), (waits, _), (_, done) = look("current"), look("previous"), look("processed")
    return 0 if clean else written + (waits and not done)


@pytest.mark.parametrize("script", [[], ["z6"], ["?cat"]], ids=" ".join)
@pytest.mark.parametrize("end", ["clean", "killed"])
def test_a_directory_changes_hands(ours, tmp_path, script, end):
    """Ours, theirs, ours, theirs: each goes on where the one before has ended."""
    folder = tmp_path / "d"
    lines = [b"%04d" % i + b"x" * 95 + b"\n" for i in range(400)]
    left = 0
    for turn in range(4):
        program = (ours, THEIRS)[turn % 2]
        words = [w for w in script if program == ours or not w.startswith("z")]
        p = subprocess.Popen([program, "n100", "s4096", *words, str(folder)], stdin=subprocess.PIPE,
                             env=ENVIRONMENT)
        text = b"".join(lines[:turn * 100 + 100])
        for line in lines[turn * 100:turn * 100 + 100]:
            p.stdin.write(line)
        p.stdin.flush()

        def written():
            try:
                # In this order: with the last line there, and at rest, no more rotations begin.
                return at_rest(p) and whole(folder) == text and not {"previous", "processed"} & set(os.listdir(folder))
            except (FileNotFoundError, EOFError):
                return False
        if end == "killed":
            wait_for(written, what=f"lines of turn {turn}")
            p.kill()
        p.stdin.close()
        assert p.wait(DEADLINE) == (0 if end == "clean" else -signal.SIGKILL)
        if end == "killed":
            wait_for(lambda: is_free(folder / "lock"), what="end of the helper")
            left += unclean(folder) if turn < 3 else 0
        assert whole(folder) == text
    # A compression that was cut short leaves its half beside the whole, until one of ours comes.
    # Theirs makes an archive of an empty current as well.
    unfinished = {n.removesuffix(".new").removesuffix(".gz") for n in os.listdir(folder)
                  if ".u" in n and (folder / n).stat().st_size > 0}
    assert len(unfinished) == left


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
    assert r.process.wait(DEADLINE) == 0
    assert stat.S_IMODE((r.folder / "current").stat().st_mode) == 0o744


@WHICH
def test_a_begun_line_is_waited_for(running, which):
    r = running(which, *(["-t", "0"] if which == "ours" else []))  # for ever, as theirs
    os.write(r.write, b"one\nbeg")
    wait_for(lambda: r.current() == b"one\n", what="line")
    r.read_all()
    r.process.send_signal(signal.SIGTERM)
    # signals are handled in order: once the second was, the first was
    wait_for(lambda: not pending_signals(r.process.pid), what="signal")
    os.write(r.write, b"un\nnext\n")
    assert r.process.wait(DEADLINE) == 0
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
    assert r.process.wait(DEADLINE) == 0
    assert r.current() == b"begun\n"


@WHICH
def test_protection(running, which):
    r = running(which, "-p")
    r.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not pending_signals(r.process.pid), what="signal")
    os.write(r.write, b"alive\n")
    wait_for(lambda: r.current() == b"alive\n", what="line")
    r.process.send_signal(signal.SIGHUP)
    assert r.process.wait(DEADLINE) == 0


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
    assert r.process.wait(DEADLINE) == 0
    archives = [n for n in os.listdir(r.folder) if n.startswith("@")]
    assert [(r.folder / n).read_bytes() for n in archives] == [b"one\n"]


@WHICH
def test_a_locked_directory(running, which, ours, tmp_path):
    running(which)
    program = {"theirs": THEIRS, "ours": ours}[which]
    r = subprocess.run([program, str(tmp_path / "d")], input=b"x\n", capture_output=True,
                       timeout=60)
    assert r.returncode == 111
    said = f"s6-log: fatal: unable to lock {tmp_path}/d/lock: "
    assert r.stderr.decode().startswith(said) and r.stderr.endswith(b"esource busy\n")


@WHICH
@pytest.mark.parametrize("options", [[], ["-b"]], ids=["goes on", "blocks"])
def test_a_reader_of_stdout_that_sleeps(ours, tmp_path, which, options):
    """Without -b input is taken all the same and kept in memory; with it the writer is held back."""
    program = {"theirs": THEIRS, "ours": ours}[which]
    end, shown = os.pipe()
    text = b"".join(b"line %06d of a program that does not stop\n" % i for i in range(20000))
    p = subprocess.Popen([program, *options, "1", "s100000000", str(tmp_path / "d")], stdin=subprocess.PIPE,
                         stdout=shown, env=ENVIRONMENT)
    os.close(shown)
    writer = threading.Thread(target=lambda: (p.stdin.write(text), p.stdin.close()), daemon=True)
    writer.start()
    if options:
        wait_for(lambda: pending(end) > 60000 and pending(p.stdin.fileno()) > 60000, what="full pipes")
        assert writer.is_alive()
    else:
        writer.join(DEADLINE)
        assert not writer.is_alive()
        current = tmp_path / "d/current"
        wait_for(lambda: current.exists() and current.stat().st_size == len(text), what="lines on disk")
    with open(end, "rb") as reader:
        assert reader.read() == text
    writer.join(DEADLINE)
    assert p.wait(DEADLINE) == 0
    assert (tmp_path / "d/current").read_bytes() == text


def test_last_line_without_newline(ours):
    r = subprocess.run([ours, "1"], input=b"one\ntwo", capture_output=True, timeout=60)
    assert (r.returncode, r.stdout) == (0, b"one\ntwo\n")


def test_input_that_is_no_pipe(ours, tmp_path):
    (tmp_path / "in").write_bytes(NUMBERS)
    for path, expected in ((tmp_path / "in", NUMBERS), ("/dev/null", b"")):
        with open(path, "rb") as f:
            r = subprocess.run([ours, "1"], stdin=f, capture_output=True, timeout=60)
        assert (r.returncode, r.stdout) == (0, expected)
