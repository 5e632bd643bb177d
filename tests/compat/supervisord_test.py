"""overlog import against supervisord itself: both run the same configuration, in the same file system, and the
programs tell how they were started, how often, and by which signal they were ended."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from lib.build import OVERLOG
from lib.processes import descendants
from lib.wait import DEADLINE, wait_for

pytestmark = pytest.mark.long

SUPERVISORD = "/usr/bin/supervisord"
PROBE = str(Path(__file__).with_name("probe.sh"))

# name: (configuration, what a test says of it). P is the probe, H the directory of the configuration.
CASES = {
    "web and php": ("""
[program:php-fpm]
command=P php-fpm stay --nodaemonize --fpm-config "H/php fpm.conf"
priority=5
autorestart=true
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
stderr_logfile=/dev/stderr
stderr_logfile_maxbytes=0

[program:nginx]
command=P nginx stay -g "daemon off; error_log /dev/stderr;" ; the web server
priority=10
autorestart=true
stopsignal=QUIT
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
""", {"order": ["php-fpm", "nginx"]}),
    "workers": ("""
[program:queue]
process_name=%(program_name)s_%(process_num)02d
command=P queue%(process_num)d stay --of=%(numprocs)d --group=%(group_name)s
numprocs=3
numprocs_start=7
user=www-data
autorestart=true
stopasgroup=true
killasgroup=true
stopwaitsecs=3600
redirect_stderr=true
stdout_logfile=H/queue.log
""", {}),
    "groups": ("""
[group:front]
programs=web, push
priority=20
[group:back]
programs=db
priority=10
[program:db]
command=P db stay %(group_name)s
priority=900
[program:web]
command=P web stay %(group_name)s
priority=5
[program:push]
command=P push stay %(group_name)s
priority=5
[program:alone]
command=P alone stay %(group_name)s
priority=15
""", {"order": ["db", "alone", "web"]}),
    "environment": ("""
[supervisord]
environment=ALL="all of it",TOKEN='a,b=c',PLACE="%(here)s"
[program:a]
command=P a stay "%(ENV_GIVEN)s" %(ENV_GIVEN)s --x=%(ENV_GIVEN)s %(ENV_ALL)s "%(ENV_MINE)s"
environment=MINE="it's mine",
    URL="http://u:p@x/?a=1&b=2",ALL="anew",QUOTED="'x'",SIGNS="$HOME `id` \\\\ *",PLAIN=/usr/share:x-y.z(1)
[program:b]
command=P b stay %(host_node_name)s
environment=PATH="/opt/none:%(ENV_PATH)s"
""", {}),
    "stop signals": ("""
[program:quit]
command=P quit stay
stopsignal=QUIT
[program:int]
command=P int stay
stopsignal=sigint
[program:usr1]
command=P usr1 stay
stopsignal=10
[program:hup]
command=P hup stay
stopsignal=HUP
[program:term]
command=P term stay
""", {}),
    "deaths": ("""
[program:always]
command=P always end 0
autorestart=true
startsecs=0
[program:never]
command=P never end 1
autorestart=false
startsecs=0
[program:expected]
command=P expected end 2
autorestart=Unexpected
exitcodes=0, 2
startsecs=0
[program:unexpected]
command=P unexpected end 1
exitcodes=0,2
startsecs=0
[program:good]
command=P good end 0
startsecs=0
[program:killed]
command=P killed die
autorestart=unexpected
startsecs=0
[program:killed-once]
command=P killed-once die
autorestart=No
startsecs=0
[program:env]
command=P env end 0
autorestart=%(ENV_YES)s
startsecs=0
[program:env-not]
command=P env-not end 1
autorestart=%(ENV_NO)s
startsecs=0
""", {"again": ["always", "unexpected", "killed", "env"], "once": ["never", "expected", "good", "killed-once", "env-not"]}),
    "places": ("""
[supervisord]
umask=077
directory=/usr
[program:plain]
command=P plain stay
[program:there]
command=P there stay
directory=H
umask=027
user=www-data
[program:number]
command=P number stay
user=33
umask=%(ENV_MASK)s
directory=%(here)s/../
[program:relative]
command=P relative stay
directory=sub
user=%(ENV_WHO)s
""", {}),
    "autostart": ("""
[program:off]
command=P off stay
autostart=false
priority=1
[program:on]
command=P on stay
autostart=%(ENV_YES)s
priority=2
[program:not]
command=P not stay
autostart=%(ENV_NO)s
priority=3
[program:last]
command=P last stay
""", {"none": ["off", "not"], "order": ["on", "last"]}),
    "process groups": ("""
[program:wrapped]
command=/bin/sh -c "P parent%(process_num)d stay & P child stay; true"
stopasgroup=true
stopwaitsecs=20
[program:single]
command=P single stay
killasgroup=true
""", {"starts": ["parent0", "child", "single"]}),
    "includes": ("""
[include]
files = conf.d/*.conf more/%(ENV_SUB)s/*.ini
[program:main]
command=P main stay %(here)s
""", {"starts": ["main", "one", "two"], "files": {
        "conf.d/a.conf": "[program:one]\ncommand=P one stay %(here)s\ndirectory=%(here)s\n",
        "more/x/b.ini": "[program:two]\ncommand=P two stay %(here)s\n    --long=1 ; comment\n    --two='a b'\n"}}),
    "quoting": ("""
[program:a]
command=P a stay 'single $HOME' "double \\"x\\" \\\\ $HOME" back\\\\slash a\\ b '' x'y'"z" * ~ ; comment
[program:b]
command=/bin/bash -c 'x="a  b"; exec P b stay "$x" $x > /dev/null'
[program:c]
command=P c stay 100%% a;b #x
[program:d]
command=P d stay a=b {c,d} ! & | < > ( ) `id`
""", {"starts": ["a", "b", "c", "d"]}),
    "output": ("""
[program:both]
command=P both stay
[program:merged]
command=P merged stay
redirect_stderr=true
[program:file]
command=P file stay
stdout_logfile=H/file.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=3
stderr_logfile=NONE
[program:silent]
command=P silent stay
stdout_logfile=off
redirect_stderr=true
[program:null]
command=P null stay
stdout_logfile=/dev/null
""", {}),
    "names": ("""
[program:user]
command=P user stay %(program_name)s
[program:base]
command=P base stay %(program_name)s
priority=1
[program:top]
command=P top stay %(program_name)s
process_name=top-%(ENV_SUB)s
""", {"order": ["base", "user"]}),
    "sockets and events": ("""
[unix_http_server]
file=H/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://H/s.sock
[fcgi-program:app]
socket=unix://H/app.sock
command=P app%(process_num)d stay
process_name=app%(process_num)d
numprocs=2
[eventlistener:fatal]
command=/bin/cat
events=PROCESS_STATE_FATAL
[program:plain]
command=P plain stay
startretries=2
startsecs=3
""", {"starts": ["app0", "app1", "plain"]}),
}

ENVIRONMENT = {"GIVEN": "a b", "YES": "True", "NO": "false", "MASK": "007", "WHO": "www-data", "SUB": "x",
               "HOME": "/root", "PATH": "/usr/local/bin:/usr/bin:/bin"}


class Run:
    """One configuration under one of the two."""

    def __init__(self, base, name, ours):
        self.text, self.facts = CASES[name]
        self.ours = ours
        self.home = base / re.sub(r"\W", "-", name) / ("overlog" if ours else "supervisord")
        self.records = self.home / "records"
        self.out = self.home / "out"
        for folder in (self.records, self.out, self.home / "sub"):
            folder.mkdir(parents=True)
        self.records.chmod(0o777)
        self.told_to_end = Path(f"{self.records}.ended")
        self.told_to_end.touch()
        self.told_to_end.chmod(0o666)
        for file, content in {"supervisord.conf": self.text, **self.facts.get("files", {})}.items():
            if "[supervisord]" not in content and file == "supervisord.conf":
                content = "[supervisord]\n" + content
            (self.home / file).parent.mkdir(parents=True, exist_ok=True)
            (self.home / file).write_text(self.place(content).replace(
                "[supervisord]\n", f"[supervisord]\nnodaemon=true\nchildlogdir={self.out}\npidfile={self.home}/pid\n"
                f"logfile={self.home}/supervisord.log\n"))
        self.process = None

    def place(self, text):
        """P and H stand for the probe and the directory."""
        text = re.sub(r"\bH(?=[/\n])", str(self.home), text)
        return re.sub(r"(?<![\w-])P (?=\w)", PROBE + " ", text)

    def start(self):
        env = {**ENVIRONMENT, "RECORDS": str(self.records)}
        conf = self.home / "supervisord.conf"
        if self.ours:
            r = subprocess.run([OVERLOG, "import", "-d", "t", conf], cwd=self.home, env=env, capture_output=True, text=True)
            assert r.returncode == 0, r.stderr
            self.said = r.stderr
            check = subprocess.run([OVERLOG, "check", "t"], cwd=self.home, capture_output=True, text=True)
            assert check.returncode == 0, check.stdout
            words = [OVERLOG, "up", "-l", self.out, self.home / "t"]
        else:
            words = [SUPERVISORD, "-n", "-c", conf]
        with open(self.home / "stdout", "wb") as out:
            self.process = subprocess.Popen(words, cwd=self.home, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT, start_new_session=True)

    def read(self, name):
        path = self.records / name
        return path.read_text(errors="surrogateescape").splitlines() if path.exists() else []

    def starts(self, name):
        return sum(line.startswith("start ") for line in self.read(name))

    def is_there(self):
        assert self.process.poll() is None, (self.home / "stdout").read_text()
        again = self.facts.get("again", [])
        return all(self.starts(name) >= (3 if name in again else 1) for name in self.expected())

    def expected(self):
        """The names under which programs of this configuration report."""
        if "starts" in self.facts:
            return self.facts["starts"]
        text = self.text
        names = set(re.findall(r"P ([\w-]+) (?:stay|end|die)", text)) - set(self.facts.get("none", []))
        found = set(re.findall(r"P ([\w-]+)%\(process_num\)d stay", text))
        for name in found:
            first = int(re.search(r"numprocs_start=(\d+)", text).group(1))
            names |= {f"{name}{first + i}" for i in range(int(re.search(r"numprocs=(\d+)", text).group(1)))}
        return sorted(names)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)

    def end(self):
        code = self.process.wait(DEADLINE)
        assert code == 0, (self.home / "stdout").read_text()

    def kill(self):
        if self.process is None or self.process.poll() is not None:
            return
        for pid in descendants(self.process.pid) + [self.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    # --- what is compared ---

    def told(self, name):
        """How it ran, each time: what differs by design is left out."""
        lines = []
        for line in self.read(name):
            kind, _, text = line.partition(" ")
            key = text.partition("=")[0]
            if kind == "environment" and (key.startswith(("S6_", "OVERLOG_")) or key in (
                    "SUPERVISOR_ENABLED", "SUPERVISOR_SERVER_URL", "RECORDS", "PWD", "OLDPWD", "CWD", "LC_CTYPE")):
                continue
            if text.startswith("PATH="):
                line = line.replace("/command:", "").replace(":/usr/sbin:/sbin", "")
            lines.append(line.replace(str(self.home), "HOME"))
        starts = [sorted(part.splitlines()) for part in "\n".join(lines).split("start ") if part.strip()]
        return starts

    def started(self):
        """The order in which programs were executed, as the log says."""
        if self.ours:
            text = (self.out / ".events/current").read_text()
            names = re.findall(r" start service=(\S+)", text) or re.findall(r"service=(\S+) start", text)
        else:
            names = re.findall(r"spawned: '([^']+)'", (self.home / "supervisord.log").read_text())
        return [name.removeprefix("program-") for name in names]

    def ended(self):
        """The order in which they were told to end."""
        return self.told_to_end.read_text().splitlines()

    def output(self, name):
        """{stream: its lines in the log}"""
        found = {"stdout": [], "stderr": []}
        if self.ours:
            path = self.out / name / "current"
            for line in path.read_text().splitlines() if path.exists() else []:
                found[line.split(" ")[1]].append(line.split(" ", 3)[3])
        else:
            for path in [*self.out.glob(f"{name}-std*"), self.home / f"{name}.log"]:
                stream = "stderr" if "-stderr-" in path.name else "stdout"
                found[stream] += path.read_text().splitlines() if path.exists() else []
        return {stream: sorted(lines) for stream, lines in found.items()}


@pytest.fixture(scope="module")
def runs():
    """All of them at once: starting Python takes most of the time."""
    base = Path(tempfile.mkdtemp(prefix="overlog-test-"))
    base.chmod(0o755)  # any user may enter
    made = {(name, ours): Run(base, name, ours) for name in CASES for ours in (False, True)}
    try:
        for run in made.values():
            run.start()
        for run in made.values():
            wait_for(run.is_there, what=f"start in {run.home}", interval=0.05)
        for run in made.values():
            run.stop()
        for run in made.values():
            run.end()
        yield made
    finally:
        for run in made.values():
            run.kill()
        shutil.rmtree(base, ignore_errors=True)


@pytest.mark.parametrize("name", CASES)
def test_the_same_runs(runs, name):
    theirs, ours = runs[name, False], runs[name, True]
    assert sorted(os.listdir(theirs.records)) == sorted(os.listdir(ours.records)) == sorted(ours.expected())
    for program in ours.expected():
        a, b = theirs.told(program), ours.told(program)
        if program in ours.facts.get("again", []):
            a, b = a[:3], b[:3]  # ends as any other from here on
        assert b == a, program
        if program in ours.facts.get("once", []):
            assert len(b) == 1


@pytest.mark.parametrize("name", [name for name, (_, facts) in CASES.items() if "order" in facts])
def test_the_same_order(runs, name):
    for run in (runs[name, False], runs[name, True]):
        order = run.facts["order"]
        assert [n for n in run.started() if n in order] == order
        assert [n for n in run.ended() if n in order] == order[::-1]


def test_the_same_output(runs):
    theirs, ours = runs["output", False], runs["output", True]
    for program in ("both", "merged", "file", "silent"):
        assert ours.output(program) == theirs.output(program), program
    assert ours.output("null") == {"stdout": [], "stderr": ["err null"]}


def test_what_cannot_be_the_same_is_said(runs):
    said = runs["sockets and events", True].said
    for text in ("[fcgi-program:app]: socket: no socket is opened", "[eventlistener:fatal]: hooks in /etc/s6-overlay/on-event.d",
                 "[program:plain]: startsecs: it counts"):
        assert text in said
    for name in ("web and php", "groups", "stop signals", "quoting"):
        assert runs[name, True].said == ""
