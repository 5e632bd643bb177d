#!/usr/bin/python3
"""Boot, stop, memory and size, beside packaged runit and s6 in the same run.

Prints medians and ratios; asserts nothing. Needs root."""
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
RUNS = int(os.environ.get("RUNS", "7"))


def build():
    subprocess.run(["make", "-s", "-C", TOP, f"BUILD={BUILD}"], check=True)
    stamp = BUILD / "stamp"
    subprocess.run(["musl-gcc", "-static", "-O2", "-o", stamp, TOP / "tests/bench/stamp.c"], check=True)
    return stamp


def make_root(directory, stamp, services):
    root = pathlib.Path(directory)
    subprocess.run(["make", "-s", "-C", TOP, f"BUILD={BUILD}", "install", f"DESTDIR={root}"], check=True,
                   stdout=subprocess.DEVNULL)
    for name in ("run", "proc", "dev", "out", "var/log", "tmp"):
        (root / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(stamp, root / "stamp")
    tree = root / "etc/s6-overlay/s6-rc.d"
    for i in range(services):
        service = tree / f"svc-{i:04d}"
        service.mkdir(parents=True)
        (service / "type").write_text("longrun\n")
        (service / "run").write_text("#!/stamp -p/out/up\n")
        (root / "etc/s6-overlay/user-bundles.d/user/contents.d" / service.name).write_text("")
    return root


def unshare(root, *command, env=None):
    script = ('mount -t tmpfs tmpfs "$0/run" && mount -t tmpfs tmpfs "$0/var/log" && '
              'mount -t tmpfs tmpfs "$0/out" && mount -t proc proc "$0/proc" && '
              'mount -t devtmpfs dev "$0/dev" && exec chroot "$0" /stamp /out/start "$@"')
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


def boot_once(root):
    """CMD waits for a byte so that its stamps can be read before the end."""
    read_end, write_end = os.pipe()
    os.set_inheritable(read_end, True)
    process = unshare(root, "/init", "/stamp", "/out/cmd", "/stamp", "-p/out/ready", env={})
    os.close(read_end)
    os.close(write_end)
    pid = init_pid(process)
    wait_for(lambda: stamps(inside(pid, "ready")))
    start = stamps(inside(pid, "start"))[0]
    cmd = stamps(inside(pid, "cmd"))[0]
    kids = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    processes = 1 + len(kids)
    target = None
    for kid in kids:
        if b"/out/ready" in pathlib.Path(f"/proc/{kid}/cmdline").read_bytes():
            target = int(kid)
    ended = time.monotonic_ns()
    os.kill(target, signal.SIGKILL)
    process.wait(30)
    return (cmd - start) / 1e6, (time.monotonic_ns() - ended) / 1e6, processes


def rollup(pid):
    """Proportional and private memory in kB."""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split()[:2]
        fields[name.rstrip(":")] = int(value)
    return fields["Pss"], fields["Private_Dirty"] + fields["Private_Clean"]


def until_stamped(root, name, count, number, *command):
    """ms from the start of a command until so many processes have stamped that file; number: the signal that ends it."""
    process = unshare(root, *command)
    pid = init_pid(process)
    wait_for(lambda: len(stamps(inside(pid, name))) >= count)
    result = (max(stamps(inside(pid, name))) - stamps(inside(pid, "start"))[0]) / 1e6
    os.kill(pid, number)
    process.wait(30)
    return result


def floor(root, count):
    """ms until that many processes have been forked and executed by a loop that does nothing else."""
    return until_stamped(root, "floor", count, signal.SIGKILL, "/stamp", f"-f{count}", "/out/floor")


def ours_up(root, count):
    return until_stamped(root, "up", count, signal.SIGTERM, "/init")


def memory(root, services):
    """Of pid 1 and of its idle loggers: median (Pss, private), and pid 1's descriptors."""
    process = unshare(root, "/init", env={})
    pid = init_pid(process)
    wait_for(lambda: len(stamps(inside(pid, "up"))) >= services)
    time.sleep(4)  # idle loggers give their buffers back
    kids = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    loggers = [rollup(k) for k in kids if pathlib.Path(f"/proc/{k}/cmdline").read_bytes().startswith((b"logger\0", b"s6-supervise\0"))]
    one = rollup(pid)
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    os.kill(pid, signal.SIGTERM)
    process.wait(30)
    middle = [statistics.median(values) for values in zip(*loggers)] if loggers else [0, 0]
    return one, middle, descriptors


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


def main():
    stamp = build()
    print(f"size of the program: {(BUILD / 'overlog').stat().st_size / 1000:.0f} kB")
    for count in (0, 10, 100):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
            root = make_root(temporary, stamp, count)
            runs, bare = [], []
            for _ in range(RUNS):
                runs.append(boot_once(root))
                bare.append(floor(root, 2 * count or 1))
            to_cmd = statistics.median(r[0] for r in runs)
            to_exit = statistics.median(r[1] for r in runs)
            print(f"{count:3} paired longruns: {to_cmd:7.1f} ms from exec to CMD "
                  f"(min {min(r[0] for r in runs):.1f}, max {max(r[0] for r in runs):.1f}), "
                  f"{to_exit:6.1f} ms from CMD's end to exit, {runs[0][2]} processes")
            bottom = statistics.median(bare)
            print(f"    the floor, {2 * count or 1} times fork and exec: {bottom:.1f} ms; "
                  f"to CMD {to_cmd / bottom:.2f} times that, to exit {to_exit / bottom:.2f}")
            one, logger, descriptors = memory(root, count)
            print(f"    memory, proportional and private: pid 1 {one[0]} and {one[1]} kB, an idle logger "
                  f"{logger[0]:.0f} and {logger[1]:.0f} kB; {descriptors} descriptors of pid 1")
            if count == 100:
                times = {"overlog": [], "s6": [], "runit": []}
                for _ in range(max(3, RUNS // 2)):
                    times["overlog"].append(ours_up(root, count))
                    times["s6"].append(peer_once(peer_s6, stamp, count))
                    times["runit"].append(peer_once(peer_runit, stamp, count))
                ours = statistics.median(times["overlog"])
                for name, values in times.items():
                    middle = statistics.median(values)
                    print(f"    {count} logged services all up, {name}: {middle:.1f} ms"
                          f" ({middle / ours:.1f} times overlog's)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
