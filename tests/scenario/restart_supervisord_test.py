"""supervisord beside overlog: the same configuration, imported, and what becomes of each program."""

import os
import subprocess

import pytest

from lib.build import OVERLOG
from lib.wait import wait_for

# Each exits, after its n-th start, as its script says; `stays` does not end.
STAYS = "exec sleep 1000"
LIVES = "sleep 1.2"  # longer than startsecs=1

PROGRAMS = {
    # name: (keys, script, state and starts under supervisord, under overlog)
    "loop": ("autorestart=true\nstartsecs=3\nstartretries=1", "exit 1", ("FATAL", 2), ("failed", 2)),
    "usual": ("startsecs=3\nstartretries=2", "exit 1", ("FATAL", 3), ("failed", 3)),
    "crash": ("startsecs=3\nstartretries=1", "kill -9 $$", ("FATAL", 2), ("failed", 2)),
    "expected": ("exitcodes=0,3", f"{LIVES}; exit 3", ("EXITED", 1), ("down", 1)),
    "again": ("exitcodes=0,3", f"test $n -gt 1 || {{ {LIVES}; exit 4; }}; {STAYS}", ("RUNNING", 2), ("up", 2)),
    "killed": ("autorestart=unexpected", f"test $n -gt 1 || {{ {LIVES}; kill -9 $$; }}; {STAYS}", ("RUNNING", 2), ("up", 2)),
    "once": ("autorestart=false", f"{LIVES}; exit 0", ("EXITED", 1), ("down", 1)),
    "at-once": ("autorestart=true\nstartsecs=0", f"test $n -gt 3 || exit 1; {STAYS}", ("RUNNING", 4), ("up", 4)),
    "slow": ("autorestart=true\nstartretries=1", f"test $n -gt 3 || {{ {LIVES}; exit 1; }}; {STAYS}", ("RUNNING", 4), ("up", 4)),
    "recovers": ("autorestart=true\nstartsecs=3\nstartretries=3", f"test $n -gt 2 || exit 1; {STAYS}", ("RUNNING", 3), ("up", 3)),
    # What differs: a failure is one, though nothing starts it again ...
    "bad-once": ("autorestart=false", f"{LIVES}; exit 1", ("EXITED", 1), ("failed", 1)),
    # ... and an expected end is one, however early.
    "early": ("startsecs=3\nstartretries=1", "exit 0", ("FATAL", 2), ("down", 1)),
}


def fill(write):
    """Writes the scripts, by a function that takes a name and a text; returns the configuration."""
    for name, (_, script, _, _) in PROGRAMS.items():
        write(f"{name}.sh", f"echo run >>$RUNS/{name}.runs\nn=$(wc -l <$RUNS/{name}.runs)\n{script}\n")
    return "".join(f"[program:{name}]\ncommand=/bin/sh %(ENV_RUNS)s/{name}.sh\n{keys}\n\n"
                   for name, (keys, _, _, _) in PROGRAMS.items())


def starts(folder, name):
    path = os.path.join(folder, f"{name}.runs")
    if not os.path.exists(path):
        return 0
    with open(path) as file:
        return file.read().count("run")


def settle(folder, states, wanted):
    """Waits until each program is as wanted, and says how each was if one never is."""
    seen = {}

    def all_are():
        now = states()
        seen.update({name: (now.get(name), starts(folder, name)) for name in PROGRAMS})
        return seen == wanted
    try:
        wait_for(all_are, 60)
    except TimeoutError:
        assert seen == wanted
        raise


@pytest.mark.long
def test_under_supervisord(tmp_path):
    conf = tmp_path / "supervisord.conf"
    programs = fill(lambda name, text: (tmp_path / name).write_text(text))
    conf.write_text(f"[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={tmp_path}/pid\n"
                    f"[unix_http_server]\nfile={tmp_path}/sock\n"
                    "[rpcinterface:supervisor]\n"
                    "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
                    f"[supervisorctl]\nserverurl=unix://{tmp_path}/sock\n{programs}")
    running = subprocess.Popen(["/usr/bin/supervisord", "-c", conf], env={**os.environ, "RUNS": str(tmp_path)},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def states():
        r = subprocess.run(["/usr/bin/supervisorctl", "-c", conf, "status"], capture_output=True, text=True,
                           env={**os.environ, "RUNS": str(tmp_path)})
        return dict(line.split()[:2] for line in r.stdout.splitlines() if len(line.split()) > 1)
    try:
        settle(tmp_path, states, {name: theirs for name, (_, _, theirs, _) in PROGRAMS.items()})
    finally:
        running.terminate()
        running.wait(60)


@pytest.mark.long
def test_imported(tree, boot):
    tree.write("/app/supervisord.conf", fill(lambda name, text: tree.write(f"/tmp/{name}", text)))
    subprocess.run([OVERLOG, "import", "-d", tree.at("/etc/s6-overlay"), tree.at("/app/supervisord.conf")], check=True,
                   capture_output=True)
    box = boot(tree.path, env={"RUNS": "/tmp"})

    def states():
        lines = box.run("/command/overlog", "status").stdout.splitlines()
        return dict(line.split()[:2] for line in lines if len(line.split()) > 1)
    settle(tree.at("/tmp"), states, {name: ours for name, (_, _, _, ours) in PROGRAMS.items()})
    assert box.stop() == 0
