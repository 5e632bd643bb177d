/* Timetables: when a job is due, as cron and people write it. Parts are joined by ';'.
 *
 *     15 3 * * *           cron: minute, hour, day of month, month, day of week
 *     30 15 3 * * *        the same with seconds in front
 *     @daily               a name for such a time; @reboot: once, at the beginning
 *     every 1h30m          a period, which the wall clock does not matter for
 *
 * Of a time of the calendar, the wall clock of the zone decides. One whose second, minute and hour
 * all begin with a digit is fixed: it comes once for each time that the wall clock passes, even if
 * the zone sets it back and it passes twice; what the zone leaves out comes right after the gap, as
 * one. Any other is a pattern of the clock as it is, which comes twice or not at all then. A day
 * has to fit day of month and day of week; where neither begins with a star, one of them is enough.
 *
 * Pure, but for the zone, which is that of local time (base/zone.h). Times are seconds since 1970.
 */
#ifndef BASE_TIMETABLE_H
#define BASE_TIMETABLE_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIMETABLE_PARTS = 16, TIMETABLE_MAX = 1024 /* bytes of a text */ };

/* A time that never comes. */
#define TIMETABLE_NEVER INT64_MAX

enum timetable_kind { TIMETABLE_CALENDAR, TIMETABLE_EVERY, TIMETABLE_REBOOT };

/* Sets of numbers are bits: 1 << n. */
struct timetable_part {
    enum timetable_kind kind;
    bool fixed;   /* CALENDAR */
    bool any_day; /* CALENDAR: day of month or day of week is enough */
    uint64_t seconds, minutes, hours, days, months;
    uint64_t weekdays; /* 0 is Sunday */
    int64_t period;    /* EVERY: ns */
};

struct timetable {
    struct timetable_part part[TIMETABLE_PARTS];
    size_t count;
};

/* Reads a text. 0, or -1 with e: the part and field that is wrong, and what to write instead. */
int timetable_parse(struct timetable *t, const char *text, struct error *e);

/* Whether some part is of that kind. */
bool timetable_has(const struct timetable *t, enum timetable_kind kind);

/* The first time of a part of the calendar that is later than `after`. TIMETABLE_NEVER: there is
 * none within forty years. */
int64_t timetable_part_next(const struct timetable_part *p, int64_t after);

/* The same of all parts of the calendar, where fixed ones have to be later than another time. */
int64_t timetable_next(const struct timetable *t, int64_t after, int64_t after_fixed);

#endif
