"""overlog up: a tree on a workstation, as a plain user, beside others."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from lib.boot import Stream
from lib.build import OVERLOG
from lib.processes import descendants
from lib.text import assert_order
from lib.wait import DEADLINE, wait_for

USER = 65533
RUN = "#!/usr/bin/with-contenv sh\n"


class Workstation:
    """A directory of a plain user, with a tree in it."""

    def __init__(self, place):
        self.home = os.path.join(place, "home")
        self.runtime = os.path.join(place, "runtime")
        self.program = os.path.join(place, "overlog")
        shutil.copy(OVERLOG, self.program)
        os.chmod(self.program, 0o755)
        for folder in (self.home, self.runtime):
            os.mkdir(folder)
            os.chown(folder, USER, USER)
        self.started = []

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)

    def service(self, kind, name, deps=(), **files):
        self.write(f"etc/s6-overlay/s6-rc.d/{name}/type", kind + "\n")
        for dependency in deps:
            self.write(f"etc/s6-overlay/s6-rc.d/{name}/dependencies.d/{dependency}", "")
        for file, text in files.items():
            self.write(f"etc/s6-overlay/s6-rc.d/{name}/{file}", text)
        self.write(f"etc/s6-overlay/user-bundles.d/user/contents.d/{name}", "")

    def up(self, *words, user=USER, **more):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "XDG_RUNTIME_DIR": self.runtime, "GREETING": "hello",
               "OVERLOG_DRAIN": "20000",  # a logger that gets no processor is not killed: its lines are looked at
               **more.pop("env", {})}
        ids = {} if user == 0 else {"user": user, "group": user, "extra_groups": []}
        p = subprocess.Popen([self.program, "up", *words], cwd=self.home, env=env, start_new_session=True, text=True,
                             **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                                **ids, **more})
        self.started.append(p)
        return p

    def run_directory(self):
        """The private /run, once it is there."""
        def find():
            return [os.path.join(self.runtime, name, "run") for name in os.listdir(self.runtime)]
        return wait_for(find)[0]

    def status(self, *words):
        run = self.run_directory()
        return subprocess.run([self.program, "status", "-R", run, *words], capture_output=True, text=True,
                              user=USER, group=USER, extra_groups=[])

    def wait_well(self):
        wait_for(lambda: self.status("-H").returncode == 0)

    def log(self, name):
        with open(os.path.join(self.home, "logs", name, "current")) as file:
            return file.read()

    def nothing_left(self):
        assert os.listdir(self.runtime) == []
        with open("/proc/self/mounts") as file:
            assert self.home not in file.read()
        wait_for(lambda: not self.processes(), what="end of its processes")

    def processes(self):
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.readlink(f"/proc/{entry}/exe") == self.program:
                    found.append(int(entry))
            except OSError:
                pass
        return found


@pytest.fixture
def desk(place):
    w = Workstation(place)
    yield w
    for p in w.started:
        alive = p.poll() is None  # else its pid may be another's
        for pid in [p.pid] + descendants(p.pid) if alive else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        p.wait()
        for stream in (p.stdout, p.stderr):
            if stream:
                stream.close()


def two_services(desk):
    """Both are ready once they have said their line, and web its trap."""
    desk.service("oneshot", "first", up="/etc/s6-overlay/scripts/first\n", down="echo last\n")
    desk.write("etc/s6-overlay/scripts/first", RUN + "echo $GREETING\ns6-echo done\n", 0o755)
    desk.service("longrun", "web", ["first"], **{"notification-fd": "3\n"},
                 run=RUN + "trap 'echo bye; exit' TERM\necho serving in $(pwd)\necho >&3\nwhile :; do sleep 0.1; done\n")
    desk.service("longrun", "worker", ["web"], **{"notification-fd": "3\n"},
                 run="#!/command/execlineb -P\nfdmove -c 2 1\nforeground { echo working as ${USER} }\n"
                     "foreground { fdmove 1 3 echo }\n/command/s6-pause\n")


def on_the_machine():
    """What a tree has for its own and the machine must not get; others may make and remove what they like there."""
    ours = ["/command", "/run/s6", "/run/s6-rc", "/run/service", "/run/uncaught-logs", "/run/s6-linux-init-container-results",
            "/etc/s6-overlay", "/etc/services.d", "/etc/cont-init.d", "/etc/cont-finish.d", "/etc/fix-attrs.d"]
    return [path for path in ours if os.path.lexists(path)]


def test_a_tree_runs_and_stops(desk):
    two_services(desk)
    before = on_the_machine()
    # One that is like ours and none of ours.
    bystander = subprocess.Popen(["sleep", "1000"], user=USER, group=USER, extra_groups=[])
    desk.started.append(bystander)
    p = desk.up()
    desk.wait_well()
    whole = json.loads(desk.status("--json").stdout)
    assert {s["name"]: s["state"] for s in whole["services"]} == {"first": "up", "web": "up", "worker": "up"}
    assert whole["pid"] == p.pid != 1
    web = next(s for s in whole["services"] if s["name"] == "web")
    assert web["log"] == desk.home + "/logs/web"
    wait_for(lambda: "serving in /run/s6-rc/servicedirs/web\n" in desk.log("web") and "working as" in desk.log("worker"))
    with open(f"/proc/{web['pid']}/status") as file:
        facts = dict(line.split(":", 1) for line in file)
    assert facts["Uid"].split() == [str(USER)] * 4 and int(facts["CapEff"], 16) == 0
    os.kill(p.pid, signal.SIGINT)
    out, err = p.communicate(timeout=DEADLINE)
    assert p.returncode == 0, err
    assert [line for line in out.splitlines() if line.startswith("[.init]")] == ["[.init] hello", "[.init] done", "[.init] last"]
    assert_order(out, "[web] serving in", "[web] bye\n")
    assert err.splitlines() == [
        f"overlog up: info: logs in {desk.home}/logs: OVERLOG_DIR={desk.home}/logs logcat -f; overlog status -R " + err.split("-R ")[1].split("\n")[0],
        "[.init] overlog up: info: stopping web, worker; ^C again kills what is left"]
    assert "[worker] working as" in out
    assert " stdout F bye\n" in desk.log("web") and " end code=0\n" in desk.log(".events")
    desk.nothing_left()
    assert before == on_the_machine()
    assert bystander.poll() is None


def own_lines(out):
    """The command's: those of services, among which they come, begin with a name."""
    return [line for line in out.splitlines() if not line.startswith("[")]


def test_a_command(desk):
    two_services(desk)
    desk.write("data.txt", "here\n")
    script = ("cat data.txt; id -u; s6-svstat -o up /run/service/web; until logcat web | grep serving; do sleep 0.05; done >/dev/null; "
              "overlog status -H; test ! -w /usr/bin; exit 7")
    p = desk.up("-l", "lines", "etc/s6-overlay", "--", "sh", "-c", script)
    out, err = p.communicate(timeout=DEADLINE)
    assert p.returncode == 7, err
    assert own_lines(out) == ["here", str(USER), "true", "all services are up and ready"]
    assert_order(out, "[web] serving", "[web] bye")
    assert os.path.exists(desk.home + "/lines/web/current") and not os.path.exists(desk.home + "/logs")
    desk.nothing_left()


def on_a_terminal(desk, **env):
    """overlog up with a terminal of its own: the process and our side."""
    ours, theirs = os.openpty()
    os.fchown(theirs, USER, -1)
    mode = os.fstat(theirs).st_mode

    def take_terminal():
        import fcntl
        import termios
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    p = desk.up(stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=take_terminal, env=env)
    out = Stream(ours)
    desk.wait_well()
    assert os.fstat(theirs).st_mode == mode  # others may not write to the terminal of a user
    os.close(theirs)
    return p, ours, out


def test_control_c_on_a_terminal(desk):
    two_services(desk)
    p, ours, out = on_a_terminal(desk, TERM="xterm")
    wait_for(lambda: "serving in" in out.text() and "working as" in out.text())
    os.write(ours, b"\x03")
    assert p.wait(DEADLINE) == 0
    out.thread.join(DEADLINE)
    lines = out.text().replace("\r", "").splitlines()
    # Time, and names as wide as the longest, each in its colour. The terminal's ^C is in front of what comes first.
    begin = r"(?:\^C)?\d\d:\d\d:\d\d \x1b\[\d\dm"
    assert [line for line in lines if re.fullmatch(begin + r"web   \x1b\[0m \| bye", line)]
    assert [line for line in lines if re.fullmatch(begin + r"worker\x1b\[0m \| working as.*", line)]
    assert len([line for line in lines if line.endswith(
        " | overlog up: info: stopping web, worker; ^C again kills what is left")]) == 1
    desk.nothing_left()


def test_control_c_again(desk):
    desk.service("longrun", "stubborn", run=RUN + "trap '' TERM\necho deaf\nwhile :; do sleep 0.1; done\n")
    p, ours, out = on_a_terminal(desk, TERM="xterm", NO_COLOR="1")
    wait_for(lambda: " stubborn | deaf" in out.text())
    os.write(ours, b"\x03")
    wait_for(lambda: "stopping stubborn; ^C again kills what is left" in out.text())
    assert p.poll() is None
    os.write(ours, b"\x03")
    assert p.wait(DEADLINE) == 0
    out.thread.join(DEADLINE)
    assert "overlog up: info: killing what is left" in out.text() and "\x1b" not in out.text()
    desk.nothing_left()


def test_it_ends_with_its_terminal(desk):
    two_services(desk)
    p = desk.up()
    desk.wait_well()
    os.kill(p.pid, signal.SIGHUP)
    assert p.wait(DEADLINE) == 0
    desk.nothing_left()


def test_root_may_too(desk):
    two_services(desk)
    p = desk.up(".", "--", "sh", "-c", "cat /proc/self/uid_map; id -u", user=0)
    out, err = p.communicate(timeout=DEADLINE)
    assert p.returncode == 0, err
    with open("/proc/self/uid_map") as file:
        # no user namespace: services may be other users
        assert own_lines(out) == [*file.read().splitlines(), "0"]
    desk.nothing_left()


def test_what_cannot_be_used(desk):
    desk.service("longrun", "web", ["nothere"], run=RUN)
    p = desk.up()
    err = p.communicate(timeout=DEADLINE)[1]
    assert p.returncode == 1 and "undefined service name nothere" in err
    assert desk.up("a", "b").wait(DEADLINE) == 100
    assert os.listdir(desk.runtime) == []


def test_where_namespaces_are_forbidden(desk):
    """As in a container: root there, without capabilities, and no user namespace to be had."""
    two_services(desk)
    forbid = "echo 0 >/proc/sys/user/max_user_namespaces; exec setpriv --bounding-set=-all --inh-caps=-all \"$@\""
    r = subprocess.run(["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh", desk.program, "up"],
                       cwd=desk.home, env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": desk.runtime}, text=True,
                       capture_output=True, user=USER, group=USER, extra_groups=[], timeout=DEADLINE)
    assert r.returncode == 111
    assert "unable to make a user namespace (this system or container engine forbids it" in r.stderr
    desk.nothing_left()
