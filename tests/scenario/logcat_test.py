"""logcat over real directories: what is shown of which services, and what is said when there is nothing to show."""
import base64
import datetime
import gzip
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time

import pytest

from lib.logcat import (BASE, DEADLINE, OVERLOG, Follower, archive_name, cri, environment, on_terminal, run, service,
                        tai64n, three, utc, warned)
from lib.wait import wait_for


# --- merging ---


def test_01_all_services_merged_by_time(root):
    service(root, "nginx", cri(BASE + 3, "n3") + cri(BASE + 6, "n6", "stderr"),
            [(BASE + 2, cri(BASE, "n0") + cri(BASE + 2, "n2"), True)])
    service(root, "php-fpm", cri(BASE + 4, "p4"), [(BASE + 2, cri(BASE + 1, "p1"))])
    service(root, ".init", cri(BASE - 1, "boot"))
    service(root, ".cmd", cri(BASE + 5, "cmd"))
    service(root, ".events", f"{utc(BASE)} boot id=1\n")
    service(root, ".other", cri(BASE, "not ours"))
    (root / "file").write_text("not a directory\n")
    assert run(root) == (
        "2026-11-23 10:55:39.000 .init   boot\n"
        "2026-11-23 10:55:40.000 nginx   n0\n"
        "2026-11-23 10:55:41.000 php-fpm p1\n"
        "2026-11-23 10:55:42.000 nginx   n2\n"
        "2026-11-23 10:55:43.000 nginx   n3\n"
        "2026-11-23 10:55:44.000 php-fpm p4\n"
        "2026-11-23 10:55:45.000 .cmd    cmd\n"
        "2026-11-23 10:55:46.000 nginx   n6\n")


def test_02_every_kind_of_stamp_is_merged(root):
    """One second apart, round robin: TAI64N, local ISO, UTC ISO, CRI, both t and T."""
    local = datetime.datetime.fromtimestamp(BASE, datetime.timezone(datetime.timedelta(hours=5)))

    def iso(i):
        return (local + datetime.timedelta(seconds=i)).strftime("%Y-%m-%d %H:%M:%S") + ".000000000  "

    service(root, "a", "".join(f"{tai64n(BASE + i)} a{i}\n" for i in range(0, 50, 5)))
    service(root, "b", "".join(f"{iso(i)}b{i}\n" for i in range(1, 50, 5)))
    service(root, "c", "".join(f"{utc(BASE + i)} c{i}\n" for i in range(2, 50, 5)))
    service(root, "d", "".join(cri(BASE + i, f"d{i}") for i in range(3, 50, 5)))
    service(root, "e", "".join(f"{tai64n(BASE + i)} {iso(i)}e{i}\n" for i in range(4, 50, 5)))
    assert run(root, "-o", "raw", TZ="XYZ-5").split() == ["abcde"[i % 5] + str(i) for i in range(50)]
    assert run(root, "--utc", "a", "-n1", TZ="XYZ-5") == "2026-11-23 10:56:25.000 a a45\n"
    assert run(root, "a", "-n1", TZ="XYZ-5") == "2026-11-23 15:56:25.000 a a45\n"


def test_03_lines_without_stamp_stay_with_the_line_before(root):
    service(root, "a", cri(BASE, "trace") + "  at x\n  at y\n" + cri(BASE + 2, "next"))
    service(root, "b", cri(BASE + 1, "b1"))
    assert run(root, "-o", "raw").splitlines() == ["trace", "  at x", "  at y", "b1", "next"]
    assert run(root, "a", "-n3") == ("2026-11-23 10:55:40.000 a   at x\n"
                                     "2026-11-23 10:55:40.000 a   at y\n"
                                     "2026-11-23 10:55:42.000 a next\n")


def test_04_pieces_are_joined(root):
    """Of each stream by itself; the time is the first piece's."""
    service(root, "a", cri(BASE, "one ", flag="P") + cri(BASE + 1, "E1 ", "stderr", "P") +
            cri(BASE + 2, "two ", flag="P") + cri(BASE + 3, "E2", "stderr") + cri(BASE + 4, "three") +
            cri(BASE + 5, "whole") + cri(BASE + 6, "no end", flag="P"))
    assert run(root) == ("2026-11-23 10:55:41.000 a E1 E2\n"
                         "2026-11-23 10:55:40.000 a one two three\n"
                         "2026-11-23 10:55:45.000 a whole\n"
                         "2026-11-23 10:55:46.000 a no end\n")
    assert run(root, "-n", "1") == "2026-11-23 10:55:46.000 a no end\n"
    assert run(root, "-n", "3", "-o", "raw") == "one two three\nwhole\nno end\n"


def test_05_a_line_in_many_pieces_is_whole_in_a_tail(root):
    pieces = "".join(cri(BASE, f"{i:04d}", flag="P") for i in range(200))
    service(root, "a", cri(BASE, "before") + pieces + cri(BASE, "end") + cri(BASE + 1, "after"))
    want = "".join(f"{i:04d}" for i in range(200)) + "end\nafter\n"
    assert run(root, "-o", "raw", "-n2") == want


def test_06_directories_without_any_stamp(root):
    service(root, "plain", "p1\np2\n", [(BASE + 2, "old\n")])
    os.utime(root / "plain/current", (BASE + 4, BASE + 4))
    service(root, "a", "".join(cri(BASE + i, f"a{i}") for i in range(1, 7, 2)))
    assert run(root) == ("2026-11-23 10:55:41.000 a     a1\n"
                         "-                       plain old\n"
                         "2026-11-23 10:55:43.000 a     a3\n"
                         "-                       plain p1\n"
                         "-                       plain p2\n"
                         "2026-11-23 10:55:45.000 a     a5\n")
    service(root, "rest", "  of a trace\n" + cri(BASE + 3, "r3") + "  more\n")
    assert run(root, "a", "rest", "-o", "raw").splitlines() == ["a1", "a3", "  of a trace", "r3", "  more", "a5"]


# --- choosing ---


def test_10_names_globs_and_paths(root, tmp_path):
    three(root)
    assert {x.split()[0] for x in run(root, "-o", "raw", "beta", "gamma").splitlines()} == {"beta", "gamma"}
    assert {x.split()[0] for x in run(root, "-o", "raw", "*a*").splitlines()} == {"alpha", "beta", "gamma"}
    assert {x.split()[0] for x in run(root, "-o", "raw", "al*").splitlines()} == {"alpha"}
    elsewhere = service(tmp_path, "volume", cri(BASE, "there"))
    assert run(root, f"{elsewhere}/") == "2026-11-23 10:55:40.000 volume there\n"
    both = run(root, str(elsewhere), "alpha", "-o", "raw").splitlines()
    assert both[:2] == ["there", "alpha 0"] or both[:2] == ["alpha 0", "there"]
    assert len(run(root, f"{root}/", OVERLOG_DIR="/nonexistent").splitlines()) == 60  # the root of another container


def test_11_unknown_names(root):
    three(root)
    out, err = warned(root, "beta", "delta", "-n1", "-o", "raw", code=111)
    assert out == "beta 19\n"
    assert err == f"logcat: warning: no log directory of delta under {root}; logcat -l lists what there is\n"
    out, err = warned(root, "/no/such", code=111)
    assert (out, err) == ("", "logcat: warning: no such directory: /no/such\n")
    out, err = warned(root, f"{root}/beta/current", code=111)
    assert err == f"logcat: warning: not a directory: {root}/beta/current; name the log directory that it is in\n"


def test_11_a_service_named_twice(root):
    three(root)
    for words in (["beta", "beta"], ["beta", "b*"], [f"{root}/beta", f"{root}/beta/"]):
        assert run(root, "-n1", "-o", "raw", *words) == "beta 19\n"
    (root / "link").symlink_to("beta")
    for words in ([f"{root}/beta", f"{root}/./beta"], [f"{root}/beta", "beta"], ["beta", "link"], ["b*", f"{root}/link"]):
        assert run(root, "-o", "raw", *words) == "".join(f"beta {i}\n" for i in range(20)), words
    assert run(root, "-o", "short", "-n1", "link").split()[2] == "link"
    assert warned(root, "beta", "-X", "beta", code=1) == ("", "")


@pytest.mark.parametrize("n", [0, 1, 2, 5, 59, 60, 61, 1000])
def test_12_last_lines(root, n):
    three(root)
    every = run(root, "-o", "raw").splitlines()
    assert len(every) == 60
    assert run(root, "-o", "raw", "-n", str(n), code=0 if n else 1).splitlines() == every[60 - min(n, 60):]
    assert run(root, "-o", "raw", f"--lines={n}", "beta", code=0 if n else 1).splitlines() == \
        [x for x in every if "beta" in x][20 - min(n, 20):]


def test_13_last_lines_all_and_with_filter(root):
    three(root)
    assert run(root, "-n", "all") == run(root)
    assert run(root, "-n3", "-g", "alpha", "-o", "raw") == "alpha 17\nalpha 18\nalpha 19\n"
    assert run(root, "-n2", "-x", "gamma", "-x", "beta", "-o", "raw") == "alpha 18\nalpha 19\n"


def test_14_grep_exclude_stream(root):
    three(root)
    assert run(root, "-o", "raw", "-g", "^alpha [3-5]$", "-g", "beta 7") == "alpha 3\nalpha 4\nalpha 5\nbeta 7\n"
    assert run(root, "-o", "raw", "-i", "-g", "ALPHA 1", "-x", "1[0-9]") == "alpha 1\n"
    assert run(root, "-o", "raw", "alpha", "-s", "err", "-n2") == "alpha 17\nalpha 19\n"
    assert run(root, "-o", "raw", "alpha", "-s", "out", "-n2") == "alpha 16\nalpha 18\n"
    assert run(root, "-g", "nothing like it", code=1) == ""
    assert warned(root, "-g", "(", code=100)[1].startswith("logcat: fatal: invalid regular expression (: ")


def test_15_time_range(root):
    three(root)
    at = "2026-11-23 10:55:46"
    assert run(root, "-o", "raw", "-S", at, "-U", "2026-11-23T10:55:49Z") == "alpha 2\nbeta 2\ngamma 2\n"
    assert run(root, "-S", "10m", code=1 if time.time() > BASE + 700 else 0) is not None
    now = int(time.time())
    service(root, "now", cri(now - 3600, "old") + cri(now - 60, "new"))
    assert run(root, "now", "-o", "raw", "-S", "10m") == "new\n"
    assert run(root, "now", "-o", "raw", "-U", "10m") == "old\n"
    assert warned(root, "-S", "soonish", code=100)[1].startswith("logcat: fatal: unable to understand the time soonish")


def test_16_boot_and_previous(root):
    service(root, "a", "".join(cri(BASE + i, f"line {i}", nanosecond=1) for i in range(30)))
    assert warned(root, "-b", code=1)[1] == f"logcat: fatal: no start is recorded in {root}/.events\n"
    service(root, ".events", f"{utc(BASE + 4)} boot id=1 pid=1\n{utc(BASE + 5)} start service=a pid=3\n"
            f"{utc(BASE + 10)} boot id=2 pid=1\n{utc(BASE + 20)} boot id=3 pid=1\n")
    assert run(root, "-b", "-o", "raw").splitlines() == [f"line {i}" for i in range(20, 30)]
    with open(root / ".events/current", "a") as f:
        for i in range(30000):  # far behind the boots
            f.write(f"{utc(BASE + 21, i)} start service=a pid={i}\n")
    assert run(root, "-b", "-o", "raw").splitlines() == [f"line {i}" for i in range(20, 30)]
    assert run(root, "-p", "-o", "raw").splitlines() == [f"line {i}" for i in range(10, 20)]


# --- showing ---


def test_20_raw_is_byte_exact(root):
    body = bytes(c for c in range(256) if c not in (0, 10))
    data = b"".join(utc(BASE + i).encode() + b" stdout F " + body + b"\n" for i in range(3))
    service(root, "a", data)
    assert run(root, "-o", "raw", text=False) == (body + b"\n") * 3


def test_21_forms(root):
    service(root, "web", cri(BASE, 'say "x"', "stderr", nanosecond=5) + cri(BASE, "plain", nanosecond=6))
    assert run(root, "-o", "full", TZ="XYZ-1") == (
        '2026-11-23T11:55:40.000000005+0100 web err say "x"\n'
        "2026-11-23T11:55:40.000000006+0100 web out plain\n")
    assert run(root, "-o", "full", "--utc", "-n1") == "2026-11-23T10:55:40.000000006Z web out plain\n"
    assert run(root, "-o", "cri") == (root / "web/current").read_text()
    objects = [json.loads(x) for x in run(root, "-o", "json").splitlines()]
    assert objects[0] == {"time": "2026-11-23T10:55:40.000000005Z", "service": "web", "stream": "stderr",
                          "message": 'say "x"'}
    assert run(root, "--no-prefix", "-n1") == "2026-11-23 10:55:40.000 plain\n"
    assert warned(root, "-o", "xml", code=100)[1] == ("logcat: fatal: unknown output form: xml; "
                                                      "there are short, full, raw, json, cri, pretty\n")
    (root / "web/current").write_bytes(utc(BASE).encode() + b" stdout F \xff\xfe!\n")
    o = json.loads(run(root, "-o", "json"))
    assert o["message"] == "\ufffd\ufffd!" and base64.b64decode(o["base64"]) == b"\xff\xfe!"


def test_22_color(root):
    three(root)
    assert "\033" not in run(root)
    colored = run(root, "--color", "always", "-n4")
    assert colored.count("\033[31m") == 3  # the last four lines: one of stdout
    names = {}
    for line in run(root, "--color=always").splitlines():
        code, name = line.split("\033[")[1].split("m", 1)
        names.setdefault(name, set()).add(code)
    assert sorted(names) == ["alpha", "beta", "gamma"] and all(len(c) == 1 for c in names.values())


def test_23_a_terminal_gets_no_control_characters(root):
    service(root, "a", utc(BASE).encode() + b" stderr F \x1b[2Jx\x07\x9b31m\r\n")
    shown = on_terminal(root, "--no-prefix", "--color=never")
    assert shown == b"2026-11-23 10:55:40.000 ^[[2Jx^G\\x9b31m^M\r\n"
    assert on_terminal(root, "-o", "raw") == b"^[[2Jx^G\\x9b31m^M\r\n"
    assert b"\033[31m^[[2Jx" in on_terminal(root)
    assert b"\033" not in on_terminal(root, NO_COLOR="1")
    assert b"\033" not in on_terminal(root, TERM="dumb")


# --- nothing to show ---


def test_30_no_directories(root):
    missing = root / "none"
    _, err = warned(missing, code=1, S6_LOGGING="0")
    assert err == (f"logcat: warning: no log directories under {missing}: with S6_LOGGING=0 services write to the "
                   "console only; set S6_LOGGING=1 (console and disk) or 2 (disk)\n")
    assert warned(missing, "web", code=111, S6_LOGGING="0")[1] == err
    _, err = warned(root, code=1)
    assert err.startswith(f"logcat: warning: no log directories under {root}: S6_LOGGING is not set")
    _, err = warned(root, code=1, S6_LOGGING="2")
    assert err == (f"logcat: warning: no log directories under {root}: S6_LOGGING is 2; set OVERLOG_DIR if the logs "
                   "are elsewhere\n")
    assert warned(missing, "-f", code=1, S6_LOGGING="0")[1] != ""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a mount namespace")
def test_31_the_container_environment_is_asked(root):
    three(root)
    script = """
        mount --make-rprivate / && mount -t tmpfs none /run || exit 99
        mkdir -p /run/s6/container_environment && cd /run/s6/container_environment
        printf '%s\\n' "$1" >OVERLOG_DIR; printf '0\\n' >S6_LOGGING; printf 'XYZ-2\\n' >TZ
        exec env -i bash -c 'exec -a logcat "$1" -n1' - "$2"
    """
    command = ["unshare", "-m", "sh", "-c", script, "sh"]
    p = subprocess.run([*command, str(root), str(OVERLOG)], capture_output=True, text=True, timeout=DEADLINE)
    assert (p.returncode, p.stdout, p.stderr) == (0, "2026-11-23 12:56:39.000 gamma gamma 19\n", "")
    p = subprocess.run([*command, "/nowhere", str(OVERLOG)], capture_output=True, text=True, timeout=DEADLINE)
    assert p.returncode == 1
    assert p.stderr.startswith("logcat: warning: no log directories under /nowhere: with S6_LOGGING=0 services")


def test_32_usage(root):
    assert warned(root, "--bogus", code=100)[1].startswith("logcat: fatal: unknown option --bogus\n")
    for words, what in ((["-b", "-p"], "-b -p"), (["-r", "-f"], "-r -f"),
                        (["-l", "-f"], "-l, and -f or what chooses lines"),
                        (["-l", "-g", "x"], "-l, and -f or what chooses lines")):
        assert warned(root, *words, code=100)[1] == f"logcat: fatal: options exclude each other: {what}\n"
    assert warned(root, "-n", "many", code=100)[1] == "logcat: fatal: invalid number of lines: many\n"
    for words in (["-9999999999999"], ["-9999999999999", "x"], ["-9999999999999f"]):
        assert warned(root, *words, code=100)[1] == f"logcat: fatal: invalid number of lines: {words[0]}\n"
    for given in (root, root / "none"):  # where there is nothing to read, too
        assert warned(given, "-S", "2026-02-30", code=100)[1].startswith("logcat: fatal: unable to understand the time ")
        assert warned(given, "-g", "a(b", code=100)[1].startswith("logcat: fatal: ")
    three(root)
    assert run(root, "alpha", "-n1", "-o", "raw") == run(root, "-n1", "-o", "raw", "--", "alpha") == "alpha 19\n"


def test_33_unreadable(root):
    three(root)
    shutil.rmtree(root / "beta")
    (root / "beta").mkdir()
    (root / "beta/current").mkdir()  # cannot be read
    out, err = warned(root, "-o", "raw", code=111)
    assert len(out.splitlines()) == 40
    assert err == f"logcat: warning: unable to read {root}/beta/current: no regular file\n"
    os.rmdir(root / "beta/current")
    for make in (os.mkfifo, lambda path: os.symlink("/etc/passwd", path)):  # not waited for, not followed
        make(root / "beta/current")
        assert warned(root, "beta", code=111) == ("", err)
        os.unlink(root / "beta/current")


def test_34_broken_archive(root):
    good = gzip.compress(b"".join(cri(BASE + i, f"line {i} {i * 7919}").encode() for i in range(2000)))
    d = service(root, "a", cri(BASE + 5000, "last"))
    (d / (archive_name(BASE + 3000) + ".gz")).write_bytes(good[:len(good) // 2])
    out, err = warned(root, "-o", "raw", code=111)
    lines = out.splitlines()
    assert lines[-1] == "last" and len(lines) > 100
    for i, line in enumerate(lines[:-2]):
        assert line == f"line {i} {i * 7919}"
    assert err.count("\n") == 1 and archive_name(BASE + 3000) in err


def test_35_broken_members(root):
    """Of an archive of ours only what is broken is missing, and nothing is shown that nobody wrote."""
    p = subprocess.Popen(["s6-log", "-b", "s1000000", "S100000000", "z6", "U", str(root / "a")], executable=OVERLOG,
                         stdin=subprocess.PIPE)
    p.stdin.write("".join(f"line {i} {i * 7919 % 1000003}\n" for i in range(30000)).encode())
    p.stdin.flush()
    wait_for(lambda: list((root / "a").glob("@*.s")) and b" line 29999 " in (root / "a/current").read_bytes())
    p.send_signal(signal.SIGALRM)  # a second archive: the first one is compressed
    wait_for(lambda: list((root / "a").glob("@*.s.gz")) and len(list((root / "a").glob("@*.s"))) == 1)
    p.stdin.close()
    assert p.wait(DEADLINE) == 0
    (archive,) = list((root / "a").glob("@*.gz"))
    every = run(root, "-o", "raw").splitlines()
    assert len(every) == 30000
    whole = set(every)
    good = archive.read_bytes()
    members = [m.start() for m in re.finditer(rb"\x1f\x8b\x08\x04", good)]
    assert len(members) >= 8
    bad = bytearray(good)
    bad[members[3] + 500:members[3] + 800] = b"\xff" * 300  # inside of one
    bad[members[5]] = 0  # another one's head
    bad[members[1] + 13] ^= 1  # one that is no BGZF any more, nor sound
    bad[members[1] + 400] ^= 1
    bad[members[7] + 13] ^= 1  # one that is sound all the same
    archive.write_bytes(bad)
    for args in ([], ["-n", "29000"], ["-g", "line"], ["-r"]):
        out, err = warned(root, "-o", "raw", *args, code=111)
        shown = out.splitlines()[::-1 if args == ["-r"] else 1]
        numbers = [int(x.split()[1]) for x in shown if x in whole]
        assert numbers == sorted(numbers) and numbers[-1] == 29999
        assert len(every) - len(shown) < 3.2 * 65536 / 40, (args, len(shown))
        assert len(numbers) == len(shown)
        said = [f"logcat: warning: unable to read {archive}: damaged or cut short at byte {members[i]}"
                for i in (1, 3, 5)]
        assert sorted(err.splitlines()) == sorted(said)  # the newest first with -r


def test_35_wherever_an_archive_is_damaged(root):
    """A byte, anywhere: no line is shown that nobody wrote, and the other members are."""
    d = service(root, "a", "", [(BASE, "".join(cri(BASE, f"line {i} {i * i}") for i in range(4000))),
                                (BASE + 1, "stays plain\n")])
    newest = d / archive_name(BASE + 1)
    os.rename(d / "current", d / "held")
    p = subprocess.Popen(["s6-log", "-b", "s1000000", "z6", str(d)], executable=OVERLOG, stdin=subprocess.PIPE)
    wait_for(lambda: list(d.glob("@*.s.gz")) and list(d.glob("@*.s")) == [newest])
    p.stdin.close()
    assert p.wait(DEADLINE) == 0
    newest.unlink()
    (archive,) = list(d.glob("@*.gz"))
    good = archive.read_bytes()
    written = {f"line {i} {i * i}" for i in range(4000)}
    r = random.Random(7)
    for at in [*range(0, 60, 3), *(r.randrange(len(good) - 28) for _ in range(40))]:
        bad = bytearray(good)
        bad[at] ^= 1 << r.randrange(8)
        archive.write_bytes(bad)
        p = subprocess.run(["logcat", "-o", "raw"], executable=OVERLOG, env=environment(root), capture_output=True,
                           timeout=DEADLINE)
        shown = p.stdout.decode().splitlines()
        assert set(shown) <= written, at
        assert len(shown) == 4000 or (p.returncode == 111 and archive.name in p.stderr.decode()), at
        assert len(shown) > 4000 - 2 * 65536 / 55, at


def test_35_an_empty_archive(root):
    d = service(root, "a", cri(BASE, "now"))
    (d / (archive_name(BASE - 100) + ".gz")).touch()
    assert warned(root, "-o", "raw", code=111) == (
        "now\n", f"logcat: warning: unable to read {d}/{archive_name(BASE - 100)}.gz: empty, not even a gzip header\n")


def test_36_a_line_over_the_limit_is_cut_between_characters(root):
    """As one line, and as one that was logged in pieces; what is cut is marked."""
    text = "x" + "\u20ac" * 1000000 + "end"
    service(root, "plain", utc(BASE) + " " + text + "\n")
    data = text.encode()
    pieces = [data[i:i + 8192] for i in range(0, len(data), 8192)]
    service(root, "pieces", b"".join(cri(BASE + 1, "", flag="P" if i < len(pieces) - 1 else "F")[:-1].encode() + piece +
                                     b"\n" for i, piece in enumerate(pieces)))
    for name in ("plain", "pieces"):
        parts = [json.loads(line) for line in run(root, "-o", "json", name).splitlines()]
        assert len(parts) > 1 and [p.get("truncated", False) for p in parts] == [True] * (len(parts) - 1) + [False]
        assert all("base64" not in p for p in parts)
        assert "".join(p["message"] for p in parts) == text
        assert all(len(p["message"].encode()) > (1 << 20) - 100 for p in parts[:-1])


def test_37_a_directory_without_logs_says_so(root, tmp_path):
    (root / "empty").mkdir()
    service(root, "a", cri(BASE, "x"))
    assert run(root).endswith("x\n")
    assert warned(root, "empty", code=1) == (
        "", f"logcat: warning: no logs in {root}/empty: neither current nor archives\n")
    other = tmp_path / "other"
    other.mkdir()
    assert warned(root, f"{other}", code=1) == (
        "", f"logcat: warning: no logs in {other}: neither current nor archives\n")
    assert run(root, "empty", "a").endswith("x\n")


def test_38_many_services_under_a_low_limit(root):
    """The soft limit is raised to the hard one."""
    for i in range(300):
        service(root, f"s{i:03}", cri(BASE + i, f"{i}"))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    p = subprocess.run(["logcat", "-o", "raw"], executable=OVERLOG, env=environment(root), capture_output=True, text=True,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard)), timeout=DEADLINE)
    assert (p.returncode, p.stderr) == (0, "")
    assert p.stdout.split() == [str(i) for i in range(300)]


def limited(root, *args):
    p = subprocess.run(["logcat", *args], executable=OVERLOG, env=environment(root), capture_output=True, text=True,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)), timeout=DEADLINE)
    assert p.stderr == ""
    return p.stdout


def test_38_more_services_than_descriptors(root):
    """Files are closed and opened again where even the hard limit is too low."""
    for i in range(300):
        archives = [(BASE + 1000, "".join(cri(BASE + n, f"{i} {n} " + "x" * 990) for n in range(150)), True),
                    (BASE + 2000, cri(BASE + 1500, f"{i} plain"), False)]
        service(root, f"s{i:03}", "".join(cri(BASE + 3000 + n, f"{i} end {n}") for n in range(3)),
                archives if i % 10 == 0 else ())
    assert limited(root, "-o", "raw").count("\n") == 900 + 30 * 151
    for words in ([], ["-n", "5"], ["-r", "-g", "end"], ["-n", "70", "-g", "0"], ["-S", f"@{BASE + 140}"]):
        assert limited(root, *words) == run(root, *words), words


def test_38_following_more_services_than_descriptors(root, tmp_path_factory):
    program = tmp_path_factory.mktemp("bin") / "logcat"
    program.symlink_to(OVERLOG)
    directories = [service(root, f"s{i:03}", cri(BASE, f"{i}")) for i in range(100)]
    limit = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", str(program)]
    with Follower(root, "-o", "raw", wrapper=limit) as f:
        f.read_until(lambda data: data.count(b"\n") == 10)
        (directories[0] / "current").rename(directories[0] / archive_name(BASE + 5))
        for i, d in enumerate(directories):
            with open(d / "current", "a") as current:
                current.write(cri(BASE + 10, f"new {i}"))
        f.read_until(lambda data: data.count(b"new") == 100)
        assert len(set(f.data.split(b"\n"))) == 111


def test_39_closed_standard_streams(root):
    three(root)
    every = run(root, "-o", "raw")

    def without(*fds):
        for fd in fds:
            os.close(fd)

    for args in ([], ["-f"], ["-n0", "-f"]):
        p = subprocess.run(["logcat", *args], executable=OVERLOG, env=environment(root), stderr=subprocess.PIPE,
                           preexec_fn=lambda: without(1), text=True, timeout=DEADLINE)
        assert (p.returncode, p.stderr) == (111, "logcat: fatal: unable to write: Bad file descriptor\n")
    p = subprocess.run(["logcat", "-o", "raw"], executable=OVERLOG, env=environment(root), stdout=subprocess.PIPE,
                       preexec_fn=lambda: without(0, 2), text=True, timeout=DEADLINE)
    assert (p.returncode, p.stdout) == (0, every)
