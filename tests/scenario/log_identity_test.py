"""As whom loggers log where their own user cannot: the first boot logs, or says why it does not."""

import os
import signal
import sys

import pytest

from lib.logs import log_text

LOGS = "/var/log/services"
USER = 32762
SERVICES = ("db", "web")
# What runs in a user namespace of 1,000 ids, and stays the process that it is: pid 1 of its other namespaces.
NARROW = """#!/usr/bin/python3
import ctypes, os, sys
me, (r, w), (done, ready) = os.readlink("/proc/self"), os.pipe(), os.pipe()
if os.fork() == 0:
    os.read(r, 1)
    for kind in ("uid", "gid"):
        open(f"/proc/{me}/{kind}_map", "w").write("0 0 1000")
    os.write(ready, b".")
    os._exit(0)
assert ctypes.CDLL(None).unshare(0x10000000) == 0
os.write(w, b".")
os.read(done, 1)
os.wait()
os.execv(sys.argv[1], sys.argv[1:])
"""


def without(*capabilities):
    names = ",".join(f"-{name}" for name in capabilities)
    return ["-x", f"/usr/bin/setpriv --bounding-set={names} --inh-caps={names}"]


def made(owner, mode, files=None):
    """A function that makes the directory of each service, with a lock and a current of that user."""
    def make(tree):
        for name in SERVICES:
            path = tree.at(f"{LOGS}/{name}")
            os.makedirs(path)
            for file, file_mode in (("lock", 0o600), ("current", 0o744)) if files is not None else ():
                tree.write(f"{LOGS}/{name}/{file}", "", file_mode)
                os.chown(f"{path}/{file}", files, files)
            os.chown(path, *owner)
            os.chmod(path, mode)
    return make


def root_of(uid, mode=0o755):
    """The folder above them, of a user."""
    def make(tree):
        os.makedirs(tree.at(LOGS))
        os.chmod(tree.at(LOGS), mode)
        os.chown(tree.at(LOGS), uid, uid)
    return make


def nothing(tree):
    del tree


def other(kind):
    def make(tree):
        os.makedirs(tree.at(LOGS))
        for name in SERVICES:
            if kind == "link":
                os.makedirs(tree.at(f"/elsewhere/{name}"))
                tree.link(f"{LOGS}/{name}", f"/elsewhere/{name}")
            else:
                tree.write(f"{LOGS}/{name}", "in the way\n")
    return make


# How the directory is, how the container is run, and the ids of the loggers that log there.
LOGGED = {
    "given away": (nothing, [], (USER, USER)),
    "by the image as root": (made((0, 0), 0o755), [], (0, 0)),
    "by an earlier OVERLOG_USER": (made((5000, 5000), 0o700, 5000), [], (5000, 5000)),
    "of an earlier OVERLOG_USER, opened to all": (made((0, 0), 0o777, 5000), [], (0, 0)),
    "of a stranger": (made((1000, 1001), 0o700), [], (1000, 1001)),
    "of a stranger, no DAC_OVERRIDE": (made((1000, 1001), 0o700), without("dac_override", "dac_read_search"), (1000, 1001)),
    "writable by its group": (made((0, 4), 0o775), [], (USER, 4)),
    "sticky": (made((0, 0), 0o1777), [], (USER, USER)),
    "sticky, with files of another": (made((0, 0), 0o1777, 5000), [], (0, 0)),
    "no x bit": (made((0, 0), 0o644), [], (0, 0)),
    "no CHOWN": (nothing, without("chown"), (0, 0)),
    "no SETUID": (nothing, without("setuid"), (0, 0)),
    "no SETGID": (nothing, without("setgid"), (0, 0)),
    "no SETUID, SETGID and DAC_OVERRIDE": (nothing, without("setuid", "setgid", "dac_override", "dac_read_search"), (0, 0)),
    "no CHOWN and DAC_OVERRIDE": (nothing, without("chown", "dac_override", "dac_read_search"), (0, 0)),
    "no DAC_OVERRIDE": (nothing, without("dac_override", "dac_read_search"), (USER, USER)),
    "the folder above of another, no DAC_OVERRIDE": (root_of(1000), without("dac_override", "dac_read_search"), (1000, 1000)),
    "a plain user's container": (root_of(1000), ["-u", "1000:1000", "-t", "uid=1000,gid=1000,mode=0755"], (1000, 1000)),
}

# The same, and what the reason is.
UNLOGGED = {
    "read-only": (made((USER, USER), 0o700), ["-r"], "Read-only file system"),
    "read-only and nothing there": (nothing, ["-r"], "Read-only file system"),
    "a link": (other("link"), [], "it is a symbolic link (to /elsewhere/web)"),
    "a file": (other("file"), [], "Not a directory"),
    "of a stranger, nobody can be taken": (made((1000, 1001), 0o700),
                                           without("setuid", "setgid", "dac_override", "dac_read_search"), "Permission denied"),
    "no x bit, no DAC_OVERRIDE": (made((0, 0), 0o644), without("dac_override", "dac_read_search"), "Permission denied"),
    "root's, in a plain user's container": (made((0, 0), 0o755), ["-u", "1000:1000", "-t", "uid=1000,gid=1000,mode=0755"],
                                            "Permission denied"),
    "the folder above is root's, in a plain user's container": (root_of(0), ["-u", "1000:1000", "-t", "uid=1000,gid=1000,mode=0755"],
                                                                "Permission denied"),
}


def start(tree, boot, options, env=None):
    os.chmod(tree.path, 0o755)
    for name in SERVICES:
        tree.longrun(name, f"#!/bin/sh\necho said by {name}\nexec s6-pause\n")
    box = boot(tree.path, options=options, env=env)
    for name in SERVICES:
        box.wait_for_text(f"said by {name}", "stdout")
    return box


def ids(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert len(set(fields["Uid"].split())) == len(set(fields["Gid"].split())) == 1
    return int(fields["Uid"].split()[0]), int(fields["Gid"].split()[0])


def logs_at_once(tree, box, who):
    for name in SERVICES:
        path = tree.at(f"{LOGS}/{name}")
        box.wait_for(lambda: os.path.exists(f"{path}/current") and f"said by {name}" in log_text(path), what=f"log of {name}")
        assert [ids(pid) for pid in box.loggers(name)] == [who]
    assert "logging to the console only" not in box.stderr.text(), box.transcript()
    r = box.run("/command/logcat", "web")
    assert "said by web" in r.stdout and r.stderr == "" and r.returncode == 0, r
    assert box.stop() == 0


@pytest.mark.parametrize("kind", LOGGED)
def test_the_first_boot_logs(tree, boot, kind):
    make, options, who = LOGGED[kind]
    make(tree)
    logs_at_once(tree, start(tree, boot, options), who)


@pytest.mark.parametrize("error", ["EPERM", "ENOSYS"])
@pytest.mark.parametrize("calls", ["setgroups", "setresuid", "setresgid", "setgroups,setresgid,setresuid", "fchown", "fchownat,fchown"])
def test_a_filter_or_file_system_that_refuses(tree, boot, deny, calls, error):
    logs_at_once(tree, start(tree, boot, ["-x", f"{deny} {error} {calls}"]), (0, 0))


def test_a_user_namespace_of_1000_ids(tree, boot, place):
    path = os.path.join(place, "narrow")
    with open(path, "w", encoding="utf-8") as file:
        file.write(NARROW)
    logs_at_once(tree, start(tree, boot, ["-x", f"{sys.executable} {path}"]), (0, 0))


@pytest.mark.parametrize("mode", [None, "1"])
@pytest.mark.parametrize("kind", UNLOGGED)
def test_what_is_not_logged_is_said(tree, boot, kind, mode):
    make, options, why = UNLOGGED[kind]
    make(tree)
    box = start(tree, boot, options, {"S6_LOGGING": mode} if mode else {})
    r = box.wait_for(lambda: (lambda r: r if "is not logged" in r.stderr else None)(box.run("/command/logcat", "web")),
                     what="reason of web")
    assert r.stdout == "" and r.returncode in (1, 111), r
    assert r.stderr.startswith("logcat: warning: web is not logged: unable to ") and r.stderr.count("\n") == 1, r
    assert r.stderr.rstrip("\n").endswith(why), r
    assert box.stop() == 0
    said = [line for line in box.stderr.text().splitlines() if "logging to the console only" in line]
    if mode is None:
        assert len(said) == 1 and ": info: " in said[0], box.transcript()
    else:
        assert [line for line in said if line.startswith("logger web: warning: ")], box.transcript()


def test_once_it_can_be_used_the_reason_goes(tree, boot):
    other("file")(tree)
    box = start(tree, boot, [])
    box.wait_for(lambda: "is not logged" in box.run("/command/logcat", "web").stderr, what="reason of web")
    os.unlink(tree.at(f"{LOGS}/web"))
    for pid in box.loggers("web"):
        os.kill(pid, signal.SIGHUP)  # the next one has our rights at first
    box.wait_for(lambda: os.path.exists(tree.at(f"{LOGS}/web/current")), what="log directory")
    box.run("/command/s6-svc", "-wR", "-r", "/run/service/web", check=True)
    box.wait_for(lambda: box.run("/command/logcat", "web").returncode == 0, what="log of web")
    assert "not logged" not in box.run("/command/logcat", "web").stderr
    box.wait_for(lambda: "db is not logged" in box.run("/command/logcat", "db").stderr, what="reason of db")
    assert box.stop() == 0


def test_logcat_knows_without_the_info_line(tree, boot):
    """Verbosity 1 shows no info lines."""
    other("file")(tree)
    box = start(tree, boot, [], {"S6_VERBOSITY": "1"})
    box.wait_for(lambda: "web is not logged: " in box.run("/command/logcat", "web").stderr, what="reason of web")
    assert box.stop() == 0
    assert "console only" not in box.stderr.text()
