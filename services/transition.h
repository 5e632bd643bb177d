/* The transition engine: brings a set of nodes up, or down, in the order of dependencies and
 * otherwise at the same time (spec/s6-rc-source.md section 8.1). Pure: time is a parameter, and the
 * caller gets actions to perform.
 *
 * A node is down, starting, up or stopping. transition_begin marks the nodes that must change. Each
 * of them whose dependencies are up starts at once, each other one at the moment when the last of
 * its dependencies is up (down: the reverse). When a start fails, the node stays down, and so do
 * the nodes that need it, without a word; all others go on. When a stop fails, the node stays up,
 * and so does everything that it needs. The caller performs the actions and answers each START or
 * STOP with transition_done, now or later.
 *
 * A transition may begin while another one runs: nodes that are starting or stopping finish that
 * first, the others follow the new goal. When the time of a transition is over, nodes that are
 * still starting or stopping go on by themselves; a later transition waits for such a node, and
 * counts its time, only if it wants that node changed.
 */
#ifndef SERVICES_TRANSITION_H
#define SERVICES_TRANSITION_H

#include "services/graph.h"
#include <stdbool.h>
#include <stdint.h>

enum node_state { NODE_DOWN = 0, NODE_STARTING, NODE_UP, NODE_STOPPING };

enum transition_kind {
    TRANSITION_START,   /* start the node */
    TRANSITION_STOP,    /* stop the node */
    TRANSITION_LATE,    /* the node's timeout passed: give it up (a oneshot gets TERM). It counts as
                           failed already */
    TRANSITION_TIMEOUT, /* the transition's timeout passed: nothing new is begun. Without a node */
    TRANSITION_OVER     /* no node is starting or stopping any more: see result. Without a node */
};

struct transition_action {
    enum transition_kind kind;
    uint32_t node;
    bool up; /* of LATE: true when the node was starting, false when it was stopping */
};

enum transition_result { TRANSITION_OK = 0, TRANSITION_FAILED = 1, TRANSITION_TIMED_OUT = 2 };

struct transition_node {
    enum node_state state;
    bool goal_up;     /* the running transition wants it up, else down */
    bool goal;        /* the running transition wants it up or down at all */
    bool failed;      /* during this transition */
    int64_t since;    /* when its state was entered, monotonic ns */
    int64_t deadline; /* of its start or stop, monotonic ns, 0 none */
    bool queued;      /* it is in the ring */
};

struct transition {
    const struct graph *graph;
    struct transition_node *node;
    bool active;
    enum transition_result result;
    int64_t deadline;      /* of the whole transition, monotonic ns, 0 none */
    int64_t next_deadline; /* the earliest deadline of a node, 0 none */
    uint32_t under_way;    /* how many nodes with a goal are starting or stopping */
    uint32_t *ring;        /* indices of nodes to be looked at again */
    uint32_t head;
    uint32_t tail;
};

/* Takes all memory that transitions on g need; g must outlive t. All nodes are down. 0, or -1
 * without memory: t is only good for transition_release. */
int transition_init(struct transition *t, const struct graph *g);
/* Frees all but the graph. */
void transition_release(struct transition *t);

/* Begins to bring the nodes of a set up, with all that they need; or down, with all that needs
 * them. set: a byte for each node, which stays as it is. now: monotonic ns. timeout_ms: of the
 * whole transition, 0 none. */
void transition_begin(struct transition *t, const unsigned char *set, bool up, int64_t now,
                      uint32_t timeout_ms);

/* Says how the START or STOP of a node ended. now: monotonic ns. */
void transition_done(struct transition *t, uint32_t node, bool success, int64_t now);

/* Fills a with the next action; false: there is none now. To be called until false after each
 * transition_begin, transition_done and deadline. Each transition ends with one OVER. full: no
 * longrun can be started now; those that are to be are kept for a later call. */
bool transition_next(struct transition *t, int64_t now, bool full, struct transition_action *a);

/* When transition_next is to be called even if nothing happens before: monotonic ns, 0 never. */
int64_t transition_wakeup(const struct transition *t);

#endif
