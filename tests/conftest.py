"""Fixtures that every Python test shares."""

import os
import shutil
import tempfile

import pytest

from lib import conf
from lib.boot import Boot
from lib.build import compiled, helper_program, install_tree, session
from lib.failures import Failures
from lib.inherited import take_defaults
from lib.tree import Tree

SHARED = ("class", "module", "package")


def pytest_configure(config):
    take_defaults()
    config.addinivalue_line("markers", "long: takes several seconds, and begins before the others")
    session()  # before there are workers, who inherit it
    if os.environ.get("FAILURES") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(os.environ["FAILURES"]))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """With --dist loadgroup each test goes to whoever is free. Those of a file that share a fixture stay together,
    and what takes long begins first."""
    for item in items:
        fixtures = item._fixtureinfo.name2fixturedefs.values()
        shares = any(definition.scope in SHARED for definitions in fixtures for definition in definitions)
        if shares and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def installed():
    """The tree that `make install` lays down."""
    return install_tree()


@pytest.fixture(scope="session")
def helper():
    """A static program with what no shell does well: see tests/scenario/helper.c."""
    return helper_program()


@pytest.fixture(scope="session")
def deny():
    """A static program that executes another one, to which system calls are refused: see tests/fault/deny.c."""
    return compiled("fault/deny.c", "-static")


@pytest.fixture
def place():
    """An empty directory that any user may enter, removed afterwards."""
    path = tempfile.mkdtemp(prefix="overlog-test-")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def tree(place, installed, helper):
    """A busybox root with overlog installed, to be filled with services."""
    return Tree(os.path.join(place, "root"), installed, helper)


@pytest.fixture
def scratch(place, installed, helper):
    """A root with overlog, one static program and nothing else."""
    return Tree(os.path.join(place, "scratch"), installed, helper, shell=False)


@pytest.fixture
def boot():
    """Boot(...), closed at the end of the test whatever happened."""
    booted = []

    def start(root, *args, **kwargs):
        conf.prepare(root)
        booted.append(Boot(root, *args, **kwargs))
        return booted[-1]

    yield start
    for one in booted:
        one.close()
