/* The last lines of services that are late. */
#include "tests/unit/supervisor/simulated.h"

static void last_lines_take_two_seconds_at_most(void **state)
{
    (void)state;
    simulated_late("one", "1000");
    simulated_late("two", "1000");
    simulated_boot("sleep 1");
    simulated.with_time = true;
    simulated_journal();
    simulated_run(10000);
    simulated_expect("3.000 KILL logcat", "3.000 exec sleep 1", NULL);
    assert_null(simulated_process("logcat"));
    assert_false(tail_is_busy(&simulated.sv->tail));
}

static void to_the_caller_if_there_is_one(void **state)
{
    const char *words[] = {"s6-rc", "d", "1000", "1", "0", "change", "web", NULL};
    (void)state;
    simulated.stubborn = true;
    simulated_web(NULL);
    simulated_request(words);
    simulated_run(1200);
    assert_non_null(simulated_process("logcat"));
    assert_int_equal(simulated_process("logcat")->passed, simulated.sv->rc.job.caller->watch.fd);
}

static void none_of_what_has_no_log(void **state)
{
    (void)state;
    simulated.settings.logging = LOGGING_CONSOLE;
    simulated_late("web", "1000");
    simulated_service("init", "oneshot", "up", "make", "timeout-up", "1000", NULL);
    simulated_boot("sleep 1");
    simulated_run(1500);
    assert_null(simulated_process("logcat"));
    assert_non_null(simulated_process("sleep"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(last_lines_take_two_seconds_at_most),
        SIMULATED_TEST(to_the_caller_if_there_is_one),
        SIMULATED_TEST(none_of_what_has_no_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
