"""Roots to boot.

    tree = Tree(path, installed, helper)     a root: busybox (or nothing), overlog, services
    tree.longrun("web", "#!/bin/sh\\nexec httpd -f\\n", deps=["init"])
"""

import contextlib
import fcntl
import functools
import os
import re
import shutil
import subprocess

from lib.build import BUILD, TOP, clean_environment, once

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
    except FileExistsError:
        raise
    except OSError:
        shutil.copy2(source, target)


@functools.lru_cache(maxsize=None)
def inventory(source):
    """What copy_tree finds in source, which stays as it is: [(folder, mode)], and names of links, of big and of other
    files."""
    folders, links, big, small = [], [], [], []
    for at, inside, files in os.walk(source):
        below = os.path.relpath(at, source)
        folders.append((below, os.stat(at).st_mode & 0o7777))
        for name in [f for f in inside if os.path.islink(os.path.join(at, f))] + files:
            path = os.path.join(at, name)
            kind = links if os.path.islink(path) else big if os.path.getsize(path) > 65536 else small
            kind.append(os.path.normpath(os.path.join(below, name)))
    return folders, links, big, small


def put_in_place(put, origin, copy):
    """The new name takes the place of what has it."""
    try:
        put(origin, copy)
    except FileExistsError:
        os.unlink(copy)
        put(origin, copy)


def link_again(source, target):
    """Another name of a symbolic link."""
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        os.symlink(os.readlink(source), target)


def copy_tree(source, target):
    """source into target, which may exist. Big files are hard links: nobody writes into them. So are symbolic links,
    since making one costs ext4 a search for an inode that was not freed a moment ago: most of what a test costs."""
    folders, links, big, small = inventory(source)
    for folder, mode in folders:
        into = os.path.join(target, folder)
        os.makedirs(into, exist_ok=True)
        os.chmod(into, mode)
    for name in links:
        put_in_place(link_again, f"{source}/{name}", f"{target}/{name}")
    for name in big:
        put_in_place(link_or_copy, f"{source}/{name}", f"{target}/{name}")
    for name in small:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{target}/{name}")
        shutil.copy2(f"{source}/{name}", f"{target}/{name}")


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


def busybox_tree():
    """A directory with bin/busybox and a link for each of its applets."""
    def make(path):
        os.makedirs(os.path.join(path, "bin"))
        shutil.copy2(BUSYBOX, os.path.join(path, "bin/busybox"))
        listed = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
        for applet in listed.stdout.split():
            if applet not in ("busybox", "init"):
                os.symlink("busybox", os.path.join(path, "bin", applet))
    return once("busybox", make)


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
