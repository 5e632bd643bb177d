"""A console that nobody reads: services wait for it, pid 1 does not."""
import json
import os
import pty
import select
import signal
import threading

import pytest

from lib.processes import process_fields
from lib.refusal import attached
from lib.wait import wait_for, wait_still

SAYS = "s6-supervise talks: warning: invalid timeout-kill"


class Reader:
    """The other side of a console: reads when it is told to."""

    def __init__(self, fd):
        self.fd, self.data = fd, b""
        os.set_blocking(fd, False)

    def read(self, most=1 << 20):
        got = b""
        while len(got) < most and select.select([self.fd], [], [], 0)[0]:
            try:
                chunk = os.read(self.fd, min(65536, most - len(got)))
            except OSError:
                break
            if not chunk:
                break
            got += chunk
        self.data += got
        return got


def ask(box):
    """It answers, in a time."""
    status = box.run("timeout", "60", "/command/overlog", "status", "--json")
    assert status.returncode == 0, "no answer"
    return json.loads(status.stdout)


def talk(box, times):
    for _ in range(times):
        before = box.run("/command/s6-svstat", "-o", "pid", "/run/service/talks").stdout
        assert box.run("timeout", "60", "/command/s6-svc", "-k", "/run/service/talks").returncode == 0
        box.wait_for(lambda: box.run("/command/s6-svc", "-u", "/run/service/talks").returncode == 0 and
                     box.run("/command/s6-svstat", "-o", "pid", "/run/service/talks").stdout not in (before, "-1\n"))


def ready(box):
    wait_for(lambda: box.exists("/run/service/talks") and
             box.run("/command/s6-svstat", "-o", "up", "/run/service/talks").stdout == "true\n", what="talks")
    with open(box.inside("/run/service/talks") + "/timeout-kill", "w") as file:
        file.write("x" * 50 + "\n")  # each of its starts is a message of pid 1 from now on


def blocked(pid):
    """Whether it sleeps and uses no time."""
    state, *used = wait_still(lambda: [process_fields(pid)[0], *process_fields(pid)[11:13]], 0.2, what="flood")
    return state == "S"


@pytest.mark.parametrize("kind", ["terminal", "pipe"])
@pytest.mark.parametrize("mode", ["0", "1"])
def test_pid_1_does_not_wait_for_a_console_that_stands_still(tree, boot, kind, mode):
    tree.longrun("talks")
    tree.longrun("flood", "#!/bin/sh\nexec yes to be read by nobody\n")
    read, write = pty.openpty() if kind == "terminal" else os.pipe()
    reader = Reader(read)
    box = boot(tree.path, terminal=write, env={"S6_LOGGING": mode, "OVERLOG_SCRIPT": "n3 s100000 C", "OVERLOG_DRAIN": "1000"})
    os.close(write)
    ready(box)
    if mode == "0":
        flood = box.wait_for(lambda: [pid for pid, words in box.processes().items() if words[-1:] == ["flood"]])[0]
        box.wait_for(lambda: blocked(flood), what="a full console")
    talk(box, 5)
    # What s6-svstat reads is written a moment before what status reads.
    box.wait_for(lambda: {s["name"]: s for s in ask(box)["services"]}["talks"]["state"] == "up", what="talks in the status")
    # Somebody reads again: how many did not fit is said, and then they fit.
    if mode == "0":
        assert box.run("/command/s6-svc", "-wD", "-T", "20000", "-dk", "/run/service/flood").returncode == 0
        while reader.read():
            pass
        before = len(reader.data)
        talk(box, 1)
        wait_for(lambda: reader.read() is not None and SAYS.encode() in reader.data[before:], what="message")
        assert b"messages did not fit" in reader.data[before:]
        box.run("/command/s6-svc", "-u", "/run/service/flood", check=True)
    box.kill(signal.SIGTERM)
    box.wait()
    os.close(read)


@pytest.mark.parametrize("options", [[], ["-u", "1000:1000", "-t", "uid=1000,mode=0755"]], ids=["root", "user"])
def test_others_fill_the_pipe_between_a_look_and_a_write(tree, boot, place, options):
    """A kernel that knows no write without waiting, pid 1 slow, and somebody who takes every page that becomes free."""
    tree.longrun("talks")
    os.chmod(tree.path, 0o755)
    read, write = os.pipe()
    if options:
        os.fchown(write, 1000, 1000)
    reader = Reader(read)
    filler = os.open(f"/proc/self/fd/{write}", os.O_WRONLY | os.O_NONBLOCK)
    box = boot(tree.path, terminal=write, env={"S6_LOGGING": "0"}, options=options)
    os.close(write)
    ready(box)
    ended = threading.Event()

    def fill():
        page = b"x" * 4095 + b"\n"
        while not ended.wait(0.03):
            try:
                while True:
                    os.write(filler, page)
            except BlockingIOError:
                pass
            if not ended.wait(0.03):
                reader.read(4096)

    thread = threading.Thread(target=fill)
    strace = attached(box.pid(), os.path.join(place, "log"), "-e", "trace=poll,?pwritev2",
                      "-e", "inject=?pwritev2:error=EOPNOTSUPP", "-e", "inject=poll:delay_exit=50000")
    try:
        thread.start()
        talk(box, 8)
        ended.set()
        thread.join()
        # Full for good.
        while True:
            try:
                os.write(filler, b"y")
            except BlockingIOError:
                break
        talk(box, 2)
        assert {s["name"] for s in ask(box)["services"]} >= {"talks"}
    finally:
        ended.set()
        strace.send_signal(signal.SIGTERM)
        strace.wait()
    reader.read()
    before = len(reader.data)
    talk(box, 1)
    wait_for(lambda: reader.read() is not None and SAYS.encode() in reader.data[before:], what="message")
    assert b"messages did not fit" in reader.data[before:]
    box.kill(signal.SIGTERM)
    assert box.wait() == 0
    os.close(filler)
    os.close(read)
