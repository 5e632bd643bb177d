/* The tree that an import is written to, and what can be read of it afterwards. */
#ifndef TESTS_FUZZ_IMPORTED_H
#define TESTS_FUZZ_IMPORTED_H

#include "command/commands.h"
#include "command/overlog/overlog.h"
#include "services/graph.h"
#include "tests/fuzz/fuzz.h"

/* What reads the scripts of a tree is not of interest here. */
bool check_logging_script(const struct words *words, struct error *why)
{
    (void)words;
    (void)why;
    return true;
}

static inline size_t services_of(const struct tree *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->definitions.count; i++)
        n += t->definitions.item[i].type != DEFINITION_BUNDLE;
    return n;
}

static inline void read_tree(struct tree *t, const char *root)
{
    struct error e = ERROR_INIT;
    MUST(tree_find(t, NULL, root, &e) == 0);
    MUST(tree_read(t) == 0);
}

/* One that is empty; the caller releases it. */
static inline void make_empty_tree(struct tree *t, const char *root)
{
    char path[100];
    snprintf(path, sizeof path, "%s/s6-rc.d", root);
    MUST(mkdir(path, 0755) == 0);
    read_tree(t, root);
}

/* How many services it has now, without a mistake. */
static inline size_t services_again(const char *root)
{
    struct tree t;
    read_tree(&t, root);
    MUST(t.problems.errors == 0);
    size_t n = services_of(&t);
    tree_release(&t);
    return n;
}

#endif
