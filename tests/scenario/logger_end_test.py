"""What a logger leaves behind at the end of its input."""
import gzip
import os
import re
import subprocess
from pathlib import Path

import pytest

from lib.logger import OVERLOG, Rig
from lib.wait import wait_for

ARCHIVE = re.compile(r"@[0-9a-f]{24}\.s\.gz")


def random_lines(count):
    """What cannot be compressed well, so that it takes its time."""
    return b"".join(os.urandom(90).hex().encode() + b"\n" for _ in range(count))


@pytest.mark.parametrize("end", ["end of file", "term"])
def test_s6_log_compresses_what_it_has_rotated(place, end):
    folder = Path(place) / "log"
    text = random_lines(30000)
    process = subprocess.Popen(["s6-log", "n1000", "s200000", "S1000000000", "z9", str(folder)], executable=OVERLOG,
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(text)
    process.stdin.flush()
    if end == "term":
        wait_for(lambda: sum(path.stat().st_size for path in folder.glob("@*.s")) + (folder / "current").stat().st_size > 0,
                 what="lines")
        process.terminate()
    else:
        process.stdin.close()
    assert process.wait(60) == 0 and process.stderr.read() == b""
    names = sorted(os.listdir(folder))
    archives = [name for name in names if name.startswith("@")]
    assert len(archives) > (20 if end != "term" else 0)
    assert all(ARCHIVE.fullmatch(name) for name in archives[:-1])
    assert not any(name.endswith(".gz") for name in archives[-1:])
    found = b"".join(gzip.decompress((folder / name).read_bytes()) for name in archives[:-1])
    found += b"".join((folder / name).read_bytes() for name in [*archives[-1:], "current"])
    assert found == text if end != "term" else text.startswith(found)


def test_a_paired_logger_leaves_no_half(place):
    """Its helper is ended with it: what it had not finished is done by the next one."""
    r = Rig(place, "n1000", "s1000000", "z9", "C", mode="2").start()
    try:
        text = random_lines(20000)
        view = memoryview(text)
        while view:
            view = view[os.write(r.out[1], view[:60000]):]
        assert r.finish() == 0
        names = os.listdir(r.directory)
        assert [name for name in names if name.endswith(".new")] == []
        assert len([name for name in names if name.startswith("@")]) >= 3
        assert b"".join(message + b"\n" for _, _, message in r.lines()) == text
    finally:
        r.close()
