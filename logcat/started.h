/* The log of a service since it was started last, as the event log (docs/event-log.md) tells. */
#ifndef LOGCAT_STARTED_H
#define LOGCAT_STARTED_H

#include "base/error.h"
#include "logcat/pattern.h"

enum started { STARTED_FOUND = 0, STARTED_NOTHING, STARTED_NEVER, STARTED_UNLOGGED };

/* Looks for a line that matches p among those that a service under the log root has written since
 * its last start; pid: of the process started then, 0 for any. FOUND; NOTHING matches; NEVER: the
 * event log does not have that start, or not yet; UNLOGGED: there is no log directory; -1 with e.
 */
int started_find(const char *root, const char *service, long long pid, const struct pattern *p,
                 struct error *e);

#endif
