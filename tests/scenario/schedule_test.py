"""schedule: jobs at their times, one at a time, in the log of their service; nothing in between."""

import json
import os
import re
import shutil
import subprocess
from datetime import datetime

import pytest

from lib.boot import PATH
from lib.build import OVERLOG
from lib.control import runs, status, tell
from lib.logs import log, log_bytes
from lib.wait import wait_for, wait_still

HEAD = "#!/bin/sh\nexec schedule "


def state(box, name):
    """What the file of the job says; {} without one."""
    path = f"/run/s6/jobs/{name}"
    lines = box.read(path).splitlines() if box.exists(path) else []
    return {key: int(value) if re.fullmatch("-?[0-9]+", value) else value
            for key, value in (line.split("=", 1) for line in lines)}


def events(tree):
    """Lines of the event log, without their time."""
    return [line.split(" ", 1)[1] for line in log_bytes(tree.at("/var/log/services/.events")).decode().splitlines()]


def told(tree, pattern):
    return any(re.fullmatch(pattern, line) for line in events(tree))


def schedule(*words, **env):
    return subprocess.run([OVERLOG, "schedule", *words], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", **env})


def test_jobs_and_their_results(tree, boot):
    """At their times, with all that a service has; failures are said, told and counted, and change nothing."""
    tree.longrun("good", "#!/bin/sh\nexec env HELLO=hello schedule -v '*/1 * * * * *' "
                 "sh -c 'echo said; echo $HELLO >&2; readlink /proc/self/cwd'\n")
    tree.longrun("bad", HEAD + "'every 1s' sh -c 'exit 3'\n")
    tree.longrun("missing", HEAD + "--fail-after 2 'every 1s' /no/such/program\n")
    tree.longrun("once", HEAD + "-1n @yearly sh -c 'kill -9 $$'\n", restart="never\n")
    tree.longrun("boot", HEAD + "'@reboot; @yearly' echo booted\n")
    tree.longrun("plain", "#!/bin/sh\nexec s6-setuidgid nobody schedule @reboot id -u\n")
    tree.longrun("wrong", HEAD + "'0 24 * * *' true\n", restart="never\n")
    box = boot(tree.path, env={"S6_LOGGING": "1", "PATH": PATH})
    box.wait_for(lambda: state(box, "good").get("ended", 0) >= 2 and state(box, "bad").get("ended", 0) >= 2, what="runs")

    def says(name, pattern):
        return any(re.fullmatch(pattern, line) for line in log(tree, name))
    box.wait_for(lambda: log(tree, "good").count("said") >= 2 and log(tree, "good").count("hello") >= 2)
    box.wait_for(lambda: says("good", r"schedule: info: the job begins \(pid [0-9]+\)") and says("good", ".*/good"))
    box.wait_for(lambda: says("good", r"schedule: info: the job exited 0 after [0-9]+m?s"))
    box.wait_for(lambda: says("bad", r"schedule: warning: the job exited 3 after [0-9]+m?s"))
    assert all(" exited 3 after " in line or " still runs, for " in line for line in log(tree, "bad"))
    of_bad = state(box, "bad")
    assert of_bad["failed"] == of_bad["ended"] and of_bad["code"] == 3 and of_bad["well"] == 0
    assert state(box, "good")["well"] > 0 and state(box, "good")["timetable"] == "*/1 * * * * *"
    box.wait_for(lambda: told(tree, r"job service=bad start=2\S+Z code=3 ms=[0-9]+"))

    box.wait_for(lambda: told(tree, r"job service=once start=\S+ signal=9 ms=[0-9]+"))
    box.wait_for(lambda: says("once", "schedule: warning: the job was ended by SIGKILL after .*"))
    box.wait_for(lambda: "schedule: warning: unable to execute /no/such/program: No such file or directory" in
                 " ".join(log(tree, "missing")) and told(tree, "exit service=missing pid=[0-9]+ code=127"))
    box.wait_for(lambda: "65534" in log(tree, "plain"))
    box.wait_for(lambda: says("plain", ".*schedule has to stand before s6-setuidgid.*; @reboot comes at each start of the service"))
    box.wait_for(lambda: any("\"0 24 * * *\": hour: 24 is not one of 0 to 23; midnight is 0" in line
                             for line in log(tree, "wrong")))

    # @reboot is for the container, not for each start of the service.
    box.wait_for(lambda: log(tree, "boot") == ["booted"])
    box.run("/command/s6-svc", "-wR", "-r", "/run/service/boot", check=True)
    box.wait_for(lambda: (tell(box, "boot", b"h"), len(log(tree, "boot")) > 1)[1], what="when it is due")
    assert re.fullmatch(r"schedule: info: next is 20..-01-01 00:00:00 \+0000, in .*", log(tree, "boot")[1])
    assert log(tree, "boot").count("booted") == 1
    assert box.stop() == 0


def test_overlap_limits_and_signals(tree, boot):
    """One job at a time; one that takes too long, or is stopped, is ended with all that it started."""
    slow = "sh -c 'echo begins; sleep 7777'\n"
    tree.longrun("skip", HEAD + "-tn 'every 1s' " + slow)
    tree.longrun("kill", HEAD + "-tn -o kill 'every 1s' " + slow)
    tree.longrun("queue", HEAD + "-tn -o queue 'every 1s' sh -c 'echo begins; test -e go || sleep 7777'\n")
    tree.longrun("limit", HEAD + "-n -T 3s @yearly sh -c 'trap \"\" TERM; echo begins; while :; do sleep 1; done'\n",
                 timeout_kill="300\n")
    tree.longrun("waits", HEAD + "@yearly sh -c 'echo begins; until test -e go; do sleep 0.05; done; echo ends'\n")
    tree.longrun("passes", HEAD + "-t @yearly sh -c 'trap \"echo got TERM; exit 0\" TERM; echo begins; sleep 7777 & wait'\n")
    tree.longrun("forced", HEAD + "-n @yearly " + slow, timeout_kill="3000\n")
    box = boot(tree.path, env={"S6_LOGGING": "1", "PATH": PATH})
    for name in ("waits", "passes"):
        box.wait_for(lambda: state(box, name).get("next"))
        tell(box, name, b"a")
    box.wait_for(lambda: log(tree, "kill").count("begins") >= 3, what="jobs that are ended for the next")
    box.wait_for(lambda: len(log(tree, "skip")) >= 3 and "begins" in log(tree, "skip"))
    assert sum("still runs" not in line for line in log(tree, "skip")) == 1  # its own "begins"
    box.wait_for(lambda: state(box, "skip")["skipped"] >= 2)
    assert state(box, "skip")["runs"] == 1
    box.wait_for(lambda: state(box, "limit")["code"] == 137)
    box.wait_for(lambda: "has run for 3s, its limit: it is ended" in " ".join(log(tree, "limit")))
    assert state(box, "limit")["late"] == 1
    box.wait_for(lambda: told(tree, "job service=limit .* signal=9 ms=[0-9]+ limit=1"))

    box.wait_for(lambda: state(box, "queue")["skipped"] >= 1 and "begins" in log(tree, "queue"))
    assert log(tree, "queue").count("begins") == 1
    first = state(box, "queue")["pid"]
    open(box.inside("/run/service/queue/go"), "w").close()
    box.run("/bin/kill", "-TERM", f"-{first}")  # unless it has seen the file itself
    box.wait_for(lambda: log(tree, "queue").count("begins") >= 2)

    # A stop waits for the job, or passes the signal on, or ends it in time.
    for name in ("waits", "passes"):
        box.wait_for(lambda: "begins" in log(tree, name))
        tell(box, name, b"d")
    box.wait_for(lambda: "got TERM" in log(tree, "passes"))
    by_term = "schedule: warning: the job was ended by SIGTERM"
    for ends in range(1, 6):  # of a machine that stood still just then pid 1's kill could be first
        box.wait_for(lambda: log(tree, "forced").count("begins") >= ends)
        tell(box, "forced", b"d")
        box.wait_for(lambda: sum(line.startswith("exit service=forced ") for line in events(tree)) == ends)
        if by_term in " ".join(log(tree, "forced")):
            break
        tell(box, "forced", b"u")
    assert by_term in " ".join(log(tree, "forced"))
    assert "ends" not in log(tree, "waits")
    open(box.inside("/run/service/waits/go"), "w").close()
    box.wait_for(lambda: log(tree, "waits")[-1] == "ends")
    for name in ("waits", "passes", "forced"):
        box.wait_for(lambda: told(tree, f"exit service={name} pid=[0-9]+ code=0.*"))
    assert box.stop() == 0


def test_what_others_see(tree, boot):
    """status, why and metrics tell of jobs; overlog run has one run and says how it went; check reads the timetable."""
    tree.longrun("backup", HEAD + "'15 3 1 1 *' /bin/save\n")
    # One that fails has its line in the log by then.
    tree.script("/bin/save", "#!/bin/sh\necho saving\nif test -e fail; then\n"
                "until test $(grep -c saving /var/log/services/backup/current) = 2; do sleep 0.05; done\nexit 3\nfi\n"
                "until test -e go; do sleep 0.05; done\necho saved\n")
    tree.longrun("web")
    tree.longrun("wrong", HEAD + "'15 3 1 1' true\n", restart="never\n")
    box = boot(tree.path, env={"S6_LOGGING": "1", "PATH": PATH})
    box.wait_booted()
    box.wait_for(lambda: state(box, "backup").get("next"))

    def overlog(*words):
        return box.run("/command/overlog", *words)

    def of_backup(verb):
        answer = json.loads(overlog(verb, "--json", "backup").stdout)
        return answer["services"][0] if verb == "status" else answer

    assert re.search(r"^    job: next 20..-01-01 03:15:00 \+0000 \(in .*\)$", overlog("status").stdout, re.M)
    assert of_backup("status")["job"] == {
        "timetable": "15 3 1 1 *", "next": of_backup("why")["job"]["next"], "pid": None, "last_start": None,
        "last_success": None, "last_exit_code": None, "last_milliseconds": None, "runs": 0, "failed": 0,
        "over_limit": 0, "skipped": 0}

    for name, why in {"web": "web runs no job", "no": "there is no service no"}.items():
        answer = overlog("run", name)
        assert answer.returncode != 0 and why in answer.stderr, answer
    waiting = box.begin("/command/overlog", "run", "backup")
    box.wait_for(lambda: "saving" in log(tree, "backup") and state(box, "backup")["pid"])
    assert re.search(r"^    job: runs for [0-9]+s \(pid [0-9]+\); next ", overlog("status").stdout, re.M)
    second = overlog("run", "backup")
    assert second.returncode == 1 and "the job of backup runs already (pid " in second.stderr
    assert overlog("run", "-t", "1m", "backup").returncode == 1
    assert waiting.poll() is None
    open(box.inside("/run/service/backup/go"), "w").close()
    assert waiting.wait(60) == 0
    box.wait_for(lambda: "saved" in log(tree, "backup"))

    open(box.inside("/run/service/backup/fail"), "w").close()
    failed = overlog("run", "backup")
    assert failed.returncode == 3 and "the job of backup exited 3" in failed.stderr and "    saving\n" in failed.stdout
    job = of_backup("status")["job"]
    assert (job["runs"], job["failed"], job["skipped"], job["last_exit_code"]) == (2, 1, 2, 3)
    assert job["last_success"] < job["last_start"] < job["next"]
    assert re.search(r"; last exit 3 after .*, [0-9]+s ago; 1 of 2 failed; 2 skipped$", overlog("status").stdout, re.M)
    box.wait_for(lambda: [end["exit_code"] for end in of_backup("why")["jobs"]] == [3, 0])
    shown = overlog("why", "backup").stdout
    assert re.search(r"^  job +15 3 1 1 \*: next 20", shown, re.M) and re.search(r" ago\)  exit 3 after ", shown), shown
    assert {"overlog_job_runs_total{service=\"backup\"} 2", "overlog_job_failures_total{service=\"backup\"} 1",
            "overlog_job_skips_total{service=\"backup\"} 2", "overlog_job_last_exit{service=\"backup\"} 3",
            "overlog_job_running{service=\"backup\"} 0"} <= set(overlog("metrics").stdout.splitlines())
    assert "overlog_job_runs_total{service=\"web\"}" not in overlog("metrics").stdout
    checked = overlog("check").stdout
    assert "wrong/run:2: warning: schedule: \"15 3 1 1\": it has 4 fields; a time has five" in checked, checked
    assert "backup" not in checked
    assert box.stop() == 0


def test_who_is_asked(tree, boot):
    """overlog run asks nobody but schedule, whatever an earlier one left, and waits for no dead one."""
    tree.longrun("late", "#!/bin/sh\nwhile test -e hold; do sleep 0.05; done\n"
                 "test -e daemon && exec sleep 7777\nexec schedule @yearly true\n")
    tree.longrun("queue", HEAD + "-n -o queue @yearly sh -c 'until test -e go; do sleep 0.05; done'\n")
    box = boot(tree.path, env={"S6_LOGGING": "1", "PATH": PATH})
    box.wait_booted()
    for name in ("late", "queue"):
        box.wait_for(lambda: state(box, name).get("next"))
    late = box.inside("/run/service/late") + "/"

    def restart():
        before = status(box, "late")[0]
        tell(box, "late", b"r")
        box.wait_for(lambda: runs(box, "late", before))

    def refused():
        pid = status(box, "late")[0]
        answer = box.run("/command/overlog", "run", "late")
        assert answer.returncode == 1 and f"its process (pid {pid}) is not schedule" in answer.stderr, answer
        assert status(box, "late")[0] == pid and "    job:" not in box.run("/command/overlog", "status", "late").stdout
        assert "job" not in json.loads(box.run("/command/overlog", "why", "--json", "late").stdout)
        assert "job_runs_total{service=\"late\"}" not in box.run("/command/overlog", "metrics").stdout

    open(late + "hold", "w").close()
    restart()
    refused()  # a shell yet
    os.unlink(late + "hold")
    box.wait_for(lambda: box.run("/command/overlog", "run", "late").returncode == 0)
    assert state(box, "late")["asked"] == 1
    open(late + "daemon", "w").close()
    restart()
    box.wait_for(lambda: ["sleep", "7777"] in box.processes().values())
    refused()

    # What is queued, the stop forgets.
    box.wait_for(lambda: state(box, "queue")["pid"])
    waiting = box.begin("/command/overlog", "run", "queue")
    box.wait_for(lambda: state(box, "queue")["answer"] == 2)
    tell(box, "queue", b"d")
    box.wait_for(lambda: state(box, "queue")["next"] == 0)
    open(box.inside("/run/service/queue/go"), "w").close()
    assert waiting.wait(60) == 111 and "queue has ended before its job" in waiting.stderr.read()
    assert state(box, "queue")["ended"] == 1
    assert box.stop() == 0


def test_all_of_a_job_ends(tree, boot):
    """A job is over with its group, if we end it; and one that outlived its schedule is waited for."""
    stubborn = "sh -c 'trap \"\" TERM; sleep 770%d & trap - TERM; >/tmp/ready; wait'\n"
    tree.longrun("limit", HEAD + "-n -T 500ms @yearly " + stubborn % 1, timeout_kill="1000\n")
    tree.longrun("replace", HEAD + "-n -o kill --fail-after 1 @yearly " + stubborn .replace("ready", "replace") % 2, timeout_kill="1000\n")
    tree.longrun("stops", HEAD + "-tn @yearly " + stubborn.replace("ready", "stops") % 3, timeout_kill="3000\n")
    tree.longrun("outlived", HEAD + "-o queue @yearly sh -c 'echo begins; until test -e go; do sleep 0.05; done'\n")
    tree.longrun("limited", "#!/bin/sh\ntest -e again && limit=1s || limit=1h\n>again\nexec schedule -T $limit @yearly sh -c 'echo begins; exec sleep 7777'\n", timeout_kill="1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "1", "PATH": PATH})

    def alive(number):
        return list(box.processes().values()).count(["sleep", str(number)])

    box.wait_for(lambda: state(box, "limit").get("ended") == 1)
    box.wait_for(lambda: alive(7701) == 0)  # killed, and dead once it has a processor
    box.wait_for(lambda: alive(7702) and box.exists("/tmp/replace"))
    tell(box, "replace", b"a")
    box.wait_for(lambda: state(box, "replace")["runs"] == 2)
    box.wait_for(lambda: alive(7702) == 1)
    assert state(box, "replace")["failed"] == 0 and state(box, "replace")["code"] == 143
    assert log(tree, "replace") == []
    box.wait_for(lambda: alive(7703) and box.exists("/tmp/stops"))

    def ends_in_time():
        """Shortly before the limit of pid 1, that is: without a processor it is late, and has another try."""
        def exits():
            return [line.split()[3] for line in events(tree) if line.startswith("exit service=stops ")]
        count = len(exits())
        tell(box, "stops", b"d")
        box.wait_for(lambda: len(exits()) > count)
        if exits()[-1] == "code=0":
            return True
        tell(box, "stops", b"u")
        box.wait_for(lambda: alive(7703) and runs(box, "stops") and state(box, "stops")["next"])
        return False
    wait_for(ends_in_time, what="end with 0")
    box.wait_for(lambda: alive(7703) == 0)

    for name in ("outlived", "limited"):
        box.wait_for(lambda: state(box, name).get("next"))
        tell(box, name, b"a")
        box.wait_for(lambda: log(tree, name) == ["begins"] and state(box, name)["pid"])
        job, owner = state(box, name)["pid"], state(box, name)["owner"]
        box.run("/bin/kill", "-KILL", str(owner), check=True)
        box.wait_for(lambda: state(box, name)["owner"] not in (0, owner))
        box.wait_for(lambda: f"schedule: warning: the job (pid {job}) of a schedule that died still runs: it is waited for"
                     in log(tree, name))
    tell(box, "outlived", b"a")
    box.wait_for(lambda: state(box, "outlived")["answer"] == 2)
    assert log(tree, "outlived").count("begins") == 1
    open(box.inside("/run/service/outlived/go"), "w").close()
    box.wait_for(lambda: state(box, "outlived")["ended"] == 2)
    assert state(box, "outlived")["code"] == 0
    box.wait_for(lambda: log(tree, "outlived").count("begins") == 2)
    box.wait_for(lambda: state(box, "limited")["late"] == 1 and state(box, "limited")["pid"] == 0)
    assert log(tree, "limited").count("begins") == 1 and state(box, "limited")["code"] == 99
    assert box.stop() == 0


def test_services_that_are_made(tree, boot):
    """A crontab and overlog create give services that run as the line says."""
    tree.write("/etc/cron.d/jobs", """MAILTO=root
WHO=me
15 3 1 1 * nobody echo $WHO $HOME in $PWD; id -u; exec 2>&1; tr a-z A-Z%from%stdin
""")
    into = tree.at("/etc/s6-overlay")
    subprocess.run([OVERLOG, "import", "-d", into, tree.at("/etc/cron.d/jobs")], check=True, capture_output=True)
    create = [OVERLOG, "create", "-q", "-d", into, "longrun"]
    subprocess.run([*create, "count", "-S", "@yearly", "-c", "echo $((20 + 3)); test -d data || exit 4"], check=True)
    subprocess.run([*create, "plain", "--dirs", "--schedule", "every 1d", "--run", "id -u", "--user", "nobody"], check=True)
    subprocess.run([*create, "listed", "--section", "-S", "15 3 1 1 *; @yearly", "-c", "echo $((4 + 4))"], check=True)
    for words, why in {("a", "-S", "@yearly"): "--run has to say what runs", ("a", "-S", "1 2", "-c", "x"): "it has 2 fields",
                       ("a", "-S", "@daily", "-c", "x", "-w", "y"): "--ready-when makes no sense"}.items():
        result = subprocess.run([*create, *words], capture_output=True, text=True)
        assert result.returncode == 100 and why in result.stderr, result
    assert tree.read("/etc/s6-overlay/s6-rc.d/plain/run").endswith("exec schedule 'every 1d' s6-setuidgid nobody id -u\n")
    box = boot(tree.path, env={"S6_LOGGING": "1", "PATH": PATH})
    box.wait_booted()
    box.wait_for(lambda: all(state(box, name).get("next") for name in ("echo", "count", "plain", "listed")))
    for name, code in {"echo": 0, "count": 4, "plain": 0, "listed": 0}.items():
        assert box.run("/command/overlog", "run", name).returncode == code
    box.wait_for(lambda: log(tree, "echo") == ["me / in /", "65534", "FROM", "STDIN"])
    box.wait_for(lambda: log(tree, "plain") == ["65534"])
    box.wait_for(lambda: "23" in log(tree, "count") and log(tree, "listed") == ["8"])
    assert box.stop() == 0


def test_it_sleeps(tree, boot):
    """From one time to the next the process is not woken up, and needs no more memory than some pages: two for what was
    relocated and for data, two for its plan, up to three of the stack; a logger, which keeps no plan, has four to six."""
    tree.longrun("rests", HEAD + "-n '15 3 1 1 *; every 5h' true\n")
    box = boot(tree.path, env={"S6_LOGGING": "1", "PATH": PATH, "TZ": "CET-1CEST,M3.5.0,M10.5.0/3"})
    box.wait_for(lambda: state(box, "rests").get("ended") == 1)
    ours = next(pid for pid, words in box.processes().items() if words[:1] == ["schedule"])

    def woken():
        with open(f"/proc/{ours}/status") as file:
            return re.findall("^.*ctxt_switches.*$", file.read(), re.M)

    def memory(pid):
        """What is its own, in kB; pages of the program are not."""
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return int(re.search(r"^Anonymous: +([0-9]+) kB$", file.read(), re.M).group(1))

    wait_still(woken, 1.5)
    assert memory(ours) <= 7 * 4
    assert box.stop() == 0


def test_next_times():
    shown = schedule("--next", "3", "-z", "CET-1CEST,M3.5.0,M10.5.0/3", "0 0 1 1 *")
    assert re.fullmatch(r"(20..-01-01 00:00:00 \+0100\n){3}", shown.stdout), shown
    assert schedule("--next", "2", "@reboot").stdout == ""
    shown = [datetime.fromisoformat(line) for line in schedule("--next", "4", "every 1500ms").stdout.splitlines()]
    assert [int((b - a).total_seconds()) for a, b in zip(shown, shown[2:])] == [3, 3]
    assert schedule("--next", "1", "-z", "UTC0", "0 0 29 2 */7").stdout == "2032-02-29 00:00:00 +0000\n"
    assert re.fullmatch(r"(20..-..-.. ..:..:.. \+0000\n){2}", schedule("--next", "2", "every 1d; every 2d").stdout)
    assert re.fullmatch(r"(2[12]..-..-.. ..:..:.. \+0000\n){1,2}", schedule("--next", "9", "-z", "UTC0", "every 36500d").stdout)
    assert schedule("--next", "1", "0 0 1 6 *", TZ="EST5EDT,M3.2.0,M11.1.0").stdout.endswith(" -0400\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_zone_of_the_image(tmp_path):
    """Where neither -z nor TZ names one."""
    script = f'mount --make-rprivate / && mount --bind {tmp_path} /etc && exec "$0" "$@"'

    def offset(*words, **env):
        r = subprocess.run(["unshare", "-m", "sh", "-c", script, OVERLOG, "schedule", *words, "--next", "1", "0 3 * * *"],
                           env={"PATH": "/usr/sbin:/usr/bin:/bin", **env}, capture_output=True, text=True)
        return r.stdout.split()[2]

    assert offset() == "+0000"
    shutil.copy("/usr/share/zoneinfo/Asia/Tokyo", tmp_path / "localtime")
    assert offset() == "+0900"
    assert offset(TZ="XYZ-2") == "+0200"
    assert offset(TZ="") == "+0000"
    assert offset("-z", "UTC0", TZ="XYZ-2") == "+0000"


def test_wrong_usage():
    for words, why in {("* * * *", "true"): "it has 4 fields; a time has five",
                       ("@daily",): "there is no program to run at \"@daily\"",
                       ("-o", "wait", "@daily", "true"): "-o wait is neither skip, queue nor kill",
                       ("-z", "No/Where", "@daily", "true"): "-z No/Where: there are no data of this zone",
                       ("-T", "soon", "@daily", "true"): "soon"}.items():
        result = schedule(*words)
        assert result.returncode == 100 and why in result.stderr, (words, result)
