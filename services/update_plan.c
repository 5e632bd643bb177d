#include "services/update_plan.h"
#include <stdlib.h>
#include <string.h>

static const struct definition *definition_of(const struct graph *g, uint32_t node)
{
    return &g->definitions->item[g->node[node].definition];
}

/* False: the service has to be restarted. A running process keeps the pipes it was given. */
static bool goes_on(const struct definition *a, const struct definition *b)
{
    for (const struct key_row *k = key_rows; k->name != NULL; k++)
        if (k->change == KEY_RESTART && !key_same(k, a, b))
            return false;
    return true;
}

/* What the old node goes on as; its name in the new database goes to *name. */
static uint32_t successor(const struct graph *old, uint32_t node, const struct graph *new,
                          const struct update_conversion *c, const char **name)
{
    const struct definition *d = definition_of(old, node);
    *name = c != NULL ? c->to : d->name;
    long found = definitions_find(new->definitions, *name);
    if (found < 0 || new->node_of[found] < 0 || new->definitions->item[found].type != d->type)
        return UPDATE_NONE;
    /* The log directory of a longrun has its name. */
    if (d->type == DEFINITION_LONGRUN && strcmp(*name, d->name) != 0)
        return UPDATE_NONE;
    return (uint32_t) new->node_of[found];
}

static const struct update_conversion *find_conversion(const struct update_conversion *c,
                                                       size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(c[i].from, name) == 0)
            return &c[i];
    return NULL;
}

/* Whether a node needs another only as one of the instances of a service, which may come and go. */
static bool is_one_of_many(const struct definition *d, const struct definition *needed)
{
    return needed->instance_of != NULL && !words_has(&d->dependencies, needed->name) &&
           !words_has(&d->after, needed->name) &&
           (d->producer_for == NULL || strcmp(d->producer_for, needed->name) != 0);
}

/* Whether everything that a node needs is in the set. */
static bool stands(const struct graph *g, uint32_t node, const unsigned char *set)
{
    const struct node *n = &g->node[node];
    for (uint32_t i = 0; i < n->needs_count; i++)
        if (set[n->needs[i]] == 0 &&
            !is_one_of_many(definition_of(g, node), definition_of(g, n->needs[i])))
            return false;
    return true;
}

/* One round: what is to be stopped takes along what needs it, before and after. The container's own
 * oneshots have done their work, and are not to stop services.d for a service of s6-rc.d. stay:
 * room, by old node; kept: by new node. */
static bool spread(struct update_plan *p, const struct graph *old, const unsigned char *is_up,
                   const struct graph *new, unsigned char *stay, unsigned char *kept)
{
    bool changed = false;
    memset(kept, 0, new->count);
    for (uint32_t i = 0; i < old->count; i++) {
        stay[i] = is_up[i] == 0 || p->down[i] == 0; /* what is down by itself is no reason */
        if (is_up[i] && p->down[i] == 0)
            kept[p->next[i]] = 1;
    }
    for (uint32_t i = 0; i < old->count; i++) {
        if (is_up[i] == 0 || p->down[i] != 0 || definition_of(old, i)->builtin != BUILTIN_NONE)
            continue;
        if (!stands(old, i, stay) || !stands(new, p->next[i], kept))
            p->down[i] = changed = true;
    }
    return changed;
}

int update_plan_make(struct update_plan *p, const struct graph *old, const unsigned char *is_up,
                     const struct graph *new, const struct update_conversion *conversion,
                     size_t conversions)
{
    unsigned char *kept = calloc((size_t) new->count + 1, 1);
    unsigned char *stay = calloc((size_t)old->count + 1, 1);
    p->next = calloc((size_t)old->count + 1, sizeof *p->next);
    p->down = calloc((size_t)old->count + 1, 1);
    p->up = calloc((size_t) new->count + 1, 1);
    if (kept == NULL || stay == NULL || p->next == NULL || p->down == NULL || p->up == NULL) {
        free(kept);
        free(stay);
        return -1;
    }
    for (uint32_t i = 0; i < old->count; i++) {
        const char *name;
        bool builtin = definition_of(old, i)->builtin != BUILTIN_NONE;
        const struct update_conversion *c =
            builtin ? NULL : find_conversion(conversion, conversions, definition_of(old, i)->name);
        uint32_t next = p->next[i] = successor(old, i, new, c, &name);
        if (!is_up[i])
            continue;
        if (next != UPDATE_NONE && definition_of(new, next)->left_out != NULL &&
            definition_of(old, i)->left_out == NULL) {
            p->down[i] = 1;
            continue;
        }
        graph_select(new, name, p->up);
        if (builtin)
            continue;
        p->down[i] = next == UPDATE_NONE || (c != NULL && c->restart) ||
                     !goes_on(definition_of(old, i), definition_of(new, next));
    }
    graph_close_up(new, p->up);
    while (spread(p, old, is_up, new, stay, kept)) {
    }
    free(kept);
    free(stay);
    return 0;
}

void update_plan_release(struct update_plan *p)
{
    free(p->next);
    free(p->down);
    free(p->up);
    *p = (struct update_plan){.next = NULL};
}
