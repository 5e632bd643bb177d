"""The tools of Debian's s6, which know nothing of us, on services that our pid 1 runs, and ours beside them: the
same words give the same exit codes, the same output and the same effect."""
import os
import re
import shutil
import signal
import stat as modes

import pytest

from lib.boot import Boot
from lib.control import status
from lib.logs import archives
from lib.processes import process_state
from lib.tree import Tree, give_libraries
from lib.wait import DEADLINE, wait_for

pytestmark = pytest.mark.long

NAMES = ("s6-svc", "s6-svstat", "s6-svwait", "s6-svok", "s6-svdt", "s6-svdt-clear", "s6-svlisten", "s6-svlisten1",
         "s6-svscanctl", "s6-svlink", "s6-svunlink", "s6-svperms", "s6-permafailon", "s6-notifyoncheck")
THEIRS, OURS = "/usr/bin/", "/command/"
TOOLS = {"theirs": THEIRS, "ours": OURS}
EACH = pytest.mark.parametrize("who", TOOLS)

SIGNALS = {"a": "ALRM", "b": "ABRT", "q": "QUIT", "h": "HUP", "t": "TERM", "i": "INT", "1": "USR1", "2": "USR2",
           "y": "WINCH"}
IDLE = "while :; do sleep 1000 & wait $!; kill -KILL $!; done 5>&- 2>/dev/null\n"
TALKS = "#!/bin/sh\nfor s in ALRM ABRT QUIT HUP TERM INT USR1 USR2 WINCH; do trap \"echo got $s\" $s; done\n" \
        "while [ -e hold-run ]; do sleep 0.02; done; echo ready >&5\n" + IDLE
ENDS = "#!/bin/sh\ntrap 'exit 3' TERM\nwhile [ -e hold-run ]; do sleep 0.02; done; echo ready >&5\n" + IDLE
FINISH = "#!/bin/sh\nwhile [ -e hold-finish ]; do sleep 0.02; done\n"
CHECKS = "#!/bin/sh\nexec {}s6-notifyoncheck {} sleep 1000\n"


def put_packaged(tree):
    """The packaged tools and their libraries, where the package has them."""
    for name in ["/usr/bin/" + name for name in NAMES + ("s6-ftrigrd",)]:
        target = tree.at(name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(target):  # to ours
            os.unlink(target)
        shutil.copy(name, target)
        give_libraries(tree, name)


@pytest.fixture(scope="module")
def box(tmp_path_factory, installed, helper):
    """One container; each test has services of its own in it, NAME-theirs and NAME-ours."""
    place = tmp_path_factory.mktemp("control")
    place.chmod(0o755)
    tree = Tree(str(place / "root"), installed, helper)
    put_packaged(tree)
    tree.link("usr/lib/execline/bin/execlineb", "/command/execlineb")  # theirs look nowhere else
    tree.longrun("web", ENDS, notification_fd="5\n", finish=FINISH)
    tree.longrun("plain")
    tree.longrun("brief", "#!/bin/sh\nexit 7\n")
    os.mkdir(tree.at("srv"))
    for who, tools in TOOLS.items():
        tree.longrun("talks-" + who, TALKS, notification_fd="5\n", down_signal="SIGQUIT\n", reload_signal="12\n")
        tree.longrun("ends-" + who, ENDS, notification_fd="5\n", finish=FINISH)
        tree.longrun("gives-up-" + who, ENDS, notification_fd="5\n", finish="#!/bin/sh\nexit 125\n")
        tree.longrun("dies-" + who, finish=FINISH)
        tree.longrun("owned-" + who)
        for kind, options in {"c": "-d -n 100000 -w 20 -c \"test -e /tmp/go\"", "d": "-s 1 -T 60000 -t 5000 -n 0 -w 20",
                              "n": "-3 5 -s 0 -n 2 -w 1 -c 'eltest -e /nowhere'"}.items():
            folder = tree.longrun(f"checks-{kind}-{who}", CHECKS.format(tools, options), notification_fd="5\n",
                                  bundle=None)
            tree.script(folder + "/data/check", "#!/bin/sh\ntest -e /tmp/go\n")
        for name in ("added-", "paired-", "often-", "silent-"):
            tree.script(f"srv/{name}{who}/run", "#!/bin/sh\nexec sleep 1000\n")
        tree.write(f"srv/silent-{who}/logging", "0\n")
        tree.script(f"srv/paired-{who}/log/run", "#!/bin/sh\nexec cat\n")
    box = Boot(tree.path, env={"S6_LOGGING": "2"})
    box.wait_booted()
    for name in ("web", "talks-theirs", "talks-ours", "ends-theirs", "ends-ours", "gives-up-theirs", "gives-up-ours"):
        box.wait_for(lambda: ready(box, OURS, name), what=name)
    yield box
    for who in TOOLS:
        svc(box, OURS, "talks-" + who, "-Ok")  # no signal ends it
    code = box.stop()
    box.close()
    shutil.rmtree(place, ignore_errors=True)
    assert code == 0


def ready(box, tools, name):
    return box.run(tools + "s6-svstat", "-o", "ready", "/run/service/" + name).stdout == "true\n"


def stat(box, tools, name, *options):
    r = box.run(tools + "s6-svstat", *options, "/run/service/" + name)
    assert r.returncode == 0, r.stderr
    return r.stdout.strip()


def state(box, tools, name):
    return stat(box, tools, name, "-o", "up,wantedup,normallyup,paused,ready,exitcode,signal,signum")


def svc(box, tools, name, *options):
    return box.run(tools + "s6-svc", *options, "/run/service/" + name).returncode


def restart(box, who, name, *options):
    """svc with options that wait for a restart. When the packaged s6-svlisten1 gets to see the end and the next start
    at once, as on a busy machine, it drops the second and waits for ever. So the next start (-wr), or its being ready
    (-wR), is held back until the end was heard of."""
    if who == "ours":
        return svc(box, OURS, name, *options)
    hold = box.inside("/run/service/" + name) + ("/hold-run" if "-wR" in options else "/hold-finish")
    old = status(box, name)[0]
    with open(hold, "w"):
        pass
    client = box.begin(THEIRS + "s6-svc", *options, "/run/service/" + name)

    def heard():
        """The process that is held back runs, and who was told what came before it sleeps again."""
        if client.poll() is not None:
            return True
        named = {os.path.basename(words[0]): pid for pid, words in box.processes().items() if words}
        return status(box, name)[0] not in (0, old) and all(
            process_state(named.get(listener)) == "S" for listener in ("s6-ftrigrd", "s6-svlisten1"))
    box.wait_for(heard, what="an end that was heard of")
    os.unlink(hold)
    return client.wait(3 * DEADLINE)


def in_vain(begin, client=None):
    """What a command answers when its time is over: code, output, messages. The packaged ones say 111 when it was over
    before they listened, as on a busy machine: then once more. client: one that was begun before."""
    def listened():
        nonlocal client
        one, client = client or begin(), None
        answer = one.communicate()
        return one.returncode != 111 and (one.returncode, *answer)
    return wait_for(listened, what="one that listened")


def obeyed(box):
    """What was written to a control fifo was read: pid 1 has since answered twice."""
    for _ in range(2):
        assert box.run("/command/s6-rc", "-a", "list").returncode == 0


def same(box, name, *words, before="", messages=True):
    """Both programs of this name, with the same words: exit code and output, which must be the same."""
    answers = []
    for tools in (THEIRS, OURS):
        if before:
            r = box.run("/bin/sh", "-c", before + '; exec "$@"', "sh", tools + name, *words)
        else:
            r = box.run(tools + name, *words)
        answers.append((r.returncode, r.stdout, r.stderr if messages else ""))
    assert answers[0] == answers[1], (name, words)
    return answers[0]


# --- s6-svstat, s6-svok, s6-svdt


def test_what_is_seen(box):
    svc(box, OURS, "plain", "-wD", "-d")
    for name in ("web", "plain", "web/log"):
        for field in ("up", "wantedup", "normallyup", "ready", "paused", "pid", "exitcode", "signal", "signum",
                      "updownsince", "readysince", "up,wantedup,pid", "-u", "-w", "-N", "-r", "-p", "-e", "-s"):
            words = [field] if field.startswith("-") else ["-o", field]
            if field == "readysince" and name == "web/log":
                continue
            assert same(box, "s6-svstat", *words, "/run/service/" + name)[0] == 0
    lines = {stat(box, tools, "plain").split(" seconds")[0].rstrip("0123456789") for tools in (THEIRS, OURS)}
    assert lines == {"down (signal SIGTERM) "}
    assert stat(box, OURS, "plain", "-n").startswith("down (signal 15) ")
    pid = stat(box, THEIRS, "web", "-o", "pid")
    assert re.fullmatch(rf"up \(pid {pid}\) \d+ seconds, ready \d+ seconds", stat(box, THEIRS, "web"))
    assert re.fullmatch(rf"up \(pid {pid} pgid {pid}\) \d+ seconds, ready \d+ seconds", stat(box, OURS, "web"))
    assert re.fullmatch(r"\d+ \d+", stat(box, OURS, "web", "-o", "updownfor,readyfor"))
    both = box.run("/command/s6-svstat", "-o", "up,wantedup", "/run/service/web", "/run/service/plain")
    assert (both.returncode, both.stdout) == (0, "true true\nfalse false\n")
    svc(box, OURS, "plain", "-wu", "-u")
    assert same(box, "s6-svstat", "/tmp", messages=False)[0] == 1
    assert same(box, "s6-svstat", "-Z", "/tmp", messages=False)[0] == 100
    for fields in ("nonsense", "up,nonsense,pid", "up,,pid", "up,pidx", "nonsense,"):
        assert same(box, "s6-svstat", "-o", fields, "/tmp")[0] == 100


def test_is_it_supervised(box):
    for name, code in {"/run/service/web": 0, "/run/service/web/log": 0, "/tmp": 1, "/nowhere": 1}.items():
        assert same(box, "s6-svok", name) == (code, "", "")
    assert same(box, "s6-svok", messages=False)[0] == 100


@EACH
def test_deaths(box, who):
    tools, name = TOOLS[who], "/run/service/dies-" + who
    for _ in range(2):
        assert restart(box, who, "dies-" + who, "-wr", "-T30000", "-k") == 0
    code, out, _ = same(box, "s6-svdt", name)
    assert code == 0 and re.fullmatch(r"(@[0-9a-f]{24} signal SIGKILL\n){2}", out)
    for words in (["-s"], ["-S"], ["-n", "1"], ["-n", "0"], ["-n", "7"]):
        assert same(box, "s6-svdt", *words, name)[0] == 0
    here = "cd " + name
    for words, code in {"60 2 SIGKILL,1-3": 125, "60 1 SIG9": 125, "60 3 0-255,SIGKILL": 7, "60 1 9,sigterm": 7,
                        "0 1 1": 7, "60 1 137": 125, "60 2 1-255": 125, "60 1 1,;SIGKILL;": 125, "60 5000 1-255": 7}.items():
        got, _, said = same(box, "s6-permafailon", *words.split(), "sh", "-c", "exit 7", before=here)
        assert got == code, (words, said)
        assert (code == 125) == ("PERMANENT FAILURE" in said)
    for words in ("60 1 foo true", "60 1 256 true", "60 1 5-3 true", "x 1 1 true", "60 0 1 true", "60 1", "60 1 ,3 true"):
        assert same(box, "s6-permafailon", *words.split(), before=here, messages=False)[0] == 100
    assert same(box, "s6-permafailon", "60", "1", "SIGKILL", "true", before="cd /", messages=False)[0] == 0
    assert same(box, "s6-permafailon", "60", "1", "", "true", before=here)[0] == 0
    assert same(box, "s6-permafailon", "60", "1", "2 SIGKILL\n", "true", before=here)[0] == 125
    r = box.run(tools + "s6-svdt-clear", name)
    assert (r.returncode, r.stderr) == (0, "")
    assert same(box, "s6-svdt", name) == (0, "", "")
    assert same(box, "s6-svdt", "/nowhere", messages=False)[0] == 111
    assert same(box, "s6-svdt-clear", "/nowhere", messages=False)[0] == 111


def test_exit_codes_are_remembered(box):
    box.wait_for(lambda: len(box.run("/usr/bin/s6-svdt", "/run/service/brief").stdout.splitlines()) >= 2)
    for line in box.run("/usr/bin/s6-svdt", "/run/service/brief").stdout.splitlines():
        assert re.fullmatch(r"@[0-9a-f]{24} exitcode 7", line), line


# --- s6-svc


@EACH
def test_each_signal(box, who):
    tools, name = TOOLS[who], "talks-" + who
    log = f"/var/log/services/{name}/current"
    pid = stat(box, tools, name, "-o", "pid")
    wanted = [(f"-{letter}", kind) for letter, kind in SIGNALS.items()] + [("-r", "QUIT"), ("-d", "QUIT")]
    if who == "ours":  # what the packaged version does not know yet
        wanted += [("-l", "USR2")] + [("-s" + kind, kind) for kind in SIGNALS.values()]
    for option, kind in wanted:
        count = box.read(log).count("got " + kind + "\n")
        assert svc(box, tools, name, option) == 0
        box.wait_for(lambda: box.read(log).count("got " + kind + "\n") == count + 1, what=option)
    obeyed(box)
    assert stat(box, tools, name, "-o", "pid,wantedup") == pid + " false"
    svc(box, tools, name, "-u")
    stops = [("-p", "-c")] + ([("-P", "-C"), ("-sSTOP", "-sCONT")] if who == "ours" else [])
    for stop, go in stops:
        assert svc(box, tools, name, stop) == 0
        wait_for(lambda: "paused" in stat(box, tools, name), what=stop)
        assert svc(box, tools, name, go) == 0
        wait_for(lambda: "paused" not in stat(box, tools, name), what=go)
    assert restart(box, who, name, "-wR", "-T30000", "-k" if who == "theirs" else "-K") == 0
    assert svc(box, tools, name, "-Z") == svc(box, tools, name, "-wz") == 100


SCRIPT = ["-wD -d -T30000", "-wU -u -T30000", "-wR -r -T30000", "-wr -t -T30000", "-wu -u", "-wU -u -T30000", "-wd -d -T30000",
          "-wD -d -T30000", "-wU -o -T30000", "-wD -t -T30000", "-wU -u -T30000", "-O", "-wD -T100 -u", "-wU -u -T30000", "-wD -Ot -T30000",
          "-wU -uQ -T30000", "-wU -U -T30000", "-wD -D -T30000", "-wU -U -T30000", "-wD -Od -T30000", "-wU -u -T30000",
          "-wR -ru -T30000", "-wD -du -T30000"]


def test_each_wish_and_each_wait(box):
    """The same words in the same order to two services that are alike."""
    said = {}
    for who, tools in TOOLS.items():
        name = "ends-" + who
        lines = said[who] = []
        for words in SCRIPT:
            waits_for_restart = words.startswith(("-wr", "-wR"))
            if waits_for_restart:
                code = restart(box, who, name, *words.split())
            elif "-T100" in words:
                code = in_vain(lambda: box.begin(tools + "s6-svc", *words.split(), "/run/service/" + name))[0]
            else:
                code = svc(box, tools, name, *words.split())
            if words == "-wr -t -T30000":  # up, but when it is ready is its own affair
                svc(box, tools, name, "-wU", "-u")
            if "-du" in words:
                svc(box, tools, name, "-wU", "-T30000")
            obeyed(box)
            assert state(box, THEIRS, name) == state(box, OURS, name), words
            lines.append((words, code, state(box, tools, name)))
    assert said["theirs"] == said["ours"]
    codes = {words: code for words, code, _ in said["ours"]}
    assert codes.pop("-wD -T100 -u") == 99
    assert set(codes.values()) == {0}
    states = {words: what for words, _, what in said["ours"]}
    assert states["-wU -o -T30000"] == "true false true false true -1 NA -1"
    assert states["-wD -D -T30000"] == "false false false false false 3 NA -1"
    assert states["-wU -uQ -T30000"] == "true false false false true -1 NA -1"


def test_a_service_that_is_not_there(box):
    for who in (THEIRS, OURS):
        result = box.run(who + "s6-svc", "-u", "/nothing")
        assert (result.returncode, result.stderr) == (
            111, "s6-svc: fatal: unable to control /nothing: No such file or directory\n")
        assert box.run(who + "s6-svwait", "-u", "-t100", "/nothing").returncode == 111
        assert box.run(who + "s6-svdt", "/nothing").returncode == 111


def test_a_service_that_nobody_supervises(box):
    for words in ("-u", "", "-wu -u"):
        for tools in (THEIRS, OURS):
            assert box.run(tools + "s6-svc", *words.split(), "/tmp").returncode in (100, 102, 111)
    assert box.run("/command/s6-svc", "-u", "/tmp").returncode == 102
    assert box.run("/command/s6-svc", "-u", "/tmp").stderr == \
        "s6-svc: warning: unable to control /tmp: supervisor not listening\n"


@EACH
def test_in_the_working_directory_and_leaving(box, who):
    """As finish scripts write it; and the supervisor that goes and comes."""
    tools, name = TOOLS[who], "ends-" + who
    svc(box, tools, name, "-wU", "-u", "-T30000")
    box.run("/bin/sh", "-c", f"cd /run/service/{name} && exec {tools}s6-svc -O .", check=True)
    wait_for(lambda: state(box, tools, name).startswith("true false"))
    svc(box, tools, name, "-u")
    pid = stat(box, tools, name, "-o", "pid")
    assert svc(box, tools, name, "-x") == 0
    assert stat(box, tools, name, "-o", "pid") == pid
    assert svc(box, tools, name, "-wD", "-t", "-T30000") == 0
    box.wait_for(lambda: ready(box, tools, name), what="the next supervisor's start")
    assert box.run("/usr/bin/s6-svdt", f"/run/service/{name}").stdout == ""


@EACH
def test_a_logger_is_rotated(box, who):
    folder = box.inside("/var/log/services/web")
    box.run("/bin/sh", "-c", "echo line >/proc/$(s6-svstat -p /run/service/web)/fd/1", check=True)
    box.wait_for(lambda: os.path.getsize(folder + "/current") > 0)
    before = len(archives(folder))
    assert svc(box, TOOLS[who], "web/log", "-a") == 0
    box.wait_for(lambda: len(archives(folder)) > before)


# --- waiting


def test_waiting(box):
    web, plain = "/run/service/web", "/run/service/plain"
    svc(box, OURS, "plain", "-wu", "-u")
    begin = lambda words, tools: box.begin(tools + words.split()[0], "-t", "3000", *words.split()[1:])  # noqa: E731
    # In vain, all at once; the time is enough for the packaged one to subscribe.
    vain = {(words, tools): begin(words, tools)
            for words in (f"s6-svwait -d {web}", f"s6-svwait -D {web}", f"s6-svwait -r {web}", f"s6-svwait -R {web}",
                          f"s6-svwait -a -d {web} {plain}")
            for tools in (THEIRS, OURS)}
    for words in (f"-U {web}", f"-u {web} {plain}", f"-o -u -t 30000 {web} {plain}", web):
        assert same(box, "s6-svwait", *words.split())[0] == 0, words
    for (words, tools), client in vain.items():
        name = words.split()[0]
        assert in_vain(lambda: begin(words, tools), client) == (99, "", f"{name}: fatal: timed out\n"), words
    assert same(box, "s6-svwait", "-u", "-t", "100", "/nowhere", messages=False)[0] == 111
    assert same(box, "s6-svwait", "-Z", web, messages=False)[0] == 100
    for words in ((), ("-D", "-t", "10")):  # the packaged one is from before 2.13: 100
        result = box.run(OURS + "s6-svwait", *words)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", ""), words
    assert box.run(OURS + "s6-svlisten", "", "sh", "-c", "exit 7").returncode == 7
    assert same(box, "s6-svlisten", "-u", " " + web, " " + plain, "", "true") == (0, "", "")
    answers = {in_vain(lambda: box.begin(tools + "s6-svlisten", "-d", "-t", "1500", " " + web, "", "true"))
               for tools in (THEIRS, OURS)}
    assert [answer[0] for answer in answers] == [99], answers
    assert same(box, "s6-svlisten", "-u", web, messages=False)[0] == 100
    assert same(box, "s6-svlisten1", "-u", "-t", "30000", web, "true") == (0, "", "")
    assert same(box, "s6-svlisten1", "-u", web, "/nonexistent", messages=False)[0] == 111
    assert same(box, "s6-svlisten1", "-u", "/nowhere", "true", messages=False)[0] == 111
    assert same(box, "s6-svlisten1", web, messages=False)[0] == 100


@EACH
def test_a_restart_of_what_is_down_is_its_start(box, who):
    name = "owned-" + who
    for down, up in (("-d", "-u"), ("-D", "-rU")):
        assert svc(box, TOOLS[who], name, "-wD", down) == 0
        assert svc(box, TOOLS[who], name, "-wr", "-T30000", up) == 0, up
        assert state(box, TOOLS[who], name).startswith("true true true")


@EACH
def test_listening(box, who):
    tools, name = TOOLS[who], "/run/service/gives-up-" + who
    listen = lambda want, option: box.run(  # noqa: E731
        tools + "s6-svlisten", want, "-t", "30000", " " + name, "", tools + "s6-svc", option, name)
    assert listen("-D", "-d").returncode == 0  # that finish says 125 is no failure for one who waits for the end
    assert listen("-u", "-u").returncode == 0
    box.wait_for(lambda: ready(box, tools, "gives-up-" + who))
    assert box.run(tools + "s6-svlisten1", "-d", "-t", "30000", name, tools + "s6-svc", "-k", name).returncode == 0
    box.wait_for(lambda: state(box, tools, "gives-up-" + who).startswith("false false"))
    with open(box.inside("/run/service/gives-up-" + who) + "/run", "w") as file:
        file.write("#!/bin/sh\nexit 1\n")
    r = listen("-U", "-u")
    assert r.returncode == 1
    assert who == "theirs" or "failed permanently" in r.stderr


def test_readiness_by_checks(box):
    names = [f"checks-{kind}-{who}" for kind in "cdn" for who in TOOLS]
    box.run("/command/s6-rc", "-b", "-t", "1", "-u", "change", *names)
    for name in names:
        svc(box, OURS, name, "-wu", "-u")
    assert not any(ready(box, OURS, name) for name in names)
    box.run("touch", "/tmp/go", check=True)
    for name in names[:4]:
        box.wait_for(lambda: ready(box, OURS, name), what=name)
    assert not ready(box, OURS, names[4]) and not ready(box, OURS, names[5])
    for tools in (THEIRS, OURS):
        assert box.run(tools + "s6-notifyoncheck", "true").returncode == 100
        assert box.run(tools + "s6-notifyoncheck", "-Z", "true").returncode == 100


# --- who may


@EACH
def test_permissions(box, who):
    tools, name = TOOLS[who], "owned-" + who
    folder = box.inside("/run/service/" + name)
    for options, shown in {"-g daemon": (0o710, 0o600, 0o3730), "-G daemon": (0o710, 0o620, 0o3730),
                           "-o": (0o711, 0o600, 0o3730), "-O daemon": (0o711, 0o620, 0o3730),
                           "-e": (0o711, 0o620, 0o1733), "-E daemon -u": (0o700, 0o600, 0o3730)}.items():
        assert box.run(tools + "s6-svperms", *options.split(), "/run/service/" + name).returncode == 0
        code, out, said = same(box, "s6-svperms", "/run/service/" + name)
        assert (code, out.count("\n"), said) == (0, 3, "")
        got = tuple(modes.S_IMODE(os.stat(f"{folder}/{file}").st_mode)
                    for file in ("supervise", "supervise/control", "event"))
        assert got == shown, options
    assert same(box, "s6-svperms", "-g", "nobodys", "/tmp", messages=False)[0] == 100
    assert same(box, "s6-svperms", "/tmp", messages=False)[0] == 1


@EACH
def test_a_plain_user_who_owns_it(box, who):
    tools, name = TOOLS[who], "owned-" + who
    service, folder = "/run/service/" + name, box.inside("/run/service/" + name)
    box.run("chown", "-R", "www-data", f"{service}/supervise", f"{service}/event", "/run/service/.s6-svscan", check=True)
    run = lambda *words: box.run(*words, user=33).returncode  # noqa: E731
    assert run(tools + "s6-svok", service) == 0
    assert run(tools + "s6-svc", "-wd", "-T30000", "-d", service) == 0
    assert run(tools + "s6-svwait", "-d", service) == 0
    assert run(tools + "s6-svc", "-wu", "-T30000", "-u", service) == 0
    assert run(tools + "s6-svstat", service) == 0
    assert run(tools + "s6-svdt", service) == 0
    assert run(tools + "s6-svscanctl", "-a", "/run/service") == 0
    for file in ("supervise", "supervise/control", "event"):
        assert os.stat(f"{folder}/{file}").st_uid == 33
    assert run(tools + "s6-svc", "-d", "/run/service/web") != 0
    assert state(box, OURS, "web").startswith("true true")
    box.run("chown", "-R", "root", "/run/service/.s6-svscan", check=True)


# --- the scan directory


@EACH
def test_adding_and_removing(box, who):
    tools = TOOLS[who]
    scandir = "/run/service"
    for name in ("added-" + who, "paired-" + who):
        r = box.run(tools + "s6-svlink", "-t", "30000", scandir, "/srv/" + name)
        assert (r.returncode, r.stderr) == (0, ""), r.stderr
        assert box.run(tools + "s6-svok", f"{scandir}/{name}").returncode == 0
        box.wait_for(lambda: state(box, tools, name).startswith("true true true"))
        if who == "ours":  # theirs wonders about the control of the logger that it got
            assert box.run(tools + "s6-svlink", scandir, "/srv/" + name).returncode == 0
        if name.startswith("paired"):
            box.wait_for(lambda: state(box, tools, name + "/log").startswith("true true"))
        r = box.run(tools + "s6-svunlink", "-t", "30000", scandir, name)
        assert (r.returncode, r.stderr) == (0, ""), r.stderr
        assert box.run(tools + "s6-svok", "/srv/" + name).returncode == 1
        assert not box.exists(f"{scandir}/{name}")
    assert box.run(tools + "s6-svok", f"/srv/paired-{who}/log").returncode == 1
    name = "added-" + who
    assert box.run(tools + "s6-svlink", "-d", scandir, "/srv/" + name, "other").returncode == 0
    assert state(box, tools, "other").startswith("false false true")
    assert box.run(tools + "s6-svunlink", scandir, "other").returncode == 0
    assert box.run(tools + "s6-svlink", "-D", scandir, "/srv/" + name).returncode == 0
    assert state(box, tools, name).startswith("false false false")
    assert box.run(tools + "s6-svunlink", scandir, name).returncode == 0
    assert box.run(tools + "s6-svunlink", "-X", scandir, "nosuch").returncode == 0
    assert box.run(tools + "s6-svlink", scandir, "/nowhere").returncode == 111
    assert box.run(tools + "s6-svlink", "/nowhere", "/srv/" + name).returncode == 111


@EACH
@pytest.mark.parametrize("kind", ("often", "silent"))
def test_what_was_removed_has_left_its_directory(box, who, kind):
    """As soon as s6-svunlink ends: the next s6-svlink looks there. With a logger of ours, and without."""
    tools, folder = TOOLS[who], f"/srv/{kind}-{who}"
    script = f"""i=0; while [ $i -lt 60 ]; do i=$((i + 1))
        {tools}s6-svlink -d -t 30000 /run/service {folder} && {tools}s6-svunlink -t 30000 /run/service {kind}-{who} || exit 1
        if test -e {folder}/log; then echo "$i: log is there"; exit 1; fi
        if {tools}s6-svok {folder}; then echo "$i: supervised"; exit 1; fi
    done"""
    r = box.run("/bin/sh", "-c", script)
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    inside = box.inside(folder)
    wait_for(lambda: {"run", "event", "supervise"} >= set(os.listdir(inside)) - {"logging"}, what="nothing left behind")


def test_scan_requests(box):
    for words, code in {"/run/service": 0, "-a /run/service": 0, "-an /run/service": 0, "-h /run/service": 0,
                        "-z /run/service": 0, "-t /var/run/s6/services": 111, "-x /run/service": 100, "": 100}.items():
        assert same(box, "s6-svscanctl", *words.split(), messages=False)[0] == code, words


@EACH
def test_stopping_everything(tree, boot, who):
    put_packaged(tree)
    tree.longrun("web", ENDS, finish="#!/bin/sh\necho finished >/tmp/finished\n", notification_fd="5\n")
    box = boot(tree.path)
    box.wait_for(lambda: ready(box, TOOLS[who], "web"))
    # It may still be there when the stop that it asked for ends every process.
    assert box.run(TOOLS[who] + "s6-svscanctl", "-t", "/run/service").returncode in (0, -signal.SIGTERM)
    assert box.wait() == 0
    assert tree.read("/tmp/finished") == "finished\n"
