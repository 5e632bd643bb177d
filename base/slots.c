#include "base/slots.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/kernel_call.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOWEST = 32, CHECK_MS = 10, REST_MS = 10000 };

/* The kernel's, which musl's headers do not have. */
enum { WAIT = 0, WAKE = 1, OWN_TABLE = 2 };
#ifdef SYS_futex_time64 /* the one that takes the timespec of a 32-bit libc */
enum { FUTEX = SYS_futex_time64 };
#else
enum { FUTEX = SYS_futex };
#endif

static struct {
    int first;       /* the slots' numbers begin here; 0: none are reserved */
    int filler;      /* what stands in them meanwhile: the number after theirs */
    atomic_int *own; /* in memory that the child shares: it has its own table */
    int64_t rest;    /* they do not serve before: monotonic ns */
} slots;

static pid_t clone_as_fork(int flags, pid_t *seen)
{
    unsigned long all = (unsigned long)(flags | SIGCHLD);
#ifdef __s390x__
    return (pid_t)syscall(SYS_clone, 0, all, seen, 0, 0); /* the only one of ours with this order */
#else
    return (pid_t)syscall(SYS_clone, all, 0, seen, 0, 0);
#endif
}

pid_t fork_flags(int flags)
{
    return clone_as_fork(flags, NULL);
}

pid_t fork_seen(int flags, pid_t *seen)
{
    return clone_as_fork(flags | CLONE_PARENT_SETTID, seen);
}

/* That many numbers in a row, the first of which is given back; -1: there are others between. */
static int take_numbers(int filler, int count)
{
    int first = fcntl(filler, F_DUPFD_CLOEXEC, LOWEST);
    int taken = first < 0 ? 0 : 1;
    while (taken > 0 && taken < count) {
        int fd = fcntl(filler, F_DUPFD_CLOEXEC, first + taken);
        if (fd != first + taken) {
            fd_close(fd);
            break;
        }
        taken++;
    }
    if (taken == count)
        return first;
    while (taken-- > 0)
        close(first + taken);
    return -1;
}

bool slots_reserve(void)
{
    if (slots.first != 0)
        return true;
    if (kernel_call(SYS_close_range, -1, -1, 0, 0) <
        0) /* a kernel, or a filter, that does not know it */
        return false;
    void *shared =
        mmap(NULL, sizeof *slots.own, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int filler = eventfd(0, EFD_CLOEXEC);
    int first = shared == MAP_FAILED || filler < 0 ? -1 : take_numbers(filler, SLOTS_MAX + 1);
    fd_close(filler);
    if (first < 0) {
        if (shared != MAP_FAILED)
            munmap(shared, sizeof *slots.own);
        return false;
    }
    slots.first = first;
    slots.filler = first + SLOTS_MAX;
    slots.own = shared;
    return true;
}

bool slots_serve(size_t count)
{
    return slots.first != 0 && count <= SLOTS_MAX &&
           (slots.rest == 0 || clock_monotonic() >= slots.rest);
}

/* Without a table of its own it would do to ours what it does next. */
static void leave_table(void)
{
    if (kernel_call(SYS_close_range, slots.filler, -1, OWN_TABLE, 0) < 0 &&
        kernel_call(SYS_unshare, CLONE_FILES, 0, 0, 0) < 0)
        _exit(EXIT_NOEXEC); /* child */
    atomic_store(slots.own, 1);
    kernel_call(FUTEX, (long)slots.own, WAKE, 1, 0);
}

/* It may also be killed before it has done so, or be stopped, by anybody of its user. False: it is
 * neither on its own nor dead. */
static bool await_leave(pid_t pid)
{
    const struct timespec pause = {.tv_nsec = CHECK_MS * CLOCK_MS};
    int64_t end = clock_monotonic() + SLOTS_WAIT_MS * CLOCK_MS;
    while (atomic_load(slots.own) == 0) {
        siginfo_t now = {.si_pid = 0};
        if (syscall(FUTEX, slots.own, WAIT, 0, &pause, NULL, 0) == 0 || errno == EAGAIN ||
            errno == EINTR)
            continue;
        waitid(P_PID, (id_t)pid, &now, WEXITED | WSTOPPED | WNOHANG | WNOWAIT);
        if (now.si_pid != 0 && now.si_code != CLD_STOPPED && now.si_code != CLD_TRAPPED)
            return true;
        if (now.si_pid != 0)
            kill(pid, SIGCONT);
        if (clock_monotonic() >= end)
            return false;
    }
    return true;
}

/* From then on it executes nothing, so it can do nothing to our table: its death need not be
 * awaited. */
static void give_up(pid_t pid)
{
    kill(pid, SIGKILL);
    slots.rest = clock_monotonic() + REST_MS * CLOCK_MS;
}

static void clear(size_t count)
{
    for (size_t i = 0; i < count; i++)
        dup3(slots.filler, slots.first + (int)i, O_CLOEXEC);
}

pid_t slots_fork(const int *from, int *to, size_t count, int flags, slots_child *child,
                 void *context)
{
    for (size_t i = 0; i < count; i++)
        to[i] = from[i] < 0 ? -1 : dup3(from[i], slots.first + (int)i, O_CLOEXEC);
    atomic_store(slots.own, 0);
    pid_t pid = child(context, CLONE_FILES | flags, leave_table);
    if (pid == 0)
        return 0;
    int saved = errno;
    if (pid > 0 && !await_leave(pid)) {
        give_up(pid);
        pid = -1;
        saved = ETIMEDOUT;
    }
    clear(count);
    errno = saved;
    return pid;
}
