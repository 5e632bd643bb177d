"""What an image made for s6-overlay takes for granted, as far as no other file is about it."""

import shutil
import os

from lib.text import assert_order

INFO = "s6-rc: info: service "
SLEEP = "exec sleep 1000\n"
RESULT = "/run/s6-linux-init-container-results/exitcode"


def test_the_built_in_nodes_can_be_depended_on(tree, boot):
    nodes = ["fix-attrs", "legacy-cont-init", "base", "user", "legacy-services"]
    for node in nodes:
        tree.oneshot(f"after-{node}", deps=[node], bundle="user2")
    tree.oneshot("mine", bundle="user")
    tree.oneshot("extra", deps=["top"], bundle=None)
    tree.write("/etc/cont-init.d/x", "#!/bin/sh\nsleep 0.2\n", 0o755)
    tree.write("/etc/s6-overlay/s6-rc.d/mine/dependencies.d/base")
    box = boot(tree.path)
    box.wait_booted()
    for node in nodes:
        box.wait_for_text(f"{INFO}after-{node} successfully started\n")
    text = box.stderr.text()
    for first, then in (("fix-attrs", "after-fix-attrs"), ("legacy-cont-init", "after-legacy-cont-init"), ("legacy-cont-init", "after-base"),
                        ("mine", "after-user"), ("mine", "legacy-services"), ("legacy-services", "after-legacy-services")):
        assert_order(text, f"{INFO}{first} successfully started\n", f"{INFO}{then}: starting\n")

    def rc(*words):
        return sorted(box.run("/command/s6-rc", *words).stdout.split())

    members = {"fix-attrs", "legacy-cont-init", "mine", "legacy-services"}
    assert members <= set(rc("-a", "list")) and "extra" not in rc("-a", "list")
    assert set(rc("list", "base")) == {"fix-attrs", "legacy-cont-init"}
    assert set(rc("list", "user2")) == {f"after-{node}" for node in nodes}
    assert set(rc("list", "top")) == members | set(rc("list", "user2"))
    assert box.run("/command/s6-rc", "change", "extra").returncode == 0
    assert "extra" in rc("-a", "list")
    assert box.stop() == 0


def test_names_that_are_taken(tree, boot):
    tree.oneshot("base")
    box = boot(tree.path)
    assert box.wait() == 1
    assert "/etc/s6-overlay/s6-rc.d/base: duplicate definition: base is already defined by the container" in box.stderr.text()


def test_what_a_live_directory_is_made_of(tree, boot):
    """The definition's own files, no others; a template brings the directories of its instances."""
    folder = tree.longrun("web", finish="#!/bin/sh\n", timeout_kill="100\n", **{"flag-newpidns": "x"})
    for name in ("data/in/it", "env/VARIABLE", "template/run", "template/data/deep", "nosetsid", "down", "other/file"):
        tree.write(f"{folder}/{name}", name + "\n", 0o640)
    tree.longrun("plain")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    box.wait_for_text("service legacy-services successfully started")

    def below(name):
        top = box.inside(f"/run/s6-rc/servicedirs/{name}")
        found = [os.path.relpath(os.path.join(at, n), top) for at, folders, files in os.walk(top) for n in folders + files]
        return {n for n in found if n.split("/")[0] not in ("supervise", "event")}
    assert below("plain") == {"run"}
    assert below("web") == {"run", "finish", "timeout-kill", "flag-newpidns", "data", "data/in", "data/in/it", "env", "env/VARIABLE",
                            "template", "template/run", "template/data", "template/data/deep", "instance", "instances"}
    assert box.read("/run/s6-rc/servicedirs/web/template/data/deep") == "template/data/deep\n"
    assert os.stat(box.inside("/run/s6-rc/servicedirs/web/template/run")).st_mode & 0o777 == 0o640
    assert box.stop() == 0


def test_files_as_they_come(tree, boot):
    """No newline after the type, no x bits, a layer that only adds an edge, large readiness descriptors, old shebangs."""
    tree.longrun("first", "#!/usr/bin/with-contenv sh\necho first $ONE >>/tmp/trace\nsleep 0.2\nprintf '\\n' >&867\n" + SLEEP, notification_fd="867\n",
                 finish="#!/command/with-contenv sh\necho finish $KEY $(pwd) >>/tmp/trace\nexec s6-svc -O .\n")
    tree.write("/etc/s6-overlay/s6-rc.d/first/type", "longrun")
    tree.longrun("second", "#!/command/with-contenv sh\necho second $KEY $(pwd) $(cat ./notification-fd) $(cat data/check) >>/tmp/trace\n"
                           "printf value >/var/run/s6/container_environment/KEY\necho >&736\n" + SLEEP, notification_fd="736\n", **{"data/check": "checked"})
    for name in ("first", "second"):
        for file in ("run", "finish"):
            if os.path.exists(tree.at(f"/etc/s6-overlay/s6-rc.d/{name}/{file}")):
                os.chmod(tree.at(f"/etc/s6-overlay/s6-rc.d/{name}/{file}"), 0o644)
    tree.write("/etc/s6-overlay/s6-rc.d/second/dependencies.d/first")
    tree.write("/etc/s6-overlay/s6-rc.d/early/type", "oneshot")
    tree.write("/etc/s6-overlay/s6-rc.d/early/up", "")
    tree.write("/etc/s6-overlay/user-bundles.d/user/contents.d/early")
    box = boot(tree.path, env={"ONE": "1"})
    box.wait_for_text(f"{INFO}second successfully started\n")
    pid = box.run("/command/s6-svstat", "-o", "pid", "/run/service/first").stdout.strip()
    assert box.run("/bin/kill", pid).returncode == 0
    box.wait_for(lambda: tree.read("/tmp/trace").count("\n") == 3)
    box.wait_for(lambda: box.run("/command/s6-svstat", "-o", "up,wantedup", "/run/service/first").stdout == "false false\n")
    assert tree.read("/tmp/trace") == ("first 1\nsecond /run/s6-rc/servicedirs/second 736 checked\n"
                                       "finish value /run/s6-rc/servicedirs/first\n")
    assert box.stop() == 0


def test_the_scan_directory_stops_everything_and_the_old_one_is_not_there(tree, boot):
    tree.longrun("web", finish=f"#!/bin/sh\necho 7 >{RESULT}\n/run/s6/basedir/bin/halt\n/run/s6/basedir/bin/halt\n")
    box = boot(tree.path)
    box.wait_for_text("legacy-services successfully started")
    assert box.read(RESULT).strip() == "0"
    assert not box.exists("/var/run/s6/services")
    box.run("/bin/sh", "-c", "printf t >/run/service/.s6-svscan/control")
    assert box.wait() == 7, box.transcript()


def test_control_given_to_a_user_is_kept(tree, boot):
    tree.longrun("web", "#!/bin/sh\necho run >>/tmp/trace\n" + SLEEP)
    os.chmod(tree.path, 0o755)
    box = boot(tree.path)
    box.wait_for_text(f"{INFO}web successfully started\n")
    owned = ["/run/service/.s6-svscan", "/run/service/.s6-svscan/control", "/run/service/web/supervise", "/run/service/web/supervise/control",
             "/run/service/web/supervise/lock", "/run/service/web/event"]
    box.run("/bin/chown", "33:33", *owned, check=True)
    box.wait_for(lambda: tree.read("/tmp/trace").count("run") == 1)  # else it may be ended before it writes
    for count in (2, 3):
        assert box.run("/command/s6-svc", "-wR", "-r", "/run/service/web", user=33).returncode == 0
        box.wait_for(lambda: tree.read("/tmp/trace").count("run") == count)
        assert box.run("/bin/stat", "-c", "%u", *owned).stdout.split() == ["33"] * len(owned)
    assert box.run("/command/s6-svc", "-wD", "-d", "/run/service/web", user=33).returncode == 0
    box.run("/bin/sh", "-c", "printf t >/run/service/.s6-svscan/control", user=33)
    assert box.wait() == 0


def test_services_in_the_folder_of_s6_overlay_itself(tree, boot):
    """A base image puts oneshots beside the overlay's own, and its copy of the overlay's scripts."""
    package = "/package/admin/s6-overlay-3.2.0.0"
    sources = f"{package}/etc/s6-rc/sources"
    shutil.rmtree(tree.at("/package/admin/s6-overlay"))
    tree.link("/package/admin/s6-overlay", "s6-overlay-3.2.0.0")
    tree.write(f"{sources}/base-banner/type", "oneshot\n")
    tree.write(f"{sources}/base-banner/up", f"{package}/etc/s6-rc/scripts/banner\n")
    tree.write(f"{sources}/base/contents.d/base-banner")
    tree.script(f"{package}/etc/s6-rc/scripts/banner", "#!/bin/sh\necho banner\n")
    # what is built in, as it stands there
    for name, kind in (("base", "bundle"), ("top", "bundle"), ("user", "bundle"), ("fix-attrs", "oneshot"), ("legacy-cont-init", "oneshot")):
        tree.write(f"{sources}/{name}/type", f"{kind}\n")
    tree.write(f"{sources}/top/contents.d/base")
    tree.write(f"{sources}/fix-attrs/up", "never\n")
    tree.write(f"{sources}/legacy-cont-init/dependencies.d/fix-attrs")
    tree.script(f"{package}/etc/s6-rc/scripts/cont-init", "#!/bin/sh\nexit 1\n")
    tree.script(f"{package}/etc/s6-rc/scripts/services-up", "#!/bin/sh\nexit 1\n")
    tree.longrun("web", deps=["base"])
    box = boot(tree.path)
    box.wait_for_text("service legacy-services successfully started")
    box.wait_for_text("banner\n", stream="stdout")  # the other stream, which may come later
    assert box.stdout.text() == "banner\n"
    assert_order(box.stderr.text(), "service base-banner successfully started", "service web successfully started")
    warnings = [line for line in box.stderr.text().splitlines() if "warning" in line]
    scripts = f"{package}/etc/s6-rc/scripts"
    assert warnings == [f"/init: warning: {scripts}/cont-init, {scripts}/services-up: not used: the container does itself "
                        "what s6-overlay does by this script"]
    # an update reads it, too, and so does the check
    box.wait_booted()
    tree.longrun("more")
    assert box.run("/command/s6-rc-update", "/etc/s6-overlay", check=True).stderr.count("duplicate") == 0
    assert "base-banner" in box.run("/command/s6-rc", "-a", "list", check=True).stdout.split()
    checked = box.run("/command/overlog", "check")
    assert checked.returncode == 0 and "not used" in checked.stderr + checked.stdout, checked
    assert box.run("/command/s6-rc-compile", "/tmp/db", "/etc/s6-overlay/s6-rc.d", "/etc/s6-overlay/user-bundles.d",
                   sources).returncode == 0
    assert box.stop() == 0


def test_a_version_of_s6_overlays_folder_beside_ours(tree, boot):
    """Images copy into the folder of a version and call the files by the link to it, which is a folder of ours."""
    version = "/package/admin/s6-overlay-3.2.1.0/etc/s6-rc"
    link = "/package/admin/s6-overlay/etc/s6-rc"
    assert os.path.isdir(tree.at(link)) and not os.path.islink(tree.at("/package/admin/s6-overlay"))
    tree.write(f"{version}/sources/banner/type", "oneshot\n")
    tree.write(f"{version}/sources/banner/up", f"{link}/scripts/banner up\n")
    tree.write(f"{version}/sources/banner/down", f"with-contenv {link}/scripts/banner down\n")
    tree.write(f"{version}/sources/base/contents.d/banner")
    tree.write(f"{version}/sources/fix-attrs/dependencies.d/banner")
    tree.script(f"{version}/scripts/banner", "#!/bin/sh\necho \"banner $1\"\n")
    tree.script(f"{version}/scripts/both", "#!/bin/sh\necho theirs\n")
    tree.script(f"{link}/scripts/both", "#!/bin/sh\necho ours\n")
    tree.oneshot("both", f"{link}/scripts/both\n")
    tree.oneshot("neither", f"{link}/scripts/neither\n")
    box = boot(tree.path, options=["-r"])
    box.wait_for_text("unable to start service neither")
    box.wait_for_text("service fix-attrs: starting")
    assert f"unable to execute {link}/scripts/neither: No such file or directory" in box.stderr.text()
    assert_order(box.stderr.text(), "service banner successfully started", "service fix-attrs: starting")
    box.wait_for_text("ours", stream="stdout")  # nothing says when both comes to it
    assert box.stop() == 0
    assert sorted(box.stdout.text().splitlines()) == ["banner down", "banner up", "ours"]


def test_a_changed_copy_of_s6_overlays_init(tree, boot):
    """It ends in s6-overlay-suexec, which is to prepare /run and to start process 1."""
    package = "/package/admin/s6-overlay-3.2.1.0/libexec"
    tree.script("/entry", "#!/bin/sh -e\nPATH=/command:/usr/bin:/bin\nexport PATH BOOT=changed\n"
                          f"exec s6-overlay-suexec ' {package}/preinit' '' {package}/stage0 \"$@\"\n")
    tree.longrun("web")
    box = boot(tree.path, "with-contenv", "sh", "-c", "echo $BOOT $(cat /proc/1/comm) $(pwd); exit 5", init="/entry",
               options=["-w", "/tmp"])
    assert box.wait() == 5, box.transcript()
    assert "changed s6-svscan /tmp\n" in box.stdout.text()
    assert "service web successfully started" in box.stderr.text()
    for words, reason in ((["true", "", "/bin/sh"], "only s6-overlay's libexec/stage0 may follow the block; use /init"),
                          (["true", ""], "unable to run nothing"), (["true"], "unterminated block")):
        box = boot(tree.path, *words, init="/command/s6-overlay-suexec")
        assert box.wait() == 100 and reason in box.stderr.text(), box.transcript()
