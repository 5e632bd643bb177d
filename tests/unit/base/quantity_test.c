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

static void sizes_that_people_write(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        int result;
        uint64_t bytes;
    } rows[] = {{"0", 10, 0, 0},
                {"500000", UINT64_MAX, 0, 500000},
                {"10", 10, 0, 10},
                {"11", 10, 1, 7},
                {"1K", 1024, 0, 1024},
                {"1k", 1023, 1, 7},
                {"200M", UINT64_MAX, 0, 200ULL << 20},
                {"200MB", UINT64_MAX, 0, 200ULL << 20},
                {"2GiB", UINT64_MAX, 0, 2ULL << 30},
                {"3B", UINT64_MAX, 0, 3},
                {"1.5G", UINT64_MAX, 0, 3ULL << 29},
                {"0.125T", UINT64_MAX, 0, 1ULL << 37},
                {"16383P", UINT64_MAX, 0, 16383ULL << 50},
                {"16384P", UINT64_MAX, 1, 7},
                {"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
                {"18446744073709551616", UINT64_MAX, 1, 7},
                {"99999999999999999999999", UINT64_MAX, 1, 7},
                {"", UINT64_MAX, -1, 7},
                {"M", UINT64_MAX, -1, 7},
                {"-1", UINT64_MAX, -1, 7},
                {" 1", UINT64_MAX, -1, 7},
                {"1 ", UINT64_MAX, -1, 7},
                {"1.5", UINT64_MAX, -1, 7},
                {"1.K", UINT64_MAX, -1, 7},
                {".5K", UINT64_MAX, -1, 7},
                {"1.2345K", UINT64_MAX, -1, 7},
                {"1X", UINT64_MAX, -1, 7},
                {"1Mi", UINT64_MAX, -1, 7},
                {"1MBB", UINT64_MAX, -1, 7},
                {"99999999999999999999999X", UINT64_MAX, -1, 7}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t bytes = 7;
        assert_int_equal(size_parse(rows[i].text, rows[i].max, &bytes), rows[i].result);
        assert_int_equal(bytes, rows[i].bytes);
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

static void times(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } rows[] = {{"0", 0},
                {"500", 500},
                {"0500", 500},
                {"500ms", 500},
                {"30s", 30000},
                {"1m", 60000},
                {"1m 30s 500ms", 90500},
                {"1m30s500ms", 90500},
                {"2h  5ms", 7200005},
                {"1d", 86400000},
                {"90s", 90000},
                {"0s", 0},
                {"49d 17h 2m 47s 295ms", UINT32_MAX}};
    static const char *const none[] = {
        "+1", "1us",    "1sm",   "",     " ",    "s",   "ms",  "-1",   "-1s",  "1 s",  "1.5s", "1x",
        "1S", "30s 1m", "1s 1s", "1s 5", "5 1s", " 1s", "1s ", "1s  ", "1sec", "1mss", "1m,"};
    static const char *const large[] = {
        "4294967296",           "4294967296ms",          "50d",
        "49d 17h 2m 47s 296ms", "99999999999999999999d", "18446744073709551616"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t ms = 7;
        assert_int_equal(duration_parse(rows[i].text, UINT32_MAX, &ms), 0);
        assert_int_equal(ms, rows[i].ms);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        uint64_t ms = 7;
        assert_int_equal(duration_parse(none[i], UINT32_MAX, &ms), -1);
        assert_int_equal(ms, 7);
    }
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        uint64_t ms = 7;
        assert_int_equal(duration_parse(large[i], UINT32_MAX, &ms), 1);
        assert_int_equal(ms, 7);
    }
}

static void times_are_written_as_they_are_read(void **state)
{
    static const struct {
        uint32_t ms;
        const char *text;
    } rows[] = {{0, "0ms"},          {1, "1ms"},
                {1000, "1s"},        {90000, "1m 30s"},
                {60500, "1m 500ms"}, {86400000, "1d"},
                {3600000, "1h"},     {UINT32_MAX, "49d 17h 2m 47s 295ms"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[QUANTITY_MAX];
        uint64_t ms = 7;
        duration_format(rows[i].ms, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(duration_parse(text, UINT32_MAX, &ms), 0);
        assert_int_equal(ms, rows[i].ms);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(sizes_that_people_write),
        cmocka_unit_test(durations),
        cmocka_unit_test(times),
        cmocka_unit_test(times_are_written_as_they_are_read),
        cmocka_unit_test(integers),
        cmocka_unit_test(octals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
