"""Services that are only put into /run/service while the container runs."""
import os
import signal

import pytest

from lib.control import svstat
from lib.logs import log_text


def put(box, name, run, log=None, link=True, **files):
    """A service directory /srv/NAME, linked into /run/service."""
    folder = box.inside("/srv") + "/" + name
    for path, text in [("run", run)] + [(k.replace("_", "-"), v) for k, v in files.items()] + \
            ([("log/run", log)] if log else []):
        os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
        with open(f"{folder}/{path}", "w") as file:
            file.write(text)
        os.chmod(f"{folder}/{path}", 0o755)
    if link:
        os.symlink(f"/srv/{name}", box.inside("/run/service") + "/" + name)


@pytest.fixture
def box(tree, boot):
    os.mkdir(tree.at("srv"))
    tree.longrun("web")
    # A log that reads to its end is not told to end, however long that takes.
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_DRAIN": "60000"})
    box.wait_for(lambda: box.exists("/run/service/web") and
                 svstat(box, "up", "web") == "true")
    yield box
    if box.alive():
        assert box.stop() == 0


def up(box, name):
    return svstat(box, "up", name)


def scan(box, letters):
    fd = os.open(box.inside("/run/service/.s6-svscan/control"), os.O_WRONLY | os.O_NONBLOCK)
    os.write(fd, letters.encode())
    os.close(fd)


def test_a_service_comes_and_goes(box):
    before = up(box, "web")
    put(box, "late", "#!/bin/sh\necho hello from $1 in $PWD\nexec sleep 1000\n", finish="#!/bin/sh\necho over $*\n")
    put(box, "waits", "#!/bin/sh\nexec sleep 1000\n", down="")
    scan(box, "a")
    box.wait_for(lambda: up(box, "late") == "true" and up(box, "waits") == "false")
    folder = box.inside("/var/log/services/late")
    box.wait_for(lambda: "hello from late in /srv/late" in log_text(folder))
    pid = svstat(box, "pid", "late")
    scan(box, "a")
    scan(box, "an")
    assert svstat(box, "pid", "late") == pid
    os.unlink(box.inside("/run/service") + "/late")
    scan(box, "an")
    box.wait_for(lambda: box.run("/command/s6-svok", "/srv/late").returncode == 1)
    box.wait_for(lambda: not box.loggers("late"))
    assert log_text(folder)[-1].startswith("over 256 15 late ")
    assert before == up(box, "web") == "true"
    os.symlink("/srv/late", box.inside("/run/service") + "/late")
    scan(box, "a")
    box.wait_for(lambda: up(box, "late") == "true")


def test_signals_to_pid_1_ask_for_the_same(box):
    """SIGALRM: what came; SIGHUP: that, and what is no longer there goes, a service by its signal, its logger at end of file."""
    web = svstat(box, "pid", "web")
    put(box, "late", "#!/bin/sh\nexec sleep 1000\n", finish="#!/bin/sh\necho $1 $2 >/tmp/late\n")
    put(box, "pair", "#!/bin/sh\ntrap 'echo last; exit 0' TERM\necho first\nwhile :; do sleep 0.02; done\n",
        log="#!/bin/sh\ntrap 'echo told >>/tmp/said' TERM HUP\ncat >>/tmp/said\n")
    box.kill(signal.SIGALRM)
    box.wait_for(lambda: up(box, "late") == up(box, "pair") == up(box, "pair/log") == "true")
    box.wait_for(lambda: box.exists("/tmp/said") and box.read("/tmp/said") == "first\n")
    pids = svstat(box, "pid", "late", "pair")
    os.unlink(box.inside("/run/service") + "/late")
    os.unlink(box.inside("/run/service") + "/pair")
    put(box, "next", "#!/bin/sh\nexec sleep 1000\n")
    box.kill(signal.SIGALRM)
    box.wait_for(lambda: up(box, "next") == "true")
    assert svstat(box, "pid", "/srv/late", "/srv/pair") == pids
    put(box, "after", "#!/bin/sh\nexec sleep 1000\n")
    box.kill(signal.SIGHUP)
    box.wait_for(lambda: up(box, "after") == "true")
    for name in ("late", "pair", "pair/log"):
        box.wait_for(lambda: box.run("/command/s6-svok", "/srv/" + name).returncode == 1, what=f"end of {name}")
    assert box.read("/tmp/late") == "256 15\n" and box.read("/tmp/said") == "first\nlast\n"
    assert up(box, "next") == "true" and svstat(box, "pid", "web") == web


def test_a_pair(box):
    put(box, "pair", "#!/bin/sh\ntrap 'echo last; exit 0' TERM\necho first\nwhile :; do sleep 0.02; done\n",
        log="#!/bin/sh\ntrap '' TERM\nexec cat >>/tmp/said\n")
    scan(box, "a")
    box.wait_for(lambda: up(box, "pair") == "true" and up(box, "pair/log") == "true")
    box.wait_for(lambda: box.exists("/tmp/said") and box.read("/tmp/said") == "first\n")
    os.unlink(box.inside("/run/service") + "/pair")
    scan(box, "h")
    box.wait_for(lambda: box.run("/command/s6-svok", "/srv/pair/log").returncode == 1)
    assert box.read("/tmp/said") == "first\nlast\n"


def test_the_stop_ends_them_in_order(box):
    put(box, "pair", "#!/bin/sh\ntrap 'echo last; exit 0' INT\necho first\nwhile :; do sleep 0.02; done\n",
        log="#!/bin/sh\ntrap '' TERM\nexec cat >>/tmp/said\n", down_signal="INT\n")
    scan(box, "a")
    said = box.root + "/tmp/said"
    box.wait_for(lambda: os.path.exists(said) and open(said).read() == "first\n")
    assert box.stop() == 0
    assert open(said).read() == "first\nlast\n"


def test_services_d(tree, boot):
    """What services.d holds is put into /run/service by the boot, and taken away again by the stop."""
    tree.script("etc/services.d/old/run", "#!/bin/sh\ntrap 'echo last; exit 0' TERM\necho first $PWD\n"
                                          "while :; do sleep 0.02; done\n")
    tree.script("etc/services.d/old/finish", "#!/bin/sh\necho finish $1 $2 $3 >>/tmp/said\n")
    tree.script("etc/services.d/old/log/run", "#!/bin/sh\ntrap '' TERM\nexec cat >>/tmp/said\n")
    tree.script("etc/services.d/alone/run", "#!/bin/sh\necho alone\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", "S6_CMD_WAIT_FOR_SERVICES": "1"})
    box.wait_for(lambda: box.exists("/tmp/said") and "first" in box.read("/tmp/said"))
    folder = box.inside("/var/log/services/alone")
    box.wait_for(lambda: log_text(folder) == ["alone"])
    box.wait_for(lambda: up(box, "old") == up(box, "old/log") == up(box, "alone") == "true")
    assert box.stop() == 0
    lines = tree.read("/tmp/said").splitlines()
    assert sorted(lines) == ["finish 0 0 old", "first /run/s6/legacy-services/old", "last"]
    assert log_text(tree.at("/var/log/services/alone")) == ["alone"]


def test_what_cont_init_puts_there_is_started_by_the_boot(tree, boot):
    """As s6-overlay looks into /run/service when it has copied services.d, whether there is one or not."""
    tree.script("/etc/cont-init.d/x", "#!/bin/sh\nmkdir /run/service/.made\ntouch /run/service/.made/down\n"
                                      "printf '#!/bin/sh\\nexec sleep 1000\\n' >/run/service/.made/run\n"
                                      "chmod 755 /run/service/.made/run\ncp -r /run/service/.made /run/service/waits\n"
                                      "rm /run/service/.made/down\nmv /run/service/.made /run/service/made\n")
    box = boot(tree.path)
    box.wait_booted()
    box.wait_for(lambda: up(box, "made") == "true" and up(box, "waits") == "false")
    assert box.stop() == 0


def test_siblings_are_there_before_the_first_starts(tree, boot):
    """Each waits for all others, whatever the order of the directory; and so do services that are linked later."""
    names = [f"s{i}" for i in range(12)]
    waits = "#!/bin/sh\ncd /run/service\ns6-svwait -u -t 30000 %s && touch /tmp/%s.ok || touch /tmp/%s.failed\nexec sleep 1000\n"

    def results(prefix):
        return [n for n in os.listdir(tree.at("/tmp")) if n.startswith(prefix) and n.split(".")[-1] in ("ok", "failed")]

    for folder, prefix in (("/etc/services.d", "a"), ("/srv", "b")):
        for name in names:
            tree.script(f"{folder}/{prefix}{name}/run",
                        waits % (" ".join(prefix + n for n in names), prefix + name, prefix + name))
    box = boot(tree.path)
    box.wait_for(lambda: len(results("a")) == 12)
    for name in names:
        os.symlink(f"/srv/b{name}", box.inside("/run/service") + f"/b{name}")
    scan(box, "a")
    box.wait_for(lambda: len(results("b")) == 12)
    assert not [n for n in results("a") + results("b") if n.endswith(".failed")]
    assert box.stop() == 0


def test_words_are_whole_words(box):
    """What would be an error in a definition is said, and counts as if the file was not there."""
    put(box, "ten", "#!/bin/sh\necho into the log\nexec sleep 1000\n", logging="10\n", container_exit="ever\n")
    put(box, "bare", "#!/bin/sh\necho onto the console\nexec sleep 1000\n", logging="0\n")
    scan(box, "a")
    for said in ('/srv/ten/logging:1: invalid word "10", ignored; write 0 (console), 1 (console and disk) or 2 (disk)',
                 '/srv/ten/container-exit:1: invalid word "ever", ignored; write always, failure or gave-up'):
        box.wait_for(lambda: said in "\n".join(log_text(box.inside("/var/log/services/.init"))), what=said)
    box.wait_for(lambda: box.exists("/var/log/services/ten/current"))
    box.wait_for(lambda: log_text(box.inside("/var/log/services/ten")) == ["into the log"])
    box.wait_for_text("onto the console", "stdout")
    assert "into the log" not in box.stdout.text()
    assert box.run("/command/s6-svc", "-k", "/run/service/ten").returncode == 0
    box.wait_for(lambda: log_text(box.inside("/var/log/services/ten")) == ["into the log"] * 2)


def test_death_tally_before_any_death(box):
    result = box.run("/command/s6-svdt", "/run/service/web")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert box.run("/command/s6-svdt", "/nowhere").returncode == 111


def test_notifyoncheck_in_the_middle_of_a_script(tree, boot):
    """prog ends at once, the check succeeds later: the service is ready. When the service ends, so does the poller."""
    tree.longrun("web", "#!/bin/sh\ns6-notifyoncheck -d -n 0 -w 20 -c 'test -e /tmp/go' true\ntouch /tmp/on\nexec sleep 1000\n",
                 notification_fd="3\n")
    box = boot(tree.path)

    def pollers():
        return [p for p, words in box.processes().items() if words and "s6-notifyoncheck" in words[0]]

    box.wait_for(lambda: os.path.exists(tree.at("/tmp/on")))
    assert svstat(box, "ready", "web") == "false"
    tree.write("/tmp/go")
    box.wait_for(lambda: svstat(box, "ready", "web") == "true")
    box.wait_for(lambda: not pollers())
    os.unlink(tree.at("/tmp/go"))
    os.unlink(tree.at("/tmp/on"))
    box.run("/command/s6-svc", "-r", "/run/service/web")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/on")) and pollers())
    box.run("/command/s6-svc", "-wD", "-d", "/run/service/web")
    box.wait_for(lambda: not pollers())
    assert box.stop() == 0
