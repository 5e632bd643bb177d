"""Where things are, and what the tests build: the tree of `make install`, programs of their own."""

import atexit
import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
# The program under test; OVERLOG=FILE: another one.
OVERLOG = Path(os.environ.get("OVERLOG", os.path.join(BUILD, "overlog"))).resolve()


def clean_environment():
    """Our environment without what a surrounding make would hand down to another one."""
    return {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}


@functools.lru_cache(maxsize=None)
def session():
    """A directory for what all processes of a run of pytest use, where roots are made, too: hard links reach from here
    to there. The first process makes it, and removes it at its end."""
    path = os.environ.get("TESTS_SESSION")
    if path is None:
        path = tempfile.mkdtemp(prefix="overlog-session-")
        os.chmod(path, 0o755)
        os.environ["TESTS_SESSION"] = path
        atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def once(name, make):
    """The path of what make(path) makes, once in a run."""
    path = os.path.join(session(), name)
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.lexists(path):
            make(path + ".new")
            os.rename(path + ".new", path)
    return path


def install_tree():
    """Path of a `make install` tree. Nobody writes into it."""
    def install(path):
        os.mkdir(path)
        os.chmod(path, 0o755)
        command = ["make", "-s", "-C", TOP, "install", f"DESTDIR={path}"]
        result = subprocess.run(command, env=clean_environment(), capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"make install failed:\n{result.stdout}{result.stderr}")
    return once("installed", install)


def compiled(source, *options, compiler="gcc"):
    """Path of the program of one source, a path below tests/."""
    def build(path):
        subprocess.run([compiler, "-O1", "-Wall", "-Wextra", "-Werror", *options, "-o", path, os.path.join(TOP, "tests", source)],
                       check=True)
    return once(os.path.basename(source).removesuffix(".c"), build)


def helper_program():
    """Path of the compiled tests/scenario/helper.c, a static program."""
    return compiled("scenario/helper.c", "-std=c11", "-D_GNU_SOURCE", "-static")
