/* What run and finish are forked with. */
#include "tests/unit/supervisor/simulated.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fd_of(const struct simulated_process *p, int to)
{
    for (size_t i = 0; i < p->fds; i++)
        if (p->fd[i].to == to)
            return p->fd[i].from;
    return -1;
}

static void descriptors_by_its_files(void **state)
{
    (void)state;
    simulated_web("notification-fd", "5", "lock-fd", "4", NULL);
    const struct simulated_process *web = simulated_process("web");
    assert_int_equal(web->fds, 2);
    assert_true(fd_of(web, 5) >= 0);
    assert_true(fd_of(web, 4) >= 0);
    assert_true(simulated_exists("/run/service/web/supervise/service-lock"));
    assert_int_equal(web->in, simulated.sv->pid1.null);
    assert_string_equal(web->command, "./run web");
}

/* A process of the last instance holds the lock still. */
static void an_earlier_instance_is_named(void **state)
{
    (void)state;
    simulated_web("lock-fd", "4", NULL);
    int held = dup(fd_of(simulated_process("web"), 4));
    simulated_journal();
    simulated_exit("web", 0);
    simulated_run(1500);
    simulated_expect("say s6-supervise web: warning: a process of an earlier instance still lives "
                     "(it holds /run/s6-rc/servicedirs/web/supervise/service-lock): the new one "
                     "waits for its end",
                     "run web", NULL);
    close(held);
}

static void numbers_that_cannot_be(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/service/extra/run", "");
    simulated_file("/run/service/extra/notification-fd", "4");
    simulated_file("/run/service/extra/lock-fd", "4");
    simulated_journal();
    simulated_ask("/run/service/.s6-svscan/control", "a");
    simulated_expect("say s6-supervise extra: warning: unable to spawn ./run: notification-fd and "
                     "lock-fd are both 4",
                     NULL);
    simulated_file("/run/service/extra/lock-fd", "3");
    simulated_run(1500);
    simulated_expect("run extra", NULL);
}

static void finish_knows_how_it_ended(void **state)
{
    (void)state;
    simulated_web("finish", "", NULL);
    char expected[64];
    snprintf(expected, sizeof expected, "./finish 3 0 web %d", (int)simulated_process("web")->pid);
    simulated_exit("web", 3);
    assert_string_equal(simulated_process("web/finish")->command, expected);
    simulated_exit("web/finish", 0);
    simulated_run(2000);
    simulated_killed("web", SIGUSR1);
    simulated_expect("finish web 3 0", "finish web 256 10", NULL);
}

static void output_without_a_logger(void **state)
{
    (void)state;
    simulated_web("logging", "0", NULL);
    assert_int_equal(simulated_process("web")->out, 1);
    assert_int_equal(simulated_process("web")->err, 2);
    simulated_file("/run/service/extra/run", "");
    simulated_file("/run/service/extra/log/run", "");
    simulated_ask("/run/service/.s6-svscan/control", "a");
    assert_int_equal(simulated_process("extra")->err, simulated.sv->longruns.init.pipes.err_write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(descriptors_by_its_files), SIMULATED_TEST(an_earlier_instance_is_named),
        SIMULATED_TEST(numbers_that_cannot_be),   SIMULATED_TEST(finish_knows_how_it_ended),
        SIMULATED_TEST(output_without_a_logger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
