"""overlog why, status --use and --watch, and metrics, of one booted container."""

import json
import os
import re
import signal

import pytest

from lib.boot import Boot
from lib.logs import log
from lib.tree import Tree

OVERLOG = "/command/overlog"


@pytest.fixture(scope="module")
def box(tmp_path_factory, installed, helper):
    tree = Tree(str(tmp_path_factory.mktemp("why") / "root"), installed, helper)
    once = "#!/bin/sh\ntest -e /tmp/{0} && exec sleep 1000\n: >/tmp/{0}\n"
    end = "until test -e /tmp/end; do sleep 0.02; done\n"
    tree.longrun("crash", once.format("crash") + f"echo about to crash\necho oh no >&2\n{end}kill -SEGV $$\n")
    tree.longrun("bad", once.format("bad") + f"echo no such option >&2\n{end}exit 1\n", finish="#!/bin/sh\nexit 125\n")
    tree.longrun("gone", "#!/opt/nothere\n", timeout_up="200\n", bundle=None)
    tree.longrun("mute", "#!/bin/sh\necho still thinking\nexec sleep 1000\n", notification_fd="3\n", bundle=None)
    tree.longrun("after", deps=["mute"], bundle=None)
    # Many lines, so that those before the end are in an archive, and a family of processes.
    tree.longrun("big", once.format("big") + "for i in $(seq 2000); do echo filling the log with line $i; done\n" + end + "exit 4\n",
                 logging_script="n99 s4096 C\n")
    tree.longrun("family", "#!/bin/sh\nsleep 1000 &\nsetsid sleep 1000 &\nexec sleep 1000\n")
    tree.longrun("hog", "#!/bin/sh\necho eating\nexec sleep 1000\n")
    tree.longrun("loop", "#!/bin/sh\nexit 7\n", restart="on-failure, 2 in 1m, wait 50ms..100ms\n", bundle=None)
    tree.longrun("patient", restart="always, 20 in 1m\n")
    tree.write("sys/fs/cgroup/memory.events", "low 0\noom_kill 0\n")
    tree.write("sys/fs/cgroup/memory.max", f"{512 << 20}\n")
    tree.longrun("hung", "#!/bin/sh\nexec livecheck -i 200ms -f 2 -c /bin/false sleep 1000\n", bundle=None)
    # What a logger writes behind lines that it had to drop.
    tree.longrun("lossy", "#!/bin/sh\necho 'logger lossy: warning: 3 lines are missing here: No space left on device'\n"
                 "exec sleep 1000\n")
    box = Boot(tree.path, env={"OVERLOG_ON_FULL": "drop"})
    box.wait_booted()
    # Each ends when its last lines are in its log: a logger that is late would give them a later time.
    said = {"crash": "oh no", "bad": "no such option", "big": "filling the log with line 2000", "hog": "eating"}
    for name, line in said.items():
        box.wait_for(lambda: line in log(tree, name), what=line)
    box.wait_for(lambda: log(tree, "lossy"), what="notice of a logger")
    tree.write("/tmp/end")
    box.wait_for(lambda: all(restarted(box, name) for name in ("crash", "big")), what="second instances")
    box.wait_for(lambda: uses(box, "family")["processes"] == 3, what="a family")
    yield box
    box.close()


def uses(box, name):
    return json.loads(box.run(OVERLOG, "why", "-j", name).stdout)["uses"]


def restarted(box, name):
    whole = why(box, name)[1]
    return len(whole["ends"]) == 1 and whole["state"] == "up"


def why(box, name):
    r = box.run(OVERLOG, "why", name)
    assert r.returncode == 0 and r.stderr == "", r
    whole = json.loads(box.run(OVERLOG, "why", "--json", name).stdout)
    assert len(r.stdout.splitlines()) <= 24
    return r.stdout, whole


def test_a_segfault(box):
    text, whole = why(box, "crash")
    assert re.match(r"crash is up since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(\d+s\), pid \d+, restarted 1 time\n", text)
    assert re.search(r"\n  after an end +it is started again, however often\n  uses +memory [\d.]+\w, CPU [\d.]+s", text)
    assert "\n  logs          /var/log/services/crash (" in text
    assert re.search(r"ago\)  SIGSEGV( \(core dumped\))? after \d+\.\ds\n      about to crash\n      oh no\n$", text)
    (end,) = whole["ends"]
    assert (end["signal"], end["exit_code"], end["was_ready"]) == (11, None, False)
    assert end["lines"] == ["about to crash", "oh no"] and 0 <= end["milliseconds"] < 60000
    assert whole["restarts"] == 1 and whole["uses"]["processes"] == 1


def test_one_that_is_given_up(box):
    box.wait_for(lambda: "bad is failed" in why(box, "bad")[0])
    text, whole = why(box, "bad")
    assert "\n  because       finish said 125\n" in text and "it stays down: finish said 125\n" in text
    assert re.search(r"ago\)  exit 1 after \d+\.\ds\n      no such option\n$", text)
    assert whole["ends"][0]["exit_code"] == 1 and whole["pid"] is None


def test_a_missing_program(box):
    box.run("/command/s6-rc", "-u", "change", "gone")
    box.wait_for(lambda: "interpreter /opt/nothere is missing" in why(box, "gone")[0])
    text, whole = why(box, "gone")
    assert "\n  because       unable to execute " in text
    assert whole["ends"][0]["reason"].startswith("unable to execute /run/s6-rc/servicedirs/gone/run")
    box.run("/command/s6-rc", "-d", "change", "gone", check=True)


def test_a_dependency_that_is_never_ready(box):
    assert box.run(OVERLOG, "start", "-t", "200ms", "after").returncode == 1
    box.wait_for(lambda: "still thinking" in why(box, "mute")[0])
    text, whole = why(box, "after")
    assert text.startswith("after is down") and "\n  waits for     mute, which has not said that it is ready\n" in text
    assert "\n  needs         mute (starting)\n" in text
    assert whole["needs"] == [{"name": "mute", "state": "starting", "ready": False, "wanted": True}]
    text, whole = why(box, "mute")
    assert "\n  waits for     its readiness notification (notification-fd)\n  keeps down    after\n" in text
    assert "Last lines:\n      still thinking\n" in text and whole["lines"] == ["still thinking"]


def test_lines_of_an_archive(box):
    box.wait_for(lambda: any(name.startswith("@") for name in os.listdir(box.inside("/var/log/services/big"))))
    lines = why(box, "big")[1]["ends"][0]["lines"]
    assert lines == [f"filling the log with line {i}" for i in range(1996, 2001)]
    r = box.run(OVERLOG, "why", "nothere", "big")
    assert r.returncode == 1 and "there is no service nothere" in r.stderr and r.stdout.startswith("big is ")
    # Who may not read the event log is told so, and sees the rest.
    r = box.run(OVERLOG, "why", "big", user=65534)
    assert r.returncode == 0 and "\n  unknown       " in r.stdout and r.stdout.startswith("big is up")


def test_what_services_use(box):
    r = box.run(OVERLOG, "status", "--use")
    lines = r.stdout.splitlines()
    assert lines[0].split() == ["SERVICE", "CPU%", "CPU", "TIME", "MEMORY", "PROCS", "THREADS", "FILES"]
    assert max(map(len, lines)) <= 80
    row = next(line.split() for line in lines if line.startswith("family "))
    assert row[4:6] == ["3", "3"] and int(row[6]) > 3
    row = json.loads(box.run(OVERLOG, "status", "-ju", "family").stdout)["services"][0]
    assert row["uses"]["processes"] == 3 and row["uses"]["memory_bytes"] > 100000
    # Again and again, until nobody reads it.
    r = box.run("/bin/sh", "-c", f"{OVERLOG} status --watch family | head -n 7")
    assert r.stdout.count("SERVICE") == 2 and r.stdout.count("\nfamily ") == 2


def test_metrics(box):
    text = box.run(OVERLOG, "metrics").stdout
    assert text.endswith("# EOF\n")
    families = re.findall(r"^# TYPE (overlog_\w+) (\w+)$", text, re.M)
    assert len(families) == len(dict(families))
    samples = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = re.fullmatch(r"(overlog_\w+(?:\{[^}]*\})?) (\S+)", line).groups()
            assert name not in samples and float(value) >= 0
            samples[name] = float(value)
            plain = re.sub(r"\{.*", "", name)
            assert plain in dict(families) or re.sub("_(total|info)$", "", plain) in dict(families), name
    assert samples['overlog_service_up{service="crash"}'] == 1
    assert samples['overlog_service_restarts_total{service="crash"}'] == 1
    assert samples['overlog_service_ends_total{service="crash",cause="signal"}'] == 1
    assert samples['overlog_service_log_lines{service="big"}'] == 2000
    assert samples['overlog_service_processes{service="family"}'] == 3
    assert samples['overlog_service_log_dropped{service="lossy"}'] == 3
    assert samples['overlog_service_log_dropped{service="crash"}'] == 0
    assert box.run(OVERLOG, "metrics", "-o", "/tmp/overlog.prom").stdout == ""
    assert box.read("/tmp/overlog.prom").endswith("# EOF\n")
    assert not box.exists("/tmp/overlog.prom.new")


def test_out_of_memory(box):
    """The file that counts stands in the root: the kernel's own is in tests/container/memory_test.py."""
    def kills(count):
        with open(box.inside("/sys/fs/cgroup/memory.events"), "r+") as file:
            file.write(f"low 0\noom_kill {count}\n")
    kills(1)
    assert "hog ended by SIGKILL" in box.run(OVERLOG, "kill", "-s", "KILL", "hog").stdout
    box.wait_for(lambda: len(why(box, "hog")[1]["ends"]) == 1)
    text, whole = why(box, "hog")
    assert re.search(r"ago\)  SIGKILL \(out of memory, limit 512M\) after \d+\.\ds\n      eating\n$", text)
    assert whole["ends"][0]["out_of_memory"] and whole["memory_limit_bytes"] == 512 << 20
    box.wait_for_text("the kernel killed service hog: out of memory (limit 512M)\n")
    assert "\n    last end: SIGKILL (out of memory, limit 512M)\n" in box.run(OVERLOG, "status").stdout
    # Some that are no service's own process; and a KILL that is somebody's.
    kills(3)
    assert "hog ended by SIGKILL" in box.run(OVERLOG, "kill", "-s", "KILL", "hog").stdout
    assert box.run(OVERLOG, "kill", "-s", "KILL", "family").returncode == 0
    box.wait_for_text("the kernel killed a process: out of memory (limit 512M)\n")

    def events():
        return box.read("/var/log/services/.events/current")
    box.wait_for(lambda: re.search(r"exit service=family pid=\d+ signal=9\n", events()) and
                 " oom kills=1 limit=536870912\n" in events(), what="events")
    assert len(re.findall(r"exit service=hog pid=\d+ signal=9 oom=1\n", events())) == 2
    assert "\n  memory        the kernel killed a process of some service" in why(box, "family")[0]
    text = box.run(OVERLOG, "metrics").stdout
    assert 'overlog_service_ends_total{service="hog",cause="out_of_memory"} 2\n' in text
    assert "overlog_other_out_of_memory_kills_total 1\n" in text and "overlog_memory_limit_bytes 536870912\n" in text


def test_a_policy(box):
    box.run(OVERLOG, "start", "loop")
    box.wait_for(lambda: "loop is failed" in why(box, "loop")[0])
    text, whole = why(box, "loop")
    assert "\n  after an end  restart: on-failure, 2 in 1m, wait 50ms..100ms; it stays down: given up after 3 ends" in text
    assert whole["restart"] == "on-failure, 2 in 1m, wait 50ms..100ms" and whole["gave_up"]
    assert (whole["recent_ends"], whole["ends_allowed"]) == (3, 2)
    assert "\n  after an end  restart: always, 20 in 1m; 0 of 20 ends that it may have lately\n" in why(box, "patient")[0]
    # What somebody asks for is no death.
    assert box.run(OVERLOG, "restart", "patient").returncode == 0
    box.wait_for(lambda: len(why(box, "patient")[1]["ends"]) == 1)
    assert why(box, "patient")[1]["recent_ends"] == 0
    # The live file counts, from the next end on.
    with open(box.inside("/run/s6-rc/servicedirs/patient/restart"), "w") as file:
        file.write("always, 30 in 1m\n")
    text, whole = why(box, "patient")
    assert "restart: always, 30 in 1m; 0 of 30 ends" in text
    assert (whole["restart"], whole["ends_allowed"]) == ("always, 30 in 1m", 30)


def test_a_check_that_fails(box):
    box.run(OVERLOG, "start", "hung")
    box.wait_for(lambda: "check failed" in why(box, "hung")[0])
    box.run(OVERLOG, "stop", "hung")
    text, whole = why(box, "hung")
    assert re.search(r"\n  check failed  hung is not alive: 2 failures in a row.*\(\d+s ago\)\n", text)
    assert whole["last_check"].startswith("livecheck: warning: hung is not alive")


def test_a_change_that_waits_for_another(box):
    other = box.begin("/command/s6-rc", "-b", "-t", "600000", "-u", "change", "after")
    box.wait_for(lambda: "Resource busy" in box.run("/command/s6-rc", "-u", "change").stderr, what="its lock")
    box.wait_for(lambda: "mute is starting" in why(box, "mute")[0])
    r = box.run(OVERLOG, "stop", "-t", "300ms", "patient")
    assert r.returncode == 1 and r.stdout.startswith("patient is still up after ")
    assert r.stderr == "overlog stop: warning: another change is under way, which waits for mute\n"
    caller, = [pid for pid, words in box.processes().items() if words[:2] == ["/command/s6-rc", "-b"]]
    os.kill(caller, signal.SIGKILL)
    assert other.wait(60) != 0
    other.communicate()
