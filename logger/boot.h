/* When this container, and the one before, began: from the event log (docs/event-log.md). */
#ifndef LOGGER_BOOT_H
#define LOGGER_BOOT_H

#include "base/error.h"
#include <stdbool.h>
#include <time.h>

/* The last boot's time range, or the one before it. until is {0, 0} for the last. 0; 1: the event
 * log records no such boot; -1 with e. */
int boot_range(const char *root, bool previous, struct timespec *since, struct timespec *until,
               struct error *e);

#endif
