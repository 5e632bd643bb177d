/* The pure parts of the shell: event lines, exit codes, status records, control requests. */
#include "services/livedir.h"
#include "supervisor/control.h"
#include "supervisor/event_log.h"
#include "supervisor/exitcode.h"
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
    assert_int_equal(exitcode_parse(""), 0);
    assert_int_equal(exitcode_parse("\n"), 0);
    assert_int_equal(exitcode_parse("7"), 7);
    assert_int_equal(exitcode_parse("7 \t\r\nrest"), 7);
    assert_int_equal(exitcode_parse("256\n"), 0);
    assert_int_equal(exitcode_parse("300\n"), 44);
    assert_int_equal(exitcode_parse("abc\n"), -1);
    assert_int_equal(exitcode_parse("-1\n"), -1);
    assert_int_equal(exitcode_parse(" 1\n"), -1);
    assert_int_equal(exitcode_parse("99999999999999999999999999"), -1);
}

/* What control_parse says of a request with that version, that count and that text. */
static long parsed(char version, uint16_t count, const char *text, size_t length)
{
    static char packet[64];
    static const char *words[CONTROL_WORDS_MAX];
    memcpy(packet, "OVL", 3);
    packet[3] = version;
    memcpy(packet + 4, &count, sizeof count);
    memcpy(packet + 8, text, length);
    long n = control_parse(packet, 8 + length, words);
    if (n == 2) {
        assert_string_equal(words[0], "halt");
        assert_string_equal(words[1], "reboot");
    }
    return n;
}

static void control_requests(void **state)
{
    static const char text[] = "halt\0reboot";
    const char *words[CONTROL_WORDS_MAX];
    (void)state;
    assert_int_equal(parsed('1', 2, text, sizeof text), 2);
    assert_int_equal(parsed('1', 2, text, sizeof text - 1), -1);     /* no final NUL */
    assert_int_equal(control_parse("OVL1\001\001\0", 7, words), -1); /* half a header */
    assert_int_equal(parsed('2', 2, text, sizeof text), -1);         /* other version */
    assert_int_equal(parsed('1', 0, "", 0), -1);                     /* no word */
    assert_int_equal(parsed('1', 3, text, sizeof text), -1);         /* fewer than said */
    assert_int_equal(parsed('1', 1, text, sizeof text), -1);         /* more than said */
    assert_int_equal(parsed('1', 65535, text, sizeof text), -1);     /* absurd */
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
