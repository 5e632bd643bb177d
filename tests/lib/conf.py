"""Trees as services.conf: every tree that a test boots is shown in that form first, which must lose nothing.

With AS_CONF=1 in the environment the tree is booted in that form: what a section can hold is taken out of s6-rc.d.
"""

import os
import re
import shutil
import subprocess

from lib.build import OVERLOG, TOP, clean_environment

STAYS = re.compile(r"^# (.*) stays a directory: a section cannot hold (.*)$", re.M)
# What stands in no section: folders of files, and what means nothing.
MAY_STAY = {"data", "env", "template", "log", "nosetsid", "down", "run", "finish"}
with open(os.path.join(TOP, "services/keys.c")) as keys:
    KEYS = set(re.findall(r'^    \{"([a-z-]+)"', keys.read(), re.M)) - MAY_STAY


def show(root, *words):
    """overlog show of the root's tree; None where there is none, or it is broken."""
    folder = os.path.join(root, "etc/s6-overlay")
    if not os.path.isdir(os.path.join(folder, "s6-rc.d")):
        return None
    command = ["overlog", "show", "-d", folder, *words]
    done = subprocess.run(command, executable=OVERLOG, env=clean_environment(), capture_output=True, check=False)
    text = done.stdout.decode(errors="surrogateescape")
    assert done.returncode in (0, 1), done.stderr
    return None if done.returncode == 1 and STAYS.search(text) is None else text


def stay(text):
    """{service: names of the files that stand in no section}"""
    return {name: files.split(", ") for name, files in STAYS.findall(text)}


def check(root):
    """Says what gets lost without a reason."""
    text = show(root)
    for name, files in stay(text or "").items():
        for file in files:
            assert file not in KEYS, f"{name}/{file} stands in no section"
    return text


def convert(root, text):
    """The services of the tree, as shown, move from s6-rc.d to services.conf."""
    folder = os.path.join(root, "etc/s6-overlay")
    staying = stay(text)
    sections = re.split(r"\n\n(?=#|\[)", text)
    kept = []
    for section in sections:
        name = re.search(r"^\[(.*)\]$", section, re.M).group(1)
        place = os.path.join(folder, "s6-rc.d", name)
        if name not in staying and os.path.isdir(place):  # not yet moved by another boot
            kept.append(section)
            shutil.rmtree(place)
    with open(os.path.join(folder, "services.conf"), "a", errors="surrogateescape") as file:
        file.write("\n\n".join(kept))


def prepare(root):
    text = check(root)
    if text and os.environ.get("AS_CONF"):
        convert(root, text)
