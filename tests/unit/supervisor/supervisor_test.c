/* What follows upon what: signals of pid 1, dead children, the order of one turn. */
#include "contract/signals.h"
#include "tests/unit/supervisor/simulated.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void signals_and_what_they_end_in(void **state)
{
    static const struct {
        int signal;
        enum final_act final;
    } rows[] = {{SIGTERM, FINAL_EXIT},     {SIGQUIT, FINAL_EXIT},    {SIGINT, FINAL_REBOOT},
                {SIGUSR1, FINAL_POWEROFF}, {SIGPWR, FINAL_POWEROFF}, {SIGUSR2, FINAL_EXIT},
                {SIGNAL_HALT, FINAL_EXIT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        simulated_boot(NULL);
        simulated_signal(rows[i].signal);
        assert_true(simulated.over);
        assert_int_equal(simulated.sv->stop.final, rows[i].final);
        simulated_close(state);
        simulated_open(state);
    }
}

static void abort_waits_for_nobody(void **state)
{
    (void)state;
    simulated.stubborn = true;
    simulated_web(NULL);
    simulated_journal();
    simulated_signal(SIGABRT);
    simulated_expect("TERM web", "KILL web", NULL);
}

static void hup_looks_for_services(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/service/extra/run", "");
    simulated_signal(SIGALRM);
    assert_non_null(simulated_process("extra"));
    assert_int_equal(simulated.sv->pid1.stage, STAGE_RUNNING);
}

/* In one turn a service with container-exit dies and somebody asks for its start: the stop that
 * follows from its end comes first. */
static void what_follows_comes_before_the_next(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "container-exit", "always", NULL);
    simulated_service("other", "longrun", "run", "", NULL);
    simulated_boot(NULL);
    simulated_ask("/run/service/other/supervise/control", "d");
    simulated_journal();
    simulated_end(simulated_process("web"), 3 << 8);
    simulated_ask("/run/service/other/supervise/control", "u");
    simulated_run(5000);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 3);
}

static void put(const char *fifo, const char *letter)
{
    int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(write(fd, letter, 1), 1);
    close(fd);
}

/* Both wait in one turn: what the first asks for has begun when the second is heard. */
static void and_before_the_next_handler(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_ask("/run/service/web/supervise/control", "d");
    simulated_journal();
    put("/run/service/.s6-svscan/control", "t");
    put("/run/service/web/supervise/control", "u");
    simulated_settle();
    assert_true(simulated.over);
    assert_null(strstr(simulated_journal(), "run web"));
}

static void backwards(struct epoll_event *events, int count)
{
    for (int i = 0; i < count / 2; i++) {
        struct epoll_event e = events[i];
        events[i] = events[count - 1 - i];
        events[count - 1 - i] = e;
    }
}

/* Whatever order the kernel tells events in, a boot and a stop come to the same end. */
static void in_any_order_of_events(void **state)
{
    (void)state;
    simulated.order = backwards;
    simulated_service("init", "oneshot", "up", "make", NULL);
    simulated_service("web", "longrun", "run", "", "notification-fd", "3", "dependencies.d/init",
                      "", NULL);
    simulated_boot("sleep 1");
    simulated_exit("init", 0);
    simulated_write("web", 3, "\n");
    simulated_settle();
    assert_non_null(simulated_process("sleep"));
    simulated_end(simulated_process("web"), 0);
    simulated_exit("sleep", 4);
    assert_true(simulated.over);
    assert_int_equal(simulated.code, 4);
    simulated.order = NULL;
}

static void many_deaths_take_several_turns(void **state)
{
    char name[16];
    (void)state;
    simulated.settings.logging = LOGGING_CONSOLE;
    simulated.sv->pid1.nofile.rlim_cur = 65536;
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "s%d", i);
        simulated_service(name, "longrun", "run", "", NULL);
    }
    simulated_boot(NULL);
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "s%d", i);
        simulated_end(simulated_process(name), 0);
    }
    simulated_run(2000);
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "s%d", i);
        assert_non_null(simulated_process(name));
    }
    assert_int_equal(simulated.ends, 0);
}

/* Where there are many children, the one that a signal names is taken at once, and all are looked
 * at a moment later, once: those whose signals were one with the first are found then. */
static void many_children_are_not_looked_at_for_each_death(void **state)
{
    (void)state;
    simulated_service("a", "longrun", "run", "", NULL);
    simulated_service("b", "longrun", "run", "", NULL);
    simulated_service("c", "longrun", "run", "", NULL);
    simulated_boot(NULL);
    simulated.sv->many_children = 0;
    simulated.looks = 0;
    simulated_end(simulated_process("a"), 0);
    simulated_end(simulated_process("b"), 0);
    simulated_settle();
    assert_int_equal(simulated.ends, 1);
    assert_int_equal(simulated.looks, 0);
    simulated_end(simulated_process("c"), 0);
    simulated_settle();
    assert_int_equal(simulated.ends, 1);
    assert_int_equal(simulated.looks, 0);
    simulated_run(1);
    assert_int_equal(simulated.ends, 0);
    assert_int_equal(simulated.looks, 2);
    simulated_run(2000);
    assert_int_equal(simulated.looks, 2);
}

/* Whoever sends the signal without a child: it is only looked. */
static void a_signal_of_no_child_is_a_look(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated.sv->many_children = 0;
    simulated.looks = 0;
    simulated_signal(SIGCHLD);
    simulated_run(1);
    assert_int_equal(simulated.looks, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(signals_and_what_they_end_in),
        SIMULATED_TEST(abort_waits_for_nobody),
        SIMULATED_TEST(hup_looks_for_services),
        SIMULATED_TEST(what_follows_comes_before_the_next),
        SIMULATED_TEST(and_before_the_next_handler),
        SIMULATED_TEST(in_any_order_of_events),
        SIMULATED_TEST(many_deaths_take_several_turns),
        SIMULATED_TEST(many_children_are_not_looked_at_for_each_death),
        SIMULATED_TEST(a_signal_of_no_child_is_a_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
