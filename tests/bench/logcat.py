#!/usr/bin/python3
"""logcat over many services with many archives, beside zcat, sort -m, ripgrep -z and zgrep.

The set (SERVICES=100 with ARCHIVES=2 of BYTES=1000000 each, 250 MB of text; ARCHIVES=20 for 2 GB) is made once
and kept in build/bench. Runs are interleaved; medians and ratios are printed, nothing is asserted. RUNS=3."""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import table

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
SERVICES, ARCHIVES, BYTES, RUNS = (int(os.environ.get(k, v)) for k, v in (
    ("SERVICES", "100"), ("ARCHIVES", "2"), ("BYTES", "1000000"), ("RUNS", "3")))
SET = pathlib.Path(os.environ.get("LOGSET", BUILD / f"bench/mixed-{SERVICES}-{ARCHIVES}-{BYTES}"))
LITERAL, EXPRESSION, WORDS = "request 0000dead", "upstream.*after 5[0-9]+ ms", "timed out|refused"


def make_set():
    tool = BUILD / "bench/logset"
    tool.parent.mkdir(parents=True, exist_ok=True)
    sources = ["tests/bench/logset.c", "rotate/bgzf.c", "rotate/archive.c", "logger/stamp.c", *map(str, sorted(
        p.relative_to(TOP) for p in (TOP / "base").glob("*.c")))]
    subprocess.run(["cc", "-O2", "-I.", "-D_GNU_SOURCE", "-o", tool, *sources, "-lz"], cwd=TOP, check=True)
    if not SET.exists():
        shutil.rmtree(f"{SET}.new", ignore_errors=True)
        subprocess.run([tool, f"{SET}.new", str(SERVICES), str(ARCHIVES), str(BYTES)], check=True)
        os.rename(f"{SET}.new", SET)


def run(words, shell=False):
    """Wall ms."""
    env = {**os.environ, "OVERLOG_DIR": str(SET), "TZ": "UTC0", "LC_ALL": "C"}
    executable = "/bin/bash" if shell else BUILD / "overlog" if words[0] == "logcat" else None
    begin = time.monotonic()
    subprocess.run(words, shell=shell, executable=executable, env=env, stdout=subprocess.DEVNULL)
    return (time.monotonic() - begin) * 1000


def memory(words):
    """The greatest resident kB: looked at when the output has been read and nothing is freed yet."""
    env = {**os.environ, "OVERLOG_DIR": str(SET), "TZ": "UTC0"}
    most = 0
    with subprocess.Popen(["logcat", *words], executable=BUILD / "overlog", env=env, stdout=subprocess.PIPE) as p:
        while os.read(p.stdout.fileno(), 1 << 20):
            status = pathlib.Path(f"/proc/{p.pid}/status").read_text()
            most = max(most, *(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmHWM")), 0)
    return most


def compare(name, ours, others, runs=RUNS, target=None):
    """others: (what, words, shell) each. target: a row of the table, beside the first of them, or of ours alone."""
    times = [[] for _ in range(len(others) + 1)]
    for _ in range(runs):
        times[0].append(run(["logcat", *ours]))
        for i, (_, words, shell) in enumerate(others):
            times[i + 1].append(run(words, shell))
    mine, *rest = (statistics.median(t) for t in times)
    line = f"{name:34} {mine:8.1f} ms"
    for (what, _, _), other in zip(others, rest):
        line += f"   {mine / other:5.2f} of {what}"
    print(line, flush=True)
    if target:
        table.row(f"logcat {name}", others[0][0] if others else "", rest[0] if others else None, mine, "ms", target)


def main():
    make_set()
    services = [f"{SET}/{s}" for s in sorted(os.listdir(SET))]
    middle = services[len(services) // 2]
    everything = f"zcat {SET}/*/@*.gz; cat {SET}/*/current"
    merge = "sort -m -k1,1 " + " ".join(f"<(zcat {s}/@*.gz; cat {s}/current)" for s in services)
    one = f"zcat {middle}/@*.gz; cat {middle}/current"
    name = os.path.basename(middle)
    size = sum(f.stat().st_size for s in services for f in pathlib.Path(s).iterdir())
    print(f"{SERVICES} services, {ARCHIVES} archives each, {SERVICES * (ARCHIVES + 0.5) * BYTES / 1e9:.2f} GB of text, "
          f"{size / 1e9:.2f} GB on disk")
    run(everything, True)  # into the page cache
    compare("-n 10, one service", ["-n", "10", name], [], 21)
    compare("-n 10, all", ["-n", "10"], [], 11, target="10 ms")
    compare("one minute of all", ["-S", "2026-11-23 12:00", "-U", "2026-11-23 12:01"], [], 11)
    compare("-l", ["-l"], [], 5)
    compare("one service", [name], [("zcat", one, True)])
    compare("everything, raw", ["-o", "raw"], [("zcat", everything, True), ("zcat, sort -m", merge, True)],
            target="1.0")
    compare("everything", [], [("zcat", everything, True)])
    compare("everything, JSON", ["-o", "json"], [("zcat", everything, True)])
    plain = [("a plain read", ["logcat"], False)]
    compare("-p warn", ["-p", "warn"], plain)
    compare("-p debug", ["-p", "debug"], plain)
    compare("--where", ["--where", "status>=500"], plain)
    compare("--where, an expression", ["--where", "path~^/api", "--where", "status>=500"], plain)
    compare("--where, all lines that can", ["--where", "status"], plain)
    compare("--columns", ["--columns", "ts,status,path"], plain)
    compare("--patterns", ["--patterns"], plain)
    compare("JSON, --parse", ["-o", "json", "--parse"], plain)
    compare("--entry -g", ["--entry", "-g", LITERAL], plain)
    grep = [("zcat, grep -F", f"({everything}) | grep -F '{LITERAL}'", True)]
    if shutil.which("rg"):
        grep.append(("rg -z", ["rg", "-z", "-N", LITERAL, str(SET)], False))
    compare("-g, a literal", ["-g", LITERAL], grep, target="1.2")
    for what, expression in (("with a word", EXPRESSION), ("without one", WORDS)):
        compare(f"-g, an expression {what}", ["-g", expression], [
            ("zgrep -E", f"zgrep -hE '{expression}' {SET}/*/@*.gz; cat {SET}/*/current | grep -E '{expression}'", True)])
    compare("-g, the last 10", ["-g", "timed out", "-n", "10"], [])
    compare("-i -g", ["-i", "-g", LITERAL], [])
    for what, words in (("one service", [name]), ("everything", []), ("newest first, one service", ["-r", name]),
                        ("newest first, one minute of all", ["-r", "-S", "2026-11-23 12:00", "-U", "2026-11-23 12:01"])):
        print(f"{'memory: ' + what:42} {memory(words):6d} kB")
    compare("newest first, one service", ["-r", name], [("zcat | tac", f"({one}) | tac", True)])


if __name__ == "__main__":
    main()
