"""What a container finds when it boots: environment, /run, directories, CMD."""

import os

from lib.boot import DRAIN


def lines(text):
    return sorted(text.splitlines())


def test_cmd_runs_in_the_working_directory_with_path_only(tree, boot):
    tree.script("bin/show", "#!/command/execlineb -P\nforeground { redirfd -w 1 /tmp/env env }\n"
                            "redirfd -w 1 /tmp/pwd /bin/busybox pwd\n")
    os.makedirs(tree.at("/srv/app"))
    box = boot(tree.path, "show", env={"SECRET": "x y"}, options=["-w", "/srv/app"])
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/pwd") == "/srv/app\n"
    assert tree.read("/tmp/env") == "PATH=/command:/usr/bin:/bin\n"


def test_path_is_completed_in_front(tree, boot):
    tree.script("bin/show", "#!/command/execlineb -P\nredirfd -w 1 /tmp/env env\n")
    box = boot(tree.path, "show", path="/usr/local/bin:/bin")
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/env") == "PATH=/command:/usr/bin:/usr/local/bin:/bin\n"


def test_empty_path_is_completed(tree, boot):
    tree.script("bin/show", "#!/command/execlineb -P\nredirfd -w 1 /tmp/env env\n")
    box = boot(tree.path, "show", path=None)
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/env") == "PATH=/command:/usr/bin:/bin\n"


def test_container_environment_files(tree, boot):
    box = boot(tree.path, env={"ONE": "a b", "EMPTY": "", "MANY": "x\ny"}, options=["-t", "none"])
    box.wait_for_text("service legacy-services successfully started")
    assert tree.read("/run/s6/container_environment/ONE") == "a b\n"
    assert tree.read("/run/s6/container_environment/EMPTY") == "\n"
    assert tree.read("/run/s6/container_environment/MANY") == "x\ny\n"
    assert tree.read("/run/s6/container_environment/PATH") == "/command:/usr/bin:/bin\n"
    assert tree.read("/run/s6-linux-init-container-results/exitcode").strip() == "0"
    assert box.stop() == 0


def test_with_contenv_gives_the_container_environment_and_nothing_else(tree, boot):
    tree.script("bin/show", "#!/command/with-contenv sh\nenv | grep -v -e ^PWD= -e ^SHLVL= >/tmp/env\n"
                            "printcontenv ONE >/tmp/one\nprintcontenv NONE >/tmp/none || echo $? >>/tmp/none\n")
    tree.oneshot("add", "redirfd -w 1 /run/s6/container_environment/ADDED echo later\n")
    box = boot(tree.path, "/command/export", "LOST", "1", "show", env={"ONE": "a b"})
    assert box.wait() == 0, box.transcript()
    assert lines(tree.read("/tmp/env")) == ["ADDED=later", "ONE=a b", f"OVERLOG_DRAIN={DRAIN}", "PATH=/command:/usr/bin:/bin"]
    assert tree.read("/tmp/one").strip("\n") == "a b"
    assert tree.read("/tmp/none") == "1\n"


def test_longruns_see_path_only_and_oneshots_their_name(tree, boot):
    tree.longrun("web", "#!/command/execlineb -P\nforeground { redirfd -w 1 /tmp/longrun env }\n/bin/sleep 1000\n")
    tree.oneshot("prepare", "redirfd -w 1 /tmp/oneshot env\n")
    box = boot(tree.path, env={"SECRET": "1"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/longrun")) and tree.read("/tmp/longrun"))
    box.wait_for_text("service prepare successfully started")
    assert box.stop() == 0
    assert tree.read("/tmp/longrun") == "PATH=/command:/usr/bin:/bin\n"
    assert lines(tree.read("/tmp/oneshot")) == ["PATH=/command:/usr/bin:/bin", "RC_NAME=prepare"]


def test_keep_env(tree, boot):
    tree.script("bin/show", "#!/command/with-contenv sh\necho \"$ONE\" >/tmp/one\n")
    tree.longrun("web", "#!/bin/sh\necho \"$ONE\" >/tmp/longrun\nexec sleep 1000\n")
    box = boot(tree.path, "sh", "-c", "echo $ONE >/tmp/cmd; until [ -s /tmp/longrun ]; do sleep 0.01; done; exec show",
               env={"ONE": "kept", "S6_KEEP_ENV": "1"},
               options=["-t", "none"])
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/one") == "kept\n"
    assert tree.read("/tmp/cmd") == "kept\n"
    assert tree.read("/tmp/longrun") == "kept\n"
    assert not os.path.exists(tree.at("/run/s6/container_environment/ONE"))
    env = tree.at("/run/s6/basedir/env")
    assert {"ONE": "kept\n", "S6_KEEP_ENV": "1\n"}.items() <= {n: tree.read(f"/run/s6/basedir/env/{n}") for n in os.listdir(env)}.items()


def test_without_keep_env_the_base_environment_is_empty(tree, boot):
    box = boot(tree.path, "sh", "-c", "ls -A /run/s6/basedir/env >/tmp/env; ls /run/s6/container_environment", env={"ONE": "1"})
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/env") == "" and "ONE\n" in box.stdout.text()


def test_live_directories_are_the_working_directory(tree, boot):
    record = "#!/bin/sh\n(pwd -P; ls; cat data/x) >/tmp/%s\n%s"
    tree.longrun("web", record % ("run", "exec sleep 1000\n"), finish=record % ("finish", ""), notification_fd="5\n",
                 **{"data/x": "inside\n"})
    os.chmod(tree.at("/etc/s6-overlay/s6-rc.d/web/run"), 0o644)
    box = boot(tree.path)
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/run")) and "inside" in tree.read("/tmp/run"))
    for live in ("/run/service/web", "/run/s6-rc/servicedirs/web"):
        assert box.read(live + "/data/x") == "inside\n"
        assert box.read(live + "/notification-fd").strip() == "5"
    where = box.run("/bin/sh", "-c", "cd /run/service/web && pwd -P").stdout
    assert box.run("/bin/sh", "-c", "cd /run/s6-rc/servicedirs/web && pwd -P").stdout == where
    assert box.stop() == 0
    for file in ("/tmp/run", "/tmp/finish"):
        found = tree.read(file).splitlines()
        assert found[0] + "\n" == where
        assert {"run", "finish", "notification-fd", "data"} <= set(found)
        assert found[-1] == "inside"


def test_stale_content_of_run_is_cleaned(tree, boot):
    tree.write("/run/s6/container_environment/STALE", "1\n")
    tree.write("/run/service/gone/run", "#!/bin/sh\n", 0o755)
    tree.write("/run/s6-linux-init-container-results/exitcode", "9\n")
    tree.write("/run/keep", "mine\n")
    tree.script("bin/show", "#!/command/with-contenv sh\nenv >/tmp/env\nls /run/service >/tmp/service\n")
    for _ in range(2):
        box = boot(tree.path, "show", options=["-t", "none"])
        assert box.wait() == 0, box.transcript()
        assert "STALE" not in tree.read("/tmp/env")
        assert "gone" not in tree.read("/tmp/service")
        assert tree.read("/run/keep") == "mine\n"


def test_var_run_leads_to_run(tree, boot):
    box = boot(tree.path, "sh", "-c", "ls -d /var/run/s6/container_environment >/tmp/seen")
    assert box.wait() == 0, box.transcript()
    assert tree.read("/tmp/seen") == "/var/run/s6/container_environment\n"


def test_run_may_be_noexec(tree, boot):
    tree.longrun("web", "#!/bin/sh\necho here >/tmp/here\nexec sleep 1000\n", finish="#!/bin/sh\necho over >/tmp/over\n")
    box = boot(tree.path, options=["-t", "mode=0755,noexec"])
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/here")))
    assert box.stop() == 0
    assert tree.read("/tmp/over") == "over\n"


def test_without_cmd_it_stays_up(tree, boot):
    tree.oneshot("done")
    box = boot(tree.path)
    box.wait_for_text("service done successfully started")
    assert box.alive()
    assert box.stop() == 0
