"""The lint that finds calls that may wait finds them, and takes no others for such."""
import os
import subprocess
import sys

import pytest

from lib.build import TOP

LINT = os.path.join(TOP, "tests/waits.py")
WAITS = ["int fd = open(path, O_RDONLY | O_CLOEXEC);", "openat(at, name, O_WRONLY |\n O_CREAT, 0644);",
         "waitpid(pid, &status, 0);", "process_wait(pid);", "fsync(fd);", "flock(fd, LOCK_EX);",
         "fcntl(fd, F_SETLKW, &lock);", "nanosleep(&t, NULL);", "system(words);", "getpwnam(name);",
         "poll(&p, 1, -1);", "connect(fd, a, size);", "fd_write_all(fd, bytes, n);", "recv(fd, b, n, 0);",
         "c->cmsg_type == SCM_RIGHTS;"]
FINE = ["open(path, O_RDONLY | O_NONBLOCK);", "openat(at, name, O_WRONLY |\n O_CREAT | O_EXCL, 0644);",
        "waitpid(pid, &status, WNOHANG);", "flock(fd, LOCK_EX | LOCK_NB);", "/* open(path, O_RDONLY) */",
        "say(\"open(it)\");", "control_open(c);", "recv(fd, b, n, MSG_PEEK | MSG_DONTWAIT);", "l->poll(x);"]


def lint(path, line):
    path.write_text(f"static void f(void)\n{{\n    {line}\n}}\n")
    return subprocess.run([sys.executable, LINT, path], capture_output=True, text=True)


@pytest.mark.parametrize("line", WAITS)
def test_what_may_wait_is_found(tmp_path, line):
    r = lint(tmp_path / "planted.c", line)
    assert r.returncode == 1 and f"planted.c:3: may wait: {line.splitlines()[0]}" in r.stderr


@pytest.mark.parametrize("line", FINE)
def test_what_does_not_is_not(tmp_path, line):
    assert lint(tmp_path / "planted.c", line).returncode == 0


@pytest.mark.parametrize("line", ["time.sleep(1)", "from time import monotonic, sleep"])
def test_a_test_that_sleeps_is_found(tmp_path, line):
    path = tmp_path / "planted_test.py"
    path.write_text(f"import os\n\n{line}\n")
    r = subprocess.run([sys.executable, LINT, path], capture_output=True, text=True)
    assert r.returncode == 1 and f"planted_test.py:3: sleeps, instead of waiting for a condition: {line}" in r.stderr


def test_the_tree_has_none():
    r = subprocess.run([sys.executable, LINT], capture_output=True, text=True)
    assert (r.returncode, r.stdout) == (0, "waits: ok\n"), r.stderr
