#include "command/overlog/job.h"
#include "base/clock.h"
#include "base/quantity.h"
#include "base/signals.h"
#include "command/overlog/overlog.h"

/* --- for people ------------------------------------------------------------------------------- */

static void put_next(const struct schedule_state *s, int64_t now, struct str *out)
{
    char at[40], in[QUANTITY_MAX];
    struct tm tm;
    time_t t = (time_t)(s->next / CLOCK_SECOND);
    if (s->next == 0 || localtime_r(&t, &tm) == NULL ||
        strftime(at, sizeof at, "%F %T %z", &tm) == 0) {
        str_add_text(out, "not due");
        return;
    }
    quantity_duration(s->next > now ? (s->next - now) / CLOCK_MS : 0, in);
    str_printf(out, "next %s (in %s)", at, in);
}

static void put_last(const struct schedule_state *s, int64_t now, struct str *out)
{
    char ago[QUANTITY_MAX];
    str_printf(out, "; last exit %lld after ", (long long)s->code);
    put_span(out, s->ms);
    if (s->pid > 0)
        return;
    int64_t ended = s->began / CLOCK_MS + s->ms;
    quantity_duration(now / CLOCK_MS > ended ? now / CLOCK_MS - ended : 0, ago);
    str_printf(out, ", %s ago", ago);
}

void job_text(const struct schedule_state *s, const struct timespec *time, struct str *out)
{
    char since[QUANTITY_MAX];
    int64_t now = clock_ns(time);
    if (s->pid > 0) {
        quantity_duration(now > s->began ? (now - s->began) / CLOCK_MS : 0, since);
        str_printf(out, "runs for %s (pid %lld); ", since, (long long)s->pid);
    }
    put_next(s, now, out);
    if (s->code >= 0)
        put_last(s, now, out);
    if (s->counts.failed > 0)
        str_printf(out, "; %lld of %lld failed", (long long)s->counts.failed,
                   (long long)s->counts.runs);
    if (s->counts.skipped > 0)
        str_printf(out, "; %lld skipped", (long long)s->counts.skipped);
}

void job_end_text(const struct history_job *j, struct str *out)
{
    char signal[SIGNAL_TEXT_MAX];
    signal_text(j->signal, signal);
    if (j->signal >= 0)
        str_printf(out, "%s after ", signal);
    else
        str_printf(out, "exit %d after ", j->code);
    put_span(out, j->ms);
    str_add_text(out, j->limit ? ", its limit" : "");
}

/* --- for programs ----------------------------------------------------------------------------- */

static void put_ns(struct str *out, const char *key, int64_t ns)
{
    const struct timespec t = clock_timespec(ns);
    json_time(out, key, &t);
}

void job_json(const struct schedule_state *s, struct str *out)
{
    json_open(out, "job", '{');
    json_string(out, "timetable", s->timetable);
    put_ns(out, "next", s->next);
    json_number_or_null(out, "pid", s->pid > 0 ? s->pid : -1);
    put_ns(out, "last_start", s->began);
    put_ns(out, "last_success", s->well);
    json_number_or_null(out, "last_exit_code", s->code);
    json_number_or_null(out, "last_milliseconds", s->code < 0 ? -1 : s->ms);
    json_number(out, "runs", s->counts.runs);
    json_number(out, "failed", s->counts.failed);
    json_number(out, "over_limit", s->counts.late);
    json_number(out, "skipped", s->counts.skipped);
    json_close(out, '}');
}

void job_history_json(const struct history *h, struct str *out)
{
    json_open(out, "jobs", '[');
    for (size_t i = h->job_count; i > 0; i--) {
        const struct history_job *j = &h->job[i - 1];
        json_open(out, NULL, '{');
        json_time(out, "time", &j->at);
        json_number_or_null(out, "exit_code", j->code);
        json_number_or_null(out, "signal", j->signal);
        json_number(out, "milliseconds", j->ms);
        json_bool(out, "over_limit", j->limit);
        json_close(out, '}');
    }
    json_close(out, ']');
}
