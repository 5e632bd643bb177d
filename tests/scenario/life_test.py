"""The life of a longrun in a real tree: readiness, descriptors, locks, ends."""
import os
import shutil

import pytest

from lib.control import svstat
from lib.logs import log_text
from lib.refusal import attached


@pytest.fixture(params=["", "1"], ids=["alone", "parents"])
def boot(boot, request):
    """Both ways: OVERLOG_SUPERVISE_PROCESSES changes nothing here."""
    def start(*args, env=None, **kwargs):
        return boot(*args, env={"OVERLOG_SUPERVISE_PROCESSES": request.param, **(env or {})}, **kwargs)
    return start


def test_readiness_is_never_missed(tree, boot):
    """Many at once: a newline can be there before pid 1 knows that the program was executed."""
    count = 200
    for i in range(count):
        tree.longrun(f"s{i}", "#!/bin/helper ready\n", notification_fd="3\n")
    box = boot(tree.path, "/bin/true", env={"S6_LOGGING": "0"})
    assert box.wait() == 0, box.transcript()
    assert box.stderr.text().count("successfully started") >= count


def test_descriptors_leftovers_and_namespaces(tree, boot):
    for number in ("736", "867"):
        tree.longrun("fd" + number, "#!/command/execlineb -P\nforeground { fdmove -c 1 " + number + " echo }\n"
                                    "sleep 1000\n", notification_fd=number + "\n")
    tree.longrun("both", notification_fd="7\n")
    tree.longrun("alone", "#!/bin/sh\necho I am $$\nexec sleep 1000\n", **{"flag-newpidns": ""})
    tree.longrun("locked", "#!/bin/sh\nif [ -e /tmp/once ]; then exec sleep 1000; fi\ntouch /tmp/once\n"
                           "(while [ ! -e /tmp/release ]; do sleep 0.02; done) &\nexit 0\n", lock_fd="9\n")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    for name in ("fd736", "fd867"):
        box.wait_for(lambda: svstat(box, "ready", name) == "true", what=name)
    box.wait_for_text("I am 1\n", "stdout")
    box.wait_for_text("s6-supervise locked: warning: a process of an earlier instance still lives")
    assert svstat(box, "up", "locked") == "false"
    box.run("touch", "/tmp/release", check=True)
    box.wait_for(lambda: svstat(box, "up", "locked") == "true")
    with open(box.inside("/run/service/both") + "/lock-fd", "w") as file:
        file.write("7\n")
    box.run("/command/s6-svc", "-k", "/run/service/both", check=True)
    box.wait_for_text("s6-supervise both: warning: unable to spawn ./run: notification-fd and lock-fd are both 7")
    # pid 1 of a namespace without a handler is deaf to the down-signal
    box.run("/command/s6-svc", "-Ok", "/run/service/alone", check=True)
    assert box.stop() == 0


def test_why_a_run_cannot_be_executed(tree, boot):
    wrong = {"nox": ("#!/bin/sh\n", 0o644, "it has no x bit (chmod +x)"),
             "crlf": ("#!/bin/sh\r\nexit 0\r\n", 0o755, "its first line ends with CR LF"),
             "strange": ("#!/no/such/shell\n", 0o755, "its interpreter /no/such/shell is missing"),
             "plain": ("exec sleep 1\n", 0o755, "it is not a program and has no #! line"),
             "empty": ("", 0o755, "it is empty"),
             "mark": ("\ufeff#!/bin/sh\nexit 0\n", 0o755, "a byte order mark stands before #! (save it without one)"),
             "foreign": (b"\177ELF\2\1\1" + bytes(9) + b"\2\0\xff\0" + bytes(44), 0o755,
                         "it is for another processor architecture")}
    for name, (text, mode, _) in wrong.items():
        tree.write(f"etc/services.d/{name}/run", text, mode)
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    for name, (_, _, why) in wrong.items():
        box.wait_for_text(f"s6-supervise {name}: warning: unable to spawn ./run: unable to execute "
                          f"/run/s6/legacy-services/{name}/run: {why}")
    assert box.stop() == 0


@pytest.mark.parametrize("logging", ["0", "2"])
def test_why_a_finish_cannot_be_executed(tree, boot, logging):
    """Said once, however often the service ends, and again when it was mended in between."""
    wrong = {"nox": ("#!/bin/sh\n", 0o644, "it has no x bit (chmod +x)"),
             "strange": ("#!/no/such/shell\n", 0o755, "its interpreter /no/such/shell is missing"),
             "plain": ("exit 0\n", 0o755, "it is not a program and has no #! line")}
    for name, (text, mode, _) in {**wrong, "good": ("#!/bin/sh\nexit 3\n", 0o755, "")}.items():
        tree.script(f"etc/services.d/{name}/run", f"#!/bin/sh\necho begins >>/tmp/{name}\nexec sleep 1000\n")
        tree.write(f"etc/services.d/{name}/finish", text, mode)
    box = boot(tree.path, env={"S6_LOGGING": logging})

    def restart(*names):
        """All at once: each waits for a second."""
        before = {name: os.path.getsize(box.inside(f"/tmp/{name}")) for name in names}
        for name in names:
            box.run("/command/s6-svc", "-r", f"/run/service/{name}", check=True)
        for name in names:
            box.wait_for(lambda: os.path.getsize(box.inside(f"/tmp/{name}")) > before[name], what=f"restart of {name}")

    for name in (*wrong, "good"):
        box.wait_for(lambda: os.path.exists(tree.at(f"/tmp/{name}")), what=f"start of {name}")
    for _ in range(3):
        restart(*wrong, "good")
    finish = box.inside("/run/service/nox/finish")
    os.chmod(finish, 0o755)
    restart("nox")
    os.chmod(finish, 0o644)
    restart("nox")
    assert box.stop() == 0
    folder = tree.at("/var/log/services/.init")
    said = box.stderr.text() if logging == "0" else "\n".join(log_text(folder))
    for name, (_, _, why) in wrong.items():
        line = (f"s6-supervise {name}: warning: unable to spawn ./finish: unable to execute "
                f"/run/s6/legacy-services/{name}/finish: {why}")
        assert said.count(line) == (2 if name == "nox" else 1), said
    assert "s6-supervise good: warning" not in said


GROUP = """#!/bin/sh
trap '' TERM
(while :; do sleep 0.1; done) & echo $! >/tmp/$1.child
while :; do sleep 0.1; done
"""


def test_the_kill_after_the_timeout_reaches_the_group_where_that_is_asked_for(tree, boot):
    """Both ignore the signal; of the one without the flag the child stays, as upstream."""
    tree.longrun("all", GROUP, timeout_kill="200\n", **{"flag-timeout-killpg": ""})
    tree.longrun("one", GROUP, timeout_kill="200\n")
    box = boot(tree.path, env={"S6_LOGGING": "0", "S6_KILL_GRACETIME": "100"})
    box.wait_for(lambda: all(os.path.exists(tree.at(f"/tmp/{n}.child")) and tree.read(f"/tmp/{n}.child").strip() for n in ("all", "one")))
    box.wait_for(lambda: svstat(box, "up", "all", "one") == "true\ntrue", what="status of both")
    child = {name: tree.read(f"/tmp/{name}.child").strip() for name in ("all", "one")}

    def lives(name):
        return os.path.exists(box.inside("/proc") + "/" + child[name])
    assert lives("all") and lives("one")
    for name in ("all", "one"):
        assert box.run("/command/s6-svc", "-wD", "-T", "20000", "-d", f"/run/service/{name}").returncode == 0
        assert svstat(box, "up,signal", name) == "false SIGKILL"
    box.wait_for(lambda: not lives("all"), what="end of the whole group")
    assert lives("one")
    assert box.stop() == 0


def test_descriptors_that_no_process_can_have(tree, boot):
    tree.longrun("ready", notification_fd="1000000\n")
    tree.longrun("locked", lock_fd="1000001\n")
    tree.longrun("web")
    # The limit is one that pid 1 cannot raise any further.
    box = boot(tree.path, env={"S6_LOGGING": "0"}, options=["-x", "prlimit --nofile=1024:4096"])
    for name, what in (("ready", "notification-fd is 1000000"), ("locked", "lock-fd is 1000001")):
        box.wait_for_text(f"s6-supervise {name}: warning: unable to spawn ./run: {what}, but the limit of open files is ")
        box.wait_for_text("(use a smaller number, or raise the limit: --ulimit nofile)")
        assert svstat(box, "up", name) == "false"
    # It is said once; and once the number will do, it is used.
    os.unlink(box.inside("/run/service/ready") + "/notification-fd")
    assert box.run("/command/s6-svc", "-wu", "-T", "20000", "-u", "/run/service/ready").returncode == 0
    assert box.stop() == 0
    assert box.stderr.text().count("1000000") == box.stderr.text().count("1000001") == 1


@pytest.mark.parametrize("options", [["-x", "setpriv --bounding-set=-sys_admin"], ["-u", "1000:1000", "-t", "uid=1000,mode=0755"]])
def test_a_pid_namespace_that_is_not_to_be_had(tree, boot, options):
    os.chmod(tree.path, 0o755)
    tree.longrun("alone", "#!/bin/sh\necho I am $$\nexit 0\n", **{"flag-newpidns": ""})
    box = boot(tree.path, env={"S6_LOGGING": "0"}, options=options)
    box.wait_for_text("s6-supervise alone: warning: flag-newpidns is ignored: it needs the capability CAP_SYS_ADMIN "
                      "(--cap-add SYS_ADMIN, or remove the file)\n")
    box.wait_for_text("I am ", "stdout", count=3)
    assert box.stop() == 0
    assert "I am 1\n" not in box.stdout.text()
    assert box.stderr.text().count("flag-newpidns") == 1


def test_what_runs_from_a_run_that_is_mounted_noexec(tree, boot, helper):
    """Scripts of any interpreter, with its argument, with finish and a link; a program says what to do."""
    tree.longrun("shell", "#!/bin/sh -e\necho shell $0 $1 in $PWD\nexec sleep 1000\n", finish="#!/bin/sh\necho over $1 $2 $3\n")
    tree.longrun("line", "#!/command/execlineb -S1\nforeground { echo line $1 }\nsleep 1000\n")
    tree.longrun("helper", "#!/bin/helper tick 2\n")
    tree.longrun("bare", "echo bare\n")
    folder = tree.longrun("program", "")
    shutil.copy(helper, tree.at(folder + "/run"))
    for name in ("shell", "line", "helper", "bare", "program"):
        os.chmod(tree.at(f"etc/s6-overlay/s6-rc.d/{name}/run"), 0o755)
    tree.script("/srv/linked", "#!/bin/sh\necho linked $1\nexec sleep 1000\n")
    os.mkdir(tree.at("/srv/svc"))
    tree.link("/srv/svc/run", "/srv/linked")
    tree.oneshot("link", "ln -s /srv/svc /run/service/linked\n")
    box = boot(tree.path, env={"S6_LOGGING": "0"}, options=["-t", "mode=0755,noexec"])
    for text in ("shell ./run shell in /run/s6-rc/servicedirs/shell\n", "line line\n", "linked linked\n"):
        if text.startswith("linked"):
            box.wait_for(lambda: os.path.lexists(box.inside("/run/service") + "/linked"))
            assert box.run("/command/s6-svscanctl", "-a", "/run/service").returncode == 0
        box.wait_for_text(text, "stdout")
    for name in ("bare", "program"):
        box.wait_for_text(f"s6-supervise {name}: warning: unable to spawn ./run: unable to execute /run/s6-rc/servicedirs/{name}/run: "
                          "its file system is mounted noexec (mount it with exec, or begin the file with #! and an interpreter)\n")
    assert box.stop() == 0
    assert "over 256 15 shell\n" in box.stdout.text()


def test_the_child_looks_at_what_it_could_not_execute(tree, boot, place):
    """Not pid 1, which a file system that no longer answers would stop for good: it names the file in no call."""
    tree.script("etc/services.d/lost/run", "#!/no/such/shell\n")
    tree.write("etc/services.d/lost/down")
    tree.script("etc/services.d/web/run", "#!/bin/sh\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_for_text("service legacy-services successfully started")
    log = os.path.join(place, "calls")
    strace = attached(box.pid(), log, "-s", "300", "-e", "trace=%file,fork,clone")
    try:
        box.run("/command/s6-svc", "-u", "/run/service/lost", check=True)
        why = "unable to execute /run/s6/legacy-services/lost/run: its interpreter /no/such/shell is missing"
        box.wait_for_text(why)
        box.wait_for(lambda: why in box.run("/command/overlog", "status", "--json").stdout, what="reason in the status")
    finally:
        strace.terminate()
        strace.wait()
    with open(log) as file:
        calls = file.read()
    assert '"/run/s6/legacy-services/lost"' in calls and 'lost/run"' not in calls and '"./run"' not in calls
    assert box.stop() == 0
