"""examples/php-nginx, as directories and as services.conf, behaves the same."""

import os
import re
import shutil

import pytest

from lib.build import TOP
from lib.text import assert_order
from lib.tree import copy_tree

EXAMPLE = os.path.join(TOP, "examples/php-nginx")
OVERLOG = "/command/overlog"

# What stands for the programs of the image: each says as whom, and with what, it was run.
PROGRAM = """#!/bin/sh
echo "ran $(id -un): ${0##*/} $*"
case $2 in doctrine:* | cache:*) exit 0 ;; esac
exec sleep 1000
"""
TOGGLES = {
    "FEATURE_INIT_MIGRATIONS": "init-migrations",
    "FEATURE_RUN_NGINX": "svc-nginx",
    "FEATURE_RUN_QUEUE_SCHEDULER": "svc-messenger-scheduler",
    "FEATURE_RUN_QUEUE_ASYNC": "svc-messenger-async",
}
NEEDS = [("init-migrations", "svc-php-fpm"), ("svc-php-fpm", "svc-nginx"), ("svc-php-fpm", "svc-messenger-scheduler"),
         ("svc-php-fpm", "svc-messenger-async"), ("legacy-cont-init", "init-migrations"),
         ("legacy-cont-init", "svc-php-fpm"), ("legacy-cont-init", "svc-nightly")]
CONSOLE = "ran www-data: php /var/www/html/bin/console"
RUNS = {
    "init-migrations": [f"{CONSOLE} doctrine:migrations:migrate --no-interaction", f"{CONSOLE} doctrine:migrations:status"],
    "svc-php-fpm": ["ran root: php-fpm --nodaemonize"],
    "svc-nginx": ["ran root: nginx -g daemon off;"],
    "svc-messenger-scheduler": [f"{CONSOLE} messenger:consume scheduler_default --time-limit=300 --limit=10 --env=prod"],
    "svc-messenger-async": [f"{CONSOLE} messenger:consume async --time-limit=300 --limit=1000 --env=prod"],
    "svc-nightly": [f"{CONSOLE} cache:pool:prune"],
}


def put(tree, form):
    for name in ("php", "php-fpm", "nginx"):
        tree.script(f"/usr/local/bin/{name}", PROGRAM)
    if form == "directories":
        copy_tree(os.path.join(EXAMPLE, "root"), tree.path)
        return
    for name in ("s6-rc.d", "scripts"):
        shutil.rmtree(tree.at(f"/etc/s6-overlay/{name}"))
    with open(os.path.join(EXAMPLE, "services.conf")) as file:
        text = file.read()
    assert len(text.splitlines()) < 30
    tree.write("/etc/s6-overlay/services.conf", text)


def variables():
    """Those that the Dockerfile sets."""
    with open(os.path.join(EXAMPLE, "Dockerfile")) as file:
        text = file.read()
    return {name: value.strip('"') for name, value in re.findall(r"^(?:ENV| {3}) (\w+)=(\"[^\"]*\"|\S+)", text, re.M)}


def ran(box):
    return sorted(re.findall(r"^ran .*", box.stdout.text(), re.M))


def life(tree, boot, toggles):
    """Boots, runs the job, stops; returns what has to be the same in both forms, without pids and times."""
    on = set(RUNS) - {service for variable, service in TOGGLES.items() if toggles[variable] != "true"}
    box = boot(tree.path, env=variables() | toggles | {"PATH": "/usr/local/bin:/command:/usr/bin:/bin", "TZ": "UTC",
                                                       "S6_VERBOSITY": "2"})
    box.wait_booted()
    box.wait_for(lambda: "    job: next " in box.run(OVERLOG, "status", "svc-nightly").stdout, what="schedule")
    assert box.run(OVERLOG, "run", "svc-nightly").returncode == 0
    expected = sorted(line for service in on for line in RUNS[service])
    box.wait_for(lambda: ran(box) == expected, what=expected)
    # Name, state, and why it is as it is.
    status = [re.split(r" {2,}|: next", line)[:2] for line in box.run(OVERLOG, "status").stdout.splitlines()[1:-1]]
    assert box.stop() == 0
    assert ran(box) == expected
    said = box.stderr.text()
    for first, then in NEEDS:
        if {first, then} <= on | {"legacy-cont-init"}:
            assert_order(said, f"service {first} successfully started", f"service {then}: starting",
                         f"service {then} successfully stopped", f"service {first}: stopping")
    assert set(re.findall(r"service (\S+): starting", said)) & set(RUNS) == on
    return {
        "left out": sorted(re.findall(r"service (\S+ is left out: .*)", said)),
        "status": sorted(status),
        "started": sorted(re.findall(r"service (\S+) successfully started", said)),
        "stopped": sorted(re.findall(r"service (\S+) successfully stopped", said)),
    }


@pytest.mark.parametrize("toggles", [
    dict.fromkeys(TOGGLES, "true"),
    dict.fromkeys(TOGGLES, "false") | {"FEATURE_RUN_QUEUE_ASYNC": "true"},
])
def test_directories_and_services_conf(tree, boot, toggles):
    lives = []
    for form in ("directories", "services.conf"):
        put(tree, form)
        lives.append(life(tree, boot, toggles))
    assert lives[0] == lives[1]
    assert len(lives[0]["left out"]) == list(toggles.values()).count("false")
    assert {name for name, _ in lives[0]["status"]} >= set(RUNS)
