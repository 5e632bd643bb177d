/* The stop, by all its ways, and what signals of pid 1 do (supervisor.c). */
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void in_reverse_order(void **state)
{
    (void)state;
    simulated_service("data", "longrun", "run", "", NULL);
    simulated_service("web", "longrun", "run", "", "dependencies.d/data", "", NULL);
    simulated_boot("sleep 1");
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_expect("say s6-rc: info: service web: stopping", "TERM web",
                     "say s6-rc: info: service web successfully stopped",
                     "say s6-rc: info: service data: stopping", "TERM data",
                     "say s6-rc: info: service data successfully stopped", "TERM sleep", NULL);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 0);
}

static void what_does_not_end_is_killed(void **state)
{
    (void)state;
    simulated.stubborn = true;
    simulated_web("timeout-kill", "5000", NULL);
    simulated_journal();
    simulated.with_time = true;
    simulated_signal(SIGTERM);
    simulated_run(30000);
    simulated_expect("0.000 TERM web",
                     "3.000 say overlog: warning: web is still stopping after 3 s (it is killed in "
                     "2 s)",
                     "5.000 KILL web", "5.000 say s6-rc: info: service web successfully stopped",
                     NULL);
    assert_true(simulated.over);
}

static void the_rest_gets_term_and_kill(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_stranger("meek", false);
    simulated_stranger("wild", true);
    simulated_journal();
    simulated.with_time = true;
    simulated.sv->pid1.settings.kill_grace = 3000;
    simulated_signal(SIGTERM);
    simulated_run(30000);
    simulated_expect("0.000 TERM meek", "0.000 TERM wild", "3.000 STOP all", "3.000 KILL wild",
                     "3.000 CONT all", NULL);
    assert_true(simulated.over);
}

static void the_second_signal_skips_the_waits(void **state)
{
    (void)state;
    simulated.stubborn = true;
    simulated_web(NULL);
    simulated_signal(SIGTERM);
    simulated_run(500);
    simulated_journal();
    assert_false(simulated.over);
    simulated_signal(SIGTERM);
    simulated_expect("TERM web", "STOP all", "KILL web", "CONT all", NULL);
}

static void the_whole_stop_has_a_limit(void **state)
{
    (void)state;
    simulated.stubborn = true;
    simulated.settings.stop_max = 8000;
    simulated.settings.drain = 1000;
    simulated_web(NULL);
    simulated_journal();
    simulated.with_time = true;
    simulated_signal(SIGTERM);
    simulated_run(20000);
    simulated_expect("7.000 say overlog: warning: the stop takes longer than OVERLOG_STOP_MAXTIME "
                     "(8000 ms), killing what is left",
                     "7.000 KILL web", NULL);
    assert_true(simulated.over);
    assert_true(simulated.now <= (1000 + 8) * INT64_C(1000000000) + 20 * INT64_C(1000000000));
}

static void loggers_are_urged_then_killed(void **state)
{
    (void)state;
    simulated.settings.drain = 1000;
    simulated_web(NULL);
    simulated_logger_stays("web/log");
    simulated_journal();
    simulated.with_time = true;
    simulated_signal(SIGTERM);
    simulated_run(10000);
    simulated_expect("0.000 TERM web", "1.000 USR2 web/log", "2.000 KILL web/log",
                     "2.000 say overlog: warning: the logger of web did not finish in time", NULL);
    assert_true(simulated.over);
}

/* Half a second into a stop; the logger of web has ten bytes to read, and another one may be
 * there. */
static struct logger *let_loggers_stay(const char *other)
{
    simulated.settings.drain = 1000;
    simulated_web(NULL);
    simulated_logger_stays("web/log");
    if (other != NULL)
        simulated_logger_stays(other);
    struct logger *l = &simulated_longrun("web")->logger;
    assert_int_equal(write(l->pipes.out_write, "1234567890", 10), 10);
    simulated_journal();
    simulated.with_time = true;
    simulated_signal(SIGTERM);
    simulated_run(500);
    return l;
}

/* A byte each second, for as long as pid 1 lives. */
static void read_slowly(const struct logger *l, int count)
{
    char byte;
    for (int i = 0; i < count && !simulated.over; i++) {
        assert_int_equal(read(l->pipes.out_read, &byte, 1), 1);
        simulated_run(1000);
    }
}

static void loggers_that_read_are_not_killed(void **state)
{
    (void)state;
    read_slowly(let_loggers_stay(NULL), 5);
    simulated_expect("1.000 USR2 web/log", NULL);
    assert_false(simulated.over);
    simulated_run(10000);
    simulated_expect(
        "6.000 KILL web/log",
        "6.000 say overlog: warning: the logger of web did not finish in time: 5 bytes "
        "that it had not read are lost",
        NULL);
    assert_true(simulated.over);
}

/* What each reads counts for all: they share the processor that the last one waits for. */
static void loggers_that_wait_for_others_are_not_killed(void **state)
{
    (void)state;
    simulated_service("other", "longrun", "run", "", NULL);
    struct logger *l = let_loggers_stay("other/log");
    simulated_run(1000);
    simulated_journal();
    char rest[16];
    assert_int_equal(read(l->pipes.out_read, rest, sizeof rest), 10);
    simulated_exit("web/log", 0);
    simulated_run(1000);
    assert_true(logger_is_over(l));
    assert_string_equal(simulated_journal(), "");
    simulated_run(1000);
    simulated_expect("3.000 KILL other/log", NULL);
}

static void nothing_is_put_off_beyond_the_limit(void **state)
{
    (void)state;
    simulated.settings.stop_max = 4000;
    read_slowly(let_loggers_stay(NULL), 5);
    simulated_expect("4.000 KILL web/log", NULL);
    assert_true(simulated.over);
}

/* Whoever asks for the end once more gets it, however much there is to read. */
static void nothing_is_put_off_for_the_hurried(void **state)
{
    (void)state;
    struct logger *l = let_loggers_stay(NULL);
    read_slowly(l, 2);
    simulated_signal(SIGTERM); /* 2.5 */
    read_slowly(l, 7);
    simulated_expect("6.500 KILL web/log", NULL);
    assert_true(simulated.over);
}

static void the_exit_code_file(void **state)
{
    (void)state;
    simulated_boot("sleep 1");
    simulated_file("/run/s6-linux-init-container-results/exitcode", "42\n");
    simulated_signal(SIGTERM);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 42);
}

/* No descriptor is free when it is to be read, and then one is. */
static void the_exit_code_file_is_read_again(void **state)
{
    struct rlimit limit;
    (void)state;
    simulated_service("web", "longrun", "run", "", NULL);
    simulated_boot("sleep 1");
    simulated_process("web/log")->stubborn = true;
    simulated_process("sleep")->stubborn = true;
    simulated_file("/run/s6-linux-init-container-results/exitcode", "9\n");
    simulated_signal(SIGTERM);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_TERM);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit none = {.rlim_cur = 3, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    simulated_exit("sleep", 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_DRAIN);
    assert_int_equal(simulated.sv->stop.code, -1);
    simulated_exit("web/log", 0);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 9);
}

static void a_stopped_service_goes_on_for_the_stop(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated.sv->pid1.children.slot[0].stopped = false;
    children_find(&simulated.sv->pid1.children, simulated_process("web")->pid)->stopped = true;
    simulated_process("web")->stubborn = true; /* and so its CONT is in the journal */
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_expect("CONT web", "TERM web", "CONT web", NULL);
}

static struct pid1_calls calls; /* those of the simulation, but for two */
static int (*simulated_kill)(pid_t pid, int signal);
static int terms;

static long cannot_look(const struct remaining *r, int signal)
{
    (void)r;
    (void)signal;
    return -1;
}

static int kill_one(pid_t pid, int signal)
{
    if (pid < 0) { /* no child leads a group */
        errno = ESRCH;
        return -1;
    }
    terms += signal == SIGTERM;
    return simulated_kill(pid, signal);
}

/* Not pid 1, and without /proc. */
static void a_child_without_a_group_is_told_once(void **state)
{
    (void)state;
    simulated_boot("sleep 1");
    simulated_process("sleep")->stubborn = true;
    calls = *simulated.sv->pid1.calls;
    simulated_kill = calls.kill;
    calls.kill = kill_one;
    calls.signal_rest = cannot_look;
    simulated.sv->pid1.calls = &calls;
    simulated.sv->pid1.is_init = false;
    terms = 0;
    simulated_signal(SIGTERM);
    assert_int_equal(simulated.sv->pid1.stage, STAGE_TERM);
    assert_int_equal(terms, 1);
    simulated_run(30000);
    assert_true(simulated.over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(in_reverse_order),
        SIMULATED_TEST(what_does_not_end_is_killed),
        SIMULATED_TEST(the_rest_gets_term_and_kill),
        SIMULATED_TEST(the_second_signal_skips_the_waits),
        SIMULATED_TEST(the_whole_stop_has_a_limit),
        SIMULATED_TEST(loggers_are_urged_then_killed),
        SIMULATED_TEST(loggers_that_read_are_not_killed),
        SIMULATED_TEST(loggers_that_wait_for_others_are_not_killed),
        SIMULATED_TEST(nothing_is_put_off_beyond_the_limit),
        SIMULATED_TEST(nothing_is_put_off_for_the_hurried),
        SIMULATED_TEST(the_exit_code_file),
        SIMULATED_TEST(the_exit_code_file_is_read_again),
        SIMULATED_TEST(a_stopped_service_goes_on_for_the_stop),
        SIMULATED_TEST(a_child_without_a_group_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
