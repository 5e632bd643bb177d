"""OVERLOG_SUPERVISE_PROCESSES: each process of a service has a parent called s6-supervise NAME, and nothing else changes."""
import os
import random
import re
import signal
import struct
import time

import pytest

from lib.control import FINISHING, PAUSED, READY, WANTED_UP, record, runs, status, svstat, tell
from lib.logs import log_text
from lib.processes import children, command_line, parents, process_fields, process_state
from lib.wait import let_pass

ON = {"OVERLOG_SUPERVISE_PROCESSES": "1", "S6_LOGGING": "0"}
SEES = "#!/bin/sh\n{ tr '\\0' ' ' </proc/$PPID/cmdline; cat /proc/$PPID/comm; } >>/tmp/$1.sees\nexec sleep 1000\n"


def running(box, name, but=0):
    """Waits for it: its pid inside the container, which is another one than but."""
    return box.wait_for(lambda: runs(box, name, but), what=f"run of {name}")


def is_down(box, name):
    """For good, its finish included; and it has been up."""
    pid, flags = status(box, name)
    return pid == 0 and flags & (WANTED_UP | READY | PAUSED) == READY


def inner_pid(ours):
    """Its number in the container; 0: it is none of a container, or gone."""
    try:
        with open(f"/proc/{ours}/status") as file:
            numbers = re.search(r"^NSpid:\t(.*)$", file.read(), re.M)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(numbers[1]) if len(numbers) == 2 else 0


def outside(box, pid):
    """Our number of a process of the container."""
    known = vars(box).setdefault("outside", {})
    if inner_pid(known.get(pid)) != pid:
        known.clear()
        known.update({inner_pid(ours): ours for ours in box.processes()})
    return known[pid]


def parent_of(box, name):
    """Our number of the parent that the service has now; 0: none but pid 1."""
    ours = outside(box, running(box, name))
    above = int(process_fields(ours)[1])
    if above == box.pid():
        return 0
    assert command_line(above) == ["s6-supervise", name]
    with open(f"/proc/{above}/comm") as file:
        assert file.read() == "s6-supervise\n"
    assert int(process_fields(above)[1]) == box.pid()
    return above


def no_parents(box):
    return not any(words[:1] == ["s6-supervise"] and len(words) == 2 for words in box.processes().values())


# --- the name


def test_every_run_and_finish_sees_the_name_at_once(tree, boot):
    """Many at once, and pid 1 has enough descriptors that children are made by slots."""
    for i in range(80):
        tree.longrun(f"s{i}", SEES, finish=SEES.replace(".sees", "").replace("$1", "$3.finish").replace("exec sleep 1000\n", ""))
    box = boot(tree.path, env=ON)
    box.wait_for_text("service legacy-services successfully started")
    for i in range(80):
        assert parent_of(box, f"s{i}") > 0
        box.wait_for(lambda: tree.read(f"/tmp/s{i}.sees").count("s6-supervise") == 2, what=f"what s{i} sees")
    assert box.stop() == 0
    for i in range(80):
        for kind in ("sees", "finish"):
            assert tree.read(f"/tmp/s{i}.{kind}") == f"s6-supervise s{i} s6-supervise\n"


def test_a_script_that_stops_its_own_service_by_the_name(tree, boot):
    """The images of sdr-enthusiasts do so for what is switched off."""
    tree.script("/scripts/common", "stop_service() {\n"
                "service=$(tr '\\0' ' ' </proc/$PPID/cmdline | grep -F s6-supervise | cut -d' ' -f2)\n"
                "[ -n \"$service\" ] || exit 1\ns6-svc -d /run/service/$service\nexec sleep 1000\n}\n")
    tree.script("/etc/scripts/off", "#!/bin/sh\n. /scripts/common\necho x >>/tmp/starts\nstop_service\n")
    tree.longrun("off", "#!/bin/sh\nexec /etc/scripts/off\n")
    box = boot(tree.path, env=ON)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/starts")) and is_down(box, "off"), what="down")
    assert box.run("sh", "-c", "ps | grep -v grep | grep s6-supervise").returncode == 1
    assert box.stop() == 0
    assert tree.read("/tmp/starts") == "x\n"


def test_who_does_not_ask_gets_none(tree, boot):
    tree.longrun("web", SEES)
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    assert parent_of(box, "web") == 0 and no_parents(box)
    assert box.stop() == 0


def test_s6_supervise_typed_by_somebody_waits_for_nobody(tree, boot):
    box = boot(tree.path, env=ON)
    box.wait_for_text("service legacy-services successfully started")
    result = box.run("/command/overlog", "s6-supervise", "web")
    assert result.returncode == 127 and "/init" in result.stderr


# --- what is not to change


def test_pid_code_signal_and_group_are_those_of_the_service(tree, boot):
    tree.longrun("web", "#!/bin/sh\necho $$ >/tmp/pid\n[ ! -e /tmp/code ] || exit $(cat /tmp/code)\nexec sleep 1000\n",
                 finish="#!/bin/sh\necho $1 $2 $4 >/tmp/finish\n")
    box = boot(tree.path, env=ON)
    running(box, "web")
    for letters, code, name in ((b"t", 15, "SIGTERM"), (b"k", 9, "SIGKILL"), (b"K", 9, "SIGKILL"), (b"q", 3, "SIGQUIT"),
                                (b"d", 15, "SIGTERM")):
        tell(box, "web", b"u")
        pid = running(box, "web")
        box.wait_for(lambda: tree.read("/tmp/pid") == f"{pid}\n", what="its pid")
        ours = outside(box, pid)
        box.wait_for(lambda: command_line(ours) == ["sleep", "1000"], what="its exec")  # busybox's shell ignores SIGQUIT
        assert os.getpgid(ours) == os.getsid(ours) == ours
        assert os.getsid(parent_of(box, "web")) not in (ours, os.getsid(box.pid()))
        tell(box, "web", b"O" + letters)
        box.wait_for(lambda: is_down(box, "web"), what="down")
        assert svstat(box, "signal,exitcode", "web") == f"{name} -1"
        assert tree.read("/tmp/finish") == f"256 {code} {pid}\n"
    tree.write("/tmp/code", "7\n")
    tell(box, "web", b"o")
    box.wait_for(lambda: tree.read("/tmp/finish").startswith("7 0 "), what="its code")
    box.wait_for(lambda: no_parents(box), what="end of the parent")
    assert box.stop() == 0


@pytest.mark.parametrize("letters, signal_name", [(b"ut", "SIGTERM"), (b"ud", "SIGTERM"), (b"uk", "SIGKILL"), (b"uOK", "SIGKILL"),
                                                  (b"u1", "SIGUSR1"), (b"uOppppppppppck", "SIGKILL"), (b"uOkpppppppppppc", "SIGKILL")])
def test_a_signal_that_comes_before_the_pid_is_known(tree, boot, letters, signal_name):
    """Pid 1 reads all letters in one turn of its loop, in the first of which it begins the service."""
    tree.longrun("web", finish="#!/bin/sh\necho $2 >>/tmp/ends\n", bundle=None)
    box = boot(tree.path, env=ON)
    box.wait_for_text("service legacy-services successfully started")
    for i in range(10):
        before = record(box, "web")
        tell(box, "web", letters + b"O")
        box.wait_for(lambda: os.path.exists(tree.at("/tmp/ends")) and tree.read("/tmp/ends").count("\n") == i + 1, what="its end")
        box.wait_for(lambda: is_down(box, "web") and record(box, "web") != before, what="down")
    assert set(tree.read("/tmp/ends").split()) == {str(int(getattr(signal, signal_name)))}
    assert box.stop() == 0


def test_a_pause_that_comes_before_the_pid_is_known(tree, boot):
    tree.longrun("web", "#!/bin/sh\nwhile :; do echo x >>/tmp/ran; sleep 0.02; done\n", bundle=None)
    box = boot(tree.path, env=ON)
    box.wait_for_text("service legacy-services successfully started")
    tell(box, "web", b"up")

    def ran():
        return os.path.getsize(tree.at("/tmp/ran")) if os.path.exists(tree.at("/tmp/ran")) else 0

    def paused():
        above = [pid for pid in children(box.pid()) if command_line(pid) == ["s6-supervise", "web"]]
        return [process_state(pid) for pid in above for pid in children(pid)] == ["T"]
    box.wait_for(paused, what="the pause")  # how far it came until then is the scheduler's business
    before = ran()
    let_pass(0.3)
    assert ran() == before and paused()
    tell(box, "web", b"c")
    box.wait_for(lambda: not paused() and ran() > before, what="lines after the pause")
    assert box.stop() == 0


def test_its_last_line_and_its_logger_are_not_held_up(tree, boot):
    tree.longrun("web", "#!/bin/sh\ntrap 'echo last; exit 0' TERM\necho first\nwhile :; do sleep 0.02; done\n",
                 finish="#!/bin/sh\necho finished\n")
    box = boot(tree.path, env={**ON, "S6_LOGGING": "2", "S6_KILL_GRACETIME": "600000"})
    folder = tree.at("/var/log/services/web")
    box.wait_for(lambda: os.path.exists(f"{folder}/current") and "first" in log_text(folder))
    assert box.stop() == 0
    assert log_text(folder) == ["first", "last", "finished"]


def test_neither_holds_a_descriptor_of_the_service(tree, boot):
    """The parent has those that pid 1 was given, and no others."""
    tree.longrun("web", "#!/bin/helper ready\n", notification_fd="3\n", lock_fd="9\n")
    box = boot(tree.path, env={**ON, "S6_LOGGING": "2"})
    above = parent_of(box, "web")
    box.wait_for(lambda: sorted(os.listdir(f"/proc/{above}/fd")) == ["0", "1", "2"], what="no more than three")
    for fd in "012":
        assert os.readlink(f"/proc/{above}/fd/{fd}") == os.readlink(f"/proc/{box.pid()}/fd/{fd}")
    assert open(f"/proc/{above}/environ").read() == ""
    assert box.stop() == 0


# --- ends in every order


def test_the_parent_is_killed_and_the_service_goes_on(tree, boot):
    tree.longrun("web", "#!/bin/sh\nexec sleep 1000\n", finish="#!/bin/sh\necho $1 $2 >>/tmp/finish\n")
    box = boot(tree.path, env=ON)
    for i in range(3):
        pid = running(box, "web")
        ours = outside(box, pid)
        os.kill(parent_of(box, "web"), signal.SIGKILL)
        box.wait_for(lambda: parents()[ours] == box.pid(), what="the way to pid 1")
        assert parent_of(box, "web") == 0 and status(box, "web")[0] == pid
        tell(box, "web", b"t")
        running(box, "web", but=pid)
        assert parent_of(box, "web") > 0
        assert tree.read("/tmp/finish") == "256 15\n" * (i + 1)
    os.kill(parent_of(box, "web"), signal.SIGKILL)
    assert box.stop() == 0
    assert tree.read("/tmp/finish") == "256 15\n" * 4
    assert "please report" not in box.stderr.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGCONT])
def test_signals_to_the_parent_do_nothing(tree, boot, number):
    tree.longrun("web")
    box = boot(tree.path, env=ON)
    pid, above = running(box, "web"), parent_of(box, "web")
    os.kill(above, number)
    os.kill(above, 0)
    tell(box, "web", b"t")  # by then the other one was taken
    running(box, "web", but=pid)
    box.wait_for(lambda: process_state(above) is None, what="end of the parent")
    assert box.stop() == 0


def test_a_parent_that_is_stopped_is_resumed(tree, boot):
    tree.longrun("web")
    box = boot(tree.path, env=ON)
    pid, above = running(box, "web"), parent_of(box, "web")
    os.kill(above, signal.SIGSTOP)
    os.kill(outside(box, pid), signal.SIGKILL)
    running(box, "web", but=pid)
    os.kill(parent_of(box, "web"), signal.SIGSTOP)
    assert box.stop() == 0


def test_a_run_that_cannot_be_executed_leaves_nobody(tree, boot):
    tree.script("etc/services.d/lost/run", "#!/no/such/shell\n")
    box = boot(tree.path, env=ON)
    box.wait_for_text("s6-supervise lost: warning: unable to spawn ./run: unable to execute "
                      "/run/s6/legacy-services/lost/run: its interpreter /no/such/shell is missing")
    box.wait_for(lambda: no_parents(box), what="end of the parent")
    box.wait_for(lambda: svstat(box, "up,pid", "lost") == "false -1", what="end of an attempt")
    with open(box.inside("/run/service/lost/run"), "w") as file:
        file.write("#!/bin/sh\nexec sleep 1000\n")
    tell(box, "lost", b"u")
    assert parent_of(box, "lost") > 0
    assert box.stop() == 0


def test_runs_that_end_at_once(tree, boot):
    """Their death is there before pid 1 has read anything of them."""
    for i in range(40):
        tree.longrun(f"s{i}", f"#!/bin/sh\nexit {i}\n", finish="#!/bin/sh\necho $1 >>/tmp/$3\nexit 125\n")
    box = boot(tree.path, env=ON)
    for i in range(40):
        box.wait_for(lambda: os.path.exists(tree.at(f"/tmp/s{i}")) and tree.read(f"/tmp/s{i}"), what=f"end of s{i}")
    box.wait_for(lambda: no_parents(box), what="no parents")
    assert box.stop() == 0
    assert [tree.read(f"/tmp/s{i}") for i in range(40)] == [f"{i}\n" for i in range(40)]
    assert "please report" not in box.stderr.text()


def test_a_finish_that_is_stopped_in_its_time(tree, boot):
    tree.longrun("web", finish="#!/bin/sh\ntrap '' TERM\necho x >>/tmp/finish\nexec sleep 1000\n", timeout_finish="2500\n")
    box = boot(tree.path, env=ON)
    running(box, "web")
    assert box.stop() == 0
    assert tree.read("/tmp/finish") == "x\n"


def test_everything_at_random(tree, boot):
    """Kills and stops of both processes, and letters, in any order: in the end it runs as it should."""
    dice = random.Random(os.environ.get("SEED", "overlog"))
    names = [f"s{i}" for i in range(6)]
    for i, name in enumerate(names):
        tree.longrun(name, "#!/bin/helper ready\n" if i % 2 else "#!/bin/sh\nexec sleep 1000\n",
                     finish="#!/bin/sh\nexit 0\n" if i % 3 else None or "#!/bin/sh\nsleep 0.01\n",
                     **({"notification_fd": "3\n"} if i % 2 else {}))
    box = boot(tree.path, env=ON)
    for name in names:
        running(box, name)
    for _ in range(150):
        name = dice.choice(names)
        what = dice.choice(("letters", "letters", "parent", "service"))
        if what == "letters":
            tell(box, name, bytes(dice.choices(b"udtkKpcPC1hro", k=dice.randint(1, 4))))
            continue
        found = [pid for pid, words in box.processes().items() if words == ["s6-supervise", name]]
        found = found if what == "parent" else [pid for above in found for pid in children(above)]
        for pid in found:
            try:
                os.kill(pid, dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT)))
            except ProcessLookupError:
                pass
    for name in names:
        tell(box, name, b"c")
        tell(box, name, b"u")
        box.wait_for(lambda: status(box, name)[1] & (WANTED_UP | PAUSED) == WANTED_UP and status(box, name)[0],
                     what=f"{name} up")
        assert box.run("/command/s6-svc", "-wD", "-T", "30000", "-d", f"/run/service/{name}").returncode == 0, name
        assert box.run("/command/s6-svc", "-wu", "-T", "30000", "-u", f"/run/service/{name}").returncode == 0, name
        assert parent_of(box, name) > 0
    box.wait_for(lambda: not box.zombies(), what="no zombies")
    box.wait_for(lambda: len([w for w in box.processes().values() if w[:1] == ["s6-supervise"]]) == len(names), what="one parent each")
    assert box.stop() == 0
    assert "please report" not in box.stderr.text()


# --- where it runs


def test_a_stop_waits_for_services_and_for_no_parent(tree, boot):
    """One ends late, one not at all: it is killed in its time, and its parent ends with it."""
    tree.longrun("late", "#!/bin/sh\ntrap 'sleep 0.3; echo late >>/tmp/late; exit 0' TERM\ntouch /tmp/one\nwhile :; do sleep 0.02; done\n")
    tree.longrun("deaf", "#!/bin/sh\ntrap '' TERM\ntouch /tmp/two\nwhile :; do sleep 0.02; done\n", timeout_down="500\n")
    tree.longrun("web")
    box = boot(tree.path, env={**ON, "S6_KILL_GRACETIME": "700"})
    running(box, "web")
    box.wait_for(lambda: box.exists("/tmp/one") and box.exists("/tmp/two"))
    before = time.monotonic()
    assert box.stop() == 0
    assert box.ended - before > 0.9
    assert tree.read("/tmp/late") == "late\n"


@pytest.mark.parametrize("how", [{"options": ["-P"]}, {"options": ["-u", "1000:1000", "-t", "uid=1000,mode=0755"]},
                                 {"options": ["-x", "setpriv --no-new-privs"]}, {"options": ["-t", "mode=0755,noexec"]}])
def test_containers_of_other_kinds(tree, boot, how):
    """Without /proc, as a user, without new privileges, with a /run that is mounted noexec."""
    tree.longrun("web", "#!/bin/sh\necho begun\nexec sleep 1000\n", finish="#!/bin/sh\necho over $1 $2\n")
    os.chmod(tree.path, 0o755)
    box = boot(tree.path, env={**ON, "S6_LOGGING": "0"}, **how)
    box.wait_for_text("begun\n", "stdout")
    first = box.pid()
    above, = [pid for pid in children(first) if command_line(pid) == ["s6-supervise", "web"]]
    os.kill(above, signal.SIGKILL)
    box.wait_for(lambda: any(command_line(pid)[-2:] == ["sleep", "1000"] for pid in children(first)), what="an orphan")
    tell(box, "web", b"t")
    box.wait_for_text("begun\n", "stdout", count=2)
    assert box.stop() == 0
    assert box.stdout.text().count("over 256 15\n") == 2


def test_under_another_init(tree, boot):
    """Orphans come to us, the nearest subreaper, not to pid 1."""
    tree.longrun("web", "#!/bin/sh\necho begun\nexec sleep 1000\n", finish="#!/bin/sh\necho over $1 $2\n")
    box = boot(tree.path, "--", "/init", env=ON, init="/bin/helper")
    running(box, "web")
    ours = outside(box, status(box, "web")[0])
    init = parents()[parents()[ours]]
    assert parents()[init] == box.pid()
    os.kill(parents()[ours], signal.SIGKILL)
    box.wait_for(lambda: parents()[ours] == init, what="the way to us")
    os.kill(ours, signal.SIGKILL)
    box.wait_for_text("begun\n", "stdout", count=2)
    assert box.stop() == 0
    assert "over 256 9\n" in box.stdout.text() and "over 256 15\n" in box.stdout.text()


def test_a_pid_namespace_of_its_own(tree, boot):
    tree.longrun("alone", "#!/bin/sh\necho I am $$\nexec sleep 1000\n", **{"flag-newpidns": ""})
    box = boot(tree.path, env=ON)
    box.wait_for_text("I am 1\n", "stdout")
    pid = running(box, "alone")
    above, = [pid for pid in children(box.pid()) if command_line(pid) == ["s6-supervise", "alone"]]
    with open(f"/proc/{children(above)[0]}/status") as file:
        assert f"\nNSpid:\t{children(above)[0]}\t{pid}\t1\n" in file.read()
    tell(box, "alone", b"k")
    box.wait_for_text("I am 1\n", "stdout", count=2)
    tell(box, "alone", b"Ok")
    assert box.stop() == 0


def test_they_cost_little(tree, boot):
    for i in range(10):
        tree.longrun(f"s{i}")
    box = boot(tree.path, env=ON)

    def own(pid):
        with open(f"/proc/{pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))
    for i in range(10):
        box.wait_for(lambda: own(parent_of(box, f"s{i}")) <= 40, what="what it keeps")
    assert box.stop() == 0


# --- the hint

COMMON = "# no s6-supervise here\nstop() {\n    name=$(ps -o args= -q $PPID | grep -F s6-supervise | cut -d' ' -f2)\n}\n"


def look_at_names(tree, text):
    tree.script("/scripts/common", text)
    tree.script("/etc/s6-overlay/scripts/web", "#!/command/with-contenv bash\nsource /scripts/common\nstop\n")
    tree.longrun("web", "#!/bin/sh\nexec /etc/s6-overlay/scripts/web\n")


def test_a_hint_where_a_script_looks_for_the_name(tree, boot):
    look_at_names(tree, COMMON)
    tree.script("/etc/cont-init.d/10-x", "#!/bin/sh\npgrep -f 's6-supervise web'\nexit 0\n")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_for_text("/init: info: line 3 of /scripts/common looks for a process called s6-supervise, and services have none: "
                      "OVERLOG_SUPERVISE_PROCESSES=1 gives each one")
    checked = box.run("/command/overlog", "check").stdout
    assert "/scripts/common:3: " in checked and "/etc/cont-init.d/10-x:2: " in checked
    assert "OVERLOG_SUPERVISE_PROCESSES=1" in checked
    assert "looks for a process" not in box.run("/command/overlog", "check", env={"OVERLOG_SUPERVISE_PROCESSES": "0"}).stdout
    assert box.stop() == 0
    assert box.stderr.text().count("looks for a process") == 1


@pytest.mark.parametrize("value, text", [("1", COMMON), ("0", COMMON), (None, "# ps | grep s6-supervise\nexec /command/s6-supervise .\nps\n")])
def test_no_hint(tree, boot, value, text):
    look_at_names(tree, text)
    tree.longrun("last", "#!/bin/sh\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "0", **({} if value is None else {"OVERLOG_SUPERVISE_PROCESSES": value})})
    box.wait_for_text("service legacy-services successfully started")
    box.wait_for(lambda: not any("parent-names" in words for words in box.processes().values()))
    assert box.stop() == 0
    assert "looks for a process" not in box.stderr.text()


# --- OVERLOG_SUPERVISE_STATUS


def grouped(record):
    """The format of s6 2.13 by its offsets: two TAI64N labels, pid and process group, wait status, flags."""
    assert len(record) == 43
    labels = [struct.unpack(">QI", record[at:at + 12]) for at in (0, 12)]
    return {"changed": labels[0][0] - (1 << 62) - 37, "ready": labels[1][0] - (1 << 62) - 37,
            "pid": int.from_bytes(record[24:32], "big"), "group": int.from_bytes(record[32:40], "big"),
            "status": record[40] << 8 | record[41], "flags": record[42]}


def test_a_status_with_the_process_group(tree, boot):
    tree.longrun("web", "#!/bin/helper ready\n", notification_fd="3\n", finish="#!/bin/sh\necho $$ >/tmp/finish\nexec sleep 1000\n")
    tree.longrun("never", bundle=None)
    box = boot(tree.path, env={"OVERLOG_SUPERVISE_STATUS": "43"})
    box.wait_for(lambda: box.exists("/run/service/web/supervise/status"), what="a status")

    def read(name="web"):
        return grouped(record(box, name))
    box.wait_for(lambda: read()["flags"] == WANTED_UP | READY, what="ready")
    up = read()
    assert svstat(box, "pid,ready,up,wantedup", "web") == f"{up['pid']} true true true"
    assert up["group"] == up["pid"] and os.getpgid(outside(box, up["pid"])) == outside(box, up["pid"])
    assert abs(up["changed"] - time.time()) < 100 and up["changed"] <= up["ready"]
    assert read("never") == {**read("never"), "pid": 0, "group": 0, "status": 0, "flags": PAUSED | READY}
    logger = read("web/log")
    assert logger["pid"] == logger["group"] != 0
    assert box.run("/command/s6-svwait", "-U", "-t", "5000", "/run/service/web").returncode == 0
    tell(box, "web", b"k")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/finish")) and tree.read("/tmp/finish"), what="finish")
    down = box.wait_for(lambda: read() if read()["pid"] != up["pid"] else None)
    assert down["status"] == 9 and down["flags"] & FINISHING and down["group"] == down["pid"] == int(tree.read("/tmp/finish"))
    os.kill(outside(box, down["pid"]), signal.SIGKILL)
    tell(box, "web", b"O")
    assert box.stop() == 0


@pytest.mark.parametrize("value, size", [("", 35), ("35", 35), ("44", 35)])
def test_a_status_as_it_was(tree, boot, value, size):
    tree.longrun("web")
    box = boot(tree.path, env={"OVERLOG_SUPERVISE_STATUS": value})
    running(box, "web")
    assert os.path.getsize(box.inside("/run/service/web/supervise/status")) == size
    assert box.stop() == 0
    assert ("OVERLOG_SUPERVISE_STATUS: 44 is neither, using 35" in box.stderr.text()) == (value == "44")
