/* Services that the kernel does not let us signal. */
#include "tests/unit/supervisor/simulated.h"
#include <signal.h>

static void one_that_refuses_signals_is_left(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated.refuses = "web";
    simulated.sv->pid1.settings.kill_grace = 4000;
    simulated_journal();
    simulated.with_time = true;
    simulated_signal(SIGTERM);
    simulated_run(30000);
    simulated_expect("0.000 say overlog: warning: unable to signal service web (process 1002): it "
                     "runs as another user, and we lack the capability CAP_KILL (--cap-add KILL)",
                     "4.000 say overlog: warning: what refuses signals is left to the kernel",
                     NULL);
    assert_true(simulated.over);
}

static void said_once(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated.refuses = "web";
    simulated_ask("/run/service/web/supervise/control", "h");
    simulated_expect("say overlog: warning: unable to signal service web (process 1002): it runs "
                     "as another user, and we lack the capability CAP_KILL (--cap-add KILL)",
                     NULL);
    simulated_ask("/run/service/web/supervise/control", "h");
    assert_string_equal(simulated_journal(), "");
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(one_that_refuses_signals_is_left),
        SIMULATED_TEST(said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
