"""Where things are, and what the tests build: the tree of `make install`, programs of their own."""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
ROOTS = os.path.join(BUILD, "roots")
# The program under test; OVERLOG=FILE: another one.
OVERLOG = Path(os.environ.get("OVERLOG", os.path.join(BUILD, "overlog"))).resolve()


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
