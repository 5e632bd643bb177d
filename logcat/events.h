/* The event log (docs/event-log.md) as entries of the services that its events are about. */
#ifndef LOGCAT_EVENTS_H
#define LOGCAT_EVENTS_H

#include "base/error.h"
#include "logcat/entry.h"
#include "logcat/logdirs.h"
#include <stdbool.h>
#include <time.h>

struct events {
    const struct logdirs *logdirs; /* says which services are wanted */
    struct words wanted, unwanted; /* services met so far */
    struct timespec next_boot;     /* the boot event that is shown as run_end; {0, 0}: none */
    const char *run_end; /* how the run before that boot ended, in words; NULL: not shown */
    char text[80];       /* holds the message of that entry */
};

/* Changes an entry of the event log into one of the service concerned: "start service=nginx pid=17"
 * becomes "overlog: start pid=17" of nginx. Events of the container are .init's, those of CMD are
 * .cmd's. False: the entry is not to be shown. */
bool events_take(struct events *ev, struct entry *entry);
void events_release(struct events *ev);

/* The value of a key (" pid=", with its blank) in an event's words; *length is its length in bytes.
 * NULL: the event has no such key. */
const char *events_value(const char *words, const char *key, size_t *length);

/* The number that is the value of a key; -1: the event has none. */
long events_number(const char *words, const char *key);
/* Whether it is an event of that kind ("exit"). */
bool events_is(const char *words, const char *kind);

enum { EVENTS_NAME_MAX = 256 };
/* The service that an event is about. False: none, it is about the container or CMD. */
bool events_service(const char *words, char name[EVENTS_NAME_MAX]);

/* For each service, the last event since the container started. */
struct events_states {
    struct words names, states; /* in parallel */
};
/* Reads the states from the event log's directory. 0, or -1 with e. */
int events_states(const char *directory, struct events_states *s, struct error *e);
void events_states_release(struct events_states *s);

#endif
