"""Roots to boot, booting them in namespaces, and reading what they left.

    tree = Tree(path, installed, helper)     a root: busybox (or nothing), overlog, services
    tree.longrun("web", "#!/bin/sh\\nexec httpd -f\\n", deps=["init"])
    box = Boot(tree.path, "cmd", env={"S6_LOGGING": "2"})
    box.wait_for_text("successfully started")
    box.stop()                               SIGTERM to pid 1, its exit code
    box.close()                              kills whatever is left

Nothing sleeps a fixed time: wait_for polls a predicate until a deadline.
"""

import atexit
import functools
import gzip
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
ROOTS = os.path.join(BUILD, "roots")
BUSYBOX = "/bin/busybox"
PATH = "/command:/usr/bin:/bin"
DEADLINE = 60

PASSWD = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false
"""
GROUP = """root:x:0:
daemon:x:1:
tty:x:5:
www-data:x:33:
extra:x:44:www-data
nogroup:x:65534:
"""


def wait_for(predicate, deadline=DEADLINE, what="condition", interval=0.01):
    """The first true value of predicate(), which is asked again and again until the deadline (s)."""
    end = time.monotonic() + deadline
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"no {what} within {deadline} s")
        time.sleep(interval)


def clean_environment():
    """Our environment without what a surrounding make would hand down to another one."""
    return {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}


@functools.lru_cache(maxsize=None)
def install_tree():
    """Path of a fresh `make install` tree, made once per process and removed at its end."""
    os.makedirs(ROOTS, exist_ok=True)
    path = tempfile.mkdtemp(prefix="installed-", dir=ROOTS)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    os.chmod(path, 0o755)
    command = ["make", "-s", "-C", TOP, "install", f"DESTDIR={path}"]
    result = subprocess.run(command, env=clean_environment(), capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"make install failed:\n{result.stdout}{result.stderr}")
    return path


def helper_program():
    """Path of the compiled tests/scenario/helper.c, a static program."""
    source = os.path.join(TOP, "tests/scenario/helper.c")
    path = os.path.join(ROOTS, "helper")
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
        os.makedirs(ROOTS, exist_ok=True)
        command = ["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-static"]
        new = f"{path}.{os.getpid()}"  # others may be at it as well
        subprocess.run(command + ["-o", new, source], check=True)
        os.rename(new, path)
    return path


def link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def copy_tree(source, target):
    """source into target, which may exist. Big files are hard links: nobody writes into them."""
    for folder, folders, files in os.walk(source):
        into = os.path.normpath(os.path.join(target, os.path.relpath(folder, source)))
        os.makedirs(into, exist_ok=True)
        shutil.copystat(folder, into)
        for name in [f for f in folders if os.path.islink(os.path.join(folder, f))] + files:
            origin, copy = os.path.join(folder, name), os.path.join(into, name)
            if os.path.lexists(copy):
                os.unlink(copy)
            if os.path.islink(origin):
                os.symlink(os.readlink(origin), copy)
            elif os.path.getsize(origin) > 65536:
                link_or_copy(origin, copy)
            else:
                shutil.copy2(origin, copy)


class Tree:
    """A root file system and the service definitions in it."""

    def __init__(self, path, installed, helper=None, shell=True):
        self.path = path
        for folder in ("bin", "etc", "tmp", "root", "var/log", "proc", "dev", "run"):
            os.makedirs(os.path.join(path, folder))
        os.chmod(os.path.join(path, "tmp"), 0o1777)
        copy_tree(installed, path)
        if shell:
            link_or_copy(BUSYBOX, os.path.join(path, "bin/busybox"))
            for applet in applets():
                self.link(f"bin/{applet}", "busybox")
        if helper:
            link_or_copy(helper, os.path.join(path, "bin/helper"))
        self.write("etc/passwd", PASSWD)
        self.write("etc/group", GROUP)

    def at(self, name):
        return os.path.join(self.path, name.lstrip("/"))

    def write(self, name, text="", mode=0o644):
        path = self.at(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            os.fchmod(file.fileno(), mode)  # by its path it may be gone: who waits for it removes it
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def script(self, name, text):
        return self.write(name, text, 0o755)

    def link(self, name, target):
        path = self.at(name)
        if not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(target, path)

    def read(self, name):
        with open(self.at(name), errors="surrogateescape") as file:
            return file.read()

    def define(self, name, kind, deps=(), bundle="user", **files):
        """Writes s6-rc.d/NAME; underscores in the names of further files stand for dashes."""
        folder = f"etc/s6-overlay/s6-rc.d/{name}"
        self.write(f"{folder}/type", kind + "\n")
        for dependency in deps:
            self.write(f"{folder}/dependencies.d/{dependency}")
        for file, text in files.items():
            self.write(f"{folder}/{file.replace('_', '-')}", text)
        if bundle:
            self.write(f"etc/s6-overlay/user-bundles.d/{bundle}/contents.d/{name}")
        return folder

    def longrun(self, name, run="#!/bin/sh\nexec sleep 1000\n", **more):
        return self.define(name, "longrun", run=run, **more)

    def oneshot(self, name, up="true\n", **more):
        return self.define(name, "oneshot", up=up, **more)


@functools.lru_cache(maxsize=None)
def applets():
    listed = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if name not in ("busybox", "init")]


class Stream:
    """Collects what comes out of a pipe."""

    def __init__(self, fd):
        self.data = b""
        self.fd = fd
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        while True:
            try:
                chunk = os.read(self.fd, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                break
            self.data += chunk
        os.close(self.fd)

    def text(self):
        return self.data.decode(errors="surrogateescape")


class Boot:
    """One booted root. stdout and stderr are pipes of ours, as a container engine's are."""

    def __init__(self, root, *command, env=None, init="/init", options=(), stdin=subprocess.DEVNULL,
                 path=PATH, terminal=None, pass_fds=(), around=()):
        """terminal: a descriptor that is stdin, stdout and stderr; both streams then stay empty here.
        around: words of a command that runs all of it."""
        self.root = root
        self.env = dict(env or {})
        if path is not None:
            self.env.setdefault("PATH", path)
        words = [*around, os.path.join(TOP, "tests/boot"), *options]
        for name, value in self.env.items():
            words += ["-e", f"{name}={value}"]
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        self.started = time.monotonic()
        self.outer = subprocess.Popen(
            words + [root, init, *command], stdin=stdin if terminal is None else terminal,
            stdout=out_end if terminal is None else terminal, stderr=err_end if terminal is None else terminal,
            start_new_session=True, pass_fds=pass_fds)
        os.close(out_end)
        os.close(err_end)
        self.stdout, self.stderr = Stream(out), Stream(err)
        self.ended = None

    # --- what it is doing

    def pid(self, deadline=DEADLINE):
        """Pid 1 of the container, as we see it, once it is the program that was asked for."""
        def find():
            if self.outer.poll() is not None:
                raise RuntimeError(f"ended with {self.outer.returncode}: {self.stderr.text()}")
            for child in children(self.outer.pid):
                if link_target(f"/proc/{child}/root") not in (None, "/") and \
                        os.path.basename(link_target(f"/proc/{child}/exe") or "") != "unshare":
                    return child
            return None
        return wait_for(find, deadline, "pid 1")

    def alive(self):
        return self.outer.poll() is None

    def processes(self):
        """{our pid: words of the command line} of all in the container but pid 1."""
        first = self.pid()
        space = os.readlink(f"/proc/{first}/ns/pid")
        found = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) != first and link_target(f"/proc/{entry}/ns/pid") == space:
                found[int(entry)] = command_line(int(entry))
        return found

    def loggers(self, name=None):
        """Our pids of the loggers, of service NAME only if given; without their helpers."""
        ours = children(self.pid())
        return [pid for pid, words in self.processes().items() if pid in ours
                and is_logger(words) and (not name or name in words)]

    def zombies(self):
        """Pids in the container that nobody has waited for."""
        first = self.pid()
        return [pid for pid in descendants(first) if process_state(pid) == "Z"]

    # --- talking to it

    def kill(self, number):
        os.kill(self.pid(), number)

    def run(self, *command, env=None, check=False, user=None):
        """Like docker exec."""
        words = ["/usr/bin/nsenter", "--target", str(self.pid()), "--mount", "--pid", "--net", "--root", "--wd"]
        if user is not None:
            words += ["--setuid", str(user), "--setgid", str(user)]
        return subprocess.run(
            words + list(command), env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="surrogateescape", check=check, timeout=DEADLINE * 3)

    def inside(self, name):
        """The path by which we reach NAME of the running container."""
        return resolve(f"/proc/{self.pid()}/root", name)

    def read(self, name):
        with open(self.inside(name), errors="surrogateescape") as file:
            return file.read()

    def exists(self, name):
        return os.path.lexists(self.inside(name))

    def wait_for(self, predicate, deadline=DEADLINE, what="condition"):
        """wait_for that says what the container printed when it fails."""
        try:
            return wait_for(predicate, deadline, what)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.transcript()}") from None

    def wait_for_text(self, text, stream="stderr", deadline=DEADLINE, count=1):
        wanted = text.encode()
        source = getattr(self, stream)
        self.wait_for(lambda: source.data.count(wanted) >= count or not self.alive(), deadline, repr(text))
        if source.data.count(wanted) < count:
            self.outer.wait()
            source.thread.join(DEADLINE)
        assert source.data.count(wanted) >= count, f"no {text!r}\n{self.transcript()}"

    def transcript(self):
        return (f"--- exit {self.outer.poll()}\n--- stdout\n{self.stdout.text()[-4000:]}\n"
                f"--- stderr\n{self.stderr.text()[-4000:]}")

    # --- the end

    def wait(self, deadline=DEADLINE):
        """The exit code, 128 + signal if pid 1 was killed."""
        try:
            code = self.outer.wait(deadline)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"still there after {deadline} s\n{self.transcript()}") from None
        self.ended = time.monotonic()
        self.stdout.thread.join(DEADLINE)
        self.stderr.thread.join(DEADLINE)
        return code if code >= 0 else 128 - code

    def stop(self, number=signal.SIGTERM, deadline=DEADLINE):
        self.kill(number)
        return self.wait(deadline)

    def close(self):
        if self.outer.poll() is None:
            for child in children(self.outer.pid):
                try:
                    os.kill(child, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            try:
                self.outer.wait(2)
            except subprocess.TimeoutExpired:
                self.outer.kill()
                self.outer.wait()
        self.stdout.thread.join(DEADLINE)
        self.stderr.thread.join(DEADLINE)


# --- /proc


def is_logger(words):
    """Whether that is the command line of a paired logger, or of the one of .init or .cmd."""
    return words[:1] == ["logger"] or (words[:1] == ["s6-supervise"] and words[2:3] == ["logger"])


def link_target(path):
    try:
        return os.readlink(path)
    except OSError:
        return None


def children(pid):
    return [other for other, parent in parents().items() if parent == pid]


def descendants(pid):
    """All pids below pid."""
    known = parents()
    found, queue = [], [pid]
    while queue:
        above = queue.pop()
        below = [other for other, parent in known.items() if parent == above]
        found += below
        queue += below
    return found


def process_fields(pid):
    """Fields of /proc/PID/stat from the state on."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def process_state(pid):
    fields = process_fields(pid)
    return fields[0] if fields else None


def parents():
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = process_fields(entry)
            if fields:
                found[int(entry)] = int(fields[1])
    return found


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", errors="surrogateescape") as file:
            return file.read().split("\0")[:-1]
    except OSError:
        return []


def resolve(root, name, depth=0):
    """NAME as a process whose root is ROOT would see it: symbolic links never lead out of ROOT."""
    if depth > 40:
        raise OSError(f"too many symbolic links: {name}")
    done = ""
    parts = [p for p in name.split("/") if p not in ("", ".")]
    for index, part in enumerate(parts):
        if part == "..":
            done = os.path.dirname(done)
            continue
        target = link_target(f"{root}{done}/{part}")
        if target is not None and index < len(parts) - 1:
            base = target if target.startswith("/") else f"{done}/{target}"
            return resolve(root, base + "/" + "/".join(parts[index + 1:]), depth + 1)
        if target is not None:
            base = target if target.startswith("/") else f"{done}/{target}"
            return resolve(root, base, depth + 1)
        done += "/" + part
    return root + done


# --- log directories, read without any code of ours

ARCHIVE = re.compile(r"@[0-9a-f]{24}\.[su](\.gz)?$")
CRI = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (stdout|stderr) ([FP]) (.*)", re.S)


def archives(folder):
    """Names of the archives, oldest first; of X and X.gz only X.gz."""
    names = sorted(n for n in os.listdir(folder) if ARCHIVE.match(n))
    return [n for n in names if n + ".gz" not in names]


def log_bytes(folder):
    """All that a log directory holds, oldest first; again, if an archive was removed meanwhile."""
    while True:
        data = b""
        names = archives(folder)
        try:
            for name in names + ["current"] * os.path.exists(os.path.join(folder, "current")):
                path = os.path.join(folder, name)
                with gzip.open(path) if name.endswith(".gz") else open(path, "rb") as file:
                    data += file.read()
            return data
        except FileNotFoundError:
            pass


def log_lines(folder):
    """[(stamp, stream, flag, text)] of a directory with CRI stamps; every line must have one."""
    data = log_bytes(folder)
    assert not data or data.endswith(b"\n"), f"{folder}: last line without newline"
    lines = []
    for line in data.split(b"\n")[:-1]:
        match = CRI.fullmatch(line)
        assert match, f"{folder}: not a CRI line: {line!r}"
        stamp, stream, flag, text = match.groups()
        lines.append((stamp.decode(), stream.decode(), flag.decode(), text.decode(errors="surrogateescape")))
    return lines


def log_text(folder, stream=None):
    """The messages only, one string each, of one stream if given."""
    return [text for _, where, _, text in log_lines(folder) if stream in (None, where)]


def positions(text, *needles):
    """Where each needle stands in text; each must be there."""
    found = []
    for needle in needles:
        assert needle in text, f"no {needle!r} in:\n{text}"
        found.append(text.index(needle))
    return found


def assert_order(text, *needles):
    """Each needle is in text, and they come in this order."""
    found = positions(text, *needles)
    assert found == sorted(found), f"not in this order: {needles}\n{text}"
