#include "logcat/filter.h"
#include "logcat/tail.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool matches(const struct filter *f, const char *message, time_t second,
                    enum stamp_stream stream)
{
    char copy[64];
    struct entry e = {.time = {second, 0}, .stamped = true, .stream = stream, .message = copy};
    e.length = strlen(message);
    memcpy(copy, message, e.length + 1);
    return filter_judge(f, &e) == FILTER_MATCH;
}

static void nothing_asked_matches_all(void **state)
{
    struct filter f = FILTER_INIT;
    (void)state;
    assert_false(filter_any(&f));
    assert_true(matches(&f, "", 0, STREAM_UNKNOWN));
}

static void any_include_and_no_exclude(void **state)
{
    struct filter f = FILTER_INIT;
    struct error e = ERROR_INIT;
    (void)state;
    assert_int_equal(filter_add(&f, "error", false, false, &e), 0);
    assert_int_equal(filter_add(&f, "^warn(ing)?:", false, false, &e), 0);
    assert_int_equal(filter_add(&f, "ignored$", true, false, &e), 0);
    assert_true(filter_any(&f));
    assert_true(matches(&f, "an error", 1, STREAM_OUT));
    assert_true(matches(&f, "warning: x", 1, STREAM_OUT));
    assert_true(matches(&f, "warn: x", 1, STREAM_OUT));
    assert_false(matches(&f, "a warning: x", 1, STREAM_OUT));
    assert_false(matches(&f, "an Error", 1, STREAM_OUT));
    assert_false(matches(&f, "error ignored", 1, STREAM_OUT));
    assert_false(matches(&f, "fine", 1, STREAM_OUT));
    filter_release(&f);
}

static void exclude_alone(void **state)
{
    struct filter f = FILTER_INIT;
    struct error e = ERROR_INIT;
    (void)state;
    assert_int_equal(filter_add(&f, "GET /health", true, true, &e), 0);
    assert_true(matches(&f, "GET /", 1, STREAM_OUT));
    assert_false(matches(&f, "get /health", 1, STREAM_OUT));
    filter_release(&f);
}

static void time_and_stream(void **state)
{
    struct filter f = FILTER_INIT;
    (void)state;
    f.since = (struct timespec){10, 0};
    f.until = (struct timespec){20, 0};
    assert_true(filter_any(&f));
    assert_false(matches(&f, "x", 9, STREAM_OUT));
    assert_true(matches(&f, "x", 10, STREAM_OUT));
    assert_true(matches(&f, "x", 19, STREAM_ERR));
    assert_false(matches(&f, "x", 20, STREAM_OUT));
    f.stream = STREAM_ERR;
    assert_false(matches(&f, "x", 15, STREAM_OUT));
    assert_false(matches(&f, "x", 15, STREAM_UNKNOWN));
    assert_true(matches(&f, "x", 15, STREAM_ERR));
}

static void bad_expression(void **state)
{
    struct filter f = FILTER_INIT;
    struct error e = ERROR_INIT;
    (void)state;
    assert_int_equal(filter_add(&f, "a(b", false, false, &e), -1);
    assert_int_equal(e.code, EXIT_USAGE);
    assert_non_null(strstr(e.text, "invalid regular expression a(b: "));
    filter_release(&f);
}

static void tail_keeps_the_last(void **state)
{
    struct tail t;
    (void)state;
    for (size_t most = 0; most < 6; most++) {
        for (size_t pushed = 0; pushed < 14; pushed++) {
            tail_init(&t, most);
            for (size_t i = 0; i < pushed; i++) {
                char text[16];
                int n = snprintf(text, sizeof text, "line %zu", i);
                struct entry e = {.message = text, .length = (size_t)n};
                assert_int_equal(tail_push(&t, &e, i), 0);
            }
            size_t kept = pushed < most ? pushed : most;
            assert_null(tail_at(&t, kept));
            for (size_t i = 0; i < kept; i++) {
                char want[16];
                snprintf(want, sizeof want, "line %zu", pushed - kept + i);
                const struct tail_slot *s = tail_at(&t, i);
                assert_string_equal(s->entry.message, want);
                assert_int_equal(s->source, pushed - kept + i);
            }
            tail_release(&t);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked_matches_all),
        cmocka_unit_test(any_include_and_no_exclude),
        cmocka_unit_test(exclude_alone),
        cmocka_unit_test(time_and_stream),
        cmocka_unit_test(bad_expression),
        cmocka_unit_test(tail_keeps_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
