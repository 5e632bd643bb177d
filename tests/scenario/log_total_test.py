"""OVERLOG_TOTAL, which caps all logs together, and overlog vacuum, which does so when it is called."""

import os
import re
import subprocess
import time

import pytest

from lib.build import OVERLOG, clean_environment
from lib.logcat import archive_name
from lib.logs import archives, log_bytes, log_text

ROOT = "/var/log/services"
LINES = """#!/bin/sh
i=0
run=$(cat /run-number)
while [ $i -lt %d ]; do echo "$i $run ......................................................................"; i=$((i + 1)); done
exec sleep 1000
"""
CAP = 300 << 10


def sizes(folder):
    """Bytes by archive, oldest first."""
    found = {}
    for name in archives(folder):
        try:
            found[name] = os.path.getsize(f"{folder}/{name}")
        except FileNotFoundError:
            pass
    return found


def total(root):
    return sum(sum(sizes(f"{root}/{name}").values()) for name in os.listdir(root))


def plant(folder, archives_of, at=1_600_000_000):
    """Archives of these sizes, a day apart."""
    os.makedirs(folder)
    for i, size in enumerate(archives_of):
        with open(f"{folder}/{archive_name(at + i * 86400)}", "wb") as file:
            file.write(b"x" * size)
    with open(f"{folder}/current", "wb") as file:
        file.write(b"y" * 5000)


def events(tree, word):
    return [line for line in log_bytes(tree.at(f"{ROOT}/.events")).decode().splitlines() if f" {word} " in line]


def is_tail(numbers, count):
    """They are the last of as many, none is missing."""
    return numbers == list(range(count - len(numbers), count))


def wait_logged(box, tree, run):
    """Until the loggers have written all that the services of that run say."""
    for name, last in (("loud", 39999), ("calm", 699)):
        box.wait_for(lambda: log_text(tree.at(f"{ROOT}/{name}"))[-1].startswith(f"{last} {run} "), what=f"the last line of {name}")


@pytest.mark.long
def test_all_logs_together(tree, boot):
    """Of ten times as much as there may be; 'gone' belongs to a service that is no more, of another user."""
    tree.longrun("loud", LINES % 40000)
    tree.longrun("calm", LINES % 700)
    tree.write("/run-number", "1\n")
    plant(tree.at(f"{ROOT}/gone"), [20000] * 4)
    os.chmod(tree.at(f"{ROOT}/gone"), 0o700)
    for name in os.listdir(tree.at(f"{ROOT}/gone")):
        os.chown(tree.at(f"{ROOT}/gone/{name}"), 1234, 1234)
    os.chown(tree.at(f"{ROOT}/gone"), 1234, 1234)
    root = tree.at(ROOT)
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_TOTAL": "300K", "OVERLOG_SCRIPT": "n1000 s20000 z0 C"})
    for _ in range(2):  # it goes on where it was when it is killed
        box.wait_for(lambda: events(tree, "vacuum"), what="removals")
        box.run("/command/s6-svc", "-wr", "-k", "/run/service/log-vacuum", check=True)
    wait_logged(box, tree, 1)
    box.wait_for(lambda: total(root) <= CAP, what="room")
    left = {name: sizes(f"{root}/{name}") for name in ("loud", "calm", "gone")}
    assert total(root) > CAP - 3 * 20000
    # the largest gives: neither of the others has lost any
    assert len(left["gone"]) == 4 and len(left["calm"]) >= 3
    assert len(log_text(f"{root}/calm")) == 700
    # and its oldest go first
    numbers = [int(line.split()[0]) for line in log_text(f"{root}/loud")]
    assert is_tail(numbers, 40000) and len(numbers) > 1000
    everything = sum(os.path.getsize(f"{at}/{name}") for at, _, names in os.walk(root) for name in names)
    currents = sum(os.path.getsize(f"{root}/{name}/current") for name in os.listdir(root)
                   if os.path.exists(f"{root}/{name}/current"))
    assert everything <= CAP + currents + 1000  # notes and locks
    assert box.stop() == 0, box.transcript()
    told = [re.search(r"vacuum service=loud archives=(\d+) bytes=(\d+)$", line) for line in events(tree, "vacuum")]
    assert told and all(told)  # a kill takes what was not told yet
    assert all(18000 * int(match[1]) <= int(match[2]) <= 20000 * int(match[1]) for match in told), told

    # less room, at the next start: they meet at one level
    tree.write("/run-number", "2\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_TOTAL": "120000", "OVERLOG_SCRIPT": "n1000 s20000 z0 C"})
    wait_logged(box, tree, 2)
    box.wait_for(lambda: total(root) <= 120000, what="room")
    left = {name: sum(sizes(f"{root}/{name}").values()) for name in ("loud", "calm", "gone")}
    assert max(left.values()) - min(left.values()) <= 2 * 20000 + 8192 and min(left.values()) > 0, left
    assert list(sizes(f"{root}/gone")) == [archive_name(1_600_000_000 + i * 86400) for i in range(4)][-len(sizes(f"{root}/gone")):]
    box.wait_for(lambda: " up " in box.run("/command/overlog", "status", "log-vacuum").stdout, what="log-vacuum that is up")
    assert box.stop() == 0


def test_off_by_default_and_wrong(tree, boot):
    tree.longrun("web")
    for value, said in ((None, None), ("0", None), ("lots", True)):
        box = boot(tree.path, "true", env={"S6_LOGGING": "2"} | ({"OVERLOG_TOTAL": value} if value else {}))
        assert box.wait() == 0
        text = box.stderr.text()
        assert ("/init: warning: OVERLOG_TOTAL: lots is no size, logs may take any number of bytes" in text) == bool(said), text
        assert not os.path.exists(tree.at("/run/s6/builtin.d/log-vacuum"))


# --- by hand --------------------------------------------------------------------------------------


def vacuum(root, *words, code=0, **more):
    result = subprocess.run(["overlog", "vacuum", *words], executable=OVERLOG, capture_output=True, text=True, check=False,
                            env=clean_environment() | {"OVERLOG_DIR": str(root)} | more)
    assert result.returncode == code, result
    return result.stdout if code == 0 else result.stdout + result.stderr


def listing(root):
    return {name: list(sizes(f"{root}/{name}").values()) for name in os.listdir(root)}


def test_to_a_size(tmp_path):
    plant(tmp_path / "web", [1000, 2000, 3000, 2000])
    plant(tmp_path / "db", [5000, 500])
    plant(tmp_path / ".init", [100])
    before = listing(tmp_path)
    for words in (["-n", "--to", "8000"], ["--to=7.8K", "--dry-run"]):
        assert vacuum(tmp_path, *words) == ("db: 1 archive, 4.9K\nweb: 2 archives, 2.9K\n"
                                            "would free 3 archives, 7.8K; archives would take 5.5K\n")
        assert listing(tmp_path) == before
    assert vacuum(tmp_path, OVERLOG_TOTAL="8000").endswith("freed 3 archives, 7.8K; archives take 5.5K\n")
    assert listing(tmp_path) == {"web": [3000, 2000], "db": [500], ".init": [100]}
    assert vacuum(tmp_path, "-t", "8000") == "freed 0 archives, 0; archives take 5.5K\n"
    assert vacuum(tmp_path, "-t0", "we[b]", "db") == ("db: 1 archive, 500\nweb: 2 archives, 4.9K\n"
                                                     "freed 3 archives, 5.4K; archives take 0\n")
    assert listing(tmp_path) == {"web": [], "db": [], ".init": [100]}
    assert all(os.path.getsize(tmp_path / name / "current") == 5000 for name in ("web", "db", ".init"))


def test_by_age(tmp_path):
    now = int(time.time())
    plant(tmp_path / "web", [1000, 2000, 3000, 4000], at=now - 3 * 86400 - 3600)
    plant(tmp_path / "db", [5000, 500], at=now - 86400 - 3600)
    assert vacuum(tmp_path, "--older", "1d", "-n", "web") == ("web: 3 archives, 5.9K\n"
                                                             "would free 3 archives, 5.9K; archives would take 3.9K\n")
    vacuum(tmp_path, "--older=2d 30m")
    assert listing(tmp_path) == {"web": [3000, 4000], "db": [5000, 500]}
    vacuum(tmp_path, "-o", "1d", "--to", "4100", OVERLOG_TOTAL="1")
    assert listing(tmp_path) == {"web": [], "db": [500]}
    vacuum(tmp_path, "-o", "1d", OVERLOG_TOTAL="1")  # the age alone was asked for
    assert listing(tmp_path) == {"web": [], "db": [500]}


def test_ages_after_the_clock_was_set(tree, boot):
    """The socket of pid 1 looks much older than its process: the clock was set forward since. An hour is told by a note."""
    tree.longrun("web")
    plant(tree.at("/var/log/services/old"), [1000, 2000])
    box = boot(tree.path)
    box.wait_booted()
    control, note = (box.inside(f"/run/s6/{name}") for name in ("control", "vacuum"))
    count = lambda: len(archives(tree.at("/var/log/services/old")))
    os.utime(control, (time.time() - 86400 * 400,) * 2)
    for _ in range(2):
        result = box.run("/command/overlog", "vacuum", "--older", "1d", "old")
        assert result.returncode == 1 and "freed 0 archives" in result.stdout, result
        assert "the clock was set: no archive goes for its age, for up to an hour" in result.stderr
        assert count() == 2
    with open(note) as file:
        offset, paused = file.read().split()
    assert int(paused) > time.monotonic_ns() + 3000 * 10**9
    with open(note, "w") as file:
        file.write(f"{offset} {time.monotonic_ns()}\n")
    result = box.run("/command/overlog", "vacuum", "--older", "1d", "old")
    assert (result.returncode, result.stderr, count()) == (0, "", 0), result
    # A clock that was not set.
    os.unlink(note)
    os.utime(control)
    plant(tree.at("/var/log/services/older"), [1000])
    result = box.run("/command/overlog", "vacuum", "--older", "1d", "older")
    assert (result.returncode, result.stderr) == (0, "") and "older: 1 archive" in result.stdout, result
    assert box.stop() == 0


def test_what_is_refused(tmp_path):
    plant(tmp_path / "web", [1000])
    for words, more, code, said in (
            ([], {}, 100, "nothing selected: use --to or --older, or set OVERLOG_TOTAL"),
            (["--watch"], {}, 100, "how much may archives take?"),
            (["--to", "much"], {}, 100, "much is no size, as 500M or 2G"),
            ([], {"OVERLOG_TOTAL": "1X"}, 100, "OVERLOG_TOTAL=1X is no size"),
            (["--older", "7"], {}, 100, "--older 7: days or hours? Say 7d, 7h or 7m"),
            (["--older", "soon"], {}, 100, "soon is no length of time"),
            (["--older", "0s"], {}, 100, "needs a time that is not 0"),
            (["--to", "1G", "web", "wb"], {}, 1, f"no log directory wb in {tmp_path}"),
            (["--to", "1G"], {"OVERLOG_DIR": f"{tmp_path}/none"}, 111, "unable to open")):
        assert said in vacuum(tmp_path, *words, code=code, **more), words
    assert listing(tmp_path) == {"web": [1000]}
