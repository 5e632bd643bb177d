"""examples/syslog: what is sent to /dev/log is found in the right log directories."""
import os
import re
import signal
import socket
import stat
import subprocess

import pytest

from lib.build import TOP, clean_environment
from lib.tree import copy_tree

EXAMPLE = os.path.join(TOP, "examples/syslog/root")
LOGS = "var/log/syslogd"
FACILITIES = {"kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "lpr": 6, "cron": 9, "authpriv": 10, "local0": 16}
PRIORITIES = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]
DIRECTORIES = {"secure", "cron", "daemon", "kernel", "mail", "user", "debug", "errors", "messages", "everything"}


def belongs_in(facility, priority):
    own = {"auth": "secure", "authpriv": "secure", "kern": "kernel"}.get(facility, facility)
    found = {own} & DIRECTORIES
    if priority == "debug":
        found.add("debug")
    if priority in ("emerg", "alert", "crit", "err"):
        found.add("errors")
    if priority in ("warn", "notice", "info") and facility not in ("auth", "authpriv", "cron", "daemon", "mail"):
        found.add("messages")
    if own != "secure":
        found.add("everything")
    return found


def send(box, *messages):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(f"/proc/{box.pid()}/root/dev/log")
        for message in messages:
            s.send(message.encode())


def lines(tree, name):
    folder = tree.at(f"{LOGS}/{name}")
    files = sorted(f for f in os.listdir(folder) if f.startswith("@")) + ["current"]
    try:
        return "".join(open(os.path.join(folder, f)).read() for f in files).splitlines()
    except FileNotFoundError:  # retention took one meanwhile
        return lines(tree, name)


@pytest.fixture
def syslog(tree, boot):
    """A booted tree with the example, once it listens."""
    def start(**environment):
        copy_tree(EXAMPLE, tree.path)
        box = boot(tree.path, env={"S6_LOGGING": "0", "OVERLOG_DRAIN": "60000", **environment})
        box.wait_for_text("service syslogd successfully started")
        return box
    return start


def test_every_facility_and_priority(tree, syslog):
    box = syslog()
    expected = {name: [] for name in DIRECTORIES}
    # The word of another facility or priority in the text leads nowhere.
    for facility, code in FACILITIES.items():
        for number, priority in enumerate(PRIORITIES):
            text = f"mail.err: user. auth.debug: {facility} {number}"
            send(box, f"<{code * 8 + number}>{text}\n")
            for name in belongs_in(facility, priority):
                expected[name].append(f"{facility}.{priority}: {text}")
    box.run("logger", "-p", "local0.info", "-t", "me", "from logger", check=True)
    box.wait_for(lambda: "me: from logger" in lines(tree, "everything")[-1] and "me: from logger" in lines(tree, "messages")[-1])
    assert re.fullmatch(r"local0.info: [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d me: from logger", lines(tree, "messages")[-1])
    assert box.stop() == 0
    for name in DIRECTORIES:
        assert [line for line in lines(tree, name) if "from logger" not in line] == expected[name], name


def test_owners_and_modes(tree, syslog):
    box = syslog()
    send(box, "<38>secret")
    box.wait_for(lambda: lines(tree, "secure"))
    assert set(os.listdir(tree.at(LOGS))) == DIRECTORIES
    for name in DIRECTORIES:
        st = os.stat(tree.at(f"{LOGS}/{name}"))
        assert (st.st_uid, st.st_gid) == (32761, 32761)
        assert stat.S_IMODE(st.st_mode) == (0o2750 if name == "secure" else 0o2755)
    assert os.stat(tree.at(f"{LOGS}/secure/current")).st_uid == 32761
    log = os.stat(box.inside("dev/log"))
    assert stat.S_ISSOCK(log.st_mode) and stat.S_IMODE(log.st_mode) == 0o777
    who = {words[0]: re.search(r"\nUid:\t(\d+)\t(\d+)\t.*\nGid:\t(\d+)", open(f"/proc/{pid}/status").read()).groups()
           for pid, words in box.processes().items() if words and words[0] in ("s6-socklog", "s6-log")}
    assert who == {"s6-socklog": ("32760",) * 3, "s6-log": ("32761",) * 3}
    assert box.stop() == 0
    assert box.stderr.text().count("fatal") == 0


def test_accounts_and_script_of_the_image(tree, syslog):
    tree.write("etc/passwd", tree.read("etc/passwd") + "syslog:x:100:101::/:/bin/false\nsysllog:x:102:103::/:/bin/false\n")
    box = syslog(S6_LOGGING_SCRIPT="n3 s4096 T")
    numbers = [f"line {i:05} {'x' * 200}" for i in range(200)]
    send(box, *[f"<30>{n}" for n in numbers])
    box.wait_for(lambda: lines(tree, "daemon")[-1:] and numbers[-1] in lines(tree, "daemon")[-1])
    assert box.stop() == 0
    st = os.stat(tree.at(f"{LOGS}/daemon"))
    assert (st.st_uid, st.st_gid) == (102, 103)
    archives = [f for f in os.listdir(tree.at(f"{LOGS}/daemon")) if f.startswith("@")]
    assert len(archives) == 3
    kept = lines(tree, "daemon")
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}  "
    assert [re.sub(stamp, "", line, count=1) for line in kept] == [f"daemon.info: {n}" for n in numbers[-len(kept):]]


def test_nothing_is_lost_when_a_part_is_restarted_or_stopped(tree, syslog):
    box = syslog()
    for i in range(2):
        send(box, f"<13>before {i}")
        box.wait_for(lambda: f"user.notice: before {i}" in lines(tree, "user"))
        pids = {words[0]: pid for pid, words in box.processes().items() if words}
        os.kill(pids["s6-log"], signal.SIGKILL)
        send(box, f"<13>while it is away {i}")
        box.wait_for(lambda: f"user.notice: while it is away {i}" in lines(tree, "user"))
    send(box, *[f"<13>last {i}" for i in range(100)])
    assert box.stop() == 0
    assert [line for line in lines(tree, "user") if "last" in line] == [f"user.notice: last {i}" for i in range(100)]


def test_make_install_with_it(place):
    root = os.path.join(place, "installed")
    subprocess.run(["make", "-s", "install", f"DESTDIR={root}", "WITH=syslog hello"], cwd=TOP, check=True,
                   env=clean_environment(), capture_output=True, timeout=300, umask=0o077)
    services = os.path.join(root, "etc/s6-overlay/s6-rc.d")
    assert {"syslogd", "syslogd-log", "syslogd-prepare", "syslogd-bundle", "ticker"} <= set(os.listdir(services))
    assert stat.S_IMODE(os.stat(os.path.join(services, "syslogd/run")).st_mode) == 0o755
    assert os.path.exists(os.path.join(root, "etc/s6-overlay/user-bundles.d/user/contents.d/syslogd-bundle"))
    assert os.path.islink(os.path.join(root, "command/s6-socklog"))


def test_it_stops_on_a_full_disk(tree, boot):
    """s6-log tries for as long as it is let; what it cannot write then is given up."""
    copy_tree(EXAMPLE, tree.path)
    definitions = "etc/s6-overlay/s6-rc.d"
    tree.oneshot("small", up="mount -t tmpfs -o size=128k none /var/log/syslogd\n")
    os.makedirs(tree.at("/var/log/syslogd"))
    tree.write(f"{definitions}/syslogd-prepare/dependencies.d/small")
    box = boot(tree.path, env={"S6_LOGGING": "0", "OVERLOG_DRAIN": "1000"})
    box.wait_for_text("service syslogd successfully started")
    for i in range(400):
        send(box, f"<14>Nov 29 10:00:00 test: message {i} " + 800 * "x")
    box.wait_for_text("No space left on device")
    assert box.stop() == 0
