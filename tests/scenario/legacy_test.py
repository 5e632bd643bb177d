"""fix-attrs.d, cont-init.d, cont-finish.d: order, messages, failures, accounts and modes."""

import os

import pytest

from lib.text import assert_order

FAILED = "s6-rc failed to properly bring all the services up"
TRACE = "#!/bin/sh\necho %s >>/tmp/trace\n"


def owner(path):
    st = os.lstat(path)
    return st.st_uid, st.st_gid


def mode(path):
    return os.lstat(path).st_mode & 0o7777


@pytest.mark.long
def test_cont_init_and_cont_finish(tree, boot):
    tree.script("/etc/cont-init.d/10-first", "#!/command/with-contenv sh\necho first $PWD $ONE $RC_NAME >>/tmp/trace\n"
                                             "printf later >/run/s6/container_environment/ADDED\necho said\nexit 3\n")
    tree.script("/etc/cont-init.d/20-second", "#!/bin/sh\necho second $ONE $RC_NAME $PWD >>/tmp/trace\n")
    tree.write("/etc/cont-init.d/30-plain", TRACE % "plain", 0o644)
    tree.script("/etc/cont-init.d/40-killed", "#!/bin/sh\nkill -9 $$\n")
    tree.script("/etc/cont-init.d/.hidden", TRACE % "hidden")
    tree.script("/etc/cont-init.d/B upper case", TRACE % "upper")
    tree.oneshot("after", "sh -c \"echo after >>/tmp/trace\"\n", down="sh -c \"echo down >>/tmp/trace\"\n", deps=["base"])
    tree.script("/etc/cont-finish.d/10-stuck", "#!/bin/sh\necho stuck >>/tmp/trace\nexec sleep 1000\n")
    tree.script("/etc/cont-finish.d/20-last", "#!/command/with-contenv sh\necho last $ADDED >>/tmp/trace\nexit 5\n")
    tree.write("/etc/cont-finish.d/30-plain", TRACE % "plain", 0o644)
    box = boot(tree.path, "sh", "-c", "echo cmd >>/tmp/trace", env={"ONE": "1", "S6_KILL_FINISH_MAXTIME": "3000"})
    assert box.wait() == 0, box.transcript()
    live = "/run/s6-rc/servicedirs/s6rc-oneshot-runner"
    assert tree.read("/tmp/trace").splitlines() == [
        f"first {live} 1", f"second legacy-cont-init {live}", "upper", "after", "cmd", "down", "stuck", "last later"]
    text = box.stderr.text()
    init = "cont-init: info: "
    assert_order(text, "s6-rc: info: service legacy-cont-init: starting\n", f"{init}running /etc/cont-init.d/10-first\n",
                 f"{init}/etc/cont-init.d/10-first exited 3\n", f"{init}/etc/cont-init.d/20-second exited 0\n",
                 f"{init}/etc/cont-init.d/30-plain exited 126\n", f"{init}/etc/cont-init.d/40-killed exited 137\n",
                 f"{init}/etc/cont-init.d/B upper case exited 0\n",
                 "s6-rc: info: service legacy-cont-init successfully started\n", "s6-rc: info: service after: starting\n",
                 "s6-rc: info: service legacy-cont-init: stopping\n", "cont-finish: info: running /etc/cont-finish.d/10-stuck\n",
                 "cont-finish: info: running /etc/cont-finish.d/20-last\n",
                 "s6-rc: info: service legacy-cont-init successfully stopped\n")
    assert "cont-init: warning: unable to execute /etc/cont-init.d/30-plain: it has no x bit" in text
    assert "some scripts exited nonzero" not in text
    assert "said\n" in box.stdout.text()
    assert "s6-maximumtime: warning: /etc/cont-finish.d/10-stuck took more than 3000 milliseconds" in text


def test_scripts_without_a_first_line_are_the_shells(tree, boot):
    tree.script("/etc/cont-init.d/10-plain", "echo plain $0 >>/tmp/trace\n")
    tree.script("/etc/cont-init.d/20-empty", "")
    tree.script("/etc/cont-init.d/30-comment", "# a comment\necho comment >>/tmp/trace; exit 3\n")
    tree.script("/etc/cont-init.d/40-binary", b"\x7fELF\0\0\n")
    tree.script("/etc/cont-finish.d/10-plain", "echo finish >>/tmp/trace\n")  # none runs it in s6-overlay
    tree.script("/bin/hook", "echo hook $1 >>/tmp/trace\n")
    tree.script("/bin/cmd", "echo cmd $1 >>/tmp/trace; exit 6\n")
    box = boot(tree.path, "cmd", "two words", env={"S6_STAGE2_HOOK": "hook one"})
    assert box.wait() == 6, box.transcript()
    assert tree.read("/tmp/trace").splitlines() == [
        "hook one", "plain /etc/cont-init.d/10-plain", "comment", "cmd two words"]
    text = box.stderr.text()
    for name, code in (("10-plain", 0), ("20-empty", 0), ("30-comment", 3), ("40-binary", 126)):
        assert f"cont-init: info: /etc/cont-init.d/{name} exited {code}\n" in text
    assert "it is not a program and has no #! line" in text  # of cont-finish.d


@pytest.mark.parametrize("command,code,shown", [
    (("umask",), 0, "0022\n"), (("type", "umask"), 0, "umask is a shell builtin\n"), (("ulimit", "-n"), 0, None), (("exit", "5"), 5, ""),
    ((".", "/etc/some words"), 7, "sourced\n"), (("nonesuch",), 127, "")])
def test_cmd_may_be_a_builtin_of_the_shell(tree, boot, command, code, shown):
    tree.write("/etc/some words", "echo sourced; exit 7\n")
    box = boot(tree.path, *command)
    assert box.wait() == code, box.transcript()
    if shown is None:
        assert box.stdout.text().strip().isdigit()
    else:
        assert box.stdout.text() == shown


@pytest.mark.parametrize("hook,traced", [
    (". /hook.d/one", "one\n"), ("sh /hook.d/on*", "one\n"), ("cat /hook.d/[ot]*", None), ("ls /nothing*", None)])
def test_the_hook_is_words_of_a_shell(tree, boot, hook, traced):
    tree.write("/hook.d/one", "echo one >>/tmp/trace\n")
    tree.write("/hook.d/two", "echo two >>/tmp/trace\n")
    box = boot(tree.path, "true", env={"S6_STAGE2_HOOK": hook, "S6_BEHAVIOUR_IF_STAGE2_FAILS": "2"})
    code = box.wait()
    if traced is not None:
        assert (code, tree.read("/tmp/trace")) == (0, traced), box.transcript()
    elif hook.startswith("cat"):
        assert (code, box.stdout.text()) == (0, "echo one >>/tmp/trace\necho two >>/tmp/trace\n")
    else:
        assert code != 0 and "/nothing*" in box.stderr.text(), box.transcript()


def test_without_a_shell_nothing_is_made_up(scratch, boot):
    scratch.script("/etc/cont-init.d/init", "echo never\n")
    box = boot(scratch.path, "type")
    assert box.wait() == 127, box.transcript()
    assert "unable to execute type: not found in PATH" in box.stderr.text()
    assert "cont-init: warning: unable to execute /etc/cont-init.d/init: it is not a program and has no #! line" in box.stderr.text()


@pytest.mark.parametrize("behaviour,code", [("1", 7), ("2", 1)])
def test_a_script_that_fails(tree, boot, behaviour, code):
    tree.script("/etc/cont-init.d/bad", "#!/bin/sh\nexit 4\n")
    tree.script("/etc/cont-init.d/next", TRACE % "next")
    tree.oneshot("after", "touch /tmp/after\n", deps=["base"])
    box = boot(tree.path, "sh", "-c", "exit 7", env={"S6_BEHAVIOUR_IF_STAGE2_FAILS": behaviour, "S6_VERBOSITY": "1"})
    assert box.wait() == code, box.transcript()
    text = box.stderr.text()
    assert "cont-init: warning: some scripts exited nonzero\n" in text
    assert ": info: " not in text
    assert (FAILED in text) == (behaviour == "2")
    assert os.path.exists(tree.at("/tmp/after")) == (behaviour == "1")
    assert tree.read("/tmp/trace") == "next\n"


@pytest.mark.long
def test_the_time_limit_covers_cont_init(tree, boot):
    tree.script("/etc/cont-init.d/slow", "#!/bin/sh\ntrap 'echo told >>/tmp/trace; exit 1' TERM\necho begun >>/tmp/trace\n"
                                         "while :; do sleep 0.05; done\n")
    box = boot(tree.path, "touch", "/tmp/cmd", env={"S6_CMD_WAIT_FOR_SERVICES_MAXTIME": "4000", "S6_BEHAVIOUR_IF_STAGE2_FAILS": "2"})
    assert box.wait() == 2, box.transcript()
    assert "s6-rc: fatal: timed out" in box.stderr.text()
    assert tree.read("/tmp/trace") == "begun\ntold\n"
    assert not os.path.exists(tree.at("/tmp/cmd"))


ACCOUNTS = {  # the table of s6-overlay's README; daemon is 1:1 here
    "daemon": (1, 1), "daemon,3:4": (1, 1), "2:2,3:4": (2, 2), "daemon:11111,3:4": (1, 11111), "11111:daemon,3:4": (11111, 1),
    "daemon:daemon,3:4": (1, 1), "daemon:nonesuch,3:4": (1, 4), "nonesuch:daemon,3:4": (3, 1), "11111:11111,3:4": (11111, 11111),
    "nobody,32768:32768": (65534, 65534), "nonesuch,32768:32768": (32768, 32768), "www-data": (33, 33), "12": (12, 12)}


def test_fix_attrs(tree, boot):
    lines = ["# a comment", "#another", ""]
    for index, account in enumerate(ACCOUNTS):
        tree.write(f"/data/account{index}")
        lines.append(f"/data/account{index} false {account} 0640 0750")
    for name in ("deep/one/two/file", "deep/three", "deep/.hidden/file", "deep/.dot", "flat/inner", "x1", "x2", "outside"):
        tree.write(f"/data/{name}")
    os.makedirs(tree.at("/data/deep/empty"))
    tree.link("/data/deep/link", "/data/outside")
    tree.link("/data/deep/dangling", "/nowhere")
    lines += ["/data/deep\ttrue  daemon 0600 2700 ", "/data/flat false daemon 0600 0711", "/data/x? false daemon 4755 0755"]
    tree.write("/etc/fix-attrs.d/01", "\n".join(lines))  # no newline at the end
    tree.write("/etc/fix-attrs.d/02", "/data/nothere true daemon 0600 0700\n/data/x1 maybe daemon 0600 0700\n"
                                      "/data/x1 true nonesuch 0600 0700\n/data/x1 true daemon 0900 0700\n/data/x1 true daemon\n")
    box = boot(tree.path, "true", env={"S6_BEHAVIOUR_IF_STAGE2_FAILS": "1"})
    assert box.wait() == 0, box.transcript()
    for index, account in enumerate(ACCOUNTS):
        assert (account, owner(tree.at(f"/data/account{index}"))) == (account, ACCOUNTS[account])
        assert mode(tree.at(f"/data/account{index}")) == 0o640
    for name in ("deep", "deep/one", "deep/one/two", "deep/empty"):
        assert (owner(tree.at(f"/data/{name}")), mode(tree.at(f"/data/{name}"))) == ((1, 1), 0o2700)
    for name in ("deep/one/two/file", "deep/three"):
        assert (owner(tree.at(f"/data/{name}")), mode(tree.at(f"/data/{name}"))) == ((1, 1), 0o600)
    assert owner(tree.at("/data/deep/link")) == owner(tree.at("/data/deep/dangling")) == (1, 1)
    for name in ("deep/.hidden", "deep/.dot", "flat/inner", "outside"):
        assert owner(tree.at(f"/data/{name}")) == (0, 0), name
    assert mode(tree.at("/data/outside")) == 0o644
    assert (owner(tree.at("/data/flat")), mode(tree.at("/data/flat"))) == ((1, 1), 0o711)
    for name in ("x1", "x2"):
        assert (owner(tree.at(f"/data/{name}")), mode(tree.at(f"/data/{name}"))) == ((1, 1), 0o4755)
    text = box.stderr.text()
    warning = "fix-attrs: warning: /etc/fix-attrs.d/02:"
    assert_order(text, "fix-attrs: info: applying /etc/fix-attrs.d/01\n", "fix-attrs: info: applying /etc/fix-attrs.d/02\n",
                 f"{warning}1: /data/nothere: ", f"{warning}2: maybe is neither true nor false\n", f"{warning}3: nonesuch: user nonesuch",
                 f"{warning}4: 0900 is not an octal mode\n", f"{warning}5: ", "fix-attrs: warning: fix-attrs is deprecated",
                 "fix-attrs: warning: some fix files failed to apply\n")


def test_fix_attrs_hidden_and_failing(tree, boot):
    tree.write("/data/.dot/.file")
    tree.write("/etc/fix-attrs.d/01", "/data true daemon 0600 0700\n/nothere true daemon 0600 0700\n")
    tree.script("/etc/cont-init.d/01", TRACE % "init")
    box = boot(tree.path, "touch", "/tmp/cmd", env={"S6_FIX_ATTRS_HIDDEN": "1", "S6_BEHAVIOUR_IF_STAGE2_FAILS": "2"})
    assert box.wait() == 1, box.transcript()
    assert (owner(tree.at("/data/.dot")), mode(tree.at("/data/.dot"))) == ((1, 1), 0o700)
    assert (owner(tree.at("/data/.dot/.file")), mode(tree.at("/data/.dot/.file"))) == ((1, 1), 0o600)
    assert not os.path.exists(tree.at("/tmp/trace")) and not os.path.exists(tree.at("/tmp/cmd"))


def test_fix_attrs_without_proc(tree, boot):
    tree.write("/data/folder/file")
    tree.link("/data/folder/link", "/data/outside")
    tree.write("/data/outside")
    os.mkfifo(tree.at("/data/folder/fifo"), 0o600)
    tree.write("/etc/fix-attrs.d/01", "/data/f* true daemon 0640 0750\n")
    box = boot(tree.path, "true", options=("-P",), env={"S6_BEHAVIOUR_IF_STAGE2_FAILS": "2"})
    assert box.wait() == 0, box.transcript()
    for name, kept in (("folder", 0o750), ("folder/file", 0o640), ("folder/fifo", 0o640)):
        assert (owner(tree.at(f"/data/{name}")), mode(tree.at(f"/data/{name}"))) == ((1, 1), kept)
    assert (owner(tree.at("/data/outside")), mode(tree.at("/data/outside"))) == ((0, 0), 0o644)


def test_nothing_of_it_needs_a_shell(scratch, boot):
    helper = "#!/command/execlineb -P\n/bin/helper say %s %d\n"
    scratch.script("/etc/cont-init.d/init", helper % ("init", 0))
    scratch.script("/etc/cont-finish.d/finish", helper % ("finish", 1))
    scratch.write("/etc/fix-attrs.d/fix", "/bin/helper false 5:6 0711 0711\n")
    os.unlink(scratch.at("/etc/passwd"))
    box = boot(scratch.path, "/bin/helper", "say", "cmd")
    assert box.wait() == 0, box.transcript()
    # CMD's lines come through a logger, the others' do not: only what one process wrote is in order.
    assert sorted(box.stdout.text().splitlines()) == ["cmd", "finish", "init"]
    assert_order(box.stdout.text(), "init\n", "finish\n")
