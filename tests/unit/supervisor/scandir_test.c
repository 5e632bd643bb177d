/* Services that are put into /run/service at run time. */
#include "base/file.h"
#include "tests/unit/supervisor/simulated.h"
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define SCAN "/run/service/.s6-svscan/control"

static void a_directory_is_found(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/service/extra/run", "");
    simulated_file("/run/service/later/run", "");
    simulated_file("/run/service/later/down", "");
    simulated_journal();
    simulated_ask(SCAN, "a");
    simulated_expect("run extra", NULL);
    assert_null(simulated_process("later"));
    assert_int_equal(simulated_longrun("extra")->member, MEMBER_LISTED);
    assert_int_equal(simulated_longrun("later")->node, NO_NODE);
    simulated_ask("/run/service/later/supervise/control", "u");
    simulated_expect("run later", NULL);
}

static void and_goes(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/here/extra/run", "");
    assert_int_equal(symlink("/run/here/extra", "/run/service/extra"), 0);
    simulated_ask(SCAN, "a");
    simulated_process("extra")->stubborn = true;
    unlink("/run/service/extra");
    simulated_journal();
    simulated_ask(SCAN, "h");
    simulated_expect("TERM extra", NULL);
    assert_int_equal(simulated_longrun("extra")->member, MEMBER_REMOVING);
    simulated_exit("extra", 0);
    assert_null(longruns_named(&simulated.sv->longruns, "extra"));
    assert_false(simulated_exists("/run/here/extra/supervise/lock"));
}

/* s6-svunlink, and s6-svlink again while it dies. */
static void linked_again_while_it_ends(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/here/extra/run", "");
    assert_int_equal(symlink("/run/here/extra", "/run/service/extra"), 0);
    simulated_ask(SCAN, "a");
    simulated_process("extra")->stubborn = true;
    unlink("/run/service/extra");
    simulated_ask(SCAN, "h");
    assert_int_equal(symlink("/run/here/extra", "/run/service/extra"), 0);
    simulated_ask(SCAN, "a");
    simulated_journal();
    simulated_run(3000);
    simulated_expect_not("run extra");
    simulated_exit("extra", 0);
    simulated_expect("run extra", NULL);
    assert_int_equal(simulated_longrun("extra")->member, MEMBER_LISTED);
}

/* It has left a process that holds its log, which the new one writes into as well; by the same
 * directory, and by another one. */
static void linked_again_while_its_logger_reads(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/here/extra/run", "");
    simulated_file("/run/there/extra/run", "");
    assert_int_equal(symlink("/run/here/extra", "/run/service/extra"), 0);
    simulated_ask(SCAN, "a");
    for (int i = 0; i < 2; i++) {
        pid_t logger = simulated_process("extra/log")->pid;
        simulated_process("extra/log")->stubborn = true;
        unlink("/run/service/extra");
        simulated_ask(SCAN, "h");
        assert_int_equal(simulated_longrun("extra")->member, MEMBER_GONE);
        assert_int_equal(
            symlink(i == 0 ? "/run/here/extra" : "/run/there/extra", "/run/service/extra"), 0);
        simulated_journal();
        simulated_ask(SCAN, "a");
        simulated_expect("HUP extra/log", "run extra", "logger extra", NULL);
        const struct longrun *l = simulated_longrun("extra");
        assert_int_equal(l->member, MEMBER_LISTED);
        assert_int_equal(l->logger.state, LOGGER_RUNNING);
        assert_true(l->logger.process.pid != logger);
        assert_int_equal(simulated_process("extra")->out, l->logger.pipes.out_write);
        for (uint32_t place = 0; place < simulated.sv->longruns.count; place++)
            assert_true(simulated.sv->longruns.item[place] == NULL ||
                        simulated.sv->longruns.item[place] == l);
    }
}

/* rm -r, and another one of that name: what ends still must not touch what is new. */
static void another_directory_in_its_place(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/service/extra/run", "");
    simulated_ask(SCAN, "a");
    simulated_process("extra")->stubborn = true;
    assert_int_equal(file_remove_tree(AT_FDCWD, "/run/service/extra", &e), 0);
    simulated_file("/run/service/extra/run", "");
    simulated_file("/run/service/extra/log/run", "");
    simulated_journal();
    simulated_ask(SCAN, "a");
    simulated_expect("TERM extra", NULL);
    simulated_run(2000);
    simulated_expect_not("run extra");
    simulated_exit("extra", 0);
    simulated_expect("run extra/log", "run extra", NULL);
    assert_true(simulated_exists("/run/service/extra/log/run"));
    assert_true(simulated_exists("/run/service/extra/supervise/lock"));
}

/* The same of a service with its log: a log that still reads is not started in the new one's place.
 */
static void another_pair_in_its_place(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/service/extra/run", "");
    simulated_file("/run/service/extra/log/run", "");
    simulated_ask(SCAN, "a");
    struct longrun *log = simulated_longrun("extra/log");
    assert_int_equal(file_remove_tree(AT_FDCWD, "/run/service/extra", &e), 0);
    simulated_file("/run/service/extra/run", "");
    simulated_file("/run/service/extra/log/run", "");
    simulated_journal();
    simulated_ask(SCAN, "a");
    simulated_expect("TERM extra", NULL);
    simulated_expect_not("TERM extra/log");
    assert_int_equal(log->member, MEMBER_REMOVING);
    assert_int_equal(log->pipe.input[1], -1);
    simulated_run(2000);
    simulated_expect_not("run extra");
    simulated_exit("extra/log", 0);
    simulated_expect("run extra/log", "run extra", NULL);
}

/* Its log is known by where the service is, wherever the link leads. */
static void another_pair_with_a_link_in_its_place(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    simulated_boot(NULL);
    for (int i = 0; i < 2; i++) {
        simulated_file("/run/service/extra/run", "");
        simulated_file(i == 0 ? "/run/here/first/run" : "/run/here/second/run", "");
        assert_int_equal(
            symlink(i == 0 ? "/run/here/first" : "/run/here/second", "/run/service/extra/log"), 0);
        simulated_journal();
        simulated_ask(SCAN, "a");
        if (i == 0)
            assert_int_equal(file_remove_tree(AT_FDCWD, "/run/service/extra", &e), 0);
    }
    simulated_expect("TERM extra", NULL);
    simulated_run(2000);
    simulated_expect_not("run extra");
    simulated_exit("extra/log", 0);
    simulated_expect("run extra/log", "run extra", NULL);
}

static void a_pair_and_its_end_of_file(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/here/extra/run", "");
    simulated_file("/run/here/extra/log/run", "");
    assert_int_equal(symlink("/run/here/extra", "/run/service/extra"), 0);
    simulated_journal();
    simulated_ask(SCAN, "a");
    simulated_expect("run extra/log", "run extra", NULL);
    struct longrun *log = simulated_longrun("extra/log");
    assert_int_equal(simulated_longrun("extra")->pipe.consumer, log->index);
    unlink("/run/service/extra");
    simulated_ask(SCAN, "h"); /* the log is to end by its end of file, and not by a signal */
    simulated_expect("TERM extra", NULL);
    simulated_expect_not("TERM extra/log");
    assert_int_equal(log->pipe.input[1], -1);
    assert_null(longruns_named(&simulated.sv->longruns, "extra"));
    simulated_exit("extra/log", 0);
    assert_null(longruns_named(&simulated.sv->longruns, "extra/log"));
}

/* The consumer goes first: no producer may lead to its place. */
static void the_consumer_is_swept_first(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/here/extra/run", "");
    simulated_file("/run/here/extra/log/run", "");
    assert_int_equal(symlink("/run/here/extra", "/run/service/extra"), 0);
    simulated_ask(SCAN, "a");
    struct longrun *extra = simulated_longrun("extra");
    struct longrun *log = simulated_longrun("extra/log");
    log->member = MEMBER_GONE;
    simulated_process("extra/log")->child = false;
    log->machine.state = SERVICE_DOWN;
    longruns_remove(log);
    simulated_settle();
    assert_int_equal(extra->pipe.consumer, NO_LONGRUN);
    assert_null(longruns_named(&simulated.sv->longruns, "extra/log"));
    simulated_journal();
    simulated_exit("extra", 0); /* it starts again without one */
    simulated_run(2000);
    simulated_expect("run extra", NULL);
}

/* One that cannot be added is not looked at for ever while another is waited for. */
static void one_that_cannot_be_supervised(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/here/dying/run", "");
    assert_int_equal(symlink("/run/here/dying", "/run/service/dying"), 0);
    simulated_ask(SCAN, "a");
    simulated_process("dying")->stubborn = true;
    unlink("/run/service/dying");
    simulated_ask(SCAN, "h");
    assert_int_equal(symlink("/run/here/dying", "/run/service/dying"), 0);
    simulated_file("/run/service/bad/run", "");
    simulated_file("/run/service/bad/supervise", "which is no directory");
    simulated_file("/run/service/bad/log/run", "");
    simulated_journal();
    simulated_ask(SCAN, "a");
    simulated_expect("say overlog: warning: unable to supervise bad: unable to lock "
                     "/run/service/bad/supervise/lock: Not a directory",
                     NULL);
    assert_true(simulated.sv->scandir.again);
    assert_null(longruns_named(&simulated.sv->longruns, "bad"));
    simulated_exit("dying", 0);
    assert_non_null(simulated_process("dying"));
}

static void the_link_of_a_longrun_of_s6_rc(void **state)
{
    (void)state;
    simulated_web(NULL);
    unlink("/run/service/web");
    simulated_journal();
    simulated_ask(SCAN, "h");
    simulated_expect("TERM web", NULL);
    assert_int_equal(simulated_longrun("web")->member, MEMBER_UNLISTED);
    assert_true(simulated_exists("/run/s6-rc/servicedirs/web/supervise/lock"));
}

static void the_stop_ends_them_after_those_of_s6_rc(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated_file("/run/service/extra/run", "");
    simulated_ask(SCAN, "a");
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_expect("TERM web", "TERM extra", NULL);
    assert_true(simulated.over);
}

/* It was told when it was removed: the stop gives it what all processes get, and no more. */
static void what_is_removed_is_not_waited_for_twice(void **state)
{
    (void)state;
    simulated.settings.kill_grace = 3000;
    simulated_boot(NULL);
    simulated_file("/run/here/extra/run", "");
    assert_int_equal(symlink("/run/here/extra", "/run/service/extra"), 0);
    simulated_ask(SCAN, "a");
    simulated_process("extra")->stubborn = true;
    unlink("/run/service/extra");
    simulated_journal();
    simulated_ask(SCAN, "an");
    simulated_expect("TERM extra", NULL);
    simulated.with_time = true;
    simulated_signal(SIGTERM);
    simulated_run(10000);
    simulated_expect("0.000 TERM extra", "3.000 KILL extra", NULL);
    assert_true(simulated.over);
}

static void letters_of_s6_svscanctl(void **state)
{
    (void)state;
    simulated.stubborn = true;
    simulated_web(NULL);
    simulated_file("/run/service/extra/run", "");
    simulated_journal();
    simulated_ask(SCAN, "ta"); /* the stop comes first: nothing is added any more */
    simulated_expect("TERM web", NULL);
    assert_null(longruns_named(&simulated.sv->longruns, "extra"));
    simulated_ask(SCAN, "b");
    simulated_expect("KILL web", NULL);
    simulated_run(3000); /* the loggers are stubborn, too */
    assert_true(simulated.over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(a_directory_is_found),
        SIMULATED_TEST(and_goes),
        SIMULATED_TEST(linked_again_while_it_ends),
        SIMULATED_TEST(linked_again_while_its_logger_reads),
        SIMULATED_TEST(another_directory_in_its_place),
        SIMULATED_TEST(another_pair_in_its_place),
        SIMULATED_TEST(another_pair_with_a_link_in_its_place),
        SIMULATED_TEST(a_pair_and_its_end_of_file),
        SIMULATED_TEST(the_consumer_is_swept_first),
        SIMULATED_TEST(one_that_cannot_be_supervised),
        SIMULATED_TEST(the_link_of_a_longrun_of_s6_rc),
        SIMULATED_TEST(the_stop_ends_them_after_those_of_s6_rc),
        SIMULATED_TEST(what_is_removed_is_not_waited_for_twice),
        SIMULATED_TEST(letters_of_s6_svscanctl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
