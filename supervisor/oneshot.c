#include "supervisor/oneshot.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/message.h"
#include "contract/paths.h"
#include "supervisor/refusal.h"
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* How long a stop waits for a down that cannot be forked. */
enum { STOP_TRIES_MS = 3000 };

/* What a oneshot runs; words empty: nothing. A built-in one is this program again. */
static struct words command(const struct oneshots *all, const struct definition *d, bool stopping)
{
    static char name[] = "legacy";
    static char *const verbs[][2] = {[BUILTIN_FIX_ATTRS] = {"fix-attrs", NULL},
                                     [BUILTIN_CONT_INIT] = {"cont-init", "cont-finish"},
                                     [BUILTIN_LEGACY_SERVICES] = {"services-up", "services-down"}};
    static char *argv[3];
    if (d->builtin == BUILTIN_NONE)
        return stopping ? d->down : d->up;
    char *verb = verbs[d->builtin][stopping];
    if (verb == NULL || (d->builtin == BUILTIN_FIX_ATTRS && !all->fixes_attrs) ||
        (d->builtin == BUILTIN_CONT_INIT && !stopping && !all->runs_init) ||
        (d->builtin == BUILTIN_LEGACY_SERVICES && !all->serves_legacy))
        return WORDS_INIT;
    argv[0] = name;
    argv[1] = verb;
    return (struct words){.item = argv, .count = 2};
}

static pid_t spawn(struct oneshots *all, uint32_t node, enum child_role role, char *const *argv,
                   int *report, struct error *e)
{
    const struct definition *d = catalogue_definition(all->catalogue, node);
    char rc_name[4096];
    snprintf(rc_name, sizeof rc_name, "RC_NAME=%s", d->name);
    struct process_fd fds[] = {{0, 0}, {all->pid1->out, 1}, {all->pid1->err, 2}};
    struct process_spawn s = {
        .program = d->builtin == BUILTIN_NONE ? argv[0] : all->pid1->program,
        .argv = argv,
        .envp = pid1_environment(all->pid1, rc_name),
        .directory = RUN_ONESHOTS,
        .fds = fds,
        .fd_count = 3,
        .passed = all->pid1->voice.passed,
        .passed_to = {0, 1, 2},
        .new_session = true,
    };
    return pid1_spawn(all->pid1, &s, role, node, report, e);
}

static void succeed(struct oneshots *all, uint32_t node, bool stopping)
{
    if (!catalogue_awaits(all->catalogue, node, !stopping))
        return; /* it was given up as late */
    const struct definition *d = catalogue_definition(all->catalogue, node);
    pid1_event(all->pid1, stopping ? "down" : "up", d->name, "%s", "");
    catalogue_done(all->catalogue, all->pid1, node, !stopping, true);
}

/* A stop must come to its end. */
static bool may_wait(const struct oneshots *all, uint32_t node, int why)
{
    int64_t since = all->catalogue->transition.node[node].since;
    return shortage_is(why) &&
           (!pid1_is_stopping(all->pid1) || pid1_now(all->pid1) - since < STOP_TRIES_MS * CLOCK_MS);
}

void oneshot_begin(struct oneshots *all, uint32_t node, bool stopping)
{
    const struct definition *d = catalogue_definition(all->catalogue, node);
    if (!stopping && all->pid1->stage != STAGE_STARTING)
        all->serves_legacy = true; /* somebody has put something there since */
    struct words argv = command(all, d, stopping);
    struct oneshot *o = &all->catalogue->oneshot[node];
    struct error e = ERROR_INIT;
    if (o->state == ONESHOT_PUT_OFF)
        o->state = ONESHOT_IDLE;
    if (argv.count == 0) {
        succeed(all, node, stopping);
        return;
    }
    if (o->pid > 0) {
        pid1_say(all->pid1, MESSAGE_WARNING,
                 "s6-rc: warning: unable to %s service %s: its %s, given up as late, still runs "
                 "(pid %ld)",
                 stopping ? "stop" : "start", d->name, o->stopping ? "down" : "up", (long)o->pid);
        catalogue_done(all->catalogue, all->pid1, node, !stopping, false);
        return;
    }
    o->stopping = stopping;
    o->pid = spawn(all, node, CHILD_ONESHOT, argv.item, &o->report, &e);
    if (o->pid < 0) {
        o->pid = 0;
        if (may_wait(all, node, e.why)) {
            o->state = ONESHOT_PUT_OFF;
            pid1_lacks(all->pid1, &all->pid1->shortage, "service ", d->name, &e);
            pid1_retry(all->pid1, &all->retry);
            return;
        }
        pid1_say(all->pid1, MESSAGE_WARNING, "s6-rc: warning: unable to %s service %s: %s",
                 stopping ? "stop" : "start", d->name, e.text);
        catalogue_done(all->catalogue, all->pid1, node, !stopping, false);
        return;
    }
    o->state = ONESHOT_RUNS;
    shortage_over(&all->pid1->shortage);
    status_touch(&all->pid1->changes, all->catalogue->record[node]);
}

static void again(struct retry *r)
{
    struct oneshots *all = container_of(r, struct oneshots, retry);
    for (uint32_t i = 0; i < all->catalogue->graph.count; i++)
        if (all->catalogue->oneshot[i].state == ONESHOT_PUT_OFF)
            oneshot_begin(all, i, all->catalogue->oneshot[i].stopping);
}

/* --- their end -------------------------------------------------------------------------------- */

static void explain(struct oneshots *all, const char *program, int *report)
{
    char why[PID1_WHY_MAX];
    if (pid1_not_executed(all->pid1, report, program, why))
        pid1_say(all->pid1, MESSAGE_FATAL, "s6-rc-oneshot-run: fatal: %s", why);
}

static void describe(const struct oneshots *all, int status, char how[64])
{
    bool oom = oom_takes(&all->pid1->oom, status);
    if (WIFEXITED(status))
        snprintf(how, 64, "command exited %d", WEXITSTATUS(status));
    else
        snprintf(how, 64, "command crashed with signal %d%s", WTERMSIG(status),
                 oom                 ? " (out of memory)"
                 : WCOREDUMP(status) ? " (core dumped)"
                                     : "");
}

void oneshot_reaped(struct oneshots *all, uint32_t node, int status)
{
    const struct definition *d = catalogue_definition(all->catalogue, node);
    struct oneshot *o = &all->catalogue->oneshot[node];
    const struct words argv = command(all, d, o->stopping);
    char how[64];
    explain(all, d->builtin != BUILTIN_NONE || argv.count == 0 ? all->pid1->program : argv.item[0],
            &o->report);
    o->pid = 0;
    o->state = ONESHOT_IDLE;
    status_touch(&all->pid1->changes, all->catalogue->record[node]);
    if (!o->stopping) {
        o->ended = true;
        o->wait_status = status;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        succeed(all, node, o->stopping);
        return;
    }
    describe(all, status, how);
    const struct transition_node *n = &all->catalogue->transition.node[node];
    bool given_up = n->goal && n->goal_up == o->stopping;
    if (catalogue_awaits(all->catalogue, node, !o->stopping) && !given_up)
        pid1_say(all->pid1, MESSAGE_WARNING, "s6-rc: warning: unable to %s service %s: %s",
                 o->stopping ? "stop" : "start", d->name, how);
    pid1_event(all->pid1, "fail", d->name, "reason=%s", how);
    catalogue_done(all->catalogue, all->pid1, node, !o->stopping, false);
}

/* Its group, since a shell that waits for another program would leave that behind. */
void oneshot_tell_to_end(struct pid1 *p, const char *name, pid_t pid, bool *said)
{
    refusal_kill(p, name, -pid, SIGTERM, said);
    pid1_kill(p, -pid, SIGCONT);
}

static void end(struct oneshots *all, uint32_t node, pid_t pid)
{
    if (pid > 0)
        oneshot_tell_to_end(all->pid1, catalogue_definition(all->catalogue, node)->name, pid,
                            &all->catalogue->oneshot[node].refused);
}

void oneshot_late(struct oneshots *all, uint32_t node)
{
    struct oneshot *o = &all->catalogue->oneshot[node];
    if (o->state != ONESHOT_PUT_OFF) {
        end(all, node, o->pid);
        return;
    }
    o->state = ONESHOT_IDLE; /* there is no process whose end would be the answer */
    catalogue_done(all->catalogue, all->pid1, node, !o->stopping, false);
}

void oneshot_leave(struct oneshots *all, uint32_t node)
{
    struct oneshot *o = &all->catalogue->oneshot[node];
    if (o->state == ONESHOT_RUNS)
        o->state = ONESHOT_LEFT;
}

void oneshot_await(struct oneshots *all, uint32_t node)
{
    struct oneshot *o = &all->catalogue->oneshot[node];
    if (o->state == ONESHOT_LEFT)
        o->state = ONESHOT_RUNS;
}

void oneshot_interrupt(struct oneshots *all, uint32_t node)
{
    const struct oneshot *o = &all->catalogue->oneshot[node];
    if (o->stopping && o->state != ONESHOT_LEFT)
        return;
    if (o->pid > 0 && !o->stopping)
        pid1_say(all->pid1, MESSAGE_WARNING,
                 "s6-rc: warning: service %s is still starting: told to end",
                 catalogue_definition(all->catalogue, node)->name);
    end(all, node, o->pid);
}

/* --- reload ----------------------------------------------------------------------------------- */

int oneshot_reload(struct oneshots *all, uint32_t node, struct error *e)
{
    const struct definition *d = catalogue_definition(all->catalogue, node);
    struct oneshot *o = &all->catalogue->oneshot[node];
    if (d->reload.count == 0)
        return 0;
    if (o->reload > 0)
        return error_set(e, EXIT_SYSTEM, "its last reload still runs (pid %ld)", (long)o->reload);
    o->reload = spawn(all, node, CHILD_RELOAD, d->reload.item, &o->reload_report, e);
    if (o->reload > 0)
        return 1;
    o->reload = 0;
    return -1;
}

bool oneshot_reload_reaped(struct oneshots *all, uint32_t node, int status, char how[64])
{
    const struct definition *d = catalogue_definition(all->catalogue, node);
    struct oneshot *o = &all->catalogue->oneshot[node];
    explain(all, d->reload.count > 0 ? d->reload.item[0] : d->name, &o->reload_report);
    o->reload = 0;
    describe(all, status, how);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void oneshot_reload_late(struct oneshots *all, uint32_t node)
{
    end(all, node, all->catalogue->oneshot[node].reload);
}

/* --- calls from within ------------------------------------------------------------------------ */

static bool is_oneshot(const struct oneshots *all, pid_t pid)
{
    for (uint32_t i = 0; pid > 1 && i < all->catalogue->graph.count; i++)
        if (all->catalogue->oneshot[i].pid == pid || all->catalogue->oneshot[i].reload == pid)
            return true;
    return false;
}

bool oneshot_is_ancestor(const struct oneshots *all, pid_t pid)
{
    enum { GENERATIONS = 32 };
    if (is_oneshot(all, all->pid1->calls->session_of(pid)))
        return true;
    for (int i = 0; i < GENERATIONS && pid > 1; i++) {
        if (is_oneshot(all, pid))
            return true;
        pid = all->pid1->calls->parent_of(pid);
    }
    return false;
}

void oneshots_init(struct oneshots *all, struct pid1 *p, struct catalogue *c)
{
    *all = (struct oneshots){.pid1 = p, .catalogue = c, .retry = {.again = again}};
}
