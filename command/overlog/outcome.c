#include "command/overlog/outcome.h"

enum { END_MAX = 96 };

/* --- whether ---------------------------------------------------------------------------------- */

static enum outcome outcome_up(const struct status_row *r, long long elapsed)
{
    bool is_new = r->ms >= 0 && r->ms <= elapsed;
    bool has_ended = r->died_ms >= 0 && r->died_ms < elapsed;
    if (status_row_is(r, "up") &&
        (status_row_is_oneshot(r) || r->ready_ms >= 0 || r->ms >= OUTCOME_STEADY_MS))
        return r->ready ? OUTCOME_REACHED : OUTCOME_WAITS;
    if (status_row_is_oneshot(r))
        return status_row_is(r, "failed") && is_new ? OUTCOME_FAILED : OUTCOME_WAITS;
    if (status_row_is(r, "up") || status_row_is(r, "starting"))
        return OUTCOME_WAITS;
    return has_ended || (r->why[0] != '\0' && is_new) ? OUTCOME_FAILED : OUTCOME_WAITS;
}

static enum outcome outcome_down(const struct status_row *r)
{
    bool rests = status_row_is(r, "down") || (status_row_is(r, "failed") && r->pid < 0);
    return rests ? OUTCOME_REACHED : OUTCOME_WAITS;
}

enum outcome outcome_of(enum wish wish, const struct status_row *r, long long elapsed)
{
    return wish == WISH_UP ? outcome_up(r, elapsed) : outcome_down(r);
}

/* --- in words --------------------------------------------------------------------------------- */

static void put_after(struct str *out, long long ms)
{
    str_add_text(out, " after ");
    put_span(out, ms);
}

static void put_end(const struct services *s, const struct status_row *r, struct str *out)
{
    char end[END_MAX];
    struct status_end e = status_end_of(&s->status, r);
    status_end_text(&e, end, sizeof end);
    str_add_text(out, end);
}

static void say_up(const struct target *t, const struct status_row *now, long long elapsed,
                   struct str *out)
{
    bool was = status_row_is(&t->before, "up") && now->ms > elapsed;
    str_add_text(out,
                 status_row_is_oneshot(now) ? was ? " has run already" : " has run" : " is up");
    if (!status_row_is_oneshot(now) && now->ready_ms >= 0)
        str_add_text(out, " and ready");
    if (was && !status_row_is_oneshot(now))
        str_add_text(out, " already");
    if (!was && now->ready_ms >= 0)
        put_after(out, now->ms - now->ready_ms);
    if (now->pid > 0)
        str_printf(out, " (pid %lld)", now->pid);
}

static void say_down(const struct services *s, const struct target *t, const struct status_row *now,
                     long long elapsed, struct str *out)
{
    bool was = outcome_down(&t->before) == OUTCOME_REACHED;
    str_add_text(out, was ? " is down already" : " is down");
    if (was || status_row_is_oneshot(now))
        return;
    if (now->died_ms >= 0 && now->died_ms < elapsed) {
        put_after(out, elapsed - now->died_ms);
        str_add_text(out, ": ");
        put_end(s, now, out);
    }
}

/* Why a service that is down was not started: the first of those that it needs which is not up. */
static const struct status_row *missing_need(const struct services *s, const struct target *t)
{
    if (t->node == TARGET_NO_NODE)
        return NULL;
    const struct node *n = &s->graph.node[t->node];
    for (uint32_t i = 0; i < n->needs_count; i++) {
        const struct status_row *r = services_row(s, n->needs[i]);
        if (r != NULL && !(status_row_is(r, "up") && r->ready))
            return r;
    }
    return NULL;
}

static void say_not_up(const struct services *s, const struct target *t,
                       const struct status_row *now, long long elapsed, struct str *out)
{
    const struct status_row *need = missing_need(s, t);
    if (now->why[0] != '\0') {
        str_printf(out, " is %s: ", now->state);
        put_shown(out, now->why, 0);
    } else if (now->died_ms >= 0 && now->died_ms < elapsed) {
        str_add_text(out, " ended: ");
        put_end(s, now, out);
        str_add_text(out, status_row_is(now, "waiting") || status_row_is(now, "finishing")
                              ? ", and is started again"
                          : status_row_is(now, "failed") ? ", and is given up"
                                                         : "");
    } else if (need != NULL && now->pid < 0) {
        str_add_text(out, " is not started: ");
        put_shown(out, need->name, 0);
        str_add_text(out, ", which it needs, is not up");
    } else if (now->pid > 0) {
        str_add_text(out, " has not said that it is ready");
        put_after(out, elapsed);
        str_printf(out, " (pid %lld)", now->pid);
    } else {
        str_printf(out, " is %s", now->state);
    }
}

static void say_not_down(const struct services *s, const struct target *t,
                         const struct status_row *now, long long elapsed, struct str *out)
{
    bool stays = t->node != TARGET_NO_NODE && services_definition(s, t->node)->essential;
    str_printf(out, " is still %s", status_row_is(now, "stopping") ? "there" : now->state);
    if (stays)
        str_add_text(out, ": it is essential");
    else
        put_after(out, elapsed);
    if (now->pid > 0)
        str_printf(out, " (pid %lld)", now->pid);
}

void outcome_say(const struct services *s, const struct target *t, const struct status_row *now,
                 const struct verdict *v, struct str *out)
{
    bool good = v->outcome == OUTCOME_REACHED;
    put_shown(out, t->name, 0);
    if (v->wish == WISH_UP && good)
        say_up(t, now, v->elapsed, out);
    else if (v->wish == WISH_UP)
        say_not_up(s, t, now, v->elapsed, out);
    else if (good)
        say_down(s, t, now, v->elapsed, out);
    else
        say_not_down(s, t, now, v->elapsed, out);
    str_add_char(out, '\n');
}
