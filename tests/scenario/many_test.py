"""Answers of pid 1 that are longer than any socket holds, to callers that read late or never."""
import json
import os
import socket
import struct

import pytest

from lib.wait import DEADLINE, wait_for

COUNTS = (1200, 3000)


def name(i):
    return f"a-service-with-a-name-that-is-as-long-as-some-people-like-them-{i:04}"


def define(tree, count):
    """They are up without a process of their own."""
    for i in range(count):
        folder = f"etc/s6-overlay/s6-rc.d/{name(i)}"
        os.makedirs(tree.at(folder))
        for file, text in (("type", "oneshot\n"), ("up", "")):
            with open(tree.at(f"{folder}/{file}"), "w") as f:
                f.write(text)
        tree.write(f"etc/s6-overlay/user-bundles.d/user/contents.d/{name(i)}")
    return {name(i) for i in range(count)}


def ask(box, *words):
    """A request whose answer nobody has read yet."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(box.inside("/run/s6/control"))
    s.send(b"OVL1" + struct.pack("HH", len(words), 0) + b"".join(word.encode() + b"\0" for word in words))
    return s


def answer(s):
    """All that comes: text for stdout, and the exit code."""
    out = ""
    s.settimeout(DEADLINE)
    while True:
        packet = s.recv(1 << 17).decode()
        assert packet, f"no exit code after {len(out)} bytes"
        if packet[0] == "x":
            return out, int(packet[1:])
        if packet[0] == "o":
            out += packet[1:]


def booted(tree, boot, count):
    names = define(tree, count)
    box = boot(tree.path, env={"S6_LOGGING": "0", "S6_VERBOSITY": "0"})
    wait_for(lambda: box.exists("/run/s6-rc/compiled") and
             box.run("/command/s6-rc", "-a", "list").stdout.count("a-service") == count, what="all up")
    box.wait_booted()  # the end of the boot opens more
    return box, names


def memory(box):
    with open(f"/proc/{box.pid()}/status") as file:
        return int(file.read().split("VmRSS:")[1].split()[0])  # kB


@pytest.mark.parametrize("count", COUNTS)
def test_long_answers_arrive(tree, boot, count):
    box, names = booted(tree, boot, count)
    status = box.run("/command/overlog", "status", "--json")
    assert {s["name"] for s in json.loads(status.stdout)["services"]} == names
    assert set(box.run("/command/s6-rc", "-a", "list").stdout.split()) >= names
    # One that reads late: when pid 1 has long turned to others.
    late = ask(box, "s6-rc", "ua", "0", "1", "0", "list")
    assert box.run("/command/overlog", "status").returncode == 0
    assert box.run("/command/s6-rc-db", "list", "services").stdout.count("\n") >= count
    text, code = answer(late)
    assert code == 0 and set(text.split()) >= names
    assert box.stop() == 0


def test_callers_that_never_read(tree, boot):
    """Each costs one answer's memory while there is a place for it; the next takes the place; none keeps others out."""
    box, names = booted(tree, boot, max(COUNTS))
    def list_all():
        return ask(box, "s6-rc", "ua", "0", "1", "0", "list")

    assert set(answer(list_all())[0].split()) >= names
    before = memory(box)
    descriptors = len(os.listdir(f"/proc/{box.pid()}/fd"))
    silent = []
    for i in range(60):
        silent.append(list_all())
        if i % 15 == 14:
            # Asked like any other; it may be one too many for a moment, but it is answered.
            text, code = answer(list_all())
            assert code == 0 and set(text.split()) >= names
            assert memory(box) < before + 16 * 1024
            assert len(os.listdir(f"/proc/{box.pid()}/fd")) <= descriptors + 64  # with those that are being closed
    box.wait_booted()
    assert box.run("/command/s6-rc", "-u", "change", name(0)).returncode == 0
    box.wait_for(lambda: len(os.listdir(f"/proc/{box.pid()}/fd")) <= descriptors + 32, what="no more than wait to read")
    for s in silent:
        s.close()
    # fewer, where the one that asked first had not been closed
    box.wait_for(lambda: len(os.listdir(f"/proc/{box.pid()}/fd")) <= descriptors, what="closed connections")
    box.wait_for(lambda: memory(box) < before + 2048, what="memory given back")
    # Nor is a stop held back.
    silent = [list_all() for _ in range(3)]
    assert box.stop() == 0
