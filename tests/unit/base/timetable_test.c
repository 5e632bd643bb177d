/* Timetables: what is read and refused, and when they are due, beside a model that passes through
 * the time second by second. By default it looks at the hours around each change of the clocks, in
 * ten years of five zones; TIMETABLE=all in the environment: at each second of these. */
#include "base/timetable.h"
#include "base/zone.h"
#include "tests/unit/zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOUR = 3600, DAY = 86400, YEARS = 10 };

/* --- what is read ----------------------------------------------------------------------------- */

static void refused(const char *text, const char *part_of_why)
{
    struct timetable t;
    struct error e = ERROR_INIT;
    assert_int_equal(timetable_parse(&t, text, &e), -1);
    assert_int_equal(e.code, EXIT_USAGE);
    if (strstr(e.text, part_of_why) == NULL)
        fail_msg("%s is refused by: %s", text, e.text);
}

static void wrong_texts_name_field_and_cure(void **state)
{
    (void)state;
    refused("", "names no time");
    refused(" ; ", "names no time");
    refused("* * * *", "it has 4 fields; a time has five");
    refused("1", "it has 1 field;");
    refused("* * * * * * *", "more than six fields; join times by ';'");
    refused("60 * * * *", "minute: 60 is not one of 0 to 59");
    refused("60 * * * * *", "second: 60 is not");
    refused("* 24 * * *", "hour: 24 is not one of 0 to 23; midnight is 0");
    refused("* * 0 * *", "day of month: 0 is not one of 1 to 31");
    refused("* * * 13 *", "month: 13");
    refused("* * * januar *", "month: januar is not a number, nor a name of three letters");
    refused("* * * * 8", "day of week: 8 is not one of 0 to 7");
    refused("x * * * *", "minute: x is not a number");
    refused("000000000005 3 * * *", "minute: 000000000005 is too long");
    refused("*/000000000005 3 * * *", "minute: the step /");
    refused("-1 * * * *", "minute: a number is missing in -1");
    refused("1, * * * *", "minute: a number is missing in 1,");
    refused("1-- * * * *", "minute: a number is missing");
    refused("*5 * * * *", "minute: 5 is unexpected in *5");
    refused("* 22-6 * * *", "hour: 22-6 runs backwards; write 22-23,0-6");
    refused("* * * nov-feb *", "month: 11-2 runs backwards; write 11-12,1-2");
    refused("* * * * 7-1", "day of week: 7-1 runs backwards; write 0-1");
    refused("* * * * 7-0", "day of week: 7-0 runs backwards; write 0-0");
    refused("* * * * fri-mon", "day of week: 5-1 runs backwards; write 5-6,0-1");
    refused("5/15 * * * *", "minute: a step needs a range; write 5-59/15");
    refused("*/0 * * * *", "minute: the step /0 is not one of 1 to 60");
    refused("*/90 * * * *", "for a longer period write: every TIME");
    refused("* * ? * *", "day of month: ? is not known here; write *");
    refused("0 0 30 2 *", "day of month: there is no day 30 in month 2");
    refused("0 0 31 4,6,sep,11 *", "there is no day 31 in month 4,6,sep,11");
    refused("@dayly", "\"@dayly\": there is no such name; write @hourly");
    refused("every", "it is no time; write the units");
    refused("every day", "it is no time");
    refused("every 90", "a unit is missing; write every 90s");
    refused("every 500ms", "it must be a second to a century");
    refused("every 36526d", "it must be a second to a century");
    refused("@daily; 61 * * * *", "\"61 * * * *\": minute: 61");
    refused("@daily;@daily;@daily;@daily;@daily;@daily;@daily;@daily;@daily;@daily;@daily;@daily;"
            "@daily;@daily;@daily;@daily;@daily",
            "at most 16 parts");
    char *text = test_malloc(TIMETABLE_MAX + 1);
    memset(text, ' ', TIMETABLE_MAX);
    text[TIMETABLE_MAX] = '\0';
    refused(text, "at most 1023 bytes");
    test_free(text);
}

static struct timetable read_table(const char *text)
{
    struct timetable t;
    struct error e = ERROR_INIT;
    if (timetable_parse(&t, text, &e) < 0)
        fail_msg("%s: %s", text, e.text);
    return t;
}

static void same(const char *a, const char *b)
{
    struct timetable x = read_table(a), y = read_table(b);
    assert_int_equal(x.count, y.count);
    for (size_t i = 0; i < x.count; i++) {
        assert_memory_equal(&x.part[i].seconds, &y.part[i].seconds, 6 * sizeof(uint64_t));
        assert_int_equal(x.part[i].kind, y.part[i].kind);
        assert_int_equal(x.part[i].any_day, y.part[i].any_day);
        assert_int_equal(x.part[i].fixed, y.part[i].fixed);
        assert_true(x.part[i].period == y.part[i].period);
    }
}

static void texts_mean(void **state)
{
    (void)state;
    same("15 3 * * *", "  0 15 3 * * *\n");
    same("0 0 * * *", "@daily");
    same("@Midnight", "@daily");
    same("0 * * * *", "@hourly");
    same("0 0 * * sun", "@weekly");
    same("0 0 * * 7", "@weekly");
    same("0 0 1 * *", "@monthly");
    same("0 0 1 JAN *", "@yearly;");
    same("0 0 * * sat-sun", "0 0 * * 0,6");
    same("0 0 * * 1-5", "0 0 * * Mon-fri");
    same("0 0 * * 5-7", "0 0 * * 0,5,6");
    same("0-59/20 * * * *", "0,20,40 * * * *");
    same("1,3-5,50-59/3 0-23/2 1 1,12 *",
         "59,56,53,50,5,4,3,1 0,2,4,6,8,10,12,14,16,18,20,22 1 12,jan *");
    same("@daily;every 90s", "@daily ; every 1m30s");
    same("every 1h 30m", "every\t5400s");
    struct timetable t = read_table("0 0 13 * 5; 0 0 */2 * 5; 0 0 13 * *; */5 2 * * *; @reboot");
    assert_true(t.part[0].any_day);
    assert_false(t.part[1].any_day);
    assert_false(t.part[2].any_day);
    assert_true(t.part[0].fixed);
    assert_false(t.part[3].fixed);
    assert_int_equal(t.part[4].kind, TIMETABLE_REBOOT);
    assert_true(timetable_has(&t, TIMETABLE_REBOOT));
    assert_false(timetable_has(&t, TIMETABLE_EVERY));
    assert_true(timetable_part_next(&t.part[4], 1000) == TIMETABLE_NEVER);
}

/* --- when ------------------------------------------------------------------------------------- */

/* Both times are of the calendar in the zone. */
static void due(const char *zone, const char *text, const char *after, const char *expected)
{
    struct tm tm = {.tm_isdst = -1};
    char shown[40];
    struct timetable t = read_table(text);
    use_zone(zone);
    assert_non_null(strptime(after, "%Y-%m-%d %H:%M:%S", &tm));
    time_t next = (time_t)timetable_next(&t, mktime(&tm), mktime(&tm));
    assert_non_null(localtime_r(&next, &tm));
    strftime(shown, sizeof shown, "%Y-%m-%d %H:%M:%S", &tm);
    assert_string_equal(shown, expected);
}

static void times_of_the_calendar(void **state)
{
    (void)state;
    due("UTC0", "15 3 * * *", "2026-11-30 03:14:59", "2026-11-30 03:15:00");
    due("UTC0", "15 3 * * *", "2026-11-30 03:15:00", "2026-12-01 03:15:00");
    due("UTC0", "0 0 31 * *", "2026-11-30 03:15:00", "2026-12-31 00:00:00");
    due("UTC0", "0 0 29 2 */7", "2032-02-29 00:00:00", "2060-02-29 00:00:00");
    due("CET-1CEST,M3.5.0,M10.5.0/3", "0 0 29 2 */7", "2088-03-01 00:00:00", "2128-02-29 00:00:00");
    due("UTC0", "0 0 29 2 *", "2096-03-01 00:00:00", "2104-02-29 00:00:00");
    due("UTC0", "0 0 13 * fri", "2026-11-10 12:00:00", "2026-11-13 00:00:00");
    due("UTC0", "0 0 14 * fri", "2026-11-13 12:00:00", "2026-11-14 00:00:00");
    due("UTC0", "0 0 */2 * fri", "2026-11-13 12:00:00", "2026-11-27 00:00:00");
    due("UTC0", "*/20 30 22 1 1 *", "2026-01-01 22:30:40", "2027-01-01 22:30:00");
    due("UTC0", "59 59 23 31 12 *", "2026-12-31 23:59:58", "2026-12-31 23:59:59");
    due("UTC0", "0 9 * * 1-5; 0 11 * * 6", "2026-11-27 09:00:00", "2026-11-28 11:00:00");
}

/* As the manual page tells it. */
static void clocks_that_are_changed(void **state)
{
    const char *berlin = zones[0];
    (void)state;
    /* 02:00 to 03:00 is left out on 2026-03-29 */
    due(berlin, "30 2 * * *", "2026-03-28 12:00:00", "2026-03-29 03:00:00");
    due(berlin, "30 2 * * *", "2026-03-29 03:00:00", "2026-03-30 02:30:00");
    due(berlin, "0,30 2 * * *", "2026-03-29 03:00:00", "2026-03-30 02:00:00");
    due(berlin, "*/30 2 * * *", "2026-03-29 01:59:59", "2026-03-30 02:00:00");
    due(berlin, "30 * * * *", "2026-03-29 01:30:00", "2026-03-29 03:30:00");
    /* 02:00 to 03:00 comes twice on 2026-10-25; 1792888200 is 02:30 the first time */
    use_zone(berlin);
    struct timetable t = read_table("30 2 * * *"), star = read_table("30 * * * *");
    assert_true(timetable_next(&t, 1792880000, 1792880000) == 1792888200);
    assert_true(timetable_next(&t, 1792888200, 1792888200) == 1792888200 + 25 * HOUR);
    assert_true(timetable_next(&t, 1792890000, 1792890000) == 1792888200 + 25 * HOUR);
    assert_true(timetable_next(&star, 1792888200, 0) == 1792888200 + HOUR);
    /* the time of fixed parts counts for those alone */
    assert_true(timetable_next(&star, 1792888200, 1792988200) == 1792888200 + HOUR);
    assert_true(timetable_next(&t, 1792880000, 1792888200) == 1792888200 + 25 * HOUR);
}

/* --- the model -------------------------------------------------------------------------------- */

static const char *const texts[] = {
    "30 2 * * *",     "0,15,45 2 * * *", "*/7 * * * *", "30 * * * *",
    "* 2 * * *",      "0 3 * * *",       "0 0 * * *",   "30 0 * * 0",
    "*/20 1 2 * * *", "10 0,30 2 * * *", "0 0 1-7 * 0", "59 23 31 * *",
};

enum { TEXTS = sizeof texts / sizeof texts[0] };

static bool has(uint64_t set, int n)
{
    return (set >> n & 1) != 0;
}

static bool fits(const struct timetable_part *p, const struct tm *tm)
{
    bool month = has(p->days, tm->tm_mday), week = has(p->weekdays, tm->tm_wday);
    return has(p->seconds, tm->tm_sec) && has(p->minutes, tm->tm_min) &&
           has(p->hours, tm->tm_hour) && has(p->months, tm->tm_mon + 1) &&
           (p->any_day ? month || week : month && week);
}

struct model {
    struct timetable_part part[TEXTS];
    int64_t next[TEXTS];
    int64_t passed; /* the latest wall */
    long long dues;
};

/* One second of the wall clock: shown, passed for the first time, or both. */
static void take_wall(struct model *m, int64_t wall, bool shown, bool first, bool is_due[TEXTS])
{
    struct tm tm;
    time_t at = (time_t)wall;
    gmtime_r(&at, &tm);
    for (size_t i = 0; i < TEXTS; i++)
        is_due[i] |= (m->part[i].fixed ? first : shown) && fits(&m->part[i], &tm);
}

static void take_second(struct model *m, int64_t t, long east)
{
    bool is_due[TEXTS] = {false};
    int64_t wall = t + east;
    for (int64_t w = m->passed + 1; w < wall; w++)
        take_wall(m, w, false, true, is_due);
    take_wall(m, wall, true, wall > m->passed, is_due);
    m->passed = wall > m->passed ? wall : m->passed;
    for (size_t i = 0; i < TEXTS; i++) {
        if (is_due[i] != (m->next[i] == t))
            fail_msg("%s: %s is %sdue at %lld, said to be at %lld", getenv("TZ"), texts[i],
                     is_due[i] ? "" : "not ", (long long)t, (long long)m->next[i]);
        if (is_due[i] || t % 1801 == 0) {
            int64_t next = timetable_part_next(&m->part[i], t);
            assert_true(is_due[i] || next == m->next[i]);
            m->next[i] = next;
            m->dues += is_due[i];
        }
    }
}

static void live(struct model *m, int64_t from, int64_t to)
{
    m->passed = from - 1 + zone_offset(from - 1);
    for (size_t i = 0; i < TEXTS; i++) {
        m->part[i] = read_table(texts[i]).part[0];
        m->next[i] = timetable_part_next(&m->part[i], from - 1);
    }
    for (int64_t t = from; t < to; t++)
        take_second(m, t, zone_offset(t));
}

static void a_model_agrees(void **state)
{
    const int64_t from = 1767225600; /* 2026 */
    const char *wish = getenv("TIMETABLE");
    (void)state;
    for (size_t z = 0; z < sizeof zones / sizeof zones[0]; z++) {
        struct model m = {.dues = 0};
        use_zone(zones[z]);
        if (wish != NULL && strcmp(wish, "all") == 0)
            live(&m, from, from + (int64_t)YEARS * 365 * DAY);
        else
            live(&m, from + 40 * HOUR, from + 80 * HOUR);
        for (int64_t t = from; t < from + (int64_t)YEARS * 365 * DAY; t += HOUR)
            if (zone_offset(t) != zone_offset(t + HOUR))
                live(&m, t - 2 * HOUR, t + 3 * HOUR);
        assert_true(m.dues > 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_texts_name_field_and_cure),
        cmocka_unit_test(texts_mean),
        cmocka_unit_test(times_of_the_calendar),
        cmocka_unit_test(clocks_that_are_changed),
        cmocka_unit_test(a_model_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
