#include "supervisor/tail.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/message.h"
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { LIMIT_MS = 2000 /* for all that are late at the same time */, HEADING_MAX = 512 };

static void kill_it(struct timer *t)
{
    struct tail *tail = container_of(t, struct tail, limit);
    memset(tail->catalogue->late, 0, tail->catalogue->graph.count);
    if (tail->pid > 0)
        pid1_kill(tail->pid1, tail->pid, SIGKILL);
}

/* What a service logs elsewhere, or has on the console only, is not shown. */
static bool has_log(const struct tail *t, uint32_t node)
{
    if (!catalogue_is_longrun(t->catalogue, node))
        return false;
    const struct logger *l = &longruns_of(t->longruns, node)->logger;
    return l->state != LOGGER_NONE && l->process.pid > 0 && l->mode != LOGGING_CONSOLE;
}

static pid_t spawn(struct tail *t, const char *name, struct error *e)
{
    /* The heading is of its words: what we say ourselves may reach a caller later. */
    char heading[HEADING_MAX];
    snprintf(heading, sizeof heading, "s6-rc: warning: the last lines of %s:", name);
    char *argv[] = {(char[]){"logcat"},
                    (char[]){"-n5"},
                    (char[]){"--color=never"},
                    (char[]){"--begin-with"},
                    heading,
                    (char[]){"--"},
                    (char *)(uintptr_t)name,
                    NULL};
    struct process_fd fds[] = {{t->pid1->null, 0}, {t->pid1->err, 1}, {t->pid1->null, 2}};
    struct process_spawn s = {
        .program = t->pid1->program,
        .argv = argv,
        .directory = "/",
        .fds = fds,
        .fd_count = 3,
        .passed = t->pid1->voice.passed,
        .passed_to = {-1, -1, 1},
        .new_session = true,
    };
    return pid1_spawn(t->pid1, &s, CHILD_TAIL, 0, NULL, e);
}

static void next(struct tail *t)
{
    struct error e = ERROR_INIT;
    struct pid1 *p = t->pid1;
    struct catalogue *c = t->catalogue;
    for (uint32_t i = 0; t->pid <= 0 && i < c->graph.count; i++) {
        if (c->late[i] == 0)
            continue;
        c->late[i] = 0;
        if (has_log(t, i) && pid1_now(p) < t->end)
            t->pid = spawn(t, catalogue_definition(c, i)->name, &e);
    }
    if (t->pid > 0) {
        t->limit.fire = kill_it;
        loop_timer(&p->loop, &t->limit, t->end);
        return;
    }
    t->pid = 0;
    t->end = 0;
    loop_untimer(&p->loop, &t->limit);
}

void tail_want(struct tail *t, uint32_t node)
{
    if (t->catalogue->late == NULL || t->pid1->stage >= STAGE_TERM)
        return;
    if (t->end == 0)
        t->end = pid1_now(t->pid1) + LIMIT_MS * CLOCK_MS;
    t->catalogue->late[node] = 1;
    if (t->pid <= 0)
        next(t);
}

bool tail_is_busy(const struct tail *t)
{
    return t->pid > 0;
}

void tail_reaped(struct tail *t)
{
    t->pid = 0;
    next(t);
}
