/* Lines of the event log. */
#include "supervisor/event_log.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_event(const char *event, const char *service, const char *details,
                        const char *expected)
{
    const struct timespec t = {.tv_sec = 1795431340, .tv_nsec = 123456789};
    char line[EVENT_LINE_MAX];
    size_t n = event_line(line, &t, event, service, details);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(line, expected, n);
}

static void event_lines(void **state)
{
    (void)state;
    check_event("start", "nginx", "pid=17",
                "2026-11-23T10:55:40.123456789Z start service=nginx pid=17\n");
    check_event("stop", NULL, "reason=cmd", "2026-11-23T10:55:40.123456789Z stop reason=cmd\n");
    check_event("up", "a b\\c", "", "2026-11-23T10:55:40.123456789Z up service=a\\040b\\134c\n");
    check_event("fail", "x", "reason=two\nlines",
                "2026-11-23T10:55:40.123456789Z fail service=x reason=two lines\n");
}

static void a_long_event_is_cut(void **state)
{
    const struct timespec t = {.tv_sec = 0, .tv_nsec = 0};
    char line[EVENT_LINE_MAX];
    char name[3 * EVENT_LINE_MAX];
    (void)state;
    memset(name, ' ', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    size_t n = event_line(line, &t, "start", name, "pid=1");
    assert_true(n <= EVENT_LINE_MAX);
    assert_int_equal(line[n - 1], '\n');
    assert_null(memchr(line, '\n', n - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_lines),
        cmocka_unit_test(a_long_event_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
