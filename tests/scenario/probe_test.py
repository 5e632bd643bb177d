"""probe: servers of every kind, files, processes; services and logs of a container; waits."""

import os
import socket
import subprocess
import threading
import time

import pytest

from lib.build import OVERLOG, TOP
from lib.wait import let_pass, wait_for

REFUSED = "Connection refused"


def probe(*words, code=0, **more):
    """What it says on standard error. Our servers may take their time, where it is not the time that is tested."""
    words = words if "-T" in words else ("-T", "1m", *words)
    r = subprocess.run([OVERLOG, "probe", *words], capture_output=True, text=True, timeout=60, **more)
    assert (r.returncode, r.stdout) == (code, ""), r
    return r.stderr


class Server:
    """Answers each connection by the same bytes, and keeps what was asked. answer None: never answers.
    delay: seconds before an answer."""

    def __init__(self, answer, family=socket.AF_INET, address=("127.0.0.1", 0), delay=0):
        self.answer, self.asked, self.delay = answer, [], delay
        self.socket = socket.socket(family)
        self.socket.bind(address)
        self.socket.listen(16)
        self.taken = []
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def serve(self):
        while True:
            try:
                one, _ = self.socket.accept()
            except OSError:
                return
            self.taken.append(one)
            if self.answer is None:
                continue
            self.asked.append(one.recv(65536).decode())
            let_pass(self.delay)
            try:
                one.sendall(self.answer)
            except BrokenPipeError:  # it only connected
                pass
            one.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture
def server():
    """Server(...), closed at the end."""
    made = []

    def start(*words, **more):
        made.append(Server(*words, **more))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def port():
    """One that nobody listens on, and nobody else gets meanwhile."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall right"


def test_http(server):
    s = server(OK)
    for host in ("127.0.0.1", "localhost"):
        assert probe(f"http://{host}:{s.port}/health?deep=1#x") == ""
    assert s.asked[0].splitlines()[:2] == ["GET /health?deep=1 HTTP/1.1", f"Host: 127.0.0.1:{s.port}"]
    target = f"http://127.0.0.1:{s.port}"
    assert probe("--header", "Host: example.org", "--header", "X-A: b", target) == ""
    assert s.asked[-1].count("Host:") == 1 and "Host: example.org\r\nX-A: b\r\n" in s.asked[-1]
    assert probe("--contains", "l right", target) == ""
    assert "status 200, but the answer does not contain wrong" in probe("--contains", "wrong", target, code=1)
    assert "status 200 OK" in probe("--status", "201,4xx", target, code=1)
    assert probe("--status", "100-200", target) == ""


@pytest.mark.parametrize("status, code", [("302 Found", 0), ("404 Not Found", 1), ("503 Busy", 1)])
def test_statuses(server, status, code):
    s = server(f"HTTP/1.1 {status}\r\nLocation: /x\r\n\r\n".encode())
    said = probe(f"http://127.0.0.1:{s.port}/", code=code)
    assert said == ("" if code == 0 else f"probe: fatal: http://127.0.0.1:{s.port}/: status {status}\n")
    assert len(s.asked) == 1, "it does not follow"


def test_a_body_in_chunks(server):
    s = server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n6\r\n right\r\n0\r\n\r\n")
    assert probe("--contains", "all right", f"http://127.0.0.1:{s.port}") == ""


def test_what_is_no_http(server):
    s = server(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    target = f"http://127.0.0.1:{s.port}/"
    assert "the answer is not HTTP" in probe(target, code=1)
    assert probe(f"tcp:127.0.0.1:{s.port}") == ""
    s = server(b"")
    assert "the connection ended before" in probe(f"http://127.0.0.1:{s.port}/", code=1)


def test_a_server_that_hangs(server):
    s = server(None)
    begun = time.monotonic()
    assert "no answer in time" in probe("-T", "300ms", f"http://127.0.0.1:{s.port}/", code=1)
    assert 0.3 <= time.monotonic() - begun < 30
    assert probe(f"tcp:127.0.0.1:{s.port}") == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_name_whose_first_address_is_silent(server, tmp_path):
    """It leaves time for the second one: as behind a firewall, its queue takes no connection, and does not refuse one."""
    s = server(OK, address=("127.0.0.3", 0), delay=0.1)
    (tmp_path / "hosts").write_text("127.0.0.2 twofold\n127.0.0.3 twofold\n")
    with socket.socket() as silent:
        silent.bind(("127.0.0.2", s.port))
        silent.listen(0)
        full = [socket.socket() for _ in range(3)]
        for one in full:
            one.setblocking(False)
            one.connect_ex(("127.0.0.2", s.port))
        script = f"mount --make-rprivate / && mount --bind {tmp_path}/hosts /etc/hosts && exec \"$0\" \"$@\""
        r = subprocess.run(["unshare", "-m", "sh", "-c", script, OVERLOG, "probe", "-T", "6s", f"http://twofold:{s.port}/"],
                           capture_output=True, text=True, timeout=60)
        for one in full:
            one.close()
    assert (r.returncode, r.stderr) == (0, "")


def test_what_is_there_when_the_time_is_over_counts(server, port):
    """The kernel has answered; probe itself got no processor."""
    late = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=connect", "-e", "inject=connect:delay_exit=400000", OVERLOG,
            "probe", "-T", "200ms"]
    for target, code, said in ((server(None).port, 0, ""), (port, 1, f"probe: fatal: tcp:127.0.0.1:{port}: {REFUSED}\n")):
        r = subprocess.run([*late, f"tcp:127.0.0.1:{target}"], capture_output=True, text=True, timeout=60)
        assert (r.returncode, r.stderr) == (code, said)


def test_a_name_server_that_hangs(tmp_path):
    """The C library would ask for ten seconds."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.77.1\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.77.1", 53))
        silent.setblocking(False)
        mount = f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && exec {OVERLOG} probe -T 500ms http://no.such.name/"

        def is_asked():
            r = subprocess.run(["unshare", "--mount", "sh", "-c", mount], capture_output=True, text=True, timeout=60)
            assert (r.returncode, r.stderr) == (1, "probe: fatal: unable to resolve no.such.name: no answer in time\n")
            try:
                return silent.recv(512)
            except BlockingIOError:
                return None  # the time was over before it could ask
        wait_for(is_asked, what="question")


def test_ipv6(server):
    s = server(OK, family=socket.AF_INET6, address=("::1", 0))
    assert probe(f"http://[::1]:{s.port}/", f"tcp:[::1]:{s.port}", f"http://localhost:{s.port}/") == ""
    assert s.asked[0].splitlines()[1] == f"Host: [::1]:{s.port}"
    assert "in brackets" in probe(f"http://::1:{s.port}/", code=100)


def test_unix(server, tmp_path):
    path = str(tmp_path / "s")
    s = server(OK, family=socket.AF_UNIX, address=path)
    assert probe(f"unix:{path}", f"http+unix:{path}:/health") == ""
    assert s.asked[-1].startswith("GET /health HTTP/1.1\r\nHost: localhost\r\n")
    server(OK, family=socket.AF_UNIX, address="\0probe-test-%d" % os.getpid())
    assert probe("unix:@probe-test-%d" % os.getpid()) == ""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(tmp_path / "d"))
        assert probe(f"unix:{tmp_path}/d") == ""
    assert REFUSED in probe(f"unix:{tmp_path}/d", code=1), "the file alone is no server"
    assert "No such file" in probe(f"unix:{tmp_path}/none", code=1)


def test_files_and_processes(tmp_path):
    (tmp_path / "pid").write_text(f"{os.getpid()}\n")
    assert probe(f"file:{tmp_path}", f"pid:{tmp_path}/pid") == ""
    assert "No such file" in probe(f"file:{tmp_path}/x", code=1)
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still to be waited for
    for text, said in (("", "no pid in it"), ("0", "no pid in it"), ("x1", "no pid in it"),
                       (str(2**31 - 2), "there is no process"), (f" {child.pid} x\n", "there is no process")):
        (tmp_path / "pid").write_text(text)
        assert said in probe(f"pid:{tmp_path}/pid", code=1)
    child.wait()


def test_all_that_fail_are_said(port):
    said = probe("file:/", f"tcp:127.0.0.1:{port}", "file:/none", code=1)
    assert said == (f"probe: fatal: tcp:127.0.0.1:{port}: {REFUSED}\n"
                    "probe: fatal: file:/none: No such file or directory\n")


@pytest.mark.parametrize("words, said", [
    ([], "usage: probe"), (["-w", "1x", "file:/"], "no length of time"), (["--status", "2", "file:/"], "no list of"),
    (["--header", "x", "file:/"], "no header"), (["https://a/"], "there is no TLS in probe"), (["web"], "a target is"),
    (["log:web:["], "["), (["--nope", "file:/"], "usage: probe"), (["-T", "0", "file:/"], "more than 0")])
def test_wrong_usage(words, said):
    assert said in probe(*words, code=100)


def test_a_wait_says_why_and_ends(tmp_path, port):
    """Silent for a second, then one line."""
    waiting = subprocess.Popen([OVERLOG, "probe", "-w", "1m", "file:/", f"file:{tmp_path}/x"], stderr=subprocess.PIPE, text=True)
    line = waiting.stderr.readline()
    assert line == f"probe: info: waiting for file:{tmp_path}/x: No such file or directory\n"
    (tmp_path / "x").touch()
    assert (waiting.wait(60), waiting.stderr.read()) == (0, "")
    waiting.stderr.close()
    begun = time.monotonic()
    assert probe("-w", "400ms", "file:/none", code=1) == "probe: fatal: file:/none: No such file or directory\n"
    assert time.monotonic() - begun >= 0.4
    assert REFUSED in probe("-w", "300", f"http://127.0.0.1:{port}/", code=1)


# --- in a container



def test_services_and_logs_without_a_shell(scratch, boot):
    """Nothing but our program and the service's own; as HEALTHCHECK would run it, with the PATH of an image."""
    scratch.longrun("web", "#!/command/execlineb -P\n/bin/helper serve 8080\n")
    scratch.longrun("late", "#!/command/execlineb -P\nforeground { probe -w 1m file:/tmp/go }\n/bin/helper ready\n",
                    notification_fd="3\n")
    scratch.oneshot("after", "probe -w 1m http://localhost:8080/ \"log:web:^serv[i]ng$\"\n", deps=["web"])
    scratch.write("/etc/hosts", "127.0.0.1 app\n")
    box = boot(scratch.path, path=None, env={"S6_LOGGING": "1", "PATH": "/usr/bin:/bin"})
    box.wait_for(lambda: box.run("/usr/bin/probe", "service:after").returncode == 0)
    assert box.run("/usr/bin/probe", "-T", "1m", "service:web", "http://localhost:8080/", "tcp:app:8080", "tcp:[::1]:8080").stderr == (
        f"probe: fatal: tcp:[::1]:8080: {REFUSED}\n")
    assert box.run("/usr/bin/probe", "service:web", user=1000).returncode == 0
    asked = box.run("/usr/bin/probe", "service:late", "service:nix")
    assert (asked.returncode, asked.stderr) == (1, "probe: fatal: service:late: it is starting\n"
                                                   "probe: fatal: service:nix: there is no such service\n")
    waiting = box.begin("/usr/bin/probe", "-w", "1m", "service:late")
    box.run("/command/s6-touch", "/tmp/go")
    assert waiting.wait(60) == 0
    waiting.communicate()
    box.run("/command/s6-svc", "-d", "/run/service/web")
    box.wait_for(lambda: "service:web: it is down" in box.run("/usr/bin/probe", "service:web").stderr)
    assert box.stop() == 0


def test_a_log_line_counts_since_the_start(tree, boot):
    """A line of an instance before says nothing about this one; a line that an archive holds does."""
    tree.longrun("web", "#!/bin/sh\nprobe file:/tmp/again || echo is warm\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    warm = "log:web:^is warm$"
    box.wait_for(lambda: box.run("/command/probe", warm).returncode == 0)
    box.run("/command/s6-svc", "-a", "/run/service/web/log")
    wait_for(lambda: any(name.endswith(".s") for name in os.listdir(tree.at("/var/log/services/web"))), what="archive")
    assert box.run("/command/probe", warm).returncode == 0
    denied = box.run("/command/probe", warm, user=1000)
    assert denied.returncode == 1 and denied.stderr != ""
    box.run("/bin/touch", "/tmp/again")
    box.run("/command/s6-svc", "-wr", "-r", "/run/service/web")
    box.wait_for(lambda: "no such line since the service started" in box.run("/command/probe", warm).stderr)
    assert box.run("/command/probe", "log:web:is w.rm", "log:nix:x").stderr.count("\n") == 2
    assert box.stop() == 0


def test_a_log_that_is_none(tree, boot):
    tree.longrun("web")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_for(lambda: box.run("/command/probe", "service:web").returncode == 0)
    assert "log:web:x: the service has no log directory" in box.run("/command/probe", "log:web:x").stderr
    assert box.stop() == 0


def complete(folder, *words):
    """What bash offers for the last word; a colon is one, for bash."""
    script = f"""
        source {TOP}/command/tools.bash
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        $(complete -p "$1" | sed 's/.*-F \\([^ ]*\\) .*/\\1/') "$1" "${{@: -1}}" "${{@: -2:1}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    r = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, timeout=60, cwd=folder,
                       env={"PATH": f"{folder}/bin:/usr/bin:/bin"})
    assert r.stderr == ""
    return r.stdout.split()


def test_completion(tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("livecheck", "notify", "probe", "schedule", "with-logfiles"):
        (tmp_path / "bin" / name).symlink_to(OVERLOG)
    overlog = tmp_path / "bin/overlog"
    overlog.write_text("""#!/bin/sh\necho '{"services":[{"name":"web"},{"name":"worker"}]}'\n""")
    overlog.chmod(0o755)
    assert complete(tmp_path, "livecheck", "-a", "ex") == ["exit"]
    assert {"-i", "-f", "-c", "--help"} <= set(complete(tmp_path, "livecheck", "-"))
    assert complete(tmp_path, "notify", "-") == ["--help", "-3"]
    assert complete(tmp_path, "notify", "prob") == ["probe"]
    assert complete(tmp_path, "probe", "--st") == ["--status"]
    assert complete(tmp_path, "probe", "ser") == ["service:"]
    assert complete(tmp_path, "probe", "service", ":") == complete(tmp_path, "probe", "log", ":", "w") == ["web", "worker"]
    assert complete(tmp_path, "probe", "log", ":", "web", ":", "w") == complete(tmp_path, "probe", "-w", "") == []
    assert complete(tmp_path, "probe", "file", ":", "b") == ["bin"]
    assert complete(tmp_path, "schedule", "-o", "") == ["skip", "queue", "kill"]
    assert {"-z", "--fail-after", "--next"} <= set(complete(tmp_path, "schedule", "-"))
    assert complete(tmp_path, "schedule", "--next", "") == []
    assert complete(tmp_path, "with-logfiles", "-") == ["--help", "-s"]
    assert complete(tmp_path, "with-logfiles", "/usr/bi") == ["/usr/bin"]
    assert complete(tmp_path, "with-logfiles", "/x.log", ":", "") == ["out", "err", "follow"]
    assert complete(tmp_path, "with-logfiles", "/x.log", "prob") == ["probe"]
