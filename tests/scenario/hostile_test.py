"""Hostile services: floods, archives that inflate without end, links planted by the logger's own user."""

import gzip
import os

from lib.control import svstat
from lib.logs import archives, log_lines, log_text

USER = ["-u", "1000:1000", "-t", "uid=1000,gid=1000,mode=0755"]
FLOOD = "#!/bin/sh\nexec yes 'a line that says nothing'\n"
CALM = """#!/bin/sh
i=0
while [ $i -lt 200 ]; do echo calm $i; i=$((i + 1)); done
touch /tmp/calm-is-done
exec sleep 1000
"""


def size_of(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


def test_a_flood_costs_only_its_own_old_lines(tree, boot):
    tree.longrun("flood", FLOOD)
    tree.longrun("calm", CALM)
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": "n3 s100000 C"})
    flood, calm = tree.at("/var/log/services/flood"), tree.at("/var/log/services/calm")
    box.wait_for(lambda: os.path.isdir(flood) and len(archives(flood)) >= 3, what="rotations of the flood")
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/calm-is-done")))
    first = archives(flood)[-1]
    box.wait_for(lambda: archives(flood)[-1] != first, what="another rotation")
    box.wait_for(lambda: svstat(box, "up", "calm") == "true", what="calm that is up")
    assert box.stop() == 0, box.transcript()
    assert log_text(calm) == [f"calm {i}" for i in range(200)]
    # current and three archives, each at most its size, the tolerance and a read of the pipe behind it
    assert len(archives(flood)) == 3
    assert size_of(flood) < 4 * (100000 + 2000 + 262144)
    line = "a line that says nothing"
    *whole, last = [text for _, _, _, text in log_lines(flood)]
    assert set(whole) == {line} and line.startswith(last)  # it was ended within its last write


def test_an_archive_that_inflates_without_end_takes_no_memory(tree, boot):
    """16 MB of zeros, 2 MB of newlines and one line of 16 MB: logcat finds the line behind them within 12 MB."""
    tree.longrun("web", "#!/bin/sh\necho said\nexec sleep 1000\n")
    box = boot(tree.path, env={"S6_LOGGING": "2"})
    folder = tree.at("/var/log/services/web")
    box.wait_for(lambda: os.path.exists(f"{folder}/current") and "said" in log_text(folder))
    for digit, block in (("1", b"\0" * 8), ("2", b"\n"), ("3", b"x" * 8)):
        with gzip.open(f"{folder}/@40000000{digit * 8}{'0' * 8}.s.gz", "wb") as file:
            file.write(block * (2 << 20))
    for words in ("-g said", "-r -g said", "-g said -o json"):
        result = box.run("/bin/sh", "-c", f"ulimit -v 12288; exec /command/logcat {words} web")
        assert result.returncode == 0 and "said" in result.stdout, (words, result)
    assert box.stop() == 0


# The names that a logger makes, opens or removes in its directory, and one of each kind of archive.
NAMES = ["current", "lock", "state", "previous", "processed", "newstate",
         "@4000000070000000000000aa.s.gz.new", "@4000000070000000000000aa.s", "@4000000070000000000000ab.u",
         "@4000000070000000000000ac.s.gz"]
PLANT = """#!/bin/sh
[ -e /tmp/planted ] || {{
    cd /var/log/services/web
    for name in {names}; do rm -rf $name; ln -s /precious/file $name; done
    touch /tmp/planted
}}
i=0
while [ $i -lt 3000 ]; do echo "line $i of many, long enough to rotate now and then"; i=$((i + 1)); done
echo all of them
exec sleep 1000
"""


def test_planted_links_lead_a_logger_nowhere(tree, boot):
    """In a container of a plain user the logger has its service's uid: the directory is the service's to spoil, no more."""
    tree.longrun("web", PLANT.format(names=" ".join(NAMES)))
    tree.write("/precious/file", "precious\n")
    for path in ("/precious", "/precious/file", "/var/log"):
        os.chown(tree.at(path), 1000, 1000)
    os.chmod(tree.path, 0o755)
    box = boot(tree.path, options=USER, env={"S6_LOGGING": "1", "OVERLOG_SCRIPT": "n3 s20000 C"})
    box.wait_for_text("all of them\n", "stdout")
    pid = box.loggers("web")[0]
    box.run("/command/s6-svc", "-a", "/run/service/web/log")  # rotate
    box.run("/command/s6-svc", "-h", "/run/service/web/log")  # a successor recovers the directory
    box.wait_for(lambda: box.loggers("web") not in ([], [pid]), what="another logger")
    assert box.stop() == 0, box.transcript()
    assert tree.read("/precious/file") == "precious\n"
    assert os.listdir(tree.at("/precious")) == ["file"]
    assert os.stat(tree.at("/precious/file")).st_mode & 0o777 == 0o644
