/* The transition engine: brings a set of nodes up, or down, in dependency order, as parallel as
 * dependencies allow (spec/s6-rc-source.md section 8.1). Pure: time is a parameter, what is to be
 * done comes back as actions.
 *
 * A node is down, starting, up or stopping. transition_begin marks what must change; every node of
 * the set whose dependencies are up starts at once, the others the instant their last one is up
 * (down: reversed). A failed start leaves the node down and its dependents, silently, too;
 * independents go on. A failed stop leaves the node up, and what it needs up as well. The caller
 * performs the actions and answers each START or STOP with transition_done, now or later.
 *
 * Beginning a new transition while one runs is allowed: nodes under way finish first, nodes not yet
 * begun follow the new goal. What one leaves under way when its time is over goes on by itself;
 * a later one waits only, and counts the time, for what it wants something of.
 */
#ifndef SERVICES_TRANSITION_H
#define SERVICES_TRANSITION_H

#include "services/graph.h"
#include <stdbool.h>
#include <stdint.h>

enum node_state { NODE_DOWN = 0, NODE_STARTING, NODE_UP, NODE_STOPPING };

enum transition_kind {
    TRANSITION_START,   /* start this node */
    TRANSITION_STOP,    /* stop this node */
    TRANSITION_LATE,    /* its own timeout passed: give it up (a oneshot gets TERM); already counted
                           as failed */
    TRANSITION_TIMEOUT, /* the global one passed: nothing new is begun; node unused */
    TRANSITION_OVER     /* nothing is under way any more; node unused, see result */
};

struct transition_action {
    enum transition_kind kind;
    uint32_t node;
    bool up; /* LATE: it was starting, else stopping */
};

enum transition_result { TRANSITION_OK = 0, TRANSITION_FAILED = 1, TRANSITION_TIMED_OUT = 2 };

struct transition_node {
    enum node_state state;
    bool goal_up;     /* what the running transition wants */
    bool goal;        /* it wants anything at all of this node */
    bool failed;      /* during this transition */
    int64_t since;    /* when its state was entered, monotonic ns */
    int64_t deadline; /* 0 none */
    bool queued;      /* stands in the ring */
};

struct transition {
    const struct graph *graph;
    struct transition_node *node;
    bool active;
    enum transition_result result;
    int64_t deadline;      /* the global one, 0 none */
    int64_t next_deadline; /* the earliest of the nodes', 0 none */
    uint32_t under_way;    /* nodes that it wants something of */
    uint32_t *ring;        /* nodes to be looked at again */
    uint32_t head;
    uint32_t tail;
};

int transition_init(struct transition *t, const struct graph *g); /* all down; -1: no memory */
void transition_release(struct transition *t);

/* Wants the nodes of set up (or down), closed over dependencies by this call. timeout_ms 0: none.
 */
void transition_begin(struct transition *t, const unsigned char *set, bool up, int64_t now,
                      uint32_t timeout_ms);

/* The answer to START or STOP. */
void transition_done(struct transition *t, uint32_t node, bool success, int64_t now);

/* The next thing to do, or false when there is nothing now. Call until false after each begin,
 * done and deadline. OVER is returned exactly once per transition. */
bool transition_next(struct transition *t, int64_t now, struct transition_action *a);

/* When transition_next should be called again without an event: monotonic ns, 0 never. */
int64_t transition_wakeup(const struct transition *t);

#endif
