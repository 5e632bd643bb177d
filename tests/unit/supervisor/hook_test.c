/* S6_STAGE2_HOOK. */
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <signal.h>

static void a_hook_comes_first(void **state)
{
    (void)state;
    simulated.settings.hook = "prepare it";
    simulated_web(NULL);
    simulated_expect("exec prepare it", NULL);
    simulated_expect_not("run web");
    simulated_exit("prepare", 3);
    simulated_expect("say /run/s6/basedir/scripts/rc.init: warning: hook prepare it exited 3",
                     "run web", NULL);
}

static void a_hook_that_fails_ends_a_strict_boot(void **state)
{
    (void)state;
    simulated.settings.hook = "prepare";
    simulated.settings.behaviour = 2;
    simulated_boot("sleep 1");
    simulated_exit("prepare", 3);
    simulated_expect("say /run/s6/basedir/scripts/rc.init: fatal: stopping the container.", NULL);
    simulated_run(10000);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 3);
    simulated_expect_not("exec sleep 1");
}

static void one_that_cannot_be_run_is_passed_over(void **state)
{
    (void)state;
    simulated.settings.hook = "prepare";
    simulated_service("web", "longrun", "run", "", NULL);
    simulated.spawn_fails = EPERM;
    simulated_boot(NULL);
    simulated.spawn_fails = 0;
    simulated_expect("say overlog: warning: unable to run S6_STAGE2_HOOK: unable to fork: "
                     "Operation not permitted",
                     NULL);
    simulated_run(2000);
    assert_non_null(simulated_process("web"));
}

static void a_stop_does_not_read_the_services(void **state)
{
    (void)state;
    simulated.settings.hook = "prepare";
    simulated_web(NULL);
    simulated_process("prepare")->stubborn = true;
    simulated.with_time = true;
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_run(10000);
    simulated_expect("0.000 TERM prepare", "3.000 KILL prepare", NULL);
    assert_true(simulated.over);
    assert_null(simulated_process("web"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(a_hook_comes_first),
        SIMULATED_TEST(a_hook_that_fails_ends_a_strict_boot),
        SIMULATED_TEST(one_that_cannot_be_run_is_passed_over),
        SIMULATED_TEST(a_stop_does_not_read_the_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
