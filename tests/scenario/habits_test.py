"""What images do that no manual mentions: found by booting real ones, told in our own words."""
import os
import re
import signal
from pathlib import Path

import pytest

from lib.processes import process_name
from lib.text import assert_order


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


def test_process_names_that_scripts_look_for(tree, boot):
    """A renewal hook asks so whether a service is supervised, and starts it then."""
    tree.longrun("svc-web")
    tree.longrun("maker", "#!/bin/sh\necho made\nexec sleep 1000\n", producer_for="keeper\n")
    tree.longrun("keeper", "#!/bin/sh\nexec logutil-service /tmp/kept\n", consumer_for="maker\n", pipeline_name="line\n")
    tree.write("etc/s6-overlay/user-bundles.d/user/contents.d/line")
    box = boot(tree.path)
    box.wait_for_text("service legacy-services successfully started")
    def pgrep(pattern):  # -f
        return [pid for pid, words in box.processes().items() if re.search(pattern, " ".join(words))]

    def named(name):  # -x
        return [pid for pid in box.processes() if process_name(pid) == name]
    box.wait_for(lambda: pgrep("^s6-supervise svc-web/log logger "), what="a logger of that name")
    assert len(pgrep("s6-supervise svc-web")) == 1 and not pgrep("s6-supervise svc-other")
    box.wait_for(lambda: len(named("s6-log")) == 1, what="a process called s6-log")
    assert Path(f"/proc/{named('s6-log')[0]}/cmdline").read_bytes().startswith(b"s6-log\0-b\0--\0")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/kept/current")) and "made" in tree.read("/tmp/kept/current"), what="the line")
    logger, = pgrep("s6-supervise svc-web")
    os.kill(logger, signal.SIGTERM)  # as by pkill -f: it ignores that
    assert box.stop() == 0


def test_a_log_pipeline_that_puts_each_line_into_a_format(tree, boot):
    """Lines go through at once, not when the pipe is full or the service ends; what it has at the end goes, too."""
    tree.longrun("web", "#!/bin/sh\ntrap 'printf over; exit 0' TERM\necho 100% of it\necho two\nwhile :; do sleep 0.02; done\n",
                 producer_for="web-log\n")
    tree.longrun("web-log", "#!/command/execlineb -P\npipeline -w { s6-log -b n3 s1000000 /tmp/own }\n"
                            "s6-format-filter \"[%1] %s %%\" web\n",
                 consumer_for="web\n", pipeline_name="web-pipeline\n", bundle=None)
    # After OVERLOG_DRAIN a consumer that has not read all gets a signal.
    box = boot(tree.path, env={"OVERLOG_DRAIN": "30000", "S6_KILL_GRACETIME": "30000"})
    log = tree.at("/tmp/own/current")
    box.wait_for(lambda: os.path.exists(log) and open(log).read().count("\n") == 2, what="both lines, while web runs")
    assert box.stop() == 0
    assert open(log).read() == "[web] 100% of it %\n[web] two %\n[web] over %\n"


@pytest.mark.parametrize("death, code", [("kill -9 $$", 78), ("exit 3", 3)])
def test_a_finish_script_that_reckons_with_the_signal(tree, boot, death, code):
    result = "/run/s6-linux-init-container-results/exitcode"
    tree.longrun("web", f"#!/bin/sh\n{death}\n", finish=f"""#!/command/execlineb -S4
ifelse {{ redirfd -w 1 /dev/null s6-expr ${{1}} = 256 & ${{2}} > 0 }}
{{
  backtick -E CODE {{ s6-expr ( ${{2}} + 4 ) * 6 }}
  foreground {{ redirfd -w 1 {result} s6-echo -n -- ${{CODE}} }}
  /run/s6/basedir/bin/halt
}}
foreground {{ redirfd -w 1 {result} s6-echo -n -- ${{1}} }}
/run/s6/basedir/bin/halt
""")
    assert boot(tree.path).wait() == code
