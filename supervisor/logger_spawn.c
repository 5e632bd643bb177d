/* The command line and the descriptors of a logger. */
#include "contract/logger.h"
#include "supervisor/logger.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

unsigned int logger_writes(const struct logger *l)
{
    if (l->state == LOGGER_NONE)
        return 0;
    return (l->pipes.out_read == l->pipes.out_write ? 1U << 1 : 0) |
           (l->pipes.err_read == l->pipes.err_write ? 1U << 2 : 0);
}

static const char *mode_name(enum logging_mode mode)
{
    static const char *const names[] = LOGGING_MODE_NAMES;
    _Static_assert(sizeof names / sizeof names[0] == LOGGING_AUTO + 1, "one name for each mode");
    return names[mode];
}

/* [s6-supervise NAME/log] logger [OPTION [WORD]]... -- NAME MODE SCRIPT..., made on the stack when
 * it is needed: a thousand of them would be a megabyte. */
enum { ARGV_FIXED = 22 };

struct argv {
    const char *word[ARGV_FIXED + LOGGER_SCRIPT_MAX + 1];
    size_t count;
    char supervised[256 + 8];
    char directory[4096];
    char events[4096];
    char width[16];
    char flood[24];
};

static void put_word(struct argv *a, const char *word)
{
    a->word[a->count++] = word;
}

static void make_argv(struct argv *a, const struct logger *l)
{
    const struct logging *g = l->shared;
    const struct settings *s = &g->pid1->settings;
    bool events = l->pipes.events_read >= 0;
    const char *user = strcmp(l->name, CONSOLE_OWN) == 0 ? g->catchall : g->user;
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
    if (s->console == CONSOLE_JSON) {
        put_word(a, "-" LOGGER_OPTION_JSON);
    } else if (s->prefix == 1) {
        put_word(a, "-" LOGGER_OPTION_PREFIX);
    } else if (s->prefix > 1) {
        snprintf(a->width, sizeof a->width, "%u", s->prefix);
        put_word(a, "-" LOGGER_OPTION_PRETTY);
        put_word(a, a->width);
        if (s->color)
            put_word(a, "-" LOGGER_OPTION_COLOR);
    }
    if (s->verbosity >= MESSAGE_INFO)
        put_word(a, "-" LOGGER_OPTION_VERBOSE);
    if (s->drop)
        put_word(a, "-" LOGGER_OPTION_DROP);
    if (s->flood != LOGGER_FLOOD) {
        snprintf(a->flood, sizeof a->flood, "%llu", (unsigned long long)s->flood);
        put_word(a, "-" LOGGER_OPTION_FLOOD);
        put_word(a, a->flood);
    }
    if (events) {
        snprintf(a->events, sizeof a->events, "%s/.events", s->log_root);
        put_word(a, "-" LOGGER_OPTION_EVENTS);
        put_word(a, a->events);
    }
    if (l->process.restarted)
        put_word(a, "-" LOGGER_OPTION_RESUME);
    put_word(a, "--");
    put_word(a, l->name);
    put_word(a, mode_name(l->mode));
    const struct words *script = l->script.count > 0 ? &l->script : &s->log_script;
    for (size_t i = 0; i < script->count; i++)
        put_word(a, script->item[i]);
    a->word[a->count] = NULL;
}

pid_t logger_spawn(const struct logger *l, struct error *e)
{
    const struct logging *g = l->shared;
    const struct logger_pipes *io = &l->pipes;
    struct argv argv;
    struct process_fd fds[LOGGER_FDS] = {
        {g->pid1->null, 0},
        {1, 1},
        {2, 2},
        {io->out_read, LOGGER_FD_OUT},
        {io->err_read, LOGGER_FD_ERR},
        {io->journal[0], LOGGER_FD_OUT_JOURNAL},
        {io->journal[1], LOGGER_FD_ERR_JOURNAL},
        {io->journal[0], LOGGER_FD_STATE}, /* behind that journal */
        {g->lock, LOGGER_FD_LOCK},
    };
    size_t fd_count = LOGGER_FD_LOCK + 1;
    sigset_t blocked;
    /* What we tell a logger before it listens must wait for it, not kill it. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGALRM);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGUSR2);
    make_argv(&argv, l);
    if (io->events_read >= 0) {
        fds[fd_count++] = (struct process_fd){io->events_read, LOGGER_FD_EVENTS};
        fds[fd_count++] = (struct process_fd){io->journal[2], LOGGER_FD_EVENTS_JOURNAL};
    } else if (g->pid1->events.fd >= 0) {
        fds[fd_count++] = (struct process_fd){g->pid1->events.fd, LOGGER_FD_REPORT};
    }
    struct process_spawn s = {
        .program = g->pid1->program,
        .argv = (char *const *)(uintptr_t)argv.word,
        .envp = g->environment.item,
        .directory = "/",
        .fds = fds,
        .fd_count = fd_count,
        .reads = logger_writes(l) << (LOGGER_FD_OUT - STDOUT_FILENO),
        .new_session = true,
        .blocked = &blocked,
    };
    return pid1_spawn(g->pid1, &s, CHILD_LOGGER, l->index, NULL, e);
}
