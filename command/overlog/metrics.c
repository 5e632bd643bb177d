#include "command/overlog/metrics.h"
#include "base/clock.h"
#include "command/overlog/job.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- lines ------------------------------------------------------------------------------------ */

/* A text between quotes, as OpenMetrics escapes it. */
static void put_quoted(struct str *out, const char *text)
{
    str_add_char(out, '"');
    for (; *text != '\0'; text++)
        if (*text == '\n')
            str_add_text(out, "\\n");
        else if (*text == '"' || *text == '\\')
            str_printf(out, "\\%c", *text);
        else
            str_add_char(out, *text);
    str_add_char(out, '"');
}

static void family(struct str *out, const char *name, const char *type, const char *help)
{
    str_printf(out, "# TYPE overlog_%s %s\n# HELP overlog_%s %s\n", name, type, name, help);
}

static void sample(struct str *out, const char *name, const char *service)
{
    str_printf(out, "overlog_%s{service=", name);
    put_quoted(out, service);
}

/* --- families of services --------------------------------------------------------------------- */

static long long is_up(const struct metrics *m, size_t i)
{
    return strcmp(m->status->row[i].state, "up") == 0;
}

static long long is_ready(const struct metrics *m, size_t i)
{
    return m->status->row[i].ready;
}

static long long is_wanted(const struct metrics *m, size_t i)
{
    return m->status->row[i].wanted;
}

static long long restarts(const struct metrics *m, size_t i)
{
    return status_restarts(&m->status->row[i]);
}

static long long last_exit(const struct metrics *m, size_t i)
{
    const struct status_row *r = &m->status->row[i];
    return r->signal >= 0 ? 128 + r->signal : r->code;
}

static long long log_bytes(const struct metrics *m, size_t i)
{
    return m->status->row[i].log_bytes;
}

static long long log_lines(const struct metrics *m, size_t i)
{
    return m->service[i].log_lines;
}

static long long log_written(const struct metrics *m, size_t i)
{
    return m->status->row[i].log_written;
}

static long long floods(const struct metrics *m, size_t i)
{
    return (long long)m->service[i].history.counts.floods;
}

static long long dropped(const struct metrics *m, size_t i)
{
    return m->service[i].dropped;
}

long long metrics_missing(const char *line)
{
    static const char level[] = ": warning: ";
    const char *end = strstr(line, METRICS_MISSING), *at = strstr(line, level);
    if (strncmp(line, "logger ", 7) != 0 || end == NULL || at == NULL)
        return 0;
    at += strlen(level);
    size_t digits = strspn(at, "0123456789");
    return digits > 0 && digits < 18 && at + digits == end ? strtoll(at, NULL, 10) : 0;
}

static const struct usage *use(const struct metrics *m, size_t i)
{
    return &m->status->row[i].use;
}

static long long memory(const struct metrics *m, size_t i)
{
    return use(m, i)->processes > 0 ? use(m, i)->memory : -1;
}

static long long processes(const struct metrics *m, size_t i)
{
    return use(m, i)->processes;
}

static long long threads(const struct metrics *m, size_t i)
{
    return use(m, i)->threads;
}

static long long descriptors(const struct metrics *m, size_t i)
{
    return use(m, i)->processes > 0 ? use(m, i)->descriptors : -1;
}

/* --- jobs --- */

static const struct schedule_state *job(const struct metrics *m, size_t i)
{
    return &m->status->row[i].job;
}

static long long of_job(const struct metrics *m, size_t i, int64_t value)
{
    return job_is(job(m, i)) ? value : -1;
}

static long long job_runs(const struct metrics *m, size_t i)
{
    return of_job(m, i, job(m, i)->runs);
}

static long long job_failures(const struct metrics *m, size_t i)
{
    return of_job(m, i, job(m, i)->failed);
}

static long long job_limits(const struct metrics *m, size_t i)
{
    return of_job(m, i, job(m, i)->late);
}

static long long job_skips(const struct metrics *m, size_t i)
{
    return of_job(m, i, job(m, i)->skipped);
}

static long long job_running(const struct metrics *m, size_t i)
{
    return of_job(m, i, job(m, i)->pid > 0);
}

static long long job_exit(const struct metrics *m, size_t i)
{
    return of_job(m, i, job(m, i)->code);
}

/* A time, in seconds; none where it is 0. */
static long long job_time(const struct metrics *m, size_t i, int64_t ns)
{
    return of_job(m, i, ns > 0 ? ns / CLOCK_SECOND : -1);
}

static long long job_next(const struct metrics *m, size_t i)
{
    return job_time(m, i, job(m, i)->next);
}

static long long job_success(const struct metrics *m, size_t i)
{
    return job_time(m, i, job(m, i)->well);
}

static const struct row {
    const char *name, *suffix, *type, *help;
    long long (*value)(const struct metrics *m, size_t i); /* negative: none */
} rows[] = {
    {"service_up", "", "gauge", "Whether the service is up.", is_up},
    {"service_ready", "", "gauge", "Whether it is up and has said that it is ready, if it does.",
     is_ready},
    {"service_wanted", "", "gauge", "Whether it should be up.", is_wanted},
    {"service_restarts", "_total", "counter", "How often it was started again.", restarts},
    {"service_last_exit", "", "gauge", "Its last exit code, or 128 and the signal.", last_exit},
    {"service_log_bytes", "", "gauge", "Size of its log directory.", log_bytes},
    {"service_log_lines", "", "gauge", "Lines in its log directory.", log_lines},
    {"service_log_written_bytes", "_total", "counter", "Bytes that it has written to its log.",
     log_written},
    {"service_log_floods", "_total", "counter", "Minutes in which it flooded its log.", floods},
    {"service_log_dropped", "", "gauge", "Lines that its log says are missing.", dropped},
    {"service_memory_bytes", "", "gauge", "Resident memory of its processes.", memory},
    {"service_processes", "", "gauge", "How many processes it has.", processes},
    {"service_threads", "", "gauge", "How many threads these have.", threads},
    {"service_descriptors", "", "gauge", "How many descriptors these have open.", descriptors},
    {"job_runs", "_total", "counter", "How many jobs schedule has begun.", job_runs},
    {"job_failures", "_total", "counter", "How many of them have failed.", job_failures},
    {"job_limits", "_total", "counter", "How many were ended for their limit.", job_limits},
    {"job_skips", "_total", "counter", "How many times came while a job ran.", job_skips},
    {"job_running", "", "gauge", "Whether a job runs now.", job_running},
    {"job_last_exit", "", "gauge", "Exit code of the last job, or 128 and the signal.", job_exit},
    {"job_next_timestamp_seconds", "", "gauge", "When the next job begins.", job_next},
    {"job_success_timestamp_seconds", "", "gauge", "When the last job ended well.", job_success},
};

static void put_row(const struct metrics *m, const struct row *r, struct str *out)
{
    char name[64];
    family(out, r->name, r->type, r->help);
    snprintf(name, sizeof name, "%s%s", r->name, r->suffix);
    for (size_t i = 0; i < m->status->count; i++) {
        long long value = r->value(m, i);
        if (value < 0)
            continue;
        sample(out, name, m->status->row[i].name);
        str_printf(out, "} %lld\n", value);
    }
}

static void put_cpu(const struct metrics *m, struct str *out)
{
    family(out, "service_cpu_seconds", "counter", "CPU time of its processes.");
    for (size_t i = 0; i < m->status->count; i++) {
        long long ms = use(m, i)->cpu_ms;
        if (use(m, i)->processes == 0)
            continue;
        sample(out, "service_cpu_seconds_total", m->status->row[i].name);
        str_printf(out, "} %lld.%03lld\n", ms / 1000, ms % 1000);
    }
}

static void put_duration(const struct metrics *m, struct str *out)
{
    family(out, "job_duration_seconds", "gauge", "How long the last job took that has ended.");
    for (size_t i = 0; i < m->status->count; i++) {
        long long ms = job(m, i)->ms;
        if (!job_is(job(m, i)) || job(m, i)->code < 0)
            continue;
        sample(out, "job_duration_seconds", m->status->row[i].name);
        str_printf(out, "} %lld.%03lld\n", ms / 1000, ms % 1000);
    }
}

/* Ends by their cause, each of which is counted once. */
static void put_deaths(const struct metrics *m, struct str *out)
{
    family(out, "service_ends", "counter", "Ends since the container began, by their cause.");
    for (size_t i = 0; i < m->status->count; i++) {
        const struct history_counts *c = &m->service[i].history.counts;
        const struct {
            const char *cause;
            unsigned long long count;
        } causes[] = {{"exit_0", c->ends - c->codes - c->signals},
                      {"exit_code", c->codes},
                      {"signal", c->signals - c->ooms},
                      {"out_of_memory", c->ooms},
                      {"not_started", c->failures}};
        for (size_t k = 0; k < sizeof causes / sizeof causes[0]; k++) {
            sample(out, "service_ends_total", m->status->row[i].name);
            str_printf(out, ",cause=\"%s\"} %llu\n", causes[k].cause, causes[k].count);
        }
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

void metrics_text(const struct metrics *m, struct str *out)
{
    const struct status *s = m->status;
    family(out, "build", "info", "The version of overlog.");
    str_add_text(out, "overlog_build_info{version=");
    put_quoted(out, s->version);
    str_add_text(out, "} 1\n");
    family(out, "uptime_seconds", "gauge", "For how long the container runs.");
    str_printf(out, "overlog_uptime_seconds %lld.%03lld\n", s->ms / 1000, s->ms % 1000);
    family(out, "running", "gauge", "Whether it has started, and is not being stopped.");
    str_printf(out, "overlog_running %d\n", strcmp(s->stage, "running") == 0);
    if (s->memory_limit >= 0) {
        family(out, "memory_limit_bytes", "gauge", "Memory that the container may use.");
        str_printf(out, "overlog_memory_limit_bytes %lld\n", s->memory_limit);
    }
    family(out, "other_out_of_memory_kills", "counter",
           "Processes that the kernel killed for lack of memory, but for services.");
    str_printf(out, "overlog_other_out_of_memory_kills_total %llu\n", m->container.container_ooms);
    family(out, "lost_events", "counter", "Lines that the event log could not take.");
    str_printf(out, "overlog_lost_events_total %llu\n", m->container.lost_events);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        put_row(m, &rows[i], out);
    put_cpu(m, out);
    put_duration(m, out);
    put_deaths(m, out);
    str_add_text(out, "# EOF\n");
}
