/* A log directory on a disk that fails for a moment: what cannot be looked at is not given up. */
#include "tests/unit/logger/faults.h"
#include "tests/unit/logger/logs.h"

#include "base/message.h"
#include "rotate/logdir.h"
#include "rotate/steps.h"

#define OLD "@400000006ab13f8d00000000.s"
#define NEW "@400000006ab13f8e00000000.s"

static char root[64], path[96];

FAULTS_WRAP(int, faccessat, (int at, const char *name, int mode, int flags),
            (at, name, mode, flags), NULL, false)
FAULTS_WRAP(int, fstat, (int fd, struct stat *s), (fd, s), NULL, false)

static int open_directory(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "%s/trouble_test.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(root) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/log", root);
    message_to(logs_silent);
    faults_open();
    return mkdir(path, 0700);
}

static int close_directory(void **state)
{
    (void)state;
    message_to(NULL);
    faults_close();
    logs_remove(path);
    return rmdir(root);
}

static void put(const char *name, const char *text, mode_t mode)
{
    char file[256];
    snprintf(file, sizeof file, "%s/%s", path, name);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static bool is_there(const char *name)
{
    char file[256];
    snprintf(file, sizeof file, "%s/%s", path, name);
    return access(file, F_OK) == 0;
}

static int open_log(struct logdir *d, bool resume)
{
    static const struct logdir_settings settings = {
        .keep = 10, .rotate = 100000, .gzip = 1, .slots = -1};
    struct error e = ERROR_INIT;
    int fd = logdir_prepare(path, (uid_t)-1, (gid_t)-1, 0, &e);
    return fd < 0 ? -1 : logdir_open(d, fd, "log", &settings, resume, &e);
}

/* Every call fails from now on; EIO is nothing that a file can be missing for. */
static void fail_all(void)
{
    *fault_plan = (struct fault_plan){
        .kind = FAULT_ERROR, .at = 1, .count = FAULTS_MOST, .error = EIO, .armed = true};
}

/* A full disk asked again and again for another archive to delete. */
static void an_archive_that_stays_makes_no_room(void **state)
{
    struct logdir d;
    (void)state;
    assert_int_equal(open_log(&d, false), 0);
    for (int at = 1; at == 1 || fault_plan->struck; at++) {
        put(OLD, "old\n", 0744);
        *fault_plan = (struct fault_plan){
            .kind = FAULT_ERROR, .at = at, .count = 1, .error = EIO, .armed = true};
        bool shed = logdir_shed(&d);
        fault_plan->armed = false;
        assert_int_equal(shed, !is_there(OLD));
        assert_true(fault_plan->struck || at > 2);
    }
    logdir_close(&d, false);
}

/* Asks whether processed is whole, with each call failing in turn: what cannot be told is said. */
static void ask(const struct logdir *d, int right)
{
    struct error e = ERROR_INIT;
    assert_int_equal(step_processed(d, &e), right);
    for (int at = 1; at == 1 || fault_plan->struck; at++) {
        *fault_plan = (struct fault_plan){
            .kind = FAULT_ERROR, .at = at, .count = 1, .error = EIO, .armed = true};
        int answer = step_processed(d, &e);
        fault_plan->armed = false;
        assert_true(answer == right || answer == -1);
        assert_true(answer == -1 || !fault_plan->struck || at > 1);
    }
}

/* A half output in the place of previous costs lines, and so does a whole one that is removed when
 * previous is gone. */
static void a_look_that_fails_gives_no_output_up(void **state)
{
    struct logdir d = {.name = path};
    (void)state;
    d.directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    put("lock", "", 0777);
    put("processed", "half\n", 0777);
    put("previous", "half\nhalf\n", 0777);
    ask(&d, 0);
    assert_int_equal(unlinkat(d.directory, "previous", 0), 0);
    ask(&d, 1);
    put("lock", "", 0600);
    put("previous", "half\nhalf\n", 0644);
    ask(&d, 1);
    put("processed", "half\n", 0644);
    ask(&d, 0);
    close(d.directory);
}

static ino_t inode_of_current(void)
{
    char file[256];
    struct stat s;
    snprintf(file, sizeof file, "%s/current", path);
    return stat(file, &s) == 0 ? s.st_ino : 0;
}

/* A successor takes current over, or says that it cannot. Returns how many of its calls put it
 * aside when they fail with that error. */
static int asides(int error)
{
    int count = 0;
    for (int at = 1; at == 1 || fault_plan->struck; at++) {
        struct logdir d;
        logs_remove(path);
        assert_int_equal(mkdir(path, 0700), 0);
        put("current", "begun", 0644);
        ino_t inode = inode_of_current();
        *fault_plan = (struct fault_plan){
            .kind = FAULT_ERROR, .at = at, .count = 1, .error = error, .armed = true};
        int result = open_log(&d, true);
        fault_plan->armed = false;
        count += inode_of_current() != inode;
        if (result == 0)
            logdir_close(&d, false);
        assert_true(at < 200);
    }
    return count;
}

static void current_is_not_put_aside(void **state)
{
    (void)state;
    assert_int_equal(asides(EIO), 0);
    /* one that we may not open is: by that call, and no other */
    assert_int_equal(asides(EACCES), 1);
}

static void what_cannot_be_read_may_be_begun(void **state)
{
    struct logdir d;
    (void)state;
    put("current", "whole\n", 0644);
    assert_int_equal(open_log(&d, true), 0);
    assert_true(logdir_ends_line(&d));
    assert_int_equal(logdir_append(&d, "begun", 5), 5);
    assert_false(logdir_ends_line(&d));
    fail_all();
    assert_false(logdir_ends_line(&d));
    fault_plan->armed = false;
    logdir_close(&d, false);
}

/* An archive that cannot be looked at now is still to be synced. */
static void work_that_cannot_be_told_is_due(void **state)
{
    struct logdir d;
    int64_t wait;
    (void)state;
    assert_int_equal(open_log(&d, true), 0);
    d.settings.gzip = 0;
    assert_false(work_is_due(&d, &wait));
    put(NEW, "new\n", 0744);
    for (int at = 1; at == 1 || fault_plan->struck; at++) {
        *fault_plan = (struct fault_plan){
            .kind = FAULT_ERROR, .at = at, .count = 1, .error = EIO, .armed = true};
        assert_true(work_is_due(&d, &wait));
        fault_plan->armed = false;
        assert_true(fault_plan->struck || at > 3);
    }
    logdir_close(&d, false);
}

static void delete_plain(void)
{
    char file[256];
    snprintf(file, sizeof file, "%s/" OLD, path);
    if (is_there(OLD ".gz"))
        unlink(file);
}

/* Retention deletes an archive in the moment in which its compression takes its place: there must
 * not be one again, behind which others are missing. */
static void what_retention_deleted_does_not_come_back(void **state)
{
    struct logdir d;
    (void)state;
    put(OLD, "old\n", 0744);
    put(NEW, "new\n", 0744);
    assert_int_equal(open_log(&d, true), 0);
    int wait_status;
    if (d.helper > 0) { /* it was begun by the opening */
        kill(d.helper, SIGKILL);
        waitpid(d.helper, &wait_status, 0);
        d.helper = 0;
    }
    put(OLD, "old\n", 0744);
    char gz[256];
    snprintf(gz, sizeof gz, "%s/" OLD ".gz", path);
    unlink(gz);
    *fault_plan = (struct fault_plan){.before_sync = delete_plain, .armed = true};
    assert_int_equal(work(&d), WORK_DONE);
    fault_plan->armed = false;
    assert_false(is_there(OLD));
    assert_false(is_there(OLD ".gz"));
    assert_true(is_there(NEW));
    logdir_close(&d, false);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, open_directory, close_directory)
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(an_archive_that_stays_makes_no_room),
        IN_DIRECTORY(a_look_that_fails_gives_no_output_up),
        IN_DIRECTORY(current_is_not_put_aside),
        IN_DIRECTORY(what_cannot_be_read_may_be_begun),
        IN_DIRECTORY(work_that_cannot_be_told_is_due),
        IN_DIRECTORY(what_retention_deleted_does_not_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
