/* Signals that a script of the scan directory takes over. */
#include "tests/unit/supervisor/simulated.h"
#include <signal.h>
#include <sys/stat.h>

/* A script of the scan directory has the signal instead. */
static void a_signal_is_diverted(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/service/.s6-svscan/SIGUSR1", "");
    assert_int_equal(chmod("/run/service/.s6-svscan/SIGUSR1", 0755), 0);
    simulated_journal();
    simulated_signal(SIGUSR1);
    simulated_expect("exec .s6-svscan/SIGUSR1", NULL);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
    simulated_exit("SIGUSR1", 0);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
    simulated_signal(SIGUSR1);
    simulated_exit("SIGUSR1", 126);
    simulated_expect(
        "say overlog: warning: unable to run /run/service/.s6-svscan/SIGUSR1 (126: not "
        "executable), doing what the signal does without it",
        NULL);
    assert_true(simulated.over);
}

static void not_in_a_stop_and_not_without_its_mode(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_file("/run/service/.s6-svscan/SIGTERM", ""); /* without the x bit */
    simulated_process("web")->stubborn = true;
    simulated_signal(SIGTERM);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_STOPPING);
    assert_int_equal(chmod("/run/service/.s6-svscan/SIGTERM", 0755), 0);
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_expect("KILL web", NULL);
    simulated_expect_not("exec .s6-svscan/SIGTERM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(a_signal_is_diverted),
        SIMULATED_TEST(not_in_a_stop_and_not_without_its_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
