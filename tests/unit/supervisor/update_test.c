/* s6-rc-update: another database in the place of the one that runs. */
#include "base/file.h"
#include "contract/paths.h"
#include "services/database.h"
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int update(const char *name)
{
    const char *words[] = {"s6-rc-update", "", "0", "2", "0", name, NULL};
    simulated_compile(name);
    return simulated_request(words);
}

static void remove_service(const char *name)
{
    char path[256];
    struct error e = ERROR_INIT;
    snprintf(path, sizeof path, "/etc/s6-overlay/s6-rc.d/%s", name);
    assert_int_equal(file_remove_tree(AT_FDCWD, path, &e), 0);
    snprintf(path, sizeof path, "/etc/s6-overlay/s6-rc.d/user/contents.d/%s", name);
    assert_int_equal(file_remove_tree(AT_FDCWD, path, &e), 0);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
}

static void what_stays_goes_on(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", NULL);
    simulated_service("old", "longrun", "run", "", NULL);
    simulated_boot(NULL);
    pid_t web = simulated_process("web")->pid;
    pid_t logger = simulated_process("web/log")->pid;
    remove_service("old");
    simulated_service("new", "longrun", "run", "", "dependencies.d/web", "", NULL);
    simulated_journal();
    int fd = update("second");
    assert_non_null(strstr(simulated_answer(fd), "x0\n"));
    simulated_expect("TERM old", "run new", NULL);
    assert_int_equal(simulated_process("web")->pid, web);
    assert_int_equal(simulated_process("web/log")->pid, logger);
    assert_null(longruns_named(&simulated.sv->longruns, "old"));
    assert_int_equal(simulated_longrun("new")->member, MEMBER_LISTED);
    simulated_signal(SIGTERM);
    simulated_expect("TERM new", "TERM web", NULL);
    assert_true(simulated.over);
}

/* An update removes a service and the next brings it back, while the logger of the removed one
 * still reads. */
static void back_while_its_logger_drains(void **state)
{
    (void)state;
    simulated_web(NULL);
    pid_t logger = simulated_process("web/log")->pid;
    simulated_process("web/log")->stubborn = true;
    remove_service("web");
    update("second");
    assert_null(simulated_process("web"));
    assert_int_equal(simulated_longrun("web")->member, MEMBER_GONE);
    assert_int_equal(simulated_longrun("web")->logger.state, LOGGER_ENDING);
    struct error e = ERROR_INIT; /* the caller removes what is left of it */
    assert_int_equal(file_remove_tree(AT_FDCWD, RUN_SERVICEDIRS "/web", &e), 0);
    simulated_service("web", "longrun", "run", "", NULL);
    simulated_journal();
    const char *answer = simulated_answer(update("third"));
    if (strstr(answer, "x0\n") == NULL)
        fail_msg("%s", answer);
    simulated_expect("HUP web/log", "logger web", NULL);
    struct longrun *web = simulated_longrun("web");
    assert_int_equal(web->member, MEMBER_LISTED);
    assert_int_equal(web->logger.state, LOGGER_RUNNING);
    assert_true(web->logger.process.pid != logger);
    assert_true(web->logger.pipes.out_write >= 0);
    simulated_rc("u", "change", "web", NULL);
    assert_int_equal(simulated_process("web")->out, web->logger.pipes.out_write);
}

static void a_consumer_that_goes_is_forgotten(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "producer-for", "sink", NULL);
    simulated_service("sink", "longrun", "run", "", "consumer-for", "web", NULL);
    simulated_boot(NULL);
    assert_int_equal(simulated_longrun("web")->pipe.consumer, simulated_longrun("sink")->index);
    remove_service("sink");
    remove_service("web");
    simulated_service("web", "longrun", "run", "", NULL);
    update("second");
    assert_null(longruns_named(&simulated.sv->longruns, "sink"));
    assert_int_equal(simulated_longrun("web")->pipe.consumer, NO_LONGRUN);
    simulated_rc("u", "change", "web", NULL);
    assert_non_null(simulated_process("web"));
    assert_int_equal(simulated_process("web")->out,
                     simulated_longrun("web")->logger.pipes.out_write);
}

/* Its pipe goes with that: it would be waited for in the stop, as if more could come. */
static void a_consumer_becomes_plain(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", "producer-for", "sink", NULL);
    simulated_service("sink", "longrun", "run", "", "consumer-for", "web", NULL);
    simulated_boot(NULL);
    remove_service("web");
    remove_service("sink");
    simulated_service("sink", "longrun", "run", "", NULL);
    update("second");
    struct longrun *sink = simulated_longrun("sink");
    assert_true(sink->pipe.input[0] == -1 && sink->pipe.input[1] == -1);
    simulated_process("sink")->stubborn = true;
    simulated.with_time = true;
    simulated_journal();
    simulated_signal(SIGTERM);
    simulated_expect("0.000 TERM sink", NULL);
}

static void one_that_cannot_be_is_rolled_back(void **state)
{
    const char *words[] = {"s6-rc-update", "", "0", "2", "0", "nowhere", NULL};
    (void)state;
    simulated_service("api", "longrun", "run", "", NULL);
    simulated_web(NULL);
    assert_non_null(strstr(simulated_answer(simulated_request(words)), "es6-rc-update: fatal: "));
    assert_false(simulated.sv->rc.job.busy);
    simulated_file("/run/service/new/run", ""); /* of that name, and none of s6-rc's */
    simulated_ask("/run/service/.s6-svscan/control", "a");
    remove_service("api");
    simulated_service("api", "longrun", "run", "", "consumer-for", "first", NULL);
    simulated_service("first", "longrun", "run", "", "producer-for", "api", NULL);
    simulated_service("new", "longrun", "run", "", NULL);
    int fd = update("second");
    assert_string_equal(simulated_answer(fd),
                        "es6-rc-update: fatal: there is a new already that is "
                        "none of s6-rc's\nx111\n");
    assert_null(longruns_named(&simulated.sv->longruns, "first"));
    assert_true(simulated_exists(RUN_RC "/second/servicedirs/first/run"));
    assert_non_null(simulated_process("web"));
    assert_int_equal(simulated_longrun("api")->pipe.input[1], -1); /* as before */
}

/* The first update is over by its time, and the service goes on stopping. */
static void one_that_still_stops_is_waited_for(void **state)
{
    const char *words[] = {"s6-rc-update", "", "1000", "2", "0", "second", NULL};
    (void)state;
    simulated_service("web", "longrun", "run", "", NULL);
    simulated_service("old", "longrun", "run", "", NULL);
    simulated_boot(NULL);
    simulated_process("old")->stubborn = true;
    remove_service("old");
    simulated_compile("second");
    int fd = simulated_request(words);
    simulated_run(4000); /* its last lines are shown, too */
    assert_non_null(strstr(simulated_answer(fd), "x10\n"));
    fd = update("third");
    simulated_run(2000);
    assert_true(simulated.sv->rc.job.busy);
    assert_int_equal(simulated_longrun("old")->member, MEMBER_LISTED);
    simulated_exit("old", 0);
    assert_non_null(strstr(simulated_answer(fd), "x0\n"));
    assert_null(longruns_named(&simulated.sv->longruns, "old"));
    assert_non_null(simulated_process("web"));
}

static void the_stop_ends_an_update(void **state)
{
    (void)state;
    simulated_service("web", "longrun", "run", "", NULL);
    simulated_service("old", "longrun", "run", "", NULL);
    simulated_boot(NULL);
    simulated_process("old")->stubborn = true;
    remove_service("old");
    simulated_service("new", "longrun", "run", "", NULL);
    int fd = update("second");
    assert_int_equal(simulated_longrun("new")->member, MEMBER_PREPARED);
    simulated_signal(SIGTERM);
    assert_non_null(strstr(simulated_answer(fd), "the container is stopping\nx111\n"));
    assert_null(simulated.sv->rc.updates.stage);
    assert_null(longruns_named(&simulated.sv->longruns, "new"));
    simulated_exit("old", 0);
    assert_true(simulated.over);
}

/* init, given up as late, of which a process still runs. */
static pid_t boot_with_a_late_one(void)
{
    simulated_service("init", "oneshot", "up", "make", "reload", "again", "timeout-up", "2000",
                      NULL);
    simulated_boot(NULL);
    simulated_process("init")->stubborn = true;
    simulated_run(3000);
    return simulated_process("init")->pid;
}

static void a_oneshot_that_goes_while_it_runs_is_known_until_it_ends(void **state)
{
    const struct children *children = &simulated.sv->pid1.children;
    (void)state;
    pid_t pid = boot_with_a_late_one();
    size_t fds = open_descriptors();
    remove_service("init");
    simulated_journal();
    assert_non_null(strstr(simulated_answer(update("second")), "x0\n"));
    simulated_expect("TERM -init", "CONT -init", NULL);
    assert_non_null(children_find(children, pid));
    assert_int_equal(children_find(children, pid)->role, CHILD_FORMER);
    simulated_service("init", "oneshot", "up", "make", NULL);
    assert_string_equal(simulated_answer(update("third")),
                        "es6-rc-update: fatal: the init that was removed still runs: try again\n"
                        "x111\n");
    simulated_exit("init", 0);
    assert_null(children_find(children, pid));
    assert_int_equal(open_descriptors(), fds - 1 + 4); /* its report; two callers */
    assert_non_null(strstr(simulated_answer(update("fourth")), "service init: starting\n"));
    assert_int_equal(children->formers, 0);
}

/* What was begun for the old database is not the new one's. */
static void so_is_a_reload_of_one_that_goes(void **state)
{
    const struct children *children = &simulated.sv->pid1.children;
    (void)state;
    simulated_service("init", "oneshot", "up", "", "reload", "again", NULL);
    simulated_boot(NULL);
    const char *words[] = {"s6-rc", "", "1000", "2", "0", "reload", "init", NULL};
    int fd = simulated_request(words);
    simulated_process("init")->stubborn = true;
    simulated_run(2000);
    assert_non_null(strstr(simulated_answer(fd), "x2\n"));
    pid_t pid = simulated_process("init")->pid;
    remove_service("init");
    simulated_service("init", "longrun", "run", "", NULL);
    assert_non_null(strstr(simulated_answer(update("second")), "x0\n"));
    assert_int_equal(children_find(children, pid)->role, CHILD_FORMER);
    simulated_end(&simulated.process[pid - simulated.process[0].pid], 0);
    simulated_settle();
    assert_null(children_find(children, pid));
    assert_int_equal(children->formers, 0);
}

/* Its caller is gone, but no time limit has given it up. */
static void a_down_that_runs_is_waited_for(void **state)
{
    (void)state;
    simulated_service("init", "oneshot", "up", "", "down", "unmake", NULL);
    simulated_boot(NULL);
    int fd = simulated_rc("d", "change", "init", NULL);
    close(fd);
    simulated_settle();
    remove_service("init");
    simulated_journal();
    fd = update("second");
    simulated_expect_not("TERM -init");
    assert_string_equal(simulated_answer(fd), "");
    simulated_exit("init", 0);
    assert_non_null(strstr(simulated_answer(fd), "x0\n"));
    assert_int_equal(simulated.sv->pid1.children.formers, 0);
}

static void the_stop_ends_those_that_went(void **state)
{
    (void)state;
    pid_t pid = boot_with_a_late_one();
    remove_service("init");
    update("second");
    simulated_signal(SIGTERM);
    simulated_run(4000);
    assert_int_equal(simulated.sv->pid1.children.formers, 0);
    assert_false(simulated.process[pid - simulated.process[0].pid].alive);
    assert_true(simulated.over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(what_stays_goes_on),
        SIMULATED_TEST(back_while_its_logger_drains),
        SIMULATED_TEST(a_consumer_that_goes_is_forgotten),
        SIMULATED_TEST(a_consumer_becomes_plain),
        SIMULATED_TEST(one_that_cannot_be_is_rolled_back),
        SIMULATED_TEST(one_that_still_stops_is_waited_for),
        SIMULATED_TEST(the_stop_ends_an_update),
        SIMULATED_TEST(a_oneshot_that_goes_while_it_runs_is_known_until_it_ends),
        SIMULATED_TEST(so_is_a_reload_of_one_that_goes),
        SIMULATED_TEST(a_down_that_runs_is_waited_for),
        SIMULATED_TEST(the_stop_ends_those_that_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
