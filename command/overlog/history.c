#include "command/overlog/history.h"
#include "base/error.h"
#include "logcat/events.h"
#include <stdio.h>
#include <string.h>

/* The rest of the line behind a key that comes last. */
static void text_of(const char *line, const char *key, char out[HISTORY_REASON])
{
    size_t length;
    const char *text = events_value(line, key, &length);
    snprintf(out, HISTORY_REASON, "%s", text == NULL ? "" : text);
}

static struct history_end *add_end(struct history *h, const struct timespec *time)
{
    if (h->count == HISTORY_ENDS)
        memmove(h->end, h->end + 1, --h->count * sizeof h->end[0]);
    struct history_end *e = &h->end[h->count++];
    *e = (struct history_end){.at = *time, .pid = -1, .code = -1, .signal = -1};
    return e;
}

static void add_death(struct history *h, const struct timespec *time, int code, int signal)
{
    if (h->recent_count == HISTORY_RECENT)
        memmove(h->recent, h->recent + 1, --h->recent_count * sizeof h->recent[0]);
    h->recent[h->recent_count++] = (struct history_death){*time, code, signal};
}

static void no_instance(struct history *h)
{
    h->began = (struct timespec){0, 0};
    h->pid = -1;
    h->is_ready = false;
}

static void take_start(struct history *h, const struct timespec *time, const char *line)
{
    if (h->count > 0 && h->end[h->count - 1].before.tv_sec == 0)
        h->end[h->count - 1].before = *time;
    no_instance(h);
    h->began = *time;
    h->pid = events_number(line, " pid=");
    if (h->gave_up)
        h->recent_count = 0; /* somebody asked for it: its tally is a new one */
    h->gave_up = false;
    h->counts.starts++;
}

static void take_exit(struct history *h, const struct timespec *time, const char *line)
{
    struct history_end *e = add_end(h, time);
    e->pid = events_number(line, " pid=");
    if (e->pid == h->pid) {
        e->began = h->began;
        e->was_ready = h->is_ready;
    }
    e->code = (int)events_number(line, " code=");
    e->signal = (int)events_number(line, " signal=");
    e->oom = events_number(line, " oom=") > 0;
    e->core = events_number(line, " core=") > 0;
    e->in_stop = h->stopping;
    if (events_number(line, " asked=") <= 0)
        add_death(h, time, e->code, e->signal);
    h->counts.ends++;
    h->counts.codes += e->code > 0;
    h->counts.signals += e->signal >= 0;
    h->counts.ooms += e->oom;
    no_instance(h);
}

static void take_failure(struct history *h, const struct timespec *time, const char *line)
{
    char reason[HISTORY_REASON];
    text_of(line, " reason=", reason);
    h->counts.failures++;
    if (strcmp(reason, "finish said 125") == 0) { /* the end before it is there */
        h->gave_up = true;
        snprintf(h->gave_up_reason, sizeof h->gave_up_reason, "%s", reason);
        return;
    }
    add_death(h, time, EXIT_NOTFOUND, -1);
    struct history_end *last = h->count > 0 ? &h->end[h->count - 1] : NULL;
    if (last != NULL && reason[0] != '\0' && strcmp(last->reason, reason) == 0) {
        last->at = *time;
        last->repeats++;
        return;
    }
    struct history_end *e = add_end(h, time);
    snprintf(e->reason, sizeof e->reason, "%s", reason);
}

static void take_gave_up(struct history *h, const char *line)
{
    long deaths = events_number(line, " deaths="), ms = events_number(line, " ms=");
    h->gave_up = true;
    snprintf(h->gave_up_reason, sizeof h->gave_up_reason, "given up after %ld end%s", deaths,
             deaths == 1 ? "" : "s");
    if (deaths > 1 && ms >= 0)
        snprintf(h->gave_up_reason, sizeof h->gave_up_reason, "given up after %ld ends in %ld.%lds",
                 deaths, ms / 1000, ms / 100 % 10);
}

static void take_job(struct history *h, const struct timespec *time, const char *line)
{
    if (h->job_count == HISTORY_ENDS)
        memmove(h->job, h->job + 1, --h->job_count * sizeof h->job[0]);
    h->job[h->job_count++] = (struct history_job){.at = *time,
                                                  .code = (int)events_number(line, " code="),
                                                  .signal = (int)events_number(line, " signal="),
                                                  .ms = events_number(line, " ms="),
                                                  .limit = events_number(line, " limit=") > 0};
}

static void take_flood(struct history *h, const struct timespec *time, const char *line)
{
    h->counts.floods++;
    h->flood_at = *time;
    h->flood_rate = events_number(line, " rate=");
}

static void take_container(struct history *h, const struct timespec *time, const char *line)
{
    if (events_is(line, "boot")) {
        h->recent_count = 0;
        h->flood_at = (struct timespec){0, 0};
        h->counts = (struct history_counts){.starts = 0};
        h->stopping = h->gave_up = false;
        no_instance(h);
    } else if (events_is(line, "stop")) {
        h->stopping = true;
    } else if (events_is(line, "lost")) {
        long lines = events_number(line, " lines=");
        h->counts.lost_events += lines > 0 ? (unsigned long long)lines : 0;
    } else if (events_is(line, "oom")) {
        long kills = events_number(line, " kills=");
        h->container_oom = *time;
        h->counts.container_ooms += kills > 0 ? (unsigned long long)kills : 1;
    }
}

void history_init(struct history *h, const char *service)
{
    *h = (struct history){.service = service, .pid = -1};
}

void history_take(struct history *h, const struct timespec *time, const char *line)
{
    char service[EVENTS_NAME_MAX];
    if (!events_service(line, service))
        take_container(h, time, line);
    else if (strcmp(service, h->service) != 0)
        return;
    else if (events_is(line, "start"))
        take_start(h, time, line);
    else if (events_is(line, "ready"))
        h->is_ready = true;
    else if (events_is(line, "exit"))
        take_exit(h, time, line);
    else if (events_is(line, "gave-up"))
        take_gave_up(h, line);
    else if (events_is(line, "fail"))
        take_failure(h, time, line);
    else if (events_is(line, "job"))
        take_job(h, time, line);
    else if (events_is(line, "flood"))
        take_flood(h, time, line);
}
