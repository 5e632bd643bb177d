/* The dependency graph: atomic services (oneshots and longruns) as nodes, edges by index. Bundles
 * are flattened here and exist afterwards only as names for sets of nodes. Pure. */
#ifndef SERVICES_GRAPH_H
#define SERVICES_GRAPH_H

#include "services/definition.h"
#include "services/problems.h"
#include <stddef.h>
#include <stdint.h>

/* A set of nodes, one byte each: indices are dense and sets are walked whole. */
struct node {
    uint32_t definition; /* index in struct definitions */
    uint32_t *needs;     /* direct dependencies: indices of nodes */
    uint32_t needs_count;
    uint32_t *needed_by; /* the reverse */
    uint32_t needed_by_count;
};

struct graph {
    struct node *node;
    uint32_t count;
    const struct definitions *definitions; /* outlives the graph */
    int32_t *node_of;                      /* by definition: its node, or -1 for a bundle */
};

#define GRAPH_INIT                                                                                 \
    {                                                                                              \
        .node = NULL                                                                               \
    }

/* Checks names, bundle members, pipelines (both sides must agree; producer needs consumer) and
 * cycles; every mistake goes to p, each once, with the file that causes it. -1 when p got an error
 * or memory ran out. */
int graph_build(struct graph *g, const struct definitions *d, struct problems *p);
void graph_release(struct graph *g);

/* Marks in set (count bytes) the nodes that a name stands for. -1: no such name. */
int graph_select(const struct graph *g, const char *name, unsigned char *set);
/* Closes a set over dependencies (up) or over reverse dependencies (down). */
void graph_close_up(const struct graph *g, unsigned char *set);
void graph_close_down(const struct graph *g, unsigned char *set);

#endif
