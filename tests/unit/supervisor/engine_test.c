/* Transitions performed: time limits, last lines, and not too many forks at once. */
#include "supervisor/descriptors.h"
#include "tests/unit/supervisor/simulated.h"
#include <signal.h>
#include <stdio.h>

static void a_service_that_is_late_is_stopped(void **state)
{
    (void)state;
    simulated_late("web", "3000");
    simulated_boot("sleep 1");
    simulated.with_time = true;
    simulated_journal();
    simulated_run(3000);
    simulated_expect(
        "3.000 say s6-rc: warning: unable to start service web: timed out after 3000 ms",
        "3.000 TERM web",
        "3.000 exec logcat -n5 --color=never --begin-with s6-rc: warning: the last lines of web: "
        "-- "
        "web",
        NULL);
    simulated_expect_not("3.000 exec sleep 1"); /* it is over when the lines were shown */
    simulated_exit("logcat", 0);
    simulated_expect("3.000 exec sleep 1", NULL);
}

/* More services than may be between fork and exec at once, of which none gets to its exec. */
static void boot_many(void)
{
    char name[16];
    simulated.settings.logging = LOGGING_CONSOLE;
    simulated.hold_reports = true;
    for (int i = 0; i < 140; i++) {
        snprintf(name, sizeof name, "s%d", i);
        simulated_service(name, "longrun", "run", "", NULL);
    }
    simulated_boot(NULL);
    assert_int_equal(simulated.sv->longruns.runs.execs, EXECS_PENDING_MAX / 2);
}

static void not_too_many_runs_are_being_executed(void **state)
{
    char name[16];
    (void)state;
    boot_many();
    for (size_t i = 0; i < simulated.processes; i++)
        if (simulated.process[i].report >= 0) {
            simulated_executed(simulated.process[i].label, 0);
            break;
        }
    simulated_settle();
    assert_int_equal(simulated.sv->longruns.runs.execs, EXECS_PENDING_MAX / 2);
    simulated.hold_reports = false;
    for (size_t i = 0; i < simulated.processes; i++)
        if (simulated.process[i].report >= 0)
            simulated_executed(simulated.process[i].label, 0);
    simulated_settle();
    assert_int_equal(simulated.sv->longruns.runs.execs, 0);
    for (int i = 0; i < 140; i++) {
        snprintf(name, sizeof name, "s%d", i);
        assert_int_equal(simulated_longrun(name)->machine.state, SERVICE_UP);
    }
}

static void time_limits_and_a_stop_do_not_wait_for_them(void **state)
{
    (void)state;
    simulated_variable("S6_CMD_WAIT_FOR_SERVICES_MAXTIME", "1000");
    simulated_service("s1", "longrun", "run", "", "timeout-up", "500", NULL);
    boot_many();
    simulated.with_time = true;
    simulated_journal();
    simulated_run(1500);
    simulated_expect("0.500 say s6-rc: warning: unable to start service s1: timed out after 500 ms",
                     "0.500 TERM s1",
                     "1.000 say s6-rc: warning: service s0 is not up after 1000 ms", NULL);
    simulated_signal(SIGTERM);
    simulated_run(1000);
    simulated_expect("1.500 TERM s0", "1.500 TERM s127", NULL);
    assert_true(simulated.over);
}

/* A stop that was left under way by its time limit, and is wanted up again. */
static void one_that_turns_round(void **state)
{
    const char *words[] = {"s6-rc", "d", "1000", "1", "0", "change", "web", NULL};
    (void)state;
    simulated.stubborn = true;
    simulated_web(NULL);
    simulated_request(words);
    simulated_run(1500);
    simulated_exit("logcat", 0);
    assert_int_equal(simulated_longrun("web")->machine.want, WANT_DOWN);
    simulated_rc("u", "change", "web", NULL);
    assert_int_equal(simulated_longrun("web")->machine.want, WANT_UP);
    simulated_exit("web", 0);
    simulated_run(2000);
    assert_non_null(simulated_process("web"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(a_service_that_is_late_is_stopped),
        SIMULATED_TEST(not_too_many_runs_are_being_executed),
        SIMULATED_TEST(time_limits_and_a_stop_do_not_wait_for_them),
        SIMULATED_TEST(one_that_turns_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
