"""Broken trees: every error is said with its place, and the container ends with 1 by itself."""

import os

import pytest

from lib.logs import log_text

D = "/etc/s6-overlay/s6-rc.d"


def unknown_dependency(tree):
    tree.longrun("web", deps=["nothere"])
    return [(f"{D}/web/dependencies.d/nothere", "nothere")]


def unknown_member(tree):
    tree.define("group", "bundle", **{"contents.d/nothere": ""})
    return [(f"{D}/group/contents.d/nothere", "nothere")]


def cycle(tree):
    tree.longrun("one", deps=["two"])
    tree.longrun("two", deps=["one"])
    return [(D, "cycl")]


def bad_type(tree):
    tree.define("odd", "shortrun", run="#!/bin/sh\n")
    return [(f"{D}/odd/type:1", "type")]


def missing_type(tree):
    tree.longrun("web")
    os.unlink(tree.at(f"{D}/web/type"))
    return [(f"{D}/web", "type")]


def missing_run(tree):
    tree.define("web", "longrun")
    return [(f"{D}/web", "run")]


def missing_up(tree):
    tree.define("once", "oneshot")
    return [(f"{D}/once", "up")]


def unterminated_quote(tree):
    tree.oneshot("once", 'echo fine\necho "not fine\n')
    return [(f"{D}/once/up:2", "quote")]


def unmatched_brace(tree):
    tree.oneshot("once", "if { true\necho done\n")
    return [(f"{D}/once/up:1", "{")]


CASES = [unknown_dependency, unknown_member, cycle, bad_type, missing_type, missing_run, missing_up,
         unterminated_quote, unmatched_brace]


def check(box, expected):
    assert box.wait() == 1, box.transcript()
    lines = box.stderr.text().splitlines()
    for place, word in expected:
        found = [line for line in lines if place in line and word in line]
        assert found, f"nothing about {place} and {word}\n{box.transcript()}"
        assert any("fatal" in line or "error" in line for line in found)


@pytest.mark.parametrize("case", CASES, ids=[case.__name__ for case in CASES])
def test_one_error(tree, boot, case):
    expected = case(tree)
    tree.longrun("innocent", "#!/bin/sh\ntouch /tmp/innocent\nexec sleep 1000\n")
    box = boot(tree.path, "touch", "/tmp/cmd")
    check(box, expected)
    assert not os.path.exists(tree.at("/tmp/cmd"))
    assert not os.path.exists(tree.at("/tmp/innocent"))
    assert "innocent" not in box.stderr.text()


def test_all_errors_are_said_at_once(tree, boot):
    expected = []
    tree.longrun("a", deps=["nothere"])
    expected.append((f"{D}/a/dependencies.d/nothere", "nothere"))
    tree.define("b", "shortrun", run="#!/bin/sh\n")
    expected.append((f"{D}/b/type:1", "type"))
    tree.define("c", "longrun")
    expected.append((f"{D}/c", "run"))
    tree.define("d", "oneshot")
    expected.append((f"{D}/d", "up"))
    tree.oneshot("e", 'echo "\n')
    expected.append((f"{D}/e/up:1", "quote"))
    tree.longrun("f", deps=["g"])
    tree.longrun("g", deps=["f"])
    expected.append((D, "cycl"))
    check(boot(tree.path), expected)

@pytest.mark.parametrize("mode", ["0", "1"])
def test_the_errors_reach_the_console(tree, boot, mode):
    expected = missing_run(tree)
    check(boot(tree.path, env={"S6_LOGGING": mode}), expected)


def test_with_the_disk_alone_the_errors_are_there(tree, boot):
    (place, word), = missing_run(tree)
    assert boot(tree.path, env={"S6_LOGGING": "2"}).wait() == 1
    assert [line for line in log_text(tree.at("/var/log/services/.init")) if place in line and word in line]


@pytest.mark.parametrize("text,hint", [
    ("#!/bin/nonesuch\n", "/bin/nonesuch"),
    ("#!/bin/sh\r\necho\r\n", "CR"),
    ("\x7fELF garbage", "run"),
])
def test_a_run_that_cannot_be_executed_is_said(tree, boot, text, hint):
    tree.longrun("web", text)
    tree.longrun("other")
    box = boot(tree.path)
    box.wait_for(lambda: [line for line in box.stderr.text().splitlines() if "web" in line and "unable to" in line])
    box.wait_for_text("service other successfully started")
    line = [one for one in box.stderr.text().splitlines() if "web" in one and "unable to" in one][0]
    assert hint in line
    assert box.stop() == 0
