"""The account commands against the packaged ones: same input, same ids, variables, exit codes."""
import os
import subprocess
from pathlib import Path

import pytest

from lib.build import OVERLOG


# An /etc of our own in a mount namespace, two supplementary groups, then the command.
ISOLATE = r"""
mount --make-rprivate / && mount -t tmpfs none /etc || exit 99
printf 'passwd: files\ngroup: files\n' >/etc/nsswitch.conf
cat >/etc/passwd <<X
root:x:0:0:root:/root:/bin/sh
alice:x:1000:1000::/:/bin/sh
bob:x:1001:1002::/:/bin/sh
33:x:1033:1034::/:/bin/sh
nogroup:x:1005:1006::/:/bin/sh
X
cat >/etc/group <<X
root:x:0:
staff:x:50:bob,alice
alice:x:1000:
audio:x:29:alice
99:x:77:
X
exec env -i "$@"
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    for parent in (folder, *folder.parents):
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(0o755)
    (folder / "overlog").write_bytes(OVERLOG.read_bytes())
    (folder / "overlog").chmod(0o755)
    for name in ("s6-setuidgid", "s6-envuidgid", "s6-applyuidgid"):
        (folder / name).symlink_to("overlog")
    return folder


def run(folder, name, arguments, environment=()):
    """(exit code, sorted stdout lines, stderr without the program's name)"""
    # The commands that one side chains to must be its own, too.
    path = f"PATH={folder}:/usr/bin:/bin"
    r = subprocess.run(
        ["unshare", "-m", "setpriv", "--groups", "3,4", "sh", "-c", ISOLATE, "sh",
         path, *environment, f"{folder}/{name}", *arguments],
        capture_output=True, text=True, timeout=60)
    assert r.returncode != 99, r.stderr
    lines = [line for line in r.stdout.splitlines() if not line.startswith(("PATH=", "PWD="))]
    return r.returncode, sorted(lines), r.stderr.partition(": ")[2]


def same(ours, name, arguments, environment=()):
    mine = run(ours, name, arguments, environment)
    theirs = run(Path("/usr/bin"), name, arguments, environment)
    assert mine[:2] == theirs[:2]
    if "usage: " in theirs[2]:
        assert mine[2]  # the words are ours
    else:
        assert mine[2] == theirs[2]
    return mine


IDS = ["grep", "-E", "^(Uid|Gid|Groups)", "/proc/self/status"]
VARIABLES = ["UID=7", "GID=8", "GIDLIST=9"]

SETUIDGID = [
    ["alice", *IDS], ["bob", *IDS], ["root", *IDS], ["33", *IDS], ["nogroup", *IDS],
    ["33:44", *IDS], ["33:0", *IDS], ["0:44", *IDS], ["0:0", *IDS], ["", *IDS],
    ["nosuch", "true"], ["alic", "true"], ["1000", "true"],
    ["33:", "true"], [":33", "true"], ["33:44:55", "true"], ["alice:staff:audio", "true"],
    ["-x", "root", "true"], ["alice"], [],
    ["alice", "env"], ["33:44", "env"],
    ["alice", "nosuchprogram"], ["alice", "/etc/passwd"], ["alice", "sh", "-c", "exit 3"],
    ["root", "--", "true"],
    ["alice", "s6-applyuidgid", "-G", "1", "true"],
    ["alice", "s6-applyuidgid", "-g", "1", "true"],
    ["alice", "s6-applyuidgid", "-u", "1", "true"],
]


@pytest.mark.parametrize("arguments", SETUIDGID, ids=" ".join)
def test_setuidgid(ours, arguments):
    same(ours, "s6-setuidgid", arguments, VARIABLES)


def test_setuidgid_sets_everything(ours):
    code, out, _ = same(ours, "s6-setuidgid", ["alice", *IDS])
    assert code == 0
    assert out == ["Gid:\t1000\t1000\t1000\t1000", "Groups:\t29 50 1000 ",
                   "Uid:\t1000\t1000\t1000\t1000"]


def ids(uid, gid):
    return [f"Gid:\t{gid}\t{gid}\t{gid}\t{gid}", f"Groups:\t{gid} ", f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}"]


@pytest.mark.parametrize("account, uid, gid", [
    ("alice:staff", 1000, 50), ("alice:44", 1000, 44), ("33:staff", 33, 50), ("33:99", 33, 99),
    ("nogroup:alice", 1005, 1000)])
def test_setuidgid_of_a_user_and_a_group(ours, account, uid, gid):
    """By names, too, which the reference refuses: that group alone, as with numbers. A number is never a name."""
    assert run(ours, "s6-setuidgid", [account, *IDS]) == (0, ids(uid, gid), "")
    code, out, _ = run(ours, "s6-setuidgid", [account, "env"], VARIABLES)
    assert (code, out) == (0, sorted(VARIABLES))
    code, out, _ = run(ours, "s6-envuidgid", [account, "env"], VARIABLES)
    assert (code, out) == (0, [f"GID={gid}", "GIDLIST=", f"UID={uid}"])
    assert run(ours, "s6-envuidgid", [account, "s6-applyuidgid", "-U", *IDS]) == (0, ids(uid, gid), "")
    assert same(ours, "s6-envuidgid", ["-D", "1:2:3", account, "env"])[1] == ["GID=2", "GIDLIST=3", "UID=1"]


@pytest.mark.parametrize("account, said", [
    ("nosuch:staff", "unknown user: nosuch"), ("33x:44", "unknown user: 33x"), ("nosuch:nosuch", "unknown user: nosuch"),
    ("alice:nosuch", "unknown group: nosuch"), ("33:44x", "unknown group: 44x")])
def test_a_pair_of_which_one_is_not_known(ours, account, said):
    for name in ("s6-setuidgid", "s6-envuidgid"):
        assert run(ours, name, [account, "true"]) == (1, [], f"fatal: {said}\n")


ENVUIDGID = [
    "alice", "bob", "root", "nogroup", "33", "nosuch", "", "1000",
    "-u alice", "-u 33", "-u 34", "-nu 34", "-nu alice", "-nu 33",
    "-g staff", "-g 99", "-ng 99", "-ng 98", "-g 98", "-g nosuch", "-g alice",
    "-B alice:staff", "-B alice", "-B alice:", "-B :staff", "-B :", "-B nosuch:staff",
    "-B alice:nosuch", "-B a:b:c", "alice:", ":staff", "alice:staff:audio", "1:2:3",
    "-nB 12:34", "-nB alice:34", "-nB 12:staff", "-nB x:1", "-nB 1:x",
    "-n alice", "-n alice:staff", "-n 12", "-n 12:34", "-n 12:", "-n :12", "-n :", "-n nosuch",
    "-u -g alice", "-u -B alice:staff", "-B -u alice", "-u -n 34",
    "-i alice", "-i nosuch",
    "-D 1:2:3,4 nosuch", "-D 1:2:3 alice", "-D 1: nosuch", "-D 1 nosuch", "-D :2 nosuch",
    "-D ::5 nosuch", "-D 65534:65534 nosuch", "-D 32761:32761: nosuch", "-D 1:2:3, nosuch",
    "-D x:y nosuch", "-D 1:2:,3 nosuch", "-D 1:2:3 -i nosuch", "-i -D 1:2:3 nosuch",
    "-D 1:2:3 -u nosuch", "-D 1:2:3 -g nosuch", "-D 1:2:3 -B nosuch:nosuch",
    "-D 5:6:7 -B alice:nosuch", "-D 5:6:7 -B alice", "-D 5:6:7 -B :staff", "-D 5:6:7 -B :",
    "-D 1:2:3 -n nosuch", "-D 1:2:3 -n 7", "-D 1:2:3 -n 7:8", "-x alice",
]


@pytest.mark.parametrize("environment", [(), VARIABLES], ids=["bare", "set"])
@pytest.mark.parametrize("words", ENVUIDGID)
def test_envuidgid(ours, words, environment):
    same(ours, "s6-envuidgid", [*words.split(" "), "env"], environment)


def test_envuidgid_without_a_program(ours):
    same(ours, "s6-envuidgid", ["alice"])


APPLYUIDGID = [
    "", "-u 33", "-u 33 -g 44", "-u 33 -g 44 -G 1,2,3", "-u 33 -g 44 -G 1,44,2", "-u 33 -G 5,6",
    "-g 44", "-g 44 -G 5,5,5", "-u 0 -g 0", "-G 1,", "-U", "-U -z", "-Uz", "-z -u 7",
    "-U -u 7 -g 8 -G 9", "-u 7 -g 8 -G 9 -U", "-U -u 0", "-u alice", "-u 4294967296", "-G ,1",
    "-g 1x", "-x",
]
SETS = [
    (), ["UID=33", "GID=44", "GIDLIST=5,6"], ["UID=33", "GID=44", "GIDLIST="],
    ["UID=33", "GID=44"], ["UID=33", "GIDLIST=5"], ["GID=33", "GIDLIST=5"],
    ["UID=x", "GID=1", "GIDLIST=1"], ["UID=", "GID=1", "GIDLIST=1"],
    ["UID=1", "GID=1", "GIDLIST=x"], ["UID=0", "GID=0", "GIDLIST=1"],
]
SHOW_ALL = ["sh", "-c", "grep -E '^(Uid|Gid|Groups)' /proc/self/status; env"]


@pytest.mark.parametrize("words", APPLYUIDGID)
def test_applyuidgid(ours, words):
    same(ours, "s6-applyuidgid", [*words.split(), *SHOW_ALL], SETS[1])


@pytest.mark.parametrize("environment", SETS, ids=" ".join)
def test_applyuidgid_from_variables(ours, environment):
    same(ours, "s6-applyuidgid", ["-U", *IDS], environment)


def test_applyuidgid_with_an_empty_list(ours):
    same(ours, "s6-applyuidgid", ["-g", "44", "-G", "", *IDS])
    same(ours, "s6-applyuidgid", ["-G", "", *IDS])


def test_applyuidgid_without_a_program(ours):
    same(ours, "s6-applyuidgid", ["-u", "1"])


def test_a_list_with_rubbish_is_refused(ours):
    """The reference silently takes the part before it."""
    assert run(ours, "s6-applyuidgid", ["-G", "1,x", "true"])[0] == 100


def test_a_missing_etc_knows_nobody(ours):
    r = subprocess.run(
        ["unshare", "-m", "sh", "-c",
         "mount --make-rprivate / && mount -t tmpfs none /etc && exec \"$@\"", "sh",
         ours / "s6-setuidgid", "root", "true"], capture_output=True, text=True, timeout=60)
    assert (r.returncode, r.stderr) == (1, "s6-setuidgid: fatal: unknown user: root\n")
