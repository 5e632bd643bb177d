#include "base/process_child.h"
#include "base/execute.h"
#include "base/kernel_call.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    SIGNALS = 65,
    KERNEL_ACTION = 8, /* longs, at least */
    KERNEL_MASK = 8    /* bytes of a set of signals */
};

/* Those that may not have their default action; all, until process_know_signals has looked. */
static bool is_usual[SIGNALS];
static bool has_no_handler;

/* Of the kernel, since the C library refuses its own, 32 to 34, which we may have inherited
 * ignored. */
static bool is_default(int signal, bool *handled)
{
    unsigned long action[KERNEL_ACTION] = {0};
    struct sigaction ours;
    if (sigaction(signal, NULL, &ours) == 0) {
        *handled = ours.sa_handler != SIG_IGN && ours.sa_handler != SIG_DFL;
        return ours.sa_handler == SIG_DFL;
    }
    kernel_call(SYS_rt_sigaction, signal, 0, (long)action, KERNEL_MASK);
    for (int i = 0; i < KERNEL_ACTION; i++)
        if (action[i] != 0)
            return false;
    return true;
}

void process_know_signals(void)
{
    has_no_handler = true;
    for (int i = 1; i < SIGNALS; i++) {
        bool handled = false;
        is_usual[i] = is_default(i, &handled);
        has_no_handler = has_no_handler && !handled;
    }
}

bool process_has_handlers(void)
{
    return !has_no_handler;
}

static long set_mask(const sigset_t *mask)
{
    return kernel_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)mask, 0, KERNEL_MASK);
}

void process_reset_signals(const sigset_t *blocked)
{
    const unsigned long kernel_default[KERNEL_ACTION] = {0};
    for (int i = 1; i < SIGNALS; i++)
        if (!is_usual[i])
            kernel_call(SYS_rt_sigaction, i, (long)kernel_default, 0, KERNEL_MASK);
    sigset_t none;
    sigemptyset(&none);
    set_mask(blocked == NULL ? &none : blocked);
}

static bool is_target(const struct process_spawn *s, int fd)
{
    for (size_t i = 0; i < s->fd_count; i++)
        if (s->fds[i].to == fd)
            return true;
    return false;
}

static int first_free_above_targets(const struct process_spawn *s)
{
    int top = 3;
    for (size_t i = 0; i < s->fd_count; i++)
        if (s->fds[i].to >= top)
            top = s->fds[i].to + 1;
    return top;
}

void process_digits(char text[PROCESS_DIGITS], unsigned int number)
{
    int length = 1;
    for (unsigned int rest = number; rest >= 10; rest /= 10)
        length++;
    for (text[length] = '\0'; length > 0; number /= 10)
        text[--length] = (char)('0' + number % 10);
}

static int open_side(int fd, int flags)
{
    static const char folder[] = "/proc/self/fd/";
    char path[sizeof folder + PROCESS_DIGITS];
    memcpy(path, folder, sizeof folder);
    process_digits(path + sizeof folder - 1, (unsigned int)fd);
    return (int)kernel_call(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC | O_LARGEFILE, 0);
}

int process_open_side(int fd, int flags)
{
    int result = open_side(fd, flags);
    if (result < 0)
        errno = -result;
    return result < 0 ? -1 : result;
}

/* from stands in no target's way. As all that follows, 0 or -errno. */
static long place_one(const struct process_spawn *s, int from, int to)
{
    int own = -1;
    unsigned int bit = to < 32 ? 1U << to : 0;
    if (((s->reads | s->writes) & bit) != 0) {
        from = own = open_side(from, (s->reads & bit) != 0 ? O_RDONLY : O_WRONLY);
        if (own < 0)
            return own;
    }
    if (from == to)
        return kernel_call(SYS_fcntl, from, F_SETFD, 0, 0);
    long result = kernel_call(SYS_dup3, from, to, 0, 0);
    if (own >= 0)
        kernel_call(SYS_close, own, 0, 0, 0);
    return result < 0 ? result : 0;
}

static int move_above(int fd, int lowest)
{
    return (int)kernel_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest, 0);
}

/* Sources that some target would overwrite are moved out of the way first. */
static long place_fds(const struct process_spawn *s)
{
    int from[PROCESS_FDS_MAX];
    int top = first_free_above_targets(s);
    for (size_t i = 0; i < s->fd_count; i++) {
        from[i] = s->fds[i].from;
        if (from[i] != s->fds[i].to && is_target(s, from[i])) {
            from[i] = move_above(from[i], top);
            if (from[i] < 0)
                return from[i];
        }
    }
    long result = 0;
    for (size_t i = 0; i < s->fd_count && result == 0; i++)
        result = place_one(s, from[i], s->fds[i].to);
    return result;
}

/* What did not come leaves in place what is there. */
static void take_passed(const struct process_spawn *s)
{
    int fds[PROCESS_PASSED];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof fds)];
    } rights;
    char byte;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = rights.bytes,
                       /* CMSG_SPACE, with its padding, has room for one more */
                       .msg_controllen = CMSG_LEN(sizeof fds)};
    if (recvmsg(s->passed, &m, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
        return;
    const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return;
    size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof fds[0];
    memcpy(fds, CMSG_DATA(c), count * sizeof fds[0]);
    for (size_t i = 0; i < count; i++)
        if (s->passed_to[i] >= 0)
            dup2(fds[i], s->passed_to[i]);
}

/* Fails in silence: the program then has no job control, which is no reason not to run it. */
static void take_terminal(enum process_terminal how)
{
    if (how == PROCESS_TERMINAL_OWN)
        ioctl(0, TIOCSCTTY, 0);
    if (how != PROCESS_TERMINAL_FRONT || setpgid(0, 0) < 0)
        return;
    signal(SIGTTOU, SIG_IGN); /* or we would be stopped for it */
    tcsetpgrp(0, getpid());
    signal(SIGTTOU, SIG_DFL);
}

const char *process_path(char *const *envp)
{
    for (size_t i = 0; envp[i]; i++)
        if (strncmp(envp[i], "PATH=", 5) == 0)
            return envp[i] + 5;
    return NULL;
}

static void pass_gate(int gate)
{
    enum { STEP_US = 200 };
    const struct timespec pause = {.tv_nsec = STEP_US * 1000L};
    for (long i = 0; i < PROCESS_GATE_MS * 1000L / STEP_US; i++) {
        long flags = kernel_call(SYS_fcntl, gate, F_GETFL, 0, 0);
        if (flags < 0 || (flags & O_NONBLOCK) == 0)
            return;
#if KERNEL_CALL_IS_PURE
        kernel_call(SYS_nanosleep, (long)&pause, 0, 0, 0);
#else
        nanosleep(&pause, NULL);
#endif
    }
}

static void take_lock(int lock)
{
    while (lock > 0 && kernel_call(SYS_flock, lock, LOCK_EX, 0, 0) == -EINTR)
        ;
}

long process_prepare(const struct process_spawn *s, const char **step)
{
    long result;
    if (s->gate > 0)
        pass_gate(s->gate);
    if (s->signal_mask)
        set_mask(s->signal_mask);
    else
        process_reset_signals(s->blocked);
    if (s->new_session)
        kernel_call(SYS_setsid, 0, 0, 0, 0);
    take_lock(s->lock);
    *step = "fd";
    if ((result = place_fds(s)) < 0)
        return result;
    if (s->passed > 0)
        take_passed(s);
    if (s->terminal != PROCESS_TERMINAL_NONE)
        take_terminal(s->terminal);
    *step = "chdir";
    if (s->directory && (result = kernel_call(SYS_chdir, (long)s->directory, 0, 0, 0)) < 0)
        return result;
    *step = "exec";
    if (s->set_umask)
        kernel_call(SYS_umask, (long)s->umask, 0, 0, 0);
    if (s->nofile)
        kernel_call(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)s->nofile, 0);
    return 0;
}

const char *process_become(const struct process_spawn *s)
{
    const char *step;
    long result = process_prepare(s, &step);
    errno = (int)-result;
    if (result < 0)
        return step;
    (s->by_shell ? execute_by_shell : execute_first)(s->program, process_path(s->envp), s->argv,
                                                     s->envp);
    return execute_failed(s->program, s->argv, s->envp);
}

int process_report_aside(const struct process_spawn *s, int report)
{
    return move_above(report, first_free_above_targets(s));
}

/* The exit code that says it, too. */
static int tell_failure(int report, const char *step)
{
    struct process_failure f = {.error = errno};
    memcpy(f.step, step, strlen(step) + 1);
    if (report >= 0) {
        ssize_t n = write(report, &f, sizeof f);
        (void)n;
    }
    return f.error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC;
}

int process_execute(const char *program, char *const *argv, char *const *envp, bool by_shell,
                    int report)
{
    (by_shell ? execute_by_shell : execute_first)(program, process_path(envp), argv, envp);
    return tell_failure(report, execute_failed(program, argv, envp));
}

void process_child(const struct process_spawn *s, int report)
{
    if (report >= 0)
        report = process_report_aside(s, report);
    if (s->parent != NULL)
        parent_split(s->parent, s->new_pids ? CLONE_NEWPID : 0, report);
    _exit(tell_failure(report, process_become(s))); /* child */
}
