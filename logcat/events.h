/* The event log (docs/event-log.md) as entries of the services that it is about. */
#ifndef LOGCAT_EVENTS_H
#define LOGCAT_EVENTS_H

#include "base/error.h"
#include "logcat/entry.h"
#include "logcat/logdirs.h"
#include <stdbool.h>
#include <time.h>

struct events {
    const struct logdirs *logdirs;
    struct words wanted, unwanted; /* services met so far */
    struct timespec next_boot;     /* shown as what is to be said of the run before; {0, 0}: none */
    const char *run_end;
    char text[80];
};

/* Makes "start service=nginx pid=17" the entry "overlog: start pid=17" of nginx; what is about the
 * container is .init's, about its command .cmd's. False: it is not to be shown. */
bool events_take(struct events *ev, struct entry *entry);
void events_release(struct events *ev);

/* The value of a key in an event's words, up to length; NULL when it is not there. */
const char *events_value(const char *words, const char *key, size_t *length);

/* What the services did last since the container started, by their names. */
struct events_states {
    struct words names, states; /* in parallel */
};
int events_states(const char *directory, struct events_states *s, struct error *e);
void events_states_release(struct events_states *s);

#endif
