/* The rows of the status file of pid 1, and the choice among them. */
#include "base/cgroup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "base/nearest.h"
#include "command/overlog/status.h"
#include "command/overlog/status_load.h"
#include "command/tools/notify_place.h"
#include "contract/paths.h"
#include "logger/rate.h"
#include "services/keys.h"
#include "supervisor/status.h"
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- its rows ----------------------------------------------------------------------------------
 */

static long long ms_since(int64_t then, int64_t now)
{
    return then == 0 ? -1 : (now - then) / CLOCK_MS;
}

static void read_row(struct status_row *r, const char *bytes, uint32_t index, int64_t now)
{
    struct status_service s;
    status_service(bytes, index, &s);
    *r = (struct status_row){.name = s.name,
                             .type = status_types[s.type],
                             .state = status_states[s.state],
                             .why = s.why == NULL ? "" : s.why,
                             .log = s.log == NULL ? "" : s.log,
                             .wanted = s.wanted,
                             .ready = s.ready,
                             .oom = s.oom,
                             .core = s.core,
                             .pid = s.pid > 0 ? s.pid : -1,
                             .starts = s.starts,
                             .code = s.code,
                             .signal = s.signal,
                             .ms = ms_since(s.since, now),
                             .ready_ms = ms_since(s.ready_at, now),
                             .died_ms = ms_since(s.died_at, now),
                             .log_bytes = -1,
                             .log_rate = -1,
                             .log_written = -1};
}

int status_rows(struct status *s, char *bytes, int64_t now)
{
    struct status_container c;
    uint32_t count = status_count(bytes);
    status_container(bytes, &c);
    *s = (struct status){.version = c.release,
                         .stage = status_stages[c.stage],
                         .pid = c.pid > 0 ? c.pid : -1,
                         .cmd = c.cmd > 0 ? c.cmd : -1,
                         .ms = ms_since(c.began, now),
                         .memory_limit = -1,
                         .bytes = bytes,
                         .row = calloc((size_t)count + 1, sizeof *s->row),
                         .count = count};
    for (uint32_t i = 0; s->row != NULL && i < count; i++)
        read_row(&s->row[i], bytes, i, now);
    return s->row == NULL ? -1 : 0;
}

void status_release(struct status *s)
{
    free(s->row);
    free(s->bytes);
    *s = (struct status){.row = NULL};
}

const struct status_row *status_find(const struct status *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->row[i].name, name) == 0)
            return &s->row[i];
    return NULL;
}

bool status_row_is(const struct status_row *r, const char *state)
{
    return strcmp(r->state, state) == 0;
}

bool status_row_is_oneshot(const struct status_row *r)
{
    return strcmp(r->type, "oneshot") == 0;
}

long long status_restarts(const struct status_row *r)
{
    return r->starts > 0 ? r->starts - 1 : r->starts;
}

bool status_row_is_well(const struct status_row *r)
{
    return !r->wanted || (status_row_is(r, "up") && r->ready);
}

bool status_is_well(const struct status *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (!status_row_is_well(&s->row[i]))
            return false;
    return strcmp(s->stage, "running") == 0;
}

int status_read(struct status *s, const char *run, struct error *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%.4000s/s6/status", run);
    *s = (struct status){.row = NULL};
    char *bytes = status_load(path, e);
    if (bytes == NULL)
        return -1;
    if (status_rows(s, bytes, clock_monotonic()) == 0) {
        s->memory_limit = cgroup_memory_limit();
        s->now = clock_wall();
        return 0;
    }
    status_release(s);
    return error_set(e, EXIT_SYSTEM, "out of memory");
}

void status_say_unknown(const struct status *s, const char *name)
{
    struct words names = WORDS_INIT;
    for (size_t i = 0; i < s->count; i++)
        words_add(&names, s->row[i].name);
    const char *near = nearest_word(&names, name);
    message_fatal("there is no service %s%s%s%s", name, near == NULL ? "" : "; did you mean ",
                  near == NULL ? "" : near, near == NULL ? "" : "?");
    words_release(&names);
}

/* Only the rows that are asked for. False: a name is none; said. */
bool status_choose(struct status *s, char *const *names)
{
    bool good = true;
    size_t kept = 0;
    for (char *const *name = names; *name != NULL; name++) {
        bool found = false;
        for (size_t i = 0; i < s->count && !found; i++)
            found = fnmatch(*name, s->row[i].name, 0) == 0;
        if (!found)
            status_say_unknown(s, *name);
        good &= found;
    }
    for (size_t i = 0; i < s->count; i++)
        for (char *const *name = names; *name != NULL; name++)
            if (fnmatch(*name, s->row[i].name, 0) == 0) {
                s->row[kept++] = s->row[i];
                break;
            }
    if (names[0] != NULL)
        s->count = kept;
    return good;
}

/* --- files of a service -----------------------------------------------------------------------
 */

void status_service_path(char path[PATH_MAX], const char *run, const char *name, const char *file)
{
    static const char *const places[] = {RUN_SERVICEDIRS, RUN_SCANDIR};
    for (int i = 0; i < 2; i++) {
        int length =
            snprintf(path, PATH_MAX, "%.3000s%s/%.255s", run, places[i] + strlen("/run"), name);
        bool is_there = access(path, F_OK) == 0;
        snprintf(path + length, (size_t)(PATH_MAX - length), "/%s", file);
        if (is_there)
            return;
    }
}

void status_read_restart(struct status_row *r, const char *run)
{
    char path[PATH_MAX];
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    struct restart_policy p;
    struct restart_mistake m;
    status_service_path(path, run, r->name, "restart");
    if (strcmp(r->type, "longrun") == 0 &&
        file_read(AT_FDCWD, path, RESTART_LINE_MAX, &text, &e) == 0 && text.length > 0 &&
        restart_parse(key_line(text.data), &p, &m) == 0)
        restart_format(&p, r->restart, sizeof r->restart);
    str_release(&text);
}

/* --- what it logs ----------------------------------------------------------------------------- */

/* As long as a flood lasts, its logger finds one each minute, and says so within another second. */
#define FLOOD_LASTS (65 * CLOCK_SECOND)

static void read_rate(struct status_row *r, const char *run)
{
    struct rate rate;
    int64_t now = clock_monotonic();
    if (rate_read(&rate, run, r->name) < 0)
        return;
    r->log_rate = (long long)(rate_a_minute(&rate, now) & INT64_MAX);
    r->log_written = (long long)(rate.all & INT64_MAX);
    r->floods = rate.flood_at > 0 && now - rate.flood_at < FLOOD_LASTS;
}

/* --- what a service says ------------------------------------------------------------------------
 */

static void read_says(struct status_row *r, const char *run)
{
    char root[PATH_MAX], path[PATH_MAX];
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    if (!status_row_is(r, "up") && !status_row_is(r, "starting"))
        return; /* it is of an instance before */
    snprintf(root, sizeof root, "%.3000s%s", run, &RUN_NOTIFY[strlen("/run")]);
    notify_place(path, sizeof path, root, r->name, NOTIFY_STATUS_FILE);
    if (file_read(AT_FDCWD, path, STATUS_SAYS_MAX - 1, &text, &e) == 0 && text.length > 0)
        snprintf(r->says, sizeof r->says, "%.*s", (int)strcspn(text.data, "\n"), text.data);
    str_release(&text);
}

/* --- its job ------------------------------------------------------------------------------------
 */

static void read_job(struct status_row *r, const char *run)
{
    if (schedule_state_read(&r->job, run, r->name) < 0)
        return;
    if (!status_row_is(r, "up") && !status_row_is(r, "starting") && !status_row_is(r, "stopping"))
        r->job.next = r->job.pid = 0; /* as schedule left them */
    else if (!schedule_state_is_of(&r->job, r->pid))
        r->job = (struct schedule_state){.next = 0};
}

/* --- all of that -------------------------------------------------------------------------------
 */

void status_read_files(struct status_row *r, const char *run)
{
    r->log_bytes = usage_directory(r->log);
    read_rate(r, run);
    read_says(r, run);
    status_read_restart(r, run);
    read_job(r, run);
}
