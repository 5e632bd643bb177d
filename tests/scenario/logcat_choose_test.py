"""logcat: which lines are chosen, and how they are shown."""
import datetime
import gzip
import json
import os
import random
import re
import subprocess
import time
import zoneinfo

import pytest
from lib.logcat import (BASE, DEADLINE, OVERLOG, archive_name, cri, environment, on_terminal, raw, run, service,
                        tai64n, three, utc, warned)
from lib.wait import wait_for


# --- entries of several lines ---


def traces(root):
    """Every line stamped, as our loggers do, and two services at the same time."""
    service(root, "java", "".join(cri(BASE + i, m, nanosecond=i2 * 1000) for i2, (i, m) in enumerate([
        (0, "starting"), (1, "Exception: one"), (1, "  at a.b"), (1, "\tat c.d"), (3, "fine"),
        (5, "Exception: two"), (5, "  at deep.inside"), (9, "  indented, but later")])))
    service(root, "web", "".join(cri(BASE + 1, f"w{i}", nanosecond=i * 1000) for i in range(8)) + cri(BASE + 8, "w8"))


def test_01_continuation_lines_stay_with_their_first(root):
    traces(root)
    assert raw(root) == ["starting", "w0", "Exception: one", "  at a.b", "\tat c.d", "w1", "w2", "w3", "w4", "w5", "w6",
                         "w7", "fine", "Exception: two", "  at deep.inside", "w8", "  indented, but later"]


def test_02_entry(root):
    traces(root)
    assert raw(root, "-g", "at [a-c]") == ["  at a.b", "\tat c.d"]
    assert raw(root, "-g", "at c", "--entry") == ["Exception: one", "  at a.b", "\tat c.d"]
    assert raw(root, "-g", "Exception", "--entry", "-x", "deep") == ["Exception: one", "  at a.b", "\tat c.d"]
    assert raw(root, "-g", "deep", "--entry", "-r") == ["Exception: two", "  at deep.inside"]
    assert raw(root, "-g", "deep", "-n1", "--entry") == ["  at deep.inside"]
    service(root, "plain", cri(BASE + 20, "head") + "tail 1\ntail 2\n" + cri(BASE + 21, "next"))
    assert raw(root, "-g", "tail 2", "--entry") == ["head", "tail 1", "tail 2"]


def test_03_context_as_grep_gives_it(root):
    three(root)
    every = run(root, "--no-prefix")
    for args in (["-A1"], ["-B2"], ["-C1"], ["-A", "2", "-B", "1"], ["--context=3"], ["-C", "100"]):
        for word in ("alpha 3", "1[0-3]$", "gamma 19", "alpha 0$"):
            want = subprocess.run(["grep", "-E", *args, word], input=every, capture_output=True, text=True)
            assert run(root, "--no-prefix", "-g", word, *args) == want.stdout, (args, word)
    assert raw(root, "-g", "beta 5", "-C1", "-x", "alpha") == ["gamma 4", "beta 5", "gamma 5"]
    assert raw(root, "-g", "beta 5", "-C1", "-n2") == ["beta 5", "gamma 5"]
    objects = [json.loads(x) for x in run(root, "-o", "json", "-g", "beta [29]", "-C1").splitlines()]
    assert len(objects) == 6  # no separators where there is no place for them


# --- reading from the end ---


def spread(root, seed):
    """Services with gaps and bursts, archives of all kinds; returns the messages in order."""
    r = random.Random(seed)
    every = []
    for k, name in enumerate(("a", "b", "c")):
        second, files, text, i = BASE - r.randint(0, 100000), [], "", 0
        for i in range(400):
            second += r.choice((0, 0, 1, 5, 60, 3000))
            message = f"{name} {i} " + r.choice(("error", "warning", "fine"))
            text += cri(second, message, nanosecond=i * 3 + k)
            every.append((second, i * 3 + k, message))
            if i % 50 == 49:
                files.append((second + 1, text, r.random() < 0.5))
                text = ""
        service(root, name, text, files)
    return [m for _, _, m in sorted(every)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_10_reverse_and_last_matches(root, seed):
    every = spread(root, seed)
    assert raw(root) == every
    assert raw(root, "-r") == every[::-1]
    assert raw(root, "-r", "-n", "30") == every[:-31:-1]
    errors = [m for m in every if "error" in m]
    assert raw(root, "-g", "error", "-n", "40") == errors[-40:]
    assert raw(root, "-g", "error", "-r") == errors[::-1]
    assert raw(root, "-g", "error", "-r", "-n3") == errors[:-4:-1]
    assert raw(root, "-g", "error", "-n", "100000") == errors
    since, until = "2026-11-24 00:00", "2026-11-25 00:00:01"
    between = raw(root, "-S", since, "-U", until)
    assert between and raw(root, "-S", since, "-U", until, "-r") == between[::-1]
    assert raw(root, "-S", since, "-U", until, "-n", "7") == between[-7:]


def test_11_reverse_without_stamps_and_with_traces(root):
    service(root, "plain", "p3\np4\n", [(BASE, "p1\np2\n")])
    assert raw(root, "-r") == ["p4", "p3", "p2", "p1"]
    traces(root)
    assert raw(root, "java", "-r")[:4] == ["  indented, but later", "Exception: two", "  at deep.inside", "fine"]
    assert warned(root, "-r", "-f", code=100)[1] == "logcat: fatal: options exclude each other: -r -f\n"


def test_12_orphans_are_shown_once(root):
    """A line without a stamp belongs to one that stands in an archive which a time range skips."""
    service(root, "a", cri(BASE + 1000, "late"), [(BASE, cri(BASE, "early")), (BASE + 900, "  rest\n" + cri(
        BASE + 900, "middle"))])
    assert raw(root) == ["early", "  rest", "middle", "late"]
    assert sorted(raw(root, "-r")) == sorted(["late", "middle", "  rest", "early"])
    assert raw(root, "-S", utc(BASE + 500)) == ["middle", "late"]


def test_13_what_the_index_puts_outside_is_not_read(root):
    """What is broken there is not noticed; without an index nobody knows what is in an archive."""
    broken = gzip.compress(b"x" * 5000)[:20]
    d = service(root, "a", cri(BASE + 10900, "now") * 3)
    (d / (archive_name(BASE) + ".gz")).write_bytes(broken)
    assert raw(root, "-n1") == ["now"]
    assert "byte 0" in warned(root, "-S", utc(BASE + 2000), code=111)[1]
    os.unlink(d / (archive_name(BASE) + ".gz"))
    os.rename(d / "current", d / "held")
    for hour in (1, 2, 3):
        (d / archive_name(BASE + 3600 * hour)).write_text("".join(cri(BASE + 3600 * hour - 60 + i, f"{hour} {i}")
                                                                  for i in range(60)))
    newest = d / archive_name(BASE + 3600 * 4)
    newest.write_text("stays plain\n")
    p = subprocess.Popen(["s6-log", "-b", "z6", str(d)], executable=OVERLOG, stdin=subprocess.PIPE)
    wait_for(lambda: len(list(d.glob("@*.s.gz"))) == 3 and list(d.glob("@*.s")) == [newest])
    p.stdin.close()
    assert p.wait(DEADLINE) == 0
    newest.unlink()
    os.rename(d / "held", d / "current")
    for hour in (1, 3):
        archive = bytearray((d / (archive_name(BASE + 3600 * hour) + ".gz")).read_bytes())
        archive[100] ^= 255
        (d / (archive_name(BASE + 3600 * hour) + ".gz")).write_bytes(archive)
    window = ("-S", utc(BASE + 7140 + 58), "-U", utc(BASE + 7200 + 1))
    assert raw(root, *window) == ["2 58", "2 59"]
    assert raw(root, *window, "-r") == ["2 59", "2 58"]
    assert warned(root, "-S", utc(BASE + 7200), code=111)[1].count("\n") == 1
    out, err = warned(root, "-r", "-o", "raw", code=111)
    assert out.splitlines() == ["now"] * 3 + [f"2 {i}" for i in range(59, -1, -1)] and err.count("\n") == 2


@pytest.mark.parametrize("seed", range(4))
def test_14_lines_that_are_left_out_early_change_nothing(root, seed):
    """What is found does not depend on how: pieces, lines without a stamp and traces among the others."""
    r = random.Random(seed)
    for name in ("a", "b"):
        text, second = "", BASE
        for i in range(3000):
            second += r.random() < 0.3
            word = r.choice(("needle", "Needle", "hay", "hay", "hay", "hay"))
            kind = r.random()
            stamp = cri(second, "", flag="P" if kind < 0.1 else "F", nanosecond=i)[:-1]
            text += ("" if 0.1 < kind < 0.2 else stamp) + (" " if 0.2 < kind < 0.3 else "") + f"{i} {word}" * r.randint(
                1, 3) + "\n"
            if r.random() < 0.01:
                text += stamp + "x" * r.randint(10000, 40000) + "nee" + "\n" + stamp + "dle\n"
        service(root, name, text)
    every = run(root)
    for word in ("needle", "eedle$", "[Nn]eedle", "1 needle"):
        want = [x for x in every.splitlines() if re.search(word, x)]
        assert run(root, "-g", word).splitlines() == want
        assert run(root, "-g", word, "-n", "50").splitlines() == want[-50:]
    assert run(root, "-i", "-g", "NEEDLE").splitlines() == [x for x in every.splitlines() if "needle" in x.lower()]


# --- services ---


def test_20_without(root):
    three(root)
    assert {x.split()[0] for x in raw(root, "-X", "beta")} == {"alpha", "gamma"}
    assert {x.split()[0] for x in raw(root, "-X", "*a*", "-X", "x", code=1)} == set()
    assert {x.split()[0] for x in raw(root, "*a", "--without=g*", "--without", "al*")} == {"beta"}


def test_21_errors_of_the_last_ten_minutes_in_all_services_but_one(root):
    now = int(time.time())
    for name in ("nginx", "php-fpm", "noisy"):
        service(root, name, cri(now - 3600, "Error: old") + cri(now - 60, f"Error: of {name}") + cri(now - 30, "fine"))
    assert raw(root, "-S", "10m", "-i", "-g", "error", "-X", "noisy") == ["Error: of nginx", "Error: of php-fpm"]


def test_22_a_start_that_is_told_late_is_no_clock_that_was_set_back(root):
    service(root, "web", cri(BASE, "web"))
    for late, said in ((30, ""), (90, "time stamps of .events step back")):
        service(root, ".events", f"{utc(BASE)} boot id=1\n{utc(BASE + late)} ready service=db pid=3\n{utc(BASE)} start service=web pid=4\n")
        assert warned(root, "-u", code=0)[1][17:].startswith(said), late
        assert (warned(root, "-u", code=0)[1] == "") == (said == "")


def test_23_unit_events(root):
    service(root, "web", "".join(cri(BASE + i, f"web {i}") for i in (1, 5, 9)))
    service(root, "my db", cri(BASE + 4, "db"))
    service(root, ".cmd", cri(BASE + 4, "cmd", nanosecond=1))
    service(root, ".events", "".join(f"{utc(BASE + i)} {e}\n" for i, e in [
        (0, "boot id=1 pid=1 version=0.1.0"), (0, "start service=web pid=17"), (2, "exit service=web pid=17 code=1"),
        (3, "start service=my\\040db pid=18"), (3, "cmd pid=20"), (6, "fail service=job reason=no such file"),
        (10, "stop reason=signal signal=15")]))
    assert run(root, "-u").splitlines() == [
        "2026-11-23 10:55:40.000 .init overlog: boot id=1 pid=1 version=0.1.0",
        "2026-11-23 10:55:40.000 web   overlog: start pid=17",
        "2026-11-23 10:55:41.000 web   web 1",
        "2026-11-23 10:55:42.000 web   overlog: exit pid=17 code=1",
        "2026-11-23 10:55:43.000 my db overlog: start pid=18",
        "2026-11-23 10:55:43.000 .cmd  overlog: cmd pid=20",
        "2026-11-23 10:55:44.000 my db db",
        "2026-11-23 10:55:44.000 .cmd  cmd",
        "2026-11-23 10:55:45.000 web   web 5",
        "2026-11-23 10:55:46.000 job   overlog: fail reason=no such file",
        "2026-11-23 10:55:49.000 web   web 9",
        "2026-11-23 10:55:50.000 .init overlog: stop reason=signal signal=15"]
    chosen = raw(root, "-u", "web")
    assert "overlog: start pid=17" in chosen and not any("pid=18" in x or "fail" in x for x in chosen)
    assert raw(root, "-u", "-X", "web", "-g", "start") == ["overlog: start pid=18"]
    assert raw(root, "-u", str(root / "web")) == chosen
    assert raw(root, "-u", f"{root}/", OVERLOG_DIR="/nonexistent") == raw(root, "-u")
    assert json.loads(run(root, "-u", "-o", "json", "-n1", "-g", "exit"))["service"] == "web"
    (root / ".events/current").write_text(cri(BASE, "start service=x pid=1", flag="P") + "nothing\n")
    assert len(raw(root, "-u")) == 5


# --- showing ---


def test_30_highlight(root):
    service(root, "a", cri(BASE, "one two three two"))
    assert "\033[7m" not in run(root, "--highlight", "two")
    assert "one \033[7mtwo\033[27m three \033[7mtwo\033[27m" in run(root, "--highlight", "two", "--color=always")
    assert "\033[7mone\033[27m two \033[7mth\033[27mree" in run(root, "-g", "one", "--highlight", "th", "--color=always")
    assert "one \033[7mtwo three two\033[27m" in run(root, "--highlight", "two.*", "--color=always")


def test_30_begin_with(root):
    three(root)
    assert raw(root, "--begin-with", "the end:", "-n1") == ["the end:", "gamma 19"]
    assert raw(root, "--begin-with=alpha:", "-g", "^alpha 1$", "-n", "5") == ["alpha:", "alpha 1"]
    assert warned(root, "--begin-with", "none", "-g", "nosuch", code=1) == ("", "")


def test_31_pretty(root):
    message = {"level": "error", "msg": "no \u00e9 \U0001f600", "stack": "Error: x\n at y", "user": {"id": 5, "tags": [
        "a", {"b": None}], "e": {}, "l": []}, "ok": True}
    service(root, "api", cri(BASE, json.dumps(message)) + cri(BASE, "{not json}") + cri(BASE, '{"a":1} x') + cri(
        BASE, "plain"))
    assert run(root, "-o", "pretty") == """\
2026-11-23 10:55:40.000 api\x20
    level: error
    msg: no \u00e9 \U0001f600
    stack: Error: x
         at y
    user:\x20
        id: 5
        tags:\x20
            - a
            -\x20
                b: null
        e: {}
        l: []
    ok: true
2026-11-23 10:55:40.000 api {not json}
2026-11-23 10:55:40.000 api {"a":1} x
2026-11-23 10:55:40.000 api plain
"""
    service(root, "api", cri(BASE, '{"a":"\\u001b[2J\\u009b"}'))
    assert b"\033" not in on_terminal(root, "-o", "pretty", "--color=never")


def test_32_time_format(root):
    service(root, "a", cri(BASE, "x", nanosecond=42) + "plain\n")
    assert run(root, "--time-format", "%H:%M:%S.%N %%N", "-n", "all").startswith("10:55:40.000000042 %N a x\n")
    assert run(root, "--time-format=", "-n", "all") == "a x\na plain\n"
    assert run(root, "--time-format=%s", "-o", "full").startswith(f"{BASE} a out x\n")
    assert run(root, "--time-format=%s", "-o", "cri").startswith(utc(BASE)[:19])


def test_33_zone_data_that_is_missing(root):
    service(root, "a", cri(BASE, "x"))
    out, err = warned(root, code=0, TZ="Mars/Olympus")
    assert out == "2026-11-23 10:55:40.000 a x\n"
    assert err == "logcat: warning: no data of the time zone Mars/Olympus: times are in UTC\n"
    for zone in ("UTC", "Etc/UTC", "XYZ-1", "EST5EDT,M3.2.0/2,M11.1.0", "<+03>-3", ""):
        run(root, TZ=zone)
    run(root, "--utc", TZ="Mars/Olympus")


@pytest.mark.parametrize("zone", ["EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"])
def test_33_zones_with_daylight_saving_time_and_no_rule(root, zone):
    """In November it is winter there."""
    service(root, "a", cri(BASE, "winter"), [(BASE - 150 * 86400, cri(BASE - 150 * 86400, "summer"))])
    hours = int(zone[3])
    assert run(root, TZ=zone, ) == (f"2026-06-26 {11 - hours:02}:55:40.000 a summer\n"
                                    f"2026-11-23 {10 - hours:02}:55:40.000 a winter\n")
    p = subprocess.run(["s6-tai64nlocal"], executable=OVERLOG, input=tai64n(BASE) + " x\n", capture_output=True,
                       text=True, env={"TZ": zone}, check=True)
    assert p.stdout == f"2026-11-23 {10 - hours:02}:55:40.000000000 x\n"
    p = subprocess.run(["s6-log", "T", "1"], executable=OVERLOG, input="x\n", capture_output=True, text=True,
                       env={"TZ": zone}, check=True)
    said = datetime.datetime.strptime(p.stdout[:19], "%Y-%m-%d %H:%M:%S")
    now = datetime.datetime.now(zoneinfo.ZoneInfo("America/New_York")).replace(tzinfo=None)
    assert abs((said - now).total_seconds() + (hours - 5) * 3600) < 600


def test_34_list(root):
    service(root, "nginx", "".join(cri(BASE + 3600 * i, "x") for i in (0, 1, 1, 1, 1, 5)), [
        (BASE, cri(BASE - 7200, "y") * 50, True), (BASE + 1, "z" * 25)])
    service(root, "a", "")
    service(root, "gone", cri(BASE, "bye"))
    service(root, ".events", f"{utc(BASE)} start service=old pid=1\n{utc(BASE)} boot id=2 pid=1 version=0\n"
            f"{utc(BASE)} start service=nginx pid=5\n{utc(BASE)} ready service=nginx pid=5\n"
            f"{utc(BASE)} start service=gone pid=6\n{utc(BASE)} exit service=gone pid=6 signal=9\n")
    lines = run(root, "-l").splitlines()
    assert lines[0].split() == ["SERVICE", "STATE", "SIZE", "ARCH", "FIRST", "LAST", "ERR/H", "WARN/H", "MOST/H",
                                "LAST", "24", "H"]
    assert lines[1].split() == ["a", "-", "0", "0", "-", "-", "0", "0", "0"]
    assert re.split(r"  +", lines[2])[:2] == ["gone", "signal 9"]
    assert re.split(r"  +", lines[3].rstrip(), maxsplit=6)[:6] == [
        "nginx", "ready", str(sum(f.stat().st_size for f in (root / "nginx").iterdir())), "2",
        "11-23 08:55", "11-23 15:55"]
    assert lines[3].endswith("       50  " + " " * 16 + "\u2588 \u2581\u2581   \u2581")


def test_35_list_on_a_screen(root):
    """As wide as the screen; names do no harm; a reader may go away."""
    name = "esc\x1b[2J"
    service(root, name, "".join(cri(BASE + 3600 * i, "x") for i in range(30)))
    for columns, hours in ((80, 80 - 64 - len("esc^[[2J")), (200, 24), (30, 1)):
        lines = on_terminal(root, "-l", screen=(24, columns)).decode().split("\r\n")
        assert lines[0].endswith(f"LAST {hours} H") and lines[1].startswith("esc^[[2J  ")
        assert lines[1].count("\u2588") == hours and (columns == 30 or len(lines[1]) <= columns)
        assert "\x1b" not in lines[1]
    for i in range(2000):
        (root / f"service{i}").mkdir()
    p = subprocess.Popen(["logcat", "-l"], executable=OVERLOG, env=environment(root), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    p.stdout.read(10)
    p.stdout.close()
    assert p.wait(DEADLINE) == 0 and p.stderr.read() == b""
    p.stderr.close()


# --- the pager ---


def pager(tmp_path, script):
    path = tmp_path / "pager"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_40_pager(root, tmp_path):
    service(root, "a", "".join(cri(BASE + i, f"line {i}") for i in range(500)))
    mine = pager(tmp_path, f"cat >{tmp_path}/seen; printf '<%s>' \"$LESS\"")
    assert on_terminal(root, OVERLOG_PAGER=mine, PAGER="false", LESS="") == b"<>"
    seen = (tmp_path / "seen").read_text()
    assert seen.count("\n") == 500 and "\033[" in seen  # coloured as on a terminal
    assert on_terminal(root, "-n", "5", OVERLOG_PAGER=mine).count(b"\n") == 5  # fits a screen
    assert on_terminal(root, "--color=never", PAGER="sed -n 2p | tr a-z A-Z").endswith(b" A LINE 1\r\n")
    assert on_terminal(root, OVERLOG_PAGER="").count(b"\n") == 500
    assert on_terminal(root, OVERLOG_PAGER="cat").count(b"\n") == 500
    assert on_terminal(root, OVERLOG_PAGER="/no/such/pager").count(b"\n") == 500
    os.unlink(tmp_path / "seen")
    assert len(raw(root, OVERLOG_PAGER=mine)) == 500  # no terminal
    assert not (tmp_path / "seen").exists()
    assert on_terminal(root, OVERLOG_PAGER=pager(tmp_path, "head -n 1; exit 3")).count(b"\n") == 1


def test_41_warnings_go_through_the_pager_too(root, tmp_path):
    d = service(root, "a", "".join(cri(BASE + i, f"line {i}") for i in range(500)))
    (d / (archive_name(BASE) + ".gz")).write_bytes(b"\x1f\x8b\x08")
    mine = pager(tmp_path, f"cat >{tmp_path}/seen")
    shown = on_terminal(root, OVERLOG_PAGER=mine, code=111).decode() + (tmp_path / "seen").read_text()
    assert shown.count(f"{archive_name(BASE)}.gz: damaged or cut short") == 1


# --- other loggers' stamps ---


def test_50_svlogd_and_gzip_processors(root, tmp_path):
    for flag, name in (("-t", "t"), ("-tt", "tt"), ("-ttt", "ttt")):
        (root / name).mkdir()
        subprocess.run(["svlogd", flag, str(root / name)], input=f"{name} line\n", text=True, check=True,
                       timeout=DEADLINE, stderr=subprocess.DEVNULL)
        shown = run(root, name)
        assert run(root, "-l", name).splitlines()[1].split()[10] == "1"  # lines in the hour
        assert shown.endswith(f" {name} {name} line\n") and "20" == shown[:2], shown
    d = root / "processed"
    subprocess.run(["/usr/bin/s6-log", "-b", "n10", "s4096", "t", "!gzip -c", str(d)], text=True, check=True,
                   input="".join(f"line {i} {'x' * 50}\n" for i in range(300)), timeout=DEADLINE)
    archives = sorted(d.glob("@*.s"))
    assert archives and archives[0].read_bytes()[:2] == b"\x1f\x8b"
    assert raw(root, "processed") == [f"line {i} {'x' * 50}" for i in range(300)]


def test_51_unfinished_archives(root):
    d = service(root, "a", cri(BASE + 3, "c"), [(BASE + 2, cri(BASE + 2, "b"))])
    (d / (tai64n(BASE + 1) + ".u")).write_text(cri(BASE + 1, "a"))
    (d / (tai64n(BASE + 2, 5) + ".u.gz")).write_bytes(gzip.compress(cri(BASE + 2, "b2").encode()))
    assert raw(root) == ["a", "b", "b2", "c"]
