/* What the exit code file says. */
#include "supervisor/exitcode.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
