/* Oneshots: their up and down as children, and the built-in ones. */
#include "base/message.h"
#include "supervisor/runtree.h"
#include "supervisor/supervisor.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The services' environment plus RC_NAME; the caller frees the array only. */
static char **environment(const struct supervisor *sv, char *rc_name)
{
    char **e = calloc(sv->environment.count + 2, sizeof *e);
    size_t n = 0;
    if (e == NULL)
        return NULL;
    for (size_t i = 0; i < sv->environment.count; i++)
        if (strncmp(sv->environment.item[i], "RC_NAME=", 8) != 0)
            e[n++] = sv->environment.item[i];
    e[n] = rc_name;
    return e;
}

static pid_t spawn(struct supervisor *sv, const struct definition *d, char *const *argv,
                   int *report, struct error *e)
{
    char rc_name[4096];
    snprintf(rc_name, sizeof rc_name, "RC_NAME=%s", d->name);
    char **envp = environment(sv, rc_name);
    if (envp == NULL) {
        return error_set(e, EXIT_SYSTEM, "out of memory");
    }
    struct process_fd fds[] = {{0, 0}, {unlogged_stdout(sv), 1}, {unlogged_stderr(sv), 2}};
    for (int i = 0; sv->rc.caller != NULL && i < 3; i++)
        if (sv->rc.caller->stdio[i] >= 0)
            fds[i].from = sv->rc.caller->stdio[i];
    struct process_spawn s = {
        .program = argv[0],
        .argv = argv,
        .envp = envp,
        .directory = RUN_ONESHOTS,
        .fds = fds,
        .fd_count = 3,
        .new_session = true,
        .nofile = &sv->nofile,
    };
    pid_t pid = process_spawn(&s, report, e);
    free(envp);
    return pid;
}

static void succeed(struct supervisor *sv, uint32_t node, bool stopping)
{
    const struct definition *d = supervisor_definition(sv, node);
    event_log_write(&sv->events, stopping ? "down" : "up", d->name, "%s", "");
    supervisor_node_done(sv, node, !stopping, true);
}

void oneshot_begin(struct supervisor *sv, uint32_t node, bool stopping)
{
    const struct definition *d = supervisor_definition(sv, node);
    const struct words *argv = stopping ? &d->down : &d->up;
    struct oneshot *o = &sv->oneshot[node];
    struct error e = ERROR_INIT;
    if (argv->count == 0) {
        succeed(sv, node, stopping);
        return;
    }
    o->stopping = stopping;
    o->pid = spawn(sv, d, argv->item, &o->report, &e);
    if (o->pid < 0) {
        o->pid = 0;
        rc_say(sv, MESSAGE_WARNING, "s6-rc: warning: unable to %s service %s: %s",
               stopping ? "stop" : "start", d->name, e.text);
        supervisor_node_done(sv, node, !stopping, false);
        return;
    }
    children_add(&sv->children, o->pid, CHILD_ONESHOT, node);
}

static void explain(struct supervisor *sv, const struct definition *d, const struct oneshot *o)
{
    char why[512];
    struct process_failure failure = {.error = 0};
    if (process_report(o->report, &failure) != 0)
        return;
    process_explain((o->stopping ? &d->down : &d->up)->item[0], &failure, why, sizeof why);
    rc_say(sv, MESSAGE_FATAL, "s6-rc-oneshot-run: fatal: %s", why);
}

void oneshot_reaped(struct supervisor *sv, uint32_t node, int status)
{
    const struct definition *d = supervisor_definition(sv, node);
    struct oneshot *o = &sv->oneshot[node];
    explain(sv, d, o);
    close(o->report);
    o->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        succeed(sv, node, o->stopping);
        return;
    }
    char how[64];
    if (WIFEXITED(status))
        snprintf(how, sizeof how, "exited %d", WEXITSTATUS(status));
    else
        snprintf(how, sizeof how, "crashed with signal %d", WTERMSIG(status));
    if (sv->transition.node[node].state == (o->stopping ? NODE_STOPPING : NODE_STARTING))
        rc_say(sv, MESSAGE_WARNING, "s6-rc: warning: unable to %s service %s: command %s",
               o->stopping ? "stop" : "start", d->name, how);
    event_log_write(&sv->events, "fail", d->name, "reason=command %s", how);
    supervisor_node_done(sv, node, !o->stopping, false);
}

void oneshot_late(struct supervisor *sv, uint32_t node)
{
    if (sv->oneshot[node].pid <= 0)
        return;
    kill(sv->oneshot[node].pid, SIGTERM);
    kill(sv->oneshot[node].pid, SIGCONT);
}
