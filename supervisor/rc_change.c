/* The jobs of s6-rc: transitions, reloads, and what transitions would do. */
#include "base/clock.h"
#include "base/message.h"
#include "supervisor/rc.h"
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t time_left(const struct pid1 *p, int64_t deadline)
{
    int64_t left = deadline - pid1_now(p);
    if (deadline == 0)
        return 0;
    return left < CLOCK_MS ? 1 : (uint32_t)(left / CLOCK_MS);
}

/* --- transitions ------------------------------------------------------------------------------ */

/* Essential services are left as they are, unless -D says otherwise. */
static void spare_essential(struct supervisor *sv, struct transition *t)
{
    for (uint32_t i = 0; i < sv->graph.count; i++) {
        const struct definition *d = supervisor_definition(sv, i);
        struct transition_node *n = &t->node[i];
        if (!d->essential || !n->goal || n->goal_up || n->state != NODE_UP)
            continue;
        n->goal = false;
        pid1_say(&sv->pid1, MESSAGE_WARNING,
                 "s6-rc: warning: service %s is marked as essential, not stopping it", d->name);
    }
}

static void say_plan(struct supervisor *sv, bool up)
{
    pid1_say(&sv->pid1, MESSAGE_DEBUG, "s6-rc: info: bringing selected services %s",
             up ? "up" : "down");
    for (uint32_t i = 0; i < sv->graph.count && sv->rc.verbosity >= MESSAGE_DEBUG; i++) {
        const struct transition_node *n = &sv->transition.node[i];
        if (n->goal && n->state == (up ? NODE_UP : NODE_DOWN))
            pid1_say(&sv->pid1, MESSAGE_DEBUG, "s6-rc: info: service %s: already %s",
                     supervisor_definition(sv, i)->name, up ? "up" : "down");
    }
}

/* What an earlier time limit left to itself, and this one wants something of. Of oneshots only
 * those are hurried that are starting and to go down. */
static void take_up(struct supervisor *sv)
{
    for (uint32_t i = 0; i < sv->graph.count; i++) {
        const struct transition_node *n = &sv->transition.node[i];
        if (supervisor_definition(sv, i)->type == DEFINITION_LONGRUN)
            supervisor_take_up(sv, i);
        else if (n->goal && !n->goal_up && n->state == NODE_STARTING)
            oneshot_late(sv, i);
    }
}

void rc_begin(struct supervisor *sv, const unsigned char *set, bool up)
{
    transition_begin(&sv->transition, set, up, pid1_now(&sv->pid1),
                     time_left(&sv->pid1, sv->rc.deadline));
    if (!up && !sv->rc.essential_too)
        spare_essential(sv, &sv->transition);
    take_up(sv);
    sv->pid1.changes.all = true;
    say_plan(sv, up);
}

/* With -p two transitions: what is to go down goes first. down, up: sets of nodes, NULL for none.
 */
struct plan {
    unsigned char *down;
    unsigned char *up;
};

static int make_plan(struct rc_request *r, struct plan *p)
{
    unsigned char *others = calloc((size_t)r->count + 1, 1);
    *p = (struct plan){.down = r->down ? r->set : NULL, .up = r->down ? NULL : r->set};
    if (!r->prune) {
        free(others);
        r->set = NULL;
        return 0;
    }
    if (others == NULL)
        return rc_refuse(r, EXIT_SYSTEM, "out of memory", "");
    (r->down ? graph_close_down : graph_close_up)(&r->sv->graph, r->set);
    for (uint32_t i = 0; i < r->count; i++)
        others[i] = r->set[i] == 0;
    *(r->down ? &p->up : &p->down) = others;
    r->set = NULL;
    return 0;
}

static void begin_next(struct supervisor *sv)
{
    unsigned char *next = sv->rc.next;
    sv->rc.next = NULL;
    rc_begin(sv, next, true);
    free(next);
}

/* --- a dry run -------------------------------------------------------------------------------- */

struct rehearsal {
    struct rc_request *r;
    struct transition t;
    unsigned char *begun; /* by node */
    struct rc_output out;
};

static void say_step(struct rehearsal *h, uint32_t node, const char *how)
{
    rc_put(&h->out, "s6-rc: info: dry run: service ");
    rc_put_line(&h->out, supervisor_definition(h->r->sv, node)->name, how);
}

static void pause_for(struct rehearsal *h)
{
    char text[16];
    if (h->r->pause == 0)
        return;
    rc_flush(&h->out);
    snprintf(text, sizeof text, "%lu", (unsigned long)h->r->pause);
    control_say(h->r->from, 'w', text);
}

/* Everything that can be done at once takes one pause. */
static void rehearse(struct rehearsal *h, const unsigned char *set, bool up)
{
    struct transition_action a;
    bool over = false;
    transition_begin(&h->t, set, up, 0, 0);
    if (!up && !h->r->essential_too)
        spare_essential(h->r->sv, &h->t);
    while (!over) {
        bool any = false;
        while (!over && transition_next(&h->t, 0, &a)) {
            over = a.kind == TRANSITION_OVER;
            if (over)
                continue;
            say_step(h, a.node, a.kind == TRANSITION_STOP ? ": stopping" : ": starting");
            h->begun[a.node] = 1;
            any = true;
        }
        if (any)
            pause_for(h);
        for (uint32_t i = 0; i < h->r->count; i++) {
            if (h->begun[i] == 0)
                continue;
            h->begun[i] = 0;
            if (h->r->verbosity >= MESSAGE_INFO)
                say_step(h, i, up ? " successfully started" : " successfully stopped");
            transition_done(&h->t, i, true, 0);
        }
        over |= !any;
    }
}

/* What would be done, in the order in which it could be: on a copy of the engine. */
static int dry_run(struct rc_request *r, const struct plan *p)
{
    struct rehearsal h = {.r = r, .out = {.to = r->from, .kind = 'e'}};
    int result = 0;
    h.begun = calloc((size_t)r->count + 1, 1);
    if (transition_init(&h.t, &r->sv->graph) < 0 || h.begun == NULL) {
        result = rc_refuse(r, EXIT_SYSTEM, "out of memory", "");
    } else {
        for (uint32_t i = 0; i < r->count; i++) {
            enum node_state s = r->sv->transition.node[i].state;
            h.t.node[i].state = s == NODE_UP || s == NODE_STARTING ? NODE_UP : NODE_DOWN;
        }
        if (p->down != NULL)
            rehearse(&h, p->down, false);
        if (p->up != NULL)
            rehearse(&h, p->up, true);
        rc_flush(&h.out);
    }
    transition_release(&h.t);
    free(h.begun);
    return result;
}

/* --- change ----------------------------------------------------------------------------------- */

int rc_change(struct rc_request *r)
{
    struct supervisor *sv = r->sv;
    struct plan p;
    int result = rc_lock(r);
    if (result != 0)
        return result;
    result = make_plan(r, &p);
    if (result == 0 && !r->dry) {
        sv->rc.next = p.down != NULL ? p.up : NULL;
        rc_begin(sv, p.down != NULL ? p.down : p.up, p.down == NULL);
        free(p.down != NULL ? p.down : p.up);
        return CONTROL_PENDING;
    }
    if (result == 0) {
        result = dry_run(r, &p);
        free(p.down);
        free(p.up);
    }
    rc_set_caller(sv, NULL); /* it is answered by its own request */
    rc_unlock(sv, result);
    return result;
}

void rc_over(struct supervisor *sv, enum transition_result result)
{
    struct rc *rc = &sv->rc;
    if (rc->update != NULL) {
        update_over(sv, result);
        return;
    }
    if (rc->next != NULL && rc->caller != NULL && result == TRANSITION_OK) {
        begin_next(sv);
        return;
    }
    free(rc->next);
    rc->next = NULL;
    if (result == TRANSITION_TIMED_OUT && rc->caller != NULL)
        pid1_say(&sv->pid1, MESSAGE_FATAL, "s6-rc: fatal: timed out");
    rc_unlock(sv, result == TRANSITION_OK       ? 0
                  : result == TRANSITION_FAILED ? EXIT_FAILURE
                                                : RC_TIMED_OUT);
}

/* --- reload ----------------------------------------------------------------------------------- */

static void reloads_late(struct timer *t)
{
    struct supervisor *sv =
        (struct supervisor *)(void *)((char *)t - offsetof(struct supervisor, rc.reload_limit));
    for (uint32_t i = 0; i < sv->graph.count; i++)
        oneshot_reload_late(sv, i);
    if (sv->rc.reloading == 0)
        return;
    sv->rc.reloading = 0;
    pid1_say(&sv->pid1, MESSAGE_FATAL, "s6-rc: fatal: timed out");
    rc_unlock(sv, RC_TIMED_OUT);
}

static void reloads_over(struct supervisor *sv)
{
    loop_untimer(&sv->pid1.loop, &sv->rc.reload_limit);
    rc_unlock(sv, sv->rc.reload_failed ? EXIT_FAILURE : 0);
}

void rc_reloaded(struct supervisor *sv, uint32_t node, const char *failure)
{
    const char *name = supervisor_definition(sv, node)->name;
    if (sv->rc.reloading == 0)
        return; /* it was given up */
    if (failure == NULL)
        pid1_say(&sv->pid1, MESSAGE_INFO, "s6-rc: info: service %s successfully reloaded", name);
    else
        pid1_say(&sv->pid1, MESSAGE_WARNING, "s6-rc: warning: unable to reload service %s: %s",
                 name, failure);
    sv->rc.reload_failed |= failure != NULL;
    if (--sv->rc.reloading == 0)
        reloads_over(sv);
}

static void reload_one(struct supervisor *sv, uint32_t node)
{
    const struct definition *d = supervisor_definition(sv, node);
    if (d->type == DEFINITION_ONESHOT) {
        oneshot_reload(sv, node);
        return;
    }
    pid_t pid = sv->longrun[sv->longrun_of[node]]->machine.pid;
    if (pid > 0)
        pid1_kill(&sv->pid1, pid, d->keys.reload_signal);
    rc_reloaded(sv, node, NULL);
}

int rc_reload(struct rc_request *r)
{
    struct supervisor *sv = r->sv;
    struct rc *rc = &sv->rc;
    for (uint32_t i = 0; i < r->count; i++)
        if (r->set[i] != 0 && sv->transition.node[i].state != NODE_UP)
            return rc_refuse(r, EXIT_FAILURE, supervisor_definition(sv, i)->name, " is not up");
    int result = rc_lock(r);
    if (result != 0)
        return result;
    rc->reload_failed = false;
    rc->reloading = 1; /* the loop's own */
    rc->reload_limit.fire = reloads_late;
    if (r->deadline != 0)
        loop_timer(&sv->pid1.loop, &rc->reload_limit, r->deadline);
    for (uint32_t i = 0; i < r->count; i++)
        if (r->set[i] != 0) {
            rc->reloading++;
            reload_one(sv, i);
        }
    if (--rc->reloading == 0)
        reloads_over(sv);
    return CONTROL_PENDING;
}

void rc_abort(struct supervisor *sv)
{
    struct rc *rc = &sv->rc;
    free(rc->next);
    rc->next = NULL;
    if (sv->transition.active)
        sv->transition.result = TRANSITION_TIMED_OUT;
    if (rc->reloading == 0)
        return;
    rc->reloading = 0;
    loop_untimer(&sv->pid1.loop, &rc->reload_limit);
    rc->busy = false;
}
