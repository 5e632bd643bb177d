/* s6-rc at run time: a caller's request, answered at once or when its transition is over
 * (docs/control.md). One transition runs at a time; the engine is the one that boots and stops the
 * container. */
#include "base/clock.h"
#include "base/message.h"
#include "base/str.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_DIFFERS = 1, EXIT_TIMED_OUT = 2, EXIT_UNKNOWN = 3, OUTPUT_BLOCK = 8192 };

struct request {
    struct supervisor *sv;
    struct control_connection *from;
    const char *verb;
    bool down, essential_too, all, prune, dry, hide_essential;
    uint32_t timeout; /* ms, 0 none */
    unsigned char *set;
    uint32_t count; /* of nodes */
};

/* --- what is said ----------------------------------------------------------------------------- */

void rc_say(struct supervisor *sv, enum message_level level, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text - 1, format, args);
    va_end(args);
    if (n < 0)
        return;
    if (sv->rc.caller == NULL) {
        message_line(level, "%s", text);
    } else if ((int)level <= sv->rc.verbosity) {
        strcat(text, "\n");
        control_say(sv->rc.caller, 'e', text);
    }
}

static int refuse(const struct request *r, int code, const char *why, const char *what)
{
    char text[MESSAGE_MAX];
    snprintf(text, sizeof text, "s6-rc: fatal: %s%s\n", what, why);
    control_say(r->from, 'e', text);
    return code;
}

/* Output in as few packets as it needs, without memory that could be lacking. */
struct output {
    struct control_connection *to;
    size_t length;
    char text[OUTPUT_BLOCK];
};

static void flush(struct output *o)
{
    o->text[o->length] = '\0';
    if (o->length > 0)
        control_say(o->to, 'o', o->text);
    o->length = 0;
}

static void put(struct output *o, const char *text)
{
    for (; *text != '\0'; text++) {
        if (o->length == sizeof o->text - 1)
            flush(o);
        o->text[o->length++] = *text;
    }
}

static void put_line(struct output *o, const char *sign, const char *name)
{
    put(o, sign);
    put(o, name);
    put(o, "\n");
}

/* --- at once ---------------------------------------------------------------------------------- */

static int list(struct request *r, bool closed)
{
    struct output o = {.to = r->from, .length = 0};
    if (closed)
        (r->down ? graph_close_down : graph_close_up)(&r->sv->graph, r->set);
    for (uint32_t i = 0; i < r->count; i++) {
        const struct definition *d = supervisor_definition(r->sv, i);
        if ((r->set[i] != 0) == (r->down && !closed) || (r->hide_essential && d->essential))
            continue;
        put_line(&o, "", d->name);
    }
    flush(&o);
    return 0;
}

static int diff(struct request *r)
{
    struct output o = {.to = r->from, .length = 0};
    int result = 0;
    for (uint32_t i = 0; i < r->sv->longruns; i++) {
        const struct longrun *l = r->sv->longrun[i];
        if (l == NULL || l->node == NO_NODE)
            continue;
        bool up = r->sv->transition.node[l->node].state == NODE_UP;
        bool wanted = l->machine.want == WANT_UP;
        if (up == wanted)
            continue;
        put_line(&o, wanted ? "+" : "-", l->definition->name);
        result = EXIT_DIFFERS;
    }
    flush(&o);
    return result;
}

static int reload(struct request *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const struct definition *d = supervisor_definition(r->sv, i);
        if (r->set[i] == 0)
            continue;
        if (d->type != DEFINITION_LONGRUN)
            return refuse(r, EXIT_FAILURE, " is a oneshot: it cannot be reloaded", d->name);
        if (r->sv->transition.node[i].state != NODE_UP)
            return refuse(r, EXIT_FAILURE, " is not up", d->name);
    }
    for (uint32_t i = 0; i < r->count; i++) {
        const struct definition *d = supervisor_definition(r->sv, i);
        if (r->set[i] == 0)
            continue;
        pid_t pid = r->sv->longrun[r->sv->longrun_of[i]]->machine.pid;
        if (pid > 0)
            kill(pid, d->reload_signal);
    }
    return 0;
}

/* --- transitions ------------------------------------------------------------------------------ */

static void spare_essential(struct request *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const struct definition *d = supervisor_definition(r->sv, i);
        struct transition_node *n = &r->sv->transition.node[i];
        if (!d->essential || !n->goal || n->goal_up || n->state != NODE_UP)
            continue;
        n->goal = false;
        rc_say(r->sv, MESSAGE_WARNING,
               "s6-rc: warning: service %s is marked as essential, not stopping it", d->name);
    }
}

/* What would be done, in the order in which it could be: on a copy of the engine. */
static int dry_run(struct request *r, bool up)
{
    struct transition t;
    struct transition_action a;
    struct output o = {.to = r->from, .length = 0};
    if (transition_init(&t, &r->sv->graph) < 0) {
        transition_release(&t);
        return refuse(r, EXIT_SYSTEM, "out of memory", "");
    }
    for (uint32_t i = 0; i < r->count; i++)
        t.node[i].state = r->sv->transition.node[i].state;
    transition_begin(&t, r->set, up, 0, 0);
    while (transition_next(&t, 0, &a) && a.kind != TRANSITION_OVER) {
        put(&o, "s6-rc: info: dry run: service ");
        put_line(&o, supervisor_definition(r->sv, a.node)->name,
                 a.kind == TRANSITION_STOP ? ": stopping" : ": starting");
        transition_done(&t, a.node, true, 0);
    }
    flush(&o);
    transition_release(&t);
    return 0;
}

static void begin(struct request *r, const unsigned char *set, bool up)
{
    transition_begin(&r->sv->transition, set, up, clock_monotonic(), r->timeout);
    if (!up && !r->essential_too)
        spare_essential(r);
}

/* Everything that is not in the closed set goes down first; the rest follows when that is over. */
static int begin_pruning(struct request *r)
{
    struct rc *rc = &r->sv->rc;
    unsigned char *others = calloc((size_t)r->count + 1, 1);
    if (others == NULL)
        return refuse(r, EXIT_SYSTEM, "out of memory", "");
    (r->down ? graph_close_down : graph_close_up)(&r->sv->graph, r->set);
    for (uint32_t i = 0; i < r->count; i++)
        others[i] = (r->set[i] != 0) == r->down;
    if (r->down) { /* the selection goes down, everything else comes up */
        unsigned char *swap = r->set;
        r->set = others;
        others = swap;
        for (uint32_t i = 0; i < r->count; i++)
            r->set[i] = others[i] == 0;
    }
    rc->next = r->set;
    rc->timeout = r->timeout;
    r->set = NULL;
    begin(r, others, false);
    free(others);
    return CONTROL_PENDING;
}

static bool is_called_from_oneshot(const struct supervisor *sv, pid_t caller)
{
    pid_t session = getsid(caller);
    for (uint32_t i = 0; i < sv->graph.count; i++)
        if (sv->oneshot[i].pid > 0 && session == sv->oneshot[i].pid)
            return true;
    return false;
}

static int change(struct request *r)
{
    struct supervisor *sv = r->sv;
    if (sv->stage != STAGE_STARTING && sv->stage != STAGE_RUNNING)
        return refuse(r, EXIT_SYSTEM, "the container is stopping", "");
    if (sv->transition.active || sv->rc.caller != NULL)
        return refuse(r, EXIT_SYSTEM,
                      is_called_from_oneshot(sv, r->from->peer)
                          ? "unable to take locks: Resource busy (a oneshot that calls s6-rc "
                            "while it is being started or stopped)"
                          : "unable to take locks: Resource busy",
                      "");
    if (r->dry)
        return dry_run(r, !r->down);
    sv->rc.caller = r->from;
    if (r->prune) {
        int result = begin_pruning(r);
        if (result != CONTROL_PENDING)
            sv->rc.caller = NULL;
        return result;
    }
    begin(r, r->set, !r->down);
    return CONTROL_PENDING;
}

void rc_over(struct supervisor *sv, enum transition_result result)
{
    struct rc *rc = &sv->rc;
    struct control_connection *caller = rc->caller;
    unsigned char *next = rc->next;
    rc->next = NULL;
    if (next != NULL && caller != NULL && result == TRANSITION_OK) {
        transition_begin(&sv->transition, next, true, clock_monotonic(), rc->timeout);
        free(next);
        return;
    }
    free(next);
    if (caller == NULL)
        return;
    if (result == TRANSITION_TIMED_OUT)
        rc_say(sv, MESSAGE_FATAL, "s6-rc: fatal: timed out");
    rc->caller = NULL;
    control_end(caller, result == TRANSITION_OK       ? 0
                        : result == TRANSITION_FAILED ? EXIT_FAILURE
                                                      : EXIT_TIMED_OUT);
}

void rc_gone(struct supervisor *sv, const struct control_connection *caller)
{
    if (sv->rc.caller != caller)
        return;
    sv->rc.caller = NULL;
    sv->transition.result = TRANSITION_TIMED_OUT; /* what is under way goes on, nothing is begun */
}

void rc_interrupt(struct supervisor *sv)
{
    struct control_connection *caller = sv->rc.caller;
    if (caller == NULL)
        return;
    control_say(caller, 'e', "s6-rc: fatal: the container is stopping\n");
    free(sv->rc.next);
    sv->rc.next = NULL;
    rc_gone(sv, caller);
    control_end(caller, EXIT_SYSTEM);
}

/* --- the request ------------------------------------------------------------------------------ */

/* "udDapneE" as they were given, then the timeout and the verbosity. */
static int read_options(struct request *r, const char *letters, const char *timeout,
                        const char *verbosity)
{
    unsigned long long ms, level;
    for (; *letters != '\0'; letters++) {
        r->down = *letters == 'd' || *letters == 'D' || (r->down && *letters != 'u');
        r->essential_too |= *letters == 'D';
        r->all |= *letters == 'a';
        r->prune |= *letters == 'p';
        r->dry |= *letters == 'n';
        r->hide_essential = *letters == 'e' || (r->hide_essential && *letters != 'E');
    }
    if (number_parse(timeout, UINT32_MAX, &ms) < 0 || number_parse(verbosity, 9, &level) < 0)
        return -1;
    r->timeout = (uint32_t)ms;
    r->sv->rc.verbosity = r->sv->rc.caller == NULL ? (int)level : r->sv->rc.verbosity;
    return 0;
}

static int select_all(struct request *r, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (graph_select(&r->sv->graph, names[i], r->set) < 0)
            return refuse(r, EXIT_UNKNOWN,
                          " is not a recognized identifier in /run/s6-rc/compiled/resolve.cdb",
                          names[i]);
    for (uint32_t i = 0; r->all && i < r->count; i++)
        if (r->sv->transition.node[i].state == NODE_UP)
            r->set[i] = 1;
    return 0;
}

static int dispatch(struct request *r)
{
    static const struct {
        const char *name;
        int kind; /* 'l' list, 'a' listall, 'd' diff, 'r' reload, 'c' change, 's' start, 't' stop */
    } verbs[] = {{"list", 'l'},   {"listall", 'a'}, {"diff", 'd'}, {"reload", 'r'},
                 {"change", 'c'}, {"start", 's'},   {"stop", 't'}};
    int kind = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, r->verb) == 0)
            kind = verbs[i].kind;
    switch (kind) {
    case 'l':
    case 'a':
        return list(r, kind == 'a');
    case 'd':
        return diff(r);
    case 'r':
        return reload(r);
    case 's':
    case 't':
        r->down = kind == 't';
        r->prune = false;
        return change(r);
    case 'c':
        return change(r);
    default:
        return refuse(r, EXIT_USAGE, " is no command", r->verb);
    }
}

int rc_request(struct supervisor *sv, struct control_connection *from, const char *const *words,
               size_t count)
{
    struct request r = {.sv = sv, .from = from, .count = sv->graph.count};
    if (sv->transition.graph == NULL)
        return refuse(&r, EXIT_SYSTEM, "the services are not read yet", "");
    if (count < 5 || read_options(&r, words[1], words[2], words[3]) < 0)
        return refuse(&r, EXIT_USAGE, "malformed request", "");
    r.verb = words[4];
    r.set = calloc((size_t)r.count + 1, 1);
    int result = r.set == NULL ? refuse(&r, EXIT_SYSTEM, "out of memory", "")
                               : select_all(&r, words + 5, count - 5);
    if (result == 0)
        result = dispatch(&r);
    free(r.set);
    return result;
}
