#include "base/process.h"
#include "base/execute.h"
#include "base/file.h"
#include "base/launch.h"
#include "base/process_child.h"
#include "base/slots.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHERS = 4 /* gate, lock, passed, report: descriptors of a child before it executes */ };

int process_gate(int gate, bool closed)
{
    return fcntl(gate, F_SETFL, closed ? O_NONBLOCK : 0);
}

bool process_gate_is_closed(int gate)
{
    int flags = fcntl(gate, F_GETFL);
    return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

/* In our memory where that can be done, else in a copy of it. before: NULL, or the child's first
 * step. */
static pid_t make_child(const struct process_spawn *s, int report, int flags, void (*before)(void))
{
    pid_t pid = launch(s, report, flags, before);
    if (pid > 0 || errno != ENOSYS)
        return pid;
    pid = fork_flags(flags);
    if (pid == 0 && before != NULL)
        before();
    if (pid == 0)
        process_child(s, report);
    return pid;
}

/* What goes by slots: the descriptors of s, and the others of a child. */
struct passage {
    const struct process_spawn *s;
    int from[SLOTS_MAX];
    int to[SLOTS_MAX];
};

static pid_t make_in_slots(void *context, int flags, void (*leave)(void))
{
    const struct passage *p = context;
    struct process_fd fds[SLOTS_MAX];
    struct process_spawn own = *p->s;
    size_t count = own.fd_count;
    for (size_t i = 0; i < count; i++)
        fds[i] = (struct process_fd){p->to[i], own.fds[i].to};
    own.fds = fds;
    own.gate = p->to[count];
    own.lock = p->to[count + 1];
    own.passed = p->to[count + 2];
    return make_child(&own, p->to[count + 3], flags, leave);
}

static pid_t fork_with_slots(const struct process_spawn *s, int report, int flags)
{
    struct passage p = {.s = s};
    size_t count = s->fd_count;
    for (size_t i = 0; i < count; i++)
        p.from[i] = s->fds[i].from;
    p.from[count] = s->gate > 0 ? s->gate : -1;
    p.from[count + 1] = s->lock > 0 ? s->lock : -1;
    p.from[count + 2] = s->passed > 0 ? s->passed : -1;
    p.from[count + 3] = report;
    return slots_fork(p.from, p.to, count + OTHERS, flags, make_in_slots, &p);
}

static pid_t fork_child(const struct process_spawn *s, int report)
{
    int flags = s->new_pids && s->parent == NULL ? CLONE_NEWPID : 0;
    if (slots_serve(s->fd_count + OTHERS) && !s->orphan) {
        pid_t pid = fork_with_slots(s, report, flags);
        if (pid >= 0 || errno != ETIMEDOUT)
            return pid;
    }
    return make_child(s, report, flags, NULL);
}

/* The child in between says the pid of its own child and is gone. */
static pid_t fork_orphan(const struct process_spawn *s, int report)
{
    int told[2];
    pid_t pid = -1;
    if (pipe2(told, O_CLOEXEC) < 0)
        return -1;
    pid_t between = fork();
    if (between == 0) {
        pid = fork_child(s, report);
        ssize_t n = write(told[1], &pid, sizeof pid);
        _exit(n == (ssize_t)sizeof pid ? 0 : EXIT_SYSTEM); /* child */
    }
    int saved = errno;
    close(told[1]);
    if (between > 0) {
        saved = EAGAIN;
        if (read(told[0], &pid, sizeof pid) != (ssize_t)sizeof pid)
            pid = -1;
        process_wait(between);
    }
    close(told[0]);
    errno = saved;
    return pid;
}

static sigset_t block_signals(void)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    return before;
}

/* Keeps errno. */
static void unblock_signals(const sigset_t *before)
{
    int saved = errno;
    sigprocmask(SIG_SETMASK, before, NULL);
    errno = saved;
}

/* No handler of ours runs in the child: all signals are blocked for a moment, if there are any. */
static pid_t fork_guarded(const struct process_spawn *s, int report)
{
    if (!process_has_handlers() && !slots_serve(0))
        return s->orphan ? fork_orphan(s, report) : fork_child(s, report);
    const sigset_t before = block_signals();
    pid_t pid = s->orphan ? fork_orphan(s, report) : fork_child(s, report);
    unblock_signals(&before);
    return pid;
}

pid_t process_spawn(const struct process_spawn *s, int *report, struct error *e)
{
    int ends[2] = {-1, -1};
    if (s->fd_count > PROCESS_FDS_MAX) {
        errno = EINVAL;
        return error_system(e, "unable to pass %zu descriptors", s->fd_count);
    }
    /* What the child writes is less than the pipe holds. */
    if (report && pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_system(e, "unable to make a pipe");
    pid_t pid = fork_guarded(s, ends[1]);
    if (pid < 0) {
        fd_close(ends[0]);
        fd_close(ends[1]);
        return error_system(e, "unable to fork");
    }
    if (report) {
        close(ends[1]);
        *report = ends[0];
    }
    return pid;
}

/* All signals are blocked, so that no handler runs in the memory that child and parent share. */
static pid_t start_blocked(const struct process_spawn *s, struct process_failure *f)
{
    pid_t pid = vfork();
    if (pid == 0) {
        const char *step = process_become(s);
        f->error = errno;
        memcpy(f->step, step, strlen(step) + 1);
        _exit(EXIT_NOEXEC); /* child */
    }
    return pid;
}

pid_t process_start(const struct process_spawn *s, struct process_failure *f, struct error *e)
{
    if (s->fd_count > PROCESS_FDS_MAX) {
        errno = EINVAL;
        return error_system(e, "unable to pass %zu descriptors", s->fd_count);
    }
    f->error = 0;
    const sigset_t before = block_signals();
    pid_t pid = start_blocked(s, f);
    unblock_signals(&before);
    if (pid < 0)
        return error_system(e, "unable to fork");
    if (f->error == 0)
        return pid;
    process_wait(pid);
    return 0;
}

void process_withhold(void *memory, size_t size)
{
#ifdef __GLIBC__ /* which gives such pages to other blocks later */
    (void)memory;
    (void)size;
#else
    uintptr_t page = getauxval(AT_PAGESZ);
    uintptr_t begin = (uintptr_t)memory & ~(page - 1);
    uintptr_t end = ((uintptr_t)memory + size + page - 1) & ~(page - 1);
    if (memory != NULL && size >= PROCESS_WITHHOLD_MIN)
        madvise((void *)begin, end - begin, MADV_DONTFORK);
#endif
}

pid_t process_close(int fd)
{
    const sigset_t before = block_signals();
    pid_t pid = fork_flags(CLONE_FILES);
    if (pid == 0) {
        process_reset_signals(NULL);
        close(fd);
        _exit(0); /* child */
    }
    unblock_signals(&before);
    if (pid > 0 || errno != EINVAL)
        return pid;
    close(fd);
    return 0;
}

int process_report(int report, struct process_failure *f)
{
    ssize_t n;
    do
        n = read(report, f, sizeof *f);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -1;
    if (n < (ssize_t)sizeof *f)
        return 1;
    f->step[sizeof f->step - 1] = '\0';
    return strncmp(f->step, PROCESS_BORN, sizeof PROCESS_BORN - 1) == 0 ? 2 : 0;
}

/* waitpid, repeated when a signal interrupts it. */
static pid_t wait_for(pid_t pid, int *status, int flags)
{
    pid_t got;
    do
        got = waitpid(pid, status, flags);
    while (got < 0 && errno == EINTR);
    return got;
}

void process_keep_statuses(void)
{
    const struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &action, NULL);
}

pid_t process_reap(int *status)
{
    return wait_for(-1, status, WNOHANG);
}

pid_t process_changed(pid_t pid, int *status)
{
    return wait_for(pid, status, WNOHANG | WUNTRACED);
}

pid_t process_reap_one(pid_t pid, int *status)
{
    return wait_for(pid, status, WNOHANG);
}

int process_wait(pid_t pid)
{
    int status;
    return wait_for(pid, &status, 0) < 0 ? -1 : status;
}

pid_t process_self(void)
{
    char self[24] = "";
    return readlink("/proc/self", self, sizeof self - 1) > 0 ? (pid_t)atol(self) : 0;
}

int process_stat(pid_t pid, struct process_stat *s)
{
    enum { STATE_FIELD = 3, BORN_FIELD = 22 };
    char path[32];
    char text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    fd_close(fd);
    text[n < 0 ? 0 : n] = '\0';
    const char *name = strchr(text, '(');
    const char *at = strrchr(text, ')'); /* "PID (NAME) S PARENT ...", and NAME may be anything */
    if (name == NULL || at == NULL || strlen(at) <= 4)
        return -1;
    *s = (struct process_stat){.state = at[2], .parent = (pid_t)atol(at + 4)};
    snprintf(s->name, sizeof s->name, "%.*s", (int)(at - name - 1), name + 1);
    for (int field = STATE_FIELD - 1; at != NULL && field < BORN_FIELD; field++)
        at = strchr(at + 1, ' ');
    s->born = at == NULL ? 0 : strtoull(at, NULL, 10);
    return 0;
}

pid_t process_parent(pid_t pid)
{
    struct process_stat s;
    return process_stat(pid, &s) < 0 ? -1 : s.parent;
}

int process_exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void process_explain(const char *program, const struct process_failure *f, char *text, size_t size)
{
    const char *why = strerror(f->error);
    size_t seen = sizeof EXECUTE_SEEN - 1;
    if (strncmp(f->step, EXECUTE_SEEN, seen) == 0)
        snprintf(text, size, "unable to execute %s: %s", program, f->step + seen);
    else if (strcmp(f->step, PROCESS_UNBORN) == 0)
        snprintf(text, size, "unable to fork: %s", why);
    else if (strcmp(f->step, "exec") != 0)
        snprintf(text, size, "unable to execute %s: %s (%s)", program, why,
                 strcmp(f->step, "chdir") == 0 ? "changing the working directory"
                                               : "passing descriptors");
    else if (strchr(program, '/') == NULL && f->error == ENOENT)
        snprintf(text, size, "unable to execute %s: not found in PATH", program);
    else
        snprintf(text, size, "unable to execute %s: %s", program, why);
}

pid_t process_start_explain(const struct process_spawn *s, struct error *e)
{
    char why[PATH_MAX + EXECUTE_WHY_MAX];
    struct process_failure f = {.error = 0};
    pid_t pid = process_start(s, &f, e);
    if (pid != 0)
        return pid;
    process_explain(s->program, &f, why, sizeof why);
    return error_set(e, f.error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC, "%s", why);
}

void process_trim_stack(void)
{
    enum { PAGE = 4096, DEPTH = 65536 };
    char here;
    uintptr_t below = (uintptr_t)&here - 512; /* what the call itself needs stays */
    uintptr_t end = below & ~(uintptr_t)(PAGE - 1);
    madvise((void *)(end - DEPTH), DEPTH, MADV_DONTNEED);
}
