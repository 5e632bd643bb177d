#include "supervisor/catalogue.h"
#include <stdlib.h>
#include <string.h>

int catalogue_reserve(struct catalogue *c)
{
    size_t nodes = (size_t)c->graph.count + 1;
    c->longrun_of = malloc(nodes * sizeof *c->longrun_of);
    if (c->longrun_of != NULL)
        memset(c->longrun_of, 0xff, nodes * sizeof *c->longrun_of);
    c->oneshot = calloc(nodes, sizeof *c->oneshot);
    c->record = calloc(nodes, sizeof *c->record);
    c->all = malloc(nodes);
    c->late = calloc(nodes, 1);
    if (c->longrun_of == NULL || c->oneshot == NULL || c->record == NULL || c->all == NULL ||
        c->late == NULL)
        return -1;
    memset(c->all, 1, nodes);
    return 0;
}

void catalogue_release(struct catalogue *c)
{
    transition_release(&c->transition);
    graph_release(&c->graph);
    definitions_release(&c->definitions);
    free(c->longrun_of);
    free(c->oneshot);
    free(c->record);
    free(c->all);
    free(c->late);
    *c = (struct catalogue){.longrun_of = NULL};
}

void catalogue_replace(struct catalogue *c, const struct catalogue *other)
{
    catalogue_release(c);
    *c = *other;
    c->graph.definitions = &c->definitions;
    c->transition.graph = &c->graph;
}

const struct definition *catalogue_definition(const struct catalogue *c, uint32_t node)
{
    return &c->definitions.item[c->graph.node[node].definition];
}

bool catalogue_is_longrun(const struct catalogue *c, uint32_t node)
{
    return catalogue_definition(c, node)->type == DEFINITION_LONGRUN;
}

uint32_t catalogue_oneshots(const struct catalogue *c)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->graph.count; i++)
        count += catalogue_is_longrun(c, i) ? 0 : 1;
    return count;
}

bool catalogue_awaits(const struct catalogue *c, uint32_t node, bool start)
{
    return node != NO_NODE && c->transition.node != NULL &&
           c->transition.node[node].state == (start ? NODE_STARTING : NODE_STOPPING);
}

bool catalogue_done(struct catalogue *c, struct pid1 *p, uint32_t node, bool start, bool success)
{
    if (!catalogue_awaits(c, node, start))
        return false;
    if (success)
        pid1_say(p, MESSAGE_INFO, "s6-rc: info: service %s successfully %s",
                 catalogue_definition(c, node)->name, start ? "started" : "stopped");
    transition_done(&c->transition, node, success, pid1_now(p));
    status_touch(&p->changes, c->record[node]);
    return true;
}
