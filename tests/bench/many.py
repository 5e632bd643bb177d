"""Memory of 100 loggers: idle, and while all of them rotate and compress at once."""
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib.logger import Rig, high

COUNT = 100
LINES = b"".join(b"10.0.0.%d - - [23/Nov/2026:14:00:%02d +0000] \"GET /%d HTTP/1.1\" 200 %d\n" % (i % 250, i % 60, i, i * 7)
                 for i in range(700))  # 45 kB: less than a pipe holds


def pss(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def children(pid):
    try:
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def main():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        null = high(os.open(os.devnull, os.O_WRONLY))
        rigs = []
        for i in range(COUNT):
            place = pathlib.Path(folder) / str(i)
            place.mkdir()
            r = Rig(place, "n20", "s65536", "C", mode="2", console=[null, null], name=f"web{i}")
            if rigs:
                r.keep[3] = rigs[0].keep[3]  # the lock of the container
            rigs.append(r.start())
        time.sleep(3)  # until they rest
        idle = sum(pss(r.pid) for r in rigs)
        most = helpers = 0
        for turn in range(12):
            for r in rigs:
                os.write(r.out[1], LINES)
            working = [pid for r in rigs for pid in children(r.pid)]
            helpers = max(helpers, len(working))
            most = max(most, sum(pss(pid) for r in rigs for pid in [r.pid] + children(r.pid)))
        archives = sum(len(r.files()) - 1 for r in rigs)
        time.sleep(4)
        again = sum(pss(r.pid) for r in rigs)
        print(f"{COUNT} loggers: {idle} kB idle ({idle / COUNT:.0f} each), at most {most} kB while they made "
              f"{archives} archives with at most {helpers} helpers at once, {again} kB when idle again")
        for r in rigs[1:]:
            r.keep[3] = -1
        for r in rigs:
            r.close()


main()
