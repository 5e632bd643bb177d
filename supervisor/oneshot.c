/* Oneshots: their up and down as children, and the built-in ones. */
#include "base/clock.h"
#include "base/message.h"
#include "contract/paths.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long a stop waits for a down that cannot be forked. */
enum { STOP_TRIES_MS = 3000 };

/* What a oneshot runs; words empty: nothing. A built-in one is this program again. */
static struct words command(const struct supervisor *sv, const struct definition *d, bool stopping)
{
    static char name[] = "legacy";
    static char *const verbs[][2] = {[BUILTIN_FIX_ATTRS] = {"fix-attrs", NULL},
                                     [BUILTIN_CONT_INIT] = {"cont-init", "cont-finish"},
                                     [BUILTIN_LEGACY_SERVICES] = {"services-up", "services-down"}};
    static char *argv[3];
    if (d->builtin == BUILTIN_NONE)
        return stopping ? d->down : d->up;
    char *verb = verbs[d->builtin][stopping];
    if (verb == NULL || (d->builtin == BUILTIN_FIX_ATTRS && !sv->fixes_attrs) ||
        (d->builtin == BUILTIN_CONT_INIT && !stopping && !sv->runs_init))
        return (struct words)WORDS_INIT;
    argv[0] = name;
    argv[1] = verb;
    return (struct words){.item = argv, .count = 2};
}

static pid_t spawn(struct supervisor *sv, uint32_t node, enum child_role role, char *const *argv,
                   int *report, struct error *e)
{
    const struct definition *d = supervisor_definition(sv, node);
    char rc_name[4096];
    snprintf(rc_name, sizeof rc_name, "RC_NAME=%s", d->name);
    sv->oneshot_environment[sv->oneshot_variables] = rc_name;
    struct process_fd fds[] = {{0, 0}, {sv->pid1.out, 1}, {sv->pid1.err, 2}};
    struct process_spawn s = {
        .program = d->builtin == BUILTIN_NONE ? argv[0] : sv->pid1.program,
        .argv = argv,
        .envp = sv->oneshot_environment,
        .directory = RUN_ONESHOTS,
        .fds = fds,
        .fd_count = 3,
        .passed = sv->pid1.voice.passed,
        .passed_to = {0, 1, 2},
        .new_session = true,
    };
    return pid1_spawn(&sv->pid1, &s, role, node, report, e);
}

static bool is_awaited(const struct supervisor *sv, uint32_t node, bool stopping)
{
    return sv->transition.node[node].state == (stopping ? NODE_STOPPING : NODE_STARTING);
}

static void succeed(struct supervisor *sv, uint32_t node, bool stopping)
{
    if (!is_awaited(sv, node, stopping))
        return; /* it was given up as late */
    const struct definition *d = supervisor_definition(sv, node);
    pid1_event(&sv->pid1, stopping ? "down" : "up", d->name, "%s", "");
    supervisor_node_done(sv, node, !stopping, true);
}

/* A stop must come to its end. */
static bool may_wait(const struct supervisor *sv, uint32_t node, int why)
{
    int64_t since = sv->transition.node[node].since;
    return shortage_is(why) && (sv->pid1.stage < STAGE_STOPPING ||
                                pid1_now(&sv->pid1) - since < STOP_TRIES_MS * CLOCK_MS);
}

void oneshot_begin(struct supervisor *sv, uint32_t node, bool stopping)
{
    const struct definition *d = supervisor_definition(sv, node);
    struct words argv = command(sv, d, stopping);
    struct oneshot *o = &sv->oneshot[node];
    struct error e = ERROR_INIT;
    o->put_off = false;
    if (argv.count == 0) {
        succeed(sv, node, stopping);
        return;
    }
    if (o->pid > 0) {
        pid1_say(&sv->pid1, MESSAGE_WARNING,
                 "s6-rc: warning: unable to %s service %s: its %s, given up as late, still runs "
                 "(pid %ld)",
                 stopping ? "stop" : "start", d->name, o->stopping ? "down" : "up", (long)o->pid);
        supervisor_node_done(sv, node, !stopping, false);
        return;
    }
    o->stopping = stopping;
    o->pid = spawn(sv, node, CHILD_ONESHOT, argv.item, &o->report, &e);
    if (o->pid < 0) {
        int why = errno;
        o->pid = 0;
        if (may_wait(sv, node, why)) {
            o->put_off = true;
            shortage_note(&sv->pid1.shortage, "service ", d->name, &e, why, pid1_now(&sv->pid1));
            supervisor_put_off(sv);
            return;
        }
        pid1_say(&sv->pid1, MESSAGE_WARNING, "s6-rc: warning: unable to %s service %s: %s",
                 stopping ? "stop" : "start", d->name, e.text);
        supervisor_node_done(sv, node, !stopping, false);
        return;
    }
    shortage_over(&sv->pid1.shortage);
    status_touch(&sv->pid1.changes, o->record);
}

void oneshots_again(struct supervisor *sv)
{
    for (uint32_t i = 0; i < sv->graph.count; i++)
        if (sv->oneshot[i].put_off)
            oneshot_begin(sv, i, sv->oneshot[i].stopping);
}

/* --- their end --------------------------------------------------------------------------------
 */

static void explain(struct supervisor *sv, const char *program, int report)
{
    char why[512];
    struct process_failure failure = {.error = 0};
    if (sv->pid1.calls->report(report, &failure) == 0) {
        process_explain(program, &failure, why, sizeof why);
        pid1_say(&sv->pid1, MESSAGE_FATAL, "s6-rc-oneshot-run: fatal: %s", why);
    }
    close(report);
}

static void describe(int status, char how[64])
{
    if (WIFEXITED(status))
        snprintf(how, 64, "command exited %d", WEXITSTATUS(status));
    else
        snprintf(how, 64, "command crashed with signal %d", WTERMSIG(status));
}

void oneshot_reaped(struct supervisor *sv, uint32_t node, int status)
{
    const struct definition *d = supervisor_definition(sv, node);
    struct oneshot *o = &sv->oneshot[node];
    const struct words argv = command(sv, d, o->stopping);
    char how[64];
    explain(sv, d->builtin != BUILTIN_NONE || argv.count == 0 ? sv->pid1.program : argv.item[0],
            o->report);
    o->pid = 0;
    status_touch(&sv->pid1.changes, o->record);
    if (!o->stopping) {
        o->ended = true;
        o->wait_status = status;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        succeed(sv, node, o->stopping);
        return;
    }
    describe(status, how);
    const struct transition_node *n = &sv->transition.node[node];
    bool given_up = n->goal && n->goal_up == o->stopping;
    if (is_awaited(sv, node, o->stopping) && !given_up)
        pid1_say(&sv->pid1, MESSAGE_WARNING, "s6-rc: warning: unable to %s service %s: %s",
                 o->stopping ? "stop" : "start", d->name, how);
    pid1_event(&sv->pid1, "fail", d->name, "reason=%s", how);
    supervisor_node_done(sv, node, !o->stopping, false);
}

/* Its group, since a shell that waits for another program would leave that behind; before it has
 * one, the child. */
static void end(struct supervisor *sv, uint32_t node, pid_t pid)
{
    if (pid <= 0)
        return;
    pid_t target = sv->pid1.calls->group_of(pid) == pid ? -pid : pid;
    refusal_kill(sv, supervisor_definition(sv, node)->name, target, SIGTERM,
                 &sv->oneshot[node].refused);
    pid1_kill(&sv->pid1, target, SIGCONT);
}

void oneshot_late(struct supervisor *sv, uint32_t node)
{
    sv->oneshot[node].put_off = false;
    end(sv, node, sv->oneshot[node].pid);
}

bool oneshot_interrupt(struct supervisor *sv, uint32_t node)
{
    const struct oneshot *o = &sv->oneshot[node];
    if (o->pid <= 0 || o->stopping)
        return false;
    pid1_say(&sv->pid1, MESSAGE_WARNING,
             "s6-rc: warning: service %s is still starting: told to end",
             supervisor_definition(sv, node)->name);
    end(sv, node, o->pid);
    return true;
}

/* --- reload -----------------------------------------------------------------------------------
 */

void oneshot_reload(struct supervisor *sv, uint32_t node)
{
    const struct definition *d = supervisor_definition(sv, node);
    struct oneshot *o = &sv->oneshot[node];
    struct error e = ERROR_INIT;
    if (d->reload.count == 0) {
        rc_reloaded(sv, node, NULL);
        return;
    }
    if (o->reload > 0)
        error_set(&e, EXIT_SYSTEM, "its last reload still runs (pid %ld)", (long)o->reload);
    else
        o->reload = spawn(sv, node, CHILD_RELOAD, d->reload.item, &o->reload_report, &e);
    if (e.text[0] == '\0')
        return;
    o->reload = o->reload < 0 ? 0 : o->reload;
    rc_reloaded(sv, node, e.text);
}

void oneshot_reload_reaped(struct supervisor *sv, uint32_t node, int status)
{
    const struct definition *d = supervisor_definition(sv, node);
    struct oneshot *o = &sv->oneshot[node];
    char how[64];
    explain(sv, d->reload.count > 0 ? d->reload.item[0] : d->name, o->reload_report);
    o->reload = 0;
    describe(status, how);
    rc_reloaded(sv, node, WIFEXITED(status) && WEXITSTATUS(status) == 0 ? NULL : how);
}

void oneshot_reload_late(struct supervisor *sv, uint32_t node)
{
    end(sv, node, sv->oneshot[node].reload);
}

/* --- calls from within ------------------------------------------------------------------------
 */

static bool is_oneshot(const struct supervisor *sv, pid_t pid)
{
    for (uint32_t i = 0; pid > 1 && i < sv->graph.count; i++)
        if (sv->oneshot[i].pid == pid || sv->oneshot[i].reload == pid)
            return true;
    return false;
}

bool oneshot_is_ancestor(const struct supervisor *sv, pid_t pid)
{
    enum { GENERATIONS = 32 };
    if (is_oneshot(sv, sv->pid1.calls->session_of(pid)))
        return true;
    for (int i = 0; i < GENERATIONS && pid > 1; i++) {
        if (is_oneshot(sv, pid))
            return true;
        pid = sv->pid1.calls->parent_of(pid);
    }
    return false;
}
