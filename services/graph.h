/* The graph of dependencies: oneshots and longruns are nodes, edges are indices. Bundles are
 * flattened when it is built, and are only names for sets of nodes afterwards. Pure. */
#ifndef SERVICES_GRAPH_H
#define SERVICES_GRAPH_H

#include "services/definition.h"
#include "services/problems.h"
#include <stddef.h>
#include <stdint.h>

struct node {
    uint32_t definition; /* index in struct definitions */
    uint32_t *needs;     /* direct dependencies: indices of nodes, owned */
    uint32_t needs_count;
    uint32_t *needed_by; /* the reverse, owned */
    uint32_t needed_by_count;
};

/* A set of nodes is an array of count bytes, 0 or 1, by index. GRAPH_INIT is empty and safe to
 * release. */
struct graph {
    struct node *node;
    uint32_t count;
    const struct definitions *definitions; /* not owned; outlives the graph */
    int32_t *node_of;                      /* by definition: its node, or -1 for a bundle */
};

#define GRAPH_INIT ((struct graph){.node = NULL})

/* Builds the graph of d, which must outlive it. Checks names, members of bundles, pipelines (both
 * sides must agree; the producer needs the consumer) and cycles: every mistake goes to p once, with
 * the file that causes it. 0; -1 when p got an error or memory ran out, and g is only good for
 * graph_release. */
int graph_build(struct graph *g, const struct definitions *d, struct problems *p);
/* Frees all but the definitions; g is as GRAPH_INIT then. */
void graph_release(struct graph *g);

/* Adds to the set the nodes that a name stands for: one, or the members of a bundle but for those
 * that are left out (services/enable.h). 0, or -1 when there is no such name. */
int graph_select(const struct graph *g, const char *name, unsigned char *set);
/* Adds to the set everything that its nodes need, directly or not. */
void graph_close_up(const struct graph *g, unsigned char *set);
/* Adds to the set everything that needs one of its nodes, directly or not. */
void graph_close_down(const struct graph *g, unsigned char *set);

/* By node: how many nodes of the set (NULL: of all) are one behind the other in what it needs. The
 * caller frees it; NULL: no memory. */
uint32_t *graph_levels(const struct graph *g, const unsigned char *set);

#endif
