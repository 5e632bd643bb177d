"""The engine, with the image of examples/php-nginx."""

import pytest

from lib.engine import Engine


@pytest.fixture(scope="session")
def engine():
    one = Engine()
    yield one
    one.close()


@pytest.fixture(scope="session")
def php_nginx(engine):
    return engine.php_nginx()
