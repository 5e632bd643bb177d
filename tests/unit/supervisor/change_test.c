/* Jobs of s6-rc: transitions, dry runs and reloads. */
#include "tests/unit/supervisor/simulated.h"
#include <string.h>

static void down_and_up(void **state)
{
    (void)state;
    simulated_three();
    int fd = simulated_rc("d", "change", "init", NULL);
    assert_string_equal(simulated_answer(fd),
                        "es6-rc: info: service legacy-services: stopping\n"
                        "es6-rc: info: service legacy-services successfully stopped\n"
                        "es6-rc: info: service web: stopping\n"
                        "es6-rc: info: service web successfully stopped\n"
                        "es6-rc: info: service init: stopping\n"
                        "es6-rc: info: service init successfully stopped\n"
                        "x0\n");
    simulated_expect("TERM web", NULL);
    fd = simulated_rc("u", "change", "web", NULL);
    assert_string_equal(simulated_answer(fd), "es6-rc: info: service init: starting\n"
                                              "es6-rc: info: service init successfully started\n"
                                              "es6-rc: info: service web: starting\n"
                                              "es6-rc: info: service web successfully started\n"
                                              "x0\n");
}

static void a_dry_run_touches_nothing(void **state)
{
    (void)state;
    simulated_three();
    assert_string_equal(simulated_answer(simulated_rc("dn", "change", "init", NULL)),
                        "es6-rc: info: dry run: service legacy-services: stopping\n"
                        "s6-rc: info: dry run: service legacy-services successfully stopped\n"
                        "s6-rc: info: dry run: service web: stopping\n"
                        "s6-rc: info: dry run: service web successfully stopped\n"
                        "s6-rc: info: dry run: service init: stopping\n"
                        "s6-rc: info: dry run: service init successfully stopped\nx0\n");
    simulated_expect_not("TERM web");
    assert_false(simulated.sv->rc.job.busy);
}

static void prune_goes_down_first(void **state)
{
    (void)state;
    simulated_three();
    int fd = simulated_rc("d", "change", "other", NULL);
    fd = simulated_rc("up", "change", "other", NULL);
    simulated_expect("TERM other", "TERM web", "run other", NULL);
    assert_non_null(strstr(simulated_answer(fd), "x0\n"));
    assert_null(simulated_process("web"));
}

static void reloads(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "", "reload", "again", NULL);
    simulated_web("reload-signal", "HUP", NULL);
    simulated_process("web")->stubborn = true;
    simulated_journal();
    int fd = simulated_rc("u", "reload", "web", "init", NULL);
    simulated_expect("oneshot init: again", "HUP web", NULL);
    assert_string_equal(simulated_answer(fd), "es6-rc: info: service web successfully reloaded\n");
    assert_int_equal(simulated_process("init")->passed, simulated.sv->rc.job.caller->watch.fd);
    simulated_exit("init", 3);
    assert_string_equal(simulated_answer(fd),
                        "es6-rc: warning: unable to reload service init: command exited 3\nx1\n");
}

/* As s6-svc -l: the signal is for run. */
static void a_reload_leaves_finish_alone(void **state)
{
    (void)state;
    simulated_web("reload-signal", "HUP", "finish", "", NULL);
    simulated_exit("web", 1);
    simulated_process("web/finish")->stubborn = true;
    assert_int_equal(simulated_longrun("web")->machine.state, SERVICE_FINISH);
    simulated_journal();
    int fd = simulated_rc("u", "reload", "web", NULL);
    simulated_expect_not("HUP web/finish");
    assert_string_equal(simulated_answer(fd),
                        "es6-rc: info: service web successfully reloaded\nx0\n");
}

static void a_reload_waits_for_the_birth(void **state)
{
    (void)state;
    simulated.settings.parents = true;
    simulated_web("reload-signal", "HUP", NULL);
    simulated.hold_births = true;
    simulated_exit("web", 1);
    simulated_run(2000);
    simulated_process("web")->stubborn = true;
    assert_true(simulated_longrun("web")->run.birth.awaited);
    simulated_rc("u", "reload", "web", NULL);
    simulated_expect_not("HUP web");
    simulated_born("web");
    simulated_settle();
    simulated_expect("HUP web", NULL);
}

static void a_reload_is_by_the_file_as_it_is_now(void **state)
{
    (void)state;
    simulated_web("reload-signal", "HUP", NULL);
    simulated_process("web")->stubborn = true;
    simulated_file("/run/service/web/reload-signal", "USR1\n");
    simulated_rc("u", "reload", "web", NULL);
    simulated_expect("USR1 web", NULL);
}

static void essential_services_are_spared(void **state)
{
    (void)state;
    simulated_web("flag-essential", "", NULL);
    assert_string_equal(simulated_answer(simulated_rc("d", "change", "web", NULL)),
                        "es6-rc: warning: service web is marked as essential, not stopping it\n"
                        "es6-rc: info: service legacy-services: stopping\n"
                        "es6-rc: info: service legacy-services successfully stopped\nx0\n");
    assert_non_null(simulated_process("web"));
    simulated_rc("D", "change", "web", NULL);
    assert_null(simulated_process("web"));
}

static void reloads_that_take_too_long(void **state)
{
    const char *words[] = {"s6-rc", "u", "2000", "1", "0", "reload", "init", NULL};
    (void)state;
    simulated_service("init", "oneshot", "up", "", "reload", "again", NULL);
    simulated_boot(NULL);
    simulated.with_time = true;
    simulated_journal();
    int fd = simulated_request(words);
    simulated_process("init")->stubborn = true;
    simulated_run(2500);
    simulated_expect("2.000 TERM -init", NULL);
    assert_string_equal(simulated_answer(fd), "es6-rc: fatal: timed out\nx2\n");
    simulated_exit("init", 0); /* which nobody waits for any more */
    assert_false(simulated.sv->rc.job.busy);
}

/* It ends while another job reloads, which must not take it for its own. */
static void a_late_reload_counts_in_no_other_job(void **state)
{
    const char *words[] = {"s6-rc", "u", "2000", "1", "0", "reload", "stuck", NULL};
    (void)state;
    simulated_service("init", "oneshot", "up", "", "reload", "again", NULL);
    simulated_service("stuck", "oneshot", "up", "", "reload", "again", NULL);
    simulated_boot(NULL);
    int late = simulated_request(words);
    simulated_process("stuck")->stubborn = true;
    simulated_run(2500);
    assert_string_equal(simulated_answer(late), "es6-rc: fatal: timed out\nx2\n");
    int fd = simulated_rc("u", "reload", "init", NULL);
    simulated_killed("stuck", SIGTERM);
    assert_string_equal(simulated_answer(fd), "");
    simulated_exit("init", 0);
    assert_string_equal(simulated_answer(fd),
                        "es6-rc: info: service init successfully reloaded\nx0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(down_and_up),
        SIMULATED_TEST(a_dry_run_touches_nothing),
        SIMULATED_TEST(prune_goes_down_first),
        SIMULATED_TEST(reloads),
        SIMULATED_TEST(a_reload_leaves_finish_alone),
        SIMULATED_TEST(a_reload_waits_for_the_birth),
        SIMULATED_TEST(a_reload_is_by_the_file_as_it_is_now),
        SIMULATED_TEST(essential_services_are_spared),
        SIMULATED_TEST(reloads_that_take_too_long),
        SIMULATED_TEST(a_late_reload_counts_in_no_other_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
