/* overlog why, for programs. */
#include "base/clock.h"
#include "command/overlog/job.h"
#include "command/overlog/why.h"

static void put_nodes(const struct why *w, const char *key, const uint32_t *nodes, uint32_t count,
                      struct str *out)
{
    json_open(out, key, '[');
    for (uint32_t i = 0; i < count; i++) {
        const struct status_row *r = services_row(w->services, nodes[i]);
        if (r == NULL)
            continue;
        json_open(out, NULL, '{');
        json_string(out, "name", r->name);
        json_string(out, "state", r->state);
        json_bool(out, "ready", r->ready);
        json_bool(out, "wanted", r->wanted);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void put_policy(const struct why *w, struct str *out)
{
    const struct status_row *r = w->row;
    json_string(out, "restart", r->restart[0] == '\0' ? NULL : r->restart);
    json_bool(out, "gave_up", w->history.gave_up);
    if (w->policy.within > 0) {
        json_number(out, "recent_ends", why_recent_ends(w));
        json_number(out, "ends_allowed", w->policy.deaths);
    }
}

static void put_lines(const struct last_lines *l, struct str *out)
{
    json_open(out, "lines", '[');
    for (size_t i = 0; i < l->count; i++)
        json_string(out, NULL, l->line[i].text);
    json_close(out, ']');
}

static void put_end(const struct history_end *e, const struct last_lines *l, struct str *out)
{
    json_open(out, NULL, '{');
    json_time(out, "time", &e->at);
    json_time(out, "began", &e->began);
    if (clock_is_set(&e->began))
        json_number(out, "milliseconds", clock_between(&e->began, &e->at) / CLOCK_MS);
    json_number_or_null(out, "pid", e->pid);
    json_number_or_null(out, "exit_code", e->code);
    json_number_or_null(out, "signal", e->signal);
    json_bool(out, "out_of_memory", e->oom);
    json_bool(out, "core_dumped", e->core);
    json_bool(out, "was_ready", e->was_ready);
    json_bool(out, "container_stopping", e->in_stop);
    if (e->reason[0] != '\0') {
        json_string(out, "reason", e->reason);
        json_number(out, "times", e->repeats + 1LL);
    }
    put_lines(l, out);
    json_close(out, '}');
}

void why_json(const struct why *w, struct str *out)
{
    const struct status_row *r = w->row;
    const struct history *h = &w->history;
    json_open(out, NULL, '{');
    status_row_json(r, out);
    json_string(out, "why", r->why[0] == '\0' ? NULL : r->why);
    json_string(out, "says", r->says[0] == '\0' ? NULL : r->says);
    if (w->node != TARGET_NO_NODE) {
        const struct node *n = &w->services->graph.node[w->node];
        put_nodes(w, "needs", n->needs, n->needs_count, out);
        put_nodes(w, "needed_by", n->needed_by, n->needed_by_count, out);
    }
    put_policy(w, out);
    if (job_is(&r->job)) {
        job_json(&r->job, out);
        job_history_json(h, out);
    }
    json_string(out, "last_check", w->check.count > 0 ? w->check.line[0].text : NULL);
    status_use_json(&w->usage, out);
    json_string(out, "log", r->log[0] == '\0' ? NULL : r->log);
    json_number_or_null(out, "log_bytes", r->log_bytes);
    json_number_or_null(out, "log_bytes_a_minute", r->log_rate);
    json_number_or_null(out, "log_bytes_written", r->log_written);
    json_number(out, "floods", (long long)h->counts.floods);
    json_time(out, "last_flood", &h->flood_at);
    json_number_or_null(out, "memory_limit_bytes", w->services->status.memory_limit);
    json_number(out, "container_out_of_memory_kills", (long long)h->counts.container_ooms);
    json_string(out, "unknown", w->unknown);
    put_lines(&w->recent, out);
    json_open(out, "ends", '[');
    for (size_t i = h->count; i > 0; i--)
        put_end(&h->end[i - 1], &w->lines[i - 1], out);
    json_close(out, ']');
    json_close(out, '}');
    str_add_char(out, '\n');
}
