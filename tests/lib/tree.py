"""Roots to boot.

    tree = Tree(path, installed, helper)     a root: busybox (or nothing), overlog, services
    tree.longrun("web", "#!/bin/sh\\nexec httpd -f\\n", deps=["init"])
"""

import atexit
import fcntl
import functools
import os
import re
import shutil
import subprocess
import tempfile

from lib.build import BUILD, ROOTS, TOP, clean_environment

BUSYBOX = "/bin/busybox"
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


def link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def link_again(source, target):
    """Another name of a symbolic link."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        os.symlink(os.readlink(source), target)


def copy_tree(source, target):
    """source into target, which may exist. Big files are hard links: nobody writes into them. So are symbolic links,
    since making one costs ext4 a search for an inode that was not freed a moment ago: most of what a test costs."""
    for folder, folders, files in os.walk(source):
        into = os.path.normpath(os.path.join(target, os.path.relpath(folder, source)))
        os.makedirs(into, exist_ok=True)
        shutil.copystat(folder, into)
        for name in [f for f in folders if os.path.islink(os.path.join(folder, f))] + files:
            origin, copy = os.path.join(folder, name), os.path.join(into, name)
            if os.path.lexists(copy):
                os.unlink(copy)
            if os.path.islink(origin):
                link_again(origin, copy)
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
            copy_tree(busybox_tree(), path)
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
def busybox_tree():
    """A directory with bin/busybox and a link for each of its applets, made once per process."""
    os.makedirs(ROOTS, exist_ok=True)
    path = tempfile.mkdtemp(prefix="busybox-", dir=ROOTS)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    os.chmod(path, 0o755)
    os.mkdir(os.path.join(path, "bin"))
    link_or_copy(BUSYBOX, os.path.join(path, "bin/busybox"))
    listed = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
    for applet in listed.stdout.split():
        if applet not in ("busybox", "init"):
            os.symlink("busybox", os.path.join(path, "bin", applet))
    return path


def give_libraries(tree, program):
    """The shared libraries of a program of this machine, put where it looks for them."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for library in re.findall(r"(/\S+) \(0x", listed):
        os.makedirs(os.path.dirname(tree.at(library)), exist_ok=True)
        shutil.copy(library, tree.at(library))


def give_build(tree, name):
    """The tree gets another build of the program, made first."""
    program = os.path.join(BUILD, name)
    command = ["make", "-s", "-C", TOP, f"BUILD={BUILD}", program]
    with open(os.path.join(BUILD, "make-lock"), "w") as lock:  # two makes spoil each other's files
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(command, env=clean_environment(), check=True, capture_output=True)
    link = tree.at("/command/s6-rc")
    there = os.path.realpath(link)
    there = there if os.path.isfile(there) else tree.at(os.readlink(link))
    os.unlink(there)
    shutil.copy(program, there)
    give_libraries(tree, program)
