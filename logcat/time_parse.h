/* Reads times as people type them. Pure but for the time zone. */
#ifndef LOGCAT_TIME_PARSE_H
#define LOGCAT_TIME_PARSE_H

#include "base/error.h"
#include <stdbool.h>
#include <time.h>

/* Reads one of
 *   10m, 2h, 1h30m (s m h d w)           that long before now
 *   now, today, yesterday                the day's beginning
 *   YYYY-MM, or YYYY-MM-DD[(T| )HH[:MM[:SS[.FRACTION]]]][Z|+HH[:]MM|-HH[:]MM]
 *   HH:MM[:SS[.FRACTION]]                today
 *   @UNIX, or a TAI64N label
 * in local time, or in UTC if utc is true, unless the text names a zone. now: the present, from
 * which relative times count. 0, or -1 with e of code EXIT_USAGE. */
int time_parse(const char *text, const struct timespec *now, bool utc, struct timespec *t,
               struct error *e);

#endif
