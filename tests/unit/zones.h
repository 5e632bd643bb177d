/* Time zones of tests: POSIX rules, for which no file is needed. */
#ifndef TESTS_UNIT_ZONES_H
#define TESTS_UNIT_ZONES_H

#include <stdlib.h>
#include <time.h>

static const char *const zones[] = {
    "CET-1CEST,M3.5.0,M10.5.0/3",           /* Berlin */
    "EST5EDT,M3.2.0,M11.1.0",               /* New York */
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", /* Lord Howe: half an hour */
    "<-03>3<-02>,M10.3.0/0,M2.3.0/0",       /* at midnight, as in Sao Paulo */
    "IST-5:30",                             /* Kolkata: never */
};

static inline void use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

#endif
