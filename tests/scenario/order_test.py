"""Starting and stopping: dependencies, readiness, oneshots, finish, bundles."""

import os

from lib.text import assert_order

INFO = "s6-rc: info: service "


def starting(name):
    return f"{INFO}{name}: starting\n"


def started(name):
    return f"{INFO}{name} successfully started\n"


def stopping(name):
    return f"{INFO}{name}: stopping\n"


def stopped(name):
    return f"{INFO}{name} successfully stopped\n"


def test_dependencies_order_start_and_stop(tree, boot):
    tree.oneshot("a", "true\n")
    tree.longrun("b", deps=["a"])
    tree.longrun("c", deps=["b"])
    tree.oneshot("d", "true\n", down="true\n", deps=["c"])
    box = boot(tree.path)
    box.wait_for_text(started("d"))
    assert box.stop() == 0
    text = box.stderr.text()
    assert_order(text, starting("a"), started("a"), starting("b"), started("b"), starting("c"),
                 started("c"), starting("d"), started("d"), stopping("d"), stopped("d"), stopping("c"),
                 stopped("c"), stopping("b"), stopped("b"), stopping("a"), stopped("a"))
    for message in (starting, started, stopping, stopped):
        for name in "abcd":
            assert text.count(message(name)) == 1


def test_cmd_runs_after_everything_and_services_stop_after_it(tree, boot):
    tree.oneshot("slow", 'foreground { sleep 0.3 } sh -c "echo slow >>/tmp/trace"\n', down='sh -c "echo down >>/tmp/trace"\n')
    tree.longrun("web", "#!/bin/sh\necho web >>/tmp/trace\nexec sleep 1000\n", deps=["slow"],
                 finish="#!/bin/sh\necho finish >>/tmp/trace\n", notification_fd="3\n")
    tree.write("/etc/s6-overlay/s6-rc.d/web/run",
               "#!/bin/sh\nsleep 0.3\necho web >>/tmp/trace\necho >&3\nexec sleep 1000\n")
    box = boot(tree.path, "sh", "-c", "echo cmd >>/tmp/trace")
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/trace").split() == ["slow", "web", "cmd", "finish", "down"]


def test_dependents_wait_for_readiness(tree, boot):
    tree.longrun("first", "#!/bin/sh\necho begun >>/tmp/trace\nsleep 0.4\necho ready >>/tmp/trace\n"
                          "echo >&3\nexec sleep 1000\n", notification_fd="3\n")
    tree.longrun("second", "#!/bin/sh\necho second >>/tmp/trace\nexec sleep 1000\n", deps=["first"])
    box = boot(tree.path)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/trace")) and "second" in tree.read("/tmp/trace"))
    assert box.stop() == 0
    assert tree.read("/tmp/trace").split() == ["begun", "ready", "second"]
    assert_order(box.stderr.text(), started("first"), starting("second"))


def test_independent_services_start_in_parallel(tree, boot):
    for name, other in (("one", "two"), ("two", "one")):
        tree.oneshot(name, f'sh -c "touch /tmp/{name}; while [ ! -e /tmp/{other} ]; do sleep 0.02; done"\n')
    box = boot(tree.path, "true")
    assert box.wait() == 0, box.transcript()


def test_finish_is_told_code_signal_name_and_group(tree, boot):
    finish = "#!/bin/sh\necho $# $* >>/tmp/trace\n[ $1 = 3 ] || exit 125\n"
    tree.longrun("web", "#!/bin/sh\necho $$ >>/tmp/pids\n[ -e /tmp/once ] && kill -9 $$\ntouch /tmp/once\nexit 3\n", finish=finish)
    box = boot(tree.path)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/trace")) and tree.read("/tmp/trace").count("\n") == 2)
    assert box.stop() == 0
    pids = tree.read("/tmp/pids").split()
    assert len(pids) == 2
    assert tree.read("/tmp/trace") == f"4 3 0 web {pids[0]}\n4 256 9 web {pids[1]}\n"


def test_finish_runs_when_stopped_on_request(tree, boot):
    tree.longrun("web", "#!/bin/sh\necho up >/tmp/up\nexec sleep 1000\n", finish="#!/bin/sh\necho $1 $2 $3 >>/tmp/trace\n")
    box = boot(tree.path)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    box.wait_for(lambda: "sleep 1000" in [" ".join(words) for words in box.processes().values()])
    assert box.stop() == 0
    assert tree.read("/tmp/trace") == "256 15 web\n"


def test_a_service_is_restarted_after_a_second(tree, boot):
    # When it was made, in ticks: it may have had to wait for a processor since.
    tree.longrun("web", "#!/bin/sh\nread line </proc/self/stat\nset -- $line\necho ${22} >>/tmp/trace\n")
    box = boot(tree.path)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/trace")) and tree.read("/tmp/trace").count("\n") >= 3)
    assert box.stop() == 0
    times = [int(word) / os.sysconf("SC_CLK_TCK") for word in tree.read("/tmp/trace").split()]
    # Not later either: tests/unit/supervisor/longrun_test.c, whose clock no other process slows down.
    assert times[1] - times[0] >= 0.95 and times[2] - times[1] >= 0.95


def test_down_signal_and_timeout_kill(tree, boot):
    """Of two services: one that has to wait for a processor may not hear of INT before it is killed."""
    finish = "#!/bin/sh\necho $1 $2 >>/tmp/trace.$3\n"
    tree.longrun("heeds", "#!/bin/sh\ntrap '' TERM\ntrap 'echo int >>/tmp/trace.heeds; exit 4' INT\necho up >/tmp/up.heeds\n"
                          "while :; do sleep 0.05; done\n", down_signal="INT\n", finish=finish)
    tree.longrun("deaf", "#!/bin/sh\ntrap '' TERM INT\necho up >/tmp/up.deaf\nexec sleep 1000\n", down_signal="INT\n",
                 timeout_kill="300\n", finish=finish)
    box = boot(tree.path)
    box.wait_for(lambda: all(os.path.exists(tree.at(f"/tmp/up.{name}")) for name in ("heeds", "deaf")))
    assert box.stop() == 0
    assert tree.read("/tmp/trace.heeds") == "int\n4 0\n"
    assert tree.read("/tmp/trace.deaf") == "256 9\n"


def test_what_s6_svc_brought_up_is_stopped_like_the_others(tree, boot):
    """In the order of dependencies, by its own signal, and killed by its own limit, not that of processes left over."""
    run = ("#!/bin/sh\ntrap 'echo %s term >>/tmp/trace' TERM\ntrap 'echo %s int >>/tmp/trace%s' INT\n"
           "touch /tmp/%s\nwhile :; do usleep 20000; done\n")
    finish = "#!/bin/sh\necho $3 $1 $2 >>/tmp/trace\n"
    tree.longrun("ground", run % ("ground", "ground", "; exit 0", "ground"), down_signal="INT\n", finish=finish)
    tree.longrun("side", run % ("side", "side", "; exit 0", "side"), deps=["ground"], bundle=None, down_signal="INT\n", finish=finish)
    tree.longrun("deaf", "#!/bin/sh\ntrap '' INT TERM\ntouch /tmp/deaf\nexec sleep 1000\n", deps=["ground"], bundle=None,
                 timeout_kill="200\n", finish=finish)
    box = boot(tree.path, env={"S6_KILL_GRACETIME": "30000", "S6_LOGGING": "0"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/ground")))
    box.run("/command/s6-svc", "-u", "/run/service/side", "/run/service/deaf", check=True)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/side")) and os.path.exists(tree.at("/tmp/deaf")))
    assert not {"side", "deaf"} & set(box.run("/command/s6-rc", "-a", "list").stdout.split())
    assert box.stop() == 0
    trace = tree.read("/tmp/trace").splitlines()
    assert sorted(trace[:3]) == ["deaf 256 9", "side 0 0", "side int"] and trace.index("side int") < trace.index("side 0 0")
    assert trace[3:] == ["ground int", "ground 0 0"]
    for name in ("side", "deaf"):
        assert_order(box.stderr.text(), stopping(name), stopped(name), stopping("ground"), stopped("ground"))


def test_up_and_down_are_execline_whatever_they_look_like(tree, boot):
    tree.oneshot("odd", '#!/bin/sh\nif { echo "a  b" $HOME } # comment\nredirfd -w 1 /tmp/up\necho "x\\ty" \'z\'',
                 down="redirfd -w 1 /tmp/down echo bye\n")
    os.chmod(tree.at("/etc/s6-overlay/s6-rc.d/odd/up"), 0o644)
    tree.oneshot("empty", "")
    box = boot(tree.path, "true", env={"S6_LOGGING": "0"})
    assert box.wait() == 0, box.transcript()
    assert "a  b $HOME\n" in box.stdout.text()
    assert tree.read("/tmp/up") == "x\ty 'z'\n"
    assert tree.read("/tmp/down") == "bye\n"


def test_old_and_new_user_bundles_are_merged(tree, boot):
    tree.longrun("new")
    tree.longrun("late", bundle="user2", deps=["legacy-services"])
    tree.longrun("old", bundle=None)
    tree.write("/etc/s6-overlay/s6-rc.d/user/type", "bundle")
    tree.write("/etc/s6-overlay/s6-rc.d/user/contents.d/old")
    before = sorted(os.listdir(tree.at("/etc/s6-overlay/s6-rc.d/user/contents.d")))
    box = boot(tree.path, "true")
    assert box.wait() == 0, box.transcript()
    for name in ("new", "old", "late"):
        assert started(name) in box.stderr.text()
    assert_order(box.stderr.text(), started("legacy-services"), starting("late"))
    assert sorted(os.listdir(tree.at("/etc/s6-overlay/s6-rc.d/user/contents.d"))) == before


def test_a_bundle_of_ones_own_and_a_dependency_on_it(tree, boot):
    tree.oneshot("one", bundle=None)
    tree.oneshot("two", bundle=None)
    tree.define("both", "bundle", bundle=None, **{"contents.d/one": "", "contents.d/two": ""})
    tree.longrun("web", deps=["both"])
    box = boot(tree.path, "true")
    assert box.wait() == 0, box.transcript()
    assert_order(box.stderr.text(), started("one"), starting("web"))
    assert_order(box.stderr.text(), started("two"), starting("web"))


def test_what_is_in_no_bundle_stays_down(tree, boot):
    tree.oneshot("unwanted", "touch /tmp/unwanted\n", bundle=None)
    box = boot(tree.path, "true")
    assert box.wait() == 0, box.transcript()
    assert not os.path.exists(tree.at("/tmp/unwanted"))


def test_halt_from_a_service(tree, boot):
    tree.longrun("web", "#!/bin/sh\nexit 4\n", finish="#!/bin/sh\necho $1 >/run/s6-linux-init-container-results/exitcode\n"
                                                    "exec /run/s6/basedir/bin/halt\n")
    box = boot(tree.path)
    assert box.wait() == 4, box.transcript()


def test_pid_1_waits_for_what_takes_its_time(tree, boot):
    tree.longrun("web", "#!/bin/sh\ntrap 'sleep 0.5; echo bye >/tmp/bye; exit 0' TERM\necho up >/tmp/up\n"
                        "while :; do sleep 0.05; done\n")
    tree.oneshot("leave", 'sh -c "(trap \'sleep 0.5; echo late >/tmp/late; exit\' TERM; touch /tmp/left; '
                          'while :; do sleep 0.05; done) & "\n')
    box = boot(tree.path, env={"S6_KILL_GRACETIME": "30000"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")) and os.path.exists(tree.at("/tmp/left")))
    box.wait_for_text(started("leave"))
    assert box.stop() == 0
    assert tree.read("/tmp/bye") == "bye\n"
    assert tree.read("/tmp/late") == "late\n"
