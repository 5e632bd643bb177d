/* A shortage is said once for all that wait, not more often than once a minute, with its cure. */
#include "base/clock.h"
#include "base/message.h"
#include "supervisor/shortage.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char said[8][512];
static size_t count;

static void keep(const char *line, size_t length)
{
    assert_true(count < 8);
    snprintf(said[count++], sizeof said[0], "%.*s", (int)length, line);
}

static int setup(void **state)
{
    (void)state;
    count = 0;
    message_to(keep);
    message_verbosity(2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    message_to(NULL);
    message_verbosity(1);
    return 0;
}

static void lacks(struct shortage *s, const char *name, int why, int64_t now)
{
    struct error e = ERROR_INIT;
    errno = why;
    error_system(&e, "unable to fork");
    shortage_note(s, "service ", name, &e, now);
}

static void with_and_without_a_name(void **state)
{
    struct shortage s = {0};
    struct shortage other = {0};
    struct error e = ERROR_INIT;
    (void)state;
    errno = ENOSPC;
    error_system(&e, "unable to write");
    shortage_note(&s, "", "", &e, 1);
    shortage_note(&other, "service ", "web", &e, 1);
    assert_string_equal(said[0],
                        "overlog: warning: unable to write: No space left on device (no "
                        "room: --tmpfs /run:size=...); "
                        "retrying this and everything else that fails for the same reason\n");
    assert_non_null(strstr(said[1], "warning: service web: unable to write: No space"));
    assert_string_equal(shortage_cure(EACCES), "");
}

static void what_may_come_back(void **state)
{
    static const int these[] = {EAGAIN, EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT};
    static const int others[] = {0, ENOENT, EACCES, EPERM, EINVAL, EIO};
    (void)state;
    for (size_t i = 0; i < sizeof these / sizeof these[0]; i++)
        assert_true(shortage_is(these[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(shortage_is(others[i]));
}

static void it_is_said_once_and_when_it_is_over(void **state)
{
    struct shortage s = {.said = false};
    (void)state;
    lacks(&s, "web", EAGAIN, 5 * CLOCK_SECOND);
    lacks(&s, "db", EAGAIN, 6 * CLOCK_SECOND);
    lacks(&s, "web", EMFILE, 300 * CLOCK_SECOND);
    assert_int_equal(count, 1);
    assert_non_null(strstr(said[0], "service web: unable to fork"));
    assert_non_null(strstr(said[0], "--pids-limit"));
    assert_int_equal(s.attempts, 3);
    shortage_over(&s);
    assert_int_equal(count, 2);
    assert_non_null(strstr(said[1], "after 3 attempts"));
    shortage_over(&s);
    assert_int_equal(count, 2);
}

static void a_new_one_waits_for_its_minute(void **state)
{
    struct shortage s = {.said = false};
    (void)state;
    lacks(&s, "web", ENOMEM, 10 * CLOCK_SECOND);
    shortage_over(&s);
    lacks(&s, "web", ENOMEM, 69 * CLOCK_SECOND);
    shortage_over(&s);
    assert_int_equal(count, 2);
    lacks(&s, "web", ENOMEM, 70 * CLOCK_SECOND);
    assert_int_equal(count, 3);
    assert_non_null(strstr(said[2], "--memory"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(with_and_without_a_name),
        T(what_may_come_back),
        T(it_is_said_once_and_when_it_is_over),
        T(a_new_one_waits_for_its_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
