/* What is waited for is named when it takes long: ever more rarely, with its limit. */
#include "tests/unit/supervisor/simulated.h"
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void what_takes_long_is_named(void **state)
{
    (void)state;
    simulated_service("slow", "longrun", "run", "", "notification-fd", "3", NULL);
    simulated_boot(NULL);
    simulated.with_time = true;
    simulated_run(45000);
    simulated_expect("10.000 say overlog: warning: slow is still starting after 10 s (there is no "
                     "time limit)",
                     "20.000 say overlog: warning: slow is still starting after 20 s (there is no "
                     "time limit)",
                     "40.000 say overlog: warning: slow is still starting after 40 s (there is no "
                     "time limit)",
                     NULL);
}

/* Each kind by what it is, and with its own limit; what has not begun is waited for by nobody. */
static void services_and_oneshots(void **state)
{
    (void)state;
    simulated_service("migrate", "oneshot", "up", "true", NULL);
    simulated_service("db", "longrun", "run", "", "notification-fd", "3", "timeout-up", "600000",
                      NULL);
    simulated_service("needs", "oneshot", "up", "true", "dependencies.d/migrate", "", NULL);
    simulated_boot(NULL);
    simulated.with_time = true;
    simulated_run(15000);
    simulated_expect("10.000 say overlog: warning: db is still starting after 10 s (it is given up "
                     "in 590 s)",
                     "10.000 say overlog: warning: migrate is still starting after 10 s (there is "
                     "no time limit)",
                     NULL);
    simulated_expect_not("10.000 say overlog: warning: needs is still starting after 10 s (there "
                         "is no time limit)");
}

/* A service that is deaf, then one that was only linked, then the processes that are left. */
static void a_stop_in_turn(void **state)
{
    (void)state;
    simulated.settings.kill_grace = 6000;
    simulated_web("timeout-kill", "6000", NULL);
    simulated_file("/run/here/late/run", "");
    assert_int_equal(symlink("/run/here/late", "/run/service/late"), 0);
    simulated_ask("/run/service/.s6-svscan/control", "a");
    simulated_process("web")->stubborn = true;
    simulated_process("late")->stubborn = true;
    simulated_stranger("left", true);
    simulated_journal();
    simulated.with_time = true;
    simulated_signal(SIGTERM);
    simulated_run(30000);
    simulated_expect("3.000 say overlog: warning: web is still stopping after 3 s (it is killed in "
                     "3 s)",
                     "6.000 KILL web",
                     "9.000 say overlog: warning: late is still stopping after 3 s (it is killed "
                     "in 3 s)",
                     "15.000 say overlog: warning: 2 processes (late, left) are still there after "
                     "3 s (what is left is killed in 3 s)",
                     "18.000 KILL left", NULL);
    assert_true(simulated.over);
}

static void and_what_remains(void **state)
{
    (void)state;
    simulated.settings.kill_grace = 10000;
    simulated_boot(NULL);
    simulated_stranger("wild", true);
    simulated_stranger("other", true);
    simulated.with_time = true;
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_run(20000);
    simulated_expect(
        "3.000 say overlog: warning: 2 processes (wild, other) are still there after 3 "
        "s (what is left is killed in 7 s)",
        "6.000 say overlog: warning: 2 processes (wild, other) are still there after 6 "
        "s (what is left is killed in 4 s)",
        NULL);
}

static void the_hook_and_loggers(void **state)
{
    (void)state;
    simulated.settings.hook = "prepare it";
    simulated.settings.drain = 60000;
    simulated_boot(NULL);
    simulated.with_time = true;
    simulated_journal();
    simulated_run(15000);
    simulated_expect("10.000 say overlog: warning: prepare it (S6_STAGE2_HOOK) still runs after 10 "
                     "s (there is no time limit)",
                     NULL);
    simulated_exit("prepare", 0);
    simulated_process(".init/log")->stubborn = true;
    simulated_signal(SIGTERM);
    simulated_run(5000);
    simulated_expect("18.000 say overlog: warning: the logger of .init still writes after 3 s (it "
                     "is told to hurry in 57 s)",
                     NULL);
}

static void only_the_first_are_named(void **state)
{
    char name[16];
    (void)state;
    simulated.settings.logging = LOGGING_CONSOLE;
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "s%d", i);
        simulated_service(name, "longrun", "run", "", "notification-fd", "3", NULL);
    }
    simulated_boot(NULL);
    simulated.with_time = true;
    simulated_run(11000);
    simulated_expect("10.000 say overlog: warning: and 2 more", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(what_takes_long_is_named), SIMULATED_TEST(services_and_oneshots),
        SIMULATED_TEST(a_stop_in_turn),           SIMULATED_TEST(and_what_remains),
        SIMULATED_TEST(the_hook_and_loggers),     SIMULATED_TEST(only_the_first_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
