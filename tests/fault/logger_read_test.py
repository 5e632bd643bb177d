"""System calls that a paired logger reads with fail: it reads in another way, or leaves to a successor."""
import os

import pytest

from lib.logger import numbered, numbers, waiting
from lib.processes import process_state
from lib.wait import wait_for

COUNT = 3000


def succeed(r):
    """As pid 1 does: a logger that ended is followed by another."""
    if process_state(r.pid) == "Z":
        assert r.wait() == 111
        r.start()


def feed(r, text):
    """Writes to both streams as they take it, with a successor for a logger that ends."""
    for fd in (r.out[1], r.err[1]):
        os.set_blocking(fd, False)
    left = {r.out[1]: memoryview(text), r.err[1]: memoryview(text)}

    def step():
        succeed(r)
        for fd, view in left.items():
            try:
                left[fd] = view[os.write(fd, view[:20000]):] if view else view
            except BlockingIOError:
                pass
        return not any(left.values())
    wait_for(step, what="reading")
    wait_for(lambda: succeed(r) or waiting(r.out[0]) == waiting(r.err[0]) == 0, what="reading")


def finish(r):
    """How often a call came by then is a matter of how much each read found: the one that fails may be that of the end."""
    r.end_input()
    code = r.wait()
    assert code == 0 or code == 111 and r.start().wait() == 0


# On the way of a line from the pipe into the log: refused once, or from then on. Without some of them there is no
# process at all.
ALWAYS = [("splice", "EIO"), ("splice", "ENOSPC"), ("splice", "ENOMEM"), ("splice", "EINVAL"), ("splice", "EFBIG"),
          ("splice", "EPERM"), ("splice", "ENOSYS"), ("splice", "EPIPE"), ("splice", "EFAULT"),
          ("ioctl", "ENOTTY"), ("ioctl", "EIO"), ("fallocate", "EOPNOTSUPP"), ("madvise", "EINVAL"),
          ("madvise", "EAGAIN"), ("ftruncate", "EFBIG"), ("poll", "ENOMEM")]
ONCE = [("lseek", "EIO"), ("ftruncate", "EIO"), ("epoll_ctl", "ENOMEM"), ("epoll_ctl", "ENOSPC"),
        ("epoll_pwait", "EINTR"), ("splice", "EINTR")]


@pytest.mark.parametrize("call, error, when", [(*one, when) for one in ALWAYS for when in ("3", "9+")] +
                         [(*one, when) for one in ONCE for when in ("3", "4", "5")], ids=lambda word: word)
def test_every_line_arrives_once(rig, call, error, when):
    r = rig("n1000", "s100000", "z0", "C")
    r.start(wrapper=["strace", "-D", "-f", "-o", "/dev/null", "-e", f"inject=?{call}:error={error}:when={when}"])
    feed(r, numbered(1, COUNT))
    finish(r)
    assert numbers(r)[0] == numbers(r, "stderr")[0] == list(range(1, COUNT + 1))


@pytest.mark.parametrize("error", ["EIO", "ENOMEM", "EFAULT", "EINVAL"])
def test_reading_itself_fails(rig, error):
    """Then a successor reads, and goes on by splice."""
    r = rig("n1000", "s100000", "z0", "C")
    r.start(wrapper=["strace", "-D", "-f", "-o", "/dev/null", "-e", "inject=splice:error=ENOMEM:when=3+",
                     "-e", f"inject=read,readv:error={error}:when=4+", "-P", os.readlink(f"/proc/self/fd/{r.out[0]}")])
    feed(r, numbered(1, COUNT))
    finish(r)
    assert numbers(r)[0] == numbers(r, "stderr")[0] == list(range(1, COUNT + 1))
