#include "command/overlog/hooks.h"
#include "base/clock.h"
#include "base/signals.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const hook_names[HOOK_EVENTS + 1] = {
    [HOOK_DEATH] = "death",     [HOOK_GAVE_UP] = "gave-up", [HOOK_OOM] = "oom",
    [HOOK_UNREADY] = "unready", [HOOK_FLOOD] = "flood",     [HOOK_EVENTS] = NULL};

static struct hook_service *find(struct hooks *h, const char *name)
{
    for (size_t i = 0; i < h->services; i++)
        if (strcmp(h->service[i].name, name) == 0)
            return &h->service[i];
    char *copy = LIST_ROOM(h->service, h->services, h->room) < 0 ? NULL : strdup(name);
    if (copy == NULL)
        return NULL;
    h->service[h->services] = (struct hook_service){.name = copy};
    return &h->service[h->services++];
}

static void forget_jobs(struct hooks *h)
{
    h->first = h->count = 0;
    h->dropped = 0;
}

static void forget_boot(struct hooks *h)
{
    forget_jobs(h);
    h->stopping = false;
    for (size_t i = 0; i < h->services; i++)
        free(h->service[i].name);
    h->services = 0;
}

/* --- from lines to jobs ----------------------------------------------------------------------- */

static struct hook_job *job_at(struct hooks *h, size_t i)
{
    return &h->job[(h->first + i) % HOOKS_MAX];
}

static void add(struct hooks *h, const struct hook_job *job)
{
    snprintf(h->last, sizeof h->last, "%s", job->place);
    if (h->count == HOOKS_MAX)
        h->dropped++;
    else
        *job_at(h, h->count++) = *job;
}

static void take_start(struct hooks *h, struct hook_service *s, const struct timespec *at)
{
    s->began = *at;
    for (size_t i = 0; i < h->count; i++) {
        struct hook_job *job = job_at(h, i);
        if (strcmp(job->service, s->name) == 0 && !clock_is_set(&job->until))
            job->until = *at;
    }
}

static void take_exit(struct hooks *h, struct hook_service *s, struct hook_job *job,
                      const char *line)
{
    bool asked = events_number(line, " asked=") > 0;
    job->code = (int)events_number(line, " code=");
    job->signal = (int)events_number(line, " signal=");
    job->oom = events_number(line, " oom=") > 0;
    job->core = events_number(line, " core=") > 0;
    job->began = s->began;
    job->event = asked ? HOOK_UNREADY : HOOK_DEATH;
    s->deaths += !asked;
    job->deaths = s->deaths;
    s->began = (struct timespec){0, 0};
    add(h, job);
    job->event = HOOK_OOM;
    if (job->oom)
        add(h, job);
}

static void take_failure(struct hooks *h, struct hook_service *s, struct hook_job *job,
                         const char *line)
{
    const char *reason = strstr(line, " reason=finish said 125");
    if (reason == NULL)
        return;
    job->event = HOOK_GAVE_UP;
    job->deaths = s->deaths;
    snprintf(job->reason, sizeof job->reason, "%s", reason + strlen(" reason="));
    add(h, job);
}

static void take_gave_up(struct hooks *h, struct hook_job *job, const char *line)
{
    job->event = HOOK_GAVE_UP;
    job->code = (int)events_number(line, " code=");
    job->signal = (int)events_number(line, " signal=");
    job->deaths = events_number(line, " deaths=");
    add(h, job);
}

static void take_flood(struct hooks *h, struct hook_job *job, const char *line)
{
    job->event = HOOK_FLOOD;
    job->rate = events_number(line, " rate=");
    add(h, job);
}

/* An event of a service. */
static int take_service(struct hooks *h, struct hook_job *job, const char *line)
{
    if (strcmp(job->service, HOOKS_SERVICE) == 0)
        return 0;
    struct hook_service *s = find(h, job->service);
    if (s == NULL)
        return -1;
    if (events_is(line, "start"))
        take_start(h, s, &job->at);
    else if (events_is(line, "exit") && !h->stopping)
        take_exit(h, s, job, line);
    else if (events_is(line, "gave-up") && !h->stopping)
        take_gave_up(h, job, line);
    else if (events_is(line, "fail") && !h->stopping)
        take_failure(h, s, job, line);
    else if (events_is(line, "flood") && !h->stopping)
        take_flood(h, job, line);
    return 0;
}

static void take_container(struct hooks *h, struct hook_job *job, const char *line)
{
    if (events_is(line, "boot")) {
        forget_boot(h);
    } else if (events_is(line, "stop")) {
        h->stopping = true;
    } else if (events_is(line, "oom") && !h->stopping) {
        job->event = HOOK_OOM;
        job->oom = true;
        job->kills = events_number(line, " kills=");
        job->limit = events_number(line, " limit=");
        add(h, job);
    }
}

int hooks_take(struct hooks *h, const struct timespec *at, const char *line, int64_t now)
{
    char time[CLOCK_UTC_LENGTH];
    struct hook_job job = {.at = *at, .due = now + HOOK_SETTLES};
    job.code = job.signal = -1;
    job.deaths = job.kills = job.limit = job.rate = -1;
    clock_utc_format(time, at);
    snprintf(job.place, sizeof job.place, "%.*s %s", CLOCK_UTC_LENGTH, time, line);
    int result = 0;
    if (events_service(line, job.service))
        result = take_service(h, &job, line);
    else
        take_container(h, &job, line);
    if (h->resume[0] != '\0' && strcmp(job.place, h->resume) == 0)
        forget_jobs(h);
    return result;
}

void hooks_resume(struct hooks *h, const char *place)
{
    snprintf(h->resume, sizeof h->resume, "%s", place);
}

/* --- the queue -------------------------------------------------------------------------------- */

int64_t hooks_due(const struct hooks *h)
{
    return h->count == 0 ? 0 : h->job[h->first].due;
}

const char *hooks_next(struct hooks *h, int64_t now, struct hook_job *job)
{
    if (h->count == 0 || hooks_due(h) > now)
        return NULL;
    *job = h->job[h->first];
    h->first = (h->first + 1) % HOOKS_MAX;
    h->count--;
    return h->count == 0 ? h->last : job->place;
}

unsigned long hooks_dropped(struct hooks *h)
{
    unsigned long dropped = h->count == 0 ? h->dropped : 0;
    h->dropped -= dropped;
    return dropped;
}

void hooks_release(struct hooks *h)
{
    forget_boot(h);
    free(h->service);
    *h = (struct hooks){.count = 0};
}

/* --- facts ------------------------------------------------------------------------------------ */

bool hook_is_livechecks(const char *line)
{
    return strncmp(line, HOOK_LIVECHECK, strlen(HOOK_LIVECHECK)) == 0 &&
           strstr(line, " is not alive: ") != NULL;
}

/* NAME=NUMBER, or NAME for a negative one. */
static int add_number(struct words *facts, const char *name, long long value)
{
    char text[64];
    snprintf(text, sizeof text, "%s=%lld", name, value);
    return words_add(facts, value < 0 ? name : text);
}

static int add_text(struct words *facts, const char *name, const char *value)
{
    char text[HOOK_PLACE_MAX + 64];
    snprintf(text, sizeof text, "%s=%s", name, value);
    return words_add(facts, value[0] == '\0' ? name : text);
}

int hook_facts(const struct hook_job *job, struct words *facts)
{
    char time[CLOCK_UTC_LENGTH + 1], signal[32] = "";
    bool knows_life = clock_is_set(&job->began);
    const char *name = job->signal > 0 ? signal_name(job->signal) : NULL;
    clock_utc_format(time, &job->at);
    time[CLOCK_UTC_LENGTH] = '\0';
    if (name != NULL)
        snprintf(signal, sizeof signal, "SIG%s", name);
    else if (job->signal > 0)
        snprintf(signal, sizeof signal, "%d", job->signal);
    int result =
        add_text(facts, "OVERLOG_EVENT", hook_names[job->event]) |
        add_text(facts, "OVERLOG_SERVICE", job->service) | add_text(facts, "OVERLOG_TIME", time) |
        add_number(facts, "OVERLOG_CODE", job->code) | add_text(facts, "OVERLOG_SIGNAL", signal) |
        add_number(facts, "OVERLOG_RUN_MS",
                   knows_life ? clock_between(&job->began, &job->at) / CLOCK_MS : -1) |
        add_number(facts, "OVERLOG_DEATHS", job->deaths) |
        add_number(facts, "OVERLOG_OOM", job->oom ? 1 : -1) |
        add_number(facts, "OVERLOG_CORE", job->core ? 1 : -1) |
        add_number(facts, "OVERLOG_KILLS", job->kills) |
        add_number(facts, "OVERLOG_LIMIT", job->limit) |
        add_number(facts, "OVERLOG_RATE", job->rate) |
        add_text(facts, "OVERLOG_REASON", job->reason);
    return result != 0 ? -1 : 0;
}
