/* The time ranges of this run of the container and of the one before, from the event log
 * (docs/event-log.md). */
#ifndef LOGCAT_BOOT_H
#define LOGCAT_BOOT_H

#include "base/error.h"
#include <stdbool.h>
#include <time.h>

/* How a run ended, as far as the event log tells. CUT_SHORT: killed during its stop. */
enum boot_end { BOOT_STOPPED = 0, BOOT_CUT_SHORT, BOOT_KILLED };

struct boot_range {
    struct timespec since; /* its boot */
    struct timespec until; /* the boot after it; {0, 0}: there is none */
    enum boot_end end;     /* how the run before the last one ended */
};

/* Fills in the range of the last run, or of the one before it (previous), by the event log under
 * the log root. 0; 1: the event log has no such boot; -1 with e. */
int boot_range(const char *root, bool previous, struct boot_range *range, struct error *e);

#endif
