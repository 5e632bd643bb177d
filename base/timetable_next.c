/* The next time of a timetable. Walls are times of the wall clock, as seconds since 1970 there. */
#include "base/clock.h"
#include "base/timetable.h"
#include "base/zone.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

#define NO_WALL INT64_MAX

/* No zone changes its clock and takes that back within this time. */
#define LOOK ((int64_t)5 * DAY)
/* 29 February on some day of the week may be forty years away, across 2100; nothing else that comes
 * at all is farther. */
#define FAR ((int64_t)41 * 366 * DAY)

/* --- the calendar ----------------------------------------------------------------------------- */

struct date {
    int64_t year;
    int month, day; /* from 1 */
};

static struct date date_of(int64_t day)
{
    struct date d = {.year = 1970 + day / 366, .month = 1};
    while (clock_days(d.year + 1, 1, 1) <= day)
        d.year++;
    int64_t rest = day - clock_days(d.year, 1, 1);
    for (; rest >= clock_month_days(d.year, d.month); d.month++)
        rest -= clock_month_days(d.year, d.month);
    d.day = (int)rest + 1;
    return d;
}

static bool has_day(const struct timetable_part *p, const struct date *d, int64_t day)
{
    bool month = (p->days >> d->day & 1) != 0;
    bool week = (p->weekdays >> (day + 4) % 7 & 1) != 0; /* 1970 began on a Thursday */
    return p->any_day ? month || week : month && week;
}

/* The first number of a set that is not below least; -1: there is none. */
static int first_of(uint64_t set, int least)
{
    for (; least < 64; least++)
        if ((set >> least & 1) != 0)
            return least;
    return -1;
}

/* The first second of a day that fits and is not below least; -1: there is none. */
static int32_t time_of_day(const struct timetable_part *p, int32_t least)
{
    int32_t hour = first_of(p->hours, least / HOUR);
    for (; hour >= 0; hour = first_of(p->hours, hour + 1)) {
        int32_t rest = hour == least / HOUR ? least % HOUR : 0;
        int32_t minute = first_of(p->minutes, rest / MINUTE);
        for (; minute >= 0; minute = first_of(p->minutes, minute + 1)) {
            int32_t second = first_of(p->seconds, minute == rest / MINUTE ? rest % MINUTE : 0);
            if (second >= 0)
                return hour * HOUR + minute * MINUTE + second;
        }
    }
    return -1;
}

/* The first wall that fits and is not before `from`; NO_WALL: there is none before the end. */
static int64_t next_wall(const struct timetable_part *p, int64_t from, int64_t end)
{
    int64_t day = from / DAY;
    int32_t least = (int32_t)(from % DAY);
    struct date d = date_of(day);
    while (day * DAY < end) {
        if ((p->months >> d.month & 1) != 0 && has_day(p, &d, day)) {
            int32_t second = time_of_day(p, least);
            if (second >= 0)
                return day * DAY + second;
        }
        least = 0;
        day++;
        if (++d.day > clock_month_days(d.year, d.month)) {
            d.day = 1;
            d.year += d.month == 12;
            d.month = d.month == 12 ? 1 : d.month + 1;
        }
    }
    return NO_WALL;
}

/* --- the zone --------------------------------------------------------------------------------- */

/* The first time later than t, and not later than end, at which the zone is another than at t; 0:
 * there is none. */
static int64_t zone_change(int64_t t, int64_t end)
{
    long east = zone_offset(t);
    int64_t last = t;
    while (last < end) {
        int64_t at = end - last > LOOK ? last + LOOK : end;
        if (zone_offset(at) == east) {
            last = at;
            continue;
        }
        while (at - last > 1) {
            int64_t middle = last + (at - last) / 2;
            if (zone_offset(middle) == east)
                last = middle;
            else
                at = middle;
        }
        return at;
    }
    return 0;
}

/* The latest wall that there was until t. */
static int64_t passed_until(int64_t t)
{
    long now = zone_offset(t), before = zone_offset(t - DAY);
    int64_t change = before > now ? zone_change(t - DAY, t) : 0;
    int64_t latest = change == 0 ? 0 : change - 1 + before;
    return t + now > latest ? t + now : latest;
}

/* --- the next time ---------------------------------------------------------------------------- */

int64_t timetable_part_next(const struct timetable_part *p, int64_t after)
{
    if (p->kind != TIMETABLE_CALENDAR || after > TIMETABLE_NEVER / 2)
        return TIMETABLE_NEVER;
    if (after < DAY) /* no wall is negative */
        after = DAY;
    int64_t end = after + FAR, t = after + 1;
    int64_t passed = p->fixed ? passed_until(after) : 0;
    for (;;) {
        long east = zone_offset(t);
        int64_t from = p->fixed && passed >= t + east ? passed + 1 : t + east;
        int64_t wall = next_wall(p, from, end);
        int64_t due = wall == NO_WALL ? end : wall - east;
        int64_t change = zone_change(t, due);
        if (change == 0)
            return wall == NO_WALL ? TIMETABLE_NEVER : due;
        if (p->fixed) {
            if (passed < change - 1 + east)
                passed = change - 1 + east;
            /* From there on the clock shows a later time; what is between is due now. */
            int64_t shown = change + zone_offset(change);
            if (next_wall(p, passed + 1, end) < shown)
                return change;
        }
        t = change;
    }
}

int64_t timetable_next(const struct timetable *t, int64_t after, int64_t after_fixed)
{
    int64_t first = TIMETABLE_NEVER;
    for (size_t i = 0; i < t->count; i++) {
        const struct timetable_part *p = &t->part[i];
        int64_t due = timetable_part_next(p, p->fixed ? after_fixed : after);
        if (due < first)
            first = due;
    }
    return first;
}
