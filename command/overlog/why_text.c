/* overlog why, for people. */
#include "base/clock.h"
#include "base/quantity.h"
#include "command/overlog/hooks.h"
#include "command/overlog/job.h"
#include "command/overlog/outcome.h"
#include "command/overlog/why.h"
#include <string.h>

enum { LABEL = 16 /* columns of what stands in front */, NAMES_WIDTH = 64 };

size_t why_lines_of(size_t age)
{
    return age == 0 ? 5 : age == 1 ? 3 : 1;
}

static bool is_up(const struct status_row *r)
{
    return status_row_is(r, "up") && r->ready;
}

static void label(struct str *out, const char *text)
{
    str_printf(out, "  %s%-*s%s", style(STYLE_BOLD), LABEL - 2, text, style(STYLE_PLAIN));
}

/* A line of what others wrote; none for an empty text. */
static void put_text(struct str *out, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    label(out, name);
    put_shown(out, text, 0);
    str_add_char(out, '\n');
}

static void put_time(struct str *out, const struct timespec *t)
{
    char text[32] = "?";
    struct tm tm;
    if (localtime_r(&t->tv_sec, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    str_add_text(out, text);
}

static long long ms_between(const struct timespec *from, const struct timespec *to)
{
    return clock_between(from, to) / CLOCK_MS;
}

/* --- what it is ------------------------------------------------------------------------------- */

static void put_head(const struct why *w, struct str *out)
{
    const struct status_row *r = w->row;
    char since[QUANTITY_MAX];
    str_printf(out, "%s", style(status_style(r)));
    put_shown(out, r->name, 0);
    str_printf(out, "%s is %s", style(STYLE_PLAIN), r->state);
    if (status_row_is(r, "up") && !status_row_is_oneshot(r))
        str_add_text(out, r->ready_ms >= 0 ? " and ready" : "");
    if (r->ms >= 0) {
        struct timespec then = w->now;
        then.tv_sec -= r->ms / 1000;
        quantity_duration(r->ms, since);
        str_add_text(out, " since ");
        put_time(out, &then);
        str_printf(out, " (%s)", since);
    }
    if (r->pid > 0)
        str_printf(out, ", pid %lld", r->pid);
    long long restarts = status_restarts(r);
    if (restarts > 0)
        str_printf(out, ", restarted %lld time%s", restarts, restarts == 1 ? "" : "s");
    str_add_char(out, '\n');
    put_text(out, "because", r->why);
    put_text(out, "says", r->says);
    if (job_is(&r->job)) {
        label(out, "job");
        put_shown(out, r->job.timetable, 0);
        str_add_text(out, ": ");
        job_text(&r->job, &w->now, out);
        str_add_char(out, '\n');
    }
}

/* --- neighbours ------------------------------------------------------------------------------- */

/* "db (up), setup (failed)", cut where the line would be over. */
static void put_nodes(const struct why *w, const char *what, const uint32_t *nodes, uint32_t count,
                      struct str *out)
{
    size_t shown = 0, begin = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct status_row *r = services_row(w->services, nodes[i]);
        if (r == NULL)
            continue; /* the container's own */
        if (shown == 0) {
            label(out, what);
            begin = out->length;
        }
        if (out->length - begin > NAMES_WIDTH) {
            str_add_text(out, ", ...");
            break;
        }
        str_add_text(out, shown++ > 0 ? ", " : "");
        put_shown(out, r->name, 0);
        str_printf(out, " (%s%s)", r->state,
                   status_row_is(r, "up") && !r->ready ? ", not ready" : "");
    }
    if (shown > 0)
        str_add_char(out, '\n');
}

/* Why it is not where it should be, as far as others are the reason. */
static void put_wait(const struct why *w, struct str *out)
{
    const struct status_row *r = w->row;
    size_t begin = out->length;
    label(out, "waits for");
    size_t text = out->length;
    const struct node *n = w->node == TARGET_NO_NODE ? NULL : &w->services->graph.node[w->node];
    for (uint32_t i = 0; status_row_is(r, "down") && r->wanted && n != NULL && i < n->needs_count;
         i++) {
        const struct status_row *need = services_row(w->services, n->needs[i]);
        if (need == NULL || is_up(need))
            continue;
        str_add_text(out, out->length > text ? ", " : "");
        put_shown(out, need->name, 0);
        str_printf(out, ", which %s",
                   need->pid > 0 && !need->ready ? "has not said that it is ready" : "is not up");
    }
    if (status_row_is(r, "starting") && r->pid > 0 && !status_row_is_oneshot(r))
        str_add_text(out, "its readiness notification (notification-fd)");
    else if (status_row_is(r, "waiting"))
        str_add_text(out, "its next start, which comes by itself");
    else if (status_row_is(r, "down") && !r->wanted)
        str_add_text(out, "nobody: nothing wants it up (overlog start starts it)");
    if (out->length == text) {
        out->length = begin;
        out->data[begin] = '\0';
        return;
    }
    str_add_char(out, '\n');
}

static void put_waiting(const struct why *w, struct str *out)
{
    const struct node *n = w->node == TARGET_NO_NODE ? NULL : &w->services->graph.node[w->node];
    bool any = false;
    for (uint32_t i = 0; n != NULL && !is_up(w->row) && i < n->needed_by_count; i++) {
        const struct status_row *r = services_row(w->services, n->needed_by[i]);
        if (r == NULL || !r->wanted || !status_row_is(r, "down"))
            continue;
        if (!any)
            label(out, "keeps down");
        str_add_text(out, any ? ", " : "");
        put_shown(out, r->name, 0);
        any = true;
    }
    if (any)
        str_add_char(out, '\n');
}

/* --- what becomes of it, what it uses --------------------------------------------------------- */

static const struct restart_policy *policy_of(const struct why *w)
{
    return w->policy.when == RESTART_AS_UPSTREAM ? NULL : &w->policy;
}

unsigned int why_recent_ends(const struct why *w)
{
    const struct restart_policy *p = policy_of(w);
    unsigned int count = 0;
    for (size_t i = 0; p != NULL && p->within > 0 && i < w->history.recent_count; i++) {
        const struct history_death *e = &w->history.recent[i];
        int status = e->signal >= 0 ? e->signal : e->code << 8;
        if (ms_between(&e->at, &w->now) <= p->within && !restart_is_clean(p, status))
            count++;
    }
    return count;
}

static void put_policy(const struct why *w, struct str *out)
{
    const struct restart_policy *p = policy_of(w);
    const char *gave_up = w->history.gave_up_reason;
    if (status_row_is_oneshot(w->row))
        return;
    label(out, "after an end");
    if (p != NULL)
        str_printf(out, "restart: %s", w->row->restart);
    if (w->history.gave_up || status_row_is(w->row, "failed"))
        str_printf(out, "%sit stays down: %s", p == NULL ? "" : "; ",
                   gave_up[0] != '\0' ? gave_up : "it failed");
    else if (p != NULL && p->within > 0)
        str_printf(out, "; %u of %u ends that it may have lately", why_recent_ends(w), p->deaths);
    else if (p == NULL)
        str_add_text(out, "it is started again, however often");
    str_add_char(out, '\n');
}

/* What a check that failed had to say. */
static void put_check(const struct why *w, struct str *out)
{
    char ago[QUANTITY_MAX];
    if (w->check.count == 0)
        return;
    const struct last_line *line = &w->check.line[0];
    label(out, "check failed");
    put_shown(out, line->text + strlen(HOOK_LIVECHECK), 0);
    quantity_duration(ms_between(&line->time, &w->now), ago);
    str_printf(out, " (%s ago)\n", ago);
}

static void put_usage(const struct why *w, struct str *out)
{
    const struct usage *u = &w->usage;
    char memory[QUANTITY_MAX];
    if (u->processes == 0)
        return;
    label(out, "uses");
    quantity_size(u->memory, memory);
    str_printf(out, "memory %s, CPU ", memory);
    put_span(out, u->cpu_ms);
    if (w->row->ms > 1000)
        str_printf(out, " (%.1f%%)", 100.0 * (double)u->cpu_ms / (double)w->row->ms);
    str_printf(out, ", %lld process%s, %lld thread%s", u->processes, u->processes == 1 ? "" : "es",
               u->threads, u->threads == 1 ? "" : "s");
    if (u->descriptors >= 0)
        str_printf(out, ", %lld descriptors", u->descriptors);
    str_add_char(out, '\n');
}

static void put_log(const struct why *w, struct str *out)
{
    char size[QUANTITY_MAX];
    if (w->row->log[0] != '\0') {
        label(out, "logs");
        put_shown(out, w->row->log, 0);
        quantity_size(w->row->log_bytes, size);
        str_printf(out, " (%s", size);
        quantity_size(w->row->log_rate, size);
        if (w->row->log_rate >= 0)
            str_printf(out, ", %s a minute", size);
        str_add_text(out, ")\n");
    }
    if (clock_is_set(&w->history.flood_at)) {
        label(out, "floods");
        quantity_size(w->history.flood_rate, size);
        str_printf(out, "its log %llu time%s, last at ", w->history.counts.floods,
                   w->history.counts.floods == 1 ? "" : "s");
        put_time(out, &w->history.flood_at);
        str_printf(out, " with %s a minute\n", size);
    }
    put_text(out, "unknown", w->unknown == NULL ? "" : w->unknown);
}

/* --- how it ended ----------------------------------------------------------------------------- */

static void put_how(const struct why *w, const struct history_end *e, struct str *out)
{
    char end[96];
    struct status_end how = {.code = e->code,
                             .signal = e->signal,
                             .limit = w->services->status.memory_limit,
                             .oom = e->oom,
                             .core = e->core};
    if (e->reason[0] != '\0') {
        put_shown(out, e->reason, 0);
        if (e->repeats > 0)
            str_printf(out, " (%u times)", e->repeats + 1);
        return;
    }
    status_end_text(&how, end, sizeof end);
    str_add_text(out, end);
    if (clock_is_set(&e->began)) {
        str_add_text(out, " after ");
        put_span(out, ms_between(&e->began, &e->at));
        str_add_text(out, e->was_ready ? ", ready" : "");
    }
    str_add_text(out, e->in_stop ? ", in a stop of the container" : "");
}

static void put_lines(const struct last_lines *l, struct str *out)
{
    for (size_t k = 0; k < l->count; k++) {
        str_add_text(out, "      ");
        put_shown(out, l->line[k].text, 0);
        str_add_char(out, '\n');
    }
}

static void put_end(const struct why *w, size_t i, struct str *out)
{
    const struct history_end *e = &w->history.end[i];
    char ago[QUANTITY_MAX];
    quantity_duration(ms_between(&e->at, &w->now), ago);
    str_add_text(out, "  ");
    put_time(out, &e->at);
    str_printf(out, " (%s ago)  %s", ago, style(STYLE_RED));
    put_how(w, e, out);
    str_printf(out, "%s\n", style(STYLE_PLAIN));
    put_lines(&w->lines[i], out);
}

static void put_jobs(const struct why *w, struct str *out)
{
    char ago[QUANTITY_MAX];
    if (w->history.job_count > 0)
        str_printf(out, "%sLast jobs, the newest first:%s\n", style(STYLE_BOLD),
                   style(STYLE_PLAIN));
    for (size_t i = w->history.job_count; i > 0; i--) {
        const struct history_job *j = &w->history.job[i - 1];
        quantity_duration(ms_between(&j->at, &w->now), ago);
        str_add_text(out, "  ");
        put_time(out, &j->at);
        str_printf(out, " (%s ago)  %s", ago, style(j->code == 0 ? STYLE_PLAIN : STYLE_RED));
        job_end_text(j, out);
        str_printf(out, "%s\n", style(STYLE_PLAIN));
    }
}

void why_text(const struct why *w, struct str *out)
{
    const struct history *h = &w->history;
    put_head(w, out);
    put_wait(w, out);
    put_waiting(w, out);
    if (w->node != TARGET_NO_NODE) {
        const struct node *n = &w->services->graph.node[w->node];
        put_nodes(w, "needs", n->needs, n->needs_count, out);
        put_nodes(w, "needed by", n->needed_by, n->needed_by_count, out);
    }
    put_policy(w, out);
    put_check(w, out);
    put_usage(w, out);
    put_log(w, out);
    if (clock_is_set(&h->container_oom)) {
        label(out, "memory");
        str_add_text(out, "the kernel killed a process of some service for lack of it at ");
        put_time(out, &h->container_oom);
        str_add_char(out, '\n');
    }
    if (w->recent.count > 0)
        str_printf(out, "%sLast lines:%s\n", style(STYLE_BOLD), style(STYLE_PLAIN));
    put_lines(&w->recent, out);
    put_jobs(w, out);
    if (h->count > 0)
        str_printf(out, "%sLast ends, the newest first:%s\n", style(STYLE_BOLD),
                   style(STYLE_PLAIN));
    for (size_t i = h->count; i > 0; i--)
        put_end(w, i - 1, out);
}
