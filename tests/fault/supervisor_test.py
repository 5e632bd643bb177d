"""What a service, a user or a machine can do to pid 1: it stays, says what is wrong once, recovers when the cause
goes, and stops in a bounded time with all logs complete."""
import contextlib
import os
import random
import re
import resource
import signal
import socket
import subprocess
import time

import pytest

from lib.control import FINISHING, READY, WANTED_UP, runs, status, tell
from lib.logs import log_text
from lib.processes import process_fields
from lib.refusal import Scarce
from lib.wait import wait_for


def said(box):
    return box.stderr.text()


@pytest.fixture
def group():
    """A control group whose number of processes can be limited."""
    path = f"/sys/fs/cgroup/pids/overlog-test-{os.getpid()}"
    if not os.path.isdir("/sys/fs/cgroup/pids"):
        path = path.replace("/pids/", "/")
        with open("/sys/fs/cgroup/cgroup.subtree_control", "w") as file:
            file.write("+pids")
    os.mkdir(path)
    yield path
    with contextlib.suppress(OSError), open(f"{path}/cgroup.procs") as file:
        for pid in file.read().split():
            os.kill(int(pid), signal.SIGKILL)
    wait_for(lambda: not open(f"{path}/cgroup.procs").read(), what="empty group")
    os.rmdir(path)


def limit(group, most):
    with open(f"{group}/pids.max", "w") as file:
        file.write(str(most))


def join(group, *pids):
    for pid in pids:
        with open(f"{group}/cgroup.procs", "w") as file:
            file.write(str(pid))


# --- no more processes


def test_the_limit_of_processes(tree, boot, group):
    for name in ("one", "two", "three"):
        tree.longrun(name)
    tree.oneshot("job", "touch /tmp/job\n", bundle=None)
    box = boot(tree.path)
    box.wait_booted()
    before = {name: box.wait_for(lambda: runs(box, name)) for name in ("one", "two", "three")}
    join(group, box.pid())
    limit(group, 1)
    for name in before:
        tell(box, name, b"k")
    client = box.begin("/command/s6-rc", "-u", "change", "job", stdout=subprocess.DEVNULL)
    box.wait_for_text("--pids-limit")
    box.wait_for(lambda: all(status(box, name)[0] == 0 for name in before))
    box.wait_for(lambda: int(open(f"{group}/pids.events").read().split()[1]) >= 6)
    assert said(box).count("unable to fork") == 1, said(box)
    assert client.poll() is None
    limit(group, "max")
    box.wait_for(lambda: all(runs(box, name, pid) for name, pid in before.items()))
    assert client.communicate()[1] == "" or client.returncode == 0
    assert client.returncode == 0 and os.path.exists(tree.at("/tmp/job"))
    box.wait_for_text("it works again")
    assert box.stop() == 0


def test_a_process_for_the_parent_and_none_for_the_service(tree, boot, group):
    """The parent is forked and cannot fork: that is a lack like any other."""
    tree.longrun("web", finish="#!/bin/sh\necho finished\n", bundle=None)
    box = boot(tree.path, env={"OVERLOG_SUPERVISE_PROCESSES": "1", "S6_LOGGING": "0"})
    box.wait_for_text("service legacy-services successfully started")
    box.wait_for(lambda: not box.processes(), what="pid 1 alone")
    join(group, box.pid())
    limit(group, 2)
    tell(box, "web", b"u")
    box.wait_for_text("service web: unable to fork: Resource temporarily unavailable (too many processes: --pids-limit")
    box.wait_for(lambda: not box.processes(), what="end of the parent")
    limit(group, "max")
    web = box.wait_for(lambda: runs(box, "web"))
    box.wait_for_text("it works again")
    limit(group, 2)
    tell(box, "web", b"Ok")
    box.wait_for_text("s6-supervise web: warning: unable to spawn ./finish: unable to fork: Resource temporarily unavailable")
    box.wait_for(lambda: status(box, "web") == (0, READY), what="down")
    limit(group, "max")
    tell(box, "web", b"u")
    assert box.wait_for(lambda: runs(box, "web", web))
    assert box.stop() == 0
    assert "please report" not in said(box)


BOMB = """#!/bin/sh
trap '' TERM HUP INT
bomb() { while :; do bomb & done; }
touch /tmp/bombing
bomb 2>/dev/null
"""


def test_a_service_that_forks_without_end(tree, boot, group):
    tree.longrun("bomb", BOMB, deps=["web"])
    tree.longrun("web", finish="#!/bin/sh\ntouch /tmp/finished\n")
    script = "while [ ! -e /tmp/go ]; do sleep 0.05; done; exec /init"
    box = boot(tree.path, "-c", script, init="/bin/sh", env={"OVERLOG_STOP_MAXTIME": "4000"})
    join(group, box.pid())
    limit(group, 120)
    tree.write("/tmp/go")
    box.wait_for(lambda: int(open(f"{group}/pids.current").read()) >= 118, what="a full group")
    web = box.wait_for(lambda: box.exists("/run/service/web/supervise/status") and status(box, "web")[0])
    tell(box, "web", b"k")
    box.wait_for(lambda: status(box, "web")[0] != web)
    assert box.stop() == 0
    assert not open(f"{group}/cgroup.procs").read()
    assert said(box).count("retrying this") <= 2


def may_raise_limits():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard + 1))
        return True
    return False


def test_too_few_descriptors_are_said_before_anything_starts(tree, boot):
    for i in range(30):
        tree.longrun(f"web{i}", "#!/bin/sh\nulimit -Sn >>/tmp/limits\nexec sleep 1000\n")
    box = boot(tree.path, "-c", "ulimit -n 200; exec /init", init="/bin/sh")
    if may_raise_limits():
        box.wait_for(lambda: os.path.exists(tree.at("/tmp/limits")) and tree.read("/tmp/limits").count("\n") == 30)
        assert box.stop() == 0
    else:
        assert box.wait() == 111
        # 6 for each, 2 more while each starts, 40 for pid 1
        assert "30 services with loggers need 280 descriptors, the limit is 200 (--ulimit nofile=280:280, " \
               "or S6_LOGGING=0, which needs 130)" in said(box)
        assert not os.path.exists(tree.at("/tmp/limits"))
    # What it says is enough, and children get the limit that it was given.
    box = boot(tree.path, "-c", "ulimit -n 280; ulimit -Sn 100; exec /init", init="/bin/sh")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/limits")) and tree.read("/tmp/limits").count("100") == 30)
    assert "retrying this" not in said(box)
    assert box.stop() == 0


def test_children_get_both_limits_back(tree, boot):
    """Pid 1 raises what it needs itself and lowers nothing: without CAP_SYS_RESOURCE that could not be undone."""
    for i in range(30):
        tree.longrun(f"web{i}", "#!/bin/sh\necho $(ulimit -Sn) $(ulimit -Hn) >>/tmp/limits\nexec sleep 1000\n")
    hard = min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    box = boot(tree.path, "-c", f"ulimit -n {hard}; ulimit -Sn 100; exec /init", init="/bin/sh")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/limits")) and tree.read("/tmp/limits").count("\n") == 30)
    assert set(tree.read("/tmp/limits").splitlines()) == {f"100 {hard}"}
    assert box.stop() == 0


# --- bytes from anywhere


def test_random_bytes_and_a_run_that_vanishes(tree, boot):
    tree.longrun("web", "#!/bin/sh\nexec sleep 1000\n")
    tree.longrun("other")
    box = boot(tree.path)
    box.wait_for_text("service legacy-services successfully started")
    other = box.wait_for(lambda: runs(box, "other"))
    seed = random.randrange(1 << 32)
    noise = random.Random(seed)
    print("seed", seed)
    # Those that end the container are tried last.
    scan = bytes(b for b in noise.randbytes(12000) if b not in b"tiqb")[:10000]
    for path, data in (("/run/service/web/supervise/control", noise.randbytes(10000)),
                       ("/run/service/web/log/supervise/control", noise.randbytes(10000)),
                       ("/run/service/.s6-svscan/control", scan)):
        with open(box.inside(path), "wb", buffering=0) as file:
            for at in range(0, len(data), 1000):
                file.write(data[at:at + 1000])
    for size in (1, 7, 8, 100, 10000, 60000):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect(box.inside("/run/s6/control"))
            s.send(noise.randbytes(size))
            assert s.recv(100).startswith(b"e")
    silent = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(20)]
    for s in silent:  # who asks for nothing keeps nobody else out
        s.connect(box.inside("/run/s6/control"))
    assert box.run("/command/s6-rc", "-a", "list").stdout.count("\n") >= 3
    for s in silent:
        s.close()
    # As by s6-supervise, what comes between x and the end of the process is lost.
    web = box.wait_for(lambda: tell(box, "web", b"cCu") or runs(box, "web"))
    box.wait_for(lambda: box.loggers("web"))
    assert status(box, "other")[0] == other
    assert "please report" not in said(box)

    live = box.inside("/run/service/web/run")
    os.rename(live, live + ".away")
    tell(box, "web", b"k")
    box.wait_for_text("unable to spawn ./run")
    box.wait_for(lambda: box.read("/var/log/services/.events/current").count("reason=") >= 2, what="two tries")
    assert said(box).count("unable to spawn ./run") == 1
    os.rename(live + ".away", live)
    box.wait_for(lambda: runs(box, "web", web))

    with open(box.inside("/run/service/.s6-svscan/control"), "wb", buffering=0) as file:
        file.write(noise.randbytes(500) + b"t")
    assert box.wait() == 0


# --- stops that hang

WRITER = """#!/bin/sh
trap '' TERM HUP INT QUIT USR1 USR2
i=0
while :; do
    i=$((i+1))
    echo line $i
    echo $i >>/tmp/written
done
"""


def cpu(pid):
    """Seconds of processor that it used."""
    fields = process_fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_notification_descriptor_that_is_flooded(tree, boot):
    """It is closed and that is said once, over restarts, too. A few bytes before the newline are fine."""
    tree.longrun("flood", "#!/bin/sh\necho x >>/tmp/starts\ntrap '' PIPE\ncat /dev/zero >&3\n", notification_fd="3\n")
    tree.longrun("late", "#!/bin/sh\nprintf '%01000d' 1 >&4\necho >&4\nexec sleep 1000\n", notification_fd="4\n")
    box = boot(tree.path)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/starts")) and len(tree.read("/tmp/starts").split()) >= 3)
    assert box.run("/command/s6-svwait", "-U", "/run/service/late").returncode == 0
    assert box.run("/command/s6-svstat", "-o", "ready", "/run/service/flood").stdout == "false\n"
    used = cpu(box.pid())
    assert used < 1, f"{used} s of processor"
    box.stop()
    said = "4096 bytes without a newline on descriptor 3"
    assert box.stderr.text().count(said) == 1 and f"s6-supervise flood: warning: {said}" in box.stderr.text()


def assert_complete(tree):
    lines = log_text(tree.at("/var/log/services/writer"))
    assert lines == [f"line {i}" for i in range(1, len(lines) + 1)]
    written = tree.read("/tmp/written").rpartition("\n")[0].rpartition("\n")[2]
    assert len(lines) >= int(written) > 0


@pytest.mark.parametrize("how", ["limit", "signals"])
def test_a_stop_that_would_never_end(tree, boot, how):
    tree.longrun("writer", WRITER)
    tree.longrun("hangs", finish="#!/bin/sh\nexec sleep 1000\n", timeout_finish="0\n")
    tree.oneshot("never", "true\n", down="sleep 1000\n")
    env = {"S6_LOGGING": "2", "S6_KILL_GRACETIME": "600000", "OVERLOG_STOP_MAXTIME": "3000" if how == "limit" else "0"}
    box = boot(tree.path, env=env)
    box.wait_booted()
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/written")) and runs(box, "hangs"))
    before = time.monotonic()
    box.kill(signal.SIGTERM)
    if how == "signals":
        box.wait_for(lambda: status(box, "hangs")[0] == 0 or status(box, "hangs")[1] & FINISHING, what="finish")
        assert box.alive()
        box.kill(signal.SIGTERM)
    assert box.wait() == 0  # long before the grace time
    if how == "limit":
        assert box.ended - before > 2
    # A quarter of the limit is for loggers, which is little for one that gets no processor; then it is said.
    if how == "signals" or "the logger of writer did not finish in time" not in said(box):
        assert_complete(tree)


def test_a_signal_during_a_stop_that_nobody_asked_for_by_signal(tree, boot):
    """docker stop, while the container is ending by itself: services get their time."""
    tree.longrun("slow", "#!/bin/sh\ntrap 'touch /tmp/ending; sleep 1; touch /tmp/ended; exit 0' TERM\n"
                         "touch /tmp/up; while :; do sleep 0.1; done\n")
    box = boot(tree.path, "sh", "-c", "until [ -e /tmp/up ]; do sleep 0.02; done; exit 3")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/ending")))
    box.kill(signal.SIGTERM)
    assert box.wait() == 3
    assert os.path.exists(tree.at("/tmp/ended"))


# --- no more memory


@pytest.mark.long
def test_memory_refused_once_and_from_then_on(tree, boot):
    tree.longrun("web", "#!/bin/sh\necho >&7\nexec sleep 1000\n", notification_fd="7\n", finish="#!/bin/sh\n:\n")
    tree.oneshot("job", "true\n", down="true\n", bundle=None)
    scarce = Scarce(tree)
    box = boot(tree.path)
    box.wait_booted()
    assert scarce.count() > 0

    def good(old):
        pid, flags = status(box, "web")
        return pid not in (0, old) and flags == WANTED_UP | READY

    def turn(number):
        client = box.run("/command/s6-rc", "-u" if number % 2 == 0 else "-d", "change", "job")
        tell(box, "web", b"du")
        return client

    box.wait_for(lambda: good(0))
    rounds = [(n, n) for n in range(1, 7)] + [(n, 0) for n in range(1, 4)]
    for number, (first, last) in enumerate(rounds):
        web = status(box, "web")[0]
        scarce.refuse(first, last)
        before = scarce.count()
        client = turn(number)
        # A request may be answered that there is no memory for it; it is never left without an answer.
        assert client.returncode in (0, 1, 111), client.stderr
        box.wait_for(lambda: scarce.count() - before >= first or good(web))
        scarce.refuse(0, 0)
        assert box.run("/command/s6-rc", "-u" if number % 2 == 0 else "-d", "change", "job").returncode == 0
        box.wait_for(lambda: good(web))
    # A stop under the same conditions.
    scarce.refuse(1, 0)
    assert box.stop() == 0
    assert said(box).count("retrying this") <= 4, said(box)
    assert not re.search("please report|bug", said(box))
