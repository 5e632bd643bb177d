/* Signals to a longrun's process and group, and how its end is asked for. */
#include "supervisor/longrun.h"
#include "tests/unit/supervisor/simulated.h"
#include <signal.h>
#include <string.h>

static struct longrun *web(void)
{
    simulated_web("down-signal", "INT", NULL);
    simulated_process("web")->stubborn = true;
    simulated_journal();
    return simulated_longrun("web");
}

static void to_the_process_and_to_the_group(void **state)
{
    (void)state;
    struct longrun *l = web();
    longrun_signal(l, SIGHUP, false);
    simulated_expect("HUP web", "CONT web", NULL);
    longrun_signal(l, SIGSTOP, true);
    simulated_expect("STOP -web", "CONT -web", NULL);
    simulated_expect_not("STOP web");
}

/* What is passed on is not followed by CONT, and its sign says to whom it goes. */
static void passed_on_as_it_came(void **state)
{
    (void)state;
    struct longrun *l = web();
    longrun_pass_signal(l, SIGWINCH);
    longrun_pass_signal(l, -SIGTSTP);
    simulated_expect("WINCH web", "TSTP -web", NULL);
    simulated_expect_not("CONT web");
}

static void nobody_is_there(void **state)
{
    (void)state;
    struct longrun *l = web();
    simulated_ask("/run/service/web/supervise/control", "d");
    simulated_killed("web", SIGKILL);
    assert_int_equal(l->machine.pid, 0);
    simulated_journal();
    longrun_signal(l, SIGHUP, false);
    longrun_signal(l, SIGHUP, true);
    longrun_pass_signal(l, SIGHUP);
    longrun_pass_signal(l, -SIGHUP);
    assert_string_equal(simulated_journal(), "");
}

static void a_refusal_is_said_once(void **state)
{
    (void)state;
    struct longrun *l = web();
    simulated.refuses = "web";
    longrun_signal(l, SIGHUP, false);
    const char *text = simulated_journal();
    assert_non_null(strstr(text, "say overlog: warning: "));
    assert_non_null(strstr(text, "lack the capability CAP_KILL"));
    longrun_pass_signal(l, SIGHUP);
    longrun_signal(l, SIGHUP, true);
    assert_string_equal(simulated_journal(), "");
}

/* Until the pid is known, signals wait, each with its CONT. */
static void held_until_it_is_born(void **state)
{
    (void)state;
    simulated.settings.parents = true;
    simulated.hold_births = true;
    simulated_web(NULL);
    struct longrun *l = simulated_longrun("web");
    simulated_process("web")->stubborn = true;
    simulated_journal();
    longrun_signal(l, SIGHUP, false);
    longrun_signal(l, SIGQUIT, true);
    assert_string_equal(simulated_journal(), "");
    simulated_born("web");
    simulated_settle();
    simulated_expect("HUP web", "CONT web", "QUIT -web", "CONT -web", NULL);
}

static void the_end_is_the_down_signal(void **state)
{
    (void)state;
    struct longrun *l = web();
    longrun_end(l);
    simulated_expect("INT web", "CONT web", NULL);
}

/* A consumer gets the end of its pipe when all stop, but its signal at once when it alone does. */
static void a_consumer_is_drained_in_a_stop_only(void **state)
{
    (void)state;
    simulated.settings.drain = 500;
    simulated_service("api", "longrun", "run", "", "producer-for", "sink", NULL);
    simulated_service("sink", "longrun", "run", "", "consumer-for", "api", NULL);
    simulated_boot(NULL);
    struct longrun *sink = simulated_longrun("sink");
    simulated_process("sink")->stubborn = true;
    simulated_journal();
    longrun_end(sink);
    simulated_expect("TERM sink", NULL);
    assert_true(sink->pipe.input[1] >= 0);
    simulated.with_time = true;
    simulated_signal(SIGTERM);
    assert_int_equal(sink->pipe.input[1], -1);
    simulated_expect_not("0.000 TERM sink");
    simulated_run(1000);
    simulated_expect("0.500 TERM sink", NULL);
}

/* It waits for its service-lock, which an orphan of the last instance holds, and reads nothing. */
static void so_is_one_that_is_not_executed_yet(void **state)
{
    (void)state;
    simulated.settings.drain = 500;
    simulated.hold_reports = true;
    simulated_service("api", "longrun", "run", "", "producer-for", "sink", NULL);
    simulated_service("sink", "longrun", "run", "", "consumer-for", "api", NULL);
    simulated_boot(NULL);
    assert_int_equal(simulated_longrun("sink")->machine.state, SERVICE_STARTING);
    simulated.with_time = true;
    simulated_signal(SIGTERM);
    simulated_run(1000);
    simulated_expect("0.500 TERM sink", NULL);
    assert_true(simulated.over);
}

/* One that ended by the end of its pipe gets no signal any more. */
static void one_that_drains_in_time_gets_none(void **state)
{
    (void)state;
    simulated.settings.drain = 500;
    simulated_service("api", "longrun", "run", "", "producer-for", "sink", NULL);
    simulated_service("sink", "longrun", "run", "", "consumer-for", "api", NULL);
    simulated_boot(NULL);
    simulated_signal(SIGTERM);
    simulated_journal();
    simulated_exit("sink", 0);
    simulated_run(5000);
    assert_true(simulated.over);
    simulated_expect_not("TERM sink");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(to_the_process_and_to_the_group),
        SIMULATED_TEST(passed_on_as_it_came),
        SIMULATED_TEST(nobody_is_there),
        SIMULATED_TEST(a_refusal_is_said_once),
        SIMULATED_TEST(held_until_it_is_born),
        SIMULATED_TEST(the_end_is_the_down_signal),
        SIMULATED_TEST(a_consumer_is_drained_in_a_stop_only),
        SIMULATED_TEST(so_is_one_that_is_not_executed_yet),
        SIMULATED_TEST(one_that_drains_in_time_gets_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
