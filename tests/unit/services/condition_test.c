/* Conditions of enable-if: what is one, and when it holds. */
#include "services/condition.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *value; /* of X */

static const char *lookup(const char *name)
{
    return strcmp(name, "X") == 0 ? value : NULL;
}

/* why: NULL: it holds. */
static void is(const char *text, const char *x, const char *why)
{
    char said[300] = "";
    value = x;
    bool holds = condition_holds(text, lookup, said, sizeof said);
    assert_int_equal(holds, why == NULL);
    assert_string_equal(said, why == NULL ? "" : why);
}

static void a_variable_that_is_on(void **state)
{
    (void)state;
    is("X", "1", NULL);
    is("X", "true", NULL);
    is("X", "2", NULL);
    is("X", " ", NULL);
    is("X", "nothing", NULL);
    is("X", NULL, "X is not set");
    is("X", "", "X is empty");
    is("X", "0", "X is 0");
    is("X", "FALSE", "X is FALSE");
    is("X", "No", "X is No");
    is("X", "off", "X is off");
    is("X", "00", NULL);
}

static void a_variable_that_is_not(void **state)
{
    (void)state;
    is("!X", NULL, NULL);
    is("!X", "", NULL);
    is("!X", "False", NULL);
    is("!X", "secret", "X is on");
}

static void a_value(void **state)
{
    (void)state;
    is("X=web", "web", NULL);
    is("X=web", "Web", "X is not web");
    is("X=web", NULL, "X is not web");
    is("X=a=b c", "a=b c", NULL);
    is("X=", NULL, NULL);
    is("X=", "", NULL);
    is("X=", "secret", "X is not empty");
    is("X=0", "false", "X is not 0");
    is("!X=web", "worker", NULL);
    is("!X=web", NULL, NULL);
    is("!X=web", "web", "X is web");
    is("!X=", "", "X is empty");
}

static void wrong(const char *text, const char *expected)
{
    struct condition c;
    const char *said;
    char why[300];
    assert_int_equal(condition_parse(&c, text, &said), -1);
    assert_string_equal(said, expected);
    assert_false(condition_holds(text, lookup, why, sizeof why));
}

static void what_is_none(void **state)
{
    char long_name[400];
    struct condition c;
    const char *said;
    (void)state;
    wrong("", "it names no variable");
    wrong("!", "it names no variable");
    wrong("=1", "it names no variable");
    wrong("1X", "it names no variable");
    wrong("!!X", "it names no variable");
    wrong("$X", "it names no variable");
    wrong("X = 1", "there is a blank before =");
    wrong("X 1", "the name of a variable ends before its end");
    wrong("X/../Y", "the name of a variable ends before its end");
    memset(long_name, 'A', sizeof long_name);
    long_name[256] = '\0';
    wrong(long_name, "it names no variable");
    long_name[255] = '\0';
    assert_int_equal(condition_parse(&c, long_name, &said), 0);
    assert_int_equal(condition_parse(&c, "my.app-x_1", &said), 0);
}

/* The reason is cut where there is no room. */
static void a_reason_is_cut(void **state)
{
    char why[8];
    (void)state;
    value = NULL;
    assert_false(condition_holds("X=a very long value", lookup, why, sizeof why));
    assert_string_equal(why, "X is no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_that_is_on),
        cmocka_unit_test(a_variable_that_is_not),
        cmocka_unit_test(a_value),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(a_reason_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
