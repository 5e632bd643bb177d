"""Kernels from Linux 3.10 on, and filters of system calls: what they lack is not needed to boot, to log and to stop."""
import errno
import os

import pytest

from lib.logs import log_text

# Newer than 3.10, and used by us or by our C library.
USED = ["renameat2", "getrandom", "memfd_create", "close_range", "faccessat2", "pidfd_open", "pidfd_send_signal",
        "pwritev2", "fchmodat2"]
# The others, which a later change may use; unshare and seccomp are for namespaces, not for us.
NEWER = [*USED, "execveat", "membarrier", "copy_file_range", "preadv2", "statx", "clone3", "pidfd_getfd", "openat2", "rseq",
         "sched_setattr", "epoll_pwait2"]
# Old, and refused by some file systems and filters.
REFUSED = ["fchown", "fchownat", "fchown,fchownat", "splice", "fallocate", "madvise", "share"]
COUNT = 400


def boots_and_logs(tree, boot, deny, error, calls):
    tree.longrun("web", "#!/bin/sh\necho pid $$ begins\nprintf begun\ni=0\n"
                        f"while [ $i -lt {COUNT} ]; do i=$((i+1)); echo line $i; done\n"
                        "echo >&9\nexec 9>&-\nexec s6-pause\n", notification_fd="9\n")
    tree.longrun("processed", f"#!/bin/sh\ni=0\nwhile [ $i -lt {COUNT} ]; do i=$((i+1)); echo line $i; done\n"
                              "echo >&9\nexec s6-pause\n",
                 notification_fd="9\n", logging_script="n20 s4096 \"!tr l L\" C\n")
    tree.script("/cmd", "#!/bin/sh -e\ns6-svc -wR -r /run/service/web\ns6-svc -wD -d /run/service/web\n"
                        "s6-svstat /run/service/web\nheredoc 0 'a text' cat\nlogcat -n 1 web\nexit 5\n")
    os.chmod(tree.path, 0o755)
    box = boot(tree.path, "/cmd", options=["-x", f"{deny} {error} {calls}"],
               env={"S6_LOGGING": "1", "OVERLOG_SCRIPT": "n1000 s4096 z1 C"})
    assert box.wait() == 5, box.transcript()
    text = log_text(tree.at("/var/log/services/web"))
    lines = [f"line {i}" for i in range(1, COUNT + 1)]
    assert [line for line in text if not line.startswith("pid ")] == 2 * (["begun" + lines[0]] + lines[1:])
    folder = tree.at("/var/log/services/processed")
    names = sorted(name for name in os.listdir(folder) if name.startswith("@"))
    assert len(names) >= 2 and not os.path.exists(os.path.join(folder, "previous"))
    texts = [open(os.path.join(folder, name)).read() for name in [*names, "current"]]
    assert [line.split()[-1] for line in "".join(texts).splitlines()] == [line.split()[-1] for line in lines]
    assert "Line 1\n" in texts[0].replace("stdout F ", "\n")
    shown = box.stdout.text()
    assert "a text" in shown and "down (" in shown
    return box


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
@pytest.mark.parametrize("calls", [*USED, *REFUSED, ",".join(NEWER)], ids=lambda calls: "all" if calls.count(",") > 2 else calls)
def test_without(tree, boot, deny, calls, error):
    boots_and_logs(tree, boot, deny, error, calls)


@pytest.mark.parametrize("logging", ["0", "2"])
@pytest.mark.parametrize("run", ["none", "mode=0755"])
def test_without_any_of_them(tree, boot, deny, logging, run):
    """On /run in memory, and where it is a folder of the image."""
    tree.longrun("web", "#!/bin/sh\necho hello\necho >&3\nexec s6-pause\n", notification_fd="3\n")
    box = boot(tree.path, "sh", "-c", "echo there; exit 7", options=["-x", f"{deny} ENOSYS {','.join(NEWER)}", "-t", run],
               env={"S6_LOGGING": logging})
    assert box.wait() == 7, box.transcript()
    if logging == "2":
        assert log_text(tree.at("/var/log/services/web")) == ["hello"]
        assert log_text(tree.at("/var/log/services/.cmd")) == ["there"]


@pytest.mark.parametrize("calls", ["execmem", "memfd_create"])
def test_memory_files_that_are_refused(tree, boot, deny, calls):
    """By vm.memfd_noexec=2, or by a policy that wants none at all: with EACCES."""
    tree.longrun("web", "#!/bin/sh\necho hello\necho >&3\nexec s6-pause\n", notification_fd="3\n")
    tree.script("/cmd", "#!/bin/sh\nls -l /proc/1/fd | grep -c memfd:journal\nexit 7\n")
    os.chmod(tree.path, 0o755)
    box = boot(tree.path, "/cmd", options=["-x", f"{deny} {errno.EACCES} {calls}"], env={"S6_LOGGING": "1"})
    assert box.wait() == 7, box.transcript()
    assert log_text(tree.at("/var/log/services/web")) == ["hello"]
    found, = [int(line) for line in box.stdout.text().splitlines() if line.isdigit()]
    assert (found > 0) == (calls == "execmem")


def test_what_works_beside_a_service(tree, boot, deny):
    """livecheck and notify look for their service now and then, where nothing tells them of its end."""
    tree.longrun("web", "#!/bin/sh\nexec notify livecheck -i 100ms -s 0 -f 2 -c 'test ! -e /tmp/ill' sleep 1000\n")
    box = boot(tree.path, options=["-x", f"{deny} ENOSYS {','.join(NEWER)}"], env={"S6_LOGGING": "1"})

    def beside():
        return [words for words in box.processes().values() if any(word.startswith("-X") for word in words)]

    box.wait_for(lambda: len(beside()) == 2, what="two processes beside it")
    tree.write("/tmp/ill")
    box.wait_for(lambda: any("web is not alive" in line for line in log_text(tree.at("/var/log/services/web"))), what="a restart")
    box.run("/command/s6-svc", "-dk", "/run/service/web")
    box.wait_for(lambda: not beside(), what="nothing beside it")
    assert box.stop() == 0
