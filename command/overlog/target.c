#include "command/overlog/target.h"
#include "services/database.h"
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what there is ---------------------------------------------------------------------------- */

static bool read_database(struct services *s, const char *run)
{
    char path[4096];
    struct error e = ERROR_INIT;
    struct problems p = PROBLEMS_INIT;
    snprintf(path, sizeof path, "%.4000s/s6-rc/compiled", run);
    bool good = database_read(&s->definitions, path, &e) == 0 &&
                graph_build(&s->graph, &s->definitions, &p) == 0;
    problems_release(&p);
    return good;
}

int services_read(struct services *s, const char *run, struct error *e)
{
    *s = (struct services){.has_graph = false};
    if (status_read(&s->status, run, e) < 0)
        return -1;
    s->has_graph = read_database(s, run);
    return 0;
}

void services_release(struct services *s)
{
    status_release(&s->status);
    graph_release(&s->graph);
    definitions_release(&s->definitions);
}

const struct definition *services_definition(const struct services *s, uint32_t node)
{
    return &s->definitions.item[s->graph.node[node].definition];
}

const struct status_row *services_row(const struct services *s, uint32_t node)
{
    return status_find(&s->status, services_definition(s, node)->name);
}

uint32_t services_node(const struct services *s, const char *name)
{
    long d = s->has_graph ? definitions_find(&s->definitions, name) : -1;
    int32_t node = d < 0 ? -1 : s->graph.node_of[d];
    return node < 0 ? (uint32_t)TARGET_NO_NODE : (uint32_t)node;
}

/* --- the choice ------------------------------------------------------------------------------- */

/* By row and by node, 1 for each that is meant. */
struct choice {
    unsigned char *row, *node, *named;
    uint32_t *level; /* by node: how many chosen ones it needs, one behind the other */
};

static void choose_row(const struct services *s, size_t row, struct choice *c)
{
    uint32_t node = services_node(s, s->status.row[row].name);
    c->row[row] = 1;
    if (node != TARGET_NO_NODE)
        c->node[node] = 1;
}

/* Whether the name or pattern means anything. */
static bool choose_by(const struct services *s, const char *name, struct choice *c)
{
    bool found = false;
    for (size_t i = 0; i < s->status.count; i++)
        if (strcmp(name, s->status.row[i].name) == 0 ||
            fnmatch(name, s->status.row[i].name, 0) == 0) {
            choose_row(s, i, c);
            found = true;
        }
    if (!found && s->has_graph)
        found = graph_select(&s->graph, name, c->node) == 0; /* a bundle */
    return found;
}

static int by_level(const void *a, const void *b)
{
    const struct target *x = a, *y = b;
    return x->level != y->level ? (x->level > y->level) - (x->level < y->level)
                                : strcmp(x->name, y->name);
}

/* The container's own oneshots have no row: they are nobody's business. */
static void collect(struct targets *t, const struct services *s, const struct choice *c)
{
    for (size_t i = 0; i < s->status.count; i++) {
        const struct status_row *r = &s->status.row[i];
        uint32_t node = services_node(s, r->name);
        bool has_node = node != TARGET_NO_NODE;
        if (!c->row[i] && !(has_node && c->node[node]))
            continue;
        t->item[t->count++] =
            (struct target){.name = r->name,
                            .before = *r,
                            .node = node,
                            .level = has_node ? c->level[node] : 0,
                            .is_oneshot = status_row_is_oneshot(r),
                            .is_named = c->row[i] || (has_node && c->named[node])};
    }
    qsort(t->item, t->count, sizeof *t->item, by_level);
}

int targets_find(struct targets *t, const struct services *s, char *const *names, int also,
                 const char **unknown)
{
    size_t nodes = (size_t)s->graph.count + 1, rows = s->status.count + 1;
    struct choice c = {.row = calloc(rows, 1), .node = calloc(nodes, 1), .named = calloc(nodes, 1)};
    int result = 0;
    *t = (struct targets){.item = calloc(rows, sizeof *t->item)};
    if (c.row == NULL || c.node == NULL || c.named == NULL || t->item == NULL)
        result = -1;
    for (size_t i = 0; result == 0 && names[i] != NULL; i++)
        if (!choose_by(s, names[i], &c)) {
            *unknown = names[i];
            result = 1;
        }
    if (result == 0) {
        memcpy(c.named, c.node, nodes);
        if (also & TARGET_NEEDS)
            graph_close_up(&s->graph, c.node);
        if (also & TARGET_DEPENDENTS)
            graph_close_down(&s->graph, c.node);
        c.level = graph_levels(&s->graph, c.node);
        result = c.level == NULL ? -1 : 0;
    }
    if (result == 0)
        collect(t, s, &c);
    free(c.row);
    free(c.node);
    free(c.named);
    free(c.level);
    return result;
}

void targets_release(struct targets *t)
{
    free(t->item);
    *t = (struct targets){.item = NULL};
}
