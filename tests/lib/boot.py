"""Booting a root (lib.tree) in namespaces, and talking to it.

    box = Boot(tree.path, "cmd", env={"S6_LOGGING": "2"})
    box.wait_for_text("successfully started")
    box.stop()                               SIGTERM to pid 1, its exit code
    box.close()                              kills whatever is left
"""

import os
import select
import signal
import subprocess
import threading
import time

from lib.build import TOP
from lib.processes import children, command_line, descendants, is_logger, link_target, process_state
from lib.wait import DEADLINE, wait_for

PATH = "/command:/usr/bin:/bin"
# ms that loggers get at the end of a stop, and once more: who looks at lines afterwards wants all of them, also those of a
# logger that got no processor for the two seconds that it has by default.
DRAIN = "10000"


class Stream:
    """Collects what comes out of a pipe. Who asks gets all that was written before: what one stream has said when
    another was waited for is there."""

    MOST = 32  # reads at once: more than a pipe holds, and no end of what floods it

    def __init__(self, fd):
        self.read, self.fd = b"", fd
        self.ended = False
        self.lock = threading.Lock()
        os.set_blocking(fd, False)
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def take(self):
        """Reads what is in the pipe now."""
        with self.lock:
            for _ in range(0 if self.ended else self.MOST):
                try:
                    chunk = os.read(self.fd, 65536)
                except BlockingIOError:
                    break
                except OSError:
                    chunk = b""
                if not chunk:
                    self.ended = True
                    break
                self.read += chunk

    def collect(self):
        more = select.poll()
        more.register(self.fd, select.POLLIN)
        while not self.ended:
            more.poll()
            self.take()
        os.close(self.fd)

    @property
    def data(self):
        self.take()
        return self.read

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
        self.env.setdefault("OVERLOG_DRAIN", DRAIN)
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
        self.first = None

    # --- what it is doing

    def pid(self, deadline=DEADLINE):
        """Pid 1 of the container, as we see it, once it is the program that was asked for."""
        if self.first is not None and self.alive() and link_target(f"/proc/{self.first}/exe"):
            return self.first
        def find():
            if self.outer.poll() is not None:
                raise RuntimeError(f"ended with {self.outer.returncode}: {self.stderr.text()}")
            for child in children(self.outer.pid):
                if link_target(f"/proc/{child}/root") not in (None, "/") and \
                        os.path.basename(link_target(f"/proc/{child}/exe") or "") != "unshare":
                    return child
            return None
        self.first = wait_for(find, deadline, "pid 1")
        return self.first

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
        words = {pid: command_line(pid) for pid in children(self.pid())}
        return [pid for pid in words if is_logger(words[pid]) and (not name or name in words[pid])]

    def zombies(self):
        """Pids in the container that nobody has waited for."""
        first = self.pid()
        return [pid for pid in descendants(first) if process_state(pid) == "Z"]

    # --- talking to it

    def kill(self, number):
        os.kill(self.pid(), number)

    def entering(self, *command, user=None):
        """The words that execute a command in it, like docker exec."""
        who = [] if user is None else ["--setuid", str(user), "--setgid", str(user)]
        return ["/usr/bin/nsenter", "--target", str(self.pid()), "--mount", "--pid", "--net", "--root", "--wd", *who, *command]

    def run(self, *command, env=None, check=False, user=None):
        """Executes a command in it and waits for its end."""
        return subprocess.run(
            self.entering(*command, user=user), env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="surrogateescape", check=check, timeout=DEADLINE * 3)

    def begin(self, *command, **more):
        """Executes a command in it, in the background: as subprocess.Popen."""
        return subprocess.Popen(self.entering(*command), **{
            "env": self.env, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
            "text": True, **more})

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
            raise TimeoutError(f"{error}\n{self.transcript()}") from error.__cause__

    def wait_for_text(self, text, stream="stderr", deadline=DEADLINE, count=1):
        wanted = text.encode()
        source = getattr(self, stream)
        self.wait_for(lambda: source.data.count(wanted) >= count or not self.alive(), deadline, repr(text))
        if source.data.count(wanted) < count:
            self.outer.wait()
            source.thread.join(DEADLINE)
        assert source.data.count(wanted) >= count, f"no {text!r}\n{self.transcript()}"

    def wait_booted(self):
        """Until the change that the boot makes is over: s6-rc finds its lock taken before, unless it is told to wait."""
        self.wait_for(lambda: self.run("/command/s6-rc", "-b", "-t", "60000", "-u", "change").returncode == 0,
                      what="end of the boot")

    def wait_empty(self):
        """Until pid 1 and loggers are all that is left."""
        self.wait_for(lambda: all(is_logger(words) for words in self.processes().values()), what="end of all but loggers")

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
