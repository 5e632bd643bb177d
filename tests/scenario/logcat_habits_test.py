"""logcat: what people type because other programs taught them, and what they are told when it is wrong."""
import os
import pty
import subprocess

import pytest
from lib.logcat import (BASE, DEADLINE, OVERLOG, Follower, cri, environment, is_asleep, on_terminal, raw, run, service,
                        warned)
from lib.wait import wait_for


@pytest.fixture
def house(root):
    for number, name in enumerate(("nginx", "api", "postgres")):
        service(root, name, "".join(cri(BASE + 10 * i, f"{name} {i}", nanosecond=number) for i in range(12)))
    return root


def test_01_a_number_alone_is_n(house):
    assert raw(house, "-3") == raw(house, "-n", "3") == ["nginx 11", "api 11", "postgres 11"]
    assert raw(house, "-2", "api") == ["api 10", "api 11"] == raw(house, "api", "-2")
    assert len(raw(house, "-20")) == 20
    assert warned(house, "--", "-2", code=111)[1].startswith("logcat: warning: no log directory of -2")


def test_02_the_last_of_each(house):
    want = [f"{name} {i}" for i in (10, 11) for name in ("nginx", "api", "postgres")]
    assert sorted(raw(house, "--tail", "2")) == sorted(want)
    assert raw(house, "--tail=2") == [x for x in raw(house) if x in want]
    assert raw(house, "--tail=2", "-r") == [x for x in raw(house, "-r") if x in want]
    assert raw(house, "--tail", "1", "-g", " [23]$") == [x for x in raw(house) if x.endswith(" 3")]
    assert raw(house, "--tail", "99") == raw(house)
    assert "exclude each other" in warned(house, "--tail", "1", "-n", "1", code=100)[1]
    for words in (["--tail=0"], ["--tail=0", "-r"], ["--tail=0", "-g", "api"]):
        assert warned(house, *words, code=1) == ("", "")
    for words in (["-n", "all", "--tail=0"], ["--tail=0", "-5"]):
        assert "exclude each other" in warned(house, *words, code=100)[1]
    with Follower(house, "--tail", "1", "-o", "raw") as f:
        assert sorted(f.lines(3)) == ["api 11", "nginx 11", "postgres 11"]
        with open(house / "api/current", "a") as file:
            file.write(cri(BASE + 500, "api live"))
        assert f.lines(4)[3] == "api live"
        assert f.end() == 0
    with Follower(house, "--tail", "0", "-o", "raw") as f:
        wait_for(lambda: is_asleep(f.process.pid))
        with open(house / "api/current", "a") as file:
            file.write(cri(BASE + 501, "api later"))
        assert f.lines(1) == ["api later"]
        assert f.end() == 0


def test_03_did_you_mean(house):
    end = "; logcat -l lists what there is\n"
    for word, meant in (("ngnix", "nginx"), ("postgress", "postgres"), ("gres", "postgres")):
        assert warned(house, word, code=111)[1] == (
            f"logcat: warning: no log directory of {word} under {house}; did you mean {meant}?{end}")
    assert warned(house, "redis", code=111)[1] == f"logcat: warning: no log directory of redis under {house}{end}"
    os.mkdir(house / ".init")
    (house / ".init/current").write_text(cri(BASE, "a oneshot says this"))
    assert f"redis under {house}; what oneshots say is in .init{end}" in warned(house, "redis", code=111)[1]


def test_04_forms_are_listed(house):
    assert warned(house, "-o", "yaml", code=100)[1] == (
        "logcat: fatal: unknown output form: yaml; there are short, full, raw, json, cri, pretty\n")


def test_05_times(house):
    assert raw(house, "-S", str(BASE + 110), "api") == ["api 11"]
    assert raw(house, "-U", str(BASE + 10), "api") == ["api 0"]
    for words in (["-S", "yesterday 3:00", "-U", "yesterday 3:01"], ["-S", "3:00", "-U", "3:01"]):
        assert warned(house, *words, code=1) == ("", "")


def test_06_logs_in_the_working_directory(house, tmp_path):
    (tmp_path / "logs").symlink_to(house)
    (tmp_path / "logcat").symlink_to(OVERLOG)
    env = {k: v for k, v in environment(house).items() if k != "OVERLOG_DIR"}
    p = subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /var/log && exec ./logcat -o raw -1 api"],
                       env=env, cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE)
    assert (p.returncode, p.stdout, p.stderr) == (0, "api 11\n", "")


def test_07_names_are_aligned_as_they_are_seen(root):
    service(root, "日本", cri(BASE, "x"))
    service(root, "über", cri(BASE + 1, "y"))
    assert run(root).splitlines() == ["2026-11-23 10:55:40.000 日本 x", "2026-11-23 10:55:41.000 über y"]
    rows = run(root, "-l").splitlines()
    assert rows[1].startswith("über     -") and rows[2].startswith("日本     -")


def test_08_a_total(house):
    rows = [x.split() for x in run(house, "-l").splitlines()]
    assert rows[-1][0] == "total" and rows[-1][-2] == "36"
    assert rows[-1][1] == rows[1][2] or rows[-1][1].endswith("K")
    assert "total" not in run(house, "-l", "api")


def test_09_on_a_terminal(house):
    assert b"no entries" in on_terminal(house, "-g", "no such line", code=1)
    narrow = on_terminal(house, "-n", "1", "api", screen=(24, 50)).decode()
    assert "11-23 10:57:30 " in narrow and "2026" not in narrow
    assert "2026-11-23 10:57:30.000 " in on_terminal(house, "-n", "1", "api", screen=(24, 80)).decode()
    assert warned(house, "-g", "no such line", code=1) == ("", "")


def test_10_the_pager(house, tmp_path):
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\necho "LESS is $LESS"\nexec cat\n')
    pager.chmod(0o755)
    long = "".join(cri(BASE + i, f"line {i}") for i in range(1500))
    service(house, "long", long)
    shown = on_terminal(house, "-e", "long", OVERLOG_PAGER=str(pager)).decode()
    assert "LESS is -FRX +G" in shown and " line 500" in shown and " line 499\r" not in shown
    assert "LESS is -S +G" in on_terminal(house, "-e", "long", OVERLOG_PAGER=str(pager), LESS="S").decode()
    prompt = "Ps" + "x" * 300
    assert f"LESS is -{prompt} +G" in on_terminal(house, "-e", "long", OVERLOG_PAGER=str(pager), LESS=prompt).decode()
    assert "LESS is FRX" in on_terminal(house, "long", OVERLOG_PAGER=str(pager)).decode()
    shown = on_terminal(house, "--no-pager", "long", OVERLOG_PAGER=str(pager)).decode()
    assert "LESS" not in shown and " line 1499" in shown


def test_11_a_permission_error_says_the_cure(house):
    (house / "api/current").chmod(0o600)
    for d in (house, *house.parents):
        if str(d).startswith("/tmp/") and d.stat().st_mode & 0o005 != 0o005:
            d.chmod(d.stat().st_mode | 0o055)
    link = house.parent / "logcat"
    link.symlink_to(OVERLOG)
    p = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(link), "api"],
                       env=environment(house), capture_output=True, text=True, timeout=DEADLINE)
    assert p.returncode == 111
    assert "Permission denied: run this as root, or as a user who may read the directory\n" in p.stderr


def test_12_a_fresh_line_after_an_interrupt(house):
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(OVERLOG, ["logcat", "-f", "-n", "1", "api"], environment(house))
    shown = b""
    while b"api 11" not in shown:
        shown += os.read(fd, 4096)
    os.write(fd, b"\x03")
    try:
        while more := os.read(fd, 4096):
            shown += more
    except OSError:  # the terminal's other end is closed
        pass
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert shown.endswith(b"^C\r\n")


def test_13_expressions_match_characters(root):
    lines = [b"\xc3\x9cBER", b"\xc3\xbcber", b"\xc3\xbc", b"a\xffb", b"caf\xc3\xa9 \xff 7"]
    service(root, "a", b"".join(cri(BASE + i, "").encode()[:-1] + x + b"\n" for i, x in enumerate(lines)))

    def found(*words):
        return run(root, "-o", "raw", *words, text=False).split(b"\n")[:-1]
    assert found("-i", "-g", "über") == lines[:2] == found("-i", "-g", "^ÜBer$")
    assert found("-g", "über") == [lines[1]]
    assert found("-g", "^.$") == [lines[2]] and found("-g", "^.ber") == [lines[1]]
    assert found("-g", "[üÜ]") == lines[:3]
    assert found("-g", "^a.b$") == [lines[3]]  # a byte that is no UTF-8 is one character, and hides no line
    assert found("-g", "é.*[0-9]") == [lines[4]] and found("-i", "-g", "É") == [lines[4]]
    assert b"caf\x1b[7m" in run(root, "--color=always", "-g", "é .", text=False)
