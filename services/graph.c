#include "services/graph.h"
#include "base/nearest.h"
#include "base/str.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A build holds what is needed while names become indices. */
struct build {
    struct graph *g;
    const struct definitions *d;
    struct problems *p;
    unsigned char
        *mark; /* by definition or node, for depth-first walks: 0 new, 1 on path, 2 done */
    uint32_t *path;
    uint32_t depth;
    bool all;    /* members that are left out count as well */
    bool failed; /* out of memory */
};

static const char *where(const struct definition *d)
{
    return d->directory != NULL ? d->directory : d->name;
}

/* A cure for an unknown name: what is at its end, or the nearest known one. */
static const char *suggest(const struct definitions *d, const char *name, char *out, size_t size)
{
    const char *best = NULL;
    unsigned int nearest = strlen(name) < 6 ? 2 : 3; /* short names are near to everything */
    size_t length = strlen(name);
    if (length > 0 && strchr(" \t\r", name[length - 1]) != NULL)
        return name[length - 1] == '\r' ? "save the file with Unix line ends"
                                        : "take away the blanks at the end of the line";
    for (size_t i = 0; i < d->count; i++) {
        unsigned int n = nearest_distance(name, d->item[i].name);
        if (n < nearest) {
            nearest = n;
            best = d->item[i].name;
        }
    }
    if (best == NULL)
        snprintf(out, size, "create a definition directory %.200s, or remove this name", name);
    else
        snprintf(out, size, "did you mean %.200s?", best);
    return out;
}

static void unknown_name(struct build *b, const struct definition *owner, enum definition_list list,
                         size_t i)
{
    char path[4096];
    char cure[512];
    const char *name = definition_list(owner, list)->item[i];
    if (words_has(&b->d->refused, name))
        return; /* the reason was said */
    unsigned int line = definition_where(b->d, owner, list, i, path, sizeof path);
    size_t before = b->p->count;
    problems_error(b->p, path, line, suggest(b->d, name, cure, sizeof cure),
                   "during %s %s: undefined service name %s",
                   list == LIST_CONTENTS ? "resolution of bundle"
                                         : "dependency resolution for service",
                   owner->name, name);
    problems_elsewhere(b->p, before);
}

/* --- bundles ---------------------------------------------------------------------------------- */

static void mark_members(struct build *b, uint32_t definition, unsigned char *set);

/* Which definition a place of the path, or of what it comes to again, stands for. */
typedef const struct definition *path_definition(const struct build *b, uint32_t at);

/* The path has come to where it was before: says the names from there on. */
static void say_cycle(struct build *b, uint32_t again, path_definition *of, const char *cure,
                      const char *what)
{
    struct str text = STR_INIT;
    uint32_t from = 0;
    while (from < b->depth && b->path[from] != again)
        from++;
    for (uint32_t i = from; i < b->depth; i++)
        str_printf(&text, "%s -> ", of(b, b->path[i])->name);
    str_add_text(&text, of(b, again)->name);
    problems_error(b->p, where(of(b, again)), 0, cure, "cyclic %s: %s", what,
                   text.data == NULL ? "" : text.data);
    str_release(&text);
}

static const struct definition *of_definition(const struct build *b, uint32_t definition)
{
    return &b->d->item[definition];
}

static void mark_bundle(struct build *b, uint32_t definition, unsigned char *set)
{
    const struct definition *d = &b->d->item[definition];
    if (b->mark[definition] == 1) {
        say_cycle(b, definition, of_definition, "take one of these members out of its bundle",
                  "bundle");
        b->mark[definition] = 3; /* said once */
        return;
    }
    if (b->mark[definition] != 0)
        return;
    b->mark[definition] = 1;
    b->path[b->depth++] = definition;
    for (size_t i = 0; i < d->contents.count; i++) {
        long member = definitions_find(b->d, d->contents.item[i]);
        if (member >= 0 && (b->all || b->d->item[member].left_out == NULL))
            mark_members(b, (uint32_t)member, set);
    }
    b->depth--;
    if (b->mark[definition] == 1)
        b->mark[definition] = 2;
}

static void mark_members(struct build *b, uint32_t definition, unsigned char *set)
{
    if (b->g->node_of[definition] >= 0)
        set[b->g->node_of[definition]] = 1;
    else
        mark_bundle(b, definition, set);
}

/* The nodes of one name into set, without walking any bundle twice. */
static void members(struct build *b, uint32_t definition, unsigned char *set)
{
    memset(b->mark, 0, b->d->count + 1);
    b->depth = 0;
    mark_members(b, definition, set);
}

static void check_bundles(struct build *b, unsigned char *set)
{
    memset(b->mark, 0, b->d->count + 1);
    b->all = true;
    for (uint32_t i = 0; i < b->d->count; i++) {
        const struct definition *d = &b->d->item[i];
        if (d->type != DEFINITION_BUNDLE)
            continue;
        for (size_t j = 0; j < d->contents.count; j++)
            if (definitions_find(b->d, d->contents.item[j]) < 0)
                unknown_name(b, d, LIST_CONTENTS, j);
        b->depth = 0;
        mark_bundle(b, i, set);
    }
    b->all = false;
}

/* --- edges ------------------------------------------------------------------------------------ */

static void add_edges(struct build *b, uint32_t node, const unsigned char *set)
{
    struct node *n = &b->g->node[node];
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->g->count; i++)
        count += set[i];
    n->needs = calloc((size_t)count + 1, sizeof *n->needs);
    if (n->needs == NULL) {
        b->failed = true;
        return;
    }
    for (uint32_t i = 0; i < b->g->count; i++)
        if (set[i] != 0)
            n->needs[n->needs_count++] = i;
}

/* Adds to the set what a list of names stands for. In `after` those count that are not left out. */
static void add_names(struct build *b, const struct definition *d, enum definition_list list,
                      unsigned char *set)
{
    const struct words *names = definition_list(d, list);
    for (size_t i = 0; i < names->count; i++) {
        long found = definitions_find(b->d, names->item[i]);
        if (found < 0)
            unknown_name(b, d, list, i);
        else if (list != LIST_AFTER || b->d->item[found].left_out == NULL)
            members(b, (uint32_t)found, set);
    }
}

static void resolve_dependencies(struct build *b, uint32_t node, unsigned char *set)
{
    const struct definition *d = &b->d->item[b->g->node[node].definition];
    memset(set, 0, (size_t)b->g->count + 1);
    add_names(b, d, LIST_DEPENDENCIES, set);
    add_names(b, d, LIST_AFTER, set);
    if (d->producer_for != NULL) {
        long found = definitions_find(b->d, d->producer_for);
        if (found >= 0 && b->g->node_of[found] >= 0)
            set[b->g->node_of[found]] = 1;
    }
    add_edges(b, node, set);
}

static void reverse_edges(struct build *b)
{
    struct graph *g = b->g;
    for (uint32_t i = 0; i < g->count; i++)
        for (uint32_t j = 0; j < g->node[i].needs_count; j++)
            g->node[g->node[i].needs[j]].needed_by_count++;
    for (uint32_t i = 0; i < g->count; i++) {
        struct node *n = &g->node[i];
        n->needed_by = calloc((size_t)n->needed_by_count + 1, sizeof *n->needed_by);
        n->needed_by_count = 0;
        if (n->needed_by == NULL) {
            b->failed = true;
            return;
        }
    }
    for (uint32_t i = 0; i < g->count; i++)
        for (uint32_t j = 0; j < g->node[i].needs_count; j++) {
            struct node *n = &g->node[g->node[i].needs[j]];
            n->needed_by[n->needed_by_count++] = i;
        }
}

static const struct definition *of_node(const struct build *b, uint32_t node)
{
    return &b->d->item[b->g->node[node].definition];
}

/* Depth-first with a stack of our own: chains may be thousands long. */
static void find_cycles(struct build *b)
{
    struct graph *g = b->g;
    uint32_t *next = calloc((size_t)g->count + 1, sizeof *next);
    if (next == NULL) {
        b->failed = true;
        return;
    }
    memset(b->mark, 0, (size_t)g->count + 1);
    for (uint32_t start = 0; start < g->count; start++) {
        if (b->mark[start] != 0)
            continue;
        b->depth = 0;
        b->path[b->depth++] = start;
        b->mark[start] = 1;
        while (b->depth > 0) {
            uint32_t at = b->path[b->depth - 1];
            if (next[at] == g->node[at].needs_count) {
                b->mark[at] = 2;
                b->depth--;
                continue;
            }
            uint32_t to = g->node[at].needs[next[at]++];
            if (b->mark[to] == 1) {
                say_cycle(b, to, of_node, "remove one of these dependencies", "service dependency");
            } else if (b->mark[to] == 0) {
                b->mark[to] = 1;
                b->path[b->depth++] = to;
            }
        }
    }
    free(next);
}

/* --- pipelines -------------------------------------------------------------------------------- */

/* What a longrun says of one end of a pipeline, and where. */
struct side {
    const struct definition *of;
    const char *role;  /* "producer" or "consumer" */
    const char *other; /* the service at the other end */
    bool back;         /* which says the same */
    unsigned int line;
    char path[4096];
};

static void check_side(struct build *b, const struct side *s)
{
    long found = definitions_find(b->d, s->other);
    enum definition_type type = found < 0 ? 0 : b->d->item[found].type;
    if (type != DEFINITION_LONGRUN)
        problems_error(b->p, s->path, s->line, "name a longrun there",
                       "longrun service %s declares being a %s for a service named %s of type %s",
                       s->of->name, s->role, s->other, definition_type_name(type));
    else if (!s->back)
        problems_error(b->p, s->path, s->line, "write both producer-for and consumer-for",
                       "longrun service %s declares being a %s for a service named %s that does "
                       "not declare it back",
                       s->of->name, s->role, s->other);
}

static void check_producer(struct build *b, const struct definition *d)
{
    struct side s = {.of = d, .role = "producer", .other = d->producer_for};
    long found = definitions_find(b->d, s.other);
    s.back = found >= 0 && words_has(&b->d->item[found].consumer_for, d->name);
    snprintf(s.path, sizeof s.path, "%s/producer-for", where(d));
    check_side(b, &s);
}

static void check_consumer(struct build *b, const struct definition *d, size_t i)
{
    struct side s = {.of = d, .role = "consumer", .other = d->consumer_for.item[i]};
    long found = definitions_find(b->d, s.other);
    s.back = found >= 0 && b->d->item[found].producer_for != NULL &&
             strcmp(b->d->item[found].producer_for, d->name) == 0;
    s.line = definition_where(b->d, d, LIST_CONSUMER_FOR, i, s.path, sizeof s.path);
    check_side(b, &s);
}

static void check_pipelines(struct build *b)
{
    for (size_t i = 0; i < b->d->count; i++) {
        const struct definition *d = &b->d->item[i];
        if (d->producer_for != NULL)
            check_producer(b, d);
        for (size_t j = 0; j < d->consumer_for.count; j++)
            check_consumer(b, d, j);
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

static int number_nodes(struct graph *g, const struct definitions *d)
{
    g->definitions = d;
    g->node = calloc(d->count + 1, sizeof *g->node);
    g->node_of = calloc(d->count + 1, sizeof *g->node_of);
    if (g->node == NULL || g->node_of == NULL)
        return -1;
    for (uint32_t i = 0; i < d->count; i++) {
        g->node_of[i] = -1;
        if (d->item[i].type == DEFINITION_BUNDLE)
            continue;
        g->node_of[i] = (int32_t)g->count;
        g->node[g->count++].definition = i;
    }
    return 0;
}

int graph_build(struct graph *g, const struct definitions *d, struct problems *p)
{
    struct build b = {.g = g, .d = d, .p = p};
    unsigned char *set = calloc(d->count + 1, 1);
    b.mark = calloc(d->count + 1, 1);
    b.path = calloc(d->count + 1, sizeof *b.path);
    if (set == NULL || b.mark == NULL || b.path == NULL || number_nodes(g, d) < 0) {
        b.failed = true;
    } else {
        check_bundles(&b, set);
        check_pipelines(&b);
        for (uint32_t i = 0; i < g->count && !b.failed; i++)
            resolve_dependencies(&b, i, set);
        if (!b.failed)
            reverse_edges(&b);
        if (!b.failed)
            find_cycles(&b);
    }
    free(set);
    free(b.mark);
    free(b.path);
    return b.failed || p->errors > 0 ? -1 : 0;
}

void graph_release(struct graph *g)
{
    for (uint32_t i = 0; i < g->count; i++) {
        free(g->node[i].needs);
        free(g->node[i].needed_by);
    }
    free(g->node);
    free(g->node_of);
    *g = (struct graph){.node = NULL};
}

/* Members of members, with a list of our own: bundles were checked for cycles. */
static void select_definition(const struct graph *g, uint32_t definition, unsigned char *set)
{
    const struct definition *d = &g->definitions->item[definition];
    if (g->node_of[definition] >= 0) {
        set[g->node_of[definition]] = 1;
        return;
    }
    for (size_t i = 0; i < d->contents.count; i++) {
        long member = definitions_find(g->definitions, d->contents.item[i]);
        if (member >= 0 && g->definitions->item[member].left_out == NULL)
            select_definition(g, (uint32_t)member, set);
    }
}

int graph_select(const struct graph *g, const char *name, unsigned char *set)
{
    long found = definitions_find(g->definitions, name);
    if (found < 0)
        return -1;
    select_definition(g, (uint32_t)found, set);
    return 0;
}

static void close_set(const struct graph *g, unsigned char *set, bool up)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < g->count; i++) {
            const struct node *n = &g->node[i];
            const uint32_t *next = up ? n->needs : n->needed_by;
            uint32_t count = up ? n->needs_count : n->needed_by_count;
            /* 1: to be looked at, 2: its neighbours are in. */
            if (set[i] != 1)
                continue;
            set[i] = 2;
            for (uint32_t j = 0; j < count; j++)
                if (set[next[j]] == 0) {
                    set[next[j]] = 1;
                    changed = true;
                }
        }
    }
    for (uint32_t i = 0; i < g->count; i++)
        set[i] = set[i] != 0;
}

void graph_close_up(const struct graph *g, unsigned char *set)
{
    close_set(g, set, true);
}

void graph_close_down(const struct graph *g, unsigned char *set)
{
    close_set(g, set, false);
}

/* Edges are few and levels fewer: repeated until nothing changes. */
uint32_t *graph_levels(const struct graph *g, const unsigned char *set)
{
    uint32_t *level = calloc((size_t)g->count + 1, sizeof *level);
    bool changed = level != NULL;
    for (uint32_t turn = 0; changed && turn <= g->count; turn++) {
        changed = false;
        for (uint32_t i = 0; i < g->count; i++)
            for (uint32_t j = 0; j < g->node[i].needs_count; j++) {
                uint32_t need = g->node[i].needs[j];
                uint32_t least = level[need] + (set == NULL ? 1 : set[need]);
                changed |= level[i] < least;
                level[i] = level[i] < least ? least : level[i];
            }
    }
    return level;
}
