"""What callers may put into pid 1's hands: nothing. docs/security.md and docs/control.md claim it."""

import contextlib
import errno
import json
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading

import pytest

from lib.control import tell
from lib.processes import children, command_line, is_logger, link_target, process_state
from lib.refusal import attached

RUN = "#!/bin/sh\nexec sleep 1000\n"
CONTROL = "/run/s6/control"


def request(*words):
    return b"OVL1" + struct.pack("HH", len(words), 0) + b"".join(word.encode() + b"\0" for word in words)


LIST = request("s6-rc", "ua", "0", "1", "0", "list")


def connected(box):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(box.inside(CONTROL))
    return s


def send(s, data, fds):
    """Never waits; False when there is no room."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(fds)}i", *fds))]
    try:
        s.sendmsg([data], rights, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        return True
    except OSError as e:
        if e.errno in (errno.EAGAIN, errno.EPIPE, errno.ECONNRESET, errno.EPERM):  # EPERM: nothing may be passed any more
            return False
        raise


def descriptors(box):
    return sorted(os.listdir(f"/proc/{box.pid()}/fd"), key=int)


def usual(box):
    """Its descriptors once nobody asks: connections to the control socket have its name."""
    def alone():
        with open(f"/proc/{box.pid()}/net/unix") as file:
            return sum(line.endswith(f" {CONTROL}\n") for line in file) == 1 and not closing(box)
    box.wait_for(alone, what="end of earlier callers")
    return descriptors(box)


def closing(box):
    """Children of pid 1 that are nothing else than itself."""
    first = box.pid()
    return [pid for pid in children(first) if process_state(pid) != "Z"
            and link_target(f"/proc/{pid}/exe") == os.readlink(f"/proc/{first}/exe") and not is_logger(command_line(pid))]


def kill_closing(box):
    """Who was killed: callers from before may be among them, whose close ends by itself."""
    found = closing(box)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


class Stuck:
    """A TCP socket whose last owner waits for an hour when it closes it."""

    def __init__(self):
        self.server = socket.socket()
        self.server.bind(("127.0.0.1", 0))
        self.server.listen()
        self.s = socket.create_connection(self.server.getsockname())
        self.peer = self.server.accept()[0]  # who never reads
        self.s.setblocking(False)
        try:
            while True:
                self.s.send(bytes(1 << 16))
        except BlockingIOError:
            pass
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))

    def fileno(self):
        return self.s.fileno()

    def let_go(self):
        """Whoever else has it is its last owner."""
        # Detached before: were we the last, it is we who would wait.
        os.close(self.s.detach())

    def close(self):
        self.peer.close()
        self.server.close()


def hand_over(box, s, held, packets):
    """Pid 1, which knows the connection, stands still until we have let go: we are not the last owner for sure."""
    assert "web" in answers(box)  # callers before this one have been accepted
    box.kill(signal.SIGSTOP)
    box.wait_for(lambda: process_state(box.pid()) == "T", what="a pid 1 that stands still")
    for packet in packets:
        send(s, packet, [held.fileno()] * 3)
    held.let_go()
    box.kill(signal.SIGCONT)


@pytest.fixture
def stuck():
    made = []

    def make():
        made.append(Stuck())
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def box(tree, boot):
    tree.longrun("web", RUN)
    tree.oneshot("slow", up="/bin/slow", bundle=None)
    tree.script("/bin/slow", "#!/bin/sh\n: >/tmp/begun\nuntil test -e /tmp/go; do sleep 0.05; done\n")
    tree.oneshot("loud", up="/bin/loud", bundle=None)
    tree.script("/bin/loud", "#!/bin/sh\nread line\necho \"out $line\"\necho \"err $line\" >&2\n")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_booted()
    box.wait_for(lambda: box.run("/command/overlog", "status", "-H").returncode == 0)
    return box


def answers(box):
    return box.run("/command/s6-rc", "-a", "list").stdout.split()


@pytest.mark.parametrize("down, up", [("s6-rc -d change web", "s6-rc -u change web"),
                                      ("s6-svc -wD -d /run/service/web", "s6-svc -wu -u /run/service/web")], ids=["answer", "event"])
def test_who_is_told_finds_the_status_that_follows(box, place, down, up):
    """However slow pid 1 writes it."""
    writes = "?pwrite64,?pwritev2"
    # A pipe of ours would be in the request, which pid 1 drops after it has written all: so one would wait for that.
    program = "".join(f"{how} >/dev/null 2>&1 && overlog status --json || exit 1\n" for how in (down, up))
    strace = attached(box.pid(), os.path.join(place, "log"), "-e", f"trace={writes}", "-e", f"inject={writes}:delay_enter=200000")
    try:
        said = box.run("/bin/sh", "-c", program, check=True).stdout
    finally:
        strace.send_signal(signal.SIGTERM)
        strace.wait()
    seen = [{s["name"]: s["state"] for s in json.loads(line)["services"]}["web"] for line in said.splitlines()]
    assert seen == ["down", "up"]


def test_strangers_cannot_even_connect(box):
    place = box.inside(CONTROL)
    assert stat.S_IMODE(os.stat(place).st_mode) == 0o600
    before = usual(box)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.chdir(os.path.dirname(place))
            os.setgroups([])
            os.setgid(33)
            os.setuid(33)
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect("control")
        except PermissionError:
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    assert descriptors(box) == before


def test_who_gets_past_the_mode_is_let_go_unheard(box):
    """A user with CAP_DAC_OVERRIDE, whom no mode keeps out."""
    program = ("import socket, sys\n"
               "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
               "s.connect('control')\n"
               "try:\n    s.send(bytes.fromhex(sys.argv[1]))\n"
               "except BrokenPipeError:\n    pass\n"
               "try:\n    print(s.recv(1000))\n"
               "except ConnectionResetError:\n    print(b'')\n")
    before = usual(box)
    r = subprocess.run(
        ["setpriv", "--reuid=33", "--regid=33", "--clear-groups", "--inh-caps=+dac_override",
         "--ambient-caps=+dac_override", sys.executable, "-c", program, request("halt").hex()],
        cwd=os.path.dirname(box.inside(CONTROL)), capture_output=True, text=True, timeout=60)
    assert r.stdout == "b''\n", r
    assert box.alive() and "web" in answers(box)
    box.wait_for(lambda: descriptors(box) == before, what="the descriptors from before")


def test_a_oneshot_has_the_descriptors_of_its_caller(box):
    r = subprocess.run(box.entering("/command/s6-rc", "-u", "change", "loud"), input="hello\n", capture_output=True, text=True, timeout=60)
    assert (r.returncode, r.stdout, r.stderr) == (0, "out hello\n", "err hello\n")
    assert "out hello" not in box.stdout.text()


def kinds():
    """What is sent with the descriptor: name, packets."""
    return {"a request": [LIST], "a request and more": [LIST, b"x", b"", LIST], "nothing": [b"", b""],
            "garbage": [b"garbage"], "a job": [request("s6-rc", "", "0", "1", "0", "change", "slow")],
            "a job and more": [request("s6-rc", "", "0", "1", "0", "change", "slow"), b"", b"x"],
            "halt cancel": [request("halt", "cancel")]}


@pytest.mark.parametrize("kind", kinds())
def test_a_file_that_takes_an_hour_to_close(box, stuck, tree, kind):
    """Passed by a caller of root that is gone then: pid 1 goes on, and so does its stop."""
    before = usual(box)
    held = stuck()
    s = connected(box)
    hand_over(box, s, held, kinds()[kind])
    if "job" in kind:
        box.wait_for(lambda: os.path.exists(tree.at("/tmp/begun")))
    s.close()
    assert "web" in answers(box)
    tree.write("/tmp/go")
    box.wait_for(lambda: descriptors(box) == before, what="the descriptors from before")
    if "job" not in kind:  # else the job is the last to have it, whose end waits for nothing
        assert box.wait_for(lambda: closing(box), what="who closes it instead")
    assert box.run("/command/s6-svc", "-wr", "-T", "20000", "-r", "/run/service/web").returncode == 0
    assert box.stop() == 0


def test_one_that_was_queued_and_never_accepted(box, stuck):
    """Pid 1 stands still meanwhile, as under a debugger."""
    before = usual(box)
    held = stuck()
    box.kill(signal.SIGSTOP)
    some = []
    for _ in range(4):
        some.append(connected(box))
        for _ in range(3):
            send(some[-1], b"", [held.fileno()] * 8)
    held.let_go()
    for s in some:
        s.close()
    box.kill(signal.SIGCONT)
    assert "web" in answers(box)
    box.wait_for(lambda: descriptors(box) == before, what="the descriptors from before")
    assert box.stop() == 0


def test_descriptors_that_come_with_nothing_are_not_kept(box):
    before = usual(box)
    null = os.open("/dev/null", os.O_RDWR)
    for _ in range(300):
        with connected(box) as s:
            for _ in range(10):
                send(s, b"", [null] * 8)
    assert "web" in answers(box)
    box.wait_for(lambda: descriptors(box) == before, what="the descriptors from before")
    # More than one message may bring, cut off by the receiver, in one that is asking already.
    with connected(box) as s:
        send(s, request("s6-rc", "", "0", "1", "0", "change", "slow"), [null] * 200)
        while send(s, b"", [null] * 200):
            pass
        assert len(descriptors(box)) <= len(before) + 3
        assert "web" in answers(box)
    os.close(null)
    with open(box.inside("/tmp/go"), "w"):
        pass
    box.wait_for(lambda: descriptors(box) == before, what="the descriptors from before")
    assert box.stop() == 0


def test_a_caller_that_dies_in_the_stop_keeps_no_logger_from_its_end(tree, boot):
    """It is one of what a service has left behind, its stdout the log: that lies in its request, unread."""
    tree.longrun("web", "#!/bin/sh\ns6-rc -bu change never &\nexec sleep 1000\n")
    tree.longrun("never", "#!/bin/sh\ntouch /tmp/asked\nexec sleep 1000\n", notification_fd="3\n", bundle=None)
    box = boot(tree.path, env={"S6_LOGGING": "1", "OVERLOG_DRAIN": "1000000"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/asked")), what="request")
    caller, = [pid for pid, words in box.processes().items() if words[-1:] == ["never"]]
    os.kill(caller, signal.SIGSTOP)  # it dies by the TERM that all get
    box.wait_for(lambda: process_state(caller) == "T", what="stopped caller")
    assert box.stop() == 0


def test_callers_that_stand_still(box):
    """Sixteen ask for what takes long, or read nothing, and are stopped: the next gets its answer."""
    before = usual(box)
    some = [connected(box) for _ in range(8)]
    for s in some:
        s.send(LIST)
    waiting = [connected(box) for _ in range(8)]
    for s in waiting:
        s.send(request("s6-rc", "b", "0", "1", "0", "change", "slow"))
    silent = [connected(box) for _ in range(30)]
    box.wait_for(lambda: "web" in answers(box), what="an answer")
    for s in silent + some:
        s.close()
    with open(box.inside("/tmp/go"), "w"):
        pass
    for s in waiting:
        s.settimeout(60)
        while not (packet := s.recv(1 << 17)).startswith(b"x"):
            assert packet
        assert packet == b"x0"
        s.close()
    box.wait_for(lambda: descriptors(box) == before, what="the descriptors from before")


def test_what_closes_is_killed(box, stuck):
    """Before it has begun, or in the middle of it: pid 1 does not do it itself, and nothing is left behind."""
    before = usual(box)
    for _ in range(20):
        held = stuck()
        s = connected(box)
        hand_over(box, s, held, [LIST])
        s.close()
        box.wait_for(lambda: kill_closing(box), what="who closes it instead")
    assert "web" in answers(box)
    # One that was killed before it had begun has a successor, who closes what takes an hour.
    box.wait_for(lambda: not kill_closing(box) and descriptors(box) == before, what="the descriptors from before")


def test_what_closes_is_stopped(box):
    """As a service of pid 1's own user can do: it goes on with the next caller."""
    before = usual(box)
    end = threading.Event()

    def stop_all():
        while not end.is_set():
            for pid in children(box.pid()):
                try:
                    if not is_logger(command_line(pid)) and os.readlink(f"/proc/{pid}/exe") == os.readlink(f"/proc/{box.pid()}/exe"):
                        os.kill(pid, signal.SIGSTOP)
                except OSError:
                    pass

    attacker = threading.Thread(target=stop_all)
    attacker.start()
    try:
        for _ in range(40):
            with connected(box) as s:
                s.send(LIST)
                assert s.recv(1 << 17).startswith(b"o")
    finally:
        end.set()
        attacker.join()
    assert "web" in answers(box)
    box.wait_for(lambda: answers(box) and descriptors(box) == before, what="the descriptors from before")


def switches(box):
    with open(f"/proc/{box.pid()}/status") as file:
        return [line for line in file if "ctxt_switches" in line]


def look(box, results):
    r = box.run("/command/overlog", "status", "--json", user=33)
    results.append((r.returncode, r.stdout, r.stderr))


def look_at_once(box, count):
    results = []
    threads = [threading.Thread(target=look, args=(box, results)) for _ in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == count
    assert all(code == 0 and err == "" for code, _, err in results), results
    return [json.loads(out) for _, out, _ in results]


def test_looking_costs_pid_1_nothing(box):
    def idle():
        first = switches(box)
        look_at_once(box, 50)
        return switches(box) == first

    # What was begun before may still come to its end.
    assert box.wait_for(idle, what="a pid 1 that nobody wakes up")


def test_looking_while_all_changes(tree, boot):
    names = [f"s{i}" for i in range(12)]
    for name in names:
        tree.longrun(name, RUN)
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_for(lambda: box.run("/command/overlog", "status", "-H").returncode == 0)
    stop = threading.Event()

    def restart():
        while not stop.is_set():
            for name in names:
                tell(box, name, b"k" if name < "s5" else b"dCu")

    mover = threading.Thread(target=restart)
    mover.start()
    try:
        for whole in look_at_once(box, 50) + look_at_once(box, 50):
            assert whole["stage"] == "running"
            assert {row["name"] for row in whole["services"]} == set(names)
            for row in whole["services"]:
                assert (row["pid"] is not None) == (row["state"] in ("up", "starting", "stopping", "finishing")), row
                assert row["milliseconds"] <= whole["milliseconds"]
    finally:
        stop.set()
        mover.join()
    assert box.stop() == 0


def test_the_file_follows_the_set_of_services(tree, boot):
    tree.longrun("web", RUN)
    tree.script("/srv/more/run", RUN)
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_for(lambda: box.run("/command/overlog", "status", "-H").returncode == 0)
    place = box.inside("/run/s6/status")
    assert stat.S_IMODE(os.stat(place).st_mode) == 0o644
    with open(place, "rb") as old:
        box.run("/command/s6-svlink", "/run/service", "/srv/more", check=True)
        def states():
            return {row["name"]: row["state"] for row in look_at_once(box, 1)[0]["services"]}
        # Pid 1 writes the file after all else: the new one, and then into the old one.
        box.wait_for(lambda: states()["more"] in ("up", "starting"), what="more in the file")
        assert os.fstat(old.fileno()).st_ino != os.stat(place).st_ino
        # it says that another has taken its place
        box.wait_for(lambda: os.pread(old.fileno(), 16, 0)[12] & 1 == 1, what="the mark in the old file")
    box.run("/command/s6-svunlink", "/run/service", "more", check=True)
    box.wait_for(lambda: [row["name"] for row in look_at_once(box, 1)[0]["services"]] == ["web"])
    assert not box.exists("/run/s6/status.new")


def test_no_room_for_the_file(tree, boot):
    """What changes has room; for other services there is none: pid 1 goes on, says so once, and makes up for it."""
    tree.longrun("web", RUN)
    tree.script("/srv/more/run", RUN)
    box = boot(tree.path, env={"S6_LOGGING": "0"}, options=["-t", "mode=0755,size=1m"])
    box.wait_for(lambda: box.run("/command/overlog", "status", "-H").returncode == 0)
    box.run("/command/s6-svlink", "/run/service", "/srv/more", check=True)
    box.wait_for(lambda: len(look_at_once(box, 1)[0]["services"]) == 2, what="both in the file")
    fill = box.inside("/run/fill")
    with open(fill, "wb", buffering=0) as file:
        with pytest.raises(OSError):
            while True:
                file.write(bytes(4096))
    tell(box, "web", b"d")
    box.wait_for(lambda: {"web": "down"}.items() <= {r["name"]: r["state"] for r in look_at_once(box, 1)[0]["services"]}.items())
    os.unlink(f"/proc/{box.pid()}/root/run/service/more")
    box.run("/command/s6-svscanctl", "-an", "/run/service", check=True)
    box.wait_for_text("unable to write /run/s6/status")
    r = box.run("/command/overlog", "status", user=33)
    assert (r.returncode, r.stdout) == (111, "") and "unable to reach pid 1" in r.stderr
    os.unlink(fill)
    box.wait_for(lambda: box.run("/command/overlog", "status").returncode == 0, what="the file again")
    assert [row["name"] for row in look_at_once(box, 1)[0]["services"]] == ["web"]
    assert box.stderr.text().count("unable to write /run/s6/status") == 1
    assert box.stop() == 0


def test_where_all_is_one_users(tree, boot):
    """Pid 1 as uid 1000: its user and root may ask, anybody may look."""
    os.chmod(tree.at("/var/log"), 0o777)
    tree.longrun("web", RUN)
    box = boot(tree.path, options=["-u", "1000:1000", "-t", "mode=0755,uid=1000,gid=1000"], env={"S6_LOGGING": "0"})
    box.wait_for(lambda: box.run("/command/overlog", "status", "-H", user=33).returncode == 0)
    before = usual(box)
    assert stat.S_IMODE(os.stat(box.inside(CONTROL)).st_mode) == 0o600
    for user in (1000, None):
        assert "web" in box.run("/command/s6-rc", "-a", "list", user=user).stdout.split()
    r = box.run("/command/s6-rc", "-a", "list", user=33)
    assert (r.returncode, r.stdout) == (100, "") and "refused" in r.stderr
    box.wait_for(lambda: descriptors(box) == before, what="the descriptors from before")
    assert box.stop() == 0
