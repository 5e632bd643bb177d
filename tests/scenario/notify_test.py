"""notify: what clients of sd_notify say reaches pid 1, `overlog status` and livecheck."""

import array
import json
import multiprocessing
import os
import shutil
import socket
import subprocess

import pytest

from lib.build import OVERLOG
from lib.control import svstat
from lib.logs import log
from lib.tree import give_libraries
from lib.wait import wait_for

CLIENT = shutil.which("systemd-notify")
RUN = "/run/s6/notify"


def say(box, name, text, fds=(), uid=None):
    """Sends a datagram as a client of ours, of that user."""
    folder = box.inside(f"{RUN}/{name}")

    def send(path):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
            client.sendmsg([text if isinstance(text, bytes) else text.encode()], rights, 0, path)

    def send_as():
        os.chdir(folder)  # only root comes through /proc
        os.setuid(uid)
        send("socket")

    if uid is None:
        send(f"{folder}/socket")
    else:
        child = multiprocessing.get_context("fork").Process(target=send_as)
        child.start()
        child.join(60)
        assert child.exitcode == 0


def barrier(box, name):
    """Until all that was said before has been passed on: sd_notify_barrier."""
    read, write = os.pipe()
    say(box, name, "BARRIER=1", fds=[write])
    os.close(write)
    assert os.read(read, 1) == b"", "the other end is closed"
    os.close(read)


def shown(box, name):
    status = box.run("/command/overlog", "status", "--json", name)
    return json.loads(status.stdout)["services"][0].get("says") if status.returncode == 0 else None


def test_every_word(tree, boot):
    tree.longrun("web", "#!/bin/sh\nexec notify sh -c 'echo $NOTIFY_SOCKET; exec sleep 1000'\n", notification_fd="3\n")
    tree.longrun("mute", "#!/bin/sh\nexec notify sleep 1000\n")
    tree.longrun("turned", "#!/bin/sh\nexec s6-setuidgid nobody notify sleep 1000\n", notification_fd="3\n")
    tree.longrun("dropped", "#!/bin/sh\nexec notify s6-setuidgid nobody sleep 1000\n", notification_fd="4\n")
    tree.longrun("sick", "#!/bin/sh\nexec livecheck -i 100ms -s 0 -a WINCH -c 'touch /tmp/checked' notify sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    box.wait_for(lambda: log(tree, "web") == [f"{RUN}/web/socket"], what="a socket")
    box.wait_for(lambda: box.exists(f"{RUN}/dropped/socket"))
    assert os.stat(box.inside(f"{RUN}/web")).st_mode & 0o7777 == 0o755

    say(box, "web", "STATUS=17 of 30\nMAINPID=1\nEXTEND_TIMEOUT_USEC=1000000\nX_FOO=bar")
    barrier(box, "web")
    assert shown(box, "web") == "17 of 30"
    assert "\n    says: 17 of 30\n" in box.run("/command/overlog", "status").stdout
    assert "\n  says          17 of 30\n" in box.run("/command/overlog", "why", "web").stdout
    box.wait_for(lambda: svstat(box, "up,ready", "web") == "true false", what="a service that is up")
    say(box, "web", b"STATUS=\x1b[31mred\xff\nREADY=1")
    box.wait_for(lambda: svstat(box, "up,ready", "web") == "true true", what="readiness")
    assert "    says: ^[[31mred\\xff\n" in box.run("/command/overlog", "status", "web").stdout
    say(box, "web", "RELOADING=1\nSTATUS=new\nMONOTONIC_USEC=5")
    barrier(box, "web")
    assert shown(box, "web") == "reloading: new"
    say(box, "web", "READY=1")
    say(box, "web", "WATCHDOG=1")
    barrier(box, "web")
    assert shown(box, "web") == "new" and box.read(f"{RUN}/web/watchdog") == "1\n"
    say(box, "web", "STOPPING=1\nWATCHDOG=trigger")
    barrier(box, "web")
    say(box, "web", "WATCHDOG=1")
    barrier(box, "web")
    assert shown(box, "web") == "stopping: new" and box.exists(f"{RUN}/web/trigger")

    # Descriptors are not kept, however many; what is too long, empty or of a stranger counts for nothing.
    read, write = os.pipe()
    say(box, "web", "FDSTORE=1\nFDNAME=x", fds=[write] * 200)
    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)
    say(box, "web", "STATUS=" + "x" * 5000)
    say(box, "web", b"")
    say(box, "web", "STATUS=forged", uid=1000)
    barrier(box, "web")
    assert shown(box, "web") == "stopping: new"
    box.wait_for(lambda: log(tree, "web")[1:] == ["notify: warning: web: a message of uid 1000 is not taken: neither root nor the "
                                                  "service sent it"], what="a warning")

    # A service of another user: that may send.
    say(box, "dropped", "READY=1\nSTATUS=as nobody", uid=65534)
    box.wait_for(lambda: svstat(box, "ready", "dropped") == "true", what="readiness of what runs as nobody")
    assert shown(box, "dropped") == "as nobody"
    box.wait_for(lambda: log(tree, "mute") == ["notify: warning: there is no notification-fd: nobody hears of READY=1"] and
                 box.exists(f"{RUN}/mute/socket"), what="a warning, and a socket")
    say(box, "mute", "READY=1\nSTATUS=well")
    barrier(box, "mute")
    assert shown(box, "mute") == "well"
    box.wait_for(lambda: log(tree, "turned"))
    assert log(tree, "turned")[0].startswith("notify: fatal: unable to ") and log(tree, "turned")[0].endswith(
        "Permission denied (notify has to stand before s6-setuidgid, or what else changes the user)")

    # A wish for an act is not taken back by the next sign of life.
    box.wait_for(lambda: box.exists("/tmp/checked") and box.exists(f"{RUN}/sick/socket"), what="a check, and a socket")
    say(box, "sick", "WATCHDOG=trigger")
    say(box, "sick", "WATCHDOG=1")
    box.wait_for(lambda: "livecheck: warning: sick is not alive: WATCHDOG=trigger; sending it SIGWINCH" in log(tree, "sick"),
                 what="an act")

    # A service is known by its link in the scan directory.
    box.run("/bin/mkdir", "-p", "/srv/deep")
    tree.write("/srv/deep/run", "#!/bin/sh\nexec notify sleep 1000\n", mode=0o755)
    box.run("/bin/ln", "-s", "/srv/deep", "/run/service/shallow")
    box.run("/command/s6-svscanctl", "-a", "/run/service", check=True)
    box.wait_for(lambda: box.exists(f"{RUN}/shallow/socket"), what="its socket")
    assert not box.exists(f"{RUN}/deep")

    # The next instance has said nothing yet; a service that is down says nothing.
    box.run("/command/s6-svc", "-wr", "-r", "/run/service/web")
    box.wait_for(lambda: len(log(tree, "web")) == 3)
    assert shown(box, "web") is None and not box.exists(f"{RUN}/web/watchdog") and not box.exists(f"{RUN}/web/trigger")
    box.run("/command/s6-svc", "-wD", "-d", *[f"/run/service/{n}" for n in ("web", "mute", "turned", "dropped", "sick", "shallow")])
    box.wait_for(lambda: shown(box, "mute") is None, what="silence of what is down")
    box.wait_empty()
    assert box.stop() == 0


WATCHED = """#!/bin/sh
exec livecheck -i 200ms -s 0 -f 2 -q 3s notify sh -c 'echo $WATCHDOG_USEC
systemd-notify --ready WATCHDOG=1; while test -e /tmp/well; do systemd-notify WATCHDOG=1; echo line; sleep 0.2; done
while :; do echo line; sleep 0.1; done'
"""


@pytest.mark.skipif(CLIENT is None, reason="systemd-notify is not installed")
def test_the_client_of_systemd(tree, boot):
    """systemd-notify, which waits until what it said was taken; and a watchdog that is no longer fed: lines do not help."""
    shutil.copy(CLIENT, tree.at("/bin/systemd-notify"))
    give_libraries(tree, CLIENT)
    tree.write("/tmp/well")
    tree.longrun("web", "#!/bin/sh\nexec notify sh -c 'systemd-notify --status=\"warming up\" && "
                        "while ! test -e /tmp/go; do sleep 0.05; done; systemd-notify --ready --status=serving && echo told; "
                        "exec sleep 1000'\n", notification_fd="3\n")
    tree.longrun("dog", WATCHED, notification_fd="3\n")
    box = boot(tree.path, env={"S6_LOGGING": "1"})
    box.wait_for(lambda: shown(box, "web") == "warming up", what="a status")
    box.wait_for(lambda: svstat(box, "up,ready", "web") == "true false", what="a service that is up")
    tree.write("/tmp/go")
    box.wait_for(lambda: log(tree, "web") == ["told"], what="an answer to what was said")
    assert shown(box, "web") == "serving"
    box.wait_for(lambda: svstat(box, "ready", "web") == "true", what="readiness")
    box.wait_for(lambda: log(tree, "dog")[:3] == ["3000000", "line", "line"], what="a watchdog that is fed")
    os.unlink(tree.at("/tmp/well"))
    alarm = "livecheck: warning: dog is not alive: 2 failures in a row, the last: no WATCHDOG=1 for 3s; restarting it"
    wait_for(lambda: alarm in log(tree, "dog"), what="a restart")
    box.wait_for(lambda: "3000000" in log(tree, "dog")[log(tree, "dog").index(alarm):], what="another instance")
    assert box.stop() == 0


def test_what_the_program_needs_is_no_place_for_readiness(tmp_path):
    for fd in "012":
        r = subprocess.run(["notify", "-3", fd, "echo", "begun"], executable=OVERLOG, cwd=tmp_path, capture_output=True, text=True,
                           check=False)
        assert (r.returncode, r.stdout) == (100, "")
        assert r.stderr == f"notify: fatal: descriptor {fd} is no place to tell readiness: take 3 or more\n"
