"""Thousands of scripts through the packaged execline and through ours: stdout, the kind of the first
complaint, exit code, what the last program was given (words, environment, descriptors, signals, mask,
directory: the probe of batch.c prints them) and the files that are left must be the same.

The scripts come from a seed (scripts.py), from the shapes that service trees use (SHAPES), and from
hand (CASES). EXPECTED says where we differ and why. SEED= and COUNT= try others."""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from lib.build import OVERLOG, compiled
from scripts import Maker

pytestmark = pytest.mark.long

PACKAGED = Path("/usr/lib/execline/bin")
SEED = int(os.environ.get("SEED", "20261123"))
COUNT = int(os.environ.get("COUNT", "3000"))
BATCH = 250


@pytest.fixture
def tmp_path(place):
    """One that other users may enter."""
    return Path(place)


@pytest.fixture(scope="session")
def tools():
    base = Path(tempfile.mkdtemp(prefix="overlog-test-"))
    base.chmod(0o755)
    small, ours = base / "small", base / "ours"
    small.mkdir()
    ours.mkdir()
    batch = compiled("compat/batch.c", "-static", compiler="musl-gcc")
    programs = ("p", "probe", "r", "x")
    for name in programs:
        os.link(batch, small / name)
    for name in subprocess.check_output([OVERLOG, "commands"], text=True).split():
        if name not in programs:
            (ours / name).symlink_to(OVERLOG)
    yield {"batch": batch, "small": small, "sides": {"packaged": PACKAGED, "ours": ours}}
    shutil.rmtree(base)


def lay_out(folder, number, script, path):
    options, text, arguments, environment, stdin = script
    place = folder / str(number)
    (place / "d").mkdir(parents=True)
    (place / "g").write_text("old\n")
    words = ["execlineb", *options, "-c", text, *arguments]
    (folder / f"{number}.argv").write_bytes(b"".join(w.encode() + b"\0" for w in words))
    variables = {"PATH": path, **environment}
    (folder / f"{number}.env").write_bytes(b"".join(f"{k}={v}".encode() + b"\0" for k, v in variables.items()))
    (folder / f"{number}.in").write_text(stdin)


COMPLAINT = re.compile(r"^(?:(?:execline-)?([\w-]+): (fatal|warning|usage|info):? .*|usage: (?:execline-)?([\w-]+).*)\n", re.M)


def kinds(text):
    """Complaints become the name of who complains, and how; usage is fatal. Some say two lines."""
    text = COMPLAINT.sub(lambda m: f"<{m[1] or m[3]} {(m[2] or 'fatal').replace('usage', 'fatal')}>\n", text)
    return re.sub(r"^(<[\w-]+ fatal>\n)\1+", r"\1", text, flags=re.M)


def outcome(folder, number, status):
    place = folder / str(number)

    def clean(data):
        text = data.decode(errors="surrogateescape").replace(str(folder), "FOLDER")
        return kinds(re.sub(r"\[!=\d+\]", "[!=PID]", text))

    files = {}
    raw = (folder / f"{number}.err").read_text(errors="replace") + (folder / f"{number}.out").read_text(errors="replace")
    for path in sorted(place.rglob("*")):
        shown = path.read_bytes() if path.is_file() else b""
        raw += shown.decode(errors="replace")
        files[str(path.relative_to(place))] = (oct(path.stat().st_mode), clean(shown))
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return {"raw": raw, "code": code, "out": clean((folder / f"{number}.out").read_bytes()), "files": files,
            "complaint": clean((folder / f"{number}.err").read_bytes()).split("\n")[0]}


def run_all(tools, tmp_path, scripts):
    """For each script what came of it on either side."""
    running = {}
    for side, commands in tools["sides"].items():
        folder = tmp_path / side
        folder.mkdir()
        (folder / "bin").symlink_to(commands)
        for number, script in enumerate(scripts):
            lay_out(folder, number, script, f"{folder}/bin:{tools['small']}:/usr/bin:/bin")
        running[side] = subprocess.Popen(
            [tools["batch"], folder, "0", str(len(scripts)), folder / "bin/execlineb"], stdout=subprocess.PIPE, text=True)
    results = []
    statuses = {side: [int(line) for line in process.communicate(timeout=300)[0].split()] for side, process in running.items()}
    for number in range(len(scripts)):
        results.append({side: outcome(tmp_path / side, number, status[number]) for side, status in statuses.items()})
    for side in tools["sides"]:
        shutil.rmtree(tmp_path / side)
    return results


# Where we differ, by what was asked and what the two said: why.
EXPECTED = [
    ("a program without a name is not found: 127, where the package says 126",
     lambda script, packaged, ours: re.search("unable to (exec|spawn) : ", packaged["raw"] + ours["raw"])),
    ("a variable without a name is refused",
     lambda script, packaged, ours: "invalid variable name: \n" in ours["raw"]),
    ("our heredoc has no process that could be waited for",
     lambda script, packaged, ours: "heredoc" in script and "wait " in script),
    ("elglob -n and -d are newer than the package", lambda script, packaged, ours: re.search("elglob [^{}]*-[nd] ", script)),
    ("an empty block of variables is an error of usage in multisubstitute too",
     lambda script, packaged, ours: "unknown error with directive" in packaged["raw"] and "empty block" in ours["raw"]),
    ("our patterns have to fit the whole value, whatever they are; the package puts ^ and $ around their text",
     lambda script, packaged, ours: re.search(r'case -e .*"\^\$"', script)),
    ("-E, forbacktickx and s6-setuidgid do themselves what other commands do for the package",
     lambda script, packaged, ours: re.search(" -E |forbacktickx|s6-setuidgid", script)
     and all(packaged[key] == ours[key] for key in ("code", "out", "files"))),
]


def compare(scripts, results):
    differing = []
    for script, result in zip(scripts, results):
        packaged, ours = result["packaged"], result["ours"]
        same = all(packaged[key] == ours[key] for key in packaged if key != "raw")
        if not same and not any(test(script[1], packaged, ours) for _, test in EXPECTED):
            differing.append(describe(script, result))
    shown = int(os.environ.get("SHOWN", "5"))
    assert not differing, f"{len(differing)} of {len(scripts)}:\n" + "\n".join(differing[:shown])


@pytest.mark.parametrize("first", range(0, COUNT, BATCH))
def test_generated(tools, tmp_path, first):
    scripts = [Maker(SEED + i).script() for i in range(first, min(first + BATCH, COUNT))]
    compare(scripts, run_all(tools, tmp_path, scripts))


# What run, up and finish scripts of images look like (the counts are of 90 repositories): each
# shebang's options, the script, its arguments. Servers are p and probe.
SHAPES = [
    # execlineb -P: 51 scripts, exec, fdmove -c, redirfd -w -wb -rb, cd, s6-setuidgid by name and by numbers.
    ("-P", "fdmove -c 2 1\nprobe -D -f /etc/server.conf"),
    ("-P", "fdmove -c 2 1\nexec probe server"),
    ("-P", "# a comment\n\nfdmove -c 2 1 cd d redirfd -r 0 ../g r"),
    ("-P", "redirfd -w 1 log fdmove -c 2 1 foreground { p started } probe server"),
    ("-P", "redirfd -wb 1 log probe"), ("-P", "redirfd -rb 0 g r"),
    ("-P", "foreground { mkfifo fifo } redirfd -rnb 0 fifo redirfd -wnb 5 fifo probe"),
    ("-P", "s6-setuidgid nobody p server"), ("-P", "s6-setuidgid 12:13 id"), ("-P", "s6-setuidgid nosuchuser p"),
    ("-P", "fdmove -c 2 1 s6-setuidgid nobody cd / p server"),
    ("-P", "foreground { s6-setuidgid nobody id } exec p server"),
    ("-P", "foreground { redirfd -w 1 d/NAME p value } s6-envdir -fn -- d probe"),
    ("-P", "foreground { redirfd -w 1 d/A p value } s6-envdir d exec probe"),
    # if: 74 scripts, and if -n; ifelse; eltest; exit.
    ("-P", "if { eltest -e g } p there"), ("-P", "if { eltest -e nosuch } p there"),
    ("-P", "if -n { eltest -e nosuch } p missing"), ("-P", "if -n { eltest -e g } exit 0"),
    ("-P", "if -t { eltest -e nosuch } p there"), ("-P", "if { p one } if { p two } if { x 3 } p never"),
    ("-P", "if { if { eltest -d d } eltest -f g } p both"),
    ("-P", "ifelse { eltest -e g } { p there } p missing"), ("-P", "ifelse { eltest -e nosuch } { p there } exit 0"),
    ("-P", "ifelse -n { eltest -e nosuch } { exit 0 } p"),
    ("-P", "ifelse { eltest ${A} = a } { p is } p is not"),
    # importas -D -SD -u -C -s -d; backtick; define.
    ("-P", "importas -D 80 PORT PORT p --port $PORT"), ("-P", "importas -D 80 A A p --port ${A}"),
    ("-P", "importas -i PORT PORT p $PORT"), ("-P", "importas -uD info LEVEL LEVEL probe -l $LEVEL"),
    ("-P", "importas -sCd, -D a,b,,c LIST LIST p -x${LIST}"), ("-P", "importas -s -D \"\" OPTIONS OPTIONS p x $OPTIONS y"),
    ("-P", "importas A A importas -D none B B ifelse { eltest $A = $B } { p same } p $A $B"),
    ("-P", "backtick -n VERSION { p 1.2 } importas VERSION VERSION p v$VERSION"),
    ("-P", "backtick -E COUNT { sh -c \"ls | wc -l\" } p $COUNT"), ("-P", "backtick -D none -n V { x 1 } importas V V p $V"),
    ("-P", "define name server define dir d cd ${dir} p -n ${name}"),
    # foreground: 46 scripts; background, pipeline, forstdin, forx.
    ("-P", "foreground { p prepare } foreground { x 1 } p serve"), ("-P", "foreground { mkdir -p x/y } cd x/y probe"),
    ("-P", "foreground { redirfd -w 1 pid sh -c \"echo 12\" } foreground { cat pid } p"),
    ("-P", "background { redirfd -w 1 f p helper } wait { } cat f"),
    ("-P", "pipeline { p a b } r"), ("-P", "pipeline { p one } pipeline { cat } r"), ("-P", "pipeline -w { r } p server"),
    ("-P", "pipeline { ls } forstdin -E f p -- ${f}"), ("-P", "pipeline { printf \"a\\nb\\n\" } forstdin f importas f f p $f"),
    ("-P", "elglob -s files [dg]* forx -E f { $files } p $f"), ("-P", "forx -o 0 A { a b c } importas A A eltest $A != b"),
    ("-P", "forbacktickx -E i { seq 3 } p ${i}"),
    # finish scripts: S0, S1, S2 with exit code and signal.
    ("-S0", "p $# $0"), ("-S1", "p ended with $1", "3", "0"), ("-S2", "foreground { p code $1 signal $2 } exit", "256", "15"),
    ("-S2", "if { eltest $1 -ne 0 } if { eltest $1 -ne 256 } p container exits $1", "3", "0"),
    ("-S2", "if { eltest $1 -ne 0 } if { eltest $1 -ne 256 } p container exits $1", "256", "9"),
    ("-S2", "ifelse { eltest $1 -eq 256 } { p killed by $2 } p exit $1", "256", "9"),
    ("-S1", "ifelse { eltest $1 -eq 0 } { exit 0 } redirfd -w 1 exitcode p $1", "7"),
    ("-S3", "p $@", "a"), ("-s1", "p first $1 rest $@", "a", "b", "c"),
    # up files of oneshots are lexed in the same way.
    ("-P", "with-nothing"), ("-P", "/bin/sh -c \"echo up; exit 2\""), ("-P", "sh d/nosuch.sh"), ("-P", "cd d sh -c pwd"),
    # The overlay's own scripts: multisubstitute, elgetopt, elgetpositionals, emptyenv, and so on.
    ("", "elgetopt dn:T: elgetpositionals importas -D 0 n ELGETOPT_n ifelse { importas -D 0 d ELGETOPT_d eltest $d -eq 1 }"
     " { p daemon ${n} $@ } p plain ${n} $@", "-d", "-n", "300", "server", "arg"),
    ("", "elgetopt d emptyenv -o elgetpositionals emptyenv -P probe $@", "-d", "a"),
    ("", "multisubstitute { importas -D 3000 GRACE GRACE importas -sD \"x y\" LIST LIST define N 5 elgetpositionals } p $GRACE $LIST $N $@", "q"),
    ("-S1", "multisubstitute { importas -uD a A A importas -i B B } probe ${1} ${A} ${B}", "z"),
    ("-P", "emptyenv -p export HOME /root umask 022 probe"), ("-P", "exec -c p bare"), ("-P", "export A $A unexport B probe"),
    ("", "elgetpositionals ifelse { eltest $# -eq 0 } { p none } shift elgetpositionals p $@", "a", "b c", ""),
    ("", "runblock -r 0", "p", "a"), ("", "case -N b:8080 { \"([^:]+):([0-9]+)\" { elgetpositionals p $1 $2 } } p no"),
    ("", "importas -D \"\" S STRICT case $S { \"\" { p unset } 0|1 { p low } } p other"),
]

# What is easily got wrong.
CASES = [
    ("-P", text) for text in (
        "p a\\\nb", "p \"a\\\nb\"", "p \\\n b", "p { a { b { c } } } d", "p {} } {", "p \\{ \\}", 'p "{" "}"', "p a\\\\b", "p '#' a#b #c\nd",
        "p $A ${A} $A$A ${A}${A} \\\\$A \\\\\\\\$A $AA ${AA} $ {A}", "define A b p $A ${A} $A$A ${A}${A} \\$A \\\\$A \\\\\\$A \\\\\\\\$A $AA $A. $A/ ${A}. $",
        'define -s A "1 2" define -s B "3 4" p $A$B x${B}y${A}z', 'multisubstitute { define -s A "1 2" define -s B "3 4" } p $A$B x${B}y${A}z',
        'define A "\\${B}" define B c p $A', 'multisubstitute { define A "\\${B}" define B c } p $A', 'define -s A "" p x${A}y z', 'define A "" p x${A}y ${A} z',
        'define A "" foreground { p ${A} x } p end', 'define A "}" foreground { p ${A} } p end', 'define A " x" foreground { p $A } p',
        'define -sC A "  1  2 " p <$A>', 'define -sn A "1 2 3" p $A', 'define -sn A "1 2 3 " p $A', 'define -sd "" A "1:a,2:bc," p $A', 'define -sd "" A "1:a," p $A',
        'define -sd "" A "2:a," p $A', "define -d ab -s A 1a2b3 p $A", "define A", "define", "define -q A b p", 'define "" b p', "define -- -s b p $-s ${-s}",
        "foreground { x 200 } importas X ? p $X", "foreground { x -9 } importas X ? p $X", "foreground { nosuch } importas X ? p $X", "foreground { } importas X ? p $X",
        "if { x 130 } p", "if { x 200 } p", "if { x -9 } p", "if -X { x -9 } p", "if -nX { x -9 } p ok", "if -n { x 0 } p", "if -x 5 { x 1 } p", "if -t { x 1 } p",
        "ifelse { x -9 } { p } p", "backtick A { x 1 } p", "backtick A { x 130 } p", "backtick A { x -9 } p", "backtick A { nosuch } p", "backtick A { p } importas A A p $A",
        "forx -x 3 A { a b } foreground { p t } exit 3", "forx A { a b } x 3", "forx A { } p", "pipeline { p a } forstdin -x 3 A x 3", "pipeline { true } forstdin A p",
        "loopwhilex x 3", "loopwhilex -n x 0", "loopwhilex -x 3,4 x 4", "loopwhilex nosuch", "background { x 3 } importas P ! wait { $P } p",
        "tryexec { nosuch } p fallback", "tryexec -n { p fallback } nosuch", "tryexec { x 5 } p", "exec -a a sh -c \"echo \\$0\"", "exit", "exit 256", "exit 999", "exit -1", "exit a",
        "fdclose 1 p a", "fdclose 0 r", "fdclose 2 nosuch", "fdmove 1 9 p", "fdmove -c 9 9 p", "fdmove 9 9 p", "fdclose 1 fdmove 1 1 exit 3", "fdswap 9 9 p", "fdswap 1 3 p", "fdswap 3 1 p", "fdmove 3 2 nosuch", "fdswap 0 1 p a", "piperw 3 3 p", "redirfd -w 1 /nosuch/x p",
        "redirfd -x 1 g p", "redirfd -u 1 nosuch p", "redirfd -a 1 g p more", "redirfd -r 5 g fdmove 0 5 r", "heredoc 0 \"a\\nb\" r", "heredoc 3 x fdmove 0 3 r",
        "cd nosuch p", "cd d getcwd V importas V V p $V", "umask 8 p", "umask 0 redirfd -w 1 f p", "umask 777 redirfd -w 1 f p", "unexport A probe", "export A=B c p", "export A",
        "eltest a -a", "eltest ( a", "eltest", 'eltest ""', "eltest 1 -eq a", "eltest -z -a", "emptyenv", "emptyenv -p probe", "elglob -s A d* p $A", "elglob -0 A n* p x $A",
        "getpid P importas P P if { eltest $P -gt 1 } p ok", "multidefine \"a b c\" { X \"\" Z } p $X $Z", "multidefine -0 a { X Y } p x $Y", "multidefine -r \"a b c\" { X Y } p $X $Y",
        "trap { term { redirfd -w 1 h p handler } } sh -c \"kill -TERM $PPID; until test -s h; do sleep 0.01; done; exit 3\"", "trap { } p", "trap { term { } default } p", "case a { } p d", "case a { a { p m } } p d",
        "shift p", "elgetopt a p", "dollarat", "runblock 1", "withstdinas V importas V V p $V", "withstdinas -N V importas V V p $V", "execlineb -W -c \"if a b\" p", "wait p", "wait { x } p",
        "envfile g p", "envfile nosuch p", "envfile -I nosuch p", "if a", "if { a", "foreground", "background { } p", "ifte { p } { p }", "ifthenelse { x 0 } { p a } { p b } p c", "", "#", "{ }",
    )
] + [
    (options, text, *arguments) for options in ("", "-p", "-P", "-S0", "-S1", "-S2", "-s0", "-s1", "-s2", "-WS2", "-wS2", "-qS2")
    for text in ("probe $# $0 $1 $2 $3 $@", "p x$@y ${@} $1$2 \\\\$1") for arguments in ((), ("a",), ("a", "", "$1 b"))
]


def by_hand(lines):
    return [([line[0]] if line[0] else [], line[1], list(line[2:]), {"A": "a", "B": "b c"}, "in\n") for line in lines]


@pytest.mark.parametrize("lines", [SHAPES, CASES], ids=["shapes", "cases"])
def test_by_hand(tools, tmp_path, lines):
    scripts = by_hand(lines)
    compare(scripts, run_all(tools, tmp_path, scripts))


def describe(script, result):
    options, text, arguments, environment, stdin = script
    lines = [f"--- execlineb {' '.join(options)} -c: {text}", f"    {arguments} {environment} {stdin!r}"]
    for side, got in result.items():
        other = result["ours" if side == "packaged" else "packaged"]
        lines.append(f"    {side:9} " + ", ".join(f"{key} {got[key]!r}" for key in got if got[key] != other[key] and key != "raw"))
    return "\n".join(lines)
