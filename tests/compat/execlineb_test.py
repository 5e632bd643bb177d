"""The same scripts through the packaged execlineb and through ours: words, exit codes, kind of error."""
import random
import subprocess

import pytest

from lib.build import OVERLOG

REFERENCE = "/usr/bin/execlineb"

PRINTER = r"""
#include <stdio.h>
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("[%s]", argv[i]);
    return 7;
}
"""


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    directory = tmp_path_factory.mktemp("execlineb")
    (directory / "p.c").write_text(PRINTER)
    # static, as it is executed thousands of times
    subprocess.run(["musl-gcc", "-static", "-O1", "-o", directory / "p", directory / "p.c"], check=True)
    ours = directory / "execlineb"
    ours.symlink_to(OVERLOG)
    return {"path": str(directory), "ours": str(ours)}


def run(program, tools, arguments, env=None):
    environment = {"PATH": tools["path"] + ":/usr/bin:/bin", **(env or {})}
    done = subprocess.run([program, *arguments], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60)
    kind = ""
    if done.returncode == 100:
        for word in (b"unmatched {", b"unmatched }", b"syntax error"):
            if word in done.stderr:
                kind = word.decode()
                break
    if b"unterminated quote" in done.stderr:
        kind = "unterminated quote"
    return done.returncode, done.stdout, kind


def same(tools, *arguments, env=None):
    expected = run(REFERENCE, tools, arguments, env)
    got = run(tools["ours"], tools, arguments, env)
    if expected[2] == "syntax error" and got[2] in ("unmatched {", "unterminated quote"):
        got = expected  # ours says what is wrong
    if got[2] == "unterminated quote" and arguments[-1].rstrip("0123456789")[-1:] in ("\\", "x"):
        got = expected  # the reference takes an open quote that ends in a numeric escape
    assert got == expected, arguments


WORDS = ["a", "a#b", "#c", "# a comment\n", '""', '"a b"', 'a"b"c', "{", "}", '"{"', "\\{", "\\}", "{a", "a}", "\\\n", "a\\\nb",
         '"\\\n"', '"\\n\\t\\r\\a\\b\\v\\f"', '"\\x"', '"\\0x41"', '"\\0x4"', '"\\0101"', '"\\065"', '"\\65"', '"\\255"', '"\\256"',
         '"\\0"', '"\\0x0"', '"\\00"', '"\\0377"', '"\\0400"', '"\\6"', '"\\1234"', '"\\0x414"', '"\\08"', "'single'", "\\ ", "\\\\",
         '\\"', '"\\""', '"\\\\"', "x\\", "\t", "\r", "\n", " ", '"', '"open', "$1", "${1}", "$@", "\\$1", '"\\0xg"', '"\\0x"', "é"]


@pytest.mark.parametrize("word", WORDS)
def test_one_word(tools, word):
    same(tools, "-Pc", "p " + word + " z")
    same(tools, "-Pc", "p " + word)


@pytest.mark.parametrize("script", [
    "", " ", "\n", "# only a comment", "p", "p { }", "p { a { b } c } d", "p { { { x } } }", "p { } { }", "p a }", "p { a", "p { { }",
    "p {a}", "p { a }b", "p \"a\nb\"", "p a\\", "p \\", "nosuchprogram", "p a # b\nc", "p a#b", "p #a\n#b\n\n#c\nd", "/nonexistent/x",
])
def test_whole_scripts(tools, script):
    same(tools, "-Pc", script)


def test_random_scripts(tools):
    """None ends in a backslash: there the reference takes "{\\" for nothing and "}\\" for a word."""
    generator = random.Random(20260)
    alphabet = ['a', 'b', ' ', ' ', '\n', '"', '\\', '{', ' { ', ' } ', '}', '#', '0', '1', '6', 'x', '\t', '$', '${1}', 'n']
    for _ in range(500):
        script = "p " + "".join(generator.choice(alphabet) for _ in range(generator.randint(1, 18))).rstrip("\\")
        same(tools, "-Pc", script)


POSITIONAL = [
    "p $#", "p $0", "p $1 $2 $3", "p ${1}${2}", "p x$1y", "p x${1}y", "p $@", "p x${@}y", "p x${@}y${@}z", "p $1$@", "p ${1}$@",
    "p \\$1", "p \\\\$1", "p \\\\\\$1", "p \\\\\\\\$1", "p \\\\${1}", "p \"$1\"", "p \"\\\\$1\"", "p { $1 { $@ } }", "p $10", "p ${10}",
    "p $", "p ${", "p ${}", "p ${1", "p $1}", "p $1{", "p a$1", "p $1$", "p $x", "p ${x}", "p \\\\$x", "p \\\\\\$x", "p $1.x", "p $1/x", "p $1-2",
    "p $$1", "p ${#}", "p $#x", "p $@$@",
]


@pytest.mark.parametrize("script", POSITIONAL)
@pytest.mark.parametrize("options", [["-S0"], ["-S1"], ["-S3"], ["-s0"], ["-s1"], ["-s2"], ["-P"], ["-q", "-S4"], ["-W", "-S1"], ["-W", "-S4"]])
def test_positional(tools, script, options):
    if script != "p $0":  # it is the name of the program
        for arguments in ([], ["A"], ["A", "B C"], ["A", "", "$1"]):
            same(tools, *options, "-c", script, *arguments)


def test_random_positional(tools):
    generator = random.Random(42)
    alphabet = ["a", "$1", "${1}", "${2}", "$2", "\\", "\\\\", "$@", "${@}", " ", " ", "$", "{", "}", "x", "$3"]
    for _ in range(300):
        script = "p " + "".join(generator.choice(alphabet) for _ in range(generator.randint(1, 10))).rstrip("\\")
        same(tools, generator.choice(["-S2", "-s1", "-S0"]), "-c", script, "A", "$1")


@pytest.mark.parametrize("options", [[], ["-p"], ["-P"], ["-S1"]])
def test_environment(tools, options):
    def variables(program):
        done = subprocess.run([program, *options, "-c", "env", "A", "B"], capture_output=True, check=True,
                              env={"PATH": "/usr/bin:/bin", "1": "old", "1:1": "older", "#": "9", "0": "zero", "x": "y", "7": "seven"})
        return sorted(line for line in done.stdout.split(b"\n") if line and not line.startswith((b"0=", b"PATH=")))
    assert variables(tools["ours"]) == variables(REFERENCE)


def test_file(tools, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/execlineb -S1\np $0 $1 $@\n")
    same(tools, "-S1", str(script), "x", "y")
    same(tools, "-P", str(tmp_path / "missing"))
    script.write_bytes(b"p a\0b\n")
    same(tools, "-P", str(script))
    same(tools)
    same(tools, "-P")
    same(tools, "-y")


@pytest.mark.parametrize("script", ['p a "\\065', 'p a "\\0x41', "p a {\\", "p a }\\"])
def test_what_the_reference_takes_by_mistake(tools, script):
    assert run(REFERENCE, tools, ["-Pc", script])[0] == 7
    assert run(tools["ours"], tools, ["-Pc", script])[:2] == (100, b"")


@pytest.mark.parametrize("strict", [None, "0", "1", "2", "3", "99", "x", "", "-1", "2x"])
@pytest.mark.parametrize("options", [["-S2"], ["-q", "-S2"], ["-w", "-S2"], ["-W", "-S2"], ["-P"], ["-qP"], ["-wP"], ["-WP"]])
def test_how_strict(tools, strict, options):
    """What the script is told, what is said of it, and what comes of it."""
    def see(program):
        done = subprocess.run([program, *options, "-c", "env"], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", **({} if strict is None else {"EXECLINE_STRICT": strict})})
        return done.returncode, "EXECLINE" in done.stdout, [line.split()[1] for line in done.stderr.splitlines()]
    assert see(tools["ours"]) == see("/usr/lib/execline/bin/execlineb")


def test_errors_name_file_line_and_column(tools, tmp_path):
    script = tmp_path / "script"
    for text, place in (("p a\np { b\n", "line 2, column 3"), ("p }\n", "line 1, column 3"), ('p\n\n  "open\n', "line 3, column 3")):
        script.write_text(text)
        done = subprocess.run([tools["ours"], "-P", script], capture_output=True)
        assert done.returncode == 100
        assert place in done.stderr.decode() and str(script) in done.stderr.decode()


def test_usage_is_said_once(tools):
    for name in ("elgetpositionals", "define", "forx"):
        done = subprocess.run([name, "-z", "x"], executable=OVERLOG, capture_output=True, text=True)
        assert done.returncode == 100
        assert done.stderr.count("usage:") == 1 and "unknown option -z" in done.stderr


def test_a_script_runs_by_its_first_line(tools, tmp_path):
    script = tmp_path / "script"
    script.write_text(f"#!{tools['ours']} -S1\np $1 $@\n")
    script.chmod(0o755)
    done = subprocess.run([script, "one", "two"], capture_output=True, env={"PATH": tools["path"]})
    assert (done.returncode, done.stdout) == (7, b"[one][one][two]")
