"""What docs/security.md claims of hostile services, other users and random bytes."""

import os
import re
import stat
import subprocess

import pytest

from lib.control import svstat
from lib.logs import log_lines, log_text

EVIL = """#!/bin/sh
printf '2001-01-01T00:00:00.000000000Z stderr F forged\\n'
printf 'a\\0002001-01-01T00:00:00.000000000Z stdout F also\\n'
printf '\\033]0;title\\007\\n'
echo done
exec sleep 1000
"""
SERVICE = "#!/command/execlineb -P\ns6-setuidgid www-data\nsh -c \"echo secret-free; exec sleep 1000\"\n"


def inner_pid(pid):
    """Its number in its own pid namespace."""
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"^NSpid:.*\s(\d+)$", file.read(), re.M).group(1))


@pytest.fixture
def box(tree, boot):
    tree.longrun("web", SERVICE)
    tree.longrun("evil", EVIL)
    box = boot(tree.path, env={"SECRET": "hunter2", "TZ": "UTC", "S6_LOGGING": "2"})
    for name, last in (("web", "secret-free"), ("evil", "done")):
        current = tree.at(f"/var/log/services/{name}/current")
        box.wait_for(lambda: os.path.exists(current) and last in log_text(os.path.dirname(current)))
    return box


def as_user(box, script, user=1):
    return box.run("/bin/sh", "-c", script, user=user)


def test_lines_cannot_forge_a_stamp_or_a_stream(box, tree):
    lines = log_lines(tree.at("/var/log/services/evil"))
    assert [(stream, text) for _, stream, _, text in lines] == [
        ("stdout", "2001-01-01T00:00:00.000000000Z stderr F forged"), ("stdout", "a"),
        ("stdout", "2001-01-01T00:00:00.000000000Z stdout F also"), ("stdout", "\x1b]0;title\x07"),
        ("stdout", "done")]


def test_loggers_keep_no_environment_and_are_closed_to_others(box):
    for pid in box.loggers("web"):
        with open(f"/proc/{pid}/environ", "rb") as file:
            names = {item.split(b"=")[0] for item in file.read().split(b"\0") if item}
        assert names == {b"PATH", b"TZ"}
        with open(f"/proc/{pid}/status") as file:
            status = file.read()
        assert re.search(r"^Uid:\s+32762\s+32762\s+32762\s+32762$", status, re.M)
        assert re.search(r"^Groups:\s*$", status, re.M)
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)
        assert re.search(r"^CapEff:\s+0+$", status, re.M)
        # not dumpable: the files of its process belong to root, even for its own user
        assert os.stat(f"/proc/{pid}/environ").st_uid == 0
        inside = inner_pid(pid)
        for user in (32762, 33):
            for what in ("environ", "mem", "maps"):
                assert as_user(box, f"cat /proc/{inside}/{what}", user).returncode != 0
        assert as_user(box, f"kill -KILL {inside}", 33).returncode != 0
        assert os.path.exists(f"/proc/{pid}")


ATTACK = """
import ctypes, os, sys
pid = sys.argv[1]
def tries(what, function):
    try:
        function()
        print(what)
    except OSError:
        pass
tries("list", lambda: os.listdir(f"/proc/{pid}/fd"))
for name in ("environ", "mem", "maps", *(f"fd/{n}" for n in range(3, 80))):
    tries(name, lambda: os.close(os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_NONBLOCK)))
"""


def reached(pid):
    """What a process of the container's user can open of another one, outside of its pid namespace."""
    return subprocess.run(["/usr/bin/python3", "-c", ATTACK, str(pid)], user=1000, group=1000, extra_groups=[], check=True,
                          capture_output=True, text=True, cwd="/").stdout.split()


def test_pid_1_and_loggers_of_a_plain_user_are_closed_to_its_services(tree, boot):
    """The service itself is open: it could dump core."""
    os.chown(tree.at("/var/log"), 1000, 1000)
    tree.longrun("web", "#!/bin/sh\necho here\nexec sleep 1000\n")
    script = "cat /proc/1/environ || ls /proc/1/fd || echo x >/proc/1/fd/1 || echo closed; ls /proc/self/fd/ >/dev/null && echo own"
    box = boot(tree.path, "sh", "-c", f"{script}; exec sleep 1000", options=["-u", "1000:1000", "-t", "uid=1000"],
               env={"S6_LOGGING": "1"})
    box.wait_for_text("own\n", "stdout")
    assert [line for line in box.stdout.text().splitlines() if line != "here"] == ["closed", "own"]
    folder = tree.at("/var/log/services/web")
    box.wait_for(lambda: os.path.exists(f"{folder}/current") and log_text(folder) == ["here"])

    def sleepers():
        return [pid for pid, words in box.processes().items() if words == ["sleep", "1000"]]
    box.wait_for(lambda: len(sleepers()) == 2)
    services = sleepers()
    for pid in services:
        assert {"list", "environ", "mem", "maps"} <= set(reached(pid))
    assert reached(box.pid()) == []
    for pid in box.loggers():
        assert reached(pid) == []
    assert box.run("/command/s6-svc", "-wr", "-r", "/run/service/web").returncode == 0
    box.wait_for(lambda: log_text(folder) == ["here", "here"])
    assert box.stop() == 0


def test_logs_of_others_cannot_be_written(box, tree):
    folder = tree.at("/var/log/services/web")
    assert os.stat(folder).st_uid == 32762
    before = log_text(folder)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    for user in (1, 33):
        for script in ("echo x >>/var/log/services/web/current", "echo x >/var/log/services/web/new",
                       "rm /var/log/services/web/current", "cat /var/log/services/web/current",
                       "mv /var/log/services/web /var/log/services/gone", "mkdir /var/log/services/new"):
            assert as_user(box, script, user).returncode != 0, script
    assert log_text(folder) == before


def test_plain_users_control_nothing(box):
    assert as_user(box, "/command/overlog status web").returncode == 0
    for script in ("/command/s6-svc -d /run/service/web", "echo d >/run/service/web/supervise/control",
                   "/command/s6-rc -d change web", "/run/s6/basedir/bin/halt",
                   "/command/s6-svscanctl -t /run/service", "echo 9 >/run/s6-linux-init-container-results/exitcode",
                   "echo x >/run/s6/container_environment/SECRET", "touch /run/service/new"):
        assert as_user(box, script).returncode != 0, script
    assert box.alive()
    box.wait_for(lambda: svstat(box, "up", "web") == "true")
    assert box.stop() == 0


def test_a_log_directory_that_is_a_link_is_not_followed(tree, boot):
    tree.write("/var/log/services/keep", "")
    os.unlink(tree.at("/var/log/services/keep"))
    os.mkdir(tree.at("/precious"))
    tree.link("/var/log/services/web", "/precious")
    tree.longrun("web", "#!/bin/sh\necho said\nexec sleep 1000\n")
    box = boot(tree.path)
    box.wait_for_text("said\n", "stdout")
    box.wait_for_text("web", "stderr")
    assert box.stop() == 0
    assert os.listdir(tree.at("/precious")) == []


def test_fifos_where_files_are_expected(box, tree):
    """In a service directory that belongs to a user: pid 1 opens none of them, nor waits for anybody there."""
    for name, fifo in (("down", "down"), ("status", "supervise/status")):
        tree.script(f"/srv/{name}/run", "#!/bin/sh\nexec sleep 1000\n")
        os.makedirs(os.path.dirname(tree.at(f"/srv/{name}/{fifo}")), exist_ok=True)
        os.mkfifo(tree.at(f"/srv/{name}/{fifo}"))
        box.run("/command/s6-svlink", "-t", "500", "/run/service", f"/srv/{name}")
        assert "web" in box.run("/command/s6-rc", "-a", "list").stdout.split()
    # Marked as down it is already.
    assert box.run("/command/s6-svc", "-D", "/run/service/down").returncode == 0
    assert box.run("/command/s6-svc", "-wr", "-T", "20000", "-r", "/run/service/web").returncode == 0
    assert box.stop() == 0


def test_random_bytes_do_nothing(box):
    script = """
        for f in /run/service/web/supervise/control /run/service/.s6-svscan/control; do
            head -c 10000 /dev/urandom | tr -d 'a-zA-Z0-9' >$f
        done"""
    box.wait_for(lambda: svstat(box, "up", "web") == "true")
    assert box.run("/bin/sh", "-c", script).returncode == 0
    assert svstat(box, "up", "web") == "true"
    assert box.stop() == 0
