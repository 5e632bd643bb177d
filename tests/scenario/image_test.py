"""What the kernel keeps of the program for each process: tables read-only, and not at all in a logger that needs none."""
import pathlib
import re

HELLO = "#!/bin/sh\necho hello\nexec sleep 1000\n"


def mappings(pid):
    """{permissions: [kB of its own]} of what is mapped from the program's file."""
    found = {}
    text = pathlib.Path(f"/proc/{pid}/smaps").read_text()
    for permissions, path, fields in re.findall(r"^\w+-\w+ (\S+) .*? (/\S*/overlog)\n((?:\w+:.*\n)+)", text, re.M):
        own = sum(int(kb) for kb in re.findall(r"Private_\w+: +(\d+) kB", fields))
        found.setdefault(permissions, []).append(own)
    return found


def test_tables_are_read_only_and_a_logger_gives_back_those_it_does_not_need(tree, boot):
    tree.longrun("web", HELLO)
    box = boot(tree.path)
    box.wait_for_text("service legacy-services successfully started")
    logger = box.wait_for(lambda: box.loggers("web"))[0]
    # First they are out of reach, then given back, and last the pages that a start needs.
    box.wait_for(lambda: mappings(logger)["---p"] == [0], what="tables that are given back")
    box.wait_for(lambda: all(sum(mappings(logger)[kind]) <= 8 for kind in ("r--p", "rw-p")), what="a small logger")
    own = mappings(box.pid())["r--p"]
    assert len(own) == 1 and own[0] > 8
    assert box.stop() == 0
