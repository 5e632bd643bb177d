#include "logcat/usual.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Bytes beside a newline, and those that differ from it by a bit, are none. */
static void newlines_are_found(void **state)
{
    static const char others[] = {'x', 0, '\v', '\t', (char)0x8a, (char)0xff, 0x0b, (char)0x80};
    char text[64];
    (void)state;
    for (size_t o = 0; o < sizeof others; o++) {
        for (size_t length = 0; length < sizeof text; length++) {
            memset(text, others[o], sizeof text);
            assert_null(usual_newline(text, text + length));
            text[length] = '\n';
            assert_null(usual_newline(text, text + length));
            for (size_t at = 0; at < length; at++) {
                text[at] = '\n';
                for (size_t begin = 0; begin <= at; begin++)
                    assert_ptr_equal(usual_newline(text + begin, text + length), text + at);
                text[at] = others[o];
            }
        }
    }
}

static void next_is_not_earlier(void **state)
{
    static const struct {
        const char *a, *b;
        bool next;
    } cases[] = {
        {"2026-11-23T10:55:40.123456789Z", "2026-11-23T10:55:40.123456789Z", true},
        {"2026-11-23T10:55:40.123456789Z", "2026-11-23T10:55:40.123456788Z", false},
        {"2026-11-23T10:55:40.123456789Z", "2026-11-23T10:55:40.123456790Z", true},
        {"2026-11-23T10:55:40.123456789Z", "2026-11-23T10:55:41.023456789Z", true},
        {"2026-11-23T10:55:40.123456789Z", "2026-11-23T10:55:39.923456789Z", false},
        {"2026-11-23T10:55:40.923456789Z", "2026-11-23T10:56:00.000000000Z", true},
        {"2026-11-23T10:55:40.923456789Z", "2026-11-23T10:54:59.999999999Z", false},
        {"2026-11-23T10:55:40.923456789Z", "2026-11-23T10:55:60.999999999Z", false},
        {"2026-11-23T10:55:40.923456789Z", "2026-11-23T10:61:00.999999999Z", false},
        {"2026-11-23T10:55:40.123456789Z", "2026-11-23T10:55:40.12345678:Z", false},
        {"2026-11-23T10:55:40.123456789Z", "2026-11-23T10:55:40.1234567x9Z", false},
        {"2026-11-23T10:55:40.123456789Z", "2026-11-23T10:55:40,123456789Z", false},
        {"2026-11-23T10:55:40.123456789Z", "2026-11-23T10:55:4:.123456789Z", false},
        {"2026-12-31T23:59:59.999999999Z", "2027-01-01T00:00:00.000000000Z", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(usual_next(cases[i].a, cases[i].b), cases[i].next);
}

static void usual_lines(void **state)
{
    (void)state;
    assert_true(usual_line("2026-11-23T10:55:40.123456789Z stdout F message"));
    assert_false(usual_line("2026-11-23T10:55:40.123456789Z stdout P message"));
    assert_false(usual_line("2026-11-23T10:55:40.123456789Z stdout F  message"));
    assert_false(usual_line("2026-11-23T10:55:40.123456789Z stdout F \tmessage"));
    assert_false(usual_line("@26-11-23T10:55:40.123456789Z  stdout F message"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newlines_are_found),
        cmocka_unit_test(next_is_not_earlier),
        cmocka_unit_test(usual_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
