/* The life of one supervised program, and what is asked of it in its directory. */
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define CONTROL "/run/service/web/supervise/control"

static void it_is_restarted_after_its_finish(void **state)
{
    (void)state;
    simulated_web("finish", "", NULL);
    simulated.with_time = true;
    simulated_journal();
    simulated_killed("web", SIGSEGV);
    simulated_expect("0.000 USR1 web/log", "0.000 finish web 256 11", NULL);
    simulated_exit("web/finish", 0);
    simulated_run(2000);
    simulated_expect("1.000 run web", NULL);
}

static void finish_says_125(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "notification-fd", "3", "finish", "", NULL);
    simulated_boot("sleep 1");
    simulated_exit("web", 1);
    simulated_exit("web/finish", 125);
    simulated_expect("say s6-rc: warning: service web failed permanently", "exec sleep 1", NULL);
    simulated_run(10000);
    assert_null(simulated_process("web"));
    assert_int_equal(simulated_longrun("web")->machine.failed, FAILURE_FINISH);
}

static void letters(void **state)
{
    (void)state;
    simulated_web("down-signal", "INT", NULL);
    simulated_journal();
    simulated_process("web")->stubborn = true;
    simulated_ask(CONTROL, "h1r");
    simulated_expect("HUP web", "USR1 web", "INT web", NULL);
    simulated_ask(CONTROL, "d");
    simulated_expect("INT web", "CONT web", NULL);
    simulated_exit("web", 0);
    simulated_run(5000);
    assert_null(simulated_process("web"));
    simulated_ask(CONTROL, "u");
    simulated_expect("run web", NULL);
}

static void the_file_down_follows_letters_in_their_order(void **state)
{
    (void)state;
    simulated_web("notification-fd", "3", NULL);
    assert_true(simulated_exists("/run/service/web/down"));
    simulated_write("web", 3, "\n");
    simulated_settle();
    assert_false(simulated_exists("/run/service/web/down"));
    simulated_ask(CONTROL, "uD");
    assert_true(simulated_exists("/run/service/web/down"));
    simulated_ask(CONTROL, "U");
    assert_false(simulated_exists("/run/service/web/down"));
}

static void container_exit_ends_all(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "container-exit", "failure", NULL);
    simulated_service("other", "longrun", "run", "", "container-exit", "failure", NULL);
    simulated_boot("sleep 1");
    simulated_exit("other", 0); /* which is no failure */
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
    simulated_exit("web", 9);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 9);
}

static void the_first_exit_counts(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "container-exit", "always", NULL);
    simulated_service("other", "longrun", "run", "", "container-exit", "always", NULL);
    simulated_boot(NULL);
    simulated_end(simulated_process("web"), 7 << 8);
    simulated_end(simulated_process("other"), 8 << 8);
    simulated_settle();
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 7);
}

static void a_fork_that_fails_is_tried_again(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", NULL);
    simulated.spawn_fails = 0;
    simulated_boot(NULL);
    simulated.spawn_fails = EAGAIN;
    simulated.with_time = true;
    simulated_journal();
    simulated_exit("web", 0);
    simulated_run(2500);
    simulated_expect(
        "1.000 say overlog: warning: service web: unable to fork: Resource temporarily "
        "unavailable (too many processes: --pids-limit, or the user's limit, --ulimit "
        "nproc); retrying this and everything else that fails for the same reason",
        NULL);
    simulated.spawn_fails = 0;
    simulated_run(8000);
    simulated_expect("4.000 run web",
                     "4.000 say overlog: info: it works again, after 2 attempts that failed", NULL);
}

/* A consumer ends by the end of file that its producer's end is. */
static void a_pipeline_drains(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "producer-for", "sink", NULL);
    simulated_service("sink", "longrun", "run", "", "consumer-for", "web", "pipeline-name", "both",
                      NULL);
    simulated_boot(NULL);
    struct longrun *sink = simulated_longrun("sink");
    assert_int_equal(simulated_process("web")->out, sink->pipe.input[1]);
    assert_int_equal(simulated_process("sink")->in, sink->pipe.input[0]);
    simulated_process("sink")->stubborn = true;
    simulated.settings.drain = 1000;
    simulated.with_time = true;
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_expect("0.000 TERM web", "0.000 say s6-rc: info: service sink: stopping", NULL);
    simulated_expect_not("0.000 TERM sink");
    assert_int_equal(sink->pipe.input[1], -1);
    simulated_run(1500);
    simulated_expect("1.000 TERM sink", NULL);
}

/* Whether it says so itself was settled when it was started. */
static void readiness_is_of_the_instance(void **state)
{
    (void)state;
    simulated_web("notification-fd", "3", NULL);
    const struct longrun *web = simulated_longrun("web");
    assert_true(catalogue_awaits(web->all->catalogue, web->node, true));
    assert_int_equal(unlink("/run/service/web/notification-fd"), 0);
    simulated_ask(CONTROL, "u");
    assert_true(catalogue_awaits(web->all->catalogue, web->node, true));
    simulated_write("web", 3, "\n");
    simulated_settle();
    assert_false(catalogue_awaits(web->all->catalogue, web->node, true));
}

/* Who asked s6-rc to stop it is answered, and it stays down. */
static void a_supervisor_that_leaves_holds_up_no_stop(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_process("web")->stubborn = true;
    int caller = simulated_rc("d", "change", "web", NULL);
    simulated_ask(CONTROL, "x");
    assert_null(strstr(simulated_answer(caller), "x0"));
    simulated_exit("web", 0);
    simulated_run(5000);
    assert_non_null(strstr(simulated_answer(caller), "x0"));
    assert_null(simulated_process("web"));
    assert_true(simulated_exists("/run/service/web/down"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(it_is_restarted_after_its_finish),
        SIMULATED_TEST(finish_says_125),
        SIMULATED_TEST(letters),
        SIMULATED_TEST(the_file_down_follows_letters_in_their_order),
        SIMULATED_TEST(container_exit_ends_all),
        SIMULATED_TEST(the_first_exit_counts),
        SIMULATED_TEST(a_fork_that_fails_is_tried_again),
        SIMULATED_TEST(a_pipeline_drains),
        SIMULATED_TEST(readiness_is_of_the_instance),
        SIMULATED_TEST(a_supervisor_that_leaves_holds_up_no_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
