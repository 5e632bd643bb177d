/* Oneshots: up, down, reload, lateness and shortages. */
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void up_and_down(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "make", "down", "unmake", NULL);
    simulated_boot(NULL);
    simulated_exit("init", 0);
    simulated_expect("oneshot init: make", "say s6-rc: info: service init successfully started",
                     NULL);
    simulated_signal(SIGTERM);
    simulated_expect("oneshot init: unmake", NULL);
    assert_false(simulated.over);
    simulated_exit("init", 1);
    simulated_expect("say s6-rc: warning: unable to stop service init: command exited 1", NULL);
    assert_true(simulated.over);
}

static void a_late_up_is_told_to_end(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "make", "timeout-up", "2000", NULL);
    simulated_boot(NULL);
    simulated_process("init")->stubborn = true;
    simulated.with_time = true;
    simulated_journal();
    simulated_run(3000);
    simulated_expect(
        "2.000 say s6-rc: warning: unable to start service init: timed out after 2000 ms",
        "2.000 TERM -init", "2.000 CONT -init", NULL);
    int fd = simulated_rc("u", "change", "init", NULL);
    assert_string_equal(simulated_answer(fd),
                        "es6-rc: info: service init: starting\n"
                        "es6-rc: warning: unable to start service init: its up, given up as late, "
                        "still runs (pid 1001)\nx1\n");
}

static void the_stop_ends_an_up_and_waits(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "make", NULL);
    simulated_boot(NULL);
    simulated_process("init")->stubborn = true;
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_expect("say s6-rc: warning: service init is still starting: told to end",
                     "TERM -init", NULL);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_STOPPING);
    simulated_killed("init", SIGTERM);
    assert_true(simulated.over);
}

/* init, whose down runs for half a second, and other, which is up: s6-rc -t LIMIT -d change init.
 */
static int take_init_down(const char *limit)
{
    const char *down[] = {"s6-rc", "d", limit, "1", "0", "change", "init", NULL};
    simulated_service("init", "oneshot", "up", "", "down", "unmake", NULL);
    simulated_service("other", "oneshot", "up", "", NULL);
    simulated_boot(NULL);
    simulated.stubborn = true;
    int fd = simulated_request(down);
    simulated.stubborn = false;
    simulated_run(500);
    simulated_journal();
    return fd;
}

/* It may write a dump or unmount a volume: what it needs is stopped after it, in order. */
static void expect_a_stop_that_waits(void)
{
    simulated_signal(SIGTERM);
    simulated_run(20000);
    simulated_expect_not("TERM -init");
    assert_int_equal(simulated.sv->pid1.stage, STAGE_STOPPING);
    simulated_exit("init", 0);
    simulated_expect("say s6-rc: info: service init successfully stopped", NULL);
    assert_true(simulated.over);
}

static void the_stop_waits_for_the_down_of_a_job(void **state)
{
    (void)state;
    take_init_down("0");
    expect_a_stop_that_waits();
}

static void and_for_one_whose_limit_is_not_over(void **state)
{
    (void)state;
    take_init_down("1000");
    expect_a_stop_that_waits();
}

static void and_for_one_whose_caller_is_gone(void **state)
{
    (void)state;
    close(take_init_down("0"));
    simulated_settle();
    expect_a_stop_that_waits();
}

/* Whatever other jobs have done since. */
static void a_down_that_a_limit_left_is_told_to_end(void **state)
{
    (void)state;
    take_init_down("1000");
    simulated_run(1000);
    simulated_expect_not("TERM -init");
    int fd = simulated_rc("d", "change", "other", NULL);
    assert_non_null(strstr(simulated_answer(fd), "x0\n"));
    simulated_signal(SIGTERM);
    simulated_expect("TERM -init", "CONT -init", NULL);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_STOPPING);
    simulated_killed("init", SIGTERM);
    assert_true(simulated.over);
}

/* Somebody waits for it once more, without a limit. */
static void but_not_if_another_job_waits_for_it(void **state)
{
    (void)state;
    take_init_down("1000");
    simulated_run(1000);
    simulated_rc("d", "change", "init", NULL);
    expect_a_stop_that_waits();
}

static void a_fork_that_fails_is_tried_again(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "", "down", "unmake", NULL);
    simulated_boot(NULL);
    simulated.with_time = true;
    simulated_journal();
    simulated.spawn_fails = EAGAIN;
    int fd = simulated_rc("d", "change", "init", NULL);
    simulated_run(2500);
    simulated.spawn_fails = 0;
    simulated_run(1000);
    simulated_expect("3.000 oneshot init: unmake", NULL);
    simulated_exit("init", 0);
    assert_non_null(strstr(simulated_answer(fd), "x0\n"));
}

/* A stop must come to its end. */
static void but_not_for_ever_in_a_stop(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "", "down", "unmake", NULL);
    simulated_boot(NULL);
    simulated.with_time = true;
    simulated_journal();
    simulated.spawn_fails = EAGAIN;
    simulated_signal(SIGTERM);
    simulated_run(10000);
    simulated_expect(
        "3.000 say s6-rc: warning: unable to stop service legacy-services: unable to fork: "
        "Resource temporarily unavailable",
        NULL);
    assert_true(simulated.over);
}

/* A caller that goes leaves to itself what could not be forked yet; the stop waits for no ghost. */
static void put_off_and_left_when_the_stop_comes(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "", "down", "unmake", NULL);
    simulated_boot(NULL);
    simulated.spawn_fails = EAGAIN;
    int fd = simulated_rc("d", "change", "init", NULL);
    close(fd);
    simulated_settle();
    simulated.with_time = true;
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated.spawn_fails = 0;
    simulated_run(1500);
    simulated_expect("1.000 oneshot init: unmake", NULL);
    simulated_exit("init", 0);
    assert_true(simulated.over);
}

/* One that is to go down before its up could be forked has failed to start, and is down. */
static void put_off_and_wanted_down(void **state)
{
    const char *up[] = {"s6-rc", "u", "500", "1", "0", "change", "init", NULL};
    (void)state;
    simulated_service("init", "oneshot", "up", "make", "down", "unmake", NULL);
    simulated_boot(NULL);
    simulated_exit("init", 0);
    simulated_rc("d", "change", "init", NULL);
    simulated_exit("init", 0);
    simulated.spawn_fails = EAGAIN;
    simulated_request(up);
    simulated_run(600);
    int fd = simulated_rc("d", "change", "init", NULL);
    simulated_run(5000);
    assert_non_null(strstr(simulated_answer(fd), "x0\n"));
    assert_false(simulated.sv->rc.job.busy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(up_and_down),
        SIMULATED_TEST(a_late_up_is_told_to_end),
        SIMULATED_TEST(the_stop_ends_an_up_and_waits),
        SIMULATED_TEST(the_stop_waits_for_the_down_of_a_job),
        SIMULATED_TEST(and_for_one_whose_limit_is_not_over),
        SIMULATED_TEST(and_for_one_whose_caller_is_gone),
        SIMULATED_TEST(a_down_that_a_limit_left_is_told_to_end),
        SIMULATED_TEST(but_not_if_another_job_waits_for_it),
        SIMULATED_TEST(a_fork_that_fails_is_tried_again),
        SIMULATED_TEST(but_not_for_ever_in_a_stop),
        SIMULATED_TEST(put_off_and_left_when_the_stop_comes),
        SIMULATED_TEST(put_off_and_wanted_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
