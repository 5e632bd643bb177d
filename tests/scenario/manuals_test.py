"""The documentation against the program's own rows: docs/commands.md and the manual pages."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from lib.build import OVERLOG, TOP

ROOT = Path(TOP)
DOCS = ROOT / "docs"
# On their way: listed as provided, or without a page, before they are. To be emptied.
PENDING = re.compile(r"s6-notify.*|status|overlog-.*")


def output(*words):
    return subprocess.run([OVERLOG, *words], capture_output=True, text=True, check=True).stdout


COMMANDS = output("commands").split() if OVERLOG.exists() else []
PAGES = sorted(DOCS.glob("*.[1-8]"))


def rows():
    """name -> what to use instead, or None, by docs/commands.md"""
    found = {}
    for line in (DOCS / "commands.md").read_text().splitlines():
        if line.startswith("| `"):
            name, provided, instead = [cell.strip() for cell in line.strip("|").split("|")]
            name = name.strip("`")
            assert name not in found
            assert provided in ("yes", "no")
            found[name] = instead if provided == "no" else None
    return found


def test_the_table_of_commands():
    table = rows()
    missing = dict(line.split("\t") for line in output("missing").splitlines())
    assert {n: i for n, i in table.items() if i is not None} == missing
    provided = {n for n, i in table.items() if i is None}
    assert {n for n in provided - set(COMMANDS) if not PENDING.fullmatch(n)} == set()
    assert set(missing) & set(COMMANDS) == set()
    reference = ("s6-", "execline", "logutil-")
    unlisted = {n for n in COMMANDS if n.startswith(reference)} - provided - {"s6-cli"}
    assert {n for n in unlisted if not PENDING.fullmatch(n)} == set()


@pytest.fixture(scope="module")
def pages():
    """command -> (page, its text as mandoc shows it)"""
    found = {}
    for page in PAGES:
        source = page.read_text()
        head = source[source.index(".Sh NAME"):source.index(".Nd ")]
        text = subprocess.run(["mandoc", "-Tutf8", page], capture_output=True, text=True,
                              check=True).stdout
        text = re.sub(".\b", "", text)
        for name in re.findall(r"^\.Nm (\S+)", head, re.M):
            found[name] = page, text
    return found


def options(name):
    """The options that --help tells."""
    _, _, *table = output(name, "--help").splitlines()
    letters, words = set(), set()
    for line in table:
        letters |= set(re.findall(r"^  -(\S)(?=[ ,])", line))
        words |= set(re.findall(r"^ +(?:-\S, )?--([\w-]+)", line))
    return letters, words


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_of_a_usage_has_a_row(name):
    usage, summary, *table = output(name, "--help").splitlines()
    assert usage.startswith(f"usage: {name}") and summary
    letters = options(name)[0] | ({"o"} if name == "s6-cli" else set())  # -o is its verb's: overlog create
    for cluster in re.findall(r"(?:^|[\[| ])-([^-\s\]|][^\s\]|]*)", usage.split(name, 1)[1]):
        assert all(letter in letters or any(f"-{letter} " in line for line in table) or letter in "123456789"
                   for letter in cluster), cluster


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_page(pages, name):
    if name not in pages and PENDING.fullmatch(name):
        pytest.skip("its page is on its way")
    assert name in pages
    page, text = pages[name]
    letters, words = options(name)
    # In a page of several, only the part of this command counts.
    part = re.search(rf"^   {re.escape(name)}\n(.*?)(?=^\S|^   \S)", text, re.M | re.S)
    part = part.group(1) if part else text
    assert sorted(x for x in letters if not re.search(rf"(?<!\S)-{re.escape(x)}\b", part)) == []
    assert sorted(x for x in words if f"--{x}" not in part) == []


def test_every_verb_is_in_the_page():
    page = subprocess.run(["mandoc", "-Tutf8", DOCS / "overlog.1"], capture_output=True, text=True, check=True)
    text = re.sub(".\b", "", page.stdout)
    verbs = re.findall(r"^  overlog (\S+)", output("--help"), re.M)
    assert len(verbs) > 4
    for verb in verbs:
        part = re.search(rf"^   overlog {verb}\n(.*?)(?=^\S|^   \S)", text, re.M | re.S).group(1)
        told = output(verb, "--help")
        assert told.startswith(f"usage: overlog {verb} ")
        assert max(Counter(re.findall(r"^  -(\S)(?=[ ,])", told, re.M)).values(), default=1) == 1, f"{verb}: a letter twice"
        for letter, word in re.findall(r"^  (?:-(\S), )?--([\w-]+)", told, re.M):
            assert f"--{word}" in part, (verb, word)
            assert not letter or re.search(rf"(?<!\S)-{letter}\b", part), (verb, letter)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_pages_are_clean(page):
    r = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page], capture_output=True, text=True)
    assert (r.returncode, r.stdout + r.stderr) == (0, "")
    source = page.read_text()
    assert ".Dt " + page.stem.upper() + " " + page.suffix[1:] in source
    for name, section in re.findall(r"^\.(?:It )?Xr (\S+) (\d)", source, re.M):
        ours = DOCS / f"{name}.{section}"
        assert ours.exists() or name in ("zcat", "bgzip", "fcntl", "strftime", "less", "sh"), f"{name}({section})"


def test_install_man(tmp_path):
    subprocess.run(["make", "-s", "-C", ROOT, "install-man", f"DESTDIR={tmp_path}"], check=True,
                   capture_output=True, timeout=300)
    folder = tmp_path / "usr/share/man"
    for page in PAGES:
        assert (folder / f"man{page.suffix[1:]}" / page.name).read_bytes() == page.read_bytes()
    # A page of several commands is found by each of them.
    assert (folder / "man1/s6-chown.1").read_text() == ".so man1/tools.1\n"
    assert (folder / "man8/halt.8").read_text() == ".so man8/init.8\n"
    assert not (folder / "man1/if.1").exists(), "a name that others have may have its own page"
