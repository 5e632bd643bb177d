"""A terminal for the container, and what comes on its stdin."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios

import pytest

from lib.wait import wait_for

LEADER = ["-x", "/usr/bin/setsid --ctty"]  # as an engine makes pid 1


class Terminal:
    """The engine's side of a pty."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        os.set_blocking(self.master, False)
        self.text = ""

    def write(self, text):
        os.write(self.master, text.encode())

    def read(self):
        try:
            while chunk := os.read(self.master, 65536):
                self.text += chunk.decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return self.text

    def wait_for(self, text):
        try:
            wait_for(lambda: text in self.read(), what=repr(text))
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.text}") from None

    def hang_up(self):
        if self.master >= 0:
            os.close(self.master)
        self.master = -1


@pytest.fixture
def terminal():
    one = Terminal()
    yield one
    one.hang_up()
    os.close(one.slave)


def shell(boot, tree, terminal, *command, init="/init", env=None):
    box = boot(tree.path, *command, init=init, terminal=terminal.slave, options=LEADER,
               env={"PS1": "prompt$ ", "HISTFILE": "/dev/null", "S6_KEEP_ENV": "1", **(env or {})})
    terminal.wait_for("prompt$ ")
    return box


def job_control(terminal):
    """^C, ^Z, fg and the size of the window, as in any terminal."""
    terminal.write("stty size </dev/tty\n")
    terminal.wait_for("40 200")
    terminal.write("sh -c 'echo begun; exec sleep 1000'\n")
    terminal.wait_for("begun\r\n")
    terminal.write("\x03")
    terminal.write("echo code $((0+$?))\n")
    terminal.wait_for("code 130")
    terminal.write("sh -c 'trap \"echo continued\" CONT; echo waiting; while :; do sleep 0.05; done'\n")
    terminal.wait_for("waiting\r\n")
    terminal.write("\x1a")
    terminal.wait_for("Stopped")
    terminal.write("fg\n")
    terminal.wait_for("continued\r\n")
    terminal.write("\x03")
    terminal.write("echo still $((40 + 2))\n")
    terminal.wait_for("still 42")


def test_a_shell_has_job_control(tree, boot, terminal):
    tree.longrun("web", "#!/bin/sh\n[ -c /dev/tty ] && (: </dev/tty) 2>/dev/null && touch /tmp/has-tty\ntouch /tmp/up\nexec sleep 1001\n",
                 finish="#!/bin/sh\ntouch /tmp/finished\n")
    box = shell(boot, tree, terminal, "sh", "-i")
    job_control(terminal)
    wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    assert not os.path.exists(tree.at("/tmp/has-tty")) and not os.path.exists(tree.at("/tmp/finished"))
    assert "no job control" not in terminal.read() and "can't access tty" not in terminal.text
    terminal.write("exit 5\n")
    assert box.wait() == 5
    assert os.path.exists(tree.at("/tmp/finished"))


def test_a_window_that_changes_its_size_ends_nothing(tree, boot, terminal):
    """Without a terminal the same signal stops the container: exit_test.py."""
    box = shell(boot, tree, terminal, "sh", "-i")
    box.kill(signal.SIGWINCH)
    assert box.run("/command/s6-rc", "-a", "list").returncode == 0  # pid 1 has had its turn
    terminal.write("echo still $((40 + 2)); exit 5\n")
    terminal.wait_for("still 42")
    assert box.wait() == 5


def test_the_same_under_another_init(tree, boot, terminal):
    box = shell(boot, tree, terminal, "-c", "/init sh -i; echo init said $?", init="/bin/sh")
    job_control(terminal)
    terminal.write("exit 5\n")
    assert box.wait() == 0
    terminal.wait_for("init said 5")


def test_hang_up(tree, boot, terminal):
    tree.longrun("web", finish="#!/bin/sh\ntouch /tmp/finished\n")
    box = shell(boot, tree, terminal, "sh", "-i")
    os.close(terminal.slave)
    terminal.hang_up()
    terminal.slave = os.open("/dev/null", os.O_RDONLY)
    assert box.wait() == 128 + signal.SIGHUP
    assert os.path.exists(tree.at("/tmp/finished"))


def test_interrupt_while_it_boots(tree, boot, terminal):
    """It is no request to reboot, and it wedges nothing."""
    tree.longrun("web", "#!/bin/sh\ntouch /tmp/up\nexec sleep 1000\n", finish="#!/bin/sh\ntouch /tmp/finished\n", bundle=None)
    tree.oneshot("slow", 'sh -c "touch /tmp/slow; until [ -e /tmp/go ]; do sleep 0.02; done"\n', deps=["web"])
    box = boot(tree.path, "touch", "/tmp/cmd", terminal=terminal.slave, options=LEADER)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")) and os.path.exists(tree.at("/tmp/slow")))
    terminal.write("\x03")
    terminal.wait_for("service slow is still starting: told to end")
    tree.write("/tmp/go")
    assert box.wait() == 0
    assert os.path.exists(tree.at("/tmp/finished")) and not os.path.exists(tree.at("/tmp/cmd"))


def test_interrupt_without_cmd_stops(tree, boot, terminal):
    box = boot(tree.path, terminal=terminal.slave, options=LEADER)
    terminal.wait_for("legacy-services successfully started")
    terminal.write("\x1a")  # neither stops nor ends it
    terminal.write("\x03")
    assert box.wait() == 0
    terminal.wait_for("legacy-services successfully stopped")  # the kernel hands it over in its own time


def test_cmd_use_terminal(tree, boot, terminal):
    """S6_LOGGING=2 takes CMD's output from the terminal, unless that is asked for."""
    for value, where in (("0", "log"), ("1", "terminal")):
        box = boot(tree.path, "sh", "-c", "echo to $((1 + 1)) out; echo to 2 err >&2; exit 3", stdin=terminal.slave, options=LEADER,
                   env={"S6_LOGGING": "2", "S6_CMD_USE_TERMINAL": value})
        assert box.wait() == 3
        assert box.stdout.text() + box.stderr.text() == ""
        if where == "terminal":
            terminal.wait_for("to 2 out\r\nto 2 err\r\n")
        assert ("to 2" in terminal.read()) == (where == "terminal")
        assert os.path.exists(tree.at("/var/log/services/.cmd/current")) == (where == "log")
        subprocess.run(["rm", "-rf", tree.at("/var/log/services")], check=True)


def test_use_terminal_without_one(tree, boot):
    box = boot(tree.path, "echo", "hello", env={"S6_LOGGING": "2", "S6_CMD_USE_TERMINAL": "1"})
    assert box.wait() == 0
    assert box.stdout.text() == ""
    assert "hello" in tree.read("/var/log/services/.cmd/current")


def test_stdin_is_cmds(tree, boot):
    tree.longrun("web", "#!/bin/sh\ncat >/tmp/eaten\ntouch /tmp/up\nexec sleep 1000\n")
    tree.oneshot("wait", 'sh -c "until [ -e /tmp/up ]; do sleep 0.02; done"\n', deps=["web"])
    read, write = os.pipe()
    box = boot(tree.path, "sh", "-c", "cat; exit 4", stdin=read)
    os.close(read)
    data = b"".join(b"line %d\n" % i for i in range(20000))
    with os.fdopen(write, "wb") as pipe:
        pipe.write(data)
    assert box.wait() == 4
    assert box.stdout.data == data
    assert tree.read("/tmp/eaten") == ""
