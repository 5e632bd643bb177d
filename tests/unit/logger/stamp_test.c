#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logger/stamp.h"
#include <stdlib.h>
#include <string.h>

static const struct timespec when = {.tv_sec = 1792839340, .tv_nsec = 123456789};

static void expect_format(unsigned int forms, enum stamp_stream stream, int partial,
                          const char *text)
{
    char out[STAMP_MAX + 1];
    size_t n = stamp_format(out, forms, &when, stream, partial);
    out[n] = '\0';
    assert_string_equal(out, text);
}

static void formats(void **state)
{
    (void)state;
    expect_format(0, STREAM_OUT, 0, "");
    expect_format(STAMP_TAI64N, STREAM_OUT, 0, "@400000006adc8ed1075bcd15 ");
    expect_format(STAMP_UTC, STREAM_OUT, 0, "2026-10-24T10:55:40.123456789Z ");
    expect_format(STAMP_CRI, STREAM_OUT, 0, "2026-10-24T10:55:40.123456789Z stdout F ");
    expect_format(STAMP_CRI, STREAM_ERR, 1, "2026-10-24T10:55:40.123456789Z stderr P ");
}

static void formats_local_time(void **state)
{
    (void)state;
    setenv("TZ", "XXX-02:30", 1);
    tzset();
    expect_format(STAMP_LOCAL, STREAM_OUT, 0, "2026-10-24 13:25:40.123456789  ");
    expect_format(STAMP_LOCAL | STAMP_TAI64N, STREAM_OUT, 0,
                  "@400000006adc8ed1075bcd15 2026-10-24 13:25:40.123456789  ");
}

static void every_form_reads_back(void **state)
{
    (void)state;
    for (unsigned int forms = 1; forms < 16; forms++)
        for (int partial = 0; partial < 2; partial++) {
            char line[STAMP_MAX + 16];
            size_t n = stamp_format(line, forms, &when, STREAM_ERR, partial);
            memcpy(line + n, "message", 7);
            struct stamp s;
            assert_int_equal(stamp_parse(line, n + 7, &s), 0);
            assert_int_equal(s.length, n);
            assert_int_equal(s.time.tv_sec, when.tv_sec);
            assert_int_equal(s.time.tv_nsec, when.tv_nsec);
            assert_int_equal(s.form, forms & -forms);
            assert_int_equal(s.stream, forms & STAMP_CRI ? STREAM_ERR : STREAM_UNKNOWN);
            assert_int_equal(s.partial, forms & STAMP_CRI ? partial : 0);
            struct timespec t;
            assert_int_equal(stamp_time(line, n + 7, &t), 0);
            assert_int_equal(t.tv_sec, when.tv_sec);
            assert_int_equal(t.tv_nsec, when.tv_nsec);
        }
}

static void an_empty_message_has_a_stamp(void **state)
{
    (void)state;
    const char *line = "2026-10-24T10:55:40.123456789Z stdout F ";
    struct stamp s;
    assert_int_equal(stamp_parse(line, strlen(line), &s), 0);
    assert_int_equal(s.length, strlen(line));
}

static void a_stamp_of_the_message_stays(void **state)
{
    (void)state;
    struct stamp s;
    const char *line = "@400000006adc8ed1075bcd15 2026-10-24T10:55:40.000000001Z x";
    assert_int_equal(stamp_parse(line, strlen(line), &s), 0);
    assert_int_equal(s.length, 26);
    line = "2026-10-24T10:55:40.123456789Z stdout F 2026-10-24T10:55:40.123456789Z stdout F x";
    assert_int_equal(stamp_parse(line, strlen(line), &s), 0);
    assert_int_equal(s.length, 40);
}

static void no_stamp(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "@",
        "plain",
        "@400000006adc8ed1075bcd15",
        "@400000006adc8ed1075bcdXX x",
        "@400000006adc8ed1ffffffff x",
        "2026-10-24T10:55:40.123456789Z",
        "2026-13-24T10:55:40.123456789Z x",
        "2026-10-24 07:35:40.12345678  x",
        "2026-10-24 27:35:40.123456789  x",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        /* a copy of exactly that size, so that a read past its end is seen */
        size_t n = strlen(lines[i]);
        char *copy = malloc(n > 0 ? n : 1);
        memcpy(copy, lines[i], n);
        struct stamp s;
        struct timespec t;
        assert_int_equal(stamp_parse(copy, n, &s), -1);
        assert_int_equal(s.length, 0);
        assert_int_equal(stamp_time(copy, n, &t), -1);
        free(copy);
    }
}

static void a_cut_stream_makes_it_iso(void **state)
{
    (void)state;
    struct stamp s;
    const char *line = "2026-10-24T10:55:40.123456789Z stdout";
    assert_int_equal(stamp_parse(line, strlen(line), &s), 0);
    assert_int_equal(s.form, STAMP_UTC);
    assert_int_equal(s.length, 31);
    assert_int_equal(s.stream, STREAM_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(formats_local_time),
        cmocka_unit_test(every_form_reads_back),
        cmocka_unit_test(an_empty_message_has_a_stamp),
        cmocka_unit_test(a_stamp_of_the_message_stays),
        cmocka_unit_test(no_stamp),
        cmocka_unit_test(a_cut_stream_makes_it_iso),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
