"""logcat: fields of lines asked for, shown as members and as a table; lines counted by their shape."""
import json

import pytest
from lib.logcat import BASE, Follower, cri, on_terminal, raw, run, service, warned

NGINX = ('10.0.3.7 - - [23/Nov/2026:10:55:40 +0000] "GET /api/x?id=7 HTTP/1.1" 200 162 "-" "curl/8.5.0"',
         '10.0.3.8 - - [23/Nov/2026:10:55:41 +0000] "POST /api/y HTTP/1.1" 503 0 "-" "curl/8.5.0"',
         '10.0.3.8 - - [23/Nov/2026:10:55:42 +0000] "GET /login HTTP/1.1" 500 12 "-" "curl/8.5.0"',
         "2026/11/23 10:55:42 [error] 31#31: *1 connect() failed")
API = ('{"level":30,"status":200,"path":"/api/x","user":{"id":42},"msg":"done"}',
       '{"level":50,"status":500,"path":"/api/z","user":{"id":7},"msg":"no \\"stock\\""}')
GO = ("level=warn status=504 path=/api/w took=1.5s", "level=info status=200 path=/", "plain")


@pytest.fixture
def house(root):
    for number, (name, lines) in enumerate((("nginx", NGINX), ("api", API), ("go", GO))):
        service(root, name, "".join(cri(BASE + i, x, nanosecond=number) for i, x in enumerate(lines)))
    return root


def test_01_conditions(house):
    assert raw(house, "--where", "status>=500") == [GO[0], NGINX[1], API[1], NGINX[2]]
    assert raw(house, "--where=user.id=42") == [API[0]]
    assert raw(house, "--where", "path~^/api", "--where", "status>=500") == [GO[0], NGINX[1], API[1]]
    assert raw(house, "--where", "path~^/api", "--where", "status>=500", "nginx") == [NGINX[1]]
    assert raw(house, "--where", "method!=GET") == [NGINX[1]]
    assert raw(house, "--where", "took") == [GO[0]]
    assert warned(house, "--where", "msg=x", "--where", "status", code=1) == ("", "")


def test_02_with_other_choices(house):
    assert raw(house, "--where", "status>=500", "-n", "2") == [API[1], NGINX[2]]
    assert raw(house, "--where", "status>=500", "-r") == [NGINX[2], API[1], NGINX[1], GO[0]]
    assert raw(house, "--where", "status>=500", "-g", "login|stock") == [API[1], NGINX[2]]
    assert raw(house, "--where", "status>=500", "-p", "err") == [API[1]]
    assert raw(house, "--where", "status=503", "-A1", "nginx") == [NGINX[1], NGINX[2]]


def test_03_what_is_no_condition(house):
    for word in ("", "=7", "a!b"):
        assert warned(house, "--where", word, code=100)[1] == (
            f"logcat: fatal: not a condition, as status>=500 is one: {word}\n")
    assert "fatal" in warned(house, "--where", "a~(", code=100)[1]
    assert "exclude each other" in warned(house, "-l", "--where", "a", code=100)[1]
    assert "only with -o json: --parse" in warned(house, "--parse", code=100)[1]
    assert "exclude each other" in warned(house, "--columns", "a", "-o", "raw", code=100)[1]
    assert "a column has no name" in warned(house, "--columns", "a,,b", code=100)[1]


def test_04_members(house):
    objects = [json.loads(x) for x in run(house, "-o", "json", "--parse").splitlines()]
    api = [x for x in objects if x["service"] == "api"]
    assert api[1]["user"] == {"id": 7} and api[1]["msg"] == 'no "stock"' and api[1]["status"] == 500
    assert api[1]["severity"] == "err" and json.loads(api[1]["message"])["path"] == "/api/z"
    nginx = [x for x in objects if x["service"] == "nginx"]
    assert nginx[0]["query"] == "id=7" and nginx[0]["status"] == 200 and "severity" not in nginx[0]
    assert nginx[0]["time"].startswith("2026-11-23T10:55:40") and nginx[3]["severity"] == "err"
    go = [x for x in objects if x["service"] == "go"]
    assert go[0]["took"] == "1.5s" and go[2]["message"] == "plain" and len(go[2]) == 4
    assert "status" not in json.loads(run(house, "-o", "json", "api").splitlines()[0])


def test_05_a_table(house):
    lines = run(house, "--columns", "ts,status,path", "nginx", "go").splitlines()
    assert lines == ["ts                       status  path",
                     "2026-11-23 10:55:40.000  200     /api/x",
                     "2026-11-23 10:55:40.000  504     /api/w",
                     "2026-11-23 10:55:41.000  503     /api/y",
                     "2026-11-23 10:55:41.000  200     /",
                     "2026-11-23 10:55:42.000  500     /login"]
    assert run(house, "--columns", "service,severity,msg", "-n", "1", "api").splitlines() == [
        "service  severity  msg", 'api      err       no "stock"']
    assert run(house, "--columns", "service,message", "go").splitlines()[-1] == "go       plain"
    assert warned(house, "--columns", "nothing", code=1) == ("", "")
    with Follower(house, "--columns", "status", "go") as f:
        assert f.lines(3) == ["status", "504", "200"]
        assert f.end() == 0


def test_06_patterns(house):
    requests = "".join(cri(BASE + 10 + i, f"request {i} took {i * 7}ms") for i in range(20))
    service(house, "app", requests + cri(BASE + 50, "ERROR: stopped") + cri(BASE + 51, "request 9 took 3ms"))
    lines = run(house, "--patterns", "app").splitlines()
    assert lines[0].split() == ["COUNT", "SHARE", "FIRST", "LAST", "SERVICE"]
    assert lines[1].split() == ["21", "95.5%", "2026-11-23", "10:55:50.000", "2026-11-23", "10:56:31.000", "app"]
    assert lines[2:4] == ["    request <n> took <n>ms", "    request 0 took 0ms"]
    assert lines[4].split()[0] == "1" and lines[5] == "    ERROR: stopped"
    assert len(run(house, "--patterns", "-n", "1", "app").splitlines()) == 4
    assert run(house, "--patterns", "-r", "app").splitlines()[2] == "    ERROR: stopped"
    assert run(house, "--patterns", "-p", "err", "app").splitlines()[1].split()[:2] == ["1", "100.0%"]
    assert run(house, "--patterns", "-S", f"@{BASE + 29}", "app").splitlines()[1].split()[0] == "2"
    first = json.loads(run(house, "--patterns", "-o", "json", "app").splitlines()[0])
    assert first["count"] == 21 and first["pattern"] == "request <n> took <n>ms" and first["service"] == "app"
    assert warned(house, "--patterns", "-g", "no such", code=1) == ("", "")
    for words in (["-f"], ["--columns", "a"], ["--tail", "1"], ["--tail", "0"]):
        assert "exclude each other" in warned(house, "--patterns", *words, code=100)[1]
    lines = run(house, "--patterns", "--time-format=%d %N", "app").splitlines()
    assert lines[0] == "    COUNT   SHARE  FIRST         LAST          SERVICE"
    assert lines[1] == "       21   95.5%  23 000000000  23 000000000  app"
    service(house, "foreign", "no time\n" + cri(BASE, "one"))
    header, *rows = run(house, "--patterns", "--time-format=%M", "foreign").splitlines()
    assert header == "    COUNT   SHARE  FIRST  LAST   SERVICE"
    assert {x[17:] for x in rows[::3]} == {"  -      -      foreign", "  55     55     foreign"}


def test_07_patterns_of_entries(root):
    text = "".join(cri(BASE + i, "Error: x") + cri(BASE + i, f"    at f{i} (a.js)") for i in range(5))
    service(root, "app", text)
    assert [x.split()[0] for x in run(root, "--patterns").splitlines()[1::3]] == ["5", "5"]
    assert [x.split()[0] for x in run(root, "--patterns", "--entry").splitlines()[1::3]] == ["5"]


def test_08_on_a_terminal_no_byte_of_a_service_acts(house):
    service(house, "evil", cri(BASE, 'a="\x1b[2J\x9b" b=1') + cri(BASE, "\x1b]0;x\x07 7"))
    for words in (["--columns", "a,b"], ["--patterns"]):
        shown = on_terminal(house, *words, "evil")
        assert b"\x1b[2J" not in shown and b"\x1b]0" not in shown and b"\x07" not in shown
