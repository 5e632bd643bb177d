/* A little definition tree, and what is read of it. */
#ifndef TESTS_UNIT_SERVICES_READING_H
#define TESTS_UNIT_SERVICES_READING_H

#include "services/graph.h"
#include "tests/unit/services/tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct reading {
    struct tree tree;
    struct definitions d;
    struct problems p;
    struct graph g;
    int result; /* of graph_build() */
};

static inline int reading_setup(void **state)
{
    struct reading *r = calloc(1, sizeof *r);
    tree_make(&r->tree);
    *state = r;
    return 0;
}

static inline int reading_teardown(void **state)
{
    struct reading *r = *state;
    graph_release(&r->g);
    definitions_release(&r->d);
    problems_release(&r->p);
    tree_remove(&r->tree);
    free(r);
    return 0;
}

/* From both directories of the tree; s has the rest. */
static inline void reading_read(struct reading *r, struct definition_sources s)
{
    const struct definition_source sources[] = {{.path = r->tree.services},
                                                {.path = r->tree.bundles, .bundles = true}};
    s.item = sources;
    s.count = 2;
    assert_int_equal(definitions_builtin(&r->d), 0);
    assert_int_equal(definitions_read(&r->d, &s, &r->p), 0);
    r->result = graph_build(&r->g, &r->d, &r->p);
}

static inline const struct definition *reading_get(const struct reading *r, const char *name)
{
    long i = definitions_find(&r->d, name);
    assert_true(i >= 0);
    return &r->d.item[i];
}

#endif
