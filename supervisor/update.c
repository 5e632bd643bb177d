#include "supervisor/update.h"
#include "base/message.h"
#include <stdlib.h>
#include <string.h>

enum { EXIT_BEFORE = 9, EXIT_BEFORE_LATE = 10, TRIPLE = 3 };

static void begin_down(struct updates *all, struct update_stage *u)
{
    struct change *c = all->change;
    all->stage = u;
    c->job->essential_too = true;
    update_stage_hold(u);
    change_begin(c, u->plan.down, false);
    for (uint32_t i = 0; i < u->old_count; i++)
        if (u->plan.down[i] == 0 && c->catalogue->transition.node[i].state == NODE_UP)
            c->catalogue->transition.node[i].goal = false; /* it only needs one of those held */
}

void update_over(struct updates *all, enum transition_result result)
{
    struct update_stage *u = all->stage;
    struct change *c = all->change;
    bool heard = c->job->caller != NULL;
    if (!u->switched && result == TRANSITION_OK && heard) {
        update_stage_switch(u);
        pid1_say(c->pid1, MESSAGE_INFO, "s6-rc-update: info: the new database is in place");
        change_begin(c, u->plan.up, true);
        return;
    }
    int code = result == TRANSITION_OK       ? 0
               : result == TRANSITION_FAILED ? (u->switched ? EXIT_FAILURE : EXIT_BEFORE)
                                             : (u->switched ? JOB_TIMED_OUT : EXIT_BEFORE_LATE);
    if (result == TRANSITION_TIMED_OUT && heard)
        pid1_say(c->pid1, MESSAGE_FATAL, "s6-rc-update: fatal: timed out");
    update_drop(all);
    job_unlock(c->job, code);
}

void update_drop(struct updates *all)
{
    struct update_stage *u = all->stage;
    all->stage = NULL;
    if (u == NULL)
        return;
    if (!u->switched) {
        update_stage_let_go(u);
        update_stage_roll_back(u);
    }
    update_stage_free(u);
}

/* --- the request ------------------------------------------------------------------------------ */

static void say_plan(const struct updates *all, const struct request *r,
                     const struct update_stage *u)
{
    struct reply o = {.to = r->from, .kind = 'o', .length = 0};
    reply_put(&o, "s6-rc -D change");
    for (uint32_t i = 0; i < u->old_count; i++)
        if (u->plan.down[i] != 0) {
            reply_put(&o, " ");
            reply_put(&o, catalogue_definition(all->change->catalogue, i)->name);
        }
    reply_put(&o, "\ns6-rc -u change");
    for (uint32_t i = 0; i < u->next.graph.count; i++)
        if (u->plan.up[i] != 0) {
            reply_put(&o, " ");
            reply_put(&o, catalogue_definition(&u->next, i)->name);
        }
    reply_put(&o, "\n");
    reply_flush(&o);
}

/* One that goes, and that an earlier job has left stopping, is waited for. A oneshot whose down a
 * time limit has left to itself is not: the switch tells it to end. */
static void await_stopping(const struct catalogue *c, struct update_stage *u)
{
    for (uint32_t i = 0; i < u->old_count; i++)
        if (u->plan.next[i] == UPDATE_NONE && c->transition.node[i].state == NODE_STOPPING &&
            (catalogue_is_longrun(c, i) || c->oneshot[i].state != ONESHOT_LEFT))
            u->plan.down[i] = 1;
}

static int make_plan(const struct updates *all, const struct request *r, struct update_stage *u,
                     struct error *e)
{
    const struct catalogue *c = all->change->catalogue;
    size_t count = (r->word_count - REQUEST_FIXED) / TRIPLE;
    struct update_conversion *list = calloc(count + 1, sizeof *list);
    unsigned char *is_up = calloc((size_t)u->old_count + 1, 1);
    int result = -1;
    for (size_t i = 0; list != NULL && i < count; i++) {
        const char *const *w = r->words + REQUEST_FIXED + TRIPLE * i;
        list[i] = (struct update_conversion){w[0], w[1], strcmp(w[2], "restart") == 0};
    }
    for (uint32_t i = 0; is_up != NULL && i < u->old_count; i++)
        is_up[i] = c->transition.node[i].state == NODE_UP;
    if (list != NULL && is_up != NULL)
        result = update_plan_make(&u->plan, &c->graph, is_up, &u->next.graph, list, count);
    if (result == 0)
        await_stopping(c, u);
    free(list);
    free(is_up);
    return result == 0 ? 0 : error_set(e, EXIT_SYSTEM, "out of memory");
}

static int begin(struct updates *all, struct request *r, struct update_stage *u)
{
    struct error e = ERROR_INIT;
    int result = update_stage_load(u, r->verb, &e);
    if (result == 0)
        result = make_plan(all, r, u, &e);
    if (result == 0 && r->dry)
        say_plan(all, r, u);
    else if (result == 0 && update_stage_prepare(u, &e) == 0) {
        begin_down(all, u);
        return CONTROL_PENDING;
    }
    return e.code == 0 ? 0 : request_refuse(r, e.code, e.text, "");
}

int update_request(struct updates *all, struct request *r)
{
    struct job *job = all->change->job;
    int result = job_lock(job, r);
    if (result != 0)
        return result;
    struct update_stage *u =
        update_stage_new(all->change->longruns, all->change->oneshots, r->count);
    result = u == NULL ? request_refuse(r, EXIT_SYSTEM, "out of memory", "") : begin(all, r, u);
    if (result == CONTROL_PENDING)
        return CONTROL_PENDING;
    if (u != NULL) {
        update_stage_roll_back(u);
        update_stage_free(u);
    }
    job_forget_caller(job); /* it is answered by its own request */
    job_unlock(job, result);
    return result;
}
