"""overlog show: services as sections and as directories; both ways lose nothing."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter

import pytest

from lib import conf
from lib.build import OVERLOG, TOP

EXAMPLES = sorted(name for name in os.listdir(os.path.join(TOP, "examples"))
                  if os.path.isdir(os.path.join(TOP, "examples", name, "root/etc/s6-overlay/s6-rc.d")))


def run(*words, name=None, code=0):
    done = subprocess.run([name or "overlog", *words], executable=OVERLOG, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def compiled(tree, place):
    """What a tree is compiled to: {service: its words}, and {service/file: content} of what it is run by."""
    target = str(place / "compiled")
    run(target, str(tree), name="s6-rc-compile")
    with open(f"{target}/db", "rb") as file:
        fields = file.read().split(b"\0")[1:-1]
    words, one = {}, None
    for key, value in zip(fields[::2], fields[1::2]):
        if key == b"name":
            one = words[value] = []
        one.append((key, value))
    files = {}
    for at, _, names in os.walk(f"{target}/servicedirs"):
        for name in names:
            with open(os.path.join(at, name), "rb") as file:
                files[os.path.relpath(os.path.join(at, name), target)] = file.read().strip(b"\n")
    shutil.rmtree(target)
    return {name: Counter(found) for name, found in words.items()}, files


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_there_and_back(example, tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(os.path.join(TOP, "examples", example, "root/etc/s6-overlay"), tree)
    before = compiled(tree, tmp_path)
    text = conf.show(os.path.join(TOP, "examples", example, "root"))
    root = tmp_path / "root"
    shutil.copytree(tree, root / "etc/s6-overlay")
    conf.convert(root, text)
    moved = [name for name in os.listdir(tree / "s6-rc.d") if not (root / "etc/s6-overlay/s6-rc.d" / name).exists()]
    assert len(moved) > 0
    words, files = compiled(root / "etc/s6-overlay", tmp_path)
    assert words == before[0]
    assert {name for name in files} == {name for name in before[1]}
    for name, content in files.items():  # a command line may have other blanks
        assert content.split() == before[1][name].split()
    run("show", "-o", str(tmp_path / "again"), "-d", str(root / "etc/s6-overlay"))
    assert compiled(tmp_path / "again", tmp_path) == (words, files)


SECTIONS = """\
# It does
# what it can.
[all]
contents = web worker
bundle = none

[init]
once = make "a b" ${HOME}
user = www-data

[web]
run = httpd -f
live = http://localhost/
ready = tcp:localhost:80
needs = init
restart = on-failure, 5 in 1m

[worker]
script =
    #!/bin/bash

    while sleep 1; do
        work
    done
limits = nofile=5
enable-if = WORK
bundle = user2
"""


def test_sections_there_and_back(tmp_path):
    write(f"{tmp_path}/a/services.conf", SECTIONS)
    assert run("show", "-d", f"{tmp_path}/a") == SECTIONS
    assert run("show", "-d", f"{tmp_path}/a", "init").startswith("[init]\nonce = ")
    run("show", "-o", f"{tmp_path}/b", "-d", f"{tmp_path}/a")
    assert compiled(tmp_path / "a", tmp_path) == compiled(tmp_path / "b", tmp_path)
    assert run("show", "-d", f"{tmp_path}/b") == SECTIONS.replace("# It does\n# what it can.\n", "")
    listed = run("show", "--dirs", "-d", f"{tmp_path}/a", "worker")
    assert re.findall(r"^\S+", listed, re.M) == [
        "s6-rc.d/worker/type", "s6-rc.d/worker/run", "s6-rc.d/worker/enable-if", "s6-rc.d/worker/dependencies.d/base",
        "user-bundles.d/user2/contents.d/worker"]
    assert "    with-contenv\n" in listed


def test_what_stays_a_directory_is_named(tmp_path):
    folder = f"{tmp_path}/tree/s6-rc.d/web"
    for name, text in {"type": "longrun\n", "run": "#!/bin/sh\nexec x\n", "data/check": "#!/bin/sh\n", "notes": "x"}.items():
        write(f"{folder}/{name}", text)
    assert run("show", "-d", f"{tmp_path}/tree", code=1) == (
        "# web stays a directory: a section cannot hold data, notes\n[web]\nrun =\n    #!/bin/sh\n    exec x\n"
        "needs = none\nbundle = none\n")
    run("show", "-o", f"{tmp_path}/again", "-d", f"{tmp_path}/tree", "web")
    assert sorted(os.listdir(f"{tmp_path}/again/s6-rc.d/web")) == ["data", "notes", "run", "type"]
    shutil.copy(OVERLOG, f"{folder}/run")
    assert "cannot hold data, notes, run\n" in run("show", "-d", f"{tmp_path}/tree", "web", code=1)
    assert run("show", "-d", f"{tmp_path}/tree", "wbe", code=100) == ""
    assert run("show", "-d", f"{tmp_path}/tree", "user", code=100) == ""


def test_the_keys_are_those_of_the_manual():
    with open(os.path.join(TOP, "docs/services.conf.5")) as file:
        page = file.read()
    table = []
    for row in re.findall(r"^\.It Ic (.* Ta .*)$", page, re.M):
        table.append([re.sub(r"^(Ic|Pa) ", "", cell.strip()) for cell in row.split(" Ta ")])
    keys = [line.split("\t") for line in run("show", "--keys").splitlines()]
    assert keys[:len(table)] == table and len(table) > 15
    names = {key[0] for key in keys}
    assert {"restart", "down-signal", "enable-if", "type", "finish", "notification-fd"} <= names
    assert not {"data", "env/", "nosetsid"} & names
    schema = json.loads(run("show", "--schema"))["additionalProperties"]
    assert set(schema["properties"]) == names
    assert schema["properties"]["type"]["enum"] == ["longrun", "oneshot", "bundle"]
    assert schema["properties"]["flag-essential"]["enum"] == ["yes", "no"]
    assert schema["properties"]["user"]["description"] == "a user, or user:group (both): s6-setuidgid"


def test_a_template_is_needed_by_either_name(tmp_path):
    """Also where its directory, as that of a section, has no @."""
    write(tmp_path / "conf/services.conf", "[b@]\nrun = x\ninstances = 2\n[a]\nrun = y\nneeds = b@\n[c]\nrun = y\nafter = b\n")
    run("show", "-d", str(tmp_path / "conf"), "-o", str(tmp_path / "dirs"))
    assert (tmp_path / "dirs/s6-rc.d/a/dependencies.d/b@").exists()
    run("check", str(tmp_path / "dirs"))
