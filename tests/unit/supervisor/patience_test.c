/* When and how people are told what pid 1 waits for, on fake time. */
#include "base/clock.h"
#include "supervisor/patience.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define S CLOCK_SECOND

static void named_ever_more_rarely(void **state)
{
    const int64_t begun = 100 * S;
    const int64_t wanted[] = {110, 120, 140, 180, 260, 420};
    int64_t said = 0;
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        int64_t due = patience_due(begun, said, PATIENCE_BOOT_MS);
        assert_int_equal(due, wanted[i] * S);
        said = due;
    }
}

/* Something else was named meanwhile: that changes nothing for what is not due yet. */
static void each_has_its_own_time(void **state)
{
    (void)state;
    assert_int_equal(patience_due(100 * S, 102 * S, PATIENCE_STOP_MS), 103 * S);
    assert_int_equal(patience_due(100 * S, 103 * S, PATIENCE_STOP_MS), 106 * S);
    assert_int_equal(patience_due(100 * S, 50 * S, PATIENCE_STOP_MS), 103 * S);
}

/* A look that comes late names what is due once and goes on from there. */
static void a_late_look(void **state)
{
    (void)state;
    assert_int_equal(patience_due(100 * S, 175 * S, PATIENCE_BOOT_MS), 180 * S);
}

/* Of every number of waits over a day: a dozen of lines each. */
static void a_day_is_a_dozen_lines(void **state)
{
    int64_t said = 0;
    int lines = 0;
    (void)state;
    for (int64_t due; (due = patience_due(S, said, PATIENCE_BOOT_MS)) < 86400 * S; said = due)
        lines++;
    assert_in_range(lines, 10, 15);
}

static void says(struct patience_wait wait, int64_t now, const char *expected)
{
    char line[PATIENCE_LINE_MAX];
    patience_line(line, &wait, now);
    assert_string_equal(line, expected);
}

static void the_words(void **state)
{
    const struct patience_wait web = {"web", "is still stopping", 100 * S, 105 * S, "it is killed"};
    const struct patience_wait free = {"db", "is still starting", 100 * S, 0, ""};
    const struct patience_wait db = {"db", "is still starting", 100 * S, 105 * S, "it is given up"};
    (void)state;
    says(web, 103 * S, "web is still stopping after 3 s (it is killed in 2 s)");
    says(web, 103 * S + S / 2, "web is still stopping after 3 s (it is killed in 2 s)");
    says(free, 110 * S, "db is still starting after 10 s (there is no time limit)");
    says(db, 110 * S, "db is still starting after 10 s (it is given up now)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_ever_more_rarely),
        cmocka_unit_test(each_has_its_own_time),
        cmocka_unit_test(a_late_look),
        cmocka_unit_test(a_day_is_a_dozen_lines),
        cmocka_unit_test(the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
