"""Links of a chain that run in one process: nothing may show that there was no exec in between.

Every script runs three times: with all names leading to one program, where the next command needs no
exec; with every name a program of its own (a copy: another file), where each link is one; and with
the packaged commands. All three must print the same and exit with the same code."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from lib.build import OVERLOG

PACKAGED = Path("/usr/lib/execline/bin")

# What the process itself sees of itself, printed by a link and not by a program that was executed.
FDS = "elglob -s F /proc/self/fd/* echo $F"
STATUS = ("redirfd -r 0 /proc/self/status withstdinas -n S importas -sd '\\n' S S "
          "forx -E L { ${S} } case $L { '(Sig(Blk|Ign|Cgt)|Umask|Uid|Gid|Groups|CapEff|NoNewPrivs).*' { echo $L } }")

SCRIPTS = [
    # The environment.
    "export A a export B '' unexport A env",
    "export A a emptyenv -p env",
    "export A a exec -c export B b /usr/bin/env",
    "export A a exec -c define X y exec -c export B b /usr/bin/env",
    "export A a define -s X '1 2' importas -u Y A foreground { echo ${X}${Y} } env",
    "define A a define B b define C c echo ${A}${B}${C} $A $B $C",
    "define A '${B}' define B b echo $A",
    "multisubstitute { define A '${B}' define B b } echo $A",
    "backtick A { echo x } importas A A backtick B { echo $A y } importas B B echo $B",
    "backtick -E A { echo x } backtick -E B { echo $A y } backtick -E C { echo $B z } echo $C",
    "execlineb -c 'execlineb -c \"env\" x y' a b c",
    "execlineb -S1 -c 'execlineb -S1 -c \"echo \\\\$1 $1\" x y' a b c",
    "execlineb -c 'elgetopt ab: shift -n 1 env' -a -b c d e",
    "execlineb -c 'elgetpositionals execlineb -c \"elgetpositionals echo $1 \\\\$1\" x' a",
    "execlineb -c 'runblock 1' { echo a }",
    "execlineb -c 'runblock 1' { execlineb -c \"runblock 2\" { echo a } { dollarat } }",
    "foreground { exit 3 } importas X ? foreground { exit 4 } importas Y ? echo $X $Y",
    "getpid -E A getpid -E B sh -c 'test $0 = $1 && test $0 = $$ && echo same' $A $B",
    # Directory, mask, positions.
    "cd / umask 027 cd /usr getcwd -E D foreground { umask 077 sh -c umask } foreground { echo $D } sh -c umask",
    "posix-cd / posix-cd - posix-umask 022 posix-cd /usr posix-umask",
    "posix-cd /usr fdmove 1 2 posix-cd - execlineb -c dollarat a b",
    # Descriptors: what is open, and what would not survive an exec.
    FDS,
    f"fdreserve 3 {FDS}",
    f"fdreserve 2 multisubstitute {{ importas A FD0 importas B FD1 }} piperw $A $B {FDS}",
    f"piperw 7 8 {FDS}", f"piperw 4 3 {FDS}", f"heredoc 5 text {FDS}", f"heredoc 0 text withstdinas V {FDS}",
    f"fdmove -c 9 1 {FDS}", f"fdmove -c 9 1 fdmove 8 9 {FDS}", f"fdmove -c 9 1 fdclose 9 {FDS}",
    f"fdmove -c 5 1 fdswap 5 2 {FDS}", f"fdclose 0 {FDS}", f"fdclose 2 fdclose 0 {FDS}",
    f"redirfd -r 0 /dev/null {FDS}", f"redirfd -w 6 out {FDS}", f"fdclose 0 redirfd -r 0 /dev/null {FDS}",
    f"foreground {{ mkfifo p }} redirfd -wnb 3 p {FDS}", f"redirfd -w 3 out redirfd -a 4 out redirfd -r 5 out {FDS}",
    f"pipeline {{ echo a }} {FDS}", f"pipeline -w {{ cat }} {FDS}", f"pipeline -d {{ echo a }} pipeline {{ cat }} {FDS}",
    f"background {{ true }} wait {{ }} {FDS}", f"backtick A {{ echo a }} {FDS}", f"foreground {{ true }} {FDS}",
    f"if {{ true }} {FDS}", f"ifelse {{ false }} {{ }} {FDS}", f"ifthenelse {{ true }} {{ }} {{ }} {FDS}",
    f"forx A {{ a }} {FDS}", f"forbacktickx A {{ echo a }} {FDS}", f"heredoc 0 'a\\n' forstdin A {FDS}",
    f"foreground {{ redirfd -w 1 v echo A=b }} envfile v {FDS}", f"elglob X /* {FDS}", f"tryexec {{ {FDS} }} exit",
    f"case a {{ a {{ {FDS} }} }}", f"execlineb -c '{FDS}'", f"background {{ {FDS} }} wait {{ }} exit 0",
    f"pipeline {{ {FDS} }} cat", f"pipeline -w {{ cat }} foreground {{ {FDS} }} exit 0", f"trap {{ TERM {{ }} }} {FDS}",
    "foreground { redirfd -w 1 s echo elglob -s F /proc/self/fd/* echo \\\\$F } execlineb -P s",
    # Signals, ids, mask: what the kernel says of the process.
    STATUS, f"background {{ true }} wait {{ }} {STATUS}", f"foreground {{ true }} umask 077 {STATUS}",
    f"forx A {{ a }} {STATUS}", f"pipeline {{ echo a }} {STATUS}", f"backtick A {{ echo a }} {STATUS}",
    f"background {{ sleep 0.01 }} wait -o {{ }} {STATUS}", f"trap {{ TERM {{ }} }} {STATUS}",
    "redirfd -r 0 /proc/self/comm withstdinas S importas -S S echo $S".replace("-S S", "S S"),
    "foreground { redirfd -r 0 /proc/self/comm withstdinas S importas S S echo $S } define A b exit",
    # Exit codes and what stands at the end.
    "define A b exit 7", "export A b exit 300", "define A b", "export A b exit x", "cd /nosuch exit 3",
    "define A b if { false } exit 9", "export A b nosuch", "export A b /etc/passwd", "define A b /",
    "tryexec { nosuch } export A b echo c", "tryexec { define A b nosuch } echo c", "tryexec -c { export A b /usr/bin/env } exit",
    "tryexec -n { export A b echo d } nosuch", "tryexec -a x { define A b echo $A } exit",
    "define A b if { execlineb -c 'exit 300' } exit 1", "loopwhilex exit 4", "forx -x 3 A { a b } foreground { echo a } exit 3",
    # Names.
    "execlineb -c 'importas A 0 echo $A' x", "exec -a zero execlineb -c 'importas A 0 echo $A' x",
    "exec -a zero execlineb -S0 -c 'echo $0'", "exec -l define A b echo $A",
    "exec -la foo foreground { echo a } echo b",
]


# Other programs of ours that execute their rest, as links between two.
TOOLS = ["s6-setuidgid", "s6-applyuidgid", "s6-envuidgid", "s6-envdir", "s6-softlimit", "s6-setlock", "s6-setsid", "s6-nice", "s6-chroot",
         "s6-env", "s6-sleep", "with-contenv"]
TOOL_LINKS = [
    "s6-envuidgid nobody", "s6-envdir /var/empty/nosuch", "s6-envdir -I /nosuch", "s6-envdir d s6-envdir d", "s6-envdir -fn -- d", "s6-softlimit -o 64",
    "s6-softlimit -c 0 -o 32", "s6-setlock lock", "s6-setlock -r -n lock s6-setlock -t 100 other", "s6-setlock -d 7 lock", "s6-setsid", "s6-setsid -b",
    "s6-setsid -q s6-setsid -q", "s6-nice -n 2", "s6-nice -n 1 s6-nice -n 1", "s6-env A=b", "s6-env -i B=c PATH=/nosuch", "s6-sleep 0", "with-contenv",
    "s6-applyuidgid -G 4,5", "s6-applyuidgid -g 9", "s6-chroot /", "s6-env PATH=/nosuch",
]


@pytest.fixture
def tmp_path(place):
    """One that other users may enter."""
    return Path(place)


@pytest.fixture(scope="session")
def folders():
    """One program under every name; a copy for every name; the packaged ones."""
    base = Path(tempfile.mkdtemp(prefix="overlog-test-"))
    base.chmod(0o755)
    one, copies = base / "one", base / "copies"
    one.mkdir()
    copies.mkdir()
    shutil.copy(OVERLOG, one / "overlog")
    names = [p.name for p in PACKAGED.iterdir()] + TOOLS
    for name in names:
        (one / name).symlink_to("overlog")
        shutil.copy(OVERLOG, copies / name)
    yield {"one": one, "copies": copies, "packaged": PACKAGED}
    shutil.rmtree(base)


def run(folder, place, script, before="", wrap=()):
    """Its exit code and stdout, the names of folders replaced."""
    place.mkdir(exist_ok=True)
    done = subprocess.run([*wrap, folder / "execlineb", "-Pc", script], cwd=place, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60,
                          env={"PATH": f"{before}{folder}:/usr/bin:/bin", "HOME": "/", "PWD": str(place)})
    out = done.stdout.decode(errors="surrogateescape").replace(str(folder), "BIN").replace(str(place), "PLACE")
    # What is inherited of the C library's own signals, 32 to 34, glibc's posix_spawn changes.
    out = re.sub(r"(?<=SigIgn:\t)[0-9a-f]{16}", lambda m: f"{int(m[0], 16) & ~(7 << 31):016x}", out)
    if "env" in script:
        out = "\n".join(sorted(line for line in out.split("\n") if not line.startswith(("!=", "PATH="))))
    return done.returncode, out


def run_all(folders, tmp_path, script, **more):
    results = {name: run(folder, tmp_path / name, script, **more) for name, folder in folders.items()}
    assert results["one"] == results["copies"], script
    assert results["one"] == results["packaged"], script
    return results["one"]


@pytest.mark.parametrize("script", SCRIPTS, ids=range(len(SCRIPTS)))
def test_a_chain_in_one_process_is_as_one_of_execs(folders, tmp_path, script):
    run_all(folders, tmp_path, quoted(script))


@pytest.mark.parametrize("link", TOOL_LINKS)
def test_tools_as_links(folders, tmp_path, link):
    """There is no package to compare with for some; two of ours must agree, as one process and as several."""
    (tmp_path / "work/d").mkdir(parents=True)
    (tmp_path / "work/d/A").write_text("from a file\n")
    for script in (f"{link} {FDS}", f"{link} export X y /usr/bin/env", f"{link} {STATUS}",
                   f"{link} redirfd -r 0 /proc/self/limits foreground {{ grep -E \"files|core\" }} exit 3",
                   f"{link} foreground {{ sh -c \"cat /proc/$PPID/fdinfo/* | grep -c ^lock:\" }} redirfd -r 0 /proc/self/stat sh -c 'cut -d \" \" -f 18,19'"):
        one, copies = (run(folders[name], tmp_path / "work", quoted(script)) for name in ("one", "copies"))
        assert one == copies, script


def quoted(script):
    """Single quotes are ordinary in this language: '...' becomes a word in double quotes."""
    parts = script.split("'")
    for i in range(1, len(parts), 2):
        parts[i] = '"' + parts[i].replace('"', '\\"') + '"'
    return "".join(parts)


def first_words(folder, tmp_path, links, **more):
    """The command line that the kernel knows of a process after so many links."""
    script = "export A b " * links + "redirfd -r 0 /proc/self/cmdline foreground { cat } exit"
    return run(folder, tmp_path / "p", script, **more)[1].split("\0")[0]


def test_a_chain_of_ours_is_one_exec(folders, tmp_path):
    assert first_words(folders["one"], tmp_path, 8).endswith("execlineb")
    assert first_words(folders["copies"], tmp_path, 8) == "foreground"


def test_what_links_keep_in_memory_ends_with_an_exec(folders, tmp_path):
    """A script that goes on for ever must not grow for ever."""
    code, out = run(folders["one"], tmp_path / "p", "export A b " * 250 + "redirfd -r 0 /proc/self/cmdline cat")
    assert code == 0
    assert run(folders["one"], tmp_path / "p", "define A b " * 250 + "echo $A") == (0, "b\n")
    script = ('importas N N ifelse { eltest $N -eq 0 } { redirfd -r 0 /proc/self/status grep VmData: }\n'
              'backtick N { sh -c "echo $(($1 - 1))" sh $N } execlineb -P ./loop')
    (tmp_path / "p/loop").write_text(script)
    grown = [int(run(folders["one"], tmp_path / "p", f"export N {n} execlineb -P ./loop")[1].split()[1]) for n in (1, 300)]
    assert grown[1] < grown[0] + 1024


def own_program(place, name, text="#!/bin/sh\necho mine $0 $*\n", mode=0o755):
    place.mkdir(exist_ok=True)
    (place / name).write_text(text)
    (place / name).chmod(mode)
    return place


def test_a_program_of_the_same_name_earlier_in_path_is_executed(folders, tmp_path):
    mine = own_program(tmp_path / "mine", "define")
    assert run_all(folders, tmp_path, "export A a define A b echo $A", before=f"{mine}:")[1].startswith("mine ")
    assert run_all(folders, tmp_path, "foreground { define A b } export A a define A b", before=f"{mine}:")[0] == 0


def test_the_path_that_a_link_began_with_counts(folders, tmp_path):
    """What sets PATH finds the next program by the old one, as the reference does; that one by the new."""
    mine = own_program(tmp_path / "mine", "define")
    own_program(mine, "hello")
    change = f"importas P PATH export PATH {mine}:${{P}} "
    assert run_all(folders, tmp_path, change + "define A b echo $A") == (0, "b\n")
    assert run_all(folders, tmp_path, change + "export A a define A b echo $A")[1].startswith("mine ")
    assert run_all(folders, tmp_path, change + "hello")[0] == 127
    assert run_all(folders, tmp_path, change + "exec hello")[1].startswith("mine ")
    assert run_all(folders, tmp_path, change + "foreground { hello } exit 3")[1].startswith("mine ")
    assert run_all(folders, tmp_path, f"foreground {{ {change} hello }} importas X ? exit $X")[0] == 127
    assert run_all(folders, tmp_path, "export PATH /nosuch define A b exit 3")[0] == 127
    assert run_all(folders, tmp_path, "export PATH /nosuch echo a") == (0, "a\n")
    assert run_all(folders, tmp_path, "emptyenv define A b /bin/echo $A")[0] == 0
    assert run_all(folders, tmp_path, f"backtick -n PATH {{ echo {mine} }} hello")[0] == 127
    assert run_all(folders, tmp_path, f"backtick -n PATH {{ echo {mine} }} exec define")[1].startswith("mine ")
    for name in folders:
        own_program(tmp_path / name, "define")
    assert run_all(folders, tmp_path, "export PATH . exec define A b exit 3")[1].startswith("mine ")
    for path in (":", ""):  # POSIX: where we are; the packaged ones cannot
        for name in ("one", "copies"):
            script = f'export PATH "{path}" exec define A b exit 3'
            assert run(folders[name], tmp_path / name, script)[1].startswith("mine ")


def test_what_cannot_be_executed_is_passed_over(folders, tmp_path):
    mine = own_program(tmp_path / "mine", "define", mode=0o644)
    (mine / "export").mkdir()
    (mine / "umask").symlink_to("nosuch")
    assert run_all(folders, tmp_path, "export A a umask 022 define A b echo $A", before=f"/nosuch:/etc/passwd:{mine}:") == (0, "b\n")


def test_another_program_of_ours_under_that_name(folders, tmp_path):
    """Names lead where they lead: a link of the user's is followed."""
    mine = tmp_path / "mine"
    mine.mkdir()
    for name, folder in folders.items():
        (mine / "define").unlink(missing_ok=True)
        (mine / "define").symlink_to(own_program(tmp_path / "other", "hello") / "hello")
        assert run(folder, tmp_path / name, "export A a define A b echo $A", before=f"{mine}:")[1].startswith("mine ")


def test_by_path(folders, tmp_path):
    for name, folder in folders.items():
        assert run(folder, tmp_path / name, f"{folder}/define A b {folder}/export C d {folder}/exit 4")[0] == 4
        assert run(folder, folder, "./define A b ./foreground { ./exit 3 } importas X ? echo $A $X") == (0, "b 3\n")


def test_a_program_that_lost_its_x_bit(folders, tmp_path):
    """As an exec would, it is not run any more."""
    place = tmp_path / "bin"
    shutil.copytree(folders["one"], place, symlinks=True)
    assert run(place, tmp_path, "foreground { } exit") == (0, "")
    assert run(place, tmp_path, f"foreground {{ chmod 644 {place}/overlog }} define A b echo $A") == (126, "")


def test_a_program_that_was_replaced(folders, tmp_path):
    """The new one is executed, as after an upgrade."""
    place = tmp_path / "bin"
    shutil.copytree(folders["one"], place, symlinks=True)
    script = f"foreground {{ cp {place}/overlog {place}/new }} foreground {{ mv {place}/new {place}/overlog }} "
    first = run(place, tmp_path, script + "redirfd -r 0 /proc/self/cmdline cat")
    assert first[0] == 0


def test_on_a_noexec_mount(folders, tmp_path):
    """The same file, reached by a way on which nothing may be executed."""
    (tmp_path / "mnt").mkdir()
    mount = f'mount --bind {folders["one"]} {tmp_path}/mnt && mount -o remount,bind,noexec {tmp_path}/mnt && exec "$@"'
    script = f"export PATH {tmp_path}/mnt exec define A b echo $A"
    assert run(folders["one"], tmp_path / "p", script, wrap=("unshare", "--mount", "sh", "-c", mount, "sh")) == (126, "")


def test_another_user_between_links(folders, tmp_path):
    """The right to look at one's own descriptors comes back with an exec, so there has to be one."""
    two = {name: folders[name] for name in ("one", "copies")}
    for script in (f"s6-setuidgid nobody {STATUS}", f"s6-setuidgid nobody {FDS}",
                   "s6-setuidgid nobody redirfd -w 5 /proc/self/fd/1 fdmove -c 1 5 echo a",
                   "s6-applyuidgid -u 12 -g 13 -G 14,15 foreground { id } redirfd -r 0 /proc/self/environ cat",
                   "s6-setuidgid nobody cd /root exit 3"):
        (tmp_path / "one").mkdir(exist_ok=True)
        got = [run(folder, tmp_path / "one", quoted(script)) for folder in two.values()]
        assert got[0] == got[1], script


def test_a_folder_that_the_new_user_may_not_enter(folders, tmp_path):
    place = tmp_path / "bin"
    shutil.copytree(folders["one"], place, symlinks=True)
    place.chmod(0o700)
    assert run(place, tmp_path, "s6-setuidgid nobody define A b echo $A")[0] == 126
    place.chmod(0o755)
    assert run(place, tmp_path, "s6-setuidgid nobody define A b echo $A") == (0, "b\n")


def test_without_proc_and_in_another_root(folders, tmp_path):
    """Where nothing says which file we are, every link is executed. In a new root names lead there."""
    root = tmp_path / "root"
    shutil.copytree(folders["one"], root / "command", symlinks=True)
    done = subprocess.run(["/usr/sbin/chroot", root, "/command/execlineb", "-Pc", "export A b define C d foreground { exit 3 } importas X ? exit $X"],
                          env={}, timeout=60)
    assert done.returncode == 3
    # From here into a root with the same file under another name, and nothing under ours.
    (root / "command/define").unlink()
    script = f"export A b /usr/sbin/chroot {root} /command/export PATH /command export C d define A b exit 0"
    assert run(folders["one"], tmp_path / "p", script)[0] == 127


def test_argv0_is_free(folders, tmp_path):
    """What is executed is the file; argv[0] is only what it is told."""
    for script in ("exec -a define importas -D d A NOSUCH echo $A", "exec -a init define A b echo $A"):
        assert run(folders["one"], tmp_path / "a", script) == run(folders["packaged"], tmp_path / "b", script)


def test_ignored_signals_stay_ignored_through_links(folders, tmp_path):
    results = []
    for name, folder in folders.items():
        results.append(run(folder, tmp_path / name, "define A b foreground { true } grep SigIgn /proc/self/status",
                           wrap=("sh", "-c", 'trap "" HUP USR1; exec "$@"', "sh")))
    assert results[0] == results[1] == results[2] and results[0][1].strip().endswith("201")


def test_execline_as_one_program(folders, tmp_path):
    def call(*words):
        return subprocess.run(["execline", *words], executable=folders["one"] / "overlog", capture_output=True, text=True,
                              env={"PATH": f"{folders['one']}:/usr/bin:/bin"}, timeout=60)
    assert call("define", "A", "b", "export", "C", "d", "echo", "$A").stdout == "b\n"
    assert call("foreground", " exit", " 3", "", "importas", "X", "?", "exit", "$X").returncode == 3
    assert call().returncode == 100
    assert call("nosuch").returncode == 100 and "nosuch" in call("nosuch").stderr
