/* The pure parts of the shell: event lines, exit codes, status records, control requests. */
#include "supervisor/control.h"
#include "supervisor/event_log.h"
#include "supervisor/livedir.h"
#include "supervisor/runtree.h"
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

static void exit_codes(void **state)
{
    (void)state;
    assert_int_equal(exit_code_parse(""), 0);
    assert_int_equal(exit_code_parse("\n"), 0);
    assert_int_equal(exit_code_parse("7"), 7);
    assert_int_equal(exit_code_parse("7 \t\r\nrest"), 7);
    assert_int_equal(exit_code_parse("256\n"), 0);
    assert_int_equal(exit_code_parse("300\n"), 44);
    assert_int_equal(exit_code_parse("abc\n"), 100);
    assert_int_equal(exit_code_parse("-1\n"), 100);
    assert_int_equal(exit_code_parse(" 1\n"), 100);
    assert_int_equal(exit_code_parse("99999999999999999999999999"), 100);
}

static void control_requests(void **state)
{
    const char *words[CONTROL_WORDS_MAX];
    static const char good[] = "OVL1\002\0\0\0halt\0reboot";
    (void)state;
    assert_int_equal(control_parse(good, sizeof good, words), 2);
    assert_string_equal(words[0], "halt");
    assert_string_equal(words[1], "reboot");
    assert_int_equal(control_parse(good, sizeof good - 1, words), -1);      /* no final NUL */
    assert_int_equal(control_parse(good, 7, words), -1);                    /* half a header */
    assert_int_equal(control_parse("OVL2\001\0\0\0x", 10, words), -1);      /* other version */
    assert_int_equal(control_parse("OVL1\0\0\0\0", 8, words), -1);          /* no word */
    assert_int_equal(control_parse("OVL1\003\0\0\0a\0b", 12, words), -1);   /* fewer than said */
    assert_int_equal(control_parse("OVL1\001\0\0\0a\0b", 12, words), -1);   /* more than said */
    assert_int_equal(control_parse("OVL1\377\377\0\0a\0b", 12, words), -1); /* absurd */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_lines),
        cmocka_unit_test(a_long_event_is_cut),
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(control_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
