/* What is said of a service that does not stay up, and what becomes of it. */
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROL "/run/service/web/supervise/control"

static void begin(const char *restart)
{
    simulated_web("restart", restart, NULL);
    simulated.with_time = true;
    simulated_journal();
}

static void it_is_given_up(void **state)
{
    (void)state;
    begin("always, 2 in 1m");
    simulated_run(500);
    simulated_exit("web", 1);
    simulated_run(2000);
    simulated_killed("web", SIGSEGV);
    simulated_run(38000);
    simulated_exit("web", 3);
    simulated_expect(
        "1.500 run web", "3.500 run web",
        "40.500 say overlog: warning: web ended 3 times in 40 s (last: exit 3): given up", NULL);
    simulated_run(100000);
    assert_null(simulated_process("web"));
    const struct longrun *web = simulated_longrun("web");
    assert_int_equal(web->machine.failed, FAILURE_DEATHS);
    assert_string_equal(web->history.failed, "gave up: ended 3 times in 40 s (last: exit 3)");
    assert_false(simulated.over);
    simulated_ask(CONTROL, "u");
    assert_non_null(simulated_process("web"));
    assert_int_equal(web->machine.failed, FAILURE_NONE);
}

static void the_container_ends_with_the_last_code(void **state)
{
    (void)state;
    begin("never, then exit");
    simulated_killed("web", SIGKILL);
    simulated_expect("0.000 say overlog: warning: web ended (SIGKILL): given up", NULL);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 128 + SIGKILL);
}

static void a_real_time_signal_has_a_number(void **state)
{
    (void)state;
    begin("never");
    simulated_killed("web", 40);
    simulated_expect("0.000 say overlog: warning: web ended (signal 40): given up", NULL);
}

static void one_that_cannot_be_executed(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "restart", "always, 1 in 1m, then exit", NULL);
    simulated.hold_reports = true;
    simulated_boot(NULL);
    simulated_journal();
    simulated_executed("web", ENOENT);
    simulated_run(1500);
    simulated_executed("web", EACCES);
    simulated_run(10);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 126);
    assert_non_null(
        strstr(simulated_journal(), "say overlog: warning: web ended 2 times in 1 s (last: "));
}

/* Before there is a process, so that no shell would have a code for it. */
static void one_that_cannot_be_forked(void **state)
{
    char line[EVENT_LINE_MAX] = "";
    int ends[2];
    (void)state;
    begin("on-failure, 1 in 1m, then exit");
    simulated_file("/run/service/web/notification-fd", "5\n");
    simulated_file("/run/service/web/lock-fd", "5\n");
    simulated_exit("web", 1);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    int before = simulated.sv->pid1.events.fd;
    simulated.sv->pid1.events.fd = ends[1];
    simulated_run(1000);
    simulated.sv->pid1.events.fd = before;
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 126);
    simulated_expect("1.000 say overlog: warning: web ended 2 times in 1 s (last: notification-fd "
                     "and lock-fd are both 5): given up",
                     NULL);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, "gave-up service=web deaths=2 ms=1000 code=126\n"));
    for (int i = 0; i < 2; i++)
        close(ends[i]);
}

static void one_whose_parent_is_killed_before(void **state)
{
    (void)state;
    simulated.settings.parents = true;
    simulated.hold_births = true;
    simulated_web("restart", "never, then exit", NULL);
    simulated_unborn("web", 0);
    simulated_settle();
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 126);
    simulated_expect("say overlog: warning: web ended (it was killed before it could be executed): "
                     "given up",
                     NULL);
}

static void who_waits_for_its_start_is_told(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "notification-fd", "3", "restart", "on-failure",
                      NULL);
    simulated_boot("sleep 1");
    simulated_exit("web", 0);
    simulated_expect("say s6-rc: warning: service web ended before it was ready", "exec sleep 1",
                     NULL);
    assert_int_equal(simulated_longrun("web")->machine.failed, FAILURE_NONE);
    int caller = simulated_rc("u", "change", "web", NULL);
    simulated_exit("web", 1);
    simulated_run(1500);
    simulated_exit("web", 0);
    assert_non_null(strstr(simulated_answer(caller), "service web ended before it was ready"));
}

static void who_waits_for_one_that_is_given_up(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "notification-fd", "3", "restart", "never",
                      NULL);
    simulated_boot("sleep 1");
    simulated_exit("web", 1);
    simulated_expect("say overlog: warning: web ended (exit 1): given up", "exec sleep 1", NULL);
    simulated_journal();
    int caller = simulated_rc("u", "change", "web", NULL);
    simulated_exit("web", 1);
    assert_non_null(strstr(simulated_answer(caller), "service web failed permanently"));
    simulated_expect("say overlog: warning: web ended (exit 1): given up", NULL);
}

static void a_loop_is_said_ever_more_rarely(void **state)
{
    (void)state;
    begin("on-failure, wait 500ms..500ms");
    for (int i = 0; i < 8; i++) {
        simulated_exit("web", 1);
        simulated_run(1000);
    }
    simulated_expect("2.500 say overlog: warning: web ended 3 times in 2 s (last: exit 1), and was "
                     "started again",
                     "5.500 say overlog: warning: web ended 6 times in 5 s (last: exit 1), and was "
                     "started again",
                     NULL);
    assert_null(strstr(simulated_journal(), "7 times"));
    simulated_run(125000);
    simulated_exit("web", 1);
    assert_int_equal(simulated_longrun("web")->machine.tally.streak, 1);
}

static void a_loop_of_runs_that_cannot_be_executed(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "restart", "on-failure, wait 500ms..500ms",
                      NULL);
    simulated.hold_reports = true;
    simulated_boot(NULL);
    simulated_journal();
    for (int i = 0; i < 3; i++) {
        simulated_executed("web", ENOENT);
        simulated_run(500);
    }
    simulated_executed("web", 0);
    simulated_settle();
    assert_non_null(strstr(simulated_journal(),
                           "say overlog: warning: web ended 3 times in 1 s (last: unable to "
                           "execute "));
}

/* The logger leaves them where we look; it may be anything. */
static void a_loop_is_told_with_last_words(void **state)
{
    static const char words[] = "panic: \033[2J\nsecond line";
    (void)state;
    begin("on-failure, wait 500ms..500ms");
    int journal = simulated_longrun("web")->logger.pipes.journal[1];
    assert_true(journal >= 0);
    assert_int_equal(pwrite(journal, words, sizeof words, LAST_WORDS_OFFSET), sizeof words);
    for (int i = 0; i < 3; i++) {
        simulated_exit("web", 1);
        simulated_run(1000);
    }
    assert_non_null(strstr(simulated_journal(), "web ended 3 times in 2 s (last: exit 1), and was "
                                                "started again; its last words: panic: "));
}

static void long_times_have_units(void **state)
{
    (void)state;
    begin("on-failure, 1 in 1h, wait 10ms..20ms");
    simulated_exit("web", 1);
    simulated_run(1800000);
    simulated_exit("web", 1);
    simulated_expect(
        "1800.000 say overlog: warning: web ended 2 times in 30m 0s (last: exit 1): given up",
        NULL);
    simulated_ask(CONTROL, "u");
    simulated_exit("web", 1);
    simulated_run(400);
    simulated_exit("web", 1);
    simulated_expect(
        "1800.400 say overlog: warning: web ended 2 times in 400 ms (last: exit 1): given up",
        NULL);
}

static void nonsense_is_said_and_ignored(void **state)
{
    (void)state;
    begin("always");
    simulated_file("/run/service/web/restart", "always, 5 in soon\n");
    simulated_exit("web", 1);
    simulated_run(1000);
    simulated_expect("1.000 say s6-supervise web: warning: restart: invalid limit \"5 in soon\", "
                     "ignored; write N in TIME, as in: 5 in 1m (7d at most)",
                     "1.000 run web", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(it_is_given_up),
        SIMULATED_TEST(the_container_ends_with_the_last_code),
        SIMULATED_TEST(a_real_time_signal_has_a_number),
        SIMULATED_TEST(one_that_cannot_be_executed),
        SIMULATED_TEST(one_that_cannot_be_forked),
        SIMULATED_TEST(one_whose_parent_is_killed_before),
        SIMULATED_TEST(who_waits_for_its_start_is_told),
        SIMULATED_TEST(who_waits_for_one_that_is_given_up),
        SIMULATED_TEST(a_loop_is_said_ever_more_rarely),
        SIMULATED_TEST(a_loop_of_runs_that_cannot_be_executed),
        SIMULATED_TEST(a_loop_is_told_with_last_words),
        SIMULATED_TEST(long_times_have_units),
        SIMULATED_TEST(nonsense_is_said_and_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
