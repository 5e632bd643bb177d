"""A log collector that lags and follows docs/log-directory.md loses no line."""
import os
import threading
import time

import pytest

from lib.logger import Rig
from lib.processes import children
from lib.wait import wait_for

LINES = 30000
BATCH = 250
READ = 4096  # bytes at a time


class Collector:
    """Looks for `current` and `@*.s`, knows a file by its first line, remembers how far it has read it, and drops one
    that is gone or has no name any more."""

    def __init__(self, folder):
        self.folder = folder
        self.offset = {}
        self.line = {}

    def look(self):
        """Reads one piece of each file; True: there was one."""
        names = sorted(name for name in os.listdir(self.folder) if name == "current" or
                       name[0] == "@" and name.endswith(".s"))
        return any([self.read(os.path.join(self.folder, name)) for name in names])

    def read(self, path):
        try:
            with open(path, "rb") as file:
                first = file.readline()
                if not first.endswith(b"\n") or os.fstat(file.fileno()).st_nlink == 0:
                    return False
                file.seek(self.offset.get(first, 0))
                piece = file.read(READ)
        except FileNotFoundError:
            return False
        piece = piece[:piece.rfind(b"\n") + 1]
        self.offset[first] = self.offset.get(first, 0) + len(piece)
        for line in piece.splitlines():
            self.line[line] = self.line.get(line, 0) + 1
        return bool(piece)


@pytest.mark.parametrize("script", [["C"], ["z1", "C"]])
def test_a_collector_that_lags(place, script):
    r = Rig(place, "s100000", "n1000", *script, mode="2").start()

    def write(first, last):
        for i in range(first, last, BATCH):
            os.write(r.out[1], b"".join(b"line %06d of a service that talks a lot\n" % n for n in range(i, i + BATCH)))
    began = time.monotonic()
    write(0, LINES // 2)  # before it has read anything
    wait_for(lambda: len(r.files()) > 5 and not children(r.pid), what="an end of what the helper does now")
    writer = threading.Thread(target=write, args=(LINES // 2, LINES))
    writer.start()
    collector = Collector(r.directory)
    try:
        while writer.is_alive():
            collector.look()
        writer.join()
        assert r.finish() == 0
        assert time.monotonic() - began < 50, "too slow for what is documented"
        wait_for(lambda: not collector.look(), what="the collector")
        assert sum(collector.line.values()) == LINES and set(collector.line.values()) == {1}
    finally:
        r.close()
