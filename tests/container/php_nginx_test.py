"""examples/php-nginx as a container: pages, logs in every mode, switches, migration, order."""

import os
import re

import pytest

from lib.logs import log_text
from lib.text import assert_order
from lib.wait import wait_for

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("engine")]

LOGS = "var/log/services"
HELLO = "Hello from PHP 8 through nginx, as www-data.\n"
INFO = "s6-rc: info: service "


def access(path):
    return f'"GET /{path} HTTP/1.1" 200'


def nginx_log(container):
    return log_text(os.path.join(container.root(), LOGS, "svc-nginx"), "stdout")


@pytest.mark.parametrize("mode", [None, "0", "1", "2"])
def test_page_and_access_line(engine, php_nginx, mode):
    # The grace time is not slept: the engine would kill it before.
    box = engine.run(php_nginx, env={"S6_KILL_GRACETIME": "600000", **({} if mode is None else {"S6_LOGGING": mode})})
    assert box.page("first") == HELLO
    assert box.page("last") == HELLO
    assert box.stop() == 0
    out, err = box.logs()
    if mode == "2":
        assert "GET /" not in out + err
    else:
        assert access("first") in out and access("last") in out
        assert "index.php: GET /first\n" in err
        assert f"{INFO}svc-nginx: starting\n" in err
    if mode == "0":
        assert not os.path.exists(os.path.join(box.root(), LOGS))
        return
    lines = nginx_log(box)
    assert [line for line in lines if access("first") in line]
    assert access("last") in lines[-1]
    assert "index.php: GET /last" in log_text(os.path.join(box.root(), LOGS, "svc-php-fpm"), "stderr")


def test_read_only_root(engine, php_nginx):
    everything = {"FEATURE_INIT_MIGRATIONS": "true", "FEATURE_RUN_QUEUE_SCHEDULER": "true",
                  "FEATURE_RUN_QUEUE_ASYNC": "true", "FEATURE_RUN_NGINX": "true"}
    everything["FEATURE_RUN_QUEUE_ASYNC"] = "false"  # also what is off works without a file to delete
    box = engine.run(php_nginx, env=everything, options=["--read-only", "--tmpfs", "/run:exec"])
    assert box.page("readonly") == HELLO
    assert box.stop() == 0
    out, err = box.logs()
    assert access("readonly") in out
    assert "service svc-messenger-async is left out" in err and err.count("left out") == 1
    about = [line for line in err.splitlines() if "/var/log/services" in line or "ead-only" in line]
    assert len(about) == 1, err
    assert "info: " in about[0]


def test_logcat_inside_while_it_runs(engine, php_nginx):
    box = engine.run(php_nginx)
    box.page("seen-by-logcat")
    shown = wait_for(lambda: [line for line in box.exec("logcat", "svc-nginx").stdout.splitlines()
                              if access("seen-by-logcat") in line], what="line of logcat")
    assert len(shown) == 1  # those before it found no PHP yet
    assert box.stop() == 0


def test_the_nightly_job(engine, php_nginx):
    box = engine.run(php_nginx, env={"NIGHTLY": "0 4 1 1 *", "TZ": "CET-1"})
    wait_for(lambda: re.search(r"^    job: next 20..-01-01 04:00:00 [+-][0-9]{4} \(in ", box.exec("overlog", "status", "svc-nightly").stdout,
                               re.M), what="a job")
    assert box.exec("overlog", "run", "svc-nightly").returncode == 0
    wait_for(lambda: "cache: pruned, as www-data" in box.exec("logcat", "svc-nightly").stdout, what="its line")
    assert box.stop() == 0


def test_everything_off_but_php(engine, php_nginx):
    box = engine.run(php_nginx, env={"FEATURE_RUN_NGINX": "false"})
    box.wait_for_log(f"{INFO}legacy-services successfully started")
    assert box.stop() == 0
    err = box.logs()[1]
    for name, why in (("svc-nginx", "FEATURE_RUN_NGINX is false"),
                      ("svc-messenger-scheduler", "FEATURE_RUN_QUEUE_SCHEDULER is not set"),
                      ("svc-messenger-async", "FEATURE_RUN_QUEUE_ASYNC is not set"),
                      ("init-migrations", "FEATURE_INIT_MIGRATIONS is not set")):
        assert err.count(f"service {name} is left out: enable-if: {why}\n") == 1
        assert f"{name}: starting" not in err
    assert f"{INFO}svc-php-fpm successfully started\n" in err


def test_migration_and_workers_on(engine, php_nginx):
    box = engine.run(php_nginx, env={"FEATURE_INIT_MIGRATIONS": "true", "FEATURE_RUN_QUEUE_ASYNC": "true",
                                     "WORKER_TIME_LIMIT": "0.3", "APP_ENV": "test", "S6_VERBOSITY": "2"})
    box.page("ready")
    # the worker ends after its time limit and is started again
    wait_for(lambda: box.logs()[0].count("async: consuming as www-data in test\n") >= 3, what="third worker")
    assert box.stop() == 0
    out, err = box.logs()
    assert out.count("migrate: schema brought to version 1, as www-data\n") == 1
    assert "migrate: nothing" not in out
    assert out.count("status: schema version 1\n") == 1
    assert out.count("async: time limit reached\n") >= 2
    assert "svc-messenger-scheduler: starting" not in err
    assert_order(err, f"{INFO}init-migrations: starting\n", f"{INFO}init-migrations successfully started\n",
                 f"{INFO}svc-php-fpm: starting\n", f"{INFO}svc-php-fpm successfully started\n",
                 f"{INFO}svc-nginx: starting\n", f"{INFO}svc-nginx successfully started\n")
    assert_order(err, f"{INFO}svc-php-fpm successfully started\n", f"{INFO}svc-messenger-async: starting\n")
    assert_order(err, f"{INFO}svc-nginx: stopping\n", f"{INFO}svc-nginx successfully stopped\n",
                 f"{INFO}svc-php-fpm: stopping\n", f"{INFO}svc-php-fpm successfully stopped\n",
                 f"{INFO}init-migrations: stopping\n")
    assert_order(err, f"{INFO}svc-messenger-async successfully stopped\n", f"{INFO}svc-php-fpm: stopping\n")
    # The stamps of two logs may be the other way round: each logger reads when it is let on.
    for name, text in ((".init", "migrate: schema brought to version 1"), ("svc-php-fpm", "fpm is running")):
        assert len([line for line in log_text(os.path.join(box.root(), LOGS, name)) if text in line]) == 1


def test_a_container_that_is_started_again(engine, php_nginx):
    box = engine.run(php_nginx, env={"FEATURE_INIT_MIGRATIONS": "true"})
    box.page("one")
    assert box.stop() == 0
    engine.podman("start", box.id)
    box.page("two")
    assert box.stop() == 0
    lines = [line for line in nginx_log(box) if re.search(r"GET /.* 200 ", line)]
    assert [re.search(r"GET /(\w+)", line).group(1) for line in lines] == ["one", "two"]
    assert "migrate: nothing to do, as www-data\n" in box.logs()[0]
