/* Why a service is not logged on disk, as its logger noted it (RUN_UNLOGGED). */
#ifndef LOGCAT_UNLOGGED_H
#define LOGCAT_UNLOGGED_H

#include "base/str.h"
#include <stdbool.h>

/* The reason noted for that log directory of a service. False: none is, or somebody logs there by
 * now. */
bool unlogged_reason(const char *name, const char *directory, struct str *reason);

/* The first service under root that has a reason; its name goes into name. */
bool unlogged_first(const char *root, struct str *name, struct str *reason);

#endif
