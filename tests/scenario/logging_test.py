"""Where output goes in each mode, and what the log directories look like."""

import json
import os
import re
import stat

import pytest

from lib.logs import archives, log_bytes, log_lines, log_text
from lib.text import assert_order

LOGS = "/var/log/services"
TALK = "#!/bin/sh\necho from web\necho to stderr >&2\ntouch /tmp/up\nexec sleep 1000\n"


def until(*files):
    """A shell command that waits for the files."""
    return "; ".join(f"while [ ! -e {file} ]; do sleep 0.01; done" for file in files)
OWNER = 32762


def talk(tree, boot, mode, wait=("/tmp/up",), **more):
    """Boots a service, a oneshot and a CMD that all say something; returns the stopped container."""
    tree.longrun("web", TALK)
    tree.oneshot("once", 'foreground { echo oneshot says } fdmove -c 1 2 echo oneshot errs\n', deps=["web"])
    env = {} if mode is None else {"S6_LOGGING": mode}
    box = boot(tree.path, "sh", "-c", until(*wait) + "; echo cmd says; echo cmd errs >&2",
               env={**env, **more.pop("env", {})}, **more)
    assert box.wait() == 0, box.transcript()
    return box


def lines_of(stream):
    return stream.text().splitlines()


def check_console(box):
    assert {"from web", "oneshot says", "cmd says"} == set(lines_of(box.stdout))
    assert {"to stderr", "oneshot errs", "cmd errs"} <= set(lines_of(box.stderr))
    assert "s6-rc: info: service web: starting" in lines_of(box.stderr)


def check_disk(tree):
    folder = tree.at(f"{LOGS}/web")
    assert log_text(folder, "stdout") == ["from web"]
    assert log_text(folder, "stderr") == ["to stderr"]
    init = log_text(tree.at(f"{LOGS}/.init"))
    assert {"oneshot says", "oneshot errs", "s6-rc: info: service web: starting"} <= set(init)


def test_mode_0_is_the_console_alone(tree, boot):
    box = talk(tree, boot, "0")
    check_console(box)
    assert not os.path.exists(tree.at(LOGS))


@pytest.mark.parametrize("mode", [None, "1"])
def test_mode_1_and_unset_are_both(tree, boot, mode):
    box = talk(tree, boot, mode)
    check_console(box)
    check_disk(tree)
    assert not os.path.exists(tree.at(f"{LOGS}/.cmd"))


def test_mode_2_is_the_disk_alone(tree, boot):
    box = talk(tree, boot, "2")
    assert box.stdout.text() == ""
    assert box.stderr.text() == ""
    check_disk(tree)
    cmd = tree.at(f"{LOGS}/.cmd")
    assert log_text(cmd, "stdout") == ["cmd says"]
    assert log_text(cmd, "stderr") == ["cmd errs"]


def test_unset_with_a_read_only_root_works_and_says_one_line(tree, boot):
    tree.longrun("one", TALK.replace("touch /tmp/up", "touch /run/up"))
    tree.longrun("two", TALK.replace("web", "two").replace("/tmp/up", "/run/up2"))
    tree.link("/var/run", "/run")
    box = boot(tree.path, "sh", "-c", until("/run/up", "/run/up2"), options=["-r"])
    assert box.wait() == 0, box.transcript()
    assert {"from web", "from two"} == set(lines_of(box.stdout))
    about = [line for line in lines_of(box.stderr) if not re.match(r"s6-rc: info: service |/.*/preinit: info: |to stderr$", line)]
    assert len(about) == 1, box.transcript()
    assert "info: " in about[0] and LOGS in about[0]


@pytest.mark.parametrize("mode", ["1", "2"])
def test_an_explicit_mode_warns_about_a_read_only_root(tree, boot, mode):
    tree.longrun("one", TALK.replace("touch /tmp/up", "touch /run/up"))
    box = boot(tree.path, "sh", "-c", until("/run/up"),
               options=["-r"], env={"S6_LOGGING": mode})
    assert box.wait() == 0, box.transcript()
    assert [line for line in lines_of(box.stderr) if "warning" in line and LOGS in line], box.transcript()


def test_a_services_own_mode_and_script(tree, boot):
    tree.longrun("quiet", TALK.replace("up", "up1"), logging="0\n")
    tree.longrun("plain", TALK.replace("up", "up2"), logging_script="n2 s5000 T\n")
    tree.longrun("tai", TALK.replace("up", "up3"), logging_script="t\n")
    box = talk(tree, boot, "2", wait=("/tmp/up", "/tmp/up1", "/tmp/up2", "/tmp/up3"))
    assert lines_of(box.stdout) == ["from web"] and lines_of(box.stderr) == ["to stderr"]
    assert not os.path.exists(tree.at(f"{LOGS}/quiet"))
    plain = log_bytes(tree.at(f"{LOGS}/plain"))
    assert re.fullmatch(rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}  (from web|to stderr)\n){2}", plain), plain
    tai = log_bytes(tree.at(f"{LOGS}/tai"))
    assert re.fullmatch(rb"(@4[0-9a-f]{23} (from web|to stderr)\n){2}", tai), tai


def test_log_root_user_and_modes(tree, boot):
    tree.longrun("web", TALK)
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_DIR": "/logs/here", "OVERLOG_USER": "www-data:1235"})
    current = tree.at("/logs/here/web/current")
    box.wait_for(lambda: os.path.exists(current) and len(log_text(os.path.dirname(current))) == 2)
    there = os.stat(current)
    assert stat.S_IMODE(there.st_mode) == 0o644
    assert (there.st_uid, there.st_gid) == (33, 1235)
    assert (os.stat(tree.at("/logs/here/web")).st_uid, os.stat(tree.at("/logs/here/web")).st_gid) == (33, 1235)
    for pid in box.loggers("web"):
        with open(f"/proc/{pid}/status") as file:
            status = file.read()
        assert re.search(r"^Uid:\t33\t33\t33\t33$", status, re.M)
        assert re.search(r"^NoNewPrivs:\t1$", status, re.M)
    assert box.stop() == 0
    assert stat.S_IMODE(os.stat(current).st_mode) == 0o744
    assert not os.path.exists(tree.at(LOGS))


def test_loggers_are_their_own_user_and_see_no_secret(tree, boot):
    tree.longrun("web", TALK)
    box = boot(tree.path, env={"SECRET": "x", "TZ": "UTC"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    logger, = box.wait_for(lambda: box.loggers("web"))
    with open(f"/proc/{logger}/environ") as file:
        names = sorted(word.split("=")[0] for word in file.read().split("\0") if word)
    assert names == ["PATH", "TZ"]
    box.wait_for(lambda: os.stat(tree.at(f"{LOGS}/web")).st_uid == OWNER, what="log directory of its user")
    assert box.stop() == 0


def test_everything_is_marked_clean_after_the_stop(tree, boot):
    talk(tree, boot, "2")
    for name in ("web", ".init", ".cmd", ".events"):
        assert stat.S_IMODE(os.stat(tree.at(f"{LOGS}/{name}/current")).st_mode) == 0o744, name
    before = log_lines(tree.at(f"{LOGS}/web"))
    os.unlink(tree.at("/tmp/up"))
    box = boot(tree.path, "sh", "-c", until("/tmp/up"), env={"S6_LOGGING": "2"})
    assert box.wait() == 0
    after = log_lines(tree.at(f"{LOGS}/web"))
    assert after[:2] == before and len(after) == 4
    assert archives(tree.at(f"{LOGS}/web")) == []


def test_cri_stamps_grow_and_carry_the_stream(tree, boot):
    tree.longrun("web", "#!/bin/sh\nfor i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done\ntouch /tmp/up\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    folder = tree.at(f"{LOGS}/web")
    box.wait_for(lambda: os.path.exists(folder + "/current") and len(log_text(folder)) == 10)
    assert box.stop() == 0
    lines = log_lines(folder)
    assert [text for _, stream, _, text in lines if stream == "stdout"] == [f"out {i}" for i in range(1, 6)]
    assert [text for _, stream, _, text in lines if stream == "stderr"] == [f"err {i}" for i in range(1, 6)]
    assert {flag for _, _, flag, _ in lines} == {"F"}
    for stream in ("stdout", "stderr"):
        stamps = [stamp for stamp, where, _, _ in lines if where == stream]
        assert stamps == sorted(stamps)


def test_a_long_line_is_split_into_partial_ones(tree, boot):
    tree.write("/lines", "x" * 20000 + "\nshort\n")
    tree.longrun("web", "#!/bin/sh\ndd if=/lines bs=30000 2>/dev/null\nexec sleep 1000\n")  # at once: no line stands begun
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    folder = tree.at(f"{LOGS}/web")
    box.wait_for(lambda: os.path.exists(folder + "/current") and "short" in log_text(folder))
    assert box.stop() == 0
    lines = [(flag, len(text)) for _, _, flag, text in log_lines(folder)]
    assert lines == [("P", 8192), ("P", 8192), ("F", 20000 - 16384), ("F", 5)]
    assert box.stdout.text() == "x" * 20000 + "\nshort\n"


def test_rotation_retention_and_compression(tree, boot):
    tree.longrun("web", "#!/bin/sh\n/bin/helper tick 5000 &\nwait\n")
    tree.longrun("plain", "#!/bin/sh\n/bin/helper tick 5000 &\nwait\n", logging_script="n3 s8192 z0 C\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": "n3 s8192 S1000000 C"})
    folder, plain = tree.at(f"{LOGS}/web"), tree.at(f"{LOGS}/plain")
    for one in (folder, plain):
        # bytes, not lines: while it is written, the last one may be begun
        box.wait_for(lambda: os.path.exists(one + "/current") and log_bytes(one).endswith(b" tick 5000\n"))
    # the newest stays plain for those who are still reading it
    box.wait_for(lambda: [name[26:] for name in archives(folder)] == ["s.gz", "s.gz", "s"])
    assert box.stop() == 0
    for one, endings in ((folder, ["s.gz", "s.gz", "s"]), (plain, ["s", "s", "s"])):
        names = archives(one)
        assert [name[26:] for name in names] == endings, names
        for name in names:
            assert stat.S_IMODE(os.stat(os.path.join(one, name)).st_mode) == 0o744
        texts = log_text(one)
        first = int(texts[0].split()[1])
        assert first > 1
        assert texts == [f"tick {i}" for i in range(first, 5001)]
    for name in archives(plain):
        size = os.path.getsize(os.path.join(plain, name))
        assert 8192 - 2000 <= size <= 8192, size


def test_what_is_left_of_an_unclean_end_is_kept(tree, boot):
    tree.write(f"{LOGS}/web/current", "2026-01-01T00:00:00.000000000Z stdout F before the crash\n", 0o644)
    os.chown(tree.at(f"{LOGS}/web"), OWNER, OWNER)
    os.chown(tree.at(f"{LOGS}/web/current"), OWNER, OWNER)
    talk(tree, boot, "2")
    folder = tree.at(f"{LOGS}/web")
    assert [name.rsplit("@", 1)[-1][24:] in (".u", ".u.gz") for name in archives(folder)] == [True]
    assert log_text(folder, "stdout") == ["before the crash", "from web"]


def test_events_are_recorded(tree, boot):
    tree.longrun("web", "#!/bin/sh\necho >&3\nexec sleep 1000\n", notification_fd="3\n")
    tree.oneshot("once", deps=["web"], down="true\n")
    tree.longrun("crash", "#!/bin/sh\nexit 3\n", finish="#!/bin/sh\nexit 125\n")
    box = boot(tree.path, "sh", "-c", f"until grep -q 'fail service=crash' {LOGS}/.events/current 2>/dev/null; do usleep 1000; done; "
               "exit 4", env={"S6_LOGGING": "1"})
    assert box.wait() == 4, box.transcript()
    events = []
    for line in log_bytes(tree.at(f"{LOGS}/.events")).decode().splitlines():
        match = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ([a-z]+)((?: [a-z]+=.*)?)", line)
        assert match, line
        events.append(re.sub(r"pid=\d+", "pid=N", match.group(1) + match.group(2)))
    assert re.fullmatch(r"boot id=[0-9a-f]{16} pid=N version=\d+\.\d+\.\d+", events[0])
    for event in ("start service=web pid=N", "ready service=web pid=N", "up service=once", "cmd pid=N",
                  "start service=crash pid=N", "exit service=crash pid=N code=3", "cmdexit pid=N code=4",
                  "stop reason=cmd", "down service=once", "exit service=web pid=N signal=15 asked=1", "end code=4"):
        assert event in events, events
    assert_order("\n".join(events), "ready service=web", "up service=once", "cmd pid", "cmdexit", "stop reason",
                 "down service=once", "exit service=web")
    assert [event for event in events if event.startswith("fail service=crash")]
    assert events[-1] == "end code=4"


def test_logcat_merges_services_by_time(tree, boot):
    tree.longrun("a", "#!/bin/sh\necho a1\nsleep 0.2\necho a2\ntouch /tmp/a\nexec sleep 1000\n")
    tree.longrun("b", "#!/bin/sh\nsleep 0.1\necho b1\nsleep 0.2\necho b2\ntouch /tmp/b\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    for name in "ab":
        folder = tree.at(f"{LOGS}/{name}")
        box.wait_for(lambda: os.path.exists(folder + "/current") and len(log_text(folder)) == 2)
    stamped = sorted(line[0::3] for name in "ab" for line in log_lines(tree.at(f"{LOGS}/{name}")))
    expected = [text for _, text in stamped]
    shown = box.run("/command/logcat", "a", "b").stdout.splitlines()
    assert [line.split()[-1] for line in shown] == expected
    assert [line.split()[-1] for line in box.run("/command/logcat", "-n", "1", "b").stdout.splitlines()] == ["b2"]
    assert box.stop() == 0


def test_logcat_says_why_it_has_nothing(tree, boot):
    tree.longrun("web", TALK)
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    result = box.run("/command/logcat")
    assert result.stdout == ""
    assert "S6_LOGGING" in result.stderr
    assert box.stop() == 0


@pytest.mark.parametrize("mode", [None, "0", "1", "2"])
def test_dropped_privileges_can_open_stdout_and_stderr(tree, boot, mode):
    """In the order of docker: /dev/stdout is /proc/self/fd/1."""
    tree.longrun("web", "#!/bin/sh\nexec s6-setuidgid www-data sh -c 'helper open /dev/stdout opened-out && "
                        "helper open /dev/stderr opened-err && touch /tmp/up; exec sleep 1000'\n")
    script = until("/tmp/up") + "; s6-setuidgid www-data helper open /dev/stdout cmd-out && " \
             "s6-setuidgid www-data helper open /dev/stderr cmd-err"
    box = boot(tree.path, "sh", "-c", script, env={} if mode is None else {"S6_LOGGING": mode})
    assert box.wait() == 0, box.transcript()
    if mode != "2":
        assert {"opened-out", "cmd-out"} <= set(lines_of(box.stdout))
        assert {"opened-err", "cmd-err"} <= set(lines_of(box.stderr))
    if mode != "0":
        assert log_text(tree.at(f"{LOGS}/web"), "stdout") == ["opened-out"]
        assert log_text(tree.at(f"{LOGS}/web"), "stderr") == ["opened-err"]


@pytest.mark.parametrize("mode", ["0", "1", "2"])
def test_root_may_write_to_the_descriptors_of_pid_1(tree, boot, mode):
    tree.longrun("web", "#!/bin/sh\necho around >/proc/1/fd/1\necho errors >/proc/1/fd/2\ntouch /tmp/up\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": mode})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    assert box.stop() == 0
    assert "around" in lines_of(box.stdout)
    assert "errors" in lines_of(box.stderr)


def test_console_lines_of_many_services_are_never_torn(tree, boot):
    for name in ("a", "b", "c", "d"):
        text = name * 300
        tree.longrun(name, f"#!/bin/sh\ni=0\nwhile [ $i -lt 300 ]; do i=$((i + 1)); echo {text}; done\ntouch /tmp/{name}\nexec sleep 1000\n")
    box = boot(tree.path, "sh", "-c", until("/tmp/a", "/tmp/b", "/tmp/c", "/tmp/d"),
               env={"S6_LOGGING": "1"})
    assert box.wait() == 0
    lines = lines_of(box.stdout)
    assert sorted(lines) == sorted(name * 300 for name in "abcd" for _ in range(300))


@pytest.mark.parametrize("mode", ["0", "1"])
@pytest.mark.parametrize("words", [{"OVERLOG_PREFIX": "1"}, {"OVERLOG_CONSOLE": "prefix"}])
def test_prefix(tree, boot, mode, words):
    box = talk(tree, boot, mode, env=words)
    assert {"[web] from web", "[.init] oneshot says", "cmd says"} == set(lines_of(box.stdout))
    assert {"[web] to stderr", "[.init] s6-rc: info: service web: starting", "cmd errs"} <= set(lines_of(box.stderr))
    assert [line for line in lines_of(box.stderr) if not line.startswith(("[web] ", "[.init] "))] == ["cmd errs"]
    if mode == "1":
        check_disk(tree)
    else:
        assert not os.path.exists(tree.at(LOGS))


def joined(entries):
    """The messages of a stream's objects: a line that stands begun for a second is there in pieces."""
    return "".join(e["message"] + ("" if e.get("partial") else "\n") for e in entries).splitlines()


@pytest.mark.parametrize("mode", [None, "0"])
def test_json(tree, boot, mode):
    """Everything but CMD is an object a line, also what is said before the first and after the last logger."""
    said = [b'{"level":"info","msg":"hi"}', b'{"time":1,"service":"own"}', b"a\xff\"\\\x1b[0m", "ä".encode(), b"x" * 10000]
    with open(tree.at("/lines"), "wb") as file:
        file.write(b"\n".join(said) + b"\nend")
    tree.longrun("json", "#!/bin/sh\ndd if=/lines bs=30000 2>/dev/null\ntouch /tmp/said\nexec sleep 1000\n")
    tree.longrun("dies", "#!/bin/sh\nprintf 'dying mid'\nexit 1\n", finish="#!/bin/sh\ntouch /tmp/died\nexit 125\n")
    box = talk(tree, boot, mode, wait=("/tmp/up", "/tmp/said", "/tmp/died"), env={"OVERLOG_CONSOLE": "json", "OVERLOG_ON_FULL": "no"})
    shown = {}
    for stream, name in ((box.stdout, "stdout"), (box.stderr, "stderr")):
        for line in lines_of(stream):
            if line in ("cmd says", "cmd errs"):
                continue
            entry = json.loads(line)
            assert list(entry)[:3] == ["time", "service", "stream"] or "_time" in entry, line
            assert entry["stream"] == name
            shown.setdefault(entry.get("_service", entry["service"]), []).append(entry)
    assert [e["message"] for e in shown["web"]] == ["from web", "to stderr"]
    init = [e["message"] for e in shown[".init"]]
    assert "oneshot says" in init and "s6-rc: info: service web: starting" in init
    assert "/init: warning: OVERLOG_ON_FULL: no is neither, using hold; use hold or drop" in init
    assert joined(shown["dies"]) == ["dying mid"]
    got = shown["json"]
    assert {k: v for k, v in got[0].items() if k not in ("time", "service", "stream")} == {"level": "info", "msg": "hi"}
    assert got[1]["time"] == 1 and got[1]["service"] == "own" and got[1]["_service"] == "json" and "_time" in got[1]
    assert [e["message"] for e in got[2:4]] == ['a\ufffd"\\\x1b[0m', "ä"]
    assert [(len(e["message"]), e.get("partial")) for e in got[4:6]] == [(8192, True), (10000 - 8192, None)]
    assert joined(got[6:]) == ["end"]
    if mode is None:
        check_disk(tree)
        stamps = [line[0] for line in log_lines(tree.at(f"{LOGS}/web"))]
        assert sorted(e["time"] for e in shown["web"]) == sorted(stamps)


def test_a_console_of_no_known_form(tree, boot):
    box = boot(tree.path, "true", env={"OVERLOG_CONSOLE": "xml"})
    assert box.wait() == 0
    assert "/init: warning: OVERLOG_CONSOLE: xml is none of these, using plain; use plain, prefix or json" \
        in lines_of(box.stderr)


@pytest.mark.parametrize("form", ["plain", "prefix"])
def test_instances_share_no_line_of_the_console(tree, boot, form):
    # The next one waits for the end of its line, as pid 1 does for a moment only.
    tree.longrun("a", "#!/bin/sh\ntouch /tmp/died\nn=$(wc -l </tmp/died)\n"
                      f"until [ $n = 0 ] || [ \"$(grep -c ' F ' {LOGS}/a/current)\" -ge $n ]; do usleep 10000; done 2>/dev/null\n"
                      "printf 'dying mid'\necho >>/tmp/died\n[ $n -lt 2 ] || touch /tmp/up\nexit 1\n")
    box = boot(tree.path, "sh", "-c", until("/tmp/up"), env={"OVERLOG_CONSOLE": form})
    assert box.wait() == 0, box.transcript()
    lines = lines_of(box.stdout)
    assert len(lines) >= 3 and set(lines) == {"dying mid" if form == "plain" else "[a] dying mid"}


def test_uncaught_logs_leads_to_init(tree, boot):
    tree.oneshot("once", "echo oneshot says\n")
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    box.wait_for(lambda: box.exists("/run/uncaught-logs/current") and "oneshot says" in box.read("/run/uncaught-logs/current"))
    assert box.stop() == 0
