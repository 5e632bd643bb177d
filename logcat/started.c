#include "logcat/started.h"
#include "base/str.h"
#include "logcat/events.h"
#include "logcat/logdirs.h"
#include "logcat/source.h"
#include <string.h>
#include <unistd.h>

/* Whether an event is the start of that service; its name is written as pid 1 writes it. */
static bool is_start(const struct entry *entry, const char *service, bool *same, long long pid)
{
    char name[EVENTS_NAME_MAX];
    if (!entry->stamped || !events_is(entry->message, "start") ||
        !events_service(entry->message, name) || strcmp(name, service) != 0)
        return false;
    *same = pid == 0 || events_number(entry->message, " pid=") == pid;
    return true;
}

/* The time of the last event "start" of that service and process, by the event log in directory. 0;
 * 1: there is none; -1 with e. */
static int started_at(const char *directory, const char *service, long long pid,
                      struct timespec *at, struct error *e)
{
    struct source *s = source_new(".events", directory);
    bool found = false, same = false, booted = false;
    unsigned long long lines = 512;
    int result = s == NULL ? error_system(e, "unable to read %s", directory) : 0;
    /* Backward from the end, in ever larger parts. */
    for (; result == 0; lines *= 16) {
        result = source_open_tail(s, lines, e);
        while (result == 0 && source_next(s, true) == 1) {
            if (s->entry.stamped && strncmp(s->entry.message, "boot ", 5) == 0) {
                booted = true;
                found = false; /* in an earlier life of the container */
            }
            if (is_start(&s->entry, service, &same, pid)) {
                found = true;
                *at = s->entry.time;
            }
        }
        if (found || booted || (result == 0 && s->lines < lines))
            break;
    }
    source_free(s);
    return result < 0 ? -1 : !found || !same;
}

static int find(const char *name, const char *path, const struct timespec *since,
                const struct pattern *p, struct error *e)
{
    struct source *s = source_new(name, path);
    int result = s == NULL ? error_system(e, "unable to read %s", path) : 0;
    if (s != NULL) {
        s->since = *since;
        s->needle = p;
        result = source_open(s, READER_ALL, 0, e) < 0 ? -1 : STARTED_NOTHING;
    }
    while (result == STARTED_NOTHING && source_next(s, true) == 1)
        if (clock_compare(&s->entry.time, since) >= 0 &&
            pattern_find(p, s->entry.message, s->entry.length, NULL))
            result = STARTED_FOUND;
    source_free(s);
    return result;
}

int started_find(const char *root, const char *service, long long pid, const struct pattern *p,
                 struct error *e)
{
    struct str events = STR_INIT, log = STR_INIT;
    struct timespec at;
    int result = STARTED_UNLOGGED;
    if (str_printf(&events, "%s/.events", root) < 0 || str_printf(&log, "%s/%s", root, service) < 0)
        result = error_system(e, "unable to read the log of %s", service);
    else if (access(log.data, F_OK) == 0) {
        result = started_at(events.data, service, pid, &at, e);
        result = result < 0 ? -1 : result > 0 ? STARTED_NEVER : find(service, log.data, &at, p, e);
    }
    str_release(&events);
    str_release(&log);
    return result;
}
