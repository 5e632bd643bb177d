"""A service directory with log/ that goes while its log is not there to read: by the stop, s6-svunlink, s6-svscanctl.

PROGRAM= boots another build, as `make chaos` does with san/overlog."""
import os

import pytest

from lib.control import runs, svstat
from lib.tree import give_build

PROGRAM = os.environ.get("PROGRAM")
READS = "#!/bin/sh\nexec cat >>/tmp/read\n"
# Why its log does not read; with s6-svc, it is told so once it runs.
LOGS = {"mode": (READS, 0o644), "exits": ("#!/bin/sh\nexit 1\n", 0o755), "down": (READS, 0o755), "told": (READS, 0o755)}
SLOW = "#!/bin/sh\ntrap 'sleep 0.3; echo last; exit 0' TERM\necho first\nwhile :; do sleep 0.02; done\n"
FINISH = "#!/bin/sh\necho finish\necho $3 >>/tmp/finished\n"
NAMES = [f"{why}{'-finish' * finish}" for why in LOGS for finish in (False, True)]


def put(tree, folder, name):
    why = name.split("-")[0]
    tree.script(f"{folder}/{name}/run", SLOW)
    tree.write(f"{folder}/{name}/log/run", *LOGS[why])
    if why == "down":
        tree.write(f"{folder}/{name}/log/down")
    if name.endswith("-finish"):
        tree.script(f"{folder}/{name}/finish", FINISH)


@pytest.fixture
def start(tree, boot):
    if PROGRAM:
        give_build(tree, PROGRAM)

    def begin(folder="/etc/services.d", names=NAMES, **env):
        for name in names:
            put(tree, folder, name)
        tree.script("/etc/cont-finish.d/end", "#!/bin/sh\ntouch /tmp/cont-finish\n")
        box = boot(tree.path, env={"S6_KILL_GRACETIME": "20000", "S6_SERVICES_GRACETIME": "20000", **env})
        box.wait_for_text("legacy-services successfully started")
        if folder != "/etc/services.d":
            for name in names:
                assert box.run("/command/s6-svlink", "/run/service", f"{folder}/{name}").returncode == 0
        ready(box, names)
        return box
    return begin


def ready(box, names):
    """All run, and the logs that are to be told to end are down."""
    for name in names:
        box.wait_for(lambda: svstat(box, "up", f"/run/service/{name}") == "true", what=f"start of {name}")
        if name.startswith("told"):
            assert box.run("/command/s6-svc", "-wD", "-d", f"/run/service/{name}/log").returncode == 0


def gone(box, folder, names):
    """Nobody supervises them, and pid 1 answers."""
    for name in names:
        for path in (f"{folder}/{name}", f"{folder}/{name}/log"):
            box.wait_for(lambda: box.run("/command/s6-svok", path).returncode == 1, what=f"end of {path}")
    assert box.run("/command/overlog", "status").returncode in (0, 1)


def ends(box, tree, finished):
    """Orderly, and each finish script ran that many times at least."""
    assert box.stop() == 0, box.transcript()
    assert os.path.exists(tree.at("/tmp/cont-finish"))
    ran = tree.read("/tmp/finished").split()
    assert all(ran.count(name) >= finished for name in NAMES if name.endswith("-finish")), ran


def test_the_stop(tree, start):
    ends(start(), tree, 1)


def test_the_stop_asked_for_by_svscanctl(tree, start):
    box = start()
    box.run("/command/s6-svscanctl", "-t", "/run/service")
    assert box.wait() == 0, box.transcript()
    assert os.path.exists(tree.at("/tmp/cont-finish"))


def test_unlinked(tree, start):
    box = start("/srv")
    for name in NAMES:
        box.run("/command/s6-svunlink", "-t", "20000", "/run/service", name)
    gone(box, "/srv", NAMES)
    ends(box, tree, 1)


def test_removed_and_scanned(tree, start):
    box = start("/srv")
    for name in NAMES:
        os.unlink(box.inside("/run/service") + "/" + name)
    box.run("/command/s6-svscanctl", "-an", "/run/service")
    gone(box, "/srv", NAMES)
    ends(box, tree, 1)


def test_back_while_it_ends(tree, start):
    """Then both begin anew, the service once its own end and that of its log are over; and so again."""
    box = start("/srv")
    for _ in range(2):
        links = box.inside("/run/service")
        pids = {name: runs(box, f"/srv/{name}") for name in NAMES}
        for name in NAMES:
            os.unlink(f"{links}/{name}")
        box.run("/command/s6-svscanctl", "-an", "/run/service")
        # The scan comes when pid 1 gets to it: links that are back by then were never away.
        box.wait_for(lambda: "true" not in svstat(box, "wantedup", *(f"/srv/{name}" for name in NAMES)), what="scan")
        for name in NAMES:
            os.symlink(f"/srv/{name}", f"{links}/{name}")
        box.run("/command/s6-svscanctl", "-a", "/run/service")
        for name in NAMES:
            box.wait_for(lambda: runs(box, f"/srv/{name}", but=pids[name]), deadline=240, what=f"{name} again")
            assert box.run("/command/s6-svok", f"/srv/{name}/log").returncode == 0
        ready(box, NAMES)
    ends(box, tree, 3)


def test_the_log_goes_on_and_is_not_begun_twice(tree, start):
    """It still reads what another process holds open while its service is linked again: there is one log, then another."""
    names = ["told"]
    box = start("/srv", names)
    holder = "#!/bin/sh\nsh -c 'echo held; until [ -e /tmp/release ]; do sleep 0.02; done' &\n" + SLOW[len("#!/bin/sh\n"):]
    tree.script("/srv/told/run", holder)
    for wish in ("-u", "-r"):
        box.run("/command/s6-svc", wish, "/run/service/told/log" if wish == "-u" else "/run/service/told")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/read")) and "held" in tree.read("/tmp/read"))
    log = box.wait_for(lambda: runs(box, "/srv/told/log"), what="the log")
    os.unlink(box.inside("/run/service") + "/told")
    box.run("/command/s6-svscanctl", "-an", "/run/service")
    box.wait_for(lambda: box.run("/command/s6-svok", "/srv/told").returncode == 1)
    os.symlink("/srv/told", box.inside("/run/service") + "/told")
    box.run("/command/s6-svscanctl", "-a", "/run/service")
    assert svstat(box, "pid", "/srv/told/log") == str(log)
    tree.write("/tmp/release")
    box.wait_for(lambda: svstat(box, "up", "/srv/told") == "true")
    box.wait_for(lambda: runs(box, "/srv/told/log", but=log))
    assert box.stop() == 0, box.transcript()
