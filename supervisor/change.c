#include "supervisor/change.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/message.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t time_left(const struct pid1 *p, int64_t deadline)
{
    int64_t left = deadline - pid1_now(p);
    if (deadline == 0)
        return 0;
    return left < CLOCK_MS ? 1 : (uint32_t)(left / CLOCK_MS);
}

/* --- transitions ------------------------------------------------------------------------------ */

/* Essential services are left as they are, unless -D says otherwise. */
static void spare_essential(struct change *c, struct transition *t)
{
    for (uint32_t i = 0; i < c->catalogue->graph.count; i++) {
        const struct definition *d = catalogue_definition(c->catalogue, i);
        struct transition_node *n = &t->node[i];
        if (!d->essential || !n->goal || n->goal_up || n->state != NODE_UP)
            continue;
        n->goal = false;
        pid1_say(c->pid1, MESSAGE_WARNING,
                 "s6-rc: warning: service %s is marked as essential, not stopping it", d->name);
    }
}

static void say_plan(struct change *c, bool up)
{
    pid1_say(c->pid1, MESSAGE_DEBUG, "s6-rc: info: bringing selected services %s",
             up ? "up" : "down");
    for (uint32_t i = 0; i < c->catalogue->graph.count && c->job->verbosity >= MESSAGE_DEBUG; i++) {
        const struct transition_node *n = &c->catalogue->transition.node[i];
        if (n->goal && n->state == (up ? NODE_UP : NODE_DOWN))
            pid1_say(c->pid1, MESSAGE_DEBUG, "s6-rc: info: service %s: already %s",
                     catalogue_definition(c->catalogue, i)->name, up ? "up" : "down");
    }
}

/* Nodes that an earlier job left under way, and that this one wants something of. A oneshot is told
 * to end if it is starting and to go down; if it is stopping, this job waits for its down. */
static void adopt_pending(struct change *c)
{
    for (uint32_t i = 0; i < c->catalogue->graph.count; i++) {
        const struct transition_node *n = &c->catalogue->transition.node[i];
        if (catalogue_is_longrun(c->catalogue, i))
            engine_adopt_pending(c->engine, i);
        else if (n->goal && !n->goal_up && n->state == NODE_STARTING)
            oneshot_late(c->oneshots, i);
        else if (n->goal && !n->goal_up)
            oneshot_await(c->oneshots, i);
    }
}

void change_begin(struct change *c, const unsigned char *set, bool up)
{
    transition_begin(&c->catalogue->transition, set, up, pid1_now(c->pid1),
                     time_left(c->pid1, c->job->deadline));
    if (!up && !c->job->essential_too)
        spare_essential(c, &c->catalogue->transition);
    adopt_pending(c);
    c->pid1->changes.all = true;
    say_plan(c, up);
}

/* With -p two transitions: what is to go down goes first. down, up: sets of nodes, NULL for none.
 */
struct plan {
    unsigned char *down;
    unsigned char *up;
};

static int make_plan(const struct change *c, struct request *r, struct plan *p)
{
    unsigned char *others = calloc((size_t)r->count + 1, 1);
    *p = (struct plan){.down = r->down ? r->set : NULL, .up = r->down ? NULL : r->set};
    if (!r->prune) {
        free(others);
        r->set = NULL;
        return 0;
    }
    if (others == NULL)
        return request_refuse(r, EXIT_SYSTEM, "out of memory", "");
    (r->down ? graph_close_down : graph_close_up)(&c->catalogue->graph, r->set);
    for (uint32_t i = 0; i < r->count; i++)
        others[i] = r->set[i] == 0;
    *(r->down ? &p->up : &p->down) = others;
    r->set = NULL;
    return 0;
}

static void begin_next(struct change *c)
{
    unsigned char *next = c->next;
    c->next = NULL;
    change_begin(c, next, true);
    free(next);
}

/* --- a dry run -------------------------------------------------------------------------------- */

struct rehearsal {
    struct change *c;
    struct request *r;
    struct transition t;
    unsigned char *begun; /* by node */
    struct reply out;
};

static void say_step(struct rehearsal *h, uint32_t node, const char *how)
{
    reply_put(&h->out, "s6-rc: info: dry run: service ");
    reply_put_line(&h->out, catalogue_definition(h->c->catalogue, node)->name, how);
}

static void pause_for(struct rehearsal *h)
{
    char text[16];
    if (h->r->pause == 0)
        return;
    reply_flush(&h->out);
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
        spare_essential(h->c, &h->t);
    while (!over) {
        bool any = false;
        while (!over && transition_next(&h->t, 0, false, &a)) {
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
static int dry_run(struct change *c, struct request *r, const struct plan *p)
{
    struct rehearsal h = {.c = c, .r = r, .out = {.to = r->from, .kind = 'e'}};
    int result = 0;
    h.begun = calloc((size_t)r->count + 1, 1);
    if (transition_init(&h.t, &c->catalogue->graph) < 0 || h.begun == NULL) {
        result = request_refuse(r, EXIT_SYSTEM, "out of memory", "");
    } else {
        for (uint32_t i = 0; i < r->count; i++) {
            enum node_state s = c->catalogue->transition.node[i].state;
            h.t.node[i].state = s == NODE_UP || s == NODE_STARTING ? NODE_UP : NODE_DOWN;
        }
        if (p->down != NULL)
            rehearse(&h, p->down, false);
        if (p->up != NULL)
            rehearse(&h, p->up, true);
        reply_flush(&h.out);
    }
    transition_release(&h.t);
    free(h.begun);
    return result;
}

/* --- change ----------------------------------------------------------------------------------- */

int change_request(struct change *c, struct request *r)
{
    struct plan p;
    int result = job_lock(c->job, r);
    if (result != 0)
        return result;
    result = make_plan(c, r, &p);
    if (result == 0 && !r->dry) {
        c->next = p.down != NULL ? p.up : NULL;
        change_begin(c, p.down != NULL ? p.down : p.up, p.down == NULL);
        free(p.down != NULL ? p.down : p.up);
        return CONTROL_PENDING;
    }
    if (result == 0) {
        result = dry_run(c, r, &p);
        free(p.down);
        free(p.up);
    }
    job_forget_caller(c->job); /* it is answered by its own request */
    job_unlock(c->job, result);
    return result;
}

void change_over(struct change *c, enum transition_result result)
{
    if (c->next != NULL && c->job->caller != NULL && result == TRANSITION_OK) {
        begin_next(c);
        return;
    }
    free(c->next);
    c->next = NULL;
    if (result == TRANSITION_TIMED_OUT && c->job->caller != NULL)
        pid1_say(c->pid1, MESSAGE_FATAL, "s6-rc: fatal: timed out");
    job_unlock(c->job, result == TRANSITION_OK       ? 0
                       : result == TRANSITION_FAILED ? EXIT_FAILURE
                                                     : JOB_TIMED_OUT);
}

/* --- reload ----------------------------------------------------------------------------------- */

/* Reloads that still run count in no later job. */
static void give_up_reloads(struct change *c)
{
    for (uint32_t i = 0; i < c->catalogue->graph.count; i++)
        c->catalogue->oneshot[i].reload_awaited = false;
    c->reloading = 0;
}

static void reloads_late(struct timer *t)
{
    struct change *c = container_of(t, struct change, reload_limit);
    for (uint32_t i = 0; i < c->catalogue->graph.count; i++)
        oneshot_reload_late(c->oneshots, i);
    if (c->reloading == 0)
        return;
    give_up_reloads(c);
    pid1_say(c->pid1, MESSAGE_FATAL, "s6-rc: fatal: timed out");
    job_unlock(c->job, JOB_TIMED_OUT);
}

static void reloads_over(struct change *c)
{
    loop_untimer(&c->pid1->loop, &c->reload_limit);
    job_unlock(c->job, c->reload_failed ? EXIT_FAILURE : 0);
}

static void reload_over(struct change *c, uint32_t node, const char *failure)
{
    const char *name = catalogue_definition(c->catalogue, node)->name;
    if (failure == NULL)
        pid1_say(c->pid1, MESSAGE_INFO, "s6-rc: info: service %s successfully reloaded", name);
    else
        pid1_say(c->pid1, MESSAGE_WARNING, "s6-rc: warning: unable to reload service %s: %s", name,
                 failure);
    c->reload_failed |= failure != NULL;
    if (--c->reloading == 0)
        reloads_over(c);
}

void change_reloaded(struct change *c, uint32_t node, const char *failure)
{
    bool *awaited = &c->catalogue->oneshot[node].reload_awaited;
    if (!*awaited)
        return; /* it was given up */
    *awaited = false;
    reload_over(c, node, failure);
}

static void reload_one(struct change *c, uint32_t node)
{
    const struct definition *d = catalogue_definition(c->catalogue, node);
    struct error e = ERROR_INIT;
    if (d->type == DEFINITION_ONESHOT) {
        int result = oneshot_reload(c->oneshots, node, &e);
        if (result > 0)
            c->catalogue->oneshot[node].reload_awaited = true;
        else
            reload_over(c, node, result == 0 ? NULL : e.text);
        return;
    }
    longrun_reload(longruns_of(c->longruns, node));
    reload_over(c, node, NULL);
}

int change_reload(struct change *c, struct request *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->set[i] != 0 && c->catalogue->transition.node[i].state != NODE_UP)
            return request_refuse(r, EXIT_FAILURE, catalogue_definition(c->catalogue, i)->name,
                                  " is not up");
    int result = job_lock(c->job, r);
    if (result != 0)
        return result;
    c->reload_failed = false;
    c->reloading = 1; /* the loop's own */
    c->reload_limit.fire = reloads_late;
    if (r->deadline != 0)
        loop_timer(&c->pid1->loop, &c->reload_limit, r->deadline);
    for (uint32_t i = 0; i < r->count; i++)
        if (r->set[i] != 0) {
            c->reloading++;
            reload_one(c, i);
        }
    if (--c->reloading == 0)
        reloads_over(c);
    return CONTROL_PENDING;
}

void change_abort(struct change *c)
{
    free(c->next);
    c->next = NULL;
    if (c->catalogue->transition.active)
        c->catalogue->transition.result = TRANSITION_TIMED_OUT;
    if (c->reloading == 0)
        return;
    give_up_reloads(c);
    loop_untimer(&c->pid1->loop, &c->reload_limit);
    c->job->busy = false;
}
