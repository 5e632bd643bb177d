/* What others see of a service, and what could not be written in time. */
#include "base/file.h"
#include "contract/paths.h"
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WEB "/run/service/web"

static struct supervise_status status(void)
{
    struct supervise_status s;
    unsigned char bytes[64];
    int fd = open(WEB "/supervise/status", O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, bytes, sizeof bytes);
    close(fd);
    assert_true(n > 0);
    assert_int_equal(supervise_unpack(&s, bytes, (size_t)n), 0);
    return s;
}

static void the_status_of_a_life(void **state)
{
    (void)state;
    simulated_web("notification-fd", "3", NULL);
    assert_int_equal(status().pid, simulated_process("web")->pid);
    assert_true(status().want_up);
    assert_false(status().is_ready);
    simulated_run(5000);
    simulated_write("web", 3, "\n");
    simulated_settle();
    assert_true(status().is_ready);
    assert_int_equal(status().ready.tv_sec - status().changed.tv_sec, 5);
    simulated_ask(WEB "/supervise/control", "d");
    assert_int_equal(status().pid, 0);
    assert_int_equal(status().wait_status, SIGTERM);
    assert_false(status().want_up);
}

static void who_listens_hears_all_in_order(void **state)
{
    char heard[16] = "";
    (void)state;
    simulated_web("finish", "", NULL);
    assert_int_equal(mkfifo(WEB "/event/ftrig1:listener", 0600), 0);
    int fd = open(WEB "/event/ftrig1:listener", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    simulated_killed("web", SIGKILL);
    simulated_exit("web/finish", 0);
    simulated_run(2000);
    assert_int_equal(read(fd, heard, sizeof heard), 3);
    assert_string_equal(heard, "dDu");
}

/* Who is told may look: what others are told comes after all that this turn writes. */
static void nobody_is_told_before_the_end_of_a_turn(void **state)
{
    char heard[16] = "";
    (void)state;
    simulated_web(NULL);
    struct supervise_dir *d = &simulated_longrun("web")->seen;
    assert_int_equal(mkfifo(WEB "/event/ftrig1:listener", 0600), 0);
    int fd = open(WEB "/event/ftrig1:listener", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    supervise_dir_event(d, 'd');
    supervise_dir_event(d, 'D');
    assert_int_equal(read(fd, heard, sizeof heard), -1);
    supervise_dir_tell_all(&simulated.sv->pid1);
    assert_int_equal(read(fd, heard, sizeof heard), 2);
    assert_string_equal(heard, "dD");
    assert_null(simulated.sv->pid1.untold);
    close(fd);
}

/* Of several, whichever goes before it is told. */
static void who_goes_tells_at_once(void **state)
{
    struct supervise_dir *d[3];
    (void)state;
    simulated_service("api", "longrun", "run", "", NULL);
    simulated_service("db", "longrun", "run", "", NULL);
    simulated_web(NULL);
    d[0] = &simulated_longrun("web")->seen;
    d[1] = &simulated_longrun("api")->seen;
    d[2] = &simulated_longrun("db")->seen;
    for (unsigned int gone = 0; gone < 3; gone++) {
        for (unsigned int i = 0; i < 3; i++)
            supervise_dir_event(d[i], 'u');
        supervise_dir_tell(d[gone]);
        assert_string_equal(d[gone]->queued, "");
        supervise_dir_event(d[gone], 'd');
        supervise_dir_tell_all(&simulated.sv->pid1);
        for (unsigned int i = 0; i < 3; i++)
            assert_true(d[i]->queued[0] == '\0' && !d[i]->is_untold);
    }
}

static void what_cannot_be_written_is_written_later(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated.with_time = true;
    simulated_journal();
    simulated.files_fail = ENOSPC;
    simulated_ask(WEB "/supervise/control", "d");
    assert_true(simulated_longrun("web")->seen.stale);
    assert_true(simulated.sv->pid1.stale > 0);
    simulated_run(3500);
    simulated_expect("0.000 say overlog: warning: service web: unable to write: No space left on "
                     "device (no room: --tmpfs /run:size=...); retrying this and everything "
                     "else that fails for the same reason",
                     NULL);
    simulated_expect_not("1.000 say overlog: warning: service web: unable to write: No space left "
                         "on device (no room: --tmpfs /run:size=...); retrying this and "
                         "everything else that fails for the same reason");
    assert_true(status().want_up);
    simulated.files_fail = 0;
    simulated_run(1000);
    assert_false(status().want_up);
    assert_int_equal(simulated.sv->pid1.stale, 0);
    assert_false(simulated_longrun("web")->seen.stale);
}

/* One that is removed is not written again. */
static void nothing_of_one_that_is_gone(void **state)
{
    (void)state;
    simulated_boot(NULL);
    simulated_file("/run/here/extra/run", "");
    assert_int_equal(symlink("/run/here/extra", "/run/service/extra"), 0);
    simulated_ask("/run/service/.s6-svscan/control", "a");
    simulated.files_fail = ENOSPC;
    unlink("/run/service/extra");
    simulated_ask("/run/service/.s6-svscan/control", "h");
    simulated.files_fail = 0;
    assert_null(longruns_named(&simulated.sv->longruns, "extra"));
    assert_int_equal(simulated.sv->pid1.stale, 0);
    simulated_run(5000);
}

/* Somebody has removed the directory of one that runs: that is no shortage, nothing is retried. */
static void nothing_is_written_where_no_directory_is(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    simulated_web(NULL);
    assert_int_equal(file_remove_tree(AT_FDCWD, RUN_SERVICEDIRS "/web", &e), 0);
    simulated_exit("web", 3);
    assert_int_equal(simulated.sv->pid1.unwritten.attempts, 0);
    assert_int_equal(simulated.sv->pid1.stale, 0);
}

static void a_death_is_counted_later(void **state)
{
    (void)state;
    simulated_web(NULL);
    simulated.with_time = true;
    simulated_journal();
    simulated.files_fail = ENOSPC;
    simulated_exit("web", 3);
    simulated_run(1500);
    simulated_expect("0.000 say overlog: warning: service web: unable to write: No space left on "
                     "device (no room: --tmpfs /run:size=...); retrying this and everything "
                     "else that fails for the same reason",
                     NULL);
    simulated.files_fail = 0;
    simulated_run(1000);
    struct stat st;
    assert_int_equal(stat(WEB "/supervise/death_tally", &st), 0);
    assert_int_equal(st.st_size, SUPERVISE_DEATH_SIZE);
}

static void deaths_are_counted(void **state)
{
    (void)state;
    simulated_web("max-death-tally", "2", NULL);
    for (int i = 0; i < 3; i++) {
        simulated_exit("web", i);
        simulated_run(2000);
    }
    struct stat st;
    assert_int_equal(stat(WEB "/supervise/death_tally", &st), 0);
    assert_int_equal(st.st_size, 2 * SUPERVISE_DEATH_SIZE);
    simulated_ask(WEB "/supervise/control", "x");
    simulated_exit("web", 0); /* as by a supervisor that begins anew */
    assert_false(simulated_exists(WEB "/supervise/death_tally"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(the_status_of_a_life),
        SIMULATED_TEST(who_listens_hears_all_in_order),
        SIMULATED_TEST(nobody_is_told_before_the_end_of_a_turn),
        SIMULATED_TEST(who_goes_tells_at_once),
        SIMULATED_TEST(what_cannot_be_written_is_written_later),
        SIMULATED_TEST(nothing_of_one_that_is_gone),
        SIMULATED_TEST(nothing_is_written_where_no_directory_is),
        SIMULATED_TEST(a_death_is_counted_later),
        SIMULATED_TEST(deaths_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
