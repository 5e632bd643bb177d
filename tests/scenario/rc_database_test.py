"""s6-rc-compile as a checker of definitions, s6-rc-db on what it made; no container is needed."""

import os
import re
import subprocess

import pytest

from lib.build import OVERLOG


def run(*words):
    return subprocess.run([OVERLOG, *[str(word) for word in words]], capture_output=True, text=True, timeout=60)


def define(source, name, kind, **files):
    folder = source / name
    for file, text in {"type": kind + "\n", **files}.items():
        path = folder / file.replace("__", "/").replace("_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def source(tmp_path):
    """A pipeline of two producers, a middle stage and a last consumer; oneshots; a bundle in a bundle."""
    source = tmp_path / "src"
    run_script = "#!/bin/sh\nexec sleep 1000\n"
    define(source, "one", "longrun", run=run_script, producer_for="middle\n")
    define(source, "two", "longrun", run=run_script, producer_for="middle\n", dependencies="once\n")
    define(source, "middle", "longrun", run=run_script, consumer_for="one\n# and\ntwo\n", producer_for="last\n")
    define(source, "last", "longrun", run=run_script, finish="#!/bin/sh\n", consumer_for="middle\n",
           pipeline_name="funnel\n", data__check="#!/bin/sh\n", notification_fd="3\n", flag_recommended="")
    define(source, "once", "oneshot", up='echo "a b" { c }\n', down="echo down\n", timeout_up="1500\n")
    define(source, "all", "bundle", contents="funnel\ninner\n", flag_essential="")
    define(source, "inner", "bundle", **{"contents.d__once": ""})
    return source


@pytest.fixture
def db(source, tmp_path):
    r = run("s6-rc-compile", tmp_path / "db", source)
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    return tmp_path / "db"


def ask(db, *words):
    r = run("s6-rc-db", "-c", db, *words)
    assert (r.returncode, r.stderr) == (0, "")
    return r.stdout.split("\n")[:-1]


def test_what_is_in_a_database(db):
    assert set(ask(db, "list", "longruns")) == {"one", "two", "middle", "last"}
    assert set(ask(db, "list", "oneshots")) == {"once", "fix-attrs", "legacy-cont-init", "legacy-services"}
    assert set(ask(db, "list", "bundles")) == {"all", "inner", "funnel", "base", "user", "user2", "top"}
    assert set(ask(db, "list", "all")) == set(ask(db, "list", "services")) | set(ask(db, "list", "bundles"))
    assert [ask(db, "type", name) for name in ("one", "once", "all")] == [["longrun"], ["oneshot"], ["bundle"]]
    assert ask(db, "timeout", "once") == ["1500"] and ask(db, "-d", "timeout", "once") == ["0"]
    assert set(ask(db, "contents", "all")) == {"one", "two", "middle", "last", "once"}
    assert set(ask(db, "contents", "funnel")) == {"one", "two", "middle", "last"}
    assert set(ask(db, "dependencies", "two")) == {"middle", "once"}
    assert set(ask(db, "-d", "dependencies", "middle")) == {"one", "two"}
    assert set(ask(db, "dependencies", "two", "middle")) == {"middle", "once", "last"}
    assert set(ask(db, "-u", "all-dependencies", "one", "once")) == {"one", "middle", "last", "once"}
    assert set(ask(db, "-d", "all-dependencies", "once")) == {"once", "two"}
    for member in ("one", "middle", "last"):
        lines = ask(db, "pipeline", member)
        assert set(lines[:2]) == {"one/middle", "two/middle"} and lines[2:] == ["middle/last"]
    assert run("s6-rc-db", "-c", db, "script", "once").stdout == "echo\0a b\0 c\0\0"
    assert run("s6-rc-db", "-c", db, "-d", "script", "once").stdout == "echo\0down\0"
    assert ask(db, "flags", "once") == ["00000001"]  # by the bundle in the bundle
    assert ask(db, "flags", "last") == ["00000003"]
    assert ask(db, "-e", "atomics", "all") == ask(db, "-e", "dependencies", "two") == ask(db, "-e", "list", "longruns") == []
    assert set(ask(db, "--with-essentials", "list", "longruns")) == {"one", "two", "middle", "last"}
    assert ask(db, "check") == []
    assert run("s6-rc-db", "help").stdout.startswith("usage: s6-rc-db ")


def test_exit_codes(db, source):
    def code(*words):
        r = run("s6-rc-db", "-c", db, *words)
        return r.returncode, r.stderr
    assert code("type", "nothing") == (3, f"s6-rc-db: fatal: nothing is not a valid identifier in {db}\n")
    assert code("contents", "one") == (5, "s6-rc-db: fatal: one is a longrun\n")
    assert code("script", "one")[0] == 5 and code("timeout", "all")[0] == 5
    assert code("list", "nonsense")[0] == code("nonsense")[0] == code()[0] == code("type")[0] == 100
    assert run("s6-rc-db", "-c", "/nonesuch", "check").returncode == 111
    (db / "db").write_bytes((db / "db").read_bytes()[:-3])
    assert code("check")[0] == 4
    assert run("s6-rc-format-upgrade", db).returncode == 4
    # A directory of definitions is read as well.
    assert set(ask(source, "list", "longruns")) == {"one", "two", "middle", "last"}


def test_a_database_stands_for_itself(db, source):
    served = db / "servicedirs/last"
    assert oct((served / "run").stat().st_mode)[-3:] == oct((served / "finish").stat().st_mode)[-3:] == "755"
    assert (served / "notification-fd").read_text() == "3\n" and (served / "data/check").exists()
    assert run("s6-rc-format-upgrade", db).returncode == 0


def test_every_error_is_said(source, tmp_path):
    define(source, "bad", "longrun", run="", dependencies="# one\n\nabsent\n", timeout_up="soon\n")
    define(source, "worse", "shortrun")
    (source / "dangling").symlink_to("/nonesuch")
    r = run("s6-rc-compile", tmp_path / "db", source)
    assert r.returncode == 1  # as the first of them says
    for line in (f"s6-rc-compile: fatal: {source}/bad/timeout-up:1: invalid number \"soon\"",
                 f"s6-rc-compile: fatal: {source}/worse/type:1: invalid type: must be oneshot, longrun, or bundle",
                 f"s6-rc-compile: fatal: {source}/dangling: unable to open",
                 f"s6-rc-compile: fatal: {source}/bad/dependencies:3: during dependency resolution for service bad: "
                 "undefined service name absent"):
        assert line in r.stderr
    assert not (tmp_path / "db").exists()


def test_exit_codes_of_the_compiler(source, db, tmp_path):
    assert run("s6-rc-compile", tmp_path / "new").returncode == 100
    r = run("s6-rc-compile", db, source)
    assert (r.returncode, r.stderr) == (111, f"s6-rc-compile: fatal: unable to create {db}: File exists\n")
    assert run("s6-rc-compile", tmp_path / "new", "/nonesuch").returncode == 111
    define(source, "untyped", "x")
    os.unlink(source / "untyped/type")
    r = run("s6-rc-compile", tmp_path / "new", source)
    assert r.returncode == 111 and "untyped/type: no file type" in r.stderr
    os.rmdir(source / "untyped")
    define(source, "s6rc-mine", "oneshot", up="")
    assert run("s6-rc-compile", tmp_path / "new", source).returncode == 1
    assert not (tmp_path / "new").exists()


def test_sources_are_one_namespace(source, tmp_path):
    """What an image and its linter have: two folders, the built-in services, an edge from another layer."""
    other = tmp_path / "layer"
    define(other, "later", "oneshot", up="true\n", dependencies="one\nbase\n")
    (other / "once/dependencies.d").mkdir(parents=True)
    (other / "once/dependencies.d/fix-attrs").touch()
    bundles = tmp_path / "user-bundles.d"
    (bundles / "user/contents.d").mkdir(parents=True)
    (bundles / "user/contents.d/later").touch()
    r = run("s6-rc-compile", "-v2", tmp_path / "db", other, source, bundles,
            "/package/admin/s6-overlay/etc/s6-rc/sources")
    assert r.returncode == 0, r.stderr
    assert f"s6-rc-compile: info: adding sources from {source}\n" in r.stderr
    assert f"s6-rc-compile: info: writing compiled information to {tmp_path}/db\n" in r.stderr
    assert ask(tmp_path / "db", "contents", "user") == ["later"]
    assert ask(tmp_path / "db", "dependencies", "once") == ["fix-attrs"]
    define(other, "once", "oneshot", up="")
    r = run("s6-rc-compile", tmp_path / "db2", other, source)
    assert r.returncode == 1 and "duplicate definition: once is already defined in" in r.stderr
    (tmp_path / "empty").mkdir()
    r = run("s6-rc-compile", tmp_path / "db3", source, tmp_path / "empty")
    assert r.returncode == 0 and re.search(r"warning: .*source \S*/empty is empty", r.stderr)
    assert run("s6-rc-compile", "-v0", tmp_path / "db4", source, tmp_path / "empty").stderr == ""


def test_a_dry_run_says_the_command():
    r = run("s6-rc-dryrun", "-v", "1", "-t", "1", "s6-svc", "-u", "x")
    assert (r.returncode, r.stderr) == (0, "s6-rc-dryrun: s6-svc -u x\n")
    assert run("s6-rc-dryrun", "-v0", "true").stderr == ""
    assert run("s6-rc-dryrun").returncode == 100
