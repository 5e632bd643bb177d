"""The lints that read the product's text find what is planted, and take nothing else for it."""
import os
import subprocess
import sys

import pytest

from lib.build import TOP

SIX = ", ".join(f"int p{i}" for i in range(6))
DEEP = "if (p0)\n        for (;;)\n            while (p1) {\n                if (p2)\n                    %s\n            }"
FINE = [f"int planted({SIX})\n{{\n    {DEEP % 'p3++;'}\n    return 0;\n}}",
        "int planted(void)\n{\n" + "\n" * 57 + "}",
        "int planted(int a, int (*b)(int, int, int), int c[(1, 2)])\n{\n    return (struct s){1, 2}.a;\n}",
        "__attribute__((noinline, cold)) static int planted(void)\n{\n    do\n        x();\n    while (0);\n}"]
BAD = [(f"int planted({SIX}, int g)\n{{\n}}", "planted: 7 parameters, at most 6"),
       (f"int planted({SIX})\n{{\n    {DEEP % 'if (p3) p4++;'}\n}}", "planted: 5 nesting, at most 4"),
       ("int planted(void)\n{\n" + "\n" * 58 + "}", "planted: 61 lines, at most 60"),
       ("__attribute__((noinline))\nstatic int planted(void)\n{\n" + "\n" * 57 + "}", "planted: 61 lines, at most 60"),
       ("int a;\n" * 500, "*: 501 lines, at most 500")]


@pytest.fixture
def tree(tmp_path):
    """A tree of one room with a main that calls used()."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "base").mkdir()
    for name in ("source.py", "dead.py", "shape.py"):
        (tmp_path / "tests" / name).write_bytes(open(os.path.join(TOP, "tests", name), "rb").read())
    for name in ("dead.txt", "shape.txt"):
        (tmp_path / "tests" / name).write_text("")
    (tmp_path / "Makefile").write_text("ROOMS := base\n")
    (tmp_path / "base/main.c").write_text("int main(void)\n{\n    return used();\n}\n")
    (tmp_path / "base/used.h").write_text("int used(void);\nint unused(void);\nextern const struct row rows[];\n")
    return tmp_path


def lint(tree, name):
    return subprocess.run([sys.executable, tree / "tests" / name], capture_output=True, text=True)


@pytest.mark.parametrize("text", FINE, ids=range(len(FINE)))
def test_a_good_shape(tree, text):
    (tree / "base/planted.c").write_text(text + "\n")
    r = lint(tree, "shape.py")
    assert (r.returncode, r.stdout, r.stderr) == (0, "shape: ok\n", "")


@pytest.mark.parametrize("text, says", BAD, ids=[says.split(",")[0] for _, says in BAD])
def test_a_bad_shape(tree, text, says):
    (tree / "base/planted.c").write_text(text + "\n")
    r = lint(tree, "shape.py")
    assert r.returncode == 1 and r.stderr == f"base/planted.c:1: {says}\n"
    kind, name = says.split(",")[0].split()[-1], says.split(":")[0]
    (tree / "tests/shape.txt").write_text(f"base/planted.c | {name} | {kind}\n")
    assert lint(tree, "shape.py").stdout == "shape: ok, 1 to be mended\n"
    (tree / "base/planted.c").write_text("")
    assert "mended, or gone: base/planted.c" in lint(tree, "shape.py").stderr


@pytest.mark.parametrize("text, dead", [
    ("int used(void)\n{\n    return 1;\n}\n", None),
    ("int used(void)\n{\n    return 1; /* unused() */\n}\n\nint unused(void)\n{\n    return 2;\n}\n", "unused"),
    ("int unused(void)\n{\n    return unused();\n}\n\nint used(void)\n{\n    say(\"unused\");\n}\n", "unused"),
    ("int unused(void)\n{\n}\n\nstatic const struct row {\n    int (*f)(void);\n} table[] = {{unused}};\n\n"
     "int used(void)\n{\n    return table[0].f();\n}\n", None),
    ("#define LIST(X) X(rows)\n#define ROW(name) name,\n\nconst struct row rows[] = {{1}};\n\n"
     "static const struct row *const all[] = {LIST(ROW)};\n\nint used(void)\n{\n    return all[0]->x;\n}\n", None),
    ("const struct row rows[] = {{1}};\n\nint used(void)\n{\n    return 0;\n}\n", "rows"),
    ("static int helper(void)\n{\n    return unused();\n}\n\nint unused(void)\n{\n    return 1;\n}\n\n"
     "int used(void)\n{\n    return helper();\n}\n", None),
])
def test_what_nobody_calls(tree, text, dead):
    (tree / "base/planted.c").write_text(text)
    r = lint(tree, "dead.py")
    if dead is None:
        assert (r.returncode, r.stdout, r.stderr) == (0, "dead: none\n", "")
        return
    assert r.returncode == 1 and r.stderr.endswith(f": {dead} has no caller in the product\n")
    (tree / "tests/dead.txt").write_text(f"base/planted.c | {dead} | on its way\n")
    assert lint(tree, "dead.py").returncode == 0
    (tree / "base/planted.c").write_text(FINE[1].replace("planted", "used") + "\n")
    assert f"{dead} of base/planted.c has a caller, or is gone" in lint(tree, "dead.py").stderr
