#include "base/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void tai64n(void **state)
{
    /* 2026-11-23T10:55:40.123456789Z, unix 1795431340, label + 37 */
    const struct timespec t = {.tv_sec = 1795431340, .tv_nsec = 123456789};
    char text[CLOCK_TAI64N_LENGTH];
    struct timespec back;
    (void)state;
    clock_tai64n_format(text, &t);
    assert_memory_equal(text, "@400000006b041bd1075bcd15", CLOCK_TAI64N_LENGTH);
    assert_int_equal(clock_tai64n_parse(text, &back), 0);
    assert_int_equal(clock_compare(&t, &back), 0);
    assert_int_equal(clock_tai64n_parse("400000006b041bd1075bcd15x", &back), -1);
    assert_int_equal(clock_tai64n_parse("@400000006B041BD1075BCD15", &back), -1);
    assert_int_equal(clock_tai64n_parse("@400000006b041bd1ffffffff", &back), -1);
    assert_int_equal(clock_tai64n_parse("@400000006b041bd1075bcd1", &back), -1);
}

static void utc(void **state)
{
    const struct timespec t = {.tv_sec = 1795431340, .tv_nsec = 5};
    char text[CLOCK_UTC_LENGTH];
    struct timespec back;
    (void)state;
    clock_utc_format(text, &t);
    assert_memory_equal(text, "2026-11-23T10:55:40.000000005Z", CLOCK_UTC_LENGTH);
    assert_int_equal(clock_utc_parse(text, &back), 0);
    assert_int_equal(clock_compare(&t, &back), 0);
    assert_int_equal(clock_utc_parse("2026-13-23T10:55:40.000000005Z", &back), -1);
    assert_int_equal(clock_utc_parse("2026-11-23 10:55:40.000000005Z", &back), -1);
    assert_int_equal(clock_utc_parse("2026-11-23T10:55:40.00000000 Z", &back), -1);
}

static void months_make_years(void **state)
{
    (void)state;
    assert_int_equal(clock_days(1970, 1, 1), 0);
    assert_int_equal(clock_days(2026, 11, 23), 1795431340 / 86400);
    assert_int_equal(clock_month_days(2000, 2), 29);
    assert_int_equal(clock_month_days(2100, 2), 28);
    for (int64_t year = 1969, days = -365; year < 2500; year++)
        for (int month = 1; month <= 12; days += clock_month_days(year, month++))
            assert_int_equal(clock_days(year, month, 1), days);
}

/* Days that calendars get wrong, and a walk over many years. */
static void utc_goes_and_comes_back(void **state)
{
    static const time_t seconds[] = {0,          951782399,  951782400, 951868800,   1078012800,
                                     4107542399, 4107542400, 68169599,  253402300799};
    (void)state;
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
        for (time_t day = 0; day < 3; day++) {
            const struct timespec t = {.tv_sec = seconds[i] - day * 86400 * 365,
                                       .tv_nsec = 999999999};
            char text[CLOCK_UTC_LENGTH];
            struct timespec back;
            clock_utc_format(text, &t);
            if (t.tv_sec < 0)
                continue;
            assert_int_equal(clock_utc_parse(text, &back), 0);
            assert_int_equal(back.tv_sec, t.tv_sec);
            assert_int_equal(back.tv_nsec, t.tv_nsec);
        }
}

static void comparing(void **state)
{
    const struct timespec a = {.tv_sec = 1, .tv_nsec = 5};
    const struct timespec b = {.tv_sec = 1, .tv_nsec = 6};
    const struct timespec c = {.tv_sec = 2, .tv_nsec = 0};
    (void)state;
    assert_true(clock_compare(&a, &b) < 0);
    assert_true(clock_compare(&c, &b) > 0);
    assert_int_equal(clock_compare(&a, &a), 0);
}

static void monotonic_is_never_zero_and_never_goes_back(void **state)
{
    int64_t before = clock_monotonic();
    (void)state;
    assert_true(before > 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic();
        assert_true(now >= before);
        before = now;
    }
}

static void times_beyond_the_calendar(void **state)
{
    static const struct {
        int64_t second, nano;
        bool usual;
    } rows[] = {{0, 0, true},
                {-1, 999999999, true},
                {253402300799, 999999999, true},
                {253402300800, 0, false},
                {-62167219200, 0, true},
                {-62167219201, 0, false},
                {INT64_MAX, 0, false},
                {INT64_MIN, 0, false},
                {0, 1000000000, false},
                {0, -1, false}};
    unsigned char packed[12];
    struct timespec back;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct timespec t = {rows[i].second, (long)rows[i].nano};
        assert_int_equal(clock_is_usual(&t), rows[i].usual);
        clock_tain_pack(packed, &t);
        clock_tain_unpack(&back, packed);
        assert_int_equal(back.tv_sec, rows[i].usual ? t.tv_sec : 0);
        assert_int_equal(back.tv_nsec, rows[i].usual ? t.tv_nsec : 0);
    }
}

static void differences(void **state)
{
    const struct timespec a = {10, 5}, b = {12, 3}, first = {INT64_MIN, 0}, last = {INT64_MAX, 9};
    const struct timespec far = {253402300799, 0};
    (void)state;
    assert_true(clock_between(&a, &b) == 1999999998);
    assert_true(clock_between(&b, &a) == -1999999998);
    assert_true(clock_between(&a, &a) == 0);
    assert_true(clock_between(&first, &last) == INT64_MAX);
    assert_true(clock_between(&last, &first) == -INT64_MAX);
    assert_true(clock_between(&a, &far) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tai64n),
        cmocka_unit_test(utc),
        cmocka_unit_test(months_make_years),
        cmocka_unit_test(utc_goes_and_comes_back),
        cmocka_unit_test(comparing),
        cmocka_unit_test(times_beyond_the_calendar),
        cmocka_unit_test(differences),
        cmocka_unit_test(monotonic_is_never_zero_and_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
