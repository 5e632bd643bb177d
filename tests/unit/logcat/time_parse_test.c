#include "logcat/time_parse.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 2026-11-23T10:55:40.5Z */
static const struct timespec now = {1795431340, 500000000};

static void expect(const char *text, bool utc, time_t second, long nanosecond)
{
    struct timespec t = {-1, -1};
    struct error e = ERROR_INIT;
    if (time_parse(text, &now, utc, &t, &e) < 0)
        fail_msg("%s: %s", text, e.text);
    if (t.tv_sec != second || t.tv_nsec != nanosecond)
        fail_msg("%s: %lld.%09ld", text, (long long)t.tv_sec, t.tv_nsec);
}

static int zone(void **state)
{
    (void)state;
    setenv("TZ", "XYZ-1", 1);
    tzset();
    return 0;
}

static void as_people_type(void **state)
{
    (void)state;
    expect("1795947342", false, 1795947342, 0);
    expect("@1795947342", false, 1795947342, 0);
    expect("3:00", true, now.tv_sec - 7 * 3600 - 55 * 60 - 40, 0);
    expect("yesterday 3:00", true, now.tv_sec - 86400 - 7 * 3600 - 55 * 60 - 40, 0);
    expect("2026-11-23 3:05", true, now.tv_sec - 7 * 3600 - 50 * 60 - 40, 0);
}

static void durations(void **state)
{
    (void)state;
    expect("10m", false, now.tv_sec - 600, 500000000);
    expect("2h", false, now.tv_sec - 7200, 500000000);
    expect("1h30m", true, now.tv_sec - 5400, 500000000);
    expect("45s", false, now.tv_sec - 45, 500000000);
    expect("3d", false, now.tv_sec - 259200, 500000000);
    expect("1w", false, now.tv_sec - 604800, 500000000);
    expect("-10m", false, now.tv_sec - 600, 500000000);
    expect("10 min ago", false, now.tv_sec - 600, 500000000);
    expect("1 hour 5 minutes ago", false, now.tv_sec - 3900, 500000000);
    expect("2 days", false, now.tv_sec - 172800, 500000000);
    expect("now", false, now.tv_sec, 500000000);
}

static void days(void **state)
{
    (void)state;
    expect("today", false, 1795388400, 0); /* 2026-11-22T23:00Z */
    expect("today", true, 1795392000, 0);
    expect("yesterday", false, 1795388400 - 86400, 0);
    expect("yesterday 12:30", true, 1795392000 - 86400 + 45000, 0);
    expect("today 08:00:01", true, 1795392000 + 28801, 0);
    expect("2024-02-29", true, 1709164800, 0);
    expect("2026", true, 1767225600, 0);
    expect("2026-11-23", false, 1795388400, 0);
    expect("2026-11-23", true, 1795392000, 0);
}

static void absolute_times(void **state)
{
    (void)state;
    expect("2026-11", true, 1795392000 - 22 * 86400, 0);
    expect("2026-11-23 10", true, 1795428000, 0);
    expect("2026-11-23 10:55", true, 1795431300, 0);
    expect("2026-11-23T10:55:40", true, 1795431340, 0);
    expect("2026-11-23 10:55:40", false, 1795431340 - 3600, 0);
    expect("2026-11-23 10:55:40.123", true, 1795431340, 123000000);
    expect("2026-11-23T10:55:40.123456789Z", false, 1795431340, 123456789);
    expect("2026-11-23T10:55:40+01:00", false, 1795431340 - 3600, 0);
    expect("2026-11-23T10:55:40-0530", true, 1795431340 + 19800, 0);
    expect("2026-11-23T10:55+02", true, 1795431300 - 7200, 0);
    expect("10:55", true, 1795431300, 0);
    expect("10:55:41.5", false, 1795431341 - 3600, 500000000);
    expect("@1795431340", false, 1795431340, 0);
    expect("@400000006b041bd1075bcd15", false, 1795431340, 123456789);
}

static void nonsense(void **state)
{
    static const char *const texts[] = {"",
                                        "soon",
                                        "10",
                                        "10x",
                                        "m",
                                        "2026-13-01",
                                        "2026-11-32",
                                        "2026-11-31",
                                        "2026-02-29",
                                        "1900-02-29",
                                        "20261",
                                        "todayish",
                                        "yesterday12:30",
                                        "10 mm ago",
                                        "10 months ago",
                                        "10m before",
                                        "ago",
                                        "- 10m",
                                        "9999999999w9999999999w",
                                        "2026-11-2",
                                        "2026-11-23T",
                                        "2026-11-23 25:00",
                                        "10:60",
                                        "10:5",
                                        "@",
                                        "@12x",
                                        "10:55:40.",
                                        "10:55 UTC",
                                        "@4000zz006b0437912075bcd1"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct timespec t;
        struct error e = ERROR_INIT;
        if (time_parse(texts[i], &now, false, &t, &e) == 0)
            fail_msg("taken: %s", texts[i]);
        assert_int_equal(e.code, EXIT_USAGE);
        assert_non_null(strstr(e.text, texts[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_people_type), cmocka_unit_test(durations), cmocka_unit_test(days),
        cmocka_unit_test(absolute_times), cmocka_unit_test(nonsense),
    };
    return cmocka_run_group_tests(tests, zone, NULL);
}
