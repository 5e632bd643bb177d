"""make install: what command/install lays down under DESTDIR."""
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from lib.build import OVERLOG, TOP

ROOT = Path(TOP)
OLD = ["with-contenv", "execlineb", "logcat", "printcontenv", "probe", "s6-setuidgid", "overlog", "s6-rc", "s6-rc-db",
       "s6-rc-update", "s6-svc", "s6-svdt", "s6-svlink", "s6-svok", "s6-svscanctl", "s6-svstat", "s6-svunlink", "s6-svwait",
       "schedule"]
OTHERS = {"init", "logger", "legacy", "halt", "poweroff", "reboot", "shutdown"}  # programs that base images have

PACKAGES = ["execline", "s6", "s6-linux-init", "s6-linux-utils", "s6-overlay",
            "s6-overlay-helpers", "s6-portable-utils", "s6-rc"]

# Every name that a release has had: a command can join, none may go, so that a table that is no longer listed is seen.
RELEASED = """
    background backtick case cd define dollarat elgetopt elgetpositionals elglob eltest emptyenv envfile event-hooks exec
    execline execline-cd execline-umask execlineb exit export export-array fdblock fdclose fdmove fdreserve
    fdswap forbacktickx foreground forstdin forx getcwd getpid halt heredoc homeof if ifelse ifte ifthenelse
    importas init legacy livecheck logcat logger logutil-newfifo logutil-service loopwhilex multidefine multisubstitute notify
    pipeline piperw posix-cd posix-umask poweroff printcontenv probe reboot redirfd runblock s6-applyuidgid
    schedule
    s6-background-watch s6-basename s6-cat s6-chmod s6-chown s6-chroot s6-cli s6-clock s6-cut s6-dirname
    s6-dnsip s6-dnsip4 s6-dnsip6 s6-dumpenv s6-echo s6-env s6-envdir s6-envuidgid s6-expr s6-false s6-fghack
    s6-format-filter s6-grep s6-head s6-hiercopy s6-hostname s6-linkname s6-ln s6-log s6-logwatch s6-ls
    s6-maximumtime s6-mkdir s6-mkfifo s6-mount s6-nice s6-notifyoncheck s6-overlay-stat s6-pause s6-permafailon
    s6-printenv s6-ps s6-rc s6-rc-compile s6-rc-db s6-rc-dryrun s6-rc-format-upgrade s6-rc-init s6-rc-update
    s6-rename s6-rmrf s6-seq s6-setlock s6-setsid s6-setuidgid s6-sleep s6-socklog s6-softlimit s6-sort s6-svc
    s6-svdt s6-svdt-clear s6-svlink s6-svlisten s6-svlisten1 s6-svok s6-svperms s6-svscanctl s6-svstat
    s6-svunlink s6-svwait s6-sync s6-tai64n s6-tai64nlocal s6-tail s6-test s6-touch s6-true s6-umount shift
    shutdown trap tryexec ucspilogd umask unexport wait with-contenv with-logfiles with-retries withstdinas
""".split()
VERBS = "up run status why metrics report vacuum start stop restart reload kill check create remove graph doc import".split()


def missing():
    """Commands that are not provided, of those that have a link."""
    r = subprocess.run([OVERLOG, "missing"], capture_output=True, text=True, check=True)
    names = [line.split("\t")[0] for line in r.stdout.splitlines()]
    return [name for name in names if name.startswith("s6-")]


def install(destination, umask=0o077, program=OVERLOG):
    r = subprocess.run([ROOT / "command/install", program, destination], capture_output=True,
                       text=True, umask=umask, timeout=300)
    assert r.returncode == 0, r.stderr
    assert r.stdout == ""
    return r.stderr


def tree(root):
    """path -> (kind, mode or target, content)"""
    seen = {}
    for path in sorted(root.rglob("*")):
        s = path.lstat()
        name = str(path.relative_to(root))
        if stat.S_ISLNK(s.st_mode):
            seen[name] = ("link", os.readlink(path))
        elif stat.S_ISDIR(s.st_mode):
            seen[name] = ("folder", oct(s.st_mode & 0o7777))
        else:
            seen[name] = ("file", oct(s.st_mode & 0o7777), path.read_bytes())
    return seen


@pytest.fixture(scope="module")
def commands():
    r = subprocess.run([OVERLOG, "commands"], capture_output=True, text=True, check=True)
    return r.stdout.split()


def expected(commands, old_folder="usr/bin", up="../../"):
    t = {
        "init": ("link", "command/overlog"),
        "command": ("folder", "0o755"),
        "command/overlog": ("file", "0o755", OVERLOG.read_bytes()),
        "usr": ("folder", "0o755"),
        "usr/bin": ("folder", "0o755"),
        "etc": ("folder", "0o755"),
        "etc/s6-overlay": ("folder", "0o755"),
        "etc/s6-overlay/s6-rc.d": ("folder", "0o755"),
        "etc/s6-overlay/user-bundles.d": ("folder", "0o755"),
    }
    for bundle in ("user", "user2"):
        folder = f"etc/s6-overlay/user-bundles.d/{bundle}"
        t[folder] = ("folder", "0o755")
        t[f"{folder}/contents.d"] = ("folder", "0o755")
        t[f"{folder}/type"] = ("file", "0o644", b"bundle\n")
    for name in commands + missing():
        if name not in ("init", "logger", "legacy"):
            t[f"command/{name}"] = ("link", "overlog")
    t["package"] = t["package/admin"] = ("folder", "0o755")
    for name in PACKAGES:
        t[f"package/admin/{name}"] = ("folder", "0o755")
        t[f"package/admin/{name}/command"] = ("link", "../../../command")
    for folder in ("etc", "etc/s6-rc", "etc/s6-rc/sources", "etc/s6-rc/scripts"):
        t[f"package/admin/s6-overlay/{folder}"] = ("folder", "0o755")
    for name in OLD:
        if name in commands + ["overlog"]:
            t[f"{old_folder}/{name}"] = ("link", f"{up}command/{name}")
    return t


def test_no_command_is_lost(commands):
    assert sorted(set(RELEASED) - set(commands)) == []
    assert len(commands) == len(set(commands))
    for words in [[name] for name in RELEASED] + [["overlog", verb] for verb in VERBS]:
        r = subprocess.run([OVERLOG, *words[-1:], "--help"], capture_output=True, text=True)
        assert (r.returncode, r.stderr) == (0, "")
        assert r.stdout.startswith(f"usage: {' '.join(words)} "), words


def test_empty_folder(tmp_path, commands):
    root = tmp_path / "new" / "root"
    said = install(root)
    assert tree(root) == expected(commands)
    # A real /bin would replace the link of an image that the tree is copied over.
    assert said == f"install: no /bin in {root}, so no /bin/execlineb" \
                   " (make the folder first to have it)\n"


def test_twice_changes_nothing(tmp_path):
    (tmp_path / "bin").mkdir()
    assert install(tmp_path) == ""
    before = tree(tmp_path)
    assert install(f"{tmp_path}//") == ""
    assert tree(tmp_path) == before


def test_busybox_root(tmp_path, commands):
    tmp_path.chmod(0o755)
    (tmp_path / "bin").mkdir(mode=0o755)
    shutil.copy("/bin/busybox", tmp_path / "bin/busybox")
    (tmp_path / "bin/sh").symlink_to("busybox")
    assert install(tmp_path) == ""
    t = tree(tmp_path)
    assert t.pop("bin/sh") == ("link", "busybox")
    assert t.pop("bin/busybox")[0] == "file"
    assert t.pop("bin") == ("folder", "0o755")
    if "execlineb" in commands:
        assert t.pop("bin/execlineb") == ("link", "../command/execlineb")
    assert t == expected(commands)
    r = subprocess.run(["chroot", tmp_path, "/init", "--help"], capture_output=True, text=True)
    assert r.returncode == 0
    r = subprocess.run(["chroot", tmp_path, "/usr/bin/s6-setuidgid", "33:44", "/bin/busybox", "id",
                        "-u"], capture_output=True, text=True)
    assert (r.returncode, r.stdout) == (0, "33\n")


@pytest.mark.parametrize("target", ["usr/bin", "/usr/bin", "./usr/../usr/bin/"])
def test_merged_usr(tmp_path, commands, target):
    (tmp_path / "usr/bin").mkdir(parents=True, mode=0o755)
    (tmp_path / "usr").chmod(0o755)
    (tmp_path / "bin").symlink_to(target)
    host = sorted(os.listdir("/usr/bin"))
    assert install(tmp_path) == ""
    t = tree(tmp_path)
    assert t.pop("bin") == ("link", target)
    assert t == expected(commands)
    assert sorted(os.listdir("/usr/bin")) == host


def test_usr_bin_is_a_link(tmp_path, commands):
    (tmp_path / "usr").mkdir(mode=0o755)
    (tmp_path / "bin").mkdir(mode=0o755)
    (tmp_path / "usr/bin").symlink_to("../bin")
    assert install(tmp_path) == ""
    t = tree(tmp_path)
    e = expected(commands, "bin", "../")
    e["bin"] = ("folder", "0o755")
    e["usr/bin"] = ("link", "../bin")
    assert t == e


def test_other_programs_are_kept(tmp_path, commands):
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "usr/bin/s6-setuidgid").write_text("theirs")
    (tmp_path / "usr/bin/printcontenv").symlink_to("elsewhere")
    (tmp_path / "usr/bin/schedule").write_text("theirs")
    said = install(tmp_path)
    assert said == "".join(
        f"install: kept {tmp_path}/usr/bin/{name}, which is not ours; "
        f"it should lead to /command/{name}\n" for name in ("printcontenv", "s6-setuidgid", "schedule"))
    for name in ("s6-setuidgid", "schedule"):
        assert (tmp_path / "usr/bin" / name).read_text() == "theirs"
    assert os.readlink(tmp_path / "usr/bin/printcontenv") == "elsewhere"


def test_our_names_are_replaced_and_said(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "command").mkdir()
    (tmp_path / "init").write_text("#!/bin/sh\n")
    (tmp_path / "command/with-contenv").write_text("#!/command/execlineb\n")
    (tmp_path / "command/printcontenv").symlink_to("../package/admin/x/command/printcontenv")
    said = install(tmp_path)
    assert said == f"install: replaced the file {tmp_path}/init\n" \
                   f"install: replaced the file {tmp_path}/command/with-contenv\n"
    assert os.readlink(tmp_path / "init") == "command/overlog"
    assert os.readlink(tmp_path / "command/with-contenv") == "overlog"
    assert os.readlink(tmp_path / "command/printcontenv") == "overlog"


def test_the_logger_of_the_image_is_not_hidden(tmp_path):
    (tmp_path / "command").mkdir()
    (tmp_path / "command/logger").symlink_to("overlog")  # of an earlier version
    assert "fatal" not in install(tmp_path)
    assert not (tmp_path / "command/logger").is_symlink()


def test_definitions_are_never_overwritten(tmp_path):
    (tmp_path / "bin").mkdir()
    user = tmp_path / "etc/s6-overlay/user-bundles.d/user"
    (user / "contents.d").mkdir(parents=True)
    (user / "contents.d/mine").write_text("")
    (user / "type").write_text("bundle")
    definition = tmp_path / "etc/s6-overlay/s6-rc.d/mine"
    definition.mkdir(parents=True)
    (definition / "type").write_text("longrun\n")
    assert install(tmp_path) == ""
    assert (user / "type").read_text() == "bundle"
    assert os.listdir(user / "contents.d") == ["mine"]
    assert (definition / "type").read_text() == "longrun\n"


def test_a_running_program_is_replaced(tmp_path):
    (tmp_path / "bin").mkdir()
    install(tmp_path)
    program = tmp_path / "command/overlog"
    before = program.stat().st_ino
    with open(program, "rb"):
        running = subprocess.Popen([tmp_path / "command/s6-applyuidgid", "cat"],
                                   stdin=subprocess.PIPE)
        install(tmp_path)
        running.communicate(timeout=60)
    assert program.stat().st_ino != before


def test_make_install(tmp_path):
    (tmp_path / "bin").mkdir()
    subprocess.run(["make", "-s", "-C", ROOT, "install", f"DESTDIR={tmp_path}"], check=True,
                   capture_output=True, timeout=300)
    assert os.readlink(tmp_path / "init") == "command/overlog"


def test_links_for_all_commands(tmp_path, commands):
    (tmp_path / "bin").mkdir()
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/s6-echo").write_text("theirs")
    r = subprocess.run(["make", "-s", "-C", ROOT, "install", "WITH=symlinks", f"DESTDIR={tmp_path}"], check=True,
                       capture_output=True, text=True, timeout=300)
    assert r.stderr == f"install: kept {tmp_path}/usr/bin/s6-echo, which is not ours; it should lead to /command/s6-echo\n"
    assert (tmp_path / "usr/bin/s6-echo").read_text() == "theirs"
    links = {p.name for p in (tmp_path / "usr/bin").iterdir() if p.is_symlink()}
    assert links == {"overlog", *commands} - OTHERS - {"s6-echo"}
    r = subprocess.run(["s6-seq", "2"], executable=tmp_path / "usr/bin/s6-seq", capture_output=True, text=True, check=True)
    assert r.stdout == "1\n2\n"


def test_the_tarball_of_links(tmp_path, commands):
    tarball = tmp_path / "symlinks.tar.gz"
    subprocess.run([ROOT / "release/pack", "-s", OVERLOG, tarball], check=True, timeout=300)
    listed = subprocess.run(["tar", "-tvzf", tarball], capture_output=True, text=True, check=True).stdout.splitlines()
    names = {line.split()[5]: line.split(" -> ")[-1] for line in listed if line.startswith("l")}
    assert names == {f"usr/bin/{name}": f"../../command/{name}" for name in {"overlog", *commands} - OTHERS}
    assert sorted(line.split()[5] for line in listed if line.startswith("d")) == ["usr/", "usr/bin/"]


@pytest.mark.parametrize("base", ["debian", "busybox"])
def test_no_base_image_has_a_file_of_these_names(commands, base):
    ours = {"overlog", *commands} - OTHERS
    if base == "busybox":
        theirs = set(subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split())
    else:  # what each Debian has, whatever else is installed here
        essential = subprocess.run(["dpkg-query", "-Wf", "${Package} ${Essential} ${Priority}\n"], capture_output=True, text=True,
                                   check=True).stdout.splitlines()
        packages = [line.split()[0] for line in essential if line.split()[1] == "yes" or line.split()[-1] in ("required", "important")]
        files = subprocess.run(["dpkg-query", "-L", *packages], capture_output=True, text=True).stdout.splitlines()
        theirs = {os.path.basename(f) for f in files if re.fullmatch(r"(/usr)?/s?bin/[^/]+", f)}
        assert "logger" in theirs or "ls" in theirs
    assert not ours & theirs


def test_package_paths_lead_to_the_commands(tmp_path):
    install(tmp_path)
    for name in PACKAGES:
        r = subprocess.run([tmp_path / "package/admin" / name / "command/s6-echo", "hello"],
                           capture_output=True, text=True)
        assert (r.returncode, r.stdout) == (0, "hello\n")
    before = tree(tmp_path)
    install(tmp_path)
    assert tree(tmp_path) == before


def test_packages_of_the_image_are_kept(tmp_path):
    theirs = tmp_path / "package/admin/s6-1.0/command"
    theirs.mkdir(parents=True)
    (tmp_path / "package/admin/s6").symlink_to("s6-1.0")
    install(tmp_path)
    assert os.readlink(tmp_path / "package/admin/s6") == "s6-1.0"
    assert list(theirs.iterdir()) == []


def test_usage():
    for arguments in ([], ["/nonexistent", "/tmp/x"], [OVERLOG]):
        r = subprocess.run([ROOT / "command/install", *arguments], capture_output=True, text=True)
        assert (r.returncode, r.stderr) == (100, "usage: install [-s] PROGRAM DESTDIR [LISTER]\n")
