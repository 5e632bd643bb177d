"""Fixtures of the tests of logcat."""

import pytest


@pytest.fixture
def root(tmp_path):
    """An empty root of log directories."""
    path = tmp_path / "services"
    path.mkdir()
    return path
