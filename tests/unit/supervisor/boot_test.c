/* The boot, from the hook to CMD. */
#include "tests/unit/supervisor/simulated.h"
#include <string.h>

static void services_in_order_then_cmd(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "make-things now", NULL);
    simulated_service("web", "longrun", "run", "", "dependencies.d/init", "", NULL);
    simulated_boot("sleep 1");
    simulated_expect("logger .init", "oneshot init: make-things now", NULL);
    simulated_expect_not("run web");
    simulated_exit("init", 0);
    simulated_expect("say s6-rc: info: service init successfully started", "logger web", "run web",
                     "say s6-rc: info: service web successfully started", "exec sleep 1", NULL);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
}

static void a_oneshot_that_fails_leaves_its_dependents_down(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "make", NULL);
    simulated_service("web", "longrun", "run", "", "dependencies.d/init", "", NULL);
    simulated_service("other", "longrun", "run", "", NULL);
    simulated_boot("sleep 1");
    simulated_exit("init", 4);
    simulated_expect("say s6-rc: warning: unable to start service init: command exited 4",
                     "exec sleep 1", NULL);
    simulated_expect_not("run web");
    assert_non_null(simulated_process("other"));
}

static void a_boot_that_takes_too_long(void **state)
{
    (void)state;
    simulated_variable("S6_CMD_WAIT_FOR_SERVICES_MAXTIME", "5000");
    simulated.settings.behaviour = 2;
    simulated_service("slow", "longrun", "run", "", "notification-fd", "3", NULL);
    simulated_boot("sleep 1");
    simulated.with_time = true;
    simulated_run(20000);
    simulated_expect("5.000 say s6-rc: warning: service slow is not up after 5000 ms",
                     "7.000 KILL logcat", "7.000 say s6-rc: fatal: timed out", "7.000 TERM slow",
                     NULL);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 2);
}

static void a_definition_error_ends_the_boot(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "dependencies.d/nobody", "", NULL);
    simulated_boot("sleep 1");
    simulated_expect(
        "say overlog: fatal: unable to use the service definitions, stopping the container", NULL);
    simulated_run(10000);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 1);
}

/* Some of them are made by then. */
static void services_that_cannot_be_prepared(void **state)
{
    char script[2 * LOGGER_SCRIPT_MAX + 8] = "";
    (void)state;
    for (int i = 0; i < LOGGER_SCRIPT_MAX + 1; i++)
        strcat(script, "T ");
    simulated_service("ant", "longrun", "run", "", NULL);
    simulated_service("bee", "longrun", "run", "", "logging-script", script, NULL);
    simulated_service("cat", "longrun", "run", "", NULL);
    simulated_boot(NULL);
    simulated_expect(
        "say overlog: fatal: unable to prepare the services: the logging script of bee "
        "has more than 256 words",
        NULL);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, EXIT_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(services_in_order_then_cmd),
        SIMULATED_TEST(a_oneshot_that_fails_leaves_its_dependents_down),
        SIMULATED_TEST(a_boot_that_takes_too_long),
        SIMULATED_TEST(a_definition_error_ends_the_boot),
        SIMULATED_TEST(services_that_cannot_be_prepared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
