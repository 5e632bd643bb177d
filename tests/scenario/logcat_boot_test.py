"""logcat -b and -p with real containers: what belongs to which run, whatever ended it."""
import contextlib
import os
import signal
import subprocess
from pathlib import Path

from lib.logs import log_bytes, log_lines, log_text
from lib.wait import DEADLINE, wait_for
from lib.logcat import OVERLOG

LOGS = "/var/log/services"
STARTING = "s6-rc: info: service early: starting"
RUN = "#!/bin/sh\nn=$(cat /count); echo \"web of run $n\"; exec sleep 1000\n"


def logcat(tree, *args, code=0):
    p = subprocess.run(["logcat", "-o", "raw", *args], executable=OVERLOG, capture_output=True, text=True,
                       env={**os.environ, "OVERLOG_DIR": tree.at(LOGS), "TZ": "UTC0"}, timeout=DEADLINE)
    assert p.returncode == code, (p.returncode, p.stdout, p.stderr)
    return p.stdout.splitlines()


def events_of_last_boot(tree):
    events = log_bytes(tree.at(f"{LOGS}/.events")).decode().rsplit(" boot id=", 1)[1]
    return [x.split(" ", 1)[1].split(" pid=")[0] if "service=" in x else " ".join(x.split(" ")[1:3]).split("=")[0]
            for x in events.splitlines()[1:]]


@contextlib.contextmanager
def memory_group(name, limit):
    """A control group, of either version of them, whose processes may use so many bytes together."""
    first = Path("/sys/fs/cgroup/memory")
    group = (first if first.is_dir() else Path("/sys/fs/cgroup")) / name
    if not first.is_dir():
        (group.parent / "cgroup.subtree_control").write_text("+memory")
    group.mkdir()
    members = group / "cgroup.procs"
    try:
        (group / ("memory.limit_in_bytes" if first.is_dir() else "memory.max")).write_text(str(limit))
        yield members
    finally:
        for pid in members.read_text().split():
            with contextlib.suppress(ProcessLookupError):  # they run out of memory, too
                os.kill(int(pid), signal.SIGKILL)
        wait_for(lambda: not members.read_text(), what="the group's end")
        group.rmdir()


def run_out_of_memory(box):
    """The kernel ends pid 1, which it is told to choose, when others in its group want too much."""
    pid = box.pid()
    with memory_group(f"overlog-{pid}", 32 << 20) as members:
        members.write_text(str(pid))
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
        # Two, so that neither is as large as pid 1 is said to be.
        subprocess.Popen(["sh", "-c", f"echo $$ >{members}; tail /dev/zero & exec tail /dev/zero"])
        box.wait()


def boots(tree, boot, how):
    """Three runs, each ended in its way; the number of the run is in every line of the services."""
    tree.oneshot("early", "foreground { sh -c \"echo early of run $(cat /count)\" }\n")
    tree.longrun("web", RUN, deps=["early"])
    for run, end in enumerate(how, 1):
        tree.write("count", f"{run}\n")
        box = boot(tree.path, "sh", "-c", f"echo cmd of run {run}; exec sleep 1000", env={"S6_LOGGING": "2"})
        for name in ("web", ".cmd", ".init"):
            folder = tree.at(f"{LOGS}/{name}")
            box.wait_for(lambda: os.path.isdir(folder) and f"of run {run}" in "\n".join(log_text(folder)),
                         what=f"{name} of run {run}")
        box.wait_for(lambda: log_text(tree.at(f"{LOGS}/.init")).count(STARTING) == run, what="words of pid 1")
        box.wait_for(lambda: {"start service=web", "cmd pid"} <= set(events_of_last_boot(tree)), what="events")
        if end == "memory":
            run_out_of_memory(box)
        elif end == signal.SIGKILL:
            box.kill(signal.SIGKILL)  # what is in the container dies with its pid 1
            box.wait()
        else:
            box.stop()


def check(tree, lines, run, others):
    text = "\n".join(lines)
    for what in ("early", "web", "cmd"):
        assert f"{what} of run {run}" in text, text
    for other in others:
        assert f"of run {other}" not in text, text
    # the container's own messages too: all that the runs' beginnings are in .init, once each
    init, boots = log_lines(tree.at(f"{LOGS}/.init")), log_bytes(tree.at(f"{LOGS}/.events")).decode().splitlines()
    boots = [x.split(" ")[0] for x in boots if " boot " in x]
    assert len(boots) == 3
    assert [x for x in lines if "service early: starting" in x] == [STARTING]
    assert len([x for x in init if "service early: starting" in x[3]]) == 3
    assert init[0][0] > boots[0], "what was said before the first boot event belongs to no run"


def test_01_the_run_before_was_killed(tree, boot):
    boots(tree, boot, [signal.SIGTERM, signal.SIGKILL, signal.SIGTERM])
    check(tree, logcat(tree, "-b"), 3, (1, 2))
    check(tree, logcat(tree, "-p"), 2, (1, 3))
    previous = logcat(tree, "-p", "-u", "web")
    assert any(x.startswith("overlog: start pid=") for x in previous) and not any("exit" in x for x in previous)
    assert logcat(tree, "-p", "-u")[-1] == "overlog: killed: it ended without a stop"
    assert not [x for x in logcat(tree, "-p") + logcat(tree, "-b", "-u") if "killed" in x]


def test_02_the_run_before_was_out_of_memory(tree, boot):
    boots(tree, boot, [signal.SIGTERM, "memory", signal.SIGTERM])
    check(tree, logcat(tree, "-b"), 3, (1, 2))
    check(tree, logcat(tree, "-p"), 2, (1, 3))
    assert logcat(tree, "-p", "-n1", ".cmd") == ["cmd of run 2"]


def test_03_both_runs_were_killed(tree, boot):
    boots(tree, boot, [signal.SIGTERM, signal.SIGKILL, signal.SIGKILL])
    check(tree, logcat(tree, "-b"), 3, (1, 2))
    check(tree, logcat(tree, "-p"), 2, (1, 3))
    shown = subprocess.run(["logcat", "-l"], executable=OVERLOG, capture_output=True, text=True,
                           env={**os.environ, "OVERLOG_DIR": tree.at(LOGS)}, timeout=DEADLINE).stdout
    (web,) = [x.split() for x in shown.splitlines() if x.startswith("web ")]
    assert web[1] == "up"  # nobody said otherwise


def test_a_run_that_was_stopped_is_not_marked(tree, boot):
    boots(tree, boot, [signal.SIGTERM, signal.SIGTERM])
    shown = logcat(tree, "-p", "-u")
    # What pid 1 said before is stamped as its logger reads it, so perhaps later.
    assert [x for x in shown if x.startswith("overlog: ")][-1] == "overlog: end code=0"
    assert not [x for x in shown if "killed" in x]


def test_a_run_that_was_killed_in_its_stop(tree, boot):
    tree.longrun("deaf", "#!/bin/sh\ntrap '' TERM\ntouch /tmp/deaf\nwhile :; do sleep 0.05; done\n")
    tree.write("count", "1\n")
    box = boot(tree.path, "sleep", "1000", env={"S6_LOGGING": "2"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/deaf")) and os.path.exists(tree.at(f"{LOGS}/.events/current")) and
                 " boot id=" in tree.read(f"{LOGS}/.events/current") and "start service=deaf" in events_of_last_boot(tree))
    box.kill(signal.SIGTERM)
    box.wait_for(lambda: "stop reason" in events_of_last_boot(tree))
    box.kill(signal.SIGKILL)
    box.wait()
    tree.longrun("deaf")
    box = boot(tree.path, "true", env={"S6_LOGGING": "2"})
    assert box.wait() == 0
    assert logcat(tree, "-p", "-u")[-1] == "overlog: killed: the stop was not over"


def test_the_hook_belongs_to_its_run_and_a_line_follows_its_start(tree, boot):
    """Twenty starts: the service's first line is never older than the event of its start."""
    tree.script("/bin/hook", "#!/bin/sh\necho hook of run $(cat /count)\n")
    for i in range(20):
        tree.longrun(f"s{i}", f"#!/bin/sh\necho first of s{i}\ntouch /tmp/s{i}\nexec sleep 1000\n")
    for run in (1, 2):
        tree.write("count", f"{run}\n")
        for i in range(20):
            if os.path.exists(tree.at(f"/tmp/s{i}")):
                os.unlink(tree.at(f"/tmp/s{i}"))
        box = boot(tree.path, env={"S6_LOGGING": "2", "S6_STAGE2_HOOK": "/bin/hook"})
        box.wait_for(lambda: all(os.path.exists(tree.at(f"/tmp/s{i}")) for i in range(20)))
        assert box.stop() == 0
    assert [x for x in logcat(tree, "-b") if x.startswith("hook")] == ["hook of run 2"]
    assert [x for x in logcat(tree, "-p") if x.startswith("hook")] == ["hook of run 1"]
    events = log_bytes(tree.at(f"{LOGS}/.events")).decode().splitlines()
    assert events[0].split(" ")[1] == "boot"
    for i in range(20):
        starts = [x.split(" ")[0] for x in events if f" start service=s{i} " in x]
        lines = [x[0] for x in log_lines(tree.at(f"{LOGS}/s{i}"))]
        assert len(starts) == len(lines) == 2 and all(a <= b for a, b in zip(starts, lines)), (starts, lines)
