#include "tests/simulation/transition_world.h"
#include "base/clock.h"
#include <stdlib.h>
#include <string.h>

#define NOW (1000 * CLOCK_SECOND)
#define FAR (NOW + 3600 * CLOCK_SECOND)

enum { LIMIT_MS = 5000 };

/* --- the world -------------------------------------------------------------------------------- */

void engine_build(struct world *w, const struct shape *shape)
{
    uint32_t limit_ms = w->limits ? LIMIT_MS : 0;
    unsigned int n = shape->nodes;
    w->shape = *shape;
    w->definitions.item = calloc(n, sizeof *w->definitions.item);
    w->definitions.count = n;
    w->graph.node = calloc(n, sizeof *w->graph.node);
    w->graph.count = n;
    w->graph.definitions = &w->definitions;
    for (uint32_t i = 0; i < n; i++) {
        w->definitions.item[i].timeout_up = limit_ms;
        w->definitions.item[i].timeout_down = limit_ms;
        w->graph.node[i].definition = i;
        w->graph.node[i].needs = calloc(n, sizeof *w->graph.node[i].needs);
        w->graph.node[i].needed_by = calloc(n, sizeof *w->graph.node[i].needed_by);
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            if ((shape->needs[i] >> j & 1) != 0) {
                w->graph.node[i].needs[w->graph.node[i].needs_count++] = j;
                w->graph.node[j].needed_by[w->graph.node[j].needed_by_count++] = i;
            }
    if (transition_init(&w->t, &w->graph) < 0)
        abort();
}

void engine_destroy(struct world *w)
{
    transition_release(&w->t);
    graph_release(&w->graph);
    free(w->definitions.item);
}

static int64_t time_of(bool set, bool passed)
{
    return !set ? 0 : passed ? NOW : FAR;
}

static void unpack(struct world *w, const struct engine_state *s)
{
    struct transition *t = &w->t;
    for (uint32_t i = 0; i < w->shape.nodes; i++) {
        uint8_t b = s->node[i];
        t->node[i] = (struct transition_node){
            .state = (enum node_state)(b & NODE_STATE),
            .goal = (b & HAS_GOAL) != 0,
            .goal_up = (b & GOAL_UP) != 0,
            .failed = (b & HAS_FAILED) != 0,
            .deadline = time_of((b & HAS_DEADLINE) != 0, (b & DEADLINE_PASSED) != 0)};
    }
    t->head = 0;
    t->tail = 0;
    for (uint32_t i = 0; i < w->shape.nodes && s->ring[i] != NO_NODE; i++) {
        t->ring[t->tail++] = s->ring[i];
        t->node[s->ring[i]].queued = true;
    }
    t->active = (s->flags & ACTIVE) != 0;
    t->result = (enum transition_result)s->result;
    t->under_way = s->under_way;
    t->deadline = time_of((s->flags & LIMITED) != 0, (s->flags & LIMIT_PASSED) != 0);
    t->next_deadline = time_of((s->flags & WAKES) != 0, (s->flags & WAKES_NOW) != 0);
}

static uint8_t flag(bool on, int bit)
{
    return (uint8_t)(on ? bit : 0);
}

static void pack(const struct world *w, struct engine_state *s)
{
    const struct transition *t = &w->t;
    for (uint32_t i = 0; i < w->shape.nodes; i++) {
        const struct transition_node *n = &t->node[i];
        s->node[i] = (uint8_t)(n->state | flag(n->goal, HAS_GOAL) | flag(n->goal_up, GOAL_UP) |
                               flag(n->failed, HAS_FAILED) | flag(n->deadline != 0, HAS_DEADLINE) |
                               flag(n->deadline != 0 && n->deadline <= NOW, DEADLINE_PASSED));
    }
    memset(s->ring, NO_NODE, sizeof s->ring);
    for (uint32_t i = 0, at = t->head; at != t->tail; at = (at + 1) % (w->shape.nodes + 1))
        s->ring[i++] = (uint8_t)t->ring[at];
    s->result = (uint8_t)t->result;
    s->under_way = (uint8_t)t->under_way;
    s->flags = (uint8_t)((s->flags & (AWAITED | UPWARDS | CUT)) | flag(t->active, ACTIVE) |
                         flag(t->deadline != 0, LIMITED) |
                         flag(t->deadline != 0 && t->deadline <= NOW, LIMIT_PASSED) |
                         flag(t->next_deadline != 0, WAKES) |
                         flag(t->next_deadline != 0 && t->next_deadline <= NOW, WAKES_NOW));
}

static void forget(const struct world *w, struct engine_state *s)
{
    bool active = (s->flags & ACTIVE) != 0;
    for (uint32_t i = 0; i < w->shape.nodes; i++)
        if (!active || (s->node[i] & HAS_GOAL) == 0)
            s->node[i] = (uint8_t)(s->node[i] & (NODE_STATE | HAS_DEADLINE | DEADLINE_PASSED));
    if (active)
        return;
    memset(s->ring, NO_NODE, sizeof s->ring);
    s->flags = s->result = s->under_way = s->goal = s->failed = 0;
}

/* --- laws ------------------------------------------------------------------------------------- */

static void fault(struct world *w, const char *why)
{
    if (w->why == NULL)
        w->why = why;
}

static unsigned int nodes_in(const struct world *w, enum node_state state)
{
    unsigned int set = 0;
    for (uint32_t i = 0; i < w->shape.nodes; i++)
        set |= w->t.node[i].state == state ? 1U << i : 0;
    return set;
}

static unsigned int needed_by(const struct world *w, uint32_t node)
{
    unsigned int set = 0;
    for (uint32_t i = 0; i < w->shape.nodes; i++)
        set |= (w->shape.needs[i] >> node & 1) != 0 ? 1U << i : 0;
    return set;
}

/* All that has to be up (down) before it starts (stops) is. */
static bool may_begin(const struct world *w, uint32_t node, bool up)
{
    return up ? (w->shape.needs[node] & ~nodes_in(w, NODE_UP)) == 0
              : (needed_by(w, node) & ~nodes_in(w, NODE_DOWN)) == 0;
}

static unsigned int under_way(const struct world *w)
{
    return nodes_in(w, NODE_STARTING) | nodes_in(w, NODE_STOPPING);
}

/* At every moment: what is not down has all that it needs. */
static void law_of_order(struct world *w)
{
    for (uint32_t i = 0; i < w->shape.nodes; i++)
        if (w->t.node[i].state != NODE_DOWN && !may_begin(w, i, true))
            fault(w, "a node is not down, and what it needs is not up");
}

static void law_of_beginning(struct world *w, const struct transition_action *a, bool up)
{
    const struct engine_state *s = w->s;
    unsigned int bit = 1U << a->node;
    if ((s->goal & bit) == 0)
        fault(w, "it begins what nobody asked for");
    if (((s->flags & UPWARDS) != 0) != up)
        fault(w, "it begins the contrary of the goal");
    if ((s->failed & bit) != 0)
        fault(w, "it begins again what has failed");
    if ((s->flags & CUT) != 0)
        fault(w, "it begins something after the time limit");
    if (!may_begin(w, a->node, up))
        fault(w,
              up ? "started before what it needs is up" : "stopped before what needs it is down");
    if (w->t.node[a->node].state != (up ? NODE_STARTING : NODE_STOPPING))
        fault(w, "begun, and its state does not say so");
    if (w->t.node[a->node].deadline != (w->limits ? NOW + LIMIT_MS * CLOCK_MS : 0))
        fault(w, "begun with another time limit than its definition's");
}

/* What is neither there nor failed was kept from it by another node. */
static void law_of_completeness(struct world *w)
{
    bool up = (w->s->flags & UPWARDS) != 0;
    unsigned int at_goal = nodes_in(w, up ? NODE_UP : NODE_DOWN);
    unsigned int left = w->s->goal & ~at_goal & ~(unsigned int)w->s->failed & ~under_way(w);
    for (uint32_t i = 0; i < w->shape.nodes; i++)
        if ((left >> i & 1) != 0 && may_begin(w, i, up))
            fault(w, "nothing keeps a node from its goal, and nothing happens");
}

static unsigned int unreached(const struct world *w)
{
    return w->s->goal & ~nodes_in(w, (w->s->flags & UPWARDS) != 0 ? NODE_UP : NODE_DOWN);
}

/* What stays up because a node needs it that was not to be stopped. */
static unsigned int spared(const struct world *w)
{
    if ((w->s->flags & UPWARDS) != 0)
        return 0;
    return shape_close(&w->shape, nodes_in(w, NODE_UP) & ~(unsigned int)w->s->goal, true);
}

static void law_of_the_end(struct world *w)
{
    struct engine_state *s = w->s;
    enum transition_result result = (s->flags & CUT) != 0 ? TRANSITION_TIMED_OUT
                                    : s->failed != 0      ? TRANSITION_FAILED
                                                          : TRANSITION_OK;
    if ((s->flags & AWAITED) == 0)
        fault(w, "OVER twice");
    if (w->t.result != result)
        fault(w, "the result is not what happened");
    if (w->t.active)
        fault(w, "OVER, and still active");
    if (result != TRANSITION_TIMED_OUT && (s->goal & under_way(w)) != 0)
        fault(w, "OVER before what was asked for has ended");
    if (result == TRANSITION_OK && (unreached(w) & ~spared(w)) != 0)
        fault(w, "OVER and well, and the goal is not reached");
    if (result != TRANSITION_TIMED_OUT)
        law_of_completeness(w);
    s->flags = (uint8_t)(s->flags & ~AWAITED);
}

/* No action is left: what is it waiting for? */
static void law_of_quiet(struct world *w)
{
    struct engine_state *s = w->s;
    int64_t wakeup = transition_wakeup(&w->t);
    if (w->t.active != ((s->flags & AWAITED) != 0))
        fault(w, "active is not whether OVER is to come");
    if (!w->t.active)
        return;
    law_of_completeness(w);
    if ((s->flags & CUT) != 0 || (s->goal & under_way(w)) == 0)
        fault(w, "it waits for nothing");
    for (uint32_t i = 0; i < w->shape.nodes; i++) {
        int64_t deadline = w->t.node[i].deadline;
        if ((s->goal >> i & 1) == 0 || deadline == 0)
            continue;
        if (wakeup == 0 || wakeup > deadline)
            fault(w, "it sleeps past a deadline");
        if (deadline <= NOW)
            fault(w, "a deadline passed without a word");
    }
    if (w->t.deadline != 0 && (wakeup == 0 || wakeup > w->t.deadline))
        fault(w, "it sleeps past its time limit");
}

/* --- what is performed ------------------------------------------------------------------------ */

static void fails(struct world *w, uint32_t node, bool up)
{
    if ((w->s->goal >> node & 1) != 0 && ((w->s->flags & UPWARDS) != 0) == up)
        w->s->failed = (uint8_t)(w->s->failed | 1U << node);
}

static void late(struct world *w, const struct transition_action *a,
                 const struct transition_node *before)
{
    bool up = before->state == NODE_STARTING;
    if (before->state != NODE_STARTING && before->state != NODE_STOPPING)
        fault(w, "late, and it was not under way");
    if (before->deadline == 0 || before->deadline > NOW)
        fault(w, "late before its deadline");
    if ((w->s->goal >> a->node & 1) == 0)
        fault(w, "late, and nobody waits for it");
    if (a->up != up || w->t.node[a->node].state != (up ? NODE_DOWN : NODE_UP))
        fault(w, "late, and its state is not that of before");
    fails(w, a->node, up);
}

/* One action, if there is one. */
static bool next(struct world *w)
{
    struct transition_action a = {.node = 0};
    struct transition_node before[SHAPE_NODES];
    bool limit = w->t.deadline != 0 && w->t.deadline <= NOW;
    memcpy(before, w->t.node, w->shape.nodes * sizeof *before);
    if (!transition_next(&w->t, NOW, false, &a)) {
        law_of_quiet(w);
        return false;
    }
    if (a.kind <= TRANSITION_LATE && a.node >= w->shape.nodes) {
        fault(w, "an action for no node");
        return false;
    }
    if (a.kind == TRANSITION_START || a.kind == TRANSITION_STOP) {
        bool up = a.kind == TRANSITION_START;
        if (before[a.node].state != (up ? NODE_DOWN : NODE_UP))
            fault(w, "begun in a state in which it cannot be");
        law_of_beginning(w, &a, up);
    } else if (a.kind == TRANSITION_LATE) {
        late(w, &a, &before[a.node]);
    } else if (a.kind == TRANSITION_TIMEOUT) {
        if (!limit)
            fault(w, "timed out before its time");
        w->s->flags |= CUT;
    } else {
        law_of_the_end(w);
    }
    law_of_order(w);
    return true;
}

static void drain(struct world *w)
{
    for (int i = 0; w->why == NULL && next(w); i++)
        if (i > 10 * SHAPE_NODES)
            fault(w, "actions without end");
}

/* As spare_essential in supervisor/change.c. */
static void spare(struct world *w, uint32_t node)
{
    w->t.node[node].goal = false;
    w->s->goal = (uint8_t)(w->s->goal & ~(1U << node));
}

static void begin(struct world *w, unsigned int detail)
{
    bool up = (detail & 1) != 0;
    unsigned int asked = detail >> 2 & ((1U << SHAPE_NODES) - 1);
    unsigned char set[SHAPE_NODES];
    for (uint32_t i = 0; i < w->shape.nodes; i++)
        set[i] = (unsigned char)(asked >> i & 1);
    transition_begin(&w->t, set, up, NOW, (detail & 2) != 0 ? LIMIT_MS : 0);
    if (w->t.deadline != ((detail & 2) != 0 ? NOW + LIMIT_MS * CLOCK_MS : 0))
        fault(w, "its time limit is not what was asked for");
    w->s->goal = (uint8_t)shape_close(&w->shape, asked, up);
    w->s->failed = 0;
    w->s->flags = (uint8_t)(AWAITED | (up ? UPWARDS : 0));
    if (detail >= 256)
        spare(w, detail / 256 - 1);
}

static void done(struct world *w, uint32_t node, bool success)
{
    bool up = w->t.node[node].state == NODE_STARTING;
    bool counts = (under_way(w) >> node & 1) != 0;
    enum node_state expected = !counts         ? w->t.node[node].state
                               : up == success ? NODE_UP
                                               : NODE_DOWN;
    transition_done(&w->t, node, success, NOW);
    if (w->t.node[node].state != expected)
        fault(w, "an answer led to another state than it says");
    if (counts && !success)
        fails(w, node, up);
    law_of_order(w);
}

static void deadlines_pass(struct world *w, unsigned int set)
{
    for (uint32_t i = 0; i < w->shape.nodes; i++) {
        struct transition_node *n = &w->t.node[i];
        if ((set >> i & 1) == 0)
            continue;
        n->deadline = NOW;
        if (w->t.next_deadline != 0 && n->goal)
            w->t.next_deadline = NOW;
    }
}

uint32_t engine_move(enum move what, unsigned int detail)
{
    return (uint32_t)what | detail << 8;
}

struct engine_state engine_begin(void)
{
    struct engine_state s = {.flags = 0};
    memset(s.ring, NO_NODE, sizeof s.ring);
    return s;
}

const char *engine_perform(struct world *w, struct engine_state *s, uint32_t move)
{
    unsigned int detail = move >> 8;
    unpack(w, s);
    w->s = s;
    w->why = NULL;
    switch ((enum move)(move & 0xff)) {
    case MOVE_BEGIN:
        begin(w, detail);
        break;
    case MOVE_DONE:
        done(w, detail / 2, detail % 2 == 1);
        break;
    case MOVE_LATE:
        deadlines_pass(w, detail);
        break;
    case MOVE_LIMIT:
        w->t.deadline = NOW;
        break;
    case MOVE_BREAK:
        w->t.result = TRANSITION_TIMED_OUT;
        s->flags |= CUT;
        break;
    case MOVE_NEXT:
        next(w);
        break;
    }
    if (w->drain)
        drain(w);
    pack(w, s);
    if (w->forget)
        forget(w, s);
    return w->why;
}
