#include "base/signals.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(signal_number("SIGTERM", 64), SIGTERM);
    assert_int_equal(signal_number("term", 64), SIGTERM);
    assert_int_equal(signal_number("sigWinch", 64), SIGWINCH);
    assert_int_equal(signal_number("cld", 64), SIGCHLD);
    assert_int_equal(signal_number("9", 64), 9);
    assert_int_equal(signal_number("64", 64), 64);
    assert_int_equal(signal_number("64", 31), -1);
    assert_int_equal(signal_number("0", 64), -1);
    assert_int_equal(signal_number("65", 64), -1);
    assert_int_equal(signal_number("SIG", 64), -1);
    assert_int_equal(signal_number("", 64), -1);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(signal_name(SIGABRT), "ABRT");
    assert_string_equal(signal_name(SIGIO), "IO");
    assert_null(signal_name(0));
    assert_null(signal_name(64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
