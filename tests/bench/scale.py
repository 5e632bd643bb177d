#!/usr/bin/python3
"""Many paired longruns: time until all are up, memory and descriptors of pid 1, what a death costs, wake-ups when
idle; and 100 logged services beside supervisor, where it is installed.

Prints medians and ratios; asserts nothing. Needs root. COUNTS: how many (100 1000 3000)."""
import os
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import boot
import table

COUNTS = [int(n) for n in os.environ.get("COUNTS", "100 1000 3000").split()]
RUNS = int(os.environ.get("RUNS", "3"))


def on_cpu(pid):
    """ns that the process has run."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def switches(pid):
    return sum(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
               if "ctxt_switches" in line)


def wait_idle(pid):
    """Until it has not run for a second."""
    last, since = switches(pid), time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.05)
        if switches(pid) != last:
            last, since = switches(pid), time.monotonic()


def services(pid):
    found = []
    for kid in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            if pathlib.Path(f"/proc/{kid}/cmdline").read_bytes().startswith(b"/stamp\0"):
                found.append(int(kid))
        except OSError:
            pass
    return found


def one(count):
    """Boots count services once: figures by name, or None with what was said."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
        root = boot.make_root(temporary, boot.BUILD / "stamp", count)
        process = boot.unshare(root, "/init", env={})
        pid = boot.init_pid(process)
        up = boot.inside(pid, "up")
        try:
            boot.wait_for(lambda: process.poll() is not None or len(boot.stamps(up)) >= count, 300)
        finally:
            if process.poll() is None and len(boot.stamps(up)) < count:
                process.kill()
        if process.poll() is not None:
            return None, process.stderr.read().decode()
        start = boot.stamps(boot.inside(pid, "start"))[0]
        seconds = (max(boot.stamps(up)) - start) / 1e9
        used = on_cpu(pid) / 1e9
        wait_idle(pid)
        before = switches(pid)
        time.sleep(3)
        wakeups = switches(pid) - before
        figures = {"up": seconds, "cpu": used, "private": boot.rollup(pid)[1], "fds": len(os.listdir(f"/proc/{pid}/fd")),
                   "wakeups": wakeups}
        victims = services(pid)[:20]
        seen, spent = len(boot.stamps(up)), on_cpu(pid)
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        boot.wait_for(lambda: len(boot.stamps(up)) >= seen + len(victims))
        wait_idle(pid)
        figures["death"] = (on_cpu(pid) - spent) / 1e6 / len(victims)
        begun = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        process.wait(300)
        figures["stop"] = time.monotonic() - begun
        return figures, ""


def peer_supervisor(directory, stamp, count):
    lines = ["[supervisord]", "nodaemon=true", f"logfile={directory}/../main.log", f"pidfile={directory}/../pid"]
    for i in range(count):
        script = directory / f"svc-{i:04d}"
        script.write_text(f"#!{stamp} -p{directory}/../up\n")
        script.chmod(0o755)
        lines += [f"[program:svc-{i:04d}]", f"command={script}", f"stdout_logfile={directory}/../log-{i}",
                  f"stderr_logfile={directory}/../err-{i}"]
    (directory / "conf").write_text("\n".join(lines) + "\n")
    return ["supervisord", "-c", str(directory / "conf")]


def main():
    stamp = boot.build()
    base = None
    for count in COUNTS:
        runs = []
        for _ in range(RUNS if count <= 100 else 1):
            figures, said = one(count)
            if figures is None:
                print(f"{count} paired longruns: not started. {said.strip()[-300:]}")
                break
            runs.append(figures)
        if not runs:
            continue
        m = {name: statistics.median(r[name] for r in runs) for name in runs[0]}
        base = base or (count, m)
        print(f"{count} paired longruns: all up after {m['up']:.2f} s ({m['up'] / count * 1000:.2f} ms each, "
              f"{m['up'] / count / (base[1]['up'] / base[0]):.2f} times that of {base[0]}), {m['cpu']:.2f} s of them pid 1's; "
              f"stopped after {m['stop']:.2f} s")
        if count > base[0]:
            table.row(f"a death and a start, {count:,} services", f"the same, {base[0]} services", base[1]["death"], m["death"],
                      "ms", "1.0")
            table.row(f"pid 1's time for a service, {count:,}", f"the same, {base[0]} services", base[1]["cpu"] / base[0] * 1000,
                      m["cpu"] / count * 1000, "ms", "1.0")
        more = (m["private"] - base[1]["private"]) * 1024 / max(count - base[0], 1)
        print(f"    pid 1: {m['private']} kB" + (f" ({more:.0f} bytes for each more)" if count > base[0] else "") +
              f", {m['fds']} descriptors ({m['fds'] / count:.1f} each), {m['death']:.2f} ms of its time for a death and a "
              f"start, {m['wakeups']:.0f} wake-ups in 3 s of rest")
    if "wakeups" in m:
        table.row(f"wake-ups in 3 s of rest, {count:,} services", "", None, m["wakeups"], "", "0")
    count = 100
    if not shutil.which("supervisord"):
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
        ours = boot.ours_up(boot.make_root(temporary, stamp, count), count)
    other = boot.peer_once(peer_supervisor, stamp, count)
    print(f"{count} logged services all up, supervisor: {other / 1000:.2f} s ({other / ours:.1f} times overlog's)")


if __name__ == "__main__":
    main()
