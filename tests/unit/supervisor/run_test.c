/* Whether an instance was executed, and whether it is ready. */
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <signal.h>

static void up_once_executed(void **state)
{
    (void)state;
    simulated.hold_reports = true;
    simulated_web(NULL);
    assert_int_equal(simulated_longrun("web")->machine.state, SERVICE_STARTING);
    assert_int_equal(simulated.sv->longruns.runs.execs, 1);
    simulated_executed("web", 0);
    simulated_settle();
    assert_int_equal(simulated_longrun("web")->machine.state, SERVICE_UP);
    assert_int_equal(simulated.sv->longruns.runs.execs, 0);
    simulated_expect("run web", "say s6-rc: info: service web successfully started", NULL);
}

static void a_run_that_cannot_be_executed(void **state)
{
    (void)state;
    simulated.hold_reports = true;
    simulated_web(NULL);
    simulated.with_time = true;
    simulated_journal();
    for (int i = 0; i < 4; i++) {
        simulated_executed("web", ENOENT);
        simulated_run(1000 << i);
    }
    simulated_expect(
        "0.000 say s6-supervise web: warning: unable to spawn ./run: unable to execute "
        "/run/s6-rc/servicedirs/web/run: No such file or directory",
        "1.000 run web", "3.000 run web", "7.000 run web", "15.000 run web", NULL);
    assert_int_equal(simulated_longrun("web")->machine.failures, 4);
    assert_int_equal(simulated.sv->longruns.runs.execs, 1);
}

static void readiness_starts_a_service(void **state)
{
    (void)state;
    simulated_web("notification-fd", "3", NULL);
    simulated_expect_not("say s6-rc: info: service web successfully started");
    simulated_write("web", 3, "not yet");
    simulated_settle();
    assert_false(simulated_longrun("web")->machine.ready);
    simulated_write("web", 3, "\n");
    simulated_settle();
    simulated_expect("say s6-rc: info: service web successfully started", NULL);
    assert_true(simulated_longrun("web")->machine.ready);
}

/* The newline is there before the report was read. */
static void ready_before_it_is_known_to_run(void **state)
{
    (void)state;
    simulated.hold_reports = true;
    simulated_web("notification-fd", "3", NULL);
    simulated_write("web", 3, "\n");
    simulated_executed("web", 0);
    simulated_settle();
    assert_true(simulated_longrun("web")->machine.ready);
    simulated_expect("say s6-rc: info: service web successfully started", NULL);
}

static void ready_and_dead_in_one_turn(void **state)
{
    (void)state;
    simulated.hold_reports = true;
    simulated_web("notification-fd", "3", NULL);
    simulated_write("web", 3, "\n");
    simulated_executed("web", 0);
    simulated_end(simulated_process("web"), 0);
    simulated_settle();
    simulated_expect("say s6-rc: info: service web successfully started", NULL);
    assert_int_equal(simulated_longrun("web")->machine.state, SERVICE_DOWN);
}

static void one_that_floods_is_not_ready(void **state)
{
    char bytes[4097];
    (void)state;
    for (size_t i = 0; i < sizeof bytes - 1; i++)
        bytes[i] = 'x';
    bytes[sizeof bytes - 1] = '\0';
    simulated_web("notification-fd", "3", NULL);
    simulated_write("web", 3, bytes);
    simulated_settle();
    simulated_expect("say s6-supervise web: warning: 4096 bytes without a newline on descriptor 3 "
                     "(notification-fd): closed, the service is not taken for ready",
                     NULL);
    assert_int_equal(simulated_longrun("web")->run.notify.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(up_once_executed),           SIMULATED_TEST(a_run_that_cannot_be_executed),
        SIMULATED_TEST(readiness_starts_a_service), SIMULATED_TEST(ready_before_it_is_known_to_run),
        SIMULATED_TEST(ready_and_dead_in_one_turn), SIMULATED_TEST(one_that_floods_is_not_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
