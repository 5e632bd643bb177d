#include "supervisor/rc.h"
#include "contract/paths.h"
#include <stdlib.h>
#include <string.h>

enum { RC_DIFFERS = 1, RC_UNKNOWN = 3 };

/* --- at once ---------------------------------------------------------------------------------- */

/* list, and listall: with all that those services need. */
static int list(struct rc *rc, struct request *r)
{
    const struct catalogue *c = rc->catalogue;
    bool closed = strcmp(r->verb, "listall") == 0;
    struct reply o = {.to = r->from, .kind = 'o', .length = 0};
    if (closed)
        (r->down ? graph_close_down : graph_close_up)(&c->graph, r->set);
    for (uint32_t i = 0; i < r->count; i++) {
        const struct definition *d = catalogue_definition(c, i);
        if ((r->set[i] != 0) == (r->down && !closed) || (r->hide_essential && d->essential))
            continue;
        reply_put_line(&o, "", d->name);
    }
    reply_flush(&o);
    return 0;
}

static int diff(struct rc *rc, struct request *r)
{
    const struct catalogue *c = rc->catalogue;
    struct reply o = {.to = r->from, .kind = 'o', .length = 0};
    int result = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        if (!catalogue_is_longrun(c, i))
            continue;
        bool up = c->transition.node[i].state == NODE_UP;
        bool wanted = longruns_of(rc->longruns, i)->machine.want == WANT_UP;
        if (up == wanted)
            continue;
        reply_put_line(&o, wanted ? "+" : "-", catalogue_definition(c, i)->name);
        result = RC_DIFFERS;
    }
    reply_flush(&o);
    return result;
}

/* --- the request ------------------------------------------------------------------------------ */

static int change(struct rc *rc, struct request *r)
{
    return change_request(&rc->change, r);
}

/* start and stop */
static int change_only(struct rc *rc, struct request *r)
{
    r->down = strcmp(r->verb, "stop") == 0;
    r->prune = false;
    return change_request(&rc->change, r);
}

static int reload(struct rc *rc, struct request *r)
{
    return change_reload(&rc->change, r);
}

static int select_all(const struct rc *rc, struct request *r)
{
    for (size_t i = REQUEST_FIXED; i < r->word_count; i++)
        if (graph_select(&rc->catalogue->graph, r->words[i], r->set) < 0)
            return request_refuse(r, RC_UNKNOWN, r->words[i],
                                  " is not a recognized identifier in " RUN_COMPILED
                                  "/resolve.cdb");
    for (uint32_t i = 0; r->all && i < r->count; i++)
        if (rc->catalogue->transition.node[i].state == NODE_UP)
            r->set[i] = 1;
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct rc *rc, struct request *r);
} verbs[] = {{"list", list},     {"listall", list},      {"diff", diff},       {"reload", reload},
             {"change", change}, {"start", change_only}, {"stop", change_only}};

static int dispatch(struct rc *rc, struct request *r)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, r->verb) == 0)
            return verbs[i].run(rc, r);
    return request_refuse(r, EXIT_USAGE, r->verb, " is no command");
}

/* deadline: that of a request that has waited, 0: it is new, or has none. */
static int request(struct rc *rc, struct request *r, int64_t deadline)
{
    r->count = rc->catalogue->graph.count;
    if (rc->catalogue->transition.graph == NULL)
        return request_refuse(r, EXIT_SYSTEM, "the services are not read yet", "");
    if (request_read(r, pid1_now(rc->pid1)) < 0)
        return request_refuse(r, EXIT_USAGE, "malformed request", "");
    r->deadline = deadline != 0 ? deadline : r->deadline;
    if (strcmp(r->words[0], "s6-rc-update") == 0)
        return update_request(&rc->updates, r);
    r->set = calloc((size_t)r->count + 1, 1);
    int result =
        r->set == NULL ? request_refuse(r, EXIT_SYSTEM, "out of memory", "") : select_all(rc, r);
    if (result == 0)
        result = dispatch(rc, r);
    free(r->set);
    return result;
}

int rc_request(struct rc *rc, struct control_connection *from, const char *const *words,
               size_t count)
{
    struct request r = {.from = from, .words = words, .word_count = count};
    return request(rc, &r, 0);
}

/* --- its turn and its end --------------------------------------------------------------------- */

void rc_over(struct rc *rc, enum transition_result result)
{
    if (rc->updates.stage != NULL)
        update_over(&rc->updates, result);
    else
        change_over(&rc->change, result);
}

void rc_idle(struct rc *rc)
{
    struct job_waiting w;
    while (job_next(&rc->job, &w)) {
        struct request r = {.from = w.from,
                            .words = (const char *const *)w.words.item,
                            .word_count = w.words.count};
        int code = request(rc, &r, w.deadline);
        words_release(&w.words);
        if (code != CONTROL_PENDING)
            control_end(w.from, code);
    }
}

void rc_gone(struct rc *rc, const struct control_connection *caller)
{
    if (!job_gone(&rc->job, caller))
        return;
    job_forget_caller(&rc->job);
    change_abort(&rc->change); /* what is under way goes on, nothing is begun */
}

void rc_interrupt(struct rc *rc)
{
    job_refuse_waiting(&rc->job);
    rc->engine->over_held = false;
    if (rc->job.busy)
        change_abort(&rc->change);
    update_drop(&rc->updates);
    job_interrupt(&rc->job);
}

void rc_init(struct rc *rc, struct engine *g)
{
    *rc = (struct rc){
        .pid1 = g->pid1,
        .catalogue = g->catalogue,
        .longruns = g->longruns,
        .engine = g,
        .job = {.pid1 = g->pid1, .catalogue = g->catalogue, .engine = g, .oneshots = g->oneshots},
        .change = {.pid1 = g->pid1,
                   .catalogue = g->catalogue,
                   .longruns = g->longruns,
                   .oneshots = g->oneshots,
                   .engine = g,
                   .job = &rc->job},
        .updates = {.change = &rc->change}};
}
