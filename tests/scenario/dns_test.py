"""s6-dnsip4, s6-dnsip6 and s6-dnsip in a root of their own, against a name server of ours."""
import os
import random
import shutil
import socket
import struct
import subprocess
import threading

import pytest

from lib.build import OVERLOG

A, CNAME, AAAA = 1, 5, 28
NXDOMAIN, SERVFAIL = 3, 2
ZONE = {
    "web.": [(A, "10.0.0.1"), (A, "10.0.0.2"), (AAAA, "fd00::1")],
    "web.lan.": [(A, "10.1.0.1")],
    "four.": [(A, "10.0.0.4")],
    "alias.": [(CNAME, "four."), (A, "10.0.0.4")],
    "empty.": [],
    "many.": [(A, f"10.2.0.{i}") for i in range(20)],
    "broken.": SERVFAIL,
    "silent.": None,
}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def wire(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.rstrip(".").split(".")) + b"\0"


def answer(query):
    """What the server says, or None."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    known = ZONE.get(".".join(labels) + ".", NXDOMAIN)
    if known is None:
        return None
    code, records = (known, []) if isinstance(known, int) else (0, known)
    body, count = b"", 0
    for record, value in records:
        if record == kind or record == CNAME:
            data = wire(value) if record == CNAME else \
                socket.inet_pton(socket.AF_INET if record == A else socket.AF_INET6, value)
            body += struct.pack(">HHHIH", 0xc00c, record, 1, 60, len(data)) + data
            count += 1
    return query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, count, 0, 0) + query[12:at + 5] + body


@pytest.fixture(scope="module")
def server():
    """The address of a name server that knows ZONE, and what it was asked."""
    asked = []
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(100):
        address = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(2, 254)}"
        try:
            s.bind((address, 53))
            break
        except OSError:
            continue

    def serve():
        while True:
            query, client = s.recvfrom(512)
            if query == b"end":
                return
            asked.append(query)
            said = answer(query)
            if said is not None:
                s.sendto(said, client)

    thread = threading.Thread(target=serve)
    thread.start()
    yield address, asked
    s.sendto(b"end", (address, 53))
    thread.join()
    s.close()


@pytest.fixture
def look_up(server, tmp_path):
    """Runs a command in a root whose files are given: (exit code, lines, what is said)."""
    for name in ("s6-dnsip4", "s6-dnsip6", "s6-dnsip"):
        shutil.copy(OVERLOG, tmp_path / name)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hosts").write_text("127.0.0.1\tlocalhost\n::1 localhost ip6-localhost\n10.9.9.9 db.lan db\n")

    def run(name, *words, conf="", env=None):
        (tmp_path / "etc/resolv.conf").write_text(f"nameserver {server[0]}\n{conf}")
        r = subprocess.run(["/usr/sbin/chroot", tmp_path, "/" + name, *words], capture_output=True, text=True,
                           timeout=60, env=env or {})
        return r.returncode, r.stdout.split("\n")[:-1], r.stderr
    return run


def test_addresses_one_per_line(look_up):
    assert look_up("s6-dnsip4", "web") == (0, ["10.0.0.1", "10.0.0.2"], "")
    assert look_up("s6-dnsip6", "web") == (0, ["fd00::1"], "")
    assert look_up("s6-dnsip", "web.") == (0, ["fd00::1", "10.0.0.1", "10.0.0.2"], "")
    assert look_up("s6-dnsip4", "alias") == (0, ["10.0.0.4"], "")
    assert look_up("s6-dnsip", "four") == (0, ["10.0.0.4"], "")


def test_exit_codes(look_up):
    """1: the name has no such address; 2: there is no answer, and why."""
    assert look_up("s6-dnsip4", "empty") == (1, [], "")
    assert look_up("s6-dnsip6", "four") == (1, [], "")
    assert look_up("s6-dnsip4", "nosuch") == (2, [], "s6-dnsip4: fatal: unable to resolve nosuch: no such name\n")
    assert look_up("s6-dnsip6", "broken", conf="options timeout:1 attempts:1\n") == \
        (2, [], "s6-dnsip6: fatal: unable to resolve broken: no server has an answer\n")
    for words in ([], [""], ["-t", "x", "web"], ["-z", "web"]):
        assert look_up("s6-dnsip4", *words)[0] == 100
    code, lines, said = look_up("s6-dnsip4", "x" * 300)
    assert (code, lines) == (111, []) and said.endswith(": not a name\n")


def test_the_time_is_limited(look_up):
    assert look_up("s6-dnsip4", "-t", "50", "silent") == \
        (99, [], "s6-dnsip4: fatal: unable to resolve silent: timed out\n")
    assert look_up("s6-dnsip", "-t", "60000", "web")[0] == 0
    assert look_up("s6-dnsip4", "silent", conf="options timeout:1 attempts:1\n") == \
        (2, [], "s6-dnsip4: fatal: unable to resolve silent: no server has an answer\n")


def test_hosts_only_when_asked(look_up):
    """As the reference does: in a container /etc/hosts has its own name, whose other addresses only the server knows."""
    assert look_up("s6-dnsip4", "localhost")[0] == 2
    assert look_up("s6-dnsip4", "-h", "-H", "localhost")[0] == 2
    assert look_up("s6-dnsip4", "-h", "localhost") == (0, ["127.0.0.1"], "")
    assert look_up("s6-dnsip6", "-h", "LocalHost") == (0, ["::1"], "")
    assert look_up("s6-dnsip", "-h", "localhost") == (0, ["::1", "127.0.0.1"], "")
    assert look_up("s6-dnsip4", "-h", "db") == (0, ["10.9.9.9"], "")
    assert look_up("s6-dnsip4", "-h", "four") == (0, ["10.0.0.4"], ""), "what is not there is asked for"


def test_hosts_need_no_server(look_up, server):
    before = len(server[1])
    assert look_up("s6-dnsip4", "-h", "localhost")[0] == 0
    assert len(server[1]) == before


def test_suffixes(look_up):
    conf = "search nosuch lan\n"
    assert look_up("s6-dnsip4", "web", conf=conf)[1] == ["10.0.0.1", "10.0.0.2"]
    assert look_up("s6-dnsip4", "-q", "web", conf=conf)[1] == ["10.1.0.1"]
    assert look_up("s6-dnsip4", "-q", "web.", conf=conf)[1] == ["10.0.0.1", "10.0.0.2"]
    assert look_up("s6-dnsip4", "-q", "four", conf=conf)[1] == ["10.0.0.4"]
    assert look_up("s6-dnsip4", "-q", "web", env={"DNSQUALIFY": "a lan"})[1] == ["10.1.0.1"]
    assert look_up("s6-dnsip4", "-q", "-h", "db", conf=conf)[1] == ["10.9.9.9"]
    assert look_up("s6-dnsip4", "-q", "empty", conf=conf)[0] == 1


def test_random_order(look_up):
    plain = [f"10.2.0.{i}" for i in range(20)]
    assert look_up("s6-dnsip4", "many")[1] == plain
    # One in 20! orders is the plain one.
    mixed = look_up("s6-dnsip4", "-r", "many")[1]
    assert sorted(mixed) == sorted(plain) and mixed != plain


def test_a_variable_that_is_not_heeded_is_said(look_up):
    code, lines, said = look_up("s6-dnsip4", "four", env={"DNSCACHEIP": "10.3.3.3"})
    assert (code, lines) == (0, ["10.0.0.4"])
    assert said == "s6-dnsip4: warning: DNSCACHEIP is not used: /etc/resolv.conf names the servers\n"
