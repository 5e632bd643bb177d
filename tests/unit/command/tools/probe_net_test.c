/* How the addresses of a name share the time of a look. */
#include "command/tools/probe_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_address_has_its_part_of_the_time(void **state)
{
    (void)state;
    assert_int_equal(probe_share(1000, 4000, 3), 2000);
    assert_int_equal(probe_share(2000, 4000, 2), 3000);
    assert_int_equal(probe_share(3000, 4000, 1), 4000);
}

static void what_one_leaves_is_shared_by_the_others(void **state)
{
    (void)state;
    assert_int_equal(probe_share(1100, 4000, 2), 2550);
    assert_int_equal(probe_share(1100, 4000, 1), 4000);
}

static void past_the_end_nothing_is_left(void **state)
{
    (void)state;
    assert_int_equal(probe_share(4000, 4000, 2), 4000);
    assert_int_equal(probe_share(5000, 4000, 2), 4000);
    assert_int_equal(probe_share(INT64_MAX - 1, INT64_MAX, 2), INT64_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_has_its_part_of_the_time),
        cmocka_unit_test(what_one_leaves_is_shared_by_the_others),
        cmocka_unit_test(past_the_end_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
