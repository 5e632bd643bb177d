"""Fixtures of the tests of loggers whose disk, calls and directory fail."""
import subprocess
from pathlib import Path

import pytest

from lib.logger import Rig


@pytest.fixture
def rig(place):
    """rig(SCRIPT..., OPTION=...): a Rig in mode 2, closed at the end of the test."""
    made = []

    def make(*script, **options):
        made.append(Rig(place, *script, **{"mode": "2", **options}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def small(place):
    """A file system of 1 MB; grow() makes room."""
    path = Path(place) / "small"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", path], check=True)
    yield path
    subprocess.run(["umount", "-l", path], check=True)
