/* Timetables: any text is refused with a message, or is due at times that follow one another and
 * that the calendar of each part allows; blanks at its ends change nothing.
 *
 * Input: eight bytes with a time, then the text. */
#include "base/timetable.h"
#include "base/zone.h"
#include "tests/fuzz/fuzz.h"
#include <time.h>

enum { DUES = 4, DAY = 86400 };

static void use_zone(void)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
}

/* What is due at the end of a gap stands for a time before it. */
static void check_fits(const struct timetable_part *p, int64_t at)
{
    struct tm tm;
    time_t wall = (time_t)(at + zone_offset(at));
    if (zone_offset(at) != zone_offset(at - 1))
        return;
    MUST(gmtime_r(&wall, &tm) != NULL);
    MUST((p->seconds >> tm.tm_sec & 1) && (p->minutes >> tm.tm_min & 1) &&
         (p->hours >> tm.tm_hour & 1) && (p->months >> (tm.tm_mon + 1) & 1));
    bool month = (p->days >> tm.tm_mday & 1) != 0, week = (p->weekdays >> tm.tm_wday & 1) != 0;
    MUST(p->any_day ? month || week : month && week);
}

static void check_part(const struct timetable_part *p, int64_t after)
{
    if (p->kind == TIMETABLE_EVERY)
        MUST(p->period >= CLOCK_SECOND);
    if (p->kind != TIMETABLE_CALENDAR) {
        MUST(timetable_part_next(p, after) == TIMETABLE_NEVER);
        return;
    }
    for (int i = 0; i < DUES; i++) {
        int64_t next = timetable_part_next(p, after);
        /* What was refused never comes; a day may be one of the week as well, but for years. */
        MUST(next > after);
        if (next == TIMETABLE_NEVER)
            return;
        check_fits(p, next);
        int64_t middle = after + (next - after) / 2;
        MUST(timetable_part_next(p, middle) == next);
        after = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct timetable t, again;
    struct error e = ERROR_INIT;
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | input_byte(&in);
    use_zone();
    char *text = strndup((const char *)in.at, in.left);
    char *wide = malloc(strlen(text) + 3);
    MUST(text != NULL && wide != NULL);
    sprintf(wide, " %s\n", text);
    int result = timetable_parse(&t, text, &e);
    if (strlen(wide) < TIMETABLE_MAX) {
        struct error ignored = ERROR_INIT;
        MUST(timetable_parse(&again, wide, &ignored) == result);
    }
    MUST(result == 0 || (e.code == EXIT_USAGE && e.text[0] != '\0'));
    for (size_t i = 0; result == 0 && i < t.count; i++)
        check_part(&t.part[i], (int64_t)(number % ((uint64_t)100 * 365 * DAY)) + DAY);
    MUST(result < 0 || t.count > 0);
    free(wide);
    free(text);
    return 0;
}
