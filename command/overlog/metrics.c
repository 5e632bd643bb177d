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

enum figure {
    UP,
    READY,
    WANTED,
    RESTARTS,
    LAST_EXIT,
    LOG_BYTES,
    LOG_LINES,
    LOG_WRITTEN,
    LOG_FLOODS,
    LOG_DROPPED,
    MEMORY,
    PROCESSES,
    THREADS,
    DESCRIPTORS,
    JOB_RUNS,
    JOB_FAILURES,
    JOB_LIMITS,
    JOB_SKIPS,
    JOB_RUNNING,
    JOB_EXIT,
    JOB_NEXT,
    JOB_SUCCESS,
    CPU, /* this and the next in ms, which are shown as seconds */
    JOB_DURATION,
    FIGURES
};

static const struct {
    const char *name, *suffix, *type, *help;
} families[FIGURES] = {
    [UP] = {"service_up", "", "gauge", "Whether the service is up."},
    [READY] = {"service_ready", "", "gauge",
               "Whether it is up and has said that it is ready, if it does."},
    [WANTED] = {"service_wanted", "", "gauge", "Whether it should be up."},
    [RESTARTS] = {"service_restarts", "_total", "counter", "How often it was started again."},
    [LAST_EXIT] = {"service_last_exit", "", "gauge", "Its last exit code, or 128 and the signal."},
    [LOG_BYTES] = {"service_log_bytes", "", "gauge", "Size of its log directory."},
    [LOG_LINES] = {"service_log_lines", "", "gauge", "Lines in its log directory."},
    [LOG_WRITTEN] = {"service_log_written_bytes", "_total", "counter",
                     "Bytes that it has written to its log."},
    [LOG_FLOODS] = {"service_log_floods", "_total", "counter",
                    "Minutes in which it flooded its log."},
    [LOG_DROPPED] = {"service_log_dropped", "", "gauge", "Lines that its log says are missing."},
    [MEMORY] = {"service_memory_bytes", "", "gauge", "Resident memory of its processes."},
    [PROCESSES] = {"service_processes", "", "gauge", "How many processes it has."},
    [THREADS] = {"service_threads", "", "gauge", "How many threads these have."},
    [DESCRIPTORS] = {"service_descriptors", "", "gauge", "How many descriptors these have open."},
    [JOB_RUNS] = {"job_runs", "_total", "counter", "How many jobs schedule has begun."},
    [JOB_FAILURES] = {"job_failures", "_total", "counter", "How many of them have failed."},
    [JOB_LIMITS] = {"job_limits", "_total", "counter", "How many were ended for their limit."},
    [JOB_SKIPS] = {"job_skips", "_total", "counter", "How many times came while a job ran."},
    [JOB_RUNNING] = {"job_running", "", "gauge", "Whether a job runs now."},
    [JOB_EXIT] = {"job_last_exit", "", "gauge",
                  "Exit code of the last job, or 128 and the signal."},
    [JOB_NEXT] = {"job_next_timestamp_seconds", "", "gauge", "When the next job begins."},
    [JOB_SUCCESS] = {"job_success_timestamp_seconds", "", "gauge", "When the last job ended well."},
    [CPU] = {"service_cpu_seconds", "_total", "counter", "CPU time of its processes."},
    [JOB_DURATION] = {"job_duration_seconds", "", "gauge",
                      "How long the last job took that has ended."},
};

/* What is known of a row of the status; a negative figure is none. */
static void find_figures(const struct metrics *m, size_t i, long long figure[FIGURES])
{
    const struct status_row *r = &m->status->row[i];
    const struct usage *u = &r->use;
    const struct schedule_state *j = &r->job;
    for (int k = 0; k < FIGURES; k++)
        figure[k] = -1;
    figure[UP] = status_row_is(r, "up");
    figure[READY] = r->ready;
    figure[WANTED] = r->wanted;
    figure[RESTARTS] = status_restarts(r);
    figure[LAST_EXIT] = r->signal >= 0 ? 128 + r->signal : r->code;
    figure[LOG_BYTES] = r->log_bytes;
    figure[LOG_LINES] = m->service[i].log_lines;
    figure[LOG_WRITTEN] = r->log_written;
    figure[LOG_FLOODS] = (long long)m->service[i].history.counts.floods;
    figure[LOG_DROPPED] = m->service[i].dropped;
    figure[PROCESSES] = u->processes;
    figure[THREADS] = u->threads;
    if (u->processes > 0) {
        figure[MEMORY] = u->memory;
        figure[DESCRIPTORS] = u->descriptors;
        figure[CPU] = u->cpu_ms;
    }
    if (job_is(j)) {
        figure[JOB_RUNS] = j->counts.runs;
        figure[JOB_FAILURES] = j->counts.failed;
        figure[JOB_LIMITS] = j->counts.late;
        figure[JOB_SKIPS] = j->counts.skipped;
        figure[JOB_RUNNING] = j->pid > 0;
        figure[JOB_EXIT] = j->code;
        figure[JOB_NEXT] = j->next > 0 ? j->next / CLOCK_SECOND : -1;
        figure[JOB_SUCCESS] = j->well > 0 ? j->well / CLOCK_SECOND : -1;
        figure[JOB_DURATION] = j->code < 0 ? -1 : j->ms;
    }
}

static void put_family(const struct metrics *m, enum figure f, struct str *out)
{
    char name[64];
    long long figure[FIGURES];
    family(out, families[f].name, families[f].type, families[f].help);
    snprintf(name, sizeof name, "%s%s", families[f].name, families[f].suffix);
    for (size_t i = 0; i < m->status->count; i++) {
        find_figures(m, i, figure);
        long long value = figure[f];
        if (value < 0)
            continue;
        sample(out, name, m->status->row[i].name);
        if (f >= CPU)
            str_printf(out, "} %lld.%03lld\n", value / 1000, value % 1000);
        else
            str_printf(out, "} %lld\n", value);
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
    for (int f = 0; f < FIGURES; f++)
        put_family(m, (enum figure)f, out);
    put_deaths(m, out);
    str_add_text(out, "# EOF\n");
}
