#include "base/process_child.h"
#include "base/execute.h"
#include "base/file.h"
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

enum { SIGNALS = 65, KERNEL_ACTION = 8 /* longs, at least */ };

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
    syscall(SYS_rt_sigaction, signal, NULL, action, 8);
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

void process_reset_signals(const sigset_t *blocked)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    const unsigned long kernel_default[4] = {0};
    for (int i = 1; i < SIGNALS; i++)
        if (!is_usual[i] && sigaction(i, &action, NULL) < 0)
            syscall(SYS_rt_sigaction, i, kernel_default, NULL, 8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, blocked == NULL ? &none : blocked, NULL);
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

int process_open_side(int fd, int flags)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return openat(AT_FDCWD, path, flags | O_CLOEXEC);
}

/* from stands in no target's way. */
static int place_one(const struct process_spawn *s, int from, int to)
{
    int own = -1;
    unsigned int bit = to < 32 ? 1U << to : 0;
    if (((s->reads | s->writes) & bit) != 0) {
        from = own = process_open_side(from, (s->reads & bit) != 0 ? O_RDONLY : O_WRONLY);
        if (own < 0)
            return -1;
    }
    if (from != to) {
        int result = dup2(from, to);
        fd_close(own);
        return result;
    }
    return fcntl(from, F_SETFD, 0);
}

/* Sources that some target would overwrite are moved out of the way first. */
static int place_fds(const struct process_spawn *s)
{
    int from[PROCESS_FDS_MAX];
    int top = first_free_above_targets(s);
    for (size_t i = 0; i < s->fd_count; i++) {
        from[i] = s->fds[i].from;
        if (from[i] != s->fds[i].to && is_target(s, from[i])) {
            from[i] = fd_above(from[i], top);
            if (from[i] < 0)
                return -1;
        }
    }
    for (size_t i = 0; i < s->fd_count; i++)
        if (place_one(s, from[i], s->fds[i].to) < 0)
            return -1;
    return 0;
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

static const char *path_of(char *const *envp)
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
        int flags = fcntl(gate, F_GETFL);
        if (flags < 0 || (flags & O_NONBLOCK) == 0)
            return;
        nanosleep(&pause, NULL);
    }
}

/* Everything up to the exec; comes back with the name of the step that failed. */
const char *process_become(const struct process_spawn *s)
{
    if (s->gate > 0)
        pass_gate(s->gate);
    if (s->signal_mask)
        sigprocmask(SIG_SETMASK, s->signal_mask, NULL);
    else
        process_reset_signals(s->blocked);
    if (s->new_session)
        setsid();
    while (s->lock > 0 && flock(s->lock, LOCK_EX) < 0 && errno == EINTR)
        ;
    if (place_fds(s) < 0)
        return "fd";
    if (s->passed > 0)
        take_passed(s);
    if (s->terminal != PROCESS_TERMINAL_NONE)
        take_terminal(s->terminal);
    if (s->directory && chdir(s->directory) < 0)
        return "chdir";
    if (s->set_umask)
        umask(s->umask);
    if (s->nofile)
        setrlimit(RLIMIT_NOFILE, s->nofile);
    (s->by_shell ? execute_by_shell : execute_first)(s->program, path_of(s->envp), s->argv,
                                                     s->envp);
    return execute_failed(s->program, s->argv, s->envp);
}

void process_child(const struct process_spawn *s, int report)
{
    struct process_failure f = {.error = 0};
    if (report >= 0)
        report = fd_above(report, first_free_above_targets(s));
    if (s->parent != NULL)
        parent_split(s->parent, s->new_pids ? CLONE_NEWPID : 0, report);
    const char *step = process_become(s);
    f.error = errno;
    memcpy(f.step, step, strlen(step) + 1);
    if (report >= 0) {
        ssize_t n = write(report, &f, sizeof f);
        (void)n; /* the exit code says it too */
    }
    _exit(f.error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC); /* child */
}
