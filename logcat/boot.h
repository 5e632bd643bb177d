/* When this container, and the one before, began: from the event log (docs/event-log.md). */
#ifndef LOGCAT_BOOT_H
#define LOGCAT_BOOT_H

#include "base/error.h"
#include <stdbool.h>
#include <time.h>

/* How a run ended, as far as the event log goes. */
enum boot_end { BOOT_STOPPED = 0, BOOT_CUT_SHORT /* its stop was not over */, BOOT_KILLED };

struct boot_range {
    struct timespec since, until; /* until: {0, 0} for the last */
    enum boot_end end;            /* of the one before */
};

/* The last boot's time range, or the one before it. 0; 1: the event log records no such boot; -1
 * with e. */
int boot_range(const char *root, bool previous, struct boot_range *range, struct error *e);

#endif
