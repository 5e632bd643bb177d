"""No line is lost, repeated or put out of order, whoever is killed or restarted."""

import os
import signal
import struct

import pytest

from lib.logs import log_text

pytestmark = pytest.mark.long

TOTAL = 200_000
KILLS = 10
DRAIN = {"OVERLOG_DRAIN": "60000"}  # a logger that is late at the end is not killed: that would lose lines
TAIL = "the quick brown fox jumps over the lazy dog"


def numbers(tree, count):
    path = tree.at("/tmp/count")
    if not os.path.exists(path) or os.path.getsize(path) < 8 * count:
        return [0] * count
    with open(path, "rb") as file:
        return list(struct.unpack(f"={count}Q", file.read(8 * count)))


def check_stream(texts, completed):
    """texts is the log of one stream; completed[i] is how many lines instance i+1 wrote to it."""
    seen = []
    for text in texts:
        words = text.split(" ", 2)
        instance = int(words[0])
        if not seen or instance != seen[-1][0]:
            assert all(one[0] < instance for one in seen), f"instance {instance} after a later one"
            seen.append((instance, []))
        seen[-1][1].append(text)
    for instance, lines in seen:
        done = completed[instance - 1]
        expected = [f"{instance} {number} {TAIL}" for number in range(1, done + 1)]
        assert lines[:done] == expected, f"instance {instance}"
        # a line whose last piece was written in the instant of the kill, or its first piece
        rest = lines[done:]
        assert len(rest) <= 1
        assert not rest or f"{instance} {done + 1} {TAIL}".startswith(rest[0])
    listed = {instance for instance, _ in seen}
    assert all(done == 0 or index + 1 in listed for index, done in enumerate(completed))


def check_console(text, completed):
    """The console has the raw bytes: what an instance left begun stands before the next line."""
    place = 0
    for index, done in enumerate(completed):
        for number in range(1, done + 1):
            line = f"{index + 1} {number} {TAIL}\n"
            place = text.find(line, place)
            assert place >= 0, f"{line!r} is not on the console in its place"
            place += len(line)
    whole = [line for line in text.splitlines() if line.endswith(f" {TAIL}")]
    assert len(set(whole)) == len(whole), "a line is there twice"


@pytest.mark.parametrize("mode", [None, "2"])
def test_killed_ten_times_and_its_logger_told_to_restart_five_times(tree, boot, mode):
    tree.longrun("counter", f"#!/bin/sh\nexec /bin/helper count {TOTAL} /tmp/count\n", logging_script="n1000 s500000 C\n")
    box = boot(tree.path, env={**DRAIN, **({} if mode is None else {"S6_LOGGING": mode})})
    for kill in range(1, KILLS + 1):
        # a moment that differs from kill to kill; the service is up again before the next
        box.wait_for(lambda: sum(numbers(tree, 2)) >= kill * 2 * TOTAL // (KILLS + 1)
                     and numbers(tree, 3)[2] >= kill, deadline=240)
        worker = [pid for pid, words in box.processes().items() if words[:2] == ["/bin/helper", "count"]]
        assert len(worker) == 1
        os.kill(worker[0], signal.SIGKILL)
        logger = box.loggers("counter")
        for number in (signal.SIGTERM, signal.SIGHUP) if kill % 2 == 0 else (signal.SIGTERM,):
            if logger:
                os.kill(logger[0], number)
        if kill % 2 == 0:
            box.wait_for(lambda: [p for p in box.loggers("counter") if p not in logger], what="new logger")
        else:
            assert box.loggers("counter") == logger
    box.wait_for(lambda: min(numbers(tree, 2)) >= TOTAL and numbers(tree, 3)[2] > KILLS, deadline=240)
    assert box.stop() == 0

    instances = numbers(tree, 3)[2]
    assert instances == KILLS + 1
    each = numbers(tree, 3 + 2 * instances)[3:]
    folder = tree.at("/var/log/services/counter")
    for index, stream in enumerate(("stdout", "stderr")):
        completed = each[index::2]
        assert sum(completed) == TOTAL
        check_stream(log_text(folder, stream), completed)
        if mode is None:
            check_console(getattr(box, stream).text(), completed)


def test_last_words_are_kept(tree, boot):
    tree.longrun("web", "#!/bin/sh\ntrap 'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo last $i; done; "
                        "printf unfinished; exit' TERM\ntouch /tmp/up\nwhile :; do sleep 0.02; done\n",
                 finish="#!/bin/sh\necho finished\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", **DRAIN})
    box.wait_for(lambda: os.path.exists(tree.at("/tmp/up")))
    assert box.stop() == 0
    texts = log_text(tree.at("/var/log/services/web"), "stdout")
    assert texts == [f"last {i}" for i in range(1, 2001)] + ["unfinished", "finished"], texts[-3:]


def test_a_begun_line_is_ended_before_the_next_instance(tree, boot):
    tree.longrun("web", "#!/bin/sh\nprintf 'starting'\nprintf ' and failing'\nexit 1\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", **DRAIN})
    folder = tree.at("/var/log/services/web")
    whole = "starting and failing"
    box.wait_for(lambda: os.path.exists(folder + "/current") and log_text(folder).count(whole) >= 2)
    assert box.stop() == 0
    *before, last = log_text(folder)
    assert set(before) == {whole} and whole.startswith(last)  # the stop may come between its two writes


def test_the_begun_line_of_finish_is_ended_too(tree, boot):
    tree.longrun("web", "#!/bin/sh\nprintf run\n", finish="#!/bin/sh\nprintf finish\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", **DRAIN})
    folder = tree.at("/var/log/services/web")
    box.wait_for(lambda: os.path.exists(folder + "/current") and len(log_text(folder)) >= 6)
    assert box.stop() == 0
    assert set(log_text(folder)) == {"run", "finish"}


def test_a_begun_line_is_ended_though_there_is_no_logger_just_then(tree, boot):
    tree.longrun("web", "#!/bin/sh\nwhile [ ! -e /tmp/go ]; do sleep 0.01; done\nrm /tmp/go\nprintf begun\n"
                        "touch /tmp/begun\nexec sleep 1000\n",
                 finish="#!/bin/sh\nexec sleep 0.5\n")  # the logger, killed, is back before the next instance
    box = boot(tree.path, env={"S6_LOGGING": "2", **DRAIN})
    folder = tree.at("/var/log/services/web")
    for count in (1, 2):
        box.wait_for(lambda: box.loggers("web") and os.path.exists(folder + "/current"))
        os.kill(box.loggers("web")[0], signal.SIGKILL)
        tree.write("/tmp/go")
        worker = box.wait_for(lambda: [pid for pid, words in box.processes().items() if words == ["sleep", "1000"]])
        os.kill(worker[0], signal.SIGKILL)
        box.wait_for(lambda: log_text(folder) == ["begun"] * count, what="line of its own")
    assert box.stop() == 0
