#include "execline/child.h"
#include "base/message.h"
#include "base/str.h"
#include "execline/variable.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int await_report(int report, struct process_failure *f)
{
    struct pollfd p = {.fd = report, .events = POLLIN};
    int known;
    while ((known = process_report(report, f)) < 0)
        poll(&p, 1, -1);
    close(report);
    return known;
}

/* 1 it was executed, 0 not (f filled), -1 nothing was started (e filled). */
static int start(const struct process_spawn *s, pid_t *pid, struct process_failure *f,
                 struct error *e)
{
    int report;
    if (!s->orphan) {
        *pid = process_start(s, f, e);
        return *pid > 0 ? 1 : (int)*pid;
    }
    *pid = process_spawn(s, &report, e);
    return *pid < 0 ? -1 : await_report(report, f);
}

pid_t child_start(const struct child *c, struct error *e)
{
    struct process_failure f;
    sigset_t now;
    pid_t pid;
    sigprocmask(SIG_SETMASK, NULL, &now);
    struct process_spawn s = {.program = c->argv[0],
                              .argv = c->argv,
                              .envp = environ,
                              .fds = c->fds,
                              .fd_count = c->fd_count,
                              .signal_mask = c->signal_mask != NULL ? c->signal_mask : &now,
                              .orphan = c->orphan};
    int started = start(&s, &pid, &f, e);
    if (started != 0)
        return started < 0 ? -1 : pid;
    error_set(e, f.error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC, "unable to spawn %s: %s",
              c->argv[0], strerror(f.error));
    if (c->orphan) {
        message_warning("%s", e->text);
        return pid;
    }
    return -1;
}

int child_start_and_tell(const struct child *c, struct error *e)
{
    pid_t pid = child_start(c, e);
    if (pid < 0)
        e->code = EXIT_SYSTEM;
    return pid < 0 ? -1 : child_set_pid(pid, e);
}

int child_run(char *const *argv, struct error *e)
{
    if (argv[0] == NULL)
        return 0;
    pid_t pid = child_start(&(struct child){.argv = argv}, e);
    if (pid < 0)
        return -1;
    int status = process_wait(pid);
    if (status < 0)
        return error_system(e, "unable to wait for %s", argv[0]);
    return status;
}

int child_read_all(int fd, struct str *out, struct error *e)
{
    char buffer[8192];
    if (str_add_text(out, "") < 0)
        return error_system(e, "unable to read");
    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || str_add(out, buffer, (size_t)n) < 0)
            return error_system(e, "unable to read");
    }
}

int child_output(char *const *argv, struct str *out, struct error *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_system(e, "unable to make a pipe");
    struct process_fd to = {.from = ends[1], .to = 1};
    pid_t pid = child_start(&(struct child){.argv = argv, .fds = &to, .fd_count = 1}, e);
    close(ends[1]);
    int bad = pid < 0 ? -1 : child_read_all(ends[0], out, e);
    close(ends[0]);
    if (bad < 0)
        return -1;
    int status = process_wait(pid);
    return status < 0 ? error_system(e, "unable to wait for %s", argv[0]) : status;
}

int child_approximation(int status)
{
    if (WIFSIGNALED(status))
        return 128 + WTERMSIG(status);
    return WEXITSTATUS(status) > 128 ? 128 : WEXITSTATUS(status);
}

int child_set_status(int status, struct error *e)
{
    int code = WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
    return variable_set_number("?", (unsigned long long)code, e);
}

int child_set_pid(pid_t pid, struct error *e)
{
    return variable_set_number("!", (unsigned long long)pid, e);
}
