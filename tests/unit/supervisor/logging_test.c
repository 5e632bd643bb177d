/* Which services have a logger of their own, and in which mode it works. */
#include "supervisor/logging.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void paired_or_not(void **state)
{
    char name[] = "sink";
    struct settings s = {.logging = LOGGING_DISK};
    struct definition d = {.type = DEFINITION_LONGRUN};
    enum logging_mode mode;
    (void)state;
    keys_init(&d.keys);
    assert_true(logging_is_paired(&s, &d, &mode));
    assert_int_equal(mode, LOGGING_DISK);
    d.keys.logging = LOGGING_CONSOLE;
    assert_false(logging_is_paired(&s, &d, &mode));
    s.console = CONSOLE_PREFIX; /* a logger that only passes lines on */
    assert_true(logging_is_paired(&s, &d, &mode));
    assert_int_equal(mode, LOGGING_CONSOLE);
    d.producer_for = name;
    assert_false(logging_is_paired(&s, &d, &mode));
    d.producer_for = NULL;
    d.consumer_for.count = 1;
    assert_false(logging_is_paired(&s, &d, &mode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paired_or_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
