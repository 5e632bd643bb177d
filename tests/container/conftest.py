import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from engine import Engine  # noqa: E402


@pytest.fixture(scope="session")
def engine():
    one = Engine()
    yield one
    one.close()


@pytest.fixture(scope="session")
def php_nginx(engine):
    return engine.php_nginx()
