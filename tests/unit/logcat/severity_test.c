/* Severities: lines as programs write them, in severity_lines.txt: program, severity ("-": unknown)
 * and line, with tabs between. */
#include "logcat/severity.h"
#include "logcat/text_time.h"
#include "tests/unit/exact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char corpus[] = "tests/unit/logcat/severity_lines.txt";

static const struct severity_format *find(const char *line, size_t length, enum severity *is)
{
    char *copy = exact_copy(line, length);
    const struct severity_format *f = severity_find(copy, length, is);
    free(copy);
    return f;
}

static void lines_of_programs(void **state)
{
    static bool met[256];
    FILE *file = fopen(corpus, "r");
    char line[1024];
    int lines = 0, wrong = 0;
    (void)state;
    assert_non_null(file);
    for (; fgets(line, sizeof line, file); lines++) {
        line[strcspn(line, "\n")] = '\0';
        char *want = strchr(line, '\t') + 1, *message = strchr(want, '\t') + 1;
        enum severity is;
        message[-1] = '\0';
        const struct severity_format *f = find(message, strlen(message), &is);
        struct severity_range range = {SEVERITY_UNKNOWN, SEVERITY_UNKNOWN};
        assert_true(strcmp(want, "-") == 0 || severity_range_parse(want, &range) == 0);
        if (is != range.least) {
            print_error("%d is not %s (%s): %s\n", (int)is, want, f ? f->program : "no form",
                        message);
            wrong++;
        }
        for (size_t n = 0; n <= strlen(message); n++)
            find(message, n, &is);
        if (f)
            met[f - severity_formats] = true;
    }
    fclose(file);
    assert_true(lines >= 100);
    for (size_t i = 0; severity_formats[i].program; i++)
        if (!met[i]) {
            print_error("no line has the form of %s\n", severity_formats[i].program);
            wrong++;
        }
    assert_int_equal(wrong, 0);
}

static enum severity of(const char *message)
{
    enum severity is;
    find(message, strlen(message), &is);
    return is;
}

static void words(void **state)
{
    (void)state;
    assert_int_equal(severity_word("WARN", 4), SEVERITY_WARNING);
    assert_int_equal(severity_word("warning", 7), SEVERITY_WARNING);
    assert_int_equal(severity_word("warnings", 8), SEVERITY_UNKNOWN);
    assert_int_equal(severity_word("", 0), SEVERITY_UNKNOWN);
    assert_int_equal(severity_word("e", 1), SEVERITY_UNKNOWN);
    assert_int_equal(severity_word("informational-s", 15), SEVERITY_UNKNOWN);
    assert_string_equal(severity_color(SEVERITY_ERROR), "31");
    assert_null(severity_color(SEVERITY_INFO));
}

static void no_word_in_the_middle_counts(void **state)
{
    (void)state;
    assert_int_equal(of("errors: none"), SEVERITY_UNKNOWN);
    assert_int_equal(of("ERROR_CODE is 7"), SEVERITY_UNKNOWN);
    assert_int_equal(of("there was an error: x"), SEVERITY_UNKNOWN);
    assert_int_equal(of("2026-11-29 10:15:42 the error"), SEVERITY_UNKNOWN);
    assert_int_equal(of("<200>x"), SEVERITY_UNKNOWN);
    assert_int_equal(of("{\"level\":\"strange\",\"severity\":\"warn\"}"), SEVERITY_WARNING);
    assert_int_equal(of("   ERROR: indented"), SEVERITY_ERROR);
}

static bool is_range(const char *text, enum severity least, enum severity most)
{
    struct severity_range r = {SEVERITY_UNKNOWN, SEVERITY_UNKNOWN};
    return severity_range_parse(text, &r) == 0 && r.least == least && r.most == most;
}

static void ranges(void **state)
{
    static const char *const wrong[] = {"", "..", "nginx", "warn..web", "8", "warn..err..crit"};
    struct severity_range r = {SEVERITY_UNKNOWN, SEVERITY_UNKNOWN};
    (void)state;
    assert_true(severity_in(&r, SEVERITY_UNKNOWN));
    assert_true(severity_in(&r, SEVERITY_DEBUG));
    assert_true(is_range("warn", SEVERITY_WARNING, SEVERITY_EMERGENCY));
    assert_true(is_range("3", SEVERITY_ERROR, SEVERITY_EMERGENCY));
    assert_true(is_range("err..crit", SEVERITY_ERROR, SEVERITY_CRITICAL));
    assert_true(is_range("crit..err", SEVERITY_ERROR, SEVERITY_CRITICAL));
    assert_true(is_range("..notice", SEVERITY_DEBUG, SEVERITY_NOTICE));
    assert_true(is_range("NOTICE..", SEVERITY_NOTICE, SEVERITY_EMERGENCY));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(severity_range_parse(wrong[i], &r), -1);
    assert_int_equal(severity_range_parse("notice..err", &r), 0);
    assert_false(severity_in(&r, SEVERITY_UNKNOWN));
    assert_true(severity_in(&r, SEVERITY_NOTICE));
    assert_true(severity_in(&r, SEVERITY_ERROR));
    assert_false(severity_in(&r, SEVERITY_CRITICAL));
}

static size_t time_length(const char *text)
{
    const char *behind = text_time(text, text + strlen(text));
    return behind ? (size_t)(behind - text) : 0;
}

static void times(void **state)
{
    static const char *const whole[] = {
        "2026-11-29",
        "2026-11-29 10:15:42",
        "2026-11-29T10:15:42.123456789Z",
        "2026-11-29T10:15:42,123+01:00",
        "2026/11/29 10:15:42 +0000",
        "29/Nov/2026:10:15:42 +0000",
        "29-Nov-2026 10:15:42",
        "29 Nov 2026 10:15:42.041",
        "Nov 29 10:15:42",
        "Sun Nov 29 10:15:42.104833 2026",
        "Nov 29, 2026 10:15:42 AM",
        "10:15:42.123",
        "10:15AM",
        "1795947342",
        "1795947342.123",
    };
    static const char *const none[] = {"10.0.3.7", "7", "2026", "1:M", "March", "Sunday", ""};
    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (time_length(whole[i]) != strlen(whole[i]))
            fail_msg("%zu of %s", time_length(whole[i]), whole[i]);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(time_length(none[i]), 0);
    assert_int_equal(time_length("2026-11-29 10:15:42 UTC x"), strlen("2026-11-29 10:15:42 UTC"));
    assert_int_equal(time_length("2026-11-29 10:15:42 WARN x"), strlen("2026-11-29 10:15:42"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_programs),
        cmocka_unit_test(words),
        cmocka_unit_test(no_word_in_the_middle_counts),
        cmocka_unit_test(ranges),
        cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
