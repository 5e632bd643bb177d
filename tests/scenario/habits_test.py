"""What images do that no manual mentions: found by booting real ones, told in our own words."""
import os

from harness import assert_order


def test_modes_that_a_oneshot_mends_and_a_log_directory_that_comes_late(tree, boot):
    # Files copied into an image without x bits, which its first oneshot gives them; another one's up is its own run.
    tree.oneshot("modes", "find /etc/s6-overlay/s6-rc.d -name run -exec chmod +x {} +\n", deps=["base"])
    folder = tree.oneshot("setup", "/etc/s6-overlay/s6-rc.d/setup/run\n", deps=["modes"])
    tree.write(f"{folder}/run", "#!/bin/sh\nmkdir -p /config/log\ntouch /tmp/setup\n", 0o644)
    # The logger does not wait for the oneshot that makes its directory: it fails until that is done, and the
    # producer's first lines wait in the pipe.
    tree.longrun("web", "#!/bin/sh\nexec 2>&1\necho first\necho second >&2\nexec sleep 1000\n", producer_for="web-log\n")
    tree.longrun("web-log", "#!/bin/sh\ncd /config/log || exit 1\nexec s6-log n3 s100000 T !'gzip -nq9' /config/log/web\n",
                 consumer_for="web\n", pipeline_name="web-pipeline\n", bundle=None)
    # Tables are locked for a backup by a bundle of a longrun and a oneshot that talks to its open file.
    tree.longrun("client", "#!/bin/sh\nexec 4>/tmp/asked\necho >&3\nexec sleep 1000\n", notification_fd="3\n", bundle=None)
    tree.oneshot("lock", "/etc/lock LOCK\n", down="/etc/lock UNLOCK\n", deps=["client"], bundle=None)
    tree.script("/etc/lock", "#!/command/with-contenv sh\n"
                             "echo $1 >>/proc/$(s6-svstat -o pid /run/service/client)/fd/4\necho \"$1 done\"\n")
    tree.write("etc/s6-overlay/s6-rc.d/backup/type", "bundle\n")
    for name in ("client", "lock"):
        tree.write(f"etc/s6-overlay/s6-rc.d/backup/contents.d/{name}")
    for verb, option in (("begin", "-u"), ("end", "-d")):
        tree.script(f"/bin/{verb}", f"#!/command/with-contenv sh\nexec >/proc/1/fd/1 2>&1\n"
                                    f"exec s6-rc -v 2 {option} change backup\n")
    box = boot(tree.path)
    box.wait_for_text("service legacy-services successfully started")
    assert os.path.exists(tree.at("/tmp/setup"))
    log = tree.at("/config/log/web/current")
    box.wait_for(lambda: os.path.exists(log) and open(log).read().count("\n") == 2, what="the lines of web")
    assert [line.split("  ", 1)[1] for line in tree.read("/config/log/web/current").splitlines()] == ["first", "second"]

    assert box.run("/bin/begin").returncode == 0
    assert box.run("/bin/end").returncode == 0
    # What they say went to the container's stdout (s6-rc and the scripts each in its own time), and each had the
    # longrun alive.
    box.wait_for_text("service client successfully stopped", stream="stdout")
    assert_order(box.stdout.text(), "service client: starting", "service client successfully started",
                 "service lock successfully started", "service lock: stopping",
                 "service client: stopping", "service client successfully stopped")
    assert_order(box.stdout.text(), "LOCK done\n", "UNLOCK done\n")
    assert tree.read("/tmp/asked").split() == ["LOCK", "UNLOCK"]
    assert box.stop() == 0
