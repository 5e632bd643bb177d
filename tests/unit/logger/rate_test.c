/* Bytes a minute, floods, and the file that holds them. */
#include "base/clock.h"
#include "logger/rate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define S CLOCK_SECOND

static void minutes_follow_each_other(void **state)
{
    struct rate r = {.began = 0};
    (void)state;
    assert_int_equal(rate_a_minute(&r, 5 * S), 0);
    rate_count(&r, 600, 100 * S);
    rate_count(&r, 600, 130 * S);
    assert_int_equal(rate_a_minute(&r, 130 * S), 1200);
    assert_int_equal(rate_a_minute(&r, 159 * S), 1200);
    assert_int_equal(rate_a_minute(&r, 190 * S), 600); /* silence: it is forgotten by and by */
    assert_int_equal(rate_a_minute(&r, 220 * S), 0);
    rate_count(&r, 60, 175 * S); /* 15 s into the second minute, which began at 160 */
    assert_int_equal(r.began, 160 * S);
    assert_int_equal(rate_a_minute(&r, 175 * S), 60 + 900);
    assert_int_equal(rate_a_minute(&r, 205 * S), 60 + 300);
    rate_count(&r, 1, 285 * S); /* a whole minute was silent */
    assert_int_equal(rate_a_minute(&r, 285 * S), 1);
    assert_int_equal(r.all, 1261);
}

static void large_numbers_do_not_overflow(void **state)
{
    struct rate r = {.began = 1, .minute = UINT64_MAX / 4, .before = UINT64_MAX / 4};
    (void)state;
    assert_in_range(rate_a_minute(&r, 1 + 30 * S) / 1000000, UINT64_MAX / 8 * 3 / 1000000 - 10,
                    UINT64_MAX / 8 * 3 / 1000000 + 10);
    assert_in_range(rate_a_minute(&r, 1 + 90 * S) / 1000000, UINT64_MAX / 8 / 1000000 - 10,
                    UINT64_MAX / 8 / 1000000 + 10);
}

static void the_pace_of_the_first_minute(void **state)
{
    struct rate r = {.began = 0};
    (void)state;
    rate_count(&r, 1000, 100 * S);
    assert_int_equal(rate_pace(&r, 100 * S), 60000); /* as if it were a second */
    assert_int_equal(rate_pace(&r, 110 * S), 6000);
    rate_count(&r, 1000, 145 * S);
    assert_int_equal(rate_pace(&r, 150 * S), 2400);
    rate_count(&r, 10, 160 * S);
    assert_int_equal(rate_pace(&r, 160 * S), 2010); /* as it was */
    assert_int_equal(rate_a_minute(&r, 160 * S), 2010);
}

static void a_flood_is_told_once_a_minute(void **state)
{
    struct rate r = {.began = 0};
    int told = 0;
    (void)state;
    for (int64_t now = 1000 * S; now < 1300 * S;
         now += S / 10) { /* five minutes at 6000 a minute */
        rate_count(&r, 10, now);
        assert_false(rate_floods(&r, 0, now));
        assert_false(rate_floods(&r, 6100, now));
        told += rate_floods(&r, 3000, now);
    }
    assert_int_equal(told, 5); /* from the half of the first minute on */
    for (int64_t now = 1300 * S; now < 1600 * S; now += S) { /* at 600 */
        rate_count(&r, 10, now);
        told += rate_floods(&r, 3000, now);
    }
    assert_in_range(told, 5, 6);
}

static void a_file_is_read_as_it_was_written(void **state)
{
    const struct rate r = {INT64_MAX, UINT64_MAX, 12, UINT64_MAX - 1, 7};
    struct rate back = {.began = 0};
    char text[RATE_TEXT + 1];
    (void)state;
    rate_format(&r, text);
    assert_int_equal(strlen(text), RATE_TEXT);
    assert_int_equal(rate_parse(&back, text), 0);
    assert_memory_equal(&back, &r, sizeof r);
    for (size_t i = 0; i < strlen(text); i++) { /* any part of one is none */
        char part[RATE_TEXT + 1];
        strcpy(part, text);
        part[i] = '\0';
        assert_int_equal(rate_parse(&back, part), -1);
        part[i] = 'x';
        assert_int_equal(rate_parse(&back, part), -1);
    }
    assert_int_equal(rate_parse(&back, "99999999999999999999 0 0 0 0\n"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_follow_each_other),
        cmocka_unit_test(large_numbers_do_not_overflow),
        cmocka_unit_test(the_pace_of_the_first_minute),
        cmocka_unit_test(a_flood_is_told_once_a_minute),
        cmocka_unit_test(a_file_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
