/* Whether a finish could be executed, and what is said of it. */
#include "supervisor/finish.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char said[4096];
static const int *answers; /* of process_report, one after the other */
static int asked;

static void keep(const char *line, size_t length)
{
    size_t used = strlen(said);
    snprintf(said + used, sizeof said - used, "%.*s", (int)length, line);
}

static int report(int fd, struct process_failure *f)
{
    assert_true(fd >= 0);
    *f = (struct process_failure){.error = ENOENT, .step = "exec"};
    return answers[asked++];
}

static const struct pid1_calls calls = {.report = report};
static const struct pid1 pid1 = {.calls = &calls};

/* The finish of the service web is reaped, with that wait status, and its report says so. What was
 * said. */
static const char *reap_as(struct finish *f, const int *says, int status)
{
    answers = says;
    asked = 0;
    said[0] = '\0';
    f->report = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int fd = f->report;
    assert_true(fd >= 0);
    message_to(keep);
    finish_reaped(f, &pid1, "web", "/run/service/web", status);
    message_to(NULL);
    assert_int_equal(f->report, -1);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    return said;
}

static const char *reap(struct finish *f, const int *says)
{
    return reap_as(f, says, 0);
}

static const int executed[] = {1}, failed[] = {0}, silent[] = {-1}, born[] = {2, 2, 0};

static void one_that_was_executed_is_not_spoken_of(void **state)
{
    struct finish f = {.report = -1};
    (void)state;
    assert_string_equal(reap(&f, executed), "");
    assert_false(f.failed);
}

static void a_failure_is_said_once_until_it_works(void **state)
{
    struct finish f = {.report = -1};
    (void)state;
    const char *why = "s6-supervise web: warning: unable to spawn ./finish: ";
    assert_int_equal(strncmp(reap(&f, failed), why, strlen(why)), 0);
    assert_non_null(strstr(said, "No such file or directory"));
    assert_true(f.failed);
    assert_string_equal(reap(&f, failed), "");
    assert_true(f.failed);
    assert_string_equal(reap(&f, executed), "");
    assert_false(f.failed);
    assert_string_not_equal(reap(&f, failed), "");
}

/* Killed before it could say anything: nothing is known of the file. */
static void a_report_that_ends_early_is_no_failure(void **state)
{
    struct finish f = {.report = -1};
    (void)state;
    assert_string_equal(reap(&f, silent), "");
    assert_false(f.failed);
}

/* As by timeout-finish, when its file is on a file system that hangs. */
static void one_that_was_killed_proves_nothing(void **state)
{
    struct finish f = {.report = -1};
    (void)state;
    assert_string_equal(reap_as(&f, executed, SIGKILL), "");
    assert_false(f.failed);
    assert_string_not_equal(reap(&f, failed), "");
    assert_string_equal(reap_as(&f, executed, SIGKILL), "");
    assert_true(f.failed);
    assert_string_equal(reap(&f, failed), "");
    assert_string_equal(reap(&f, executed), "");
    assert_string_not_equal(reap_as(&f, failed, SIGKILL), "");
}

static void what_a_parent_tells_comes_before(void **state)
{
    struct finish f = {.report = -1};
    (void)state;
    assert_string_not_equal(reap(&f, born), "");
    assert_int_equal(asked, 3);
    assert_true(f.failed);
}

static void without_a_report_nothing_is_known(void **state)
{
    struct finish f = {.report = -1, .failed = true};
    (void)state;
    asked = 0;
    finish_reaped(&f, &pid1, "web", "/run/service/web", 0);
    assert_int_equal(asked, 0);
    assert_true(f.failed);
    finish_release(&f);
    assert_int_equal(f.report, -1);
}

static void release_closes_what_is_open(void **state)
{
    struct finish f = {.report = open("/dev/null", O_RDONLY | O_CLOEXEC)};
    int fd = f.report;
    (void)state;
    finish_release(&f);
    assert_int_equal(f.report, -1);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_was_executed_is_not_spoken_of),
        cmocka_unit_test(a_failure_is_said_once_until_it_works),
        cmocka_unit_test(a_report_that_ends_early_is_no_failure),
        cmocka_unit_test(one_that_was_killed_proves_nothing),
        cmocka_unit_test(what_a_parent_tells_comes_before),
        cmocka_unit_test(without_a_report_nothing_is_known),
        cmocka_unit_test(release_closes_what_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
