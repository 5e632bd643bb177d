"""The small tools where there is no reference to compare with: time, processes, races, mounts."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from lib.build import OVERLOG
from lib.processes import process_state
from lib.wait import wait_for


@pytest.fixture(scope="module")
def bin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    (folder / "overlog").write_bytes(OVERLOG.read_bytes())
    (folder / "overlog").chmod(0o755)
    for what in ("commands", "missing"):
        r = subprocess.run([OVERLOG, what], capture_output=True, text=True, check=True)
        for line in r.stdout.splitlines():
            (folder / line.split("\t")[0]).symlink_to("overlog")
    return folder


def run(bin, *words, **more):
    more.setdefault("env", {"PATH": f"{bin}:/usr/bin:/bin"})
    r = subprocess.run([bin / words[0], *words[1:]], capture_output=True, text=True, timeout=60,
                       **more)
    return r.returncode, r.stdout, r.stderr


# --- an ignored SIGCHLD, inherited: the kernel drops what became of a child

def ignore():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def run_ignoring(bin, *words, **more):
    return run(bin, *words, preexec_fn=ignore, **more)


@pytest.mark.parametrize("code,words", [
    (0, ["s6-maximumtime", "60000", "true"]),
    (1, ["s6-maximumtime", "0", "false"]),
    (0, ["with-retries", "-n", "1", "-t", "60000", "true"]),
    (1, ["s6-fghack", "false"]),
    (3, ["s6-background-watch", "pidfile", "sh", "-c", "exit 3"]),
    (3, ["trap", " TERM", " ", "", "sh", "-c", "exit 3"]),
], ids=lambda words: words[0] if isinstance(words, list) else None)
def test_codes_under_an_ignored_sigchld(bin, tmp_path, code, words):
    assert run_ignoring(bin, *words, cwd=tmp_path)[0] == code


def test_loops_and_wait_under_an_ignored_sigchld(bin):
    assert run_ignoring(bin, "execlineb", "-Pc", "forx -x 1 i { a b } exit 1")[0] == 1
    assert run_ignoring(bin, "execlineb", "-Pc", "forx i { a b } importas i i echo $i") == (0, "a\nb\n", "")
    for wait in ("wait { }", "importas p ! wait { $p }", "wait -o { }"):
        script = f"background {{ sleep 0.2 }} {wait} grep SigIgn /proc/self/status"
        code, said, _ = run_ignoring(bin, "execlineb", "-Pc", script)
        assert code == 0 and int(said.split()[1], 16) & 1 << signal.SIGCHLD - 1, "what follows ignores it as before"


@pytest.mark.parametrize("code,told", [(0, "\n"), (1, "")])
def test_readiness_under_an_ignored_sigchld(bin, tmp_path, code, told):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/check").write_text(f"#!/bin/sh\nexit {code}\n")
    (tmp_path / "data/check").chmod(0o755)
    out, into = os.pipe()
    # As it runs beside its service, for which we stand.
    run_ignoring(bin, "s6-notifyoncheck", "-3", str(into), "-s", "0", "-n", "1", "-X", str(os.getpid()), "prog",
                 pass_fds=[into], cwd=tmp_path)
    os.close(into)
    with open(out) as file:
        assert file.read() == told


# --- s6-setlock

def test_a_lock_is_not_waited_for_longer_where_the_alarm_is_blocked(bin, tmp_path):
    """And what follows has it blocked, as before."""
    def block():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])

    with open(tmp_path / "lock", "w") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        assert run(bin, "s6-setlock", "-t", "100", "lock", "true", preexec_fn=block, cwd=tmp_path)[0] == 1
    code, said, _ = run(bin, "s6-setlock", "-t", "60000", "lock", "grep", "SigBlk", "/proc/self/status", preexec_fn=block,
                        cwd=tmp_path)
    assert code == 0 and int(said.split()[1], 16) & 1 << signal.SIGALRM - 1


# --- with-retries

def test_retries_until_it_succeeds(bin, tmp_path):
    script = 'echo try >>log; test $(wc -l <log) = 3'
    assert run(bin, "with-retries", "-n", "5", "-t", "0", "sh", "-c", script, cwd=tmp_path)[0] == 0
    assert (tmp_path / "log").read_text() == "try\n" * 3


def test_retries_are_counted(bin, tmp_path):
    assert run(bin, "with-retries", "sh", "-c", "echo x >>log; exit 7", cwd=tmp_path)[0] == 1
    assert (tmp_path / "log").read_text() == "x\n" * 3
    assert run(bin, "with-retries")[0] == 100


def test_an_attempt_that_takes_too_long_is_terminated(bin, tmp_path):
    script = 'echo $$ >>log; exec sleep 100'

    def attempts():
        (tmp_path / "log").write_text("")
        assert run(bin, "with-retries", "-n", "2", "-t", "200", "sh", "-c", script,
                   cwd=tmp_path)[0] == 1
        pids = [int(p) for p in (tmp_path / "log").read_text().split()]
        assert len(pids) <= 2
        return pids if len(pids) == 2 else None  # a shell that is slow does not come to write
    pids = wait_for(attempts)
    wait_for(lambda: not any(Path(f"/proc/{p}").exists() and
                                     process_state(p) != "Z" for p in pids))


# --- s6-background-watch

DAEMON = """
import os, signal, sys, time
pid = os.fork()
if pid:
    open("pid", "w").write(f"{pid}\\n")
    os._exit(int(sys.argv[1]))
got = []
signal.signal(signal.SIGUSR1, lambda *_: open("usr1", "w").close())
signal.signal(signal.SIGTERM, lambda *_: os._exit(9))
open("up", "w").close()
while True:
    signal.pause()
"""


@pytest.fixture
def watch(bin, tmp_path):
    started = []

    def start(*options, code=0, daemon=DAEMON):
        read, write = os.pipe()
        p = subprocess.Popen([bin / "s6-background-watch", "-d", str(write), *options, "pid",
                              "/usr/bin/python3", "-c", daemon, str(code)], cwd=tmp_path,
                             pass_fds=[write], stderr=subprocess.PIPE, text=True)
        os.close(write)
        started.append((p, read))
        return p, read

    yield start
    if (tmp_path / "pid").exists():
        daemon = (tmp_path / "pid").read_text().strip()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if os.readlink(f"/proc/{daemon}/cwd") == str(tmp_path):  # its pid may be another's by now
                os.kill(int(daemon), signal.SIGKILL)
    for p, read in started:
        if p.poll() is None:
            p.kill()
        p.communicate()
        os.close(read)


def test_a_daemon_is_watched(watch, tmp_path):
    p, ready = watch()
    assert os.read(ready, 10) == b"\n"
    assert os.read(ready, 10) == b"", "the descriptor is closed, in the daemon as well"
    wait_for((tmp_path / "up").exists)
    p.send_signal(signal.SIGUSR1)
    wait_for((tmp_path / "usr1").exists)
    assert p.poll() is None
    p.send_signal(signal.SIGTERM)
    assert p.wait(60) == 9


def test_a_daemon_that_is_killed(watch, tmp_path):
    p, ready = watch()
    assert os.read(ready, 10) == b"\n"
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert p.wait(60) == 137


def test_a_daemon_that_fails_to_start(watch):
    p, ready = watch(code=5)
    assert p.wait(60) == 5
    assert os.read(ready, 10) == b""


def test_a_daemon_that_stays_in_the_foreground(watch):
    p, _ = watch("-t", "100", daemon="import signal; signal.pause()")
    assert p.wait(60) == 137
    assert "in time" in p.stderr.read()


def test_a_daemon_without_a_pidfile(watch):
    p, _ = watch(daemon="pass")
    assert p.wait(60) == 111
    assert "unable to open pid" in p.stderr.read()


def test_a_pidfile_of_nobody(watch, tmp_path):
    p, _ = watch(daemon="open('pid', 'w').write('0')")
    assert p.wait(60) == 111
    (tmp_path / "pid").unlink()


# --- nothing is followed

def test_rmrf_never_leaves_the_tree(bin, tmp_path):
    """A directory that is exchanged with a link while it is removed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").write_text("")
    stop = threading.Event()

    def exchange():
        while not stop.is_set():
            for step in (lambda: os.rename(inside / "a", inside / "b"),
                         lambda: os.symlink(outside, inside / "a"),
                         lambda: os.unlink(inside / "a"),
                         lambda: os.rename(inside / "b", inside / "a")):
                try:
                    step()
                except OSError:
                    pass

    inside = tmp_path / "inside"
    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        for _ in range(50):
            inside.mkdir(exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.mkdir(inside / "a")
            run(bin, "s6-rmrf", str(inside))
    finally:
        stop.set()
        thread.join()
    assert (outside / "keep").exists()


def test_rmrf_takes_deep_trees_and_not_the_root(bin, tmp_path):
    deep = tmp_path
    for _ in range(200):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "file").write_text("")
    assert run(bin, "s6-rmrf", str(tmp_path / "d") + "//")[0] == 0
    assert list(tmp_path.iterdir()) == []
    code, _, said = run(bin, "s6-rmrf", "//")
    assert (code, said) == (111, "s6-rmrf: fatal: unable to remove /: Operation not permitted\n")


def test_hiercopy_writes_through_no_link(bin, tmp_path):
    (tmp_path / "from").mkdir()
    (tmp_path / "from/a").write_text("new")
    (tmp_path / "from/b").mkdir()
    (tmp_path / "from/b/c").write_text("new")
    (tmp_path / "to").mkdir()
    (tmp_path / "victim").write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "to/a").symlink_to("../victim")
    assert run(bin, "s6-hiercopy", "from", "to", cwd=tmp_path)[0] == 0
    assert (tmp_path / "victim").read_text() == "old"
    assert not (tmp_path / "to/a").is_symlink()
    assert (tmp_path / "to/a").read_text() == "new"
    (tmp_path / "to/b/c").unlink()
    (tmp_path / "to/b").rmdir()
    (tmp_path / "to/b").symlink_to("../folder")
    assert run(bin, "s6-hiercopy", "from", "to", cwd=tmp_path)[0] == 111
    assert list((tmp_path / "folder").iterdir()) == []


# --- mounts, processes, facts

def in_namespace(bin, script):
    return subprocess.run(["unshare", "-m", "-u", "sh", "-ec",
                           f"mount --make-rprivate /; PATH={bin}:$PATH; {script}"],
                          capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_mounts(bin, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b c").mkdir()
    fstab = "# comment\n\nnone {0}/a tmpfs rw,nosuid,size=1m 0 0\nnone {0}/b\\040c tmpfs ro 0 0\n" \
            "none {0}/a swap sw 0 0\nnone {0}/nosuch tmpfs noauto 0 0\n"
    (tmp_path / "fstab").write_text(fstab.format(tmp_path))
    r = in_namespace(bin, f"""
        cd {tmp_path}
        s6-mount -a -z fstab; grep {tmp_path} /proc/mounts | cut -d ' ' -f 2-4
        s6-mount -n -o remount,ro -o noexec -t tmpfs none a; grep '{tmp_path}/a ' /proc/mounts
        s6-umount "b c"; s6-mount -r -t tmpfs none a && echo twice
        s6-mount -t tmpfs none nosuch || echo $?
        s6-umount nosuch || echo $?
        s6-mount | cmp - /proc/mounts && echo same
        s6-mount -o bind a "b c"; s6-mount -o move "b c" /mnt; grep -c ' /mnt ' /proc/mounts
        s6-mount a || echo $?""")
    lines = r.stdout.splitlines()
    assert re.match(rf"{tmp_path}/a tmpfs rw,nosuid,relatime,size=1024k", lines[0]), r
    assert lines[1].startswith(rf"{tmp_path}/b\040c tmpfs ro,relatime")
    assert "ro" in lines[2] and "noexec" in lines[2]
    assert lines[3:] == ["twice", "111", "111", "same", "1", "100"], r


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_umount_all(bin, tmp_path):
    r = in_namespace(bin, f"mount -t tmpfs x {tmp_path}; mkdir {tmp_path}/y;"
                          f"mount -t tmpfs x {tmp_path}/y; s6-umount -a || true;"
                          f"grep -c {tmp_path} /proc/mounts || true")
    assert r.stdout == "0\n" or "unable to unmount" in r.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_hostname(bin):
    r = in_namespace(bin, "s6-hostname other.name; s6-hostname; hostname")
    assert r.stdout == "other.name\nother.name\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_chroot(bin, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/overlog").write_bytes(OVERLOG.read_bytes())
    (tmp_path / "bin/overlog").chmod(0o755)
    (tmp_path / "bin/s6-ls").symlink_to("overlog")
    assert run(bin, "s6-chroot", str(tmp_path), "/bin/s6-ls", ".") == (0, "bin\n", "")
    assert run(bin, "s6-chroot", str(tmp_path / "nosuch"), "true")[0] == 111


def test_ps(bin):
    title = run(bin, "s6-ps")[1].splitlines()[0].split()
    assert title == ["USER", "PID", "TTY", "STAT", "START", "COMMAND"]
    with subprocess.Popen(["sleep", "1000"]) as child:
        try:
            fields = "pid,ppid,pgrp,comm,s,user,nice,thcount,args"
            rows = run(bin, "s6-ps", "-o", fields)[1].splitlines()
            row = next(r.split() for r in rows if r.split()[0] == str(child.pid))
            user = subprocess.check_output(["id", "-un"], text=True).strip()
            assert row[:4] == [str(child.pid), str(os.getpid()), str(os.getpgrp()), "sleep"]
            assert row[5:] == [user, str(os.nice(0)), "1", "sleep", "1000"]
            tree = run(bin, "s6-ps", "-H", "-o", "pid,args")[1].splitlines()
            pids = [int(line.split()[0]) for line in tree[1:]]
            assert pids.index(child.pid) > pids.index(os.getpid())
            assert re.search(rf"^ *{child.pid}  +\\_ sleep 1000$", "\n".join(tree), re.M)
            assert len(set(pids)) == len(pids)
        finally:
            child.kill()


def test_ps_shows_names_that_a_terminal_would_obey(bin, tmp_path):
    """One column beside another, whatever a process calls itself."""
    name = "\x1b[31mX\x07\t\u00fc"
    os.symlink(shutil.which("sleep"), tmp_path / name)
    with subprocess.Popen([tmp_path / name, "1000"], env={"A": "\u009b2J\u00fc\nb"}) as child:
        try:
            lines = run(bin, "s6-ps", "-o", "comm,pid,env,args")[1].split("\n")
        finally:
            child.kill()
    assert not [line for line in lines if re.search("[\x00-\x1f\x7f-\x9f]", line)]
    row = next(line for line in lines if line.startswith("^[[31mX^G \u00fc "))
    assert row.split()[2:4] == [str(child.pid), "A=\\u009b2J\u00fc^Jb"]
    assert row.endswith("/^[[31mX^G \u00fc 1000")
    assert row.index(str(child.pid)) + len(str(child.pid)) == lines[0].index("PID") + len("PID")


def test_ps_knows_every_field(bin):
    every = "pid,comm,s,ppid,pgrp,sess,tty,tpgid,minflt,cminflt,majflt,cmajflt,utime,stime,cutime," \
            "cstime,prio,nice,thcount,start,vsize,rss,rsslimit,psr,rtprio,policy,user,group,pmem," \
            "wchan,pcpu,ttime,cttime,tstart,cpcpu"
    code, out, said = run(bin, "s6-ps", "-w", "1", "-o", every)
    assert (code, said) == (0, "")
    assert all(len(line.split()) >= every.count(",") + 1 for line in out.splitlines())
    assert run(bin, "s6-ps", "-o", "pid,nosuch")[0] == 100
    assert run(bin, "s6-ps", "-o", "pid,pid")[0] == 100
    assert run(bin, "s6-ps", "-w", "0")[0] == 100
    assert len(run(bin, "s6-ps", "-l")[1].splitlines()[0].split()) == 11


def test_overlay_stat(bin, tmp_path):
    path = tmp_path / "f"
    path.write_text("")
    path.chmod(0o6754)
    if os.geteuid() == 0:
        os.chown(path, 0, 0)
        path.chmod(0o6754)
        assert run(bin, "s6-overlay-stat", str(path)) == \
            (0, "uid=0\nuser=root\ngid=0\ngroup=root\nperms=orgxgruxuruwgsus\n".replace(
                "uxuruw", "uxuwur"), "")
    assert run(bin, "s6-overlay-stat", str(tmp_path / "nosuch"))[0] == 111
    assert run(bin, "s6-overlay-stat")[0] == 100


# --- what is not provided

def test_not_provided_says_what_instead(bin):
    code, out, said = run(bin, "s6-tcpserver", "-x", env={"PATH": str(bin)})
    assert (code, out) == (127, "")
    assert said == "s6-tcpserver: fatal: not provided by overlog: use socat, or the " \
                   "s6-networking package of the distribution\n"
    assert run(bin, "overlog", "s6-quote", "1", env={"PATH": str(bin)})[0] == 127
    assert run(bin, "overlog", "s6", env={"PATH": str(bin)})[2] == \
        "overlog: fatal: no command s6 (overlog help all lists them)\n"


def test_each_that_is_not_provided_says_what_instead(bin):
    for line in run(bin, "overlog", "missing")[1].splitlines():
        name, instead = line.split("\t")
        assert run(bin, name, "-x", "a", env={"PATH": str(bin)}) == \
            (127, "", f"{name}: fatal: not provided by overlog: use {instead}\n")


def test_not_provided_leaves_to_another_program(bin, tmp_path):
    other = tmp_path / "s6-tcpserver"
    other.write_text("#!/bin/sh\necho theirs \"$@\"\nexit 3\n")
    other.chmod(0o755)
    path = f"{bin}:/nosuch:{tmp_path}:/usr/bin:/bin"
    assert run(bin, "s6-tcpserver", "a b", env={"PATH": path}) == (3, "theirs a b\n", "")


def test_a_full_disk_is_said(bin):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    with open("/dev/full", "w") as full:
        r = subprocess.run([bin / "s6-echo", "x"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert r.returncode == 111
    assert r.stderr == "s6-echo: fatal: unable to write to standard output\n"


# --- root in a folder of somebody else

@pytest.mark.parametrize("words, link", [(("-g", ":0"), "event"), (("-G", ":0"), "supervise/control")])
def test_permissions_are_not_changed_through_a_link(bin, tmp_path, words, link):
    service, victim = tmp_path / "service", tmp_path / "victim"
    for folder in ("event", "supervise"):
        (service / folder).mkdir(parents=True)
    os.mkfifo(service / "supervise/control", 0o600)
    victim.write_text("")
    victim.chmod(0o600)
    if link == "event":
        words = ("-E", ":0")
        (service / link).rmdir()
    else:
        (service / link).unlink()
    (service / link).symlink_to(victim)
    code, _, err = run(bin, "s6-svperms", *words, service)
    assert code == 111 and link in err, err
    assert victim.stat().st_mode & 0o7777 == 0o600
