/* Graphs of dependencies up to isomorphism. */
#ifndef TESTS_SIMULATION_SHAPES_H
#define TESTS_SIMULATION_SHAPES_H

#include <stddef.h>
#include <stdint.h>

/* How many there are with up to five nodes: 1, 2, 6, 31 and 302. */
enum { SHAPE_NODES = 5, SHAPES_MAX = 302 };

/* needs[i]: the nodes that node i needs, as bits; only nodes before it. */
struct shape {
    unsigned int nodes;
    uint8_t needs[SHAPE_NODES];
};

/* Fills all with each graph of that many nodes, one of a kind, and returns how many there are. */
size_t shapes_of(unsigned int nodes, struct shape all[SHAPES_MAX]);

/* The set, as bits, with all that it needs (up), or with all that needs it. */
unsigned int shape_close(const struct shape *s, unsigned int set, int up);

#endif
