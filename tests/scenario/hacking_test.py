"""docs/hacking.md against the tree: paths, functions, make targets, and the table of rooms."""

import glob
import os
import re

import source
from lib import pages
from lib.build import TOP

PAGE = "docs/hacking.md"
TEXT = pages.pages()[PAGE]
FOLDERS = [*source.rooms(), "tests", "docs", "examples", "release"]
PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w/?|(?<![\w/.-])(?:{'|'.join(FOLDERS)})/")
PLACEHOLDER = re.compile(r"\b_?(?:ROOM|NAME|SUBJECT|PART)\b|NAME_|SUBJECT_")
# A name in backquotes, and the file that it is said to be in, if that follows at once.
NAMED = re.compile(r"`((?:struct )?\w+)(\(\))?`(?:\s+(?:of|in)\s+`([\w/.-]+\.\w+)`)?|`([\w/-]+\.(?:[ch]|py))`")


def blocks():
    """Rows of tables, items of lists, and paragraphs."""
    return re.split(r"\n\n|\n(?=[|*])", TEXT)


def defined(path):
    if path.endswith(".py"):
        return set(re.findall(r"^def (\w+)\(", source.read(path), re.M))
    return {part.name for part in source.parts(path) if part.kind == "function"}


def table(title):
    """The rows of the table whose first column has that title, as lists of cells."""
    body = re.search(rf"^\| {title} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.M).group(1)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()]


def test_every_path_exists():
    paths = {path for path in PATH.findall(TEXT) if not PLACEHOLDER.search(path)}
    assert len(paths) > 80
    assert [p for p in sorted(paths)
            if not os.path.exists(os.path.join(TOP, p)) and not glob.glob(os.path.join(TOP, p + ".[ch]"))] == []
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert len(links) > 4
    assert [link for link in links if not os.path.exists(os.path.join(TOP, "docs", link))] == []


def test_every_program_of_a_test_has_its_source():
    units = set(re.findall(r"build/san/(tests/unit/[a-z_/]+)", TEXT))
    fuzzers = set(re.findall(r"build/fuzz/([a-z]+)\b", TEXT))
    assert units and fuzzers
    for path in [*units, *(f"tests/fuzz/{name}" for name in fuzzers)]:
        assert os.path.exists(os.path.join(TOP, path + ".c")), path


def test_every_file_of_pid_1_has_its_unit_test():
    files = glob.glob("supervisor/*.c", root_dir=TOP)
    assert len(files) > 40
    assert [f for f in files if not os.path.exists(os.path.join(TOP, "tests/unit", f[:-2] + "_test.c"))] == []


def test_every_function_is_where_it_is_said_to_be():
    seen = 0
    for block in blocks():
        last = None
        for name, brackets, following, path in NAMED.findall(block):
            last = path or last
            if brackets:
                seen += 1
                assert following or last, f"{name}(): in which file?"
                assert name in defined(following or last), f"{name}() in {following or last}"
            elif following and name.startswith("struct "):
                assert f"{name} {{" in source.read(following), (name, following)
            elif following:
                assert re.search(rf"\b{name}\b", source.read(following)), (name, following)
    assert seen > 50


def test_every_make_target_exists():
    makefile = source.read("Makefile")
    snippets = [block.text for block in pages.blocks(PAGE) if block.language == "sh"] + pages.quoted(TEXT)
    targets = {target for snippet in snippets
               for target in re.findall(r"^make ([a-z][a-z-]*)(?![\w/-])", snippet, re.M)}
    assert {"quick", "check", "lint", "unit"} <= targets
    assert [t for t in sorted(targets) if not re.search(rf"^{t}:", makefile, re.M)] == []


def test_the_rooms_are_those_of_the_sources():
    """The table against the lint, and both against the includes."""
    layers = source.read("tests/layers.sh")
    allowed = {room: set(seen.split()) for room, seen in re.findall(r"^allow (\w+)(.*)$", layers, re.M)}
    rows = {row[0].strip("`/"): set(re.findall(r"`([^`]+)`", row[3])) for row in table("Room")}
    assert rows == allowed
    assert set(rows) == set(source.rooms())
    for room, seen in rows.items():
        used = {match for path in source.files() if path.startswith(room + "/")
                for match in re.findall(r'^#include "([a-z0-9_/]+)\.h"', source.read(path), re.M)
                if not match.startswith(room + "/")}
        assert {other for other in seen if not any(u == other or u.startswith(other + "/") for u in used)} == set(), room


def test_every_check_of_the_lint_is_told():
    recipe = re.search(r"^lint:\n((?:\t.*\n)+)", source.read("Makefile"), re.M).group(1)
    scripts = set(re.findall(r"\btests/[\w.]+", recipe)) | {"tests/circles.py"}  # which layers.sh runs
    assert {row[0].strip("`") for row in table("Check")} == scripts


def test_every_kind_of_test_is_told():
    folders = {name for name in os.listdir(os.path.join(TOP, "tests"))
               if os.path.isdir(os.path.join(TOP, "tests", name)) and not name.startswith((".", "_"))}
    assert {row[1].split("/")[1] for row in table("Kind")} == folders
