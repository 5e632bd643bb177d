#include "services/transition.h"
#include "base/clock.h"
#include <stdlib.h>

/* Nodes to look at again stand in a ring; each is in it at most once, so it cannot overflow. */
static void queue(struct transition *t, uint32_t node)
{
    if (t->node[node].queued)
        return;
    t->node[node].queued = true;
    t->ring[t->tail] = node;
    t->tail = (t->tail + 1) % (t->graph->count + 1);
}

static bool dequeue(struct transition *t, uint32_t *node)
{
    if (t->head == t->tail)
        return false;
    *node = t->ring[t->head];
    t->head = (t->head + 1) % (t->graph->count + 1);
    t->node[*node].queued = false;
    return true;
}

int transition_init(struct transition *t, const struct graph *g)
{
    *t = (struct transition){.graph = g};
    t->node = calloc((size_t)g->count + 1, sizeof *t->node);
    t->ring = calloc((size_t)g->count + 1, sizeof *t->ring);
    return t->node == NULL || t->ring == NULL ? -1 : 0;
}

void transition_release(struct transition *t)
{
    free(t->node);
    free(t->ring);
    *t = (struct transition){.node = NULL};
}

static const struct definition *definition(const struct transition *t, uint32_t node)
{
    return &t->graph->definitions->item[t->graph->node[node].definition];
}

static bool is_under_way(const struct transition_node *n)
{
    return n->state == NODE_STARTING || n->state == NODE_STOPPING;
}

static bool wants_change(const struct transition_node *n)
{
    return n->goal && !n->failed && n->state == (n->goal_up ? NODE_DOWN : NODE_UP);
}

static void note_deadline(struct transition *t, const struct transition_node *n)
{
    if (n->goal && n->deadline != 0 && (t->next_deadline == 0 || n->deadline < t->next_deadline))
        t->next_deadline = n->deadline;
}

void transition_begin(struct transition *t, const unsigned char *set, bool up, int64_t now,
                      uint32_t timeout_ms)
{
    uint32_t count = t->graph->count;
    for (uint32_t i = 0; i < count; i++) {
        struct transition_node *n = &t->node[i];
        n->goal = false;
        n->failed = false;
        n->queued = false; /* an earlier one may have left it in the ring */
    }
    t->head = t->tail = 0;
    /* The closure without memory of its own: goals spread along edges through the ring. */
    for (uint32_t i = 0; i < count; i++)
        if (set[i] != 0) {
            t->node[i].goal = true;
            t->node[i].goal_up = up;
            queue(t, i);
        }
    uint32_t node;
    while (dequeue(t, &node)) {
        const struct node *g = &t->graph->node[node];
        const uint32_t *next = up ? g->needs : g->needed_by;
        uint32_t next_count = up ? g->needs_count : g->needed_by_count;
        for (uint32_t j = 0; j < next_count; j++) {
            struct transition_node *n = &t->node[next[j]];
            if (n->goal)
                continue;
            n->goal = true;
            n->goal_up = up;
            queue(t, next[j]);
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (t->node[i].goal)
            queue(t, i);
    t->under_way = 0; /* what an earlier one left to itself and nobody asks for is not waited for */
    t->next_deadline = 0;
    for (uint32_t i = 0; i < count; i++) {
        t->under_way += t->node[i].goal && is_under_way(&t->node[i]);
        note_deadline(t, &t->node[i]);
    }
    t->active = true;
    t->result = TRANSITION_OK;
    t->deadline = timeout_ms == 0 ? 0 : now + timeout_ms * CLOCK_MS;
}

/* Everything it needs is up (or, going down, everything that needs it is down). */
static bool is_free(const struct transition *t, uint32_t node)
{
    const struct node *g = &t->graph->node[node];
    bool up = t->node[node].goal_up;
    const uint32_t *other = up ? g->needs : g->needed_by;
    uint32_t count = up ? g->needs_count : g->needed_by_count;
    enum node_state wanted = up ? NODE_UP : NODE_DOWN;
    for (uint32_t i = 0; i < count; i++)
        if (t->node[other[i]].state != wanted)
            return false;
    return true;
}

static void queue_neighbours(struct transition *t, uint32_t node)
{
    const struct node *g = &t->graph->node[node];
    for (uint32_t i = 0; i < g->needed_by_count; i++)
        queue(t, g->needed_by[i]);
    for (uint32_t i = 0; i < g->needs_count; i++)
        queue(t, g->needs[i]);
}

static void enter(struct transition *t, uint32_t node, enum node_state state, int64_t now)
{
    struct transition_node *n = &t->node[node];
    bool before = is_under_way(n);
    n->state = state;
    n->since = now;
    n->deadline = 0;
    if (n->goal && is_under_way(n) && !before)
        t->under_way++;
    else if (n->goal && !is_under_way(n) && before)
        t->under_way--;
}

static void begin(struct transition *t, uint32_t node, int64_t now)
{
    struct transition_node *n = &t->node[node];
    const struct definition *d = definition(t, node);
    uint32_t timeout = n->goal_up ? d->timeout_up : d->timeout_down;
    enter(t, node, n->goal_up ? NODE_STARTING : NODE_STOPPING, now);
    n->deadline = timeout == 0 ? 0 : now + timeout * CLOCK_MS;
    note_deadline(t, n);
}

void transition_done(struct transition *t, uint32_t node, bool success, int64_t now)
{
    struct transition_node *n = &t->node[node];
    if (!is_under_way(n))
        return; /* it was given up as late */
    bool up = n->state == NODE_STARTING;
    enter(t, node, up == success ? NODE_UP : NODE_DOWN, now);
    if (!success && n->goal && n->goal_up == up) {
        n->failed = true;
        if (t->result == TRANSITION_OK)
            t->result = TRANSITION_FAILED;
    }
    queue(t, node); /* the goal may have turned round meanwhile */
    queue_neighbours(t, node);
}

/* The earliest deadline of a node that has passed, or none; renews next_deadline. */
static bool find_late(struct transition *t, int64_t now, uint32_t *late)
{
    if (t->next_deadline == 0 || now < t->next_deadline)
        return false;
    bool found = false;
    t->next_deadline = 0;
    for (uint32_t i = 0; i < t->graph->count; i++) {
        const struct transition_node *n = &t->node[i];
        if (!found && n->goal && n->deadline != 0 && n->deadline <= now) {
            found = true;
            *late = i;
            continue;
        }
        note_deadline(t, n);
    }
    return found;
}

/* The next node in the ring that can begin. Of those that could, longruns stay in it when full. */
static bool take_ready(struct transition *t, bool full, uint32_t *node)
{
    uint32_t room = t->graph->count + 1;
    for (uint32_t left = (t->tail + room - t->head) % room; left > 0; left--) {
        (void)dequeue(t, node);
        const struct transition_node *n = &t->node[*node];
        if (t->result == TRANSITION_TIMED_OUT || !wants_change(n) || !is_free(t, *node))
            continue;
        if (!full || !n->goal_up || definition(t, *node)->type != DEFINITION_LONGRUN)
            return true;
        queue(t, *node);
    }
    return false;
}

bool transition_next(struct transition *t, int64_t now, bool full, struct transition_action *a)
{
    uint32_t node;
    if (!t->active)
        return false;
    if (find_late(t, now, &node)) {
        bool up = t->node[node].state == NODE_STARTING;
        *a = (struct transition_action){.kind = TRANSITION_LATE, .node = node, .up = up};
        transition_done(t, node, false, now);
        return true;
    }
    if (t->deadline != 0 && now >= t->deadline) {
        t->deadline = 0;
        t->result = TRANSITION_TIMED_OUT;
        *a = (struct transition_action){.kind = TRANSITION_TIMEOUT};
        return true;
    }
    if (take_ready(t, full, &node)) {
        a->kind = t->node[node].goal_up ? TRANSITION_START : TRANSITION_STOP;
        a->node = node;
        begin(t, node, now);
        return true;
    }
    bool held = t->head != t->tail;
    /* Timed out: what is under way is left to itself. */
    if ((held || t->under_way > 0) && t->result != TRANSITION_TIMED_OUT)
        return false;
    t->active = false;
    *a = (struct transition_action){.kind = TRANSITION_OVER};
    return true;
}

int64_t transition_wakeup(const struct transition *t)
{
    if (!t->active)
        return 0;
    if (t->deadline != 0 && (t->next_deadline == 0 || t->deadline < t->next_deadline))
        return t->deadline;
    return t->next_deadline;
}
