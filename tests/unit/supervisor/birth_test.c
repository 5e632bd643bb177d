/* Services whose processes have a parent of their own. */
#include "supervisor/birth.h"
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <signal.h>

#define CONTROL "/run/service/web/supervise/control"

static void boot_one(void)
{
    simulated.settings.parents = true;
    simulated_web("finish", "", NULL);
}

/* All that is kept for the service is kept for one that lives with its parent. */
static void assert_runs(void)
{
    const struct longrun *l = simulated_longrun("web");
    const struct simulated_process *p = simulated_process("web");
    const struct children *c = &simulated.sv->pid1.children;
    assert_non_null(p);
    assert_int_equal(l->machine.state, SERVICE_UP);
    assert_int_equal(l->machine.pid, p->pid);
    assert_int_equal(l->run.birth.parent, p->parent);
    assert_int_equal(children_find(c, p->pid)->role, CHILD_SERVICE);
    assert_int_equal(children_find(c, p->parent)->role, CHILD_PARENT);
    assert_int_equal(simulated.sv->longruns.runs.births, 0);
    assert_int_equal(simulated.sv->longruns.runs.execs, 0);
}

static void the_pid_is_that_of_the_service(void **state)
{
    (void)state;
    boot_one();
    assert_runs();
    size_t known = simulated.sv->pid1.children.count;
    for (int i = 0; i < 6; i++) {
        simulated.service_first = i % 2 != 0;
        simulated_journal();
        simulated_exit("web", 3);
        assert_int_equal(simulated_longrun("web")->machine.pid,
                         simulated_process("web/finish")->pid);
        simulated_exit("web/finish", 0);
        simulated_run(2000);
        simulated_expect("finish web 3 0", "run web", NULL);
        assert_runs();
        assert_int_equal(simulated.sv->pid1.children.count, known);
    }
}

/* Letters come before it; what came before a KILL does not matter. */
static void signals_wait_for_the_pid(void **state)
{
    (void)state;
    simulated.hold_births = true;
    boot_one();
    simulated.stubborn = true;
    assert_int_equal(simulated.sv->longruns.runs.births, 1);
    simulated_journal();
    simulated_process("web")->stubborn = true;
    simulated_ask(CONTROL, "h1");
    simulated_ask(CONTROL, "d");
    simulated_expect_not("HUP web");
    simulated_expect_not("TERM web");
    simulated_born("web");
    simulated_settle();
    simulated_expect("HUP web", "USR1 web", "TERM web", "CONT web", NULL);
    simulated_killed("web", SIGTERM);
    simulated_born("web/finish");
    simulated_exit("web/finish", 0);
    simulated_ask(CONTROL, "u1tk2");
    simulated_born("web");
    simulated_settle();
    simulated_expect("run web", "KILL web", NULL);
    simulated_expect_not("USR1 web");
}

static void of_too_many_signals_the_first_stays(void **state)
{
    (void)state;
    struct birth b;
    birth_begin(&b, 7);
    assert_true(birth_holds(&b, SIGKILL));
    for (int i = 1; i <= 20; i++)
        assert_true(birth_holds(&b, i % 2 ? SIGUSR1 : -SIGUSR2));
    assert_int_equal(b.held, BIRTH_SIGNALS);
    assert_int_equal(b.signal[0], SIGKILL);
    assert_int_equal(b.signal[BIRTH_SIGNALS - 1], -SIGUSR2);
    assert_true(birth_holds(&b, -SIGKILL));
    assert_int_equal(b.held, 1);
    b.awaited = false;
    assert_false(birth_holds(&b, SIGTERM));
}

/* Both are dead before pid 1 has read anything of them. */
static void it_ends_before_its_pid_was_read(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        simulated_close(state);
        simulated_open(state);
        simulated.hold_births = true;
        simulated.service_first = i != 0;
        boot_one();
        simulated_journal();
        pid_t pid = simulated_process("web")->pid;
        simulated_born("web");
        simulated_end(simulated_process("web"), 3 << 8);
        simulated_settle();
        simulated_expect("finish web 3 0", NULL);
        assert_int_equal(simulated_longrun("web")->machine.run_pid, pid);
    }
}

static void the_parent_is_killed(void **state)
{
    (void)state;
    boot_one();
    simulated_killed("web/parent", SIGKILL);
    assert_int_equal(simulated_longrun("web")->run.birth.parent, 0);
    assert_int_equal(simulated_longrun("web")->machine.state, SERVICE_UP);
    simulated_journal();
    simulated_exit("web", 4);
    simulated_expect("finish web 4 0", NULL);
    simulated_exit("web/finish", 0);
    simulated_run(2000);
    assert_runs();
}

static void the_parent_is_killed_before_the_pid_is_known(void **state)
{
    (void)state;
    simulated.hold_births = true;
    boot_one();
    simulated_killed("web/parent", SIGKILL);
    assert_int_equal(simulated_longrun("web")->machine.state, SERVICE_STARTING);
    simulated_born("web");
    simulated_settle();
    assert_int_equal(simulated_longrun("web")->machine.state, SERVICE_UP);
    assert_int_equal(simulated_longrun("web")->machine.pid, simulated_process("web")->pid);
}

static void the_parent_cannot_fork(void **state)
{
    (void)state;
    simulated.hold_births = true;
    boot_one();
    simulated.with_time = true;
    simulated_journal();
    simulated_unborn("web", EAGAIN);
    simulated_run(1000);
    simulated_expect(
        "0.000 say overlog: warning: service web: unable to fork: Resource temporarily unavailable "
        "(too many processes: --pids-limit, or the user's limit, --ulimit nproc); retrying this "
        "and everything else that fails for the same reason",
        "1.000 run web", NULL);
    simulated.hold_births = false;
    simulated_born("web");
    simulated_settle();
    assert_runs();
    simulated.hold_births = true;
    simulated_exit("web", 0);
    simulated_unborn("web/finish", EAGAIN);
    simulated_run(1000);
    simulated_expect("1.000 say s6-supervise web: warning: unable to spawn ./finish: unable to "
                     "fork: Resource temporarily unavailable",
                     "2.000 run web", NULL);
}

static void both_are_killed_before_the_pid_is_known(void **state)
{
    (void)state;
    simulated.hold_births = true;
    boot_one();
    simulated_journal();
    simulated_ask(CONTROL, "1");
    simulated_unborn("web", 0);
    simulated_settle();
    simulated_expect(
        "say s6-supervise web: warning: unable to spawn ./run: it was killed before it "
        "could be executed",
        NULL);
    assert_int_equal(simulated.sv->longruns.runs.births, 0);
    simulated_run(1000);
    simulated_born("web");
    simulated_settle();
    simulated_expect("run web", NULL);
    simulated_expect_not("USR1 web"); /* that was for the one before */
    assert_runs();
}

static void it_cannot_be_executed(void **state)
{
    (void)state;
    simulated.hold_reports = true;
    boot_one();
    simulated_journal();
    simulated_executed("web", ENOENT);
    simulated_settle();
    simulated_expect("say s6-supervise web: warning: unable to spawn ./run: unable to execute "
                     "/run/s6-rc/servicedirs/web/run: No such file or directory",
                     NULL);
    assert_null(simulated_process("web/parent"));
    assert_int_equal(simulated_longrun("web")->machine.failures, 1);
    simulated_run(1000);
    simulated_executed("web", 0);
    simulated_settle();
    assert_runs();
}

static void a_stop_before_the_pid_is_known(void **state)
{
    (void)state;
    simulated.hold_births = true;
    boot_one();
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_expect_not("TERM web");
    assert_false(simulated.over);
    simulated_born("web");
    simulated_settle();
    simulated_expect("TERM web", "finish web 256 15", NULL);
    simulated_born("web/finish");
    simulated_exit("web/finish", 0);
    simulated_run(100);
    assert_true(simulated.over);
}

/* It is not our child, so all that we hear is that some child's child has stopped. */
static void one_that_was_stopped_goes_on(void **state)
{
    (void)state;
    boot_one();
    simulated_process("web")->stubborn = true;
    simulated_journal();
    simulated_signal(SIGCHLD);
    simulated_run(200);
    simulated_expect_not("CONT web"); /* s6-svc -p */
    simulated_signal(SIGTERM);
    simulated_journal();
    simulated_signal(SIGCHLD);
    simulated_run(200);
    simulated_expect("CONT web", NULL);
}

/* Unless somebody has decided about it. */
static void a_script_that_needs_parents_is_looked_for(void **state)
{
    boot_one();
    simulated_expect_not("exec legacy parent-names");
    simulated_close(state);
    simulated_open(state);
    simulated.settings.parents_unset = true;
    simulated_web(NULL);
    simulated_expect("exec legacy parent-names", NULL);
    simulated_close(state);
    simulated_open(state);
    simulated.settings.parents_unset = true;
    simulated_boot(NULL); /* without any service */
    simulated_expect_not("exec legacy parent-names");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(the_pid_is_that_of_the_service),
        SIMULATED_TEST(signals_wait_for_the_pid),
        cmocka_unit_test(of_too_many_signals_the_first_stays),
        SIMULATED_TEST(it_ends_before_its_pid_was_read),
        SIMULATED_TEST(the_parent_is_killed),
        SIMULATED_TEST(the_parent_is_killed_before_the_pid_is_known),
        SIMULATED_TEST(the_parent_cannot_fork),
        SIMULATED_TEST(both_are_killed_before_the_pid_is_known),
        SIMULATED_TEST(it_cannot_be_executed),
        SIMULATED_TEST(a_stop_before_the_pid_is_known),
        SIMULATED_TEST(one_that_was_stopped_goes_on),
        SIMULATED_TEST(a_script_that_needs_parents_is_looked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
