#include "supervisor/logged.h"
#include "base/account.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* "UID:GID" of a user given by name or number; "" when it is who we are, or we cannot change. */
static int resolve(const char *user, char out[32], const char *variable, struct error *e)
{
    struct account a;
    out[0] = '\0';
    if (geteuid() != 0 || strcmp(user, "root") == 0) /* a scratch image has no passwd */
        return 0;
    if (account_by_number(user, &a) < 0) {
        int found = account_by_name(user, &a, e);
        if (found < 0)
            return -1;
        if (found > 0)
            return error_set(e, EXIT_USAGE, "no user %s in /etc/passwd (%s)", user, variable);
    }
    if (a.uid != 0 || a.gid != 0)
        snprintf(out, 32, "%lu:%lu", (unsigned long)a.uid, (unsigned long)a.gid);
    return 0;
}

static int copy_variable(struct words *environment, const char *name)
{
    char text[4096];
    const char *value = getenv(name);
    if (value == NULL)
        return 0;
    snprintf(text, sizeof text, "%s=%s", name, value);
    return words_add(environment, text);
}

int logging_open(struct logging *g, const struct settings *s, const char *program,
                 const struct rlimit *nofile, struct error *e)
{
    *g = (struct logging){.settings = s, .program = program, .null = -1, .lock = -1};
    g->nofile = *nofile;
    if (resolve(s->log_user, g->user, "OVERLOG_USER", e) < 0 ||
        resolve(s->catchall_user, g->catchall, "S6_CATCHALL_USER", e) < 0)
        return -1;
    if (copy_variable(&g->environment, "PATH") < 0 || copy_variable(&g->environment, "TZ") < 0)
        return error_system(e, "unable to prepare the environment of loggers");
    g->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (g->null < 0)
        return error_system(e, "unable to open /dev/null");
    g->lock = memfd_create("console", MFD_CLOEXEC);
    if (g->lock < 0)
        return error_system(e, "unable to make the console lock");
    return 0;
}

void logging_release(struct logging *g)
{
    words_release(&g->environment);
    if (g->null >= 0)
        close(g->null);
    if (g->lock >= 0)
        close(g->lock);
    g->null = g->lock = -1;
}

static const char *mode_name(enum logging_mode mode)
{
    static const char *const names[] = {[LOGGING_CONSOLE] = "0",
                                        [LOGGING_BOTH] = "1",
                                        [LOGGING_DISK] = "2",
                                        [LOGGING_AUTO] = "auto"};
    return names[mode];
}

/* logger [-d DIR] [-u UID:GID] [-p] [-e DIR] [-r] NAME MODE SCRIPT... */
static int make_argv(struct logged *l, const struct logging *g, enum logging_mode mode,
                     const struct words *script, bool events)
{
    const struct settings *s = g->settings;
    const char *user = events ? g->catchall : g->user;
    char path[4096];
    int bad = words_add(&l->argv, "logger");
    if (mode != LOGGING_CONSOLE) {
        snprintf(path, sizeof path, "%s/%s", s->log_root, l->name);
        bad |= words_add(&l->argv, "-d") | words_add(&l->argv, path);
    }
    if (user[0] != '\0')
        bad |= words_add(&l->argv, "-u") | words_add(&l->argv, user);
    if (s->prefix)
        bad |= words_add(&l->argv, "-p");
    if (s->drop)
        bad |= words_add(&l->argv, "-D");
    if (events) {
        snprintf(path, sizeof path, "%s/.events", s->log_root);
        bad |= words_add(&l->argv, "-e") | words_add(&l->argv, path);
    }
    bad |= words_add(&l->argv, "-r"); /* taken out for the first start */
    bad |= words_add(&l->argv, "--") | words_add(&l->argv, l->name) |
           words_add(&l->argv, mode_name(mode));
    const struct words *from = script->count > 0 ? script : &s->log_script;
    for (size_t i = 0; i < from->count; i++)
        bad |= words_add(&l->argv, from->item[i]);
    return bad;
}

/* A service that dropped privileges may still open /dev/stdout: the write side is for everybody. */
static int make_pipe(int *read_end, int *write_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    *read_end = ends[0];
    *write_end = ends[1];
    return fchmod(ends[1], 0622);
}

int logged_open(struct logged *l, const struct logging *g, const char *name, enum logging_mode mode,
                const struct words *script, int events, struct error *e)
{
    *l = (struct logged){.open = true,
                         .out_read = -1,
                         .out_write = -1,
                         .err_read = -1,
                         .err_write = -1,
                         .journal = {-1, -1, -1},
                         .state = -1,
                         .events_read = events};
    l->name = strdup(name);
    if (l->name == NULL || make_argv(l, g, mode, script, events >= 0) != 0)
        return error_system(e, "unable to prepare the logger of %s", name);
    if (make_pipe(&l->out_read, &l->out_write) < 0 || make_pipe(&l->err_read, &l->err_write) < 0)
        return error_system(e, "unable to make the log pipes of %s", name);
    l->journal[0] = memfd_create("journal", MFD_CLOEXEC);
    l->journal[1] = memfd_create("journal", MFD_CLOEXEC);
    if (events >= 0)
        l->journal[2] = memfd_create("journal", MFD_CLOEXEC);
    l->state = memfd_create("state", MFD_CLOEXEC);
    if (l->journal[0] < 0 || l->journal[1] < 0 || (events >= 0 && l->journal[2] < 0) ||
        l->state < 0)
        return error_system(e, "unable to make the journals of %s", name);
    return 0;
}

/* The words without "-r" for the first start of all. */
static void first_argv(const struct logged *l, char **out)
{
    bool dropped = false;
    for (size_t i = 0; i < l->argv.count; i++) {
        if (!dropped && strcmp(l->argv.item[i], "-r") == 0) {
            dropped = true;
            continue;
        }
        *out++ = l->argv.item[i];
    }
    *out = NULL;
}

pid_t logged_start(struct logged *l, const struct logging *g, int64_t now, struct error *e)
{
    char *first[256];
    struct process_fd fds[11] = {{g->null, 0},
                                 {1, 1},
                                 {2, 2},
                                 {l->out_read, 3},
                                 {l->err_read, 4},
                                 {l->journal[0], 5},
                                 {l->journal[1], 6},
                                 {l->state, 7},
                                 {g->lock, 8},
                                 {l->events_read, 9},
                                 {l->journal[2], 10}};
    sigset_t blocked;
    /* What we tell a logger before it listens must wait for it, not kill it. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGALRM);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGUSR2);
    if (l->argv.count < sizeof first / sizeof first[0])
        first_argv(l, first);
    struct process_spawn s = {
        .program = g->program,
        .argv = l->restarted || l->argv.count >= 256 ? l->argv.item : first,
        .envp = g->environment.item,
        .directory = "/",
        .fds = fds,
        .fd_count = l->events_read >= 0 ? 11 : 9,
        .new_session = true,
        .blocked = &blocked,
        .nofile = &g->nofile,
    };
    l->retry_at = 0;
    pid_t pid = process_spawn(&s, NULL, e);
    if (pid < 0) {
        l->retry_at = now + CLOCK_SECOND;
        return -1;
    }
    l->pid = pid;
    l->started = now;
    l->restarted = true;
    return pid;
}

void logged_died(struct logged *l, int status, int64_t now)
{
    const int64_t stable = 10 * CLOCK_SECOND;
    bool asked = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    l->pid = 0;
    if (asked || now - l->started > stable)
        l->failures = 0;
    l->retry_at = now;
    if (asked || l->failures++ == 0)
        return;
    uint32_t shift = l->failures < 8 ? l->failures - 2 : 6;
    int64_t wait = CLOCK_SECOND << shift;
    l->retry_at += wait > 60 * CLOCK_SECOND ? 60 * CLOCK_SECOND : wait;
}

void logged_signal(const struct logged *l, int signal)
{
    if (l->pid > 0)
        kill(l->pid, signal);
}

void logged_boundary(const struct logged *l)
{
    const char closed = 1;
    if (l->open && pwrite(l->state, &closed, 1, PROCESS_GATE_BYTE) == 1)
        logged_signal(l, SIGUSR1);
}

int logged_gate(const struct logged *l)
{
    return l->open ? l->state : 0;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void logged_hang_up(struct logged *l)
{
    close_one(&l->out_write);
    close_one(&l->err_write);
}

void logged_release(struct logged *l)
{
    if (!l->open)
        return;
    logged_hang_up(l);
    close_one(&l->out_read);
    close_one(&l->err_read);
    close_one(&l->journal[0]);
    close_one(&l->journal[1]);
    close_one(&l->journal[2]);
    close_one(&l->state);
    close_one(&l->events_read);
    words_release(&l->argv);
    free(l->name);
    l->open = false;
}
