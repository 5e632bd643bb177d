"""with-contenv and printcontenv over a container environment made by hand."""
import os
import subprocess

import pytest

from lib.build import OVERLOG

FILES = {
    "A": b"1\n", "BARE": b"no newline", "EMPTY": b"\n", "GONE": b"", "LINES": b"one\ntwo\n\n",
    "NUL": b"x\0y\n", ".hidden": b"h\n", "BIG": b"b" * 9000 + b"\n", "PATH": b"/from/env:/bin\n",
}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contenv")
    for name in ("with-contenv", "printcontenv"):
        (folder / name).symlink_to(OVERLOG)
    environment = folder / "s6/container_environment"
    environment.mkdir(parents=True)
    for name, content in FILES.items():
        (environment / name).write_bytes(content)
    return folder


def run(folder, name, *arguments, run="", **environment):
    """With folder/run as /run, in a mount namespace; (exit code, stdout, stderr)."""
    r = subprocess.run(
        ["unshare", "-m", "sh", "-c",
         'mount --make-rprivate / && mount --bind "$1" /run && shift && exec "$@"', "sh",
         folder / run, "env", "-i", *(f"{k}={v}" for k, v in environment.items()),
         folder / name, *arguments], capture_output=True, timeout=60)
    return r.returncode, r.stdout, r.stderr


def variables(output):
    return dict(item.split(b"=", 1) for item in output.split(b"\0") if item)


def test_the_environment_is_replaced(folder):
    code, out, err = run(folder, "with-contenv", "/usr/bin/env", "-0", PATH="/usr/bin",
                         RC_NAME="lost", GONE="lost", A="other")
    assert (code, err) == (0, b"")
    assert variables(out) == {
        b"A": b"1", b"BARE": b"no newline", b"EMPTY": b"", b"LINES": b"one\ntwo\n",
        b"NUL": b"x\ny", b"BIG": b"b" * 9000, b"PATH": b"/from/env:/bin"}


@pytest.mark.parametrize("value", ["1", "01", "2"])
def test_a_kept_environment_is_left_alone(folder, value):
    code, out, _ = run(folder, "with-contenv", "/usr/bin/env", "-0", S6_KEEP_ENV=value, A="own")
    assert (code, variables(out)) == (0, {b"S6_KEEP_ENV": value.encode(), b"A": b"own"})


@pytest.mark.parametrize("value", ["0", "", "00", "x"])
def test_what_is_no_number_keeps_nothing(folder, value):
    code, out, _ = run(folder, "with-contenv", "/usr/bin/env", "-0", S6_KEEP_ENV=value)
    assert (code, variables(out)[b"A"]) == (0, b"1")


def test_it_serves_as_interpreter(folder):
    script = folder / "script"
    script.write_text(f'#!{folder}/with-contenv /bin/sh\necho "$A $1 $#"\nexit 9\n')
    script.chmod(0o755)
    assert run(folder, "script", "x y") == (9, b"1 x y 1\n", b"")


def test_path_comes_from_the_folder(folder):
    assert run(folder, "with-contenv", "sh", "-c", "echo $A", PATH="/nonexistent")[:2] == (0, b"1\n")


def test_without_the_folder(folder):
    assert run(folder, "with-contenv", "true", run="s6/container_environment") == (
        111, b"", b"with-contenv: fatal: unable to open /run/s6/container_environment: "
        b"No such file or directory\n")
    assert run(folder, "printcontenv", "A", run="s6/container_environment") == (1, b"", b"")


def test_exec_failures(folder):
    assert run(folder, "with-contenv", "nosuchprogram")[0] == 127
    assert run(folder, "with-contenv", "/etc/passwd")[0] == 126
    assert run(folder, "with-contenv")[0] == 0


@pytest.mark.parametrize("name,out", [
    ("A", b"1\n\n"), ("BARE", b"no newline\n"), ("EMPTY", b"\n\n"), ("LINES", b"one\ntwo\n\n\n"),
    ("GONE", b"\n")])
def test_print(folder, name, out):
    assert run(folder, "printcontenv", name, A="own") == (0, out, b"")


def test_print_unset(folder):
    assert run(folder, "printcontenv", "NOSUCH", NOSUCH="own") == (1, b"", b"")
    assert run(folder, "printcontenv", "") == (1, b"", b"")


def test_print_own_when_kept(folder):
    assert run(folder, "printcontenv", "A", S6_KEEP_ENV="1", A="own") == (0, b"own\n", b"")
    assert run(folder, "printcontenv", "A", S6_KEEP_ENV="1", A="") == (1, b"", b"")
    assert run(folder, "printcontenv", "A", S6_KEEP_ENV="1") == (1, b"", b"")


def test_print_without_a_name(folder):
    assert run(folder, "printcontenv") == (100, b"", b"usage: printcontenv variable\n")
