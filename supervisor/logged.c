#include "supervisor/logged.h"
#include "base/account.h"
#include "base/clock.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/process.h"
#include "contract/logger.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
        int found = account_ids(user, &a, e);
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
    g->lock = kernel_memory("console");
    if (g->lock < 0)
        return error_system(e, "unable to make the console lock");
    return 0;
}

static const char *mode_name(enum logging_mode mode)
{
    static const char *const names[] = LOGGING_MODE_NAMES;
    _Static_assert(sizeof names / sizeof names[0] == LOGGING_AUTO + 1, "one name for each mode");
    return names[mode];
}

/* [s6-supervise NAME/log] logger [OPTION [WORD]]... -- NAME MODE SCRIPT..., made on the stack when
 * it is needed: a thousand of them would be a megabyte. */
enum { ARGV_FIXED = 20 };

struct argv {
    const char *word[ARGV_FIXED + LOGGED_SCRIPT_MAX + 1];
    size_t count;
    char supervised[256 + 8];
    char directory[4096];
    char events[4096];
    char width[16];
};

static void put_word(struct argv *a, const char *word)
{
    a->word[a->count++] = word;
}

static void make_argv(struct argv *a, const struct logged *l, const struct logging *g)
{
    const struct settings *s = g->settings;
    bool events = l->events_read >= 0;
    const char *user = events ? g->catchall : g->user;
    a->count = 0;
    /* People look for the supervisor of a service by this name; of its logger we are it. */
    if (l->name[0] != '.') {
        snprintf(a->supervised, sizeof a->supervised, "%s/log", l->name);
        put_word(a, "s6-supervise");
        put_word(a, a->supervised);
    }
    put_word(a, "logger");
    if (l->mode != LOGGING_CONSOLE) {
        snprintf(a->directory, sizeof a->directory, "%s/%s", s->log_root, l->name);
        put_word(a, "-" LOGGER_OPTION_DIRECTORY);
        put_word(a, a->directory);
    }
    if (user[0] != '\0') {
        put_word(a, "-" LOGGER_OPTION_USER);
        put_word(a, user);
    }
    if (s->prefix == 1) {
        put_word(a, "-" LOGGER_OPTION_PREFIX);
    } else if (s->prefix > 1) {
        snprintf(a->width, sizeof a->width, "%u", s->prefix);
        put_word(a, "-" LOGGER_OPTION_PRETTY);
        put_word(a, a->width);
        if (s->color)
            put_word(a, "-" LOGGER_OPTION_COLOR);
    }
    if (events && s->verbosity >= MESSAGE_INFO)
        put_word(a, "-" LOGGER_OPTION_VERBOSE);
    if (s->drop)
        put_word(a, "-" LOGGER_OPTION_DROP);
    if (events) {
        snprintf(a->events, sizeof a->events, "%s/.events", s->log_root);
        put_word(a, "-" LOGGER_OPTION_EVENTS);
        put_word(a, a->events);
    }
    if (l->restarted)
        put_word(a, "-" LOGGER_OPTION_RESUME);
    put_word(a, "--");
    put_word(a, l->name);
    put_word(a, mode_name(l->mode));
    const struct words *script = l->script.count > 0 ? &l->script : &s->log_script;
    for (size_t i = 0; i < script->count; i++)
        put_word(a, script->item[i]);
    a->word[a->count] = NULL;
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

/* One descriptor for both sides instead of two, where there is a /proc by which children can open
 * the side that is theirs: of thousands of services that counts. */
static void merge(int *read_end, int *write_end)
{
    int both = process_open_side(*read_end, O_RDWR);
    if (both < 0)
        return;
    close(*read_end);
    close(*write_end);
    *read_end = *write_end = both;
}

unsigned long logged_descriptors(const struct logging *g)
{
    enum { PIPES = 2, JOURNALS = 2, CONTROL = 1 };
    int fd = process_open_side(g->null, O_RDWR);
    if (fd < 0)
        return 2 * PIPES + JOURNALS + CONTROL;
    close(fd);
    return PIPES + JOURNALS + CONTROL;
}

int logged_open(struct logged *l, const struct logging *g, const char *name, enum logging_mode mode,
                const struct words *script, int events, struct error *e)
{
    *l = (struct logged){.open = true,
                         .name = strdup(name),
                         .mode = mode,
                         .script = WORDS_INIT,
                         .out_read = -1,
                         .out_write = -1,
                         .err_read = -1,
                         .err_write = -1,
                         .journal = {-1, -1, -1},
                         .events_read = events};
    int bad = l->name == NULL ? -1 : 0;
    for (size_t i = 0; i < script->count; i++)
        bad |= words_add(&l->script, script->item[i]);
    if (bad != 0)
        return error_system(e, "unable to prepare the logger of %s", name);
    if ((script->count > 0 ? script : &g->settings->log_script)->count > LOGGED_SCRIPT_MAX)
        return error_set(e, EXIT_USAGE, "the logging script of %s has more than %d words", name,
                         LOGGED_SCRIPT_MAX);
    if (make_pipe(&l->out_read, &l->out_write) < 0 || make_pipe(&l->err_read, &l->err_write) < 0)
        return error_system(e, "unable to make the log pipes of %s", name);
    if (events < 0) {
        merge(&l->out_read, &l->out_write);
        merge(&l->err_read, &l->err_write);
    }
    for (int i = 0; i < (events >= 0 ? 3 : 2); i++) {
        l->journal[i] = kernel_memory("journal");
        if (l->journal[i] < 0)
            return error_system(e, "unable to make the journals of %s", name);
    }
    return 0;
}

unsigned int logged_writes(const struct logged *l)
{
    if (!l->open)
        return 0;
    return (l->out_read == l->out_write ? 1U << 1 : 0) |
           (l->err_read == l->err_write ? 1U << 2 : 0);
}

pid_t logged_start(struct logged *l, const struct logging *g, int64_t now, struct error *e)
{
    struct argv argv;
    struct process_fd fds[LOGGER_FDS] = {
        {g->null, 0},
        {1, 1},
        {2, 2},
        {l->out_read, LOGGER_FD_OUT},
        {l->err_read, LOGGER_FD_ERR},
        {l->journal[0], LOGGER_FD_OUT_JOURNAL},
        {l->journal[1], LOGGER_FD_ERR_JOURNAL},
        {l->journal[0], LOGGER_FD_STATE}, /* behind that journal */
        {g->lock, LOGGER_FD_LOCK},
        {l->events_read, LOGGER_FD_EVENTS},
        {l->journal[2], LOGGER_FD_EVENTS_JOURNAL},
    };
    _Static_assert(LOGGER_FD_EVENTS == LOGGER_FD_LOCK + 1, "without events, the last two are not");
    sigset_t blocked;
    /* What we tell a logger before it listens must wait for it, not kill it. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGALRM);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGUSR2);
    make_argv(&argv, l, g);
    struct process_spawn s = {
        .program = g->program,
        .argv = (char *const *)(uintptr_t)argv.word,
        .envp = g->environment.item,
        .directory = "/",
        .fds = fds,
        .fd_count = l->events_read >= 0 ? LOGGER_FDS : LOGGER_FD_EVENTS,
        .reads = logged_writes(l) << (LOGGER_FD_OUT - STDOUT_FILENO),
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
    if (!l->open)
        return;
    process_gate(l->journal[0], true);
    logged_signal(l, SIGUSR1);
}

int logged_gate(const struct logged *l)
{
    return l->open ? l->journal[0] : 0;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* The reading side stays, for a successor of the logger. */
static int hang_up(int *read_end, int *write_end)
{
    if (*write_end >= 0 && *read_end == *write_end) {
        int side = process_open_side(*read_end, O_RDONLY);
        if (side < 0)
            return -1;
        close_one(write_end);
        *read_end = side;
        return 0;
    }
    close_one(write_end);
    return 0;
}

int logged_hang_up(struct logged *l)
{
    int out = hang_up(&l->out_read, &l->out_write);
    int err = hang_up(&l->err_read, &l->err_write);
    return out < 0 || err < 0 ? -1 : 0;
}

bool logged_at_end(const struct logged *l)
{
    struct pollfd streams[2] = {{.fd = l->out_read, .events = POLLIN},
                                {.fd = l->err_read, .events = POLLIN}};
    return poll(streams, 2, 0) == 2 && streams[0].revents == POLLHUP &&
           streams[1].revents == POLLHUP;
}

static int resume(int *read_end, int *write_end)
{
    if (*write_end >= 0)
        return 0;
    int both = process_open_side(*read_end, O_RDWR);
    if (both < 0)
        return -1;
    close_one(read_end);
    *read_end = *write_end = both;
    return 0;
}

int logged_resume(struct logged *l)
{
    return resume(&l->out_read, &l->out_write) < 0 || resume(&l->err_read, &l->err_write) < 0 ? -1
                                                                                              : 0;
}

void logged_release(struct logged *l)
{
    if (!l->open)
        return;
    if (l->out_read == l->out_write)
        l->out_read = -1;
    if (l->err_read == l->err_write)
        l->err_read = -1;
    close_one(&l->out_write);
    close_one(&l->err_write);
    close_one(&l->out_read);
    close_one(&l->err_read);
    close_one(&l->journal[0]);
    close_one(&l->journal[1]);
    close_one(&l->journal[2]);
    close_one(&l->events_read);
    words_release(&l->script);
    free(l->name);
    l->open = false;
}
