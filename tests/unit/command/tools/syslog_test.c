#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command/tools/syslog.h"
#include <string.h>

static void becomes(const char *message, const char *line)
{
    struct str out = STR_INIT;
    assert_int_equal(syslog_add(&out, message, strlen(message)), 0);
    assert_string_equal(out.data, line);
    str_release(&out);
}

static void numbers_become_names(void **state)
{
    (void)state;
    becomes("<0>a", "kern.emerg: a");
    becomes("<13>a <14>b", "user.notice: a <14>b");
    becomes("<00086>a", "authpriv.info: a");
    becomes("<191>", "local7.debug: ");
    becomes("<192>a", "mark.emerg: a");
    becomes("<100>a", "unknown.warn: a");
    becomes("<207>a", "unknown.debug: a");
    becomes("<4294967295>a", "unknown.debug: a");
}

static void what_has_no_number_stays(void **state)
{
    static const char *const messages[] = {"",
                                           "<",
                                           "<>a",
                                           "<1",
                                           "<13",
                                           "<1x>a",
                                           "x<1>a",
                                           "<-1>",
                                           "< 13>",
                                           "<4294967296>a",
                                           "<99999999999999999999999999>a"};
    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        becomes(messages[i], messages[i]);
}

static void nothing_beyond_the_end_is_read(void **state)
{
    struct str out = STR_INIT;
    (void)state;
    assert_int_equal(syslog_add(&out, "<13>a", 3), 0);
    assert_string_equal(out.data, "<13");
    str_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_become_names),
        cmocka_unit_test(what_has_no_number_stays),
        cmocka_unit_test(nothing_beyond_the_end_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
