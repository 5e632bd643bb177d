#!/usr/bin/python3
"""execline commands beside the packaged ones (not the shell that Debian wraps execlineb in), in one run.

Every program that is not execline's is the same tiny static one on both sides. Runs are interleaved;
medians and ratios are printed, nothing is asserted. Needs root. TIMES= scales it (200)."""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import table

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
TIMES = int(os.environ.get("TIMES", "200"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
PACKAGED = "/usr/lib/execline/bin"
CONTENV = "/run/s6/container_environment"

CHAIN = ("export A a export B b importas -u A A define C c fdmove -c 5 1 fdclose 5 umask 022 cd / "
         "unexport B exit 0")
WORDS = " ".join(f"w{i}" for i in range(1000))

# Name, what is run, what the packaged side runs instead, how many times less often, the aim.
CASES = [
    ("execlineb -c 'exit 0'", ["execlineb", "-c", "exit 0"], None, 1, 2),
    ("a chain of ten", ["execlineb", "-Pc", CHAIN], None, 1, 5),
    ("forx, 1000 x foreground { exit 0 } exit 0",
     ["execlineb", "-Pc", f"forx i {{ {WORDS} }} foreground {{ exit 0 }} exit 0"], None, 200, 2),
    ("forx, 1000 x foreground { true } true",
     ["execlineb", "-Pc", f"forx i {{ {WORDS} }} foreground {{ true }} true"], None, 200, 2),
    ("with-contenv true", ["with-contenv", "true"],
     ["emptyenv", "-p", "s6-envdir", "-fn", "--", CONTENV, "true"], 1, 2),
    ("s6-setuidgid nobody true", ["s6-setuidgid", "nobody", "true"], None, 1, 2),
]


def prepare(folder):
    subprocess.run(["make", "-s", "-C", TOP, f"BUILD={BUILD}"], check=True)
    repeat = folder / "repeat"
    subprocess.run(["musl-gcc", "-static", "-O2", "-o", repeat, TOP / "tests/bench/repeat.c"], check=True)
    (folder / "bin").mkdir()
    (folder / "tiny").mkdir()
    os.link(repeat, folder / "tiny/true")
    names = subprocess.check_output([BUILD / "overlog", "commands"], text=True).split()
    subprocess.run(["cp", BUILD / "overlog", folder / "bin"], check=True)
    for name in names:
        (folder / "bin" / name).symlink_to("overlog")
    os.makedirs(CONTENV, exist_ok=True)
    for i in range(12):
        (pathlib.Path(CONTENV) / f"VARIABLE{i}").write_text(f"value {i}\n")
    for path in (folder, folder / "bin", folder / "tiny"):
        path.chmod(0o755)
    return repeat


def locate(name, path):
    return next(f"{d}/{name}" for d in path.split(":") if os.access(f"{d}/{name}", os.X_OK))


def measure(repeat, path, command, times):
    done = subprocess.run([repeat, str(times), locate(command[0], path), *command], check=True,
                          env={"PATH": path, "HOME": "/", "LANG": "C"}, capture_output=True, text=True)
    return float(done.stdout.split()[0])


def memory(folder):
    """What a service's process is when its run script, of ours from end to end, has come to its end."""
    (folder / "run").write_text(f"#!{folder}/bin/execlineb -P\nfdmove -c 2 1\nexport A b\ncd /\nexec sleeper\n")
    (folder / "run").chmod(0o755)
    (folder / "sleeper.c").write_text("#include <unistd.h>\nint main(void){write(1,\"x\",1);for(;;)pause();}\n")
    subprocess.run(["musl-gcc", "-static", "-O2", "-o", folder / "tiny/sleeper", folder / "sleeper.c"], check=True)
    figures = {}
    for name, command in (("alone", [folder / "tiny/sleeper"]), ("after the run script", [folder / "run"])):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env={"PATH": f"{folder}/bin:{folder}/tiny"})
        process.stdout.read(1)
        rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text().split("\n")
        mapped = sorted({line.split()[5] for line in pathlib.Path(f"/proc/{process.pid}/maps").read_text().split("\n")
                         if len(line.split()) > 5 and line.split()[5].startswith("/")})
        figures[name] = ({line.split()[0]: line.split()[1] for line in rollup[1:] if line}, mapped)
        process.kill()
        process.wait()
    print("a program alone, and the same one after a run script of ours that ends in exec:")
    for name, (rollup, mapped) in figures.items():
        print(f"  {name:22} Rss {rollup['Rss:']} kB, Pss {rollup['Pss:']} kB, private dirty "
              f"{rollup['Private_Dirty:']} kB, files mapped: {', '.join(pathlib.Path(m).name for m in mapped)}")


def main():
    if "OVERLOG_BENCH_OWN" not in os.environ:  # /run is ours here
        return subprocess.run(["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh",
                               sys.executable, __file__], env={**os.environ, "OVERLOG_BENCH_OWN": "1"}).returncode
    with tempfile.TemporaryDirectory(dir="/dev/shm") as temporary:
        folder = pathlib.Path(temporary)
        folder.chmod(0o755)
        repeat = prepare(folder)
        ours = f"{folder}/bin:{folder}/tiny"
        theirs = f"{PACKAGED}:{folder}/tiny:/usr/bin"
        print(f"medians of {ROUNDS} medians of {TIMES} runs (forx: of {max(TIMES // 200, 1)}), µs")
        print(f"{'':44} {'packaged':>10} {'ours':>10} {'ratio':>6} {'aim':>4}")
        for name, command, instead, less, aim in CASES:
            times = max(TIMES // less, 1)
            figures = [(measure(repeat, theirs, instead or command, times), measure(repeat, ours, command, times))
                       for _ in range(ROUNDS)]
            packaged, own = (statistics.median(column) for column in zip(*figures))
            print(f"{name:44} {packaged:10.0f} {own:10.0f} {packaged / own:6.1f} {aim:4}", flush=True)
            table.row(name, "packaged execline", packaged, own, "µs", f"{1 / aim:.2f}")
        tiny = measure(repeat, ours, ["true"], TIMES)
        print(f"{'the tiny program that stands for true':44} {tiny:21.0f}")
        memory(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
