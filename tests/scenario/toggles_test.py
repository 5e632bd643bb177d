"""Services that variables switch on and off: enable-if, after, and hooks that delete members of the user bundle."""

import json
import os

import pytest

from lib.control import up
from lib.text import assert_order

OVERLOG = "/command/overlog"
FOLDER = "/etc/s6-overlay/s6-rc.d"
HOOK = "/etc/s6-overlay/s6-hook/feature-toggle"

# As people have it: https://github.com/dazz/s6-overlay-base shows such a hook.
TOGGLE = """#!/command/with-contenv sh
MIGRATE="${FEATURE_MIGRATE:-false}"
WORKER="${FEATURE_WORKER:-true}"
for feature in MIGRATE WORKER; do
    is_enabled=$(eval echo \\${$feature:-false})
    feature_file=$(echo "$feature" | tr '[:upper:]' '[:lower:]' | tr '_' '-')
    if [ $is_enabled = false ]; then
        echo "feature-toggle: info: $feature is disabled"
        rm -f "/etc/s6-overlay/PLACE/user/contents.d/$feature_file"
    fi
done
exit 0
"""


def members(tree, place):
    path = tree.at(f"/etc/s6-overlay/{place}/user/contents.d")
    return sorted(os.listdir(path)) if os.path.isdir(path) else None


# --- hooks ------------------------------------------------------------------------------------------


def listed(tree, place, *names):
    for name in names:
        tree.write(f"/etc/s6-overlay/{place}/user/contents.d/{name}")
        if place == "s6-rc.d":
            tree.write("/etc/s6-overlay/s6-rc.d/user/type", "bundle\n")


@pytest.mark.parametrize("deletes", ["s6-rc.d", "user-bundles.d"])
@pytest.mark.parametrize("lists", [("s6-rc.d",), ("user-bundles.d",), ("s6-rc.d", "user-bundles.d")])
def test_a_hook_switches_off_wherever_the_bundle_is(tree, boot, lists, deletes):
    tree.oneshot("migrate", "touch /tmp/migrated\n", bundle=None)
    tree.longrun("worker", bundle=None)
    tree.longrun("web", bundle=None)
    for place in lists:
        listed(tree, place, "migrate", "worker", "web")
    tree.script(HOOK, TOGGLE.replace("PLACE", deletes))
    before = {place: members(tree, place) for place in ("s6-rc.d", "user-bundles.d")}
    box = boot(tree.path, env={"S6_STAGE2_HOOK": HOOK})
    box.wait_booted()
    assert up(box) == {"worker", "web"}
    assert not tree_has(tree, "/tmp/migrated")
    assert box.run("/command/s6-rc", "-u", "change", "migrate").returncode == 0  # by name it still can be started
    assert box.stop() == 0
    for place, names in before.items():  # nothing of ours stays behind
        assert members(tree, place) == (names and sorted({*names} - {"migrate"}))
    if deletes not in lists:
        assert "the hook took migrate out of the bundle user\n" in box.stderr.text()


def tree_has(tree, name):
    return os.path.exists(tree.at(name))


def test_what_overlog_create_made_is_switched_off_too(tree, boot):
    box = boot(tree.path, "sh", "-c", f"{OVERLOG} create oneshot migrate -c 'touch /tmp/migrated' && "
                                      f"{OVERLOG} create longrun worker -c 'sleep 1000'")
    assert box.wait() == 0, box.transcript()
    tree.script(HOOK, TOGGLE.replace("PLACE", "s6-rc.d"))
    box = boot(tree.path, env={"S6_STAGE2_HOOK": HOOK})
    box.wait_booted()
    assert up(box) == {"worker"}
    assert not tree_has(tree, "/tmp/migrated")


def test_a_hook_that_adds_a_member(tree, boot):
    tree.longrun("web")
    tree.longrun("extra", bundle=None)
    tree.script(HOOK, f"#!/bin/sh\nmkdir -p {FOLDER}/user/contents.d && touch {FOLDER}/user/contents.d/extra\n")
    box = boot(tree.path, env={"S6_STAGE2_HOOK": HOOK})
    box.wait_booted()
    assert up(box) == {"web", "extra"}
    assert members(tree, "s6-rc.d") == ["extra"]


def test_a_hook_about_something_else_finds_nothing_written(tree, boot):
    tree.longrun("web")
    tree.script(HOOK, f"#!/bin/sh\nls {FOLDER} >/tmp/seen\n")
    box = boot(tree.path, env={"S6_STAGE2_HOOK": HOOK})
    box.wait_booted()
    assert tree.read("/tmp/seen").split() == ["web"]


# --- enable-if --------------------------------------------------------------------------------------


@pytest.fixture
def toggled(tree):
    tree.oneshot("migrate", "echo migrating\n", enable_if="FEATURE_MIGRATE\n")
    tree.longrun("php", **{"after": "migrate\n"})
    tree.longrun("nginx", deps=["php"], enable_if="# the page\n!MODE=worker\nFEATURE_NGINX\n")
    tree.longrun("exporter", deps=["nginx"])
    tree.longrun("async", deps=["php"], enable_if="MODE=worker\n")
    tree.longrun("needy", deps=["migrate"])
    return tree


def test_what_is_off_and_what_needs_it_are_left_out(toggled, boot):
    box = boot(toggled.path, env={"FEATURE_NGINX": "false", "FEATURE_MIGRATE": "0"})
    box.wait_booted()
    assert up(box) == {"php"}
    lines = [f"service {name} is left out: {why}\n" for name, why in (
        ("migrate", "enable-if: FEATURE_MIGRATE is 0"), ("nginx", "enable-if: FEATURE_NGINX is false"),
        ("async", "enable-if: MODE is not worker"), ("exporter", "it needs nginx, which is left out"),
        ("needy", "it needs migrate, which is left out"))]
    for line in lines:
        box.wait_for_text(line)
    text = box.stderr.text()
    assert [text.count(line) for line in lines] == [1] * 5 and text.count("left out:") == 5, text
    rows = {row["name"]: row for row in json.loads(box.run(OVERLOG, "status", "--json").stdout)["services"]}
    assert rows["nginx"]["why"] == "enable-if: FEATURE_NGINX is false"
    assert (rows["nginx"]["state"], rows["nginx"]["wanted"], rows["nginx"]["well"]) == ("down", False, True)
    assert rows["migrate"]["why"] == "enable-if: FEATURE_MIGRATE is 0"
    assert "why" not in rows["php"]
    assert box.run(OVERLOG, "status").returncode == 0
    assert "enable-if: FEATURE_NGINX is false\n" in box.run(OVERLOG, "status").stdout
    assert "it needs nginx, which is left out\n" in box.run(OVERLOG, "why", "exporter").stdout
    # Who names it means it.
    assert box.run("/command/s6-rc", "-u", "change", "exporter").returncode == 0
    assert up(box) == {"php", "nginx", "exporter"}
    rows = {row["name"]: row for row in json.loads(box.run(OVERLOG, "status", "--json").stdout)["services"]}
    assert "why" not in rows["nginx"]


def test_what_is_on_starts_in_order(toggled, boot):
    box = boot(toggled.path, env={"FEATURE_NGINX": "yes", "FEATURE_MIGRATE": "1"})
    box.wait_booted()
    assert up(box) == {"migrate", "php", "nginx", "exporter", "needy"}
    box.wait_for_text("service legacy-services successfully started\n")
    assert_order(box.stderr.text(), "service migrate successfully started", "service php: starting")


@pytest.mark.parametrize("keep", ["0", "1"])
def test_an_update_decides_again(toggled, boot, keep):
    env = {"FEATURE_NGINX": "on", "S6_KEEP_ENV": keep}
    box = boot(toggled.path, env=env)
    box.wait_booted()
    assert up(box) == {"php", "nginx", "exporter"}
    assert box.run(OVERLOG, "reload", "php").returncode == 0  # decides nothing
    where = "/run/s6/basedir/env" if keep == "1" else "/run/s6/container_environment"
    box.run("sh", "-c", f"printf off >{where}/FEATURE_NGINX; printf on >{where}/FEATURE_MIGRATE", check=True)
    r = box.run("/command/s6-rc-update", "-v", "2", "/etc/s6-overlay")
    assert r.returncode == 0, r.stderr
    assert "service nginx is left out: enable-if: FEATURE_NGINX is off\n" in r.stderr
    assert up(box) == {"php", "migrate", "needy"}
    box.run("/command/s6-rc", "-u", "change", "nginx", check=True)
    assert box.run("/command/s6-rc-update", "/etc/s6-overlay").returncode == 0
    assert up(box) == {"php", "migrate", "needy", "nginx"}  # what was started by hand goes on


def test_a_compiled_database_is_decided_where_it_runs(toggled, boot):
    box = boot(toggled.path, env={"FEATURE_NGINX": "1"})
    box.wait_booted()
    box.run("/command/s6-rc-compile", "/tmp/db", FOLDER, "/etc/s6-overlay/user-bundles.d", env={}, check=True)
    assert box.run("/command/s6-rc-update", "/tmp/db").returncode == 0
    assert up(box) == {"php", "nginx", "exporter"}


def test_mistakes_are_named_with_their_place(tree, boot):
    tree.longrun("web", enable_if="FEATURE\n\nMODE = worker\n")
    tree.longrun("empty", enable_if="# nothing\n")
    tree.write("/etc/s6-overlay/user-bundles.d/user/enable-if", "X\n")
    box = boot(tree.path)
    assert box.wait() == 1
    text = box.stderr.text()
    assert f"{FOLDER}/web/enable-if:3: invalid condition \"MODE = worker\": there is a blank before =; write VARIABLE" in text
    assert f"{FOLDER}/empty/enable-if: there is no condition in it" in text
    assert "user-bundles.d/user/enable-if: enable-if is ignored" in text


# --- what the verbs know ----------------------------------------------------------------------------


def test_create_graph_doc_and_check(toggled, boot):
    box = boot(toggled.path, env={"X": "secret"})
    box.wait_booted()

    def overlog(*words, code=0):
        r = box.run(OVERLOG, *words)
        assert r.returncode == code, (r.stdout, r.stderr)
        return r.stdout if code == 0 else r.stderr

    overlog("create", "longrun", "made", "-c", "sleep 1000", "--enable-if", "!X", "-e", "Y=1 2", "--after", "migrate")
    assert toggled.read(f"{FOLDER}/made/enable-if") == "!X\nY=1 2\n"
    assert os.listdir(toggled.at(f"{FOLDER}/made/after.d")) == ["migrate"]
    assert 'invalid condition "1X": it names no variable' in overlog("create", "longrun", "m2", "-e", "1X", code=100)
    assert "no service nowhere" in overlog("create", "longrun", "m2", "--after", "nowhere", code=1)
    overlog("check")
    text = overlog("graph")
    assert "  after migrate  if !X and Y=1 2\n" in text
    assert "oneshot  if FEATURE_MIGRATE\n" in text
    assert "made if !X and Y=1 2" in overlog("graph", "-f", "mermaid")
    assert "[style=dashed];" in overlog("graph", "-f", "dot")
    page = overlog("doc")
    assert "- Only if: `!X`, `Y=1 2`\n" in page and "- After, where they are started: `migrate`\n" in page
    assert "starts after it" in overlog("remove", "migrate", code=1)
    r = box.run("/command/s6-rc-update", "-v", "2", "/etc/s6-overlay")
    assert "service made is left out: enable-if: X is on\n" in r.stderr and "secret" not in r.stderr
