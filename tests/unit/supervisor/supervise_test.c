#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "supervisor/supervise.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static const struct supervise_status fresh = {.paused = true};

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/supervise-test-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    return file_remove_tree(AT_FDCWD, folder, &e);
}

static const char *at(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void deaths_are_kept_up_to_a_number(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct supervise s;
    assert_int_equal(supervise_open(&s, folder, NULL, &fresh, &e), 0);
    for (int i = 1; i <= 5; i++) {
        struct timespec when = {.tv_sec = i};
        int status = i == 5 ? SIGKILL : i << 8;
        assert_int_equal(supervise_add_death(folder, &when, status, 3, &e), 0);
    }
    struct str all = STR_INIT;
    assert_int_equal(file_read(AT_FDCWD, at("supervise/death_tally"), 1000, &all, &e), 0);
    assert_int_equal(all.length, 3 * SUPERVISE_DEATH_SIZE);
    for (int i = 0; i < 3; i++) {
        const char *record = all.data + i * SUPERVISE_DEATH_SIZE;
        struct supervise_death d;
        assert_int_equal(record[7], 37 + 3 + i);
        supervise_death_unpack(&d, (const unsigned char *)record);
        assert_int_equal(d.when.tv_sec, 3 + i);
        assert_int_equal(d.code, i == 2 ? 128 + SIGKILL : 3 + i);
        assert_int_equal(d.signal, i == 2 ? SIGKILL : 0);
    }
    str_release(&all);
    assert_int_equal(supervise_add_death(folder, &(struct timespec){.tv_sec = 9}, 0, 0, &e), 0);
    supervise_close(&s);
}

/* Seen by others only. */
static bool is_locked(const char *path)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_RDONLY);
        bool held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
        _exit(held ? 0 : 1); /* child */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status == 0;
}

static void one_lock_serves_all(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct supervise s;
    int lock = supervise_lock(AT_FDCWD, at("lock"));
    assert_true(lock >= 0);
    char path[128];
    strcpy(path, at("lock"));
    assert_int_equal(supervise_open(&s, folder, path, &fresh, &e), 0);
    assert_int_equal(s.lock, -1);
    assert_true(is_locked(at("supervise/lock")));
    supervise_close(&s);
    assert_int_equal(supervise_open(&s, folder, path, &fresh, &e), 0); /* again */
    supervise_close(&s);
    assert_int_equal(supervise_open(&s, folder, "/nowhere/lock", &fresh, &e), 0);
    assert_true(s.lock >= 0);
    assert_true(is_locked(at("supervise/lock")));
    supervise_close(&s);
    assert_false(is_locked(at("supervise/lock")));
    close(lock);
}

/* s6-svok looks for a reader of control; what it then finds in status must be whole. */
static void nobody_listens_before_the_status_is_written(void **state)
{
    (void)state;
    struct supervise s;
    struct error e = ERROR_INIT;
    struct stat st;
    assert_int_equal(mkdir(at("supervise"), 0700), 0);
    assert_int_equal(mkdir(at("supervise/status"), 0700), 0);
    assert_int_equal(supervise_open(&s, folder, NULL, &fresh, &e), -1);
    assert_non_null(strstr(e.text, "/supervise/status"));
    assert_int_equal(stat(at("supervise/control"), &st), -1);
    assert_int_equal(rmdir(at("supervise/status")), 0);
    assert_int_equal(file_write(AT_FDCWD, at("supervise/status"),
                                "longer than a record, by an older release", 41, 0644, &e),
                     0);
    assert_int_equal(truncate(at("supervise/status"), 500), 0);
    assert_int_equal(supervise_open(&s, folder, NULL, &fresh, &e), 0);
    assert_int_equal(stat(at("supervise/status"), &st), 0);
    assert_int_equal(st.st_size, SUPERVISE_STATUS_SIZE);
    supervise_close(&s);
}

/* Services that are made together begin with one file, of which none sees what another becomes. */
static void a_first_status_is_shared_until_one_is_written(void **state)
{
    (void)state;
    char one[160];
    char two[160];
    struct supervise s;
    struct error e = ERROR_INIT;
    struct stat st;
    struct str before = STR_INIT;
    struct str after = STR_INIT;
    struct supervise_status changed = fresh;
    strcpy(one, at("one"));
    strcpy(two, at("two"));
    assert_int_equal(mkdir(one, 0755) | mkdir(two, 0755), 0);
    assert_int_equal(supervise_open(&s, one, NULL, &fresh, &e), 0);
    supervise_close(&s);
    assert_int_equal(supervise_open(&s, two, NULL, &fresh, &e), 0);
    supervise_close(&s);
    assert_int_equal(stat(at("two/supervise/status"), &st), 0);
    assert_int_equal(st.st_nlink, 2);
    assert_int_equal(
        file_read(AT_FDCWD, at("two/supervise/status"), SUPERVISE_STATUS_MOST, &before, &e), 0);
    changed.pid = 77;
    assert_int_equal(supervise_write_status(one, &changed, &e), 0);
    assert_int_equal(supervise_open(&s, two, NULL, &changed, &e), 0); /* anew, over a name of it */
    supervise_close(&s);
    assert_int_equal(supervise_write_status(two, &fresh, &e), 0);
    assert_int_equal(
        file_read(AT_FDCWD, at("two/supervise/status"), SUPERVISE_STATUS_MOST, &after, &e), 0);
    assert_int_equal(before.length, after.length);
    assert_memory_equal(before.data, after.data, before.length);
    assert_int_equal(stat(at("one/supervise/status"), &st), 0);
    assert_int_equal(st.st_nlink, 1);
    str_release(&before);
    str_release(&after);
}

/* supervise/ may belong to a user. */
static void a_tally_that_leads_elsewhere_is_left_alone(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct supervise s;
    struct timespec when = {.tv_sec = 1};
    struct stat st;
    assert_int_equal(supervise_open(&s, folder, NULL, &fresh, &e), 0);
    assert_int_equal(file_write(AT_FDCWD, at("secret"), "", 0, 0600, &e), 0);
    assert_int_equal(symlink("../secret", at("supervise/death_tally")), 0);
    assert_int_equal(supervise_add_death(folder, &when, 0, 3, &e), -1);
    assert_int_equal(stat(at("secret"), &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(unlink(at("supervise/death_tally")), 0);
    assert_int_equal(mkfifo(at("supervise/death_tally"), 0600), 0);
    assert_int_equal(supervise_add_death(folder, &when, 0, 3, &e), -1);
    assert_int_equal(unlink(at("supervise/death_tally")), 0);
    assert_int_equal(file_write(AT_FDCWD, at("supervise/death_tally"), "torn", 4, 0600, &e), 0);
    assert_int_equal(supervise_add_death(folder, &when, 0, 3, &e), 0);
    assert_int_equal(stat(at("supervise/death_tally"), &st), 0);
    assert_int_equal(st.st_size, SUPERVISE_DEATH_SIZE);
    supervise_close(&s);
}

static void what_others_find(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct supervise s;
    struct stat st;
    char bytes[8];
    assert_int_equal(supervise_open(&s, folder, NULL, &fresh, &e), 0);
    assert_int_equal(stat(at("supervise"), &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0700);
    assert_int_equal(stat(at("event"), &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 03730);
    assert_int_equal(stat(at("supervise/control"), &st), 0);
    assert_int_equal(st.st_mode, S_IFIFO | 0600);

    assert_true(is_locked(at("supervise/lock")));
    assert_int_equal(read(s.control.fd, bytes, sizeof bytes), -1);
    int writer = open(at("supervise/control"), O_WRONLY | O_NONBLOCK);
    assert_int_equal(write(writer, "du", 2), 2);
    close(writer);
    assert_int_equal(read(s.control.fd, bytes, sizeof bytes), 2);
    assert_memory_equal(bytes, "du", 2);
    supervise_close(&s);
    assert_int_equal(open(at("supervise/control"), O_WRONLY | O_NONBLOCK), -1);
}

static void listeners_are_told_and_dead_ones_removed(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct supervise s;
    char heard[8];
    assert_int_equal(supervise_open(&s, folder, NULL, &fresh, &e), 0);
    assert_int_equal(mkfifo(at("event/ftrig1:live"), 0622), 0);
    int reader = open(at("event/ftrig1:live"), O_RDONLY | O_NONBLOCK);
    assert_int_equal(mkfifo(at("event/ftrig1:dead"), 0622), 0);
    assert_int_equal(symlink("/tmp", at("event/ftrig1:link")), 0);
    assert_int_equal(file_write(AT_FDCWD, at("event/ftrig1:file"), "x", 1, 0622, &e), 0);
    assert_int_equal(mkfifo(at("event/other"), 0622), 0);
    supervise_notify(folder, "uU");
    assert_int_equal(read(reader, heard, sizeof heard), 2);
    assert_memory_equal(heard, "uU", 2);
    assert_int_equal(access(at("event/ftrig1:dead"), F_OK), -1);
    assert_int_equal(access(at("event/other"), F_OK), 0);
    struct str text = STR_INIT;
    assert_int_equal(file_read(AT_FDCWD, at("event/ftrig1:file"), 10, &text, &e), 0);
    assert_string_equal(text.data, "x"); /* may be anybody's */
    str_release(&text);
    close(reader);
    supervise_close(&s);
}

/* Where sizes tell that event is empty it is not opened: who listens from then on is told, and an
 * event that is gone, is a file, or is on another file system is what it was. */
static void one_who_comes_after_a_silence_is_told(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct supervise s;
    struct rlimit before;
    char heard[8];
    file_remove_tree(AT_FDCWD, folder, &e);
    strcpy(folder, "/dev/shm/supervise-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(supervise_open(&s, folder, NULL, &fresh, &e), 0);
    assert_int_equal(supervise_notify(folder, "d"), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(supervise_notify(folder, "d"), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(mkfifo(at("event/ftrig1:live"), 0622), 0);
    int reader = open(at("event/ftrig1:live"), O_RDONLY | O_NONBLOCK);
    assert_int_equal(supervise_notify(folder, "uU"), 0);
    assert_int_equal(read(reader, heard, sizeof heard), 2);
    close(reader);
    assert_int_equal(supervise_notify(folder, "D"), 0);
    assert_int_equal(access(at("event/ftrig1:live"), F_OK), -1);
    assert_int_equal(rmdir(at("event")), 0);
    assert_int_equal(supervise_notify(folder, "d"), 0);
    assert_int_equal(close(open(at("event"), O_CREAT | O_WRONLY, 0600)), 0);
    assert_int_equal(supervise_notify(folder, "d"), -1);
    assert_int_equal(errno, ENOTDIR);
    supervise_close(&s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(deaths_are_kept_up_to_a_number),
        T(one_lock_serves_all),
        T(nobody_listens_before_the_status_is_written),
        T(a_first_status_is_shared_until_one_is_written),
        T(a_tally_that_leads_elsewhere_is_left_alone),
        T(what_others_find),
        T(one_who_comes_after_a_silence_is_told),
        T(listeners_are_told_and_dead_ones_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
