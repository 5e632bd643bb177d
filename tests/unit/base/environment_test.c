#include "base/environment.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void a_list_without_variables_stays(void **state)
{
    (void)state;
    for (int turn = 0; turn < 3; turn++) {
        assert_int_equal(environment_clear(false), 0);
        assert_non_null(environ);
        assert_null(environ[0]);
        assert_null(getenv("PATH"));
        assert_int_equal(unsetenv("PATH"), 0);
        assert_int_equal(setenv("A", "b", 1), 0);
        assert_string_equal(environ[0], "A=b");
        assert_null(environ[1]);
    }
}

static void path_is_kept(void **state)
{
    (void)state;
    assert_int_equal(setenv("PATH", "/a:/b", 1), 0);
    assert_int_equal(setenv("A", "b", 1), 0);
    assert_int_equal(environment_clear(true), 0);
    assert_string_equal(environ[0], "PATH=/a:/b");
    assert_null(environ[1]);
    assert_int_equal(unsetenv("PATH"), 0);
    assert_int_equal(environment_clear(true), 0);
    assert_null(environ[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_without_variables_stays),
        cmocka_unit_test(path_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
