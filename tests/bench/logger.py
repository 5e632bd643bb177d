#!/usr/bin/python3
"""Loggers: a web log through a pipe into a directory on tmpfs, beside cat and the packaged loggers.

Runs are interleaved; medians and ratios of the same run are printed, nothing is asserted.
LINES= and RUNS= scale it (500,000 and 3)."""
import os
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import table

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
LINES = int(os.environ.get("LINES", "500000"))
RUNS = int(os.environ.get("RUNS", "3"))


def generate(path):
    """The same web log each time: about 113 bytes a line, as compressible as real ones."""
    r = random.Random(1)
    agents = [f"Mozilla/5.0 (X11; Linux {i}) Gecko/20100101 Firefox/{100 + i}" for i in range(20)]
    with open(path, "w") as f:
        for i in range(LINES):
            f.write(f'{r.randint(1, 255)}.{r.randint(0, 255)}.4.{r.randint(1, 255)} - - [23/Nov/2026:10:55:40 +0000] '
                    f'"GET /p/{r.randint(1, 99999)} HTTP/1.1" 200 {r.randint(99, 99999)} "{agents[i % 20][:34]}"\n')


def timed(command, source, directory):
    """Wall, user and system seconds of a pipeline of cat and the command, cat's own included."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    feeder = subprocess.Popen(["cat", source], stdout=subprocess.PIPE)
    logger = subprocess.Popen(command, stdin=feeder.stdout, cwd=directory, stdout=subprocess.DEVNULL)
    feeder.stdout.close()
    feeder.wait()
    fed = time.monotonic() - start
    logger.wait()
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime, fed


class Paired:
    """The logger of a service with what the supervisor holds for it: pipes, journals, state."""

    def __init__(self, directory, mode, script):
        self.pipes = [os.pipe(), os.pipe()]
        self.memory = [os.memfd_create("m") for _ in range(4)]
        self.null = os.open("/dev/null", os.O_RDWR)
        wanted = [self.null, self.null, self.null, self.pipes[0][0], self.pipes[1][0], *self.memory]

        def arrange():
            high = [os.dup2(fd, 100 + i) for i, fd in enumerate(wanted)]
            for i, fd in enumerate(high):
                os.dup2(fd, i)
            os.closerange(len(wanted), 200)

        self.process = subprocess.Popen([BUILD / "overlog", "logger", "-d", directory, "--", "bench", mode, *script],
                                        preexec_fn=arrange, close_fds=False)

    def feed(self, *commands):
        """One for each stream; returns once they have written everything."""
        feeders = [subprocess.Popen(c, stdout=pipe[1]) for c, pipe in zip(commands, self.pipes)]
        for fd in [fd for pipe in self.pipes for fd in pipe]:
            os.close(fd)
        for f in feeders:
            f.wait()

    def end(self):
        self.process.wait()
        for fd in (*self.memory, self.null):
            os.close(fd)


def paired(source, directory, mode, script=("n20", "s100000000", "z0", "C")):
    """The logger of a service: half of the lines on each stream, journals and all."""
    shutil.rmtree(directory, ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    logger = Paired(directory, mode, script)
    logger.feed(["cat", f"{source}.0"], ["cat", f"{source}.1"])
    fed = time.monotonic() - start
    logger.end()
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime, fed


SCRIPT = ["n20", "s1000000", "S10000000000", "z6", "C"]


def stalls(directory, compiled, is_paired):
    """Percentiles in µs of a service's write through rotations and compressions, on the disk of the checkout."""
    result = directory / "stalls"
    writer = [compiled, "200000", "100000", result]
    if is_paired:
        logger = Paired(directory / "paired", "2", SCRIPT)
        logger.feed(writer)
        logger.end()
    else:
        logger = subprocess.Popen([BUILD / "overlog", "s6-log", *SCRIPT, directory / "log"], stdin=subprocess.PIPE)
        subprocess.run(writer, stdout=logger.stdin, check=True)
        logger.stdin.close()
        logger.wait()
    return [float(x) for x in result.read_text().split()]


def main():
    subprocess.run(["make", "-s", "-C", TOP, f"BUILD={BUILD}"], check=True)
    compiled = BUILD / "writer"
    subprocess.run(["musl-gcc", "-static", "-O2", "-o", compiled, TOP / "tests/bench/writer.c"], check=True)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
        base = pathlib.Path(temporary)
        source = base / "source"
        generate(source)
        subprocess.run(["split", "-d", "-a1", "-n", "l/2", source, f"{source}."], check=True)
        size = source.stat().st_size
        ours = base / "s6-log"
        ours.symlink_to(BUILD / "overlog")
        out = base / "out"
        big = ["n20", "s100000000"]
        rows = {
            "cat >file": lambda: timed(["sh", "-c", "cat >file"], source, out),
            "s6-log T, packaged": lambda: timed(["s6-log", *big, "T", "./d"], source, out),
            "s6-log T, ours": lambda: timed([ours, *big, "T", "./d"], source, out),
            "multilog t": lambda: timed(["multilog", "t", "s16777215", "n20", "./d"], source, out),
            "svlogd -tt": lambda: timed(["sh", "-c", "mkdir d; exec svlogd -tt ./d"], source, out),
            "paired, mode 2, CRI, both pipes": lambda: paired(source, out, "2"),
            "paired, mode 1, CRI, both pipes": lambda: paired(source, out, "1"),
            "s6-log C without gzip, ours": lambda: timed([ours, "n20", "s1000000", "C", "./d"], source, out),
            "s6-log C with z6, ours": lambda: timed([ours, *SCRIPT, "./d"], source, out),
        }
        slow = {"s6-log T with gzip -nq9, packaged":
                lambda: timed(["s6-log", "n20", "s1000000", '!gzip -nq9', "T", "./d"], source, out)}
        times = {name: [] for name in (*rows, *slow)}
        for _ in range(RUNS):
            for name, run in rows.items():
                times[name].append(run())
        for name, run in slow.items():
            times[name].append(run())
        middle = {name: [statistics.median(column) for column in zip(*values)] for name, values in times.items()}
        cat = middle["cat >file"][0]
        print(f"{LINES} lines, {size / 1e6:.0f} MB, medians of {RUNS}; the feeding cat is in every figure")
        print(f"{'':36} {'wall s':>7} {'user s':>7} {'sys s':>7} {'CPU s/GB':>9} {'/ cat':>6}")
        for name, (wall, user, system, _) in middle.items():
            print(f"{name:36} {wall:7.2f} {user:7.2f} {system:7.2f} {(user + system) / size * 1e9:9.2f} {wall / cat:6.2f}")
        packaged = middle["s6-log T, packaged"][0]
        gzip = middle["s6-log T with gzip -nq9, packaged"][0]
        z6 = middle["s6-log C with z6, ours"]
        plain = middle["s6-log C without gzip, ours"]
        print(f"s6-log T: packaged takes {packaged / middle['s6-log T, ours'][0]:.1f} times ours (aim 6), "
              f"ours {middle['s6-log T, ours'][0] / cat:.2f} times cat (aim 2)")
        print(f"paired, both pipes: {middle['paired, mode 2, CRI, both pipes'][0] / cat:.2f} times cat (aim 2.5)")
        print(f"gzip: the writer takes {z6[3] / plain[3]:.2f} times as long as without (aim 1.1), "
              f"the whole 1/{gzip / z6[0]:.0f} of s6-log with gzip (aim 1/20)")
        table.row("paired logger, two pipes, CRI, kill-safe", "cat from pipe to file", cat,
                  middle["paired, mode 2, CRI, both pipes"][0], "s", "2")
        table.row("gzip on, until a service has written all", "without gzip", plain[3], z6[3], "s", "1.1")
        table.row("s6-log T", "packaged s6-log", packaged, middle["s6-log T, ours"][0], "s", "")
        for what, is_paired in (("s6-log", False), ("a paired logger", True)):
            with tempfile.TemporaryDirectory(dir=BUILD) as disk:
                p = stalls(pathlib.Path(disk), compiled, is_paired)
            print(f"a write to {what}, 100,000 lines/s through rotations and gzip on this disk: median {p[0]:.0f} µs, "
                  f"99th {p[1]:.0f}, 99.9th {p[2]:.0f} (aim 1000), longest {p[3]:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
