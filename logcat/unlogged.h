/* Tells why a service is not logged on disk, as its logger noted it under RUN_UNLOGGED. */
#ifndef LOGCAT_UNLOGGED_H
#define LOGCAT_UNLOGGED_H

#include "base/str.h"
#include <stdbool.h>

/* Replaces the text in reason by the reason noted for a service and its log directory. False: none
 * is noted, or a logger works there by now. */
bool unlogged_reason(const char *name, const char *directory, struct str *reason);

/* Finds the first service under root that has a reason, and replaces the texts in name and reason.
 * False: there is none. */
bool unlogged_first(const char *root, struct str *name, struct str *reason);

#endif
