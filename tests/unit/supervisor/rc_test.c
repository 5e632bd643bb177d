/* The verbs of s6-rc that are answered at once. */
#include "tests/unit/supervisor/simulated.h"
#include <string.h>

static void lists(void **state)
{
    (void)state;
    simulated_three();
    assert_string_equal(simulated_answer(simulated_rc("u", "list", "web", NULL)), "oweb\nx0\n");
    assert_string_equal(simulated_answer(simulated_rc("d", "listall", "init", NULL)),
                        "olegacy-services\ninit\nweb\nx0\n");
    assert_string_equal(simulated_answer(simulated_rc("u", "diff", NULL)), "x0\n");
    simulated_ask("/run/service/web/supervise/control", "d");
    assert_string_equal(simulated_answer(simulated_rc("u", "diff", NULL)), "o-web\nx1\n");
    assert_string_equal(simulated_answer(simulated_rc("u", "change", "nobody", NULL)),
                        "es6-rc: fatal: nobody is not a recognized identifier in "
                        "/run/s6-rc/compiled/resolve.cdb\nx3\n");
    assert_string_equal(simulated_answer(simulated_rc("u", "sing", NULL)),
                        "es6-rc: fatal: sing is no command\nx100\n");
}

static void malformed_and_too_early(void **state)
{
    const char *shorter[] = {"s6-rc", "u", "0", "1", NULL};
    const char *number[] = {"s6-rc", "u", "soon", "1", "0", "list", NULL};
    (void)state;
    simulated.settings.hook = "prepare";
    simulated_boot(NULL);
    assert_string_equal(simulated_answer(simulated_rc("u", "list", NULL)),
                        "es6-rc: fatal: the services are not read yet\nx111\n");
    simulated_exit("prepare", 0);
    assert_string_equal(simulated_answer(simulated_request(shorter)),
                        "es6-rc: fatal: malformed request\nx100\n");
    assert_string_equal(simulated_answer(simulated_request(number)),
                        "es6-rc: fatal: malformed request\nx100\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(lists),
        SIMULATED_TEST(malformed_and_too_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
