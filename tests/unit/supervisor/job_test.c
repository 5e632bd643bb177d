/* Requests of s6-rc: the lock, who waits for it, who hears of a job, and what the verbs do. */
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void one_at_a_time(void **state)
{
    (void)state;
    simulated_three();
    simulated_process("web")->stubborn = true;
    int first = simulated_rc("d", "change", "web", NULL);
    assert_string_equal(simulated_answer(simulated_rc("d", "change", "other", NULL)),
                        "es6-rc: fatal: unable to take locks: Resource busy\nx111\n");
    int waiting = simulated_rc("db", "change", "other", NULL);
    int last = simulated_rc("ub", "change", "other", NULL);
    assert_string_equal(simulated_answer(waiting), "");
    simulated_exit("web", 0);
    assert_non_null(strstr(simulated_answer(first), "x0\n"));
    assert_string_equal(simulated_answer(waiting),
                        "es6-rc: info: service other: stopping\n"
                        "es6-rc: info: service other successfully stopped\nx0\n");
    assert_non_null(strstr(simulated_answer(last), "successfully started\nx0\n"));
    simulated_expect("TERM web", "TERM other", "run other", NULL);
}

static void time_limits(void **state)
{
    const char *words[] = {"s6-rc", "d", "2000", "1", "0", "change", "web", NULL};
    const char *late[] = {"s6-rc", "db", "1000", "1", "0", "change", "other", NULL};
    (void)state;
    simulated_three();
    simulated_process("web")->stubborn = true;
    int fd = simulated_request(words);
    int waiting = simulated_request(late);
    simulated_run(1500);
    assert_string_equal(simulated_answer(waiting), "es6-rc: fatal: timed out\nx2\n");
    simulated_run(1000);
    simulated_exit("logcat", 0);
    assert_non_null(strstr(simulated_answer(fd), "es6-rc: fatal: timed out\nx2\n"));
    assert_string_equal(simulated_answer(simulated_rc("d", "change", "other", NULL)),
                        "es6-rc: info: service other: stopping\n"
                        "es6-rc: info: service other successfully stopped\nx0\n");
}

static void a_caller_that_goes_begins_nothing_more(void **state)
{
    (void)state;
    simulated_three();
    simulated_process("web")->stubborn = true;
    int fd = simulated_rc("d", "change", "init", NULL);
    int waiting = simulated_rc("db", "change", "other", NULL);
    close(fd);
    simulated_settle();
    simulated_exit("web", 0);
    assert_int_equal(simulated.sv->catalogue.oneshot[0].pid, 0);
    assert_string_equal(simulated_answer(waiting),
                        "es6-rc: info: service other: stopping\n"
                        "es6-rc: info: service other successfully stopped\nx0\n");
    simulated_expect("say s6-rc: info: service web successfully stopped", NULL);
    simulated_expect_not("say s6-rc: info: service init: stopping");
}

static void the_stop_tells_all_who_wait(void **state)
{
    (void)state;
    simulated_three();
    simulated_process("web")->stubborn = true;
    int fd = simulated_rc("d", "change", "web", NULL);
    int waiting = simulated_rc("db", "change", "other", NULL);
    simulated_answer(fd);
    simulated_signal(SIGTERM);
    assert_string_equal(simulated_answer(fd), "es6-rc: fatal: the container is stopping\nx111\n");
    assert_string_equal(simulated_answer(waiting),
                        "es6-rc: fatal: the container is stopping\nx111\n");
    simulated_exit("web", 0); /* nobody but us hears of the rest */
    simulated_expect("say s6-rc: info: service web successfully stopped", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(one_at_a_time),
        SIMULATED_TEST(time_limits),
        SIMULATED_TEST(a_caller_that_goes_begins_nothing_more),
        SIMULATED_TEST(the_stop_tells_all_who_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
