/* Descriptors: as many as are needed, and numbers that there can be. */
#include "supervisor/descriptors.h"
#include "tests/unit/supervisor/simulated.h"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static void numbers_that_no_process_has(void **state)
{
    struct service_keys keys;
    struct error e = ERROR_INIT;
    struct rlimit limit;
    (void)state;
    getrlimit(RLIMIT_NOFILE, &limit);
    keys_init(&keys);
    assert_int_equal(descriptors_exist(&keys, &e), 0);
    keys.notification_fd = 3;
    keys.lock_fd = 3;
    assert_int_equal(descriptors_exist(&keys, &e), -1);
    assert_string_equal(e.text, "notification-fd and lock-fd are both 3");
    keys.lock_fd = (int32_t)limit.rlim_cur;
    assert_int_equal(descriptors_exist(&keys, &e), -1);
    assert_int_equal(e.why, 0); /* it does not come back */
    assert_non_null(strstr(e.text, "lock-fd is "));
    keys.lock_fd--;
    assert_int_equal(descriptors_exist(&keys, &e), 0);
}

static void too_few_are_said_before_anything_starts(void **state)
{
    struct rlimit before, few = {64, 64};
    char name[16];
    (void)state;
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "s%d", i);
        simulated_service(name, "longrun", "run", "", NULL);
    }
    getrlimit(RLIMIT_NOFILE, &before);
    few.rlim_max = before.rlim_max;
    simulated_boot(NULL);
    struct catalogue *c = &simulated.sv->catalogue;
    struct error e = ERROR_INIT;
    assert_int_equal(descriptors_suffice(c, &simulated.sv->logging, &e), 0);
    setrlimit(RLIMIT_NOFILE, &few);
    assert_int_equal(descriptors_suffice(c, &simulated.sv->logging, &e), 0); /* it may raise it */
    getrlimit(RLIMIT_NOFILE, &few);
    assert_true(few.rlim_cur >= 30 * 5);
    setrlimit(RLIMIT_NOFILE, &before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_that_no_process_has),
        SIMULATED_TEST(too_few_are_said_before_anything_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
