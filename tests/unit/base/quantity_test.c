/* Sizes, durations, integers with a sign, octal numbers. */
#include "base/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>

static void sizes(void **state)
{
    static const struct {
        int64_t bytes;
        const char *text;
    } rows[] = {{-1, "-"},
                {0, "0"},
                {999, "999"},
                {1000, "1.0K"},
                {1023, "1.0K"},
                {1536, "1.5K"},
                {99 * 1024, "99.0K"},
                {102348, "99.9K"},
                {102400, "100K"},
                {1023948, "1.0M"},
                {1 << 20, "1.0M"},
                {5LL << 30, "5.0G"},
                {(1LL << 50) - 1, "1.0P"},
                {1LL << 50, "1.0P"},
                {INT64_MAX, "8.0E"}};
    char text[QUANTITY_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        quantity_size(rows[i].bytes, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void duration_is(int64_t ms, const char *expected)
{
    char text[QUANTITY_MAX];
    quantity_duration(ms, text);
    assert_string_equal(text, expected);
}

static void durations(void **state)
{
    (void)state;
    duration_is(-1, "-");
    duration_is(0, "0s");
    duration_is(59999, "59s");
    duration_is(60000, "1m 0s");
    duration_is(3599999, "59m 59s");
    duration_is(3600000, "1h 0m");
    duration_is(90000000, "1d 1h");
    duration_is(INT64_MAX, "106751991167d 7h");
}

static void integers(void **state)
{
    static const char *const none[] = {"", "-", "+", "x", "1x", " 1", "1 ", "--1", "0x1", "1.0"};
    long long n;
    (void)state;
    assert_int_equal(integer_parse("0", &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(integer_parse("-17", &n), 0);
    assert_int_equal(n, -17);
    assert_int_equal(integer_parse("+0017", &n), 0);
    assert_int_equal(n, 17);
    assert_int_equal(integer_parse("9223372036854775807", &n), 0);
    assert_true(n == LLONG_MAX);
    assert_int_equal(integer_parse("-9223372036854775808", &n), 0);
    assert_true(n == LLONG_MIN);
    assert_int_equal(integer_parse("9223372036854775808", &n), 1);
    assert_true(n == LLONG_MAX);
    assert_int_equal(integer_parse("-99999999999999999999", &n), 1);
    assert_true(n == LLONG_MIN);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(integer_parse(none[i], &n), -1);
}

static void octals(void **state)
{
    static const char *const none[] = {"", "8", "-1", "0x", " 7", "7 ", "10000"};
    uint64_t n = 5;
    (void)state;
    assert_int_equal(octal_parse("0", 07777, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(octal_parse("000007777", 07777, &n), 0);
    assert_int_equal(n, 07777);
    assert_int_equal(octal_parse("1777777777777777777777", UINT64_MAX, &n), 0);
    assert_true(n == UINT64_MAX);
    assert_int_equal(octal_parse("2000000000000000000000", UINT64_MAX, &n), -1);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(octal_parse(none[i], 07777, &n), -1);
    assert_int_equal(octal_parse("7", 6, &n), -1);
}

static void lengths(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } some[] = {{"0", 0},       {"17", 17},          {"500ms", 500},  {"0s", 0},
                {"30s", 30000}, {"5m", 300000},      {"2h", 7200000}, {"1d", 86400000},
                {"007s", 7000}, {"86400s", 86400000}};
    static const char *const none[] = {
        "",   "s",    "ms",  "-1s", "+1", " 1s", "1 s",      "1s ",
        "1S", "1.5s", "1us", "1sm", "x",  "2d",  "86400001", "99999999999999999999999s"};
    uint64_t ms = 3;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(duration_parse(none[i], 86400000, &ms), -1);
    assert_int_equal(ms, 3);
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        assert_int_equal(duration_parse(some[i].text, 86400000, &ms), 0);
        assert_int_equal(ms, some[i].ms);
    }
    assert_int_equal(duration_parse("18446744073709551615", UINT64_MAX, &ms), 0);
    assert_true(ms == UINT64_MAX);
    assert_int_equal(duration_parse("18446744073709551s", UINT64_MAX, &ms), 0);
    assert_int_equal(duration_parse("18446744073709552s", UINT64_MAX, &ms), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),  cmocka_unit_test(durations), cmocka_unit_test(integers),
        cmocka_unit_test(octals), cmocka_unit_test(lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
