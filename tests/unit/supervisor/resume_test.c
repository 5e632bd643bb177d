/* Children that somebody has stopped. */
#include "tests/unit/supervisor/simulated.h"
#include <signal.h>

/* As the kernel reports a child that was stopped. */
static void stop(const char *label)
{
    struct simulated *m = &simulated;
    struct simulated_process *p = simulated_process(label);
    p->stubborn = true; /* and so its CONT is in the journal */
    m->ended[m->ends] = p->pid;
    m->status[m->ends++] = 0x7f | SIGSTOP << 8;
    simulated_signal(SIGCHLD);
}

static void a_logger_goes_on(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated.with_time = true;
    simulated_journal();
    stop("web/log");
    simulated_run(200);
    simulated_expect("0.050 CONT web/log", NULL);
}

static void a_service_is_left_until_the_stop(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_journal();
    stop("web");
    simulated_run(1000);
    simulated_signal(SIGTERM);
    simulated_expect("CONT web", "TERM web", NULL);
}

static void one_that_is_being_executed_goes_on(void **state)
{
    (void)state;
    simulated.hold_reports = true;
    simulated_web(NULL);
    simulated.with_time = true;
    simulated_journal();
    stop("web");
    simulated_run(200);
    simulated_expect("0.050 CONT web", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(a_logger_goes_on),
        SIMULATED_TEST(a_service_is_left_until_the_stop),
        SIMULATED_TEST(one_that_is_being_executed_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
