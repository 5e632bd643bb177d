"""logcat: severities of lines, chosen, shown by colour and counted."""
import pytest
from lib.logcat import BASE, Follower, cri, on_terminal, run, service, warned

LINES = (
    ("nginx", 0, "10.0.3.7 - - [29/Nov/2026:10:15:42 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\""),
    ("nginx", 1, "2026/11/29 10:15:42 [notice] 1#1: start worker process 31"),
    ("nginx", 2, "2026/11/29 10:15:42 [error] 31#31: *1 connect() failed"),
    ("api", 3, '{"level":20,"msg":"opened"}'),
    ("api", 4, '{"level":40,"msg":"slow"}'),
    ("api", 5, '{"level":"fatal","msg":"no disk"}'),
    ("db", 6, "2026-11-29 10:15:42.871 UTC [57] ERROR:  duplicate key"),
    ("db", 6, "\tin statement 7"),
    ("db", 7, "plain"),
)


@pytest.fixture
def house(root):
    for name in ("nginx", "api", "db"):
        service(root, name, "".join(cri(BASE + s, m, "stderr" if name == "nginx" else "stdout")
                                    for n, s, m in LINES if n == name))
    return root


def chosen(root, *words):
    """The seconds of the lines that are shown."""
    lines = run(root, *words, "--time-format=%s").splitlines()
    return [int(x.split()[0]) - BASE for x in lines]


def test_01_at_least_and_ranges(house):
    assert chosen(house, "-p", "warn") == chosen(house, "--priority=warning") == chosen(house, "-p", "4") == [2, 4, 5, 6, 6]
    assert chosen(house, "-p", "err..crit") == [2, 5, 6, 6]
    assert chosen(house, "-p", "crit") == chosen(house, "-p", "crit..") == [5]
    assert chosen(house, "-p", "..debug") == [3]
    assert chosen(house, "-p", "warn..notice") == [1, 4]
    assert chosen(house, "-p", "info") == [0, 1, 2, 4, 5, 6, 6, 7]  # what says no level counts as info
    assert chosen(house, "-p", "debug") == [0, 1, 2, 3, 4, 5, 6, 6, 7]


def test_02_a_line_that_continues_an_entry_inherits(house):
    assert chosen(house, "-p", "err", "db") == [6, 6]
    assert chosen(house, "-p", "err", "-g", "statement") == [6]


def test_03_with_other_choices(house):
    assert chosen(house, "-p", "err", "-n", "2") == [6, 6]
    assert chosen(house, "-p", "err", "-r") == [6, 6, 5, 2]
    assert chosen(house, "-p", "crit", "-B1", "api") == [4, 5]
    assert chosen(house, "-p", "warn", "-x", "slow|duplicate", "api", "nginx") == [2, 5]
    assert chosen(house, "-p", "warn", "-S", f"@{BASE + 5}") == [5, 6, 6]


def test_04_previous_is_what_it_was(house):
    """-p alone, in a cluster, or before what is no severity."""
    none = "logcat: fatal: no previous start is recorded in"
    for words in (["-p"], ["--previous"], ["-p", "nginx"], ["-pu", "warn"], ["-p", "-n", "3"], ["--previous", "warn"]):
        assert warned(house, *words, code=1)[1].splitlines()[-1].startswith(none), words
    service(house, "warn", cri(BASE, "a service with a strange name"))
    assert chosen(house, "warn") == [0]
    assert chosen(house, "-p", "warn", "warn", "nginx") == [2]
    assert warned(house, "--priority=wern", code=100)[1] == "logcat: fatal: unknown severity: wern\n"
    assert "exclude each other" in warned(house, "-l", "-p", "warn", code=100)[1]


def test_05_colours(house):
    shown = on_terminal(house, "-n", "100", "nginx", "api", "db").decode()
    assert "\x1b[31m2026/11/29" in shown and "\x1b[33m{\"level\":40" in shown
    assert "\x1b[2m{\"level\":20" in shown and "\x1b[1;31m{\"level\":\"fatal\"" in shown
    assert "\x1b[1m2026/11/29 10:15:42 [notice]" in shown  # of stderr, but no error
    assert "\x1b[31m10.0.3.7" in shown  # of stderr, and nothing known
    assert "\x1b[31m\tin statement" in shown and " plain" in shown
    assert "\x1b[31m" not in run(house, "-n", "100")


def test_06_counted_by_the_list(house):
    rows = {x.split()[0]: x.split() for x in run(house, "-l").splitlines()}
    at = rows["SERVICE"].index("ERR/H") + 2  # a time is two words
    assert {n: rows[n][at:at + 2] for n in ("nginx", "api", "db")} == {
        "nginx": ["1", "0"], "api": ["1", "1"], "db": ["1", "0"]}
    service(house, "later", cri(BASE + 3604, "ERROR: one") + cri(BASE + 3604, "WARN two"))
    rows = {x.split()[0]: x.split() for x in run(house, "-l").splitlines()}
    assert {n: rows[n][at:at + 2] for n in ("nginx", "api", "db", "later")} == {
        "nginx": ["0", "0"], "api": ["1", "0"], "db": ["1", "0"], "later": ["1", "1"]}


def test_07_followed(house):
    with Follower(house, "-p", "crit", "-n", "all", "-o", "raw") as f:
        assert f.lines(1) == ['{"level":"fatal","msg":"no disk"}']
        with open(house / "db/current", "a") as file:
            file.write(cri(BASE + 20, "ERROR: x") + cri(BASE + 21, "FATAL: y") + cri(BASE + 21, "  behind y"))
        assert f.lines(3)[1:] == ["FATAL: y", "  behind y"]
        assert f.end() == 0
