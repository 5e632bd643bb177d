"""podman, with a storage of its own: no network, no cgroup manager, no daemon needed."""

import os
import shutil
import subprocess
import tempfile
import zlib

from lib.build import BUILD, TOP, install_tree
from lib.tree import copy_tree
from lib.wait import DEADLINE, wait_for

BASE = "localhost/overlog-debian"
EXAMPLE = os.path.join(TOP, "examples/php-nginx")
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4000:4000"]


class Engine:
    def __init__(self):
        for self.driver in ("overlay", "vfs"):  # the second works everywhere, and copies every image each time
            # Each worker of pytest has its own: images are removed at the end.
            self.storage = os.path.join(BUILD, f"podman-{self.driver}{os.environ.get('PYTEST_XDIST_WORKER', '')}")
            os.makedirs(self.storage, exist_ok=True)
            # podman insists on the same one each time, and on a short path: sockets live there
            self.runroot = f"/tmp/overlog-podman-{zlib.crc32(self.storage.encode()):08x}"
            if self.podman("info", check=False).returncode == 0:
                break
        self.containers = []
        self.images = ["localhost/php-nginx"]

    def command(self, *words):
        return ["podman", "--root", self.storage, "--runroot", self.runroot, f"--storage-driver={self.driver}",
                "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend=none",
                "--log-level=error", *words]

    def podman(self, *words, check=True, timeout=300, **more):
        command = self.command(*words)
        # conmon leaves a file "oom" in its working directory, when a container lacks memory
        more = {"cwd": self.storage, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        result = subprocess.run(command, timeout=timeout, text=True, errors="surrogateescape", **more)
        if check and result.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {result.stdout}{result.stderr}")
        return result

    def has_image(self, name):
        return self.podman("image", "exists", name, check=False).returncode == 0

    def import_tree(self, path, name):
        """An image of one layer, that tree."""
        tar = subprocess.Popen(["tar", "-C", path, "-c", "."], stdout=subprocess.PIPE)
        self.podman("import", "-", name, stdin=tar.stdout)
        tar.stdout.close()
        # 1: the program of this tree got another name, or lost one, in the tree of a test beside us
        assert tar.wait() in (0, 1)

    def debian(self):
        """A Debian with nginx and PHP-FPM, made once."""
        if not self.has_image(BASE):
            made = subprocess.run([os.path.join(TOP, "tests/debian-root")], stdout=subprocess.PIPE, text=True, check=True)
            self.import_tree(made.stdout.strip(), BASE)

    def build(self, context, name):
        self.podman("build", "--isolation", "chroot", "--pull=never", "--layers=false", "-t", name, context)
        self.images.append(name)

    def php_nginx(self):
        """The image of examples/php-nginx, built by its own Dockerfile over a Debian made once."""
        self.debian()
        with tempfile.TemporaryDirectory(prefix="overlog-context-") as context:
            shutil.copytree(EXAMPLE, context, dirs_exist_ok=True, ignore=shutil.ignore_patterns("overlog"))
            copy_tree(install_tree(), os.path.join(context, "overlog"))
            self.podman("build", "--isolation", "chroot", "--pull=never", "--layers=false", "--build-arg", f"BASE={BASE}",
                        "--build-arg", "PACKAGES=", "-t", "localhost/php-nginx", context)
        return "localhost/php-nginx"

    def run(self, image, *command, env=None, options=(), rootfs=False):
        """Starts a container in the background."""
        words = ["run", "-d", "--network=none", "--log-driver=k8s-file", *LIMITS, *options]
        for name, value in (env or {}).items():
            words += ["-e", f"{name}={value}"]
        words += ["--rootfs", image, "/init"] if rootfs else [image]
        made = self.podman(*words, *command).stdout.split()
        self.containers.append(Container(self, made[-1]))
        return self.containers[-1]

    def close(self):
        for container in reversed(self.containers):  # one cannot go before those that share its namespaces
            self.podman("rm", "-f", "-t", "0", container.id, check=False)
        self.podman("image", "rm", "-f", *self.images, check=False)
        self.podman("image", "prune", "-f", check=False)


class Container:
    def __init__(self, engine, identity):
        self.engine = engine
        self.id = identity

    def logs(self):
        """(stdout, stderr) so far."""
        result = self.engine.podman("logs", self.id)
        return result.stdout, result.stderr

    def exec(self, *command, check=True):
        return self.engine.podman("exec", self.id, *command, check=check)

    def inspect(self, what):
        return self.engine.podman("inspect", self.id, "--format", what).stdout.strip()

    def wait(self):
        """Waits for its end; the exit code."""
        return int(self.engine.podman("wait", self.id, timeout=DEADLINE).stdout)

    def stop(self):
        self.engine.podman("stop", "-t", str(DEADLINE), self.id)
        return int(self.inspect("{{.State.ExitCode}}"))

    def root(self):
        """Its root file system, also when it is stopped."""
        return self.engine.podman("container", "mount", self.id).stdout.strip()

    def page(self, path):
        """What curl inside the container gets, once nginx answers."""
        def get():
            result = self.exec("curl", "-sSf", f"http://127.0.0.1/{path}", check=False)
            assert self.inspect("{{.State.Running}}") == "true", self.logs()
            return result.stdout if result.returncode == 0 else None
        return wait_for(get, DEADLINE, "page")

    def wait_for_log(self, text, where=1, count=1):
        """count: how often, as what earlier starts of it have said stays."""
        try:
            wait_for(lambda: self.logs()[where].count(text) >= count, DEADLINE, repr(text))
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.logs()}") from None
