"""The collectors of Debian follow a log directory through fifty rotations by the configurations of docs/collectors.md.

The service logs at 2 MB/s, and files have a tenth of their default size: twenty rotations are then for a collector what ten
seconds are with s1000000. It follows, is stopped by SIGSTOP for twenty rotations, and has to catch up while the service
goes on; where it can go on from where it was, it is then ended for ten more. Each line has to arrive once, and the lines of
a file in their order.
"""
import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest

from lib.build import TOP
from lib.logger import Rig
from lib.logs import CRI, joined
from lib.pages import block, part
from lib.wait import let_pass, wait_for, wait_still

pytestmark = pytest.mark.long

RATE = 2_000_000  # bytes a second
SCRIPT = ("n1000", "s100000", "F", "C")
BATCH = 100
LONG = "ü" * 9000  # comes in three pieces


class Service:
    """A service that numbers its lines, and its logger."""

    def __init__(self, place, *script):
        self.services = Path(place) / "services"
        self.rig = Rig(place, *script, *SCRIPT, mode="2", logs=self.services).start()
        self.count = 0

    def line(self, number):
        tail = LONG if number % 1000 == 500 else f"login failed for root from 10.0.{number >> 8}.{number & 255}" \
            if number % 50 == 0 else "a tab\tand \"quoted\" %s words, " + "x" * 30
        return f"line {number:06} {tail}\n"

    def write(self):
        """A batch, and a line on the other stream. How many bytes that is in the log."""
        text = "".join(self.line(number) for number in range(self.count, self.count + BATCH)).encode()
        self.count += BATCH
        for fd, rest in ((self.rig.out[1], text), (self.rig.err[1], b"warning %06d\n" % self.count)):
            while rest:
                # No line but a long one is begun for a while, when we are not let on: the kernel takes so much at once.
                end = rest.rfind(b"\n", 0, select.PIPE_BUF) + 1 or rest.index(b"\n") + 1
                rest = rest[os.write(fd, rest[:end]):]
        return len(text) + 40 * BATCH

    def rotations(self):
        return len(os.listdir(self.rig.directory / "follow")) - 1

    def work(self, rotations):
        """Logs until there were so many more rotations."""
        end, begin, written = self.rotations() + rotations, time.monotonic(), 0
        while self.rotations() < end:
            written += self.write()
            let_pass(max(0, begin + written / RATE - time.monotonic()))

    def rest(self):
        """Until all is in the directory."""
        last = b"line %06d " % (self.count - 1)
        wait_for(lambda: last in self.rig.logged(), what="last line")

    def finish(self):
        assert self.rotations() >= 50
        assert self.rig.finish() == 0
        whole = [text.decode() + "\n" for stream, text in self.rig.whole() if stream == "stdout"]
        assert whole == [self.line(number) for number in range(self.count)]

    def files(self):
        """{path: its lines} by the names that rotation leaves."""
        return {str(path): lines_in(path.read_bytes()) for path in sorted((self.rig.directory / "follow").iterdir())}


def lines_in(data):
    """The lines of a file that is being written: of the last one only a part may be there."""
    return data[:data.rfind(b"\n") + 1].splitlines(keepends=True)


@pytest.fixture
def service(place):
    """service(WORDS...): a Service, with these before its script."""
    made = []

    def make(*script):
        made.append(Service(place, *script))
        return made[-1]
    yield make
    for one in made:
        one.rig.close()


@pytest.fixture
def run():
    """run(WORDS..., OPTION=...): a process, which is killed at the end of the test."""
    processes = []

    def start(*words, **options):
        processes.append(subprocess.Popen([str(word) for word in words], **options))
        return processes[-1]
    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def debian():
    """A folder with packages unpacked."""
    return Path(subprocess.run([os.path.join(TOP, "tests/collectors")], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def configuration(title, path, place):
    """A file of the page, with the paths of the test."""
    text = part("collectors.md", title)[path]
    for theirs, ours in (("/var/log/services", "services"), ("/var/log/collected", "collected"), ("/var/lib/rsyslog", "work"),
                         ("/var/log/fail2ban", "fail2ban")):
        text = text.replace(theirs, f"{place}/{ours}")
    return text


def collected(place):
    """{path: lines} of the lines that begin with the path of their file."""
    found = {}
    for line in lines_in((Path(place) / "collected").read_bytes()):
        path, rest = line.split(b" ", 1)
        found.setdefault(path.decode(), []).append(rest)
    return found


def end(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def lag(service, process, rotations):
    """It follows for so many rotations, is stopped for twenty, and catches up during as many as before."""
    service.work(rotations)
    process.send_signal(signal.SIGSTOP)
    service.work(20)
    process.send_signal(signal.SIGCONT)
    service.work(rotations)


def follow(service, start, arrived, expected):
    """The life of a collector, from start(). arrived() has to become what expected() is, and nothing more may come."""
    service.write()
    service.rest()
    process = start()
    wait_for(arrived, what="first line")
    lag(service, process, 10)
    service.rest()
    wait_for(lambda: count(arrived()) >= count(expected()), what="lines so far")
    end(process)
    service.work(10)
    process = start()
    service.finish()
    wanted = expected()
    wait_for(lambda: count(arrived()) >= count(wanted), what="all lines")
    end(process)
    assert arrived() == wanted


def count(lines):
    return sum(map(len, lines.values())) if isinstance(lines, dict) else len(lines)


def test_rsyslog(service, run, debian, place):
    os.mkdir(f"{place}/work")
    Path(place, "rsyslog.conf").write_text(configuration("rsyslog", "/etc/rsyslog.d/overlog.conf", place))
    modules, = debian.glob("usr/lib/*/rsyslog")
    one = service()
    follow(one, lambda: run(debian / "usr/sbin/rsyslogd", "-n", "-f", f"{place}/rsyslog.conf", "-i", f"{place}/pid", "-M", modules),
           lambda: collected(place), one.files)


def whole_lines(files):
    """What syslog-ng makes of the files: pieces joined, and at the end of a file what has come of a line."""
    found = {}
    for path, lines in files.items():
        parts = [CRI.fullmatch(line[:-1]).groups() for line in lines]
        # The time of a line is that of its last piece.
        ends = [(stamp, stream) for stamp, stream, flag, _ in parts if flag == b"F"]
        texts = joined([(stream, flag.decode(), text) for _, stream, flag, text in parts])
        found[path] = [b"%s %s %s\n" % (*end, text) for end, (_, text) in zip(ends, texts)]
    return found


def test_syslog_ng(service, run, debian, place):
    Path(place, "syslog-ng.conf").write_text("@version: 3.38\n" + configuration("syslog-ng", "/etc/syslog-ng/conf.d/overlog.conf", place))
    modules, = debian.glob("usr/lib/syslog-ng/3.*")
    one = service()
    follow(one, lambda: run(
        debian / "usr/sbin/syslog-ng", "-F", "--no-caps", "-f", f"{place}/syslog-ng.conf", "-p", f"{place}/pid",
        "-R", f"{place}/persist", "-c", f"{place}/control", "--module-path", modules,
        env={"LD_LIBRARY_PATH": str(modules.parent)}), lambda: collected(place), lambda: whole_lines(one.files()))


def test_lnav(service, run, place):
    """On a terminal. It is a viewer: stopped, it catches up, but it does not remember."""
    one = service()
    one.write()
    one.rest()
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    program, words = shlex.split(block("docs/collectors.md", "lnav ").text)
    viewer = run(program, words.replace("/var/log/services", str(one.services)), stdin=its, stdout=its, stderr=its,
                 env={"HOME": str(place), "TERM": "xterm", "PATH": os.environ["PATH"]}, start_new_session=True)
    os.close(its)

    def drain():
        try:
            while os.read(ours, 65536):
                pass
        except OSError:
            pass  # it has ended
    threading.Thread(target=drain, daemon=True).start()
    looks = 0

    def shown():
        """Has it write what it shows, sorted."""
        nonlocal looks
        looks += 1
        view = Path(place, f"view{looks}")
        os.write(ours, f":write-view-to {view}\r".encode())
        wait_for(view.exists, what="view")
        wait_still(lambda: view.stat().st_size, 0.3, what="writing")
        return sorted(lines_in(view.read_bytes()))
    wait_for(shown, what="first line")
    lag(one, viewer, 15)
    one.finish()
    wanted = sorted(sum(one.files().values(), []))

    def all_lines():
        lines = shown()
        return len(lines) >= len(wanted) and lines
    # It looks for new files only while nobody types.
    assert wait_for(all_lines, what="all lines", interval=2) == wanted


def test_fail2ban(service, run, debian, place):
    """It gets the lines that it looks for in a directory of its own, which is not rotated."""
    etc = Path(place, "etc")
    shutil.copytree(debian / "etc/fail2ban", etc)
    os.unlink(etc / "jail.d/defaults-debian.conf")  # sshd's
    for path in ("filter.d/web.conf", "jail.d/web.conf"):
        (etc / path).write_text(configuration("fail2ban", f"/etc/fail2ban/{path}", place))
    (etc / "fail2ban.local").write_text(
        f"[Definition]\nlogtarget = {place}/said\nsocket = {place}/socket\npidfile = {place}/pid\ndbfile = {place}/db\n")
    *script, last = configuration("fail2ban", "log =", place).split(" + ")
    assert last.split()[-1] == "C"
    words = re.findall(r'"([^"]*)"|(\S+)', script[0])
    one = service(*[quoted or plain for quoted, plain in words], "+")

    def failures():
        return re.findall(r"\[web\] Found (10\.0\.\S+)", Path(place, "said").read_text())

    def start():
        """Until it is ready: it can be ended only then."""
        with open(f"{place}/stdout", "wb") as stdout:
            process = run("/usr/bin/python3", debian / "usr/bin/fail2ban-server", "-c", etc, "-f", "start", stdout=stdout,
                          env={**os.environ, "PYTHONPATH": str(debian / "usr/lib/python3/dist-packages")})
        wait_for(lambda: "Server ready" in Path(place, "stdout").read_text(), what="fail2ban")
        return process

    follow(one, start, failures,
           lambda: [f"10.0.{n >> 8}.{n & 255}" for n in range(0, one.count, 50) if n % 1000 != 500])
