#!/usr/bin/python3
"""Boot, stop, system calls, memory and size of overlog, beside the floor, and beside packaged s6 and runit.

The floor is a bare loop that forks and executes the same processes, and nothing else: the run script of each service
(`echo started; exec sleep`), and for each logger our program, which ends at once there. Everything is in memory.
Prints medians and ratios of one run; asserts nothing. Needs root. COUNTS: how many services (0 100 1000 3000)."""
import os
import pathlib
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import table

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
RUNS = int(os.environ.get("RUNS", "7"))
COUNTS = [int(n) for n in os.environ.get("COUNTS", "0 100 1000 3000").split()]
PLAIN = "#!/bin/sh\necho started\nexec sleep 1000000\n"  # a service as people write it
NOTED = "#!/stamp -p/out/up\n"                            # one that says when it is up
PROGRAM = "/command/s6-true"                             # ours, for what a logger's fork and exec cost


def build():
    subprocess.run(["make", "-s", "-C", TOP, f"BUILD={BUILD}"], check=True)
    stamp = BUILD / "stamp"
    subprocess.run(["musl-gcc", "-static", "-O2", "-o", stamp, TOP / "tests/bench/stamp.c"], check=True)
    return stamp


def make_root(directory, stamp, services, script=NOTED):
    root = pathlib.Path(directory)
    for name in ("bin", "run", "proc", "dev", "out", "var/log", "tmp"):
        (root / name).mkdir(parents=True, exist_ok=True)
    subprocess.run(["make", "-s", "-C", TOP, f"BUILD={BUILD}", "install", f"DESTDIR={root}"], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.copy(stamp, root / "stamp")
    shutil.copy("/bin/busybox", root / "bin/busybox")
    for name in ("sh", "sleep"):
        (root / "bin" / name).symlink_to("busybox")
    tree = root / "etc/s6-overlay/s6-rc.d"
    for i in range(services):
        service = tree / f"svc-{i:04d}"
        service.mkdir(parents=True)
        (service / "type").write_text("longrun\n")
        (service / "run").write_text(script)
        (service / "run").chmod(0o755)
        (root / "etc/s6-overlay/user-bundles.d/user/contents.d" / service.name).write_text("")
    return root


def unshare(root, *command, env=None, tracer=()):
    script = ('mount -t tmpfs tmpfs "$0/run" && mount -t tmpfs tmpfs "$0/var/log" && '
              'mount -t tmpfs tmpfs "$0/out" && mount -t proc proc "$0/proc" && '
              'mount -t devtmpfs dev "$0/dev" && exec ' + " ".join(tracer) + ' chroot "$0" /stamp /out/start "$@"')
    environment = {"PATH": os.environ["PATH"], "S6_VERBOSITY": "1", "S6_LOGGING": os.environ.get("MODE", "1"), **(env or {})}
    return subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "--mount", "sh", "-c", script,
                             str(root), *command], env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def init_pid(process):
    path = f"/proc/{process.pid}/task/{process.pid}/children"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        children = pathlib.Path(path).read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.001)
    raise RuntimeError("no child of unshare")


def inside(pid, name):
    return pathlib.Path(f"/proc/{pid}/root/out/{name}")


def stamps(path):
    try:
        return [int(line) for line in path.read_text().split()]
    except OSError:
        return []


def wait_for(predicate, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = predicate()
        if value:
            return value
        time.sleep(0.005)
    raise RuntimeError("timed out")


def kids_of(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def boot_once(root, env=None):
    """ms from exec to CMD, and from CMD's end to that of pid 1; how many processes. The mounts are the harness's: they go
    with unshare, later."""
    process = unshare(root, "/init", "/stamp", "/out/cmd", "/stamp", "-p/out/ready", env=env)
    pid = init_pid(process)
    wait_for(lambda: stamps(inside(pid, "ready")))
    start = stamps(inside(pid, "start"))[0]
    cmd = stamps(inside(pid, "cmd"))[0]
    kids = kids_of(pid)
    # What is not executed yet shows the command line of pid 1.
    target = next(int(kid) for kid in kids if command_of(kid).startswith(b"/stamp\0-p/out/ready"))
    time.sleep(0.2)  # until all are at rest
    end = select.poll()
    init = os.pidfd_open(pid)
    end.register(init, select.POLLIN)
    ended = time.monotonic_ns()
    os.kill(target, signal.SIGKILL)
    end.poll(60000)
    over = time.monotonic_ns()
    os.close(init)
    process.wait(60)
    return (cmd - start) / 1e6, (over - ended) / 1e6, 1 + len(kids)


def floor(root, count, *programs):
    """ms until a loop that does nothing else has forked and executed each of the programs that many times."""
    process = unshare(root, "/stamp", f"-x{count}", "/out/floor", *programs)
    pid = init_pid(process)
    wait_for(lambda: stamps(inside(pid, "floor")))
    result = (stamps(inside(pid, "floor"))[0] - stamps(inside(pid, "start"))[0]) / 1e6
    os.kill(pid, signal.SIGKILL)
    process.wait(60)
    return result


def rollup(pid):
    """Proportional memory, and what is its own whoever else executes the same file, in kB."""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split()[:2]
        fields[name.rstrip(":")] = int(value)
    return fields["Pss"], fields["Anonymous"]


def loggers_of(pid):
    return [kid for kid in kids_of(pid) if command_of(kid).startswith((b"logger\0", b"s6-supervise\0"))]


def memory(root, services):
    """(Pss, its own) of pid 1; Pss of all loggers just after the start, and at rest; pid 1's descriptors."""
    process = unshare(root, "/init", env={})
    pid = init_pid(process)
    wait_for(lambda: len(stamps(inside(pid, "up"))) >= services)
    time.sleep(0.3)
    early = sum(rollup(kid)[0] for kid in loggers_of(pid))
    time.sleep(4)  # idle loggers give their buffers back
    late = sum(rollup(kid)[0] for kid in loggers_of(pid))
    one = rollup(pid)
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    os.kill(pid, signal.SIGTERM)
    process.wait(30)
    return one, early, late, descriptors


def call_of(line):
    found = re.match(r"(\w+)\(", line)
    return found.group(1) if found else ""


def calls(directory, stamp, services):
    """System calls of pid 1 from exec to the fork of CMD, and of each logger until it waits."""
    root = make_root(directory / "root", stamp, services)
    trace = directory / "trace"
    trace.mkdir()
    process = unshare(root, "/init", "/stamp", "/out/cmd", "/stamp", "-p/out/ready",
                      tracer=("strace", "-D", "-ff", "-s", "64", "-o", str(trace / "of")))
    pid = init_pid(process)
    wait_for(lambda: stamps(inside(pid, "ready")) and len(stamps(inside(pid, "up"))) >= services)
    time.sleep(1.5)  # until the loggers wait
    process.kill()
    process.wait()
    init, loggers = 0, []
    for file in trace.iterdir():
        lines = file.read_text(errors="replace").splitlines()
        begin = next((i for i, line in enumerate(lines) if line.startswith('execve("/init"')), None)
        logger = next((i for i, line in enumerate(lines) if line.startswith("execve(") and '"logger", "-d"' in line), None)
        if begin is not None:
            forks = [i for i, line in enumerate(lines) if call_of(line) in ("clone", "clone3", "fork")]
            init = sum(1 for line in lines[begin + 1:forks[-1]] if call_of(line))
        elif logger is not None:
            end = next((i for i, line in enumerate(lines) if call_of(line) in ("epoll_pwait", "epoll_wait")), len(lines))
            loggers.append(sum(1 for line in lines[logger + 1:end] if call_of(line)))
    return init, statistics.median(loggers)


def peer_s6(directory, stamp, count):
    for i in range(count):
        service = directory / f"svc-{i:04d}"
        (service / "log").mkdir(parents=True)
        (service / "run").write_text(f"#!{stamp} -p{directory}/../up\n")
        (service / "log/run").write_text(f"#!/bin/execlineb -P\ns6-log n20 s1000000 T {directory}/../log-{i}\n")
        for script in (service / "run", service / "log/run"):
            script.chmod(0o755)
    return ["s6-svscan", str(directory)]


def peer_runit(directory, stamp, count):
    for i in range(count):
        service = directory / f"svc-{i:04d}"
        (service / "log").mkdir(parents=True)
        (directory / ".." / f"log-{i}").mkdir()
        (service / "run").write_text(f"#!{stamp} -p{directory}/../up\n")
        (service / "log/run").write_text(f"#!/bin/sh\nexec svlogd -tt {directory}/../log-{i}\n")
        for script in (service / "run", service / "log/run"):
            script.chmod(0o755)
    return ["runsvdir", "-P", str(directory)]


def peer_once(make, stamp, count):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
        base = pathlib.Path(temporary)
        (base / "scan").mkdir()
        command = make(base / "scan", stamp, count)
        process = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", str(stamp), str(base / "start"),
                                    *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        wait_for(lambda: len(stamps(base / "up")) >= count)
        result = (max(stamps(base / "up")) - stamps(base / "start")[0]) / 1e6
        process.kill()
        process.wait()
        wait_for(lambda: subprocess.run(["pgrep", "-f", temporary], stdout=subprocess.DEVNULL).returncode != 0)
    return result


def ours_up(root, count):
    process = unshare(root, "/init", env={})
    pid = init_pid(process)
    wait_for(lambda: len(stamps(inside(pid, "up"))) >= count)
    result = (max(stamps(inside(pid, "up"))) - stamps(inside(pid, "start"))[0]) / 1e6
    os.kill(pid, signal.SIGTERM)
    process.wait(30)
    return result


def boots(stamp, count, logged, runs):
    """Medians: to CMD, to exit, the floor; interleaved."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
        root = make_root(temporary, stamp, count, PLAIN)
        run = "/etc/s6-overlay/s6-rc.d/svc-0000/run"
        programs = [run, PROGRAM] if logged else [run]
        times = []
        for _ in range(runs):
            to_cmd, to_exit, processes = boot_once(root, {"S6_LOGGING": "1" if logged else "0"})
            bare = floor(root, count, *programs) if count > 0 else floor(root, 1, "/stamp")
            times.append((to_cmd, to_exit, bare, processes))
        to_cmd, to_exit, bare, processes = (statistics.median(column) for column in zip(*times))
    kind = "logged" if logged else "unlogged"
    print(f"{count:4} {kind:8} services: {to_cmd:8.1f} ms from exec to CMD (min {min(t[0] for t in times):.1f}), "
          f"{to_exit:7.1f} ms from CMD's end to that of pid 1, {processes:.0f} processes; the floor {bare:.1f} ms "
          f"(min {min(t[2] for t in times):.1f})", flush=True)
    beside = "one fork and exec" if count == 0 else f"the floor, {count * len(programs)} of them"
    table.row(f"{count:,} {kind} services, exec to CMD", beside, bare, to_cmd, "ms", "3" if count == 0 else "1.5")
    if count == 100 and logged:
        table.row(f"{count} {kind} services, stop", beside, bare, to_exit, "ms", "0.5")


def memories(stamp):
    figures = {}
    for count in (0, 100):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
            figures[count] = memory(make_root(temporary, stamp, count), count)
            one, early, late, descriptors = figures[count]
            print(f"{count:4} logged services, memory, proportional and its own: pid 1 {one[0]} and {one[1]} kB; all loggers "
                  f"{late} kB at rest, {early} kB at the start; {descriptors} descriptors of pid 1", flush=True)
    share = figures[100][0][1] - figures[0][0][1]
    table.row("memory of pid 1, no services, its own", "", None, figures[0][0][1], "kB", "200 kB")
    for name, column, target in (("at rest", 2, "25 kB"), ("at the start", 1, "32 kB")):
        each = (figures[100][column] - figures[0][column] + share) / 100
        table.row(f"memory of a logged service, {name}", "s6-overlay, by the issue", 75 if column == 2 else None, each, "kB", target)


def counted(stamp):
    if not shutil.which("strace"):
        print("no strace: system calls are not counted")
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
        few, _ = calls(pathlib.Path(temporary) / "1", stamp, 1)
        many, logger = calls(pathlib.Path(temporary) / "11", stamp, 11)
    print(f"system calls: pid 1 {few} with one logged service, {(many - few) / 10:.1f} for each more; a logger {logger:.0f} "
          "until it waits")
    table.row("system calls of pid 1 for a logged service", "", None, (many - few) / 10, "", "90")
    table.row("system calls of a logger until it waits", "", None, logger, "", "90")


def peers(stamp, count):
    times = {"overlog": [], "s6": [], "runit": []}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
        root = make_root(temporary, stamp, count)
        for _ in range(3):
            times["overlog"].append(ours_up(root, count))
            times["s6"].append(peer_once(peer_s6, stamp, count))
            times["runit"].append(peer_once(peer_runit, stamp, count))
    ours = statistics.median(times["overlog"])
    for name, values in times.items():
        middle = statistics.median(values)
        print(f"{count} logged services all up, {name}: {middle:.1f} ms ({middle / ours:.1f} times overlog's)")
    table.row(f"{count} logged services all up", "packaged s6, s6-log", statistics.median(times["s6"]), ours, "ms", "")


def main():
    stamp = build()
    print(f"size of the program: {(BUILD / 'overlog').stat().st_size / 1000:.0f} kB")
    for count in COUNTS:
        runs = RUNS if count <= 100 else 1
        boots(stamp, count, True, runs)
        if count == 100:
            boots(stamp, count, False, runs)
    counted(stamp)
    memories(stamp)
    peers(stamp, 100)
    return 0


if __name__ == "__main__":
    sys.exit(main())
