#include "supervisor/engine.h"
#include "base/clock.h"
#include "supervisor/descriptors.h"

void engine_adopt_pending(struct engine *g, uint32_t node)
{
    struct transition *t = &g->catalogue->transition;
    const struct transition_node *n = &t->node[node];
    bool starting = n->state == NODE_STARTING;
    if (!catalogue_is_longrun(g->catalogue, node) || !n->goal ||
        (!starting && n->state != NODE_STOPPING))
        return;
    bool turns = n->goal_up != starting;
    if (turns) /* it counts as up, and is stopped; or it was not stopped, and stays */
        transition_done(t, node, starting, pid1_now(g->pid1));
    struct longrun *l = longruns_of(g->longruns, node);
    bool wanted = l->machine.want == WANT_UP;
    if ((!turns || !starting) && wanted != n->goal_up) /* a second TERM may mean something */
        longrun_feed(l, n->goal_up ? SERVICE_WANT_UP : SERVICE_WANT_DOWN, 0);
}

static void give_up(struct engine *g, uint32_t node, bool was_up)
{
    const struct definition *d = catalogue_definition(g->catalogue, node);
    pid1_say(g->pid1, MESSAGE_WARNING,
             "s6-rc: warning: unable to %s service %s: timed out after %lu ms",
             was_up ? "start" : "stop", d->name,
             (unsigned long)(was_up ? d->timeout_up : d->timeout_down));
    if (d->type == DEFINITION_ONESHOT)
        oneshot_late(g->oneshots, node);
    else if (was_up)
        longrun_feed(longruns_of(g->longruns, node), SERVICE_WANT_DOWN, 0);
    tail_want(g->tail, node);
}

/* The global timeout: who is it that was waited for? */
static void give_up_all(struct engine *g)
{
    int64_t now = pid1_now(g->pid1);
    for (uint32_t i = 0; i < g->catalogue->graph.count; i++) {
        const struct transition_node *n = &g->catalogue->transition.node[i];
        if (!n->goal || (n->state != NODE_STARTING && n->state != NODE_STOPPING))
            continue;
        pid1_say(g->pid1, MESSAGE_WARNING, "s6-rc: warning: service %s is not %s after %lld ms",
                 catalogue_definition(g->catalogue, i)->name,
                 n->state == NODE_STARTING ? "up" : "down",
                 (long long)((now - n->since) / CLOCK_MS));
        if (!catalogue_is_longrun(g->catalogue, i))
            oneshot_leave(g->oneshots, i);
        tail_want(g->tail, i);
    }
}

static void begin(struct engine *g, uint32_t node, bool stopping)
{
    const struct definition *d = catalogue_definition(g->catalogue, node);
    pid1_say(g->pid1, MESSAGE_INFO, "s6-rc: info: service %s: %s", d->name,
             stopping ? "stopping" : "starting");
    if (d->type == DEFINITION_ONESHOT)
        oneshot_begin(g->oneshots, node, stopping);
    else
        longrun_feed(longruns_of(g->longruns, node), stopping ? SERVICE_WANT_DOWN : SERVICE_WANT_UP,
                     0);
}

/* True: the transition is over. */
static bool perform(struct engine *g, const struct transition_action *a)
{
    struct pid1 *p = g->pid1;
    if (a->kind == TRANSITION_OVER)
        p->changes.all = true;
    else if (a->kind != TRANSITION_TIMEOUT)
        status_touch(&p->changes, g->catalogue->record[a->node]);
    switch (a->kind) {
    case TRANSITION_TIMEOUT:
        give_up_all(g);
        return false;
    case TRANSITION_LATE:
        give_up(g, a->node, a->up);
        return false;
    case TRANSITION_OVER:
        g->over_held = tail_is_busy(g->tail) && !pid1_is_stopping(p);
        return !g->over_held;
    case TRANSITION_START:
    case TRANSITION_STOP:
        begin(g, a->node, a->kind == TRANSITION_STOP);
        return false;
    }
    return false;
}

/* Too many children are between fork and exec for another start. */
static bool is_full(const struct engine *g)
{
    return g->longruns->runs.execs >= EXECS_PENDING_MAX / 2;
}

bool engine_run(struct engine *g)
{
    struct transition_action a;
    if (g->catalogue->transition.graph == NULL)
        return false;
    if (g->over_held && !tail_is_busy(g->tail)) {
        g->over_held = false;
        return true;
    }
    while (transition_next(&g->catalogue->transition, pid1_now(g->pid1), is_full(g), &a))
        if (perform(g, &a))
            return true;
    loop_timer(&g->pid1->loop, &g->wake, transition_wakeup(&g->catalogue->transition));
    return false;
}
