/* CMD: its exit code, its signals, and when it cannot be run; and the words that it is made of. */
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static void its_code_is_the_containers(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", NULL);
    simulated_boot("sleep 1");
    assert_int_equal(simulated.sv->cmd.pid, simulated_process("sleep")->pid);
    simulated_exit("sleep", 5);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 5);
    assert_string_equal(simulated_read("/run/s6-linux-init-container-results/exitcode"), "5\n");
    simulated_expect("exec sleep 1", "TERM web", NULL);
}

static void killed_it_counts_as_128_and_the_signal(void **state)
{
    (void)state;
    simulated_boot("sleep 1");
    simulated_killed("sleep", SIGKILL);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 128 + SIGKILL);
}

static void its_end_in_a_stop_does_not_count(void **state)
{
    (void)state;
    simulated_boot("sleep 1");
    simulated_file("/run/s6-linux-init-container-results/exitcode", "3\n");
    simulated_process("sleep")->stubborn = true;
    simulated_signal(SIGTERM);
    assert_false(simulated.over);
    simulated_exit("sleep", 5);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 3);
}

static void put_off_and_started_again(void **state)
{
    (void)state;
    simulated_boot(NULL);
    assert_int_equal(words_add(&simulated.sv->cmd.words, "sleep"), 0);
    simulated.with_time = true;
    simulated_journal();
    simulated.spawn_fails = EAGAIN;
    cmd_start(&simulated.sv->cmd);
    simulated_run(1500);
    assert_int_equal(simulated.sv->cmd.pid, 0);
    simulated.spawn_fails = 0;
    simulated_run(1000);
    simulated_expect("2.000 exec sleep", NULL);
    assert_true(simulated.sv->cmd.pid > 0);
}

static void one_that_cannot_be_run_ends_all(void **state)
{
    (void)state;
    simulated_boot(NULL);
    assert_int_equal(words_add(&simulated.sv->cmd.words, "sleep"), 0);
    simulated_journal();
    simulated.spawn_fails = EPERM;
    cmd_start(&simulated.sv->cmd);
    simulated.spawn_fails = 0;
    simulated_settle();
    simulated_expect("say overlog: fatal: unable to run sleep: unable to fork: Operation not "
                     "permitted",
                     NULL);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, EXIT_SYSTEM);
}

static void signals_are_its_own_if_it_wants_them(void **state)
{
    (void)state;
    simulated_variable("S6_CMD_RECEIVE_SIGNALS", "1");
    simulated_boot("sleep 1");
    simulated_process("sleep")->stubborn = true;
    assert_int_equal(strtol(simulated_read("/run/s6/cmdpid"), NULL, 10), simulated.sv->cmd.pid);
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_expect("TERM sleep", NULL);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
    simulated_exit("sleep", 0);
    assert_true(simulated.over);
    assert_false(simulated_exists("/run/s6/cmdpid"));
}

static void its_own_logger(void **state)
{
    (void)state;
    simulated.settings.logging = LOGGING_DISK;
    simulated_boot("sleep 1");
    simulated_expect("logger .cmd", "exec sleep 1", NULL);
    assert_int_equal(simulated_process("sleep")->out, simulated.sv->longruns.cmd.pipes.out_write);
}

static void words_as_of_a_shell(void **state)
{
    struct words w = WORDS_INIT;
    (void)state;
    assert_int_equal(cmd_expand("  a\tb c\n", &w), 0);
    assert_int_equal(w.count, 3);
    assert_string_equal(w.item[1], "b");
    words_release(&w);
    simulated_file("/run/some/x1", "");
    simulated_file("/run/some/x2", "");
    assert_int_equal(cmd_expand("ls /run/some/x* /run/none/*", &w), 0);
    assert_int_equal(w.count, 4);
    assert_string_equal(w.item[2], "/run/some/x2");
    assert_string_equal(w.item[3], "/run/none/*");
    words_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(its_code_is_the_containers),
        SIMULATED_TEST(killed_it_counts_as_128_and_the_signal),
        SIMULATED_TEST(its_end_in_a_stop_does_not_count),
        SIMULATED_TEST(put_off_and_started_again),
        SIMULATED_TEST(one_that_cannot_be_run_ends_all),
        SIMULATED_TEST(signals_are_its_own_if_it_wants_them),
        SIMULATED_TEST(its_own_logger),
        SIMULATED_TEST(words_as_of_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
