"""Every command of the table, alone and as a link of a chain, with an environment that is empty: nothing dies of it.

What each is given is made from its usage, once as it is and once with each option that takes no argument. They run in
namespaces of their own, where what they do to processes, mounts and names touches nobody.
"""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys

from lib.build import OVERLOG, TOP

DEADLY = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS}
# Commands whose first form in the usage is not one that goes on.
OPERANDS = {
    "importas": "X X prog...", "homeof": "root", "emptyenv": "prog...", "exit": "0", "redirfd": "-r 0 /dev/null prog...",
    "execlineb": "-c s6-true", "loopwhilex": "s6-false", "umask": "022 prog...", "execline-umask": "022 prog...",
    "cd": "/ prog...", "execline-cd": "/ prog...", "posix-cd": "/ prog...", "posix-umask": "022 prog...",
    "eltest": "a = a", "s6-test": "-n a", "fdmove": "5 0 prog...", "fdclose": "9 prog...", "fdswap": "0 1 prog...",
    "fdblock": "0 prog...", "fdreserve": "2 prog...", "piperw": "6 7 prog...", "heredoc": "0 text prog...",
    "elglob": "X /* prog...", "wait": "{ } prog...", "trap": "{ TERM { prog1... } } prog2...", "runblock": "1 prog...",
    "case": "value { val { prog1... } } prog2...", "multisubstitute": "{ define X v } prog...", "shift": "prog...",
    "s6-softlimit": "prog...", "s6-setuidgid": "0:0 prog...", "s6-envuidgid": "root prog...", "s6-applyuidgid": "prog...",
    "s6-maximumtime": "2000 prog...", "s6-sleep": "0 prog...", "s6-env": "A=b prog...", "s6-log": "t /tmp/log",
    "s6-cli": "lint", "s6-permafailon": "1 1 1 prog...", "s6-seq": "2", "s6-chroot": "/ prog...", "s6-setlock": "/tmp/l prog...",
    "s6-background-watch": "/tmp/pidfile prog...", "execline": "exec prog...", "s6-notifyoncheck": "-d prog...",
    "s6-svlisten1": "/tmp/service prog...", "s6-rc": "list", "s6-rc-db": "list all", "s6-rc-dryrun": "prog...",
    "with-retries": "-n 1 prog...", "legacy": "cont-init", "shutdown": "now", "s6-mount": "none /tmp", "s6-pause": "",
    "getpid": "X prog...", "withstdinas": "X prog...", "unexport": "X prog...", "envfile": "/dev/null prog...",
    "s6-envdir": "/tmp prog...", "s6-dumpenv": "/tmp/env", "s6-svlisten": "/tmp/service  prog...",
}
WAITS = {"s6-pause", "s6-sleep", "s6-socklog", "s6-logwatch", "logger"}


def words(text, folder):
    """The words of a usage as arguments, blocks as execline passes them."""
    out, depth = [], 0
    for word in text.split(" "):
        if word == "{":
            depth += 1
        elif word == "}":
            depth -= 1
            out.append(" " * depth)
        elif re.fullmatch(r"(prog\d?|then|else|condition|gen)\.\.\.", word):
            out.append(" " * depth + f"{folder}/s6-true")
        elif word in ("[prog...]", "s6-true", "s6-false"):
            out.append(" " * depth + f"{folder}/" + word.strip("[].").replace("prog", "s6-true"))
        else:
            out.append(" " * depth + word.rstrip("."))
    return out


def forms(name, usage, folder):
    """Lists of arguments."""
    operands = OPERANDS.get(name)
    if operands is None:
        operands = re.sub(r"\([^)]*\)", "x", re.sub(r"\[[^]]*\](\.\.\.)? ?", "", usage)).split(" | ")[0]
    yield []
    yield words(operands, folder)
    if name not in WAITS:
        for letters in re.findall(r"\[-([a-zA-Z0-9]+)(?:\|-\w+)*\]", usage):
            for letter in letters:
                yield ["-" + letter, *words(operands, folder)]


def walk(program):
    """What died, as [[arguments, signal]], and how many were run."""
    with open(program, "rb") as file:
        content = file.read()  # it may lie under /tmp
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/tmp"], check=True)
    program = "/tmp/overlog"
    with open(program, "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), 0o755)
    os.makedirs("/tmp/service")
    os.makedirs(folder := "/tmp/commands")
    listed = subprocess.run([program, "commands"], capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        os.symlink(program, f"{folder}/{name}")
    work = []
    for name in listed:
        r = subprocess.run([f"{folder}/{name}", "--help"], capture_output=True, text=True, timeout=60)
        usage = r.stdout.splitlines()[0].removeprefix(f"usage: {name}").strip() if r.stdout else ""
        for form in forms(name, usage, folder):
            work.append([f"{folder}/{name}", *form])
            if name != "init":
                work.append([f"{folder}/s6-env", "-i", f"{folder}/{name}", *form])
                work.append([f"{folder}/emptyenv", f"{folder}/s6-env", "-i", f"{folder}/{name}", *form])
                work.append([f"{folder}/emptyenv", f"{folder}/{name}", *form])

    def one(argv):
        with subprocess.Popen(argv, env={}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, cwd="/tmp", start_new_session=True) as process:
            try:
                code = process.wait(timeout=2)
            except subprocess.TimeoutExpired:  # it waits for something, and lives
                process.kill()
                code = 0
        # A child's death is 128 + signal.
        return [argv, code] if code < 0 and -code in DEADLY or code - 128 in DEADLY else None

    # Most of the time goes to those that wait for something, which need no processor.
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        died = [found for found in pool.map(one, work) if found]
    print(json.dumps([len(work), died]))


def test_every_link():
    r = subprocess.run(["unshare", "-Urmpinf", "--kill-child", "--mount-proc", sys.executable, "-B", os.path.abspath(__file__),
                        OVERLOG], capture_output=True, text=True, timeout=900,
                       env={**os.environ, "PYTHONPATH": TOP + "/tests"})
    assert r.returncode == 0, r.stderr
    count, died = json.loads(r.stdout)
    assert died == [] and count > 1500


if __name__ == "__main__":
    walk(sys.argv[1])
