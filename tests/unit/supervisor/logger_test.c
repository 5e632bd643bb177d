/* Loggers: started, restarted, counted out at the end. */
#include "tests/unit/supervisor/simulated.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct logger *of(const char *name)
{
    return &simulated_longrun(name)->logger;
}

static void before_its_service(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_expect("logger .init", "logger web", "run web", NULL);
    assert_int_equal(of("web")->state, LOGGER_RUNNING);
    assert_int_equal(simulated_process("web")->out, of("web")->pipes.out_write);
    assert_int_equal(simulated_process("web")->err, of("web")->pipes.err_write);
    assert_non_null(
        strstr(simulated_process("web/log")->command, "logger -d /var/log/services/web"));
}

static void none_without_logging(void **state)
{
    (void)state;
    simulated.settings.logging = LOGGING_CONSOLE;
    simulated_web(NULL);
    assert_int_equal(of("web")->state, LOGGER_NONE);
    assert_null(simulated_process("web/log"));
    assert_null(simulated_process(".init/log"));
    assert_int_equal(simulated_process("web")->out, 1);
    int fd = dup(0);
    assert_true(fd >= 0);
    close(fd);
    simulated_signal(SIGTERM);
    assert_true(simulated.over);
    assert_true(dup2(0, 0) == 0); /* what no logger has is not closed by the drain */
}

static void restarted_ever_later(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated.with_time = true;
    simulated_journal();
    simulated_exit("web/log", 111);
    simulated_expect(
        "0.000 say overlog: warning: the logger of web ended with code 111, starting another",
        "0.000 logger web", NULL);
    assert_non_null(strstr(simulated_process("web/log")->command, " -r "));
    simulated_exit("web/log", 111);
    assert_int_equal(of("web")->state, LOGGER_WAITING);
    simulated_run(1000);
    simulated_exit("web/log", 111);
    simulated_run(2000);
    simulated_exit("web/log", 111);
    simulated_run(4000);
    simulated_expect("1.000 logger web", "3.000 logger web", "7.000 logger web", NULL);
    simulated_run(11000); /* it is stable again */
    simulated_exit("web/log", 111);
    simulated_expect("18.000 logger web", NULL);
}

static void a_successor_hears_of_the_boundary(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_journal();
    simulated_exit("web", 1);
    simulated_expect("USR1 web/log", NULL);
    simulated_exit("web/log", 0);
    simulated_expect("logger web", "USR1 web/log", NULL);
    simulated_run(2000);
    simulated_exit("web/log", 0); /* the service runs: nothing to tell */
    simulated_expect("run web", "logger web", NULL);
    simulated_expect_not("USR1 web/log");
}

static void letters_to_a_logger(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_journal();
    simulated_ask("/run/service/web/log/supervise/control", "a");
    simulated_expect("ALRM web/log", NULL);
    simulated_ask("/run/service/web/log/supervise/control", "d");
    simulated_expect("HUP web/log", "logger web", NULL);
}

static void one_that_cannot_be_forked(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated.with_time = true;
    simulated_journal();
    simulated.spawn_fails = 11;
    simulated_exit("web/log", 0);
    simulated_run(2500);
    assert_int_equal(of("web")->state, LOGGER_WAITING);
    simulated.spawn_fails = 0;
    simulated_run(1000);
    simulated_expect("3.000 logger web",
                     "3.000 say overlog: info: it works again, after 3 attempts "
                     "that failed",
                     NULL);
}

static void drained_at_the_end(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_signal(SIGTERM);
    assert_true(simulated.over);
    assert_int_equal(of("web")->state, LOGGER_DRAINED);
    assert_int_equal(simulated.sv->longruns.init.state, LOGGER_DRAINED);
    assert_int_equal(simulated.sv->longruns.cmd.state, LOGGER_NONE);
    simulated_expect_not("USR2 web/log");
}

/* Nothing is left in its pipes, but in its journals. */
static void a_successor_writes_what_is_left_at_the_end(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_logger_stays("web/log");
    simulated_journal();
    simulated_signal(SIGTERM);
    assert_int_equal(of("web")->state, LOGGER_ENDING);
    simulated_exit("web/log", LOGGER_EXIT_SUCCESSOR);
    simulated_expect("logger web", NULL);
    simulated_expect_not(
        "say overlog: warning: the logger of web ended with code 99, starting another");
    assert_int_equal(of("web")->state, LOGGER_DRAINED);
    assert_true(simulated.over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(before_its_service),
        SIMULATED_TEST(none_without_logging),
        SIMULATED_TEST(restarted_ever_later),
        SIMULATED_TEST(a_successor_hears_of_the_boundary),
        SIMULATED_TEST(letters_to_a_logger),
        SIMULATED_TEST(one_that_cannot_be_forked),
        SIMULATED_TEST(drained_at_the_end),
        SIMULATED_TEST(a_successor_writes_what_is_left_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
