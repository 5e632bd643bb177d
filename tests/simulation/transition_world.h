/* The transition engine on one graph, whose callers may do whatever they may, and an observer who
 * keeps books of his own. Times are whether they are set and whether they have passed. */
#ifndef TESTS_SIMULATION_TRANSITION_WORLD_H
#define TESTS_SIMULATION_TRANSITION_WORLD_H

#include "services/transition.h"
#include "tests/simulation/shapes.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    NODE_STATE = 3, /* enum node_state */
    HAS_GOAL = 4,
    GOAL_UP = 8,
    HAS_FAILED = 16,
    HAS_DEADLINE = 32,
    DEADLINE_PASSED = 64,
};

enum {
    ACTIVE = 1,
    LIMITED = 2,      /* the transition has a time limit */
    LIMIT_PASSED = 4, /* which is over */
    WAKES = 8,        /* next_deadline is set */
    WAKES_NOW = 16,   /* and has passed */
    /* What only the observer knows. */
    AWAITED = 32, /* OVER is still to come */
    UPWARDS = 64, /* the goal is up */
    CUT = 128,    /* the time limit is over, or it was broken off: nothing new is begun */
};

enum { NO_NODE = 0xff };

/* Without padding: struct explore compares its bytes. */
struct engine_state {
    uint8_t node[SHAPE_NODES];
    uint8_t ring[SHAPE_NODES]; /* from its head; NO_NODE behind its end */
    uint8_t flags;
    uint8_t result;
    uint8_t under_way;
    uint8_t goal;   /* the observer's: the nodes that were asked for, and what follows from that */
    uint8_t failed; /* the observer's */
};

enum move {
    MOVE_BEGIN, /* detail: 1: upwards; 2: with a time limit; 4 * set; 256 * (1 + node that is spared
                   as an essential one is) */
    MOVE_DONE,  /* detail: node, times 2; 1: success */
    MOVE_LATE,  /* detail: nodes whose deadlines pass */
    MOVE_LIMIT,
    MOVE_BREAK, /* as change_abort */
    MOVE_NEXT   /* one action, when others may come between */
};

struct world {
    struct shape shape;
    struct graph graph;
    struct definitions definitions;
    struct transition t;
    bool drain;  /* each move is followed by all actions that it leads to */
    bool forget; /* what a transition leaves behind does not matter for the next one: proven on
                    graphs with fewer nodes, where it is not forgotten */
    bool few;    /* goals are all nodes, or one, or none; else any that differ in what follows */
    bool limits; /* nodes have time limits, and transitions may have */
    struct engine_state *s; /* of the move that is tried */
    const char *why;
};

/* Makes the graph, and the engine for it; the flags stand already. */
void engine_build(struct world *w, const struct shape *shape);
void engine_destroy(struct world *w);
/* All down, and nothing asked for. */
struct engine_state engine_begin(void);

uint32_t engine_move(enum move what, unsigned int detail);
/* Performs a move on s, which is possible there; returns the law that it broke, or NULL. */
const char *engine_perform(struct world *w, struct engine_state *s, uint32_t move);

#endif
