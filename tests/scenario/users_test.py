"""Where containers run: plain users, all kinds of /run, a read-only root, no new privileges, no /proc."""

import contextlib
import fcntl
import os
import time
import signal

import pytest

from lib.logs import log_text

USER = ["-u", "1000:1000"]
NNP = ["-x", "/usr/bin/setpriv --no-new-privs"]
FATAL = "/init: fatal: /run belongs to uid 0 instead of 1000"
PREINIT = "/package/admin/s6-overlay/libexec/preinit: "


@pytest.fixture
def services(tree):
    """One of everything, each of which says who runs it."""
    tree.longrun("web", "#!/bin/sh\necho web $(id -u):$(id -g)\ntouch /run/web-is-up\nexec sleep 1000\n", deps=["once"],
                 finish="#!/bin/sh\necho finish $(id -u)\n")
    tree.oneshot("once", 'sh -c "echo once $(id -u)"\n'.replace("$(", "`").replace(")", "`"), down="echo down\n", deps=["base"])
    tree.write("/etc/s6-overlay/s6-rc.d/once/up", "backtick -E id { id -u } echo once $id\n")
    tree.script("/etc/cont-init.d/x", "#!/command/with-contenv sh\necho init $(id -u) $ONE\n")
    os.chmod(tree.path, 0o755)
    return tree


def check(box, who="1000", code=4):
    assert box.wait() == code, box.transcript()
    lines = box.stdout.text().splitlines()
    # Each comes through a process of its own: their order here is not that in which they were written.
    assert sorted(line for line in lines if line.startswith(("init", "once", "cmd", "finish", "down"))) == \
        sorted([f"init {who} 1", f"once {who}", f"cmd {who}", f"finish {who}", "down"]), box.transcript()
    assert [line.split(":")[0] for line in lines if line.startswith("web")] == [f"web {who}"]


CMD = ["sh", "-c", "until [ -e /run/web-is-up ]; do sleep 0.02; done; echo cmd $(id -u); exit 4"]


@pytest.mark.parametrize("case,options,env,said", [
    ("own", [*USER, "-t", "uid=1000,gid=1000,mode=0755"], {}, "info: container permissions: uid=1000 (), euid=1000, gid=1000 (), egid=1000\n"),
    ("sticky", [*USER, "-t", "mode=1777"], {}, "warning: /run belongs to uid 0 instead of 1000, but we can still work"),
    ("sticky, gid 0", ["-u", "1000:0", "-t", "mode=1777"], {}, "but we can still work"),
    ("gid 0", ["-u", "1000:0", "-t", "mode=0775"], {}, "info: using /run with gid 0\n"),
    ("world", [*USER, "-t", "mode=0777"], {"S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES": "1"}, "IS WORLD WRITABLE"),
    ("group", [*USER, "-t", "gid=1000,mode=0770"], {"S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES": "1"}, "IS GROUP WRITABLE"),
    ("everything at once", [*USER, *NNP, "-r", "-t", "uid=1000,mode=0700,noexec"], {}, "perms=0700\n"),
    ("everything, in the log", [*USER, *NNP, "-r", "-t", "uid=1000,mode=0700,noexec"], {"S6_LOGGING": "1", "OVERLOG_DIR": "/run/logs"}, ""),
], ids=lambda value: value if isinstance(value, str) and value and " " not in value[:0] and len(value) < 25 else "")
def test_a_plain_user(services, boot, case, options, env, said):
    box = boot(services.path, *CMD, options=options, env={"ONE": "1", **env})
    check(box)
    assert said in box.stderr.text()


@pytest.mark.parametrize("options,why", [
    ([*USER, "-t", "mode=0777"], "has insecure or unworkable permissions (mode 0777)"),
    ([*USER, "-t", "mode=0755"], "has insecure or unworkable permissions (mode 0755)"),
    (["-u", "1000:0", "-t", "mode=0777"], "has wrong permissions for a gid 0 setup (mode 0777)"),
    (["-u", "1000:0", "-t", "mode=0755"], "has wrong permissions for a gid 0 setup (mode 0755)"),
])
def test_a_run_that_is_refused(services, boot, options, why):
    box = boot(services.path, *CMD, options=options)
    assert box.wait() == 100
    fatal, = [line for line in box.stderr.text().splitlines() if "fatal" in line]
    assert fatal == (f"{FATAL} and {why}: make it ours (docker: --tmpfs /run:uid=1000,mode=0755, podman: --tmpfs /run:U), give it mode 1777, or set "
                     "S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES=1")
    assert box.stdout.text() == ""


def test_what_is_set_is_not_advised(services, boot):
    box = boot(services.path, *CMD, options=[*USER, "-t", "mode=0755"],
               env={"S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES": "1"})
    assert box.wait() == 100
    assert "podman: --tmpfs /run:U), or give it mode 1777\n" in box.stderr.text()
    assert "KUBERNETES" not in box.stderr.text()


def test_what_root_left_in_run(services, boot):
    """In the image itself: no tmpfs."""
    services.write("/run/s6/db/service")
    os.chmod(services.at("/run"), 0o1777)
    box = boot(services.path, *CMD, options=[*USER, "-t", "none"])
    assert box.wait() == 111, box.transcript()
    assert box.stderr.text().splitlines()[-1] == (
        "/init: fatal: unable to remove /run/s6: uid 0 left it, and we are uid 1000: start with an empty /run "
        "(docker: --tmpfs /run:uid=1000,mode=0755, podman: --tmpfs /run:U), or remove it")


def test_a_run_that_the_user_may_not_read(services, boot):
    """Copied into the image with the modes of a host whose umask is 077."""
    os.chmod(services.at("/etc/s6-overlay/s6-rc.d/web/run"), 0o600)
    box = boot(services.path, *CMD, options=[*USER, "-t", "uid=1000,mode=0755"])
    assert box.wait() == 111, box.transcript()
    assert box.stderr.text().splitlines()[-1] == \
        "/init: fatal: unable to prepare the services: /etc/s6-overlay/s6-rc.d/web: unable to copy run: Permission denied"


def test_root_takes_run(services, boot):
    box = boot(services.path, "sh", "-c", "stat -c '%u %a' /run >/tmp/run; exit 4", options=["-t", "uid=1000,mode=0770"])
    assert box.wait() == 4
    assert services.read("/tmp/run") == "0 755\n"
    assert PREINIT + "info: /run belongs to uid 1000 instead of 0 - fixing it\n" in box.stderr.text()


def test_root_with_no_new_privileges_and_capabilities_and_a_read_only_root(services, boot):
    box = boot(services.path, *CMD, env={"ONE": "1"},
               options=["-r", "-x", "/usr/bin/setpriv --no-new-privs --bounding-set -all,+sys_chroot --inh-caps -all"])
    check(box, "0")


def test_services_that_change_user_with_no_new_privileges(tree, boot):
    tree.longrun("web", "#!/bin/sh\nexec s6-setuidgid www-data sh -c 'id -u; exec sleep 1000'\n")
    box = boot(tree.path, options=NNP)
    box.wait_for_text("33\n", "stdout")
    assert box.stop() == 0
    assert log_text(tree.at("/var/log/services/web"), "stdout") == ["33"]


def test_var_run_that_is_a_directory(tree, boot):
    tree.write("/var/run/old.pid", "1\n")
    box = boot(tree.path, "sh", "-c", "cat /var/run/s6/workdir")
    assert box.wait() == 0
    assert box.stdout.text() == "/\n"
    assert PREINIT + "warning: /var/run is not a symlink to /run, fixing it\n" in box.stderr.text()
    box = boot(tree.path, "true")
    assert box.wait() == 0
    assert "/var/run" not in box.stderr.text()


@pytest.mark.parametrize("mount", ["mkdir -p /var/run/dbus && mount -t tmpfs tmpfs /var/run/dbus && touch /var/run/dbus/socket",
                                   "touch /var/run/docker.sock && mount -o bind /host /var/run/docker.sock",
                                   "mount -t tmpfs tmpfs /var/run && touch /var/run/old.pid"], ids=["directory", "file", "var-run"])
def test_what_is_mounted_in_var_run_stays(tree, boot, mount):
    """Such as the host's dbus, or what Kubernetes mounts at /var/run/secrets: never removed, and scripts find their paths."""
    tree.write("/host")
    tree.write("/var/run/old.pid")
    tree.write("/var/run/s6/stale")
    tree.script("/start", f"#!/bin/sh\n{mount} && find /var/run ! -path '*s6*' | sort >/tmp/before && exec /init \"$@\"\n")
    box = boot(tree.path, "sh", "-c", "find /var/run ! -path '*s6*' ! -type l | sort >/tmp/after; cat /var/run/s6/container_environment/ONE; "
               "ls -d /var/run/service/.s6-svscan; ls /var/run/s6/stale", init="/start", env={"ONE": "1"})
    assert box.wait() != 0
    assert box.stdout.text() == "1\n/var/run/service/.s6-svscan\n"
    assert tree.read("/tmp/after") == tree.read("/tmp/before")
    assert PREINIT + "info: /var/run stays a directory" in box.stderr.text()
    assert "warning" not in box.stderr.text()


def test_the_run_of_a_host_that_has_s6_at_var_run(tree, boot, tmp_path):
    """docker run -v /run:/var/run: what the host has under our names stays."""
    for name in ("s6/state", "docker.sock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "service").symlink_to("/etc/service")
    tree.write("/var/run/old.pid", "1\n")
    mounted = 'mount --bind "$1" "$2"; shift 2; exec "$@"'
    box = boot(tree.path, "cat", "/var/run/s6-linux-init-container-results/exitcode",
               around=["unshare", "--mount", "sh", "-ec", mounted, "sh", str(tmp_path), tree.at("/var/run")])
    assert box.wait() == 0, box.transcript()
    assert box.stdout.text() == "0\n"
    assert (tmp_path / "s6/state").exists() and (tmp_path / "docker.sock").exists()
    assert os.readlink(tmp_path / "service") == "/etc/service"


def test_two_containers_with_one_run(tree, boot):
    """Both start, as with s6-overlay, and the second one says why the first one no longer obeys."""
    first = boot(tree.path, options=["-t", "none"])
    first.wait_for_text("service legacy-services successfully started")
    second = boot(tree.path, "true", options=["-t", "none"])
    assert second.wait() == 0, second.transcript()
    assert "/init: warning: /run is that of another container, too, " in second.stderr.text()
    assert "that of another container" not in first.stderr.text()
    assert first.stop() == 0


def test_the_run_of_a_host_that_has_s6(tree, boot):
    """docker run -v /run:/run: a foreign s6-svscan holds the lock, and keeps its services."""
    lock = tree.write("/run/service/.s6-svscan/lock")
    with open(lock, "w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        box = boot(tree.path, "true", options=["-t", "none"])
        assert box.wait() == 100, box.transcript()
    assert os.path.exists(lock)


def test_a_dirty_run_of_another_user(services, boot):
    """Started as root, then as a user, in the same root: what cannot be cleaned is named."""
    for name in ("run", "tmp"):
        os.chmod(services.at(name), 0o1777)
    box = boot(services.path, *CMD, options=["-t", "none"], env={"ONE": "1"})
    check(box, "0")
    os.unlink(services.at("/run/web-is-up"))
    box = boot(services.path, *CMD, options=["-t", "none"], env={"ONE": "1"})
    check(box, "0")
    box = boot(services.path, *CMD, options=["-t", "none", *USER])
    assert box.wait() == 111
    assert "/init: fatal: unable to remove /run/" in box.stderr.text()


def test_without_proc(services, boot):
    services.oneshot("leave", 'sh -c "(trap \'echo late >>/tmp/late; exit\' TERM; touch /tmp/waits; while :; do sleep 0.05; done) & "\n')
    box = boot(services.path, *CMD, options=["-P"], env={"ONE": "1"})
    check(box, "0")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(services.at("/tmp/waits"))
    box = boot(services.path, options=["-P"], env={"S6_KILL_GRACETIME": "5000"})
    box.wait_for(lambda: os.path.exists(services.at("/tmp/waits")))
    box.wait_for_text("web 0:0\n", "stdout")
    box.wait_for_text("service legacy-services successfully started")
    assert box.stop() == 0
    assert services.read("/tmp/late").startswith("late\n")
    assert log_text(services.at("/var/log/services/web"))[-2:] == ["web 0:0", "finish 0"]


# Left behind twice over, so that it is nobody's child that pid 1 knows of; writes to the service's log.
ORPHAN = """#!/bin/sh
(setsid sh -c '
trap "sleep 2.2; echo orphan ended; echo ended >>/tmp/orphan; exit" TERM
echo %s >>/tmp/orphan
while :; do sleep 0.05; done' &)
(setsid sh -c 'trap "" TERM HUP INT; touch /tmp/deaf; while :; do echo deaf; sleep 0.05; done' &)
%s
"""


@pytest.mark.parametrize("deaf", [False, True])
def test_without_proc_orphans_that_nobody_knows_get_their_time(tree, boot, deaf):
    """As with /proc: they are told, waited for, and those that do not end are killed; their last lines are kept."""
    script = ORPHAN % ("begins", "exec sleep 1000")
    if not deaf:
        script = "".join(line for line in script.splitlines(True) if "deaf" not in line)
    tree.longrun("web", script, finish="#!/bin/sh\necho finished\n")
    box = boot(tree.path, options=["-P"], env={"S6_KILL_GRACETIME": "5000" if deaf else "600000", "S6_LOGGING": "2"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/orphan")) and (not deaf or os.path.exists(tree.at("/tmp/deaf"))))
    box.wait_for(lambda: box.loggers("web"))
    before = time.monotonic()
    assert box.stop() == 0  # within the deadline, so it does not wait for the grace time where all end
    assert tree.read("/tmp/orphan") == "begins\nended\n"
    lines = log_text(tree.at("/var/log/services/web"))
    assert "orphan ended" in lines and "finished" in lines
    assert box.ended - before >= (5 if deaf else 2)


def test_not_pid_1_and_without_proc_it_ends_what_it_started(tree, boot):
    tree.longrun("web", "#!/bin/sh\ntrap 'echo told >>/tmp/trace; exit' TERM\ntouch /tmp/up\nwhile :; do sleep 0.05; done\n")
    script = ("umount /proc; sleep 1003 & /init sh -c 'trap \"echo cmd >>/tmp/trace\" TERM; touch /tmp/cmd; while :; do sleep 0.05; done' & p=$!; "
              "until [ -e /tmp/up ] && [ -e /tmp/cmd ]; do sleep 0.02; done; kill $p; wait $p; echo $?; kill -0 %1 && echo bystander lives")
    box = boot(tree.path, "-c", script, init="/bin/sh", env={"S6_KILL_GRACETIME": "2500"})
    assert box.wait() == 0, box.transcript()
    assert box.stdout.text() == "0\nbystander lives\n"
    assert tree.read("/tmp/trace") == "told\ncmd\n"


def test_a_plain_user_who_is_not_pid_1(tree, boot):
    tree.longrun("web", "#!/bin/sh\nid -u\ntouch /run/up\nexec sleep 1000\n")
    script = "/init sh -c 'until [ -e /run/up ]; do sleep 0.02; done; exit 6'; echo $?"
    box = boot(tree.path, "-c", script, init="/bin/sh", options=[*USER, "-t", "mode=1777"])
    assert box.wait() == 0
    assert sorted(box.stdout.text().splitlines()) == ["1000", "6"], box.transcript()


def test_a_user_may_stop_its_own_container(services, boot):
    box = boot(services.path, options=[*USER, "-t", "uid=1000"])
    box.wait_for_text("service legacy-services successfully started")
    result = box.run("/run/s6/basedir/bin/halt", user=1000)
    assert result.returncode in (0, -signal.SIGKILL)
    assert box.wait() == 0


def test_a_user_in_many_groups(tree, boot):
    """More than 64 and all that it is in, with s6-setuidgid, by the variables, as OVERLOG_USER and in fix-attrs.d."""
    groups = range(5000, 5200)
    tree.write("/etc/passwd", tree.read("/etc/passwd") + "many:x:900:901::/:/bin/false\n")
    tree.write("/etc/group", tree.read("/etc/group") + "".join(f"g{g}:x:{g}:many\n" for g in groups))
    tree.write("/data")
    tree.write("/etc/fix-attrs.d/x", "/data false many 0600 0700\n")
    tree.longrun("web", "#!/bin/sh\ntouch /tmp/up\nexec sleep 1000\n")
    box = boot(tree.path, env={"OVERLOG_USER": "many", "S6_LOGGING": "2"})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    wanted = {901, *groups}
    id_g = box.run("/command/s6-setuidgid", "many", "/bin/id", "-G")
    assert set(map(int, id_g.stdout.split())) == wanted, id_g.stderr
    by_variables = box.run("/command/s6-envuidgid", "many", "/command/s6-applyuidgid", "-Uz", "/bin/id", "-G")
    assert set(map(int, by_variables.stdout.split())) == wanted, by_variables.stderr
    box.wait_for(lambda: os.stat(tree.at("/data")).st_uid == 900)
    box.wait_for(lambda: os.stat(tree.at("/var/log/services/web")).st_uid == 900, what="log directory of its user")
    assert box.stop() == 0
