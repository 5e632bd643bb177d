/* The last lines of services that are late, shown by logcat, which may read disks and wait for
 * consoles: pid 1 only starts it and, when its short time is over, kills it. */
#include "base/clock.h"
#include "base/message.h"
#include "supervisor/supervisor.h"
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_MS = 2000 /* for all that are late at the same time */, HEADING_MAX = 512 };

static void kill_it(struct timer *t)
{
    struct supervisor *sv =
        (struct supervisor *)(void *)((char *)t - offsetof(struct supervisor, tail.limit));
    memset(sv->tail.late, 0, sv->graph.count);
    if (sv->tail.pid > 0)
        pid1_kill(&sv->pid1, sv->tail.pid, SIGKILL);
}

/* What a service logs elsewhere, or has on the console only, is not shown. */
static bool has_log(const struct supervisor *sv, uint32_t node)
{
    if (supervisor_definition(sv, node)->type != DEFINITION_LONGRUN)
        return false;
    const struct logged *g = &sv->longrun[sv->longrun_of[node]]->logger.logged;
    return g->open && g->pid > 0 && g->mode != LOGGING_CONSOLE;
}

static pid_t spawn(struct supervisor *sv, const char *name, struct error *e)
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
    struct process_fd fds[] = {{sv->pid1.null, 0}, {sv->pid1.err, 1}, {sv->pid1.null, 2}};
    struct process_spawn s = {
        .program = sv->pid1.program,
        .argv = argv,
        .directory = "/",
        .fds = fds,
        .fd_count = 3,
        .passed = sv->pid1.voice.passed,
        .passed_to = {-1, -1, 1},
        .new_session = true,
    };
    return pid1_spawn(&sv->pid1, &s, CHILD_TAIL, 0, NULL, e);
}

static void next(struct supervisor *sv)
{
    struct tail *t = &sv->tail;
    struct error e = ERROR_INIT;
    for (uint32_t i = 0; t->pid <= 0 && i < sv->graph.count; i++) {
        if (t->late[i] == 0)
            continue;
        t->late[i] = 0;
        const char *name = supervisor_definition(sv, i)->name;
        if (!has_log(sv, i) || pid1_now(&sv->pid1) >= t->end)
            continue;
        t->pid = spawn(sv, name, &e);
    }
    if (t->pid > 0) {
        t->limit.fire = kill_it;
        loop_timer(&sv->pid1.loop, &t->limit, t->end);
        return;
    }
    t->pid = 0;
    t->end = 0;
    loop_untimer(&sv->pid1.loop, &t->limit);
    if (sv->over_held)
        supervisor_over(sv);
}

void tail_want(struct supervisor *sv, uint32_t node)
{
    if (sv->tail.late == NULL || sv->pid1.stage >= STAGE_TERM)
        return;
    if (sv->tail.end == 0)
        sv->tail.end = pid1_now(&sv->pid1) + LIMIT_MS * CLOCK_MS;
    sv->tail.late[node] = 1;
    if (sv->tail.pid <= 0)
        next(sv);
}

bool tail_is_busy(const struct supervisor *sv)
{
    return sv->tail.pid > 0;
}

void tail_reaped(struct supervisor *sv)
{
    sv->tail.pid = 0;
    next(sv);
}
