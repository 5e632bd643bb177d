/* The services that a verb is about, by names, patterns and bundles, in the order of their
 * dependencies. */
#ifndef COMMAND_OVERLOG_TARGET_H
#define COMMAND_OVERLOG_TARGET_H

#include "base/error.h"
#include "command/overlog/status.h"
#include "services/graph.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TARGET_NO_NODE = UINT32_MAX };

struct target {
    const char *name;          /* the status's, as all texts of before */
    struct status_row before;  /* how it was when the verb began */
    uint32_t node;             /* TARGET_NO_NODE: none of s6-rc's, it is in /run/service only */
    unsigned int level;        /* how many targets it needs, one behind the other */
    bool is_oneshot, is_named; /* named; else it goes up or down with those */
};

/* What there is: the status and the database that runs. */
struct services {
    struct status status;
    struct definitions definitions;
    struct graph graph;
    bool has_graph; /* the database could be read */
};

struct targets {
    struct target *item; /* lower levels first; owned */
    size_t count;
};

/* Reads both, by that /run. A database that cannot be read leaves has_graph false. 0, or -1 with e.
 * The caller releases s in both cases. */
int services_read(struct services *s, const char *run, struct error *e);
void services_release(struct services *s);

enum { TARGET_NEEDS = 1, TARGET_DEPENDENTS = 2 };
/* Fills t with those that names and patterns match, and with all that they need or that need them,
 * if also says so. Pure. 0; 1: *unknown matches nothing; -1: no memory. The caller releases t. */
int targets_find(struct targets *t, const struct services *s, char *const *names, int also,
                 const char **unknown);
void targets_release(struct targets *t);

/* The node of a service; TARGET_NO_NODE: s6-rc has none of that name. */
uint32_t services_node(const struct services *s, const char *name);
/* The definition of a node, and its row. NULL: none, it is one of the container's own. */
const struct definition *services_definition(const struct services *s, uint32_t node);
const struct status_row *services_row(const struct services *s, uint32_t node);

#endif
