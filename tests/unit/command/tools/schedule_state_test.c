/* The file that schedule leaves for others: what is written is read. */
#include "command/tools/schedule_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

static void what_is_written_is_read(void **state)
{
    const struct schedule_state s = {.next = INT64_MAX,
                                     .pid = 17,
                                     .began = 1764558900123456789,
                                     .ms = 1,
                                     .code = -1,
                                     .counts.runs = 3,
                                     .counts.ended = 2,
                                     .counts.failed = 4,
                                     .counts.late = 5,
                                     .counts.skipped = 6,
                                     .well = 7,
                                     .asked = 8,
                                     .answer = 9,
                                     .owner = 10,
                                     .since = 11,
                                     .born = 12,
                                     .timetable = "15 3 * * *;\n@daily = 1"};
    struct schedule_state back;
    struct str text = STR_INIT;
    (void)state;
    assert_int_equal(schedule_state_format(&s, &text), 0);
    assert_int_equal(schedule_state_parse(&back, text.data), 0);
    assert_memory_equal(&s, &back, offsetof(struct schedule_state, timetable));
    assert_string_equal(back.timetable, "15 3 * * *; @daily = 1");
    str_release(&text);
}

static void what_is_not_known_is_passed_over(void **state)
{
    struct schedule_state s;
    (void)state;
    assert_int_equal(schedule_state_parse(&s, "runs=2\nfuture=3\nrun\n=\nms=x\ntimetable=a"), 0);
    assert_int_equal(s.counts.runs, 2);
    assert_int_equal(s.ms, 0);
    assert_int_equal(s.code, -1);
    assert_string_equal(s.timetable, "a");
    assert_int_equal(schedule_state_parse(&s, ""), -1);
    assert_int_equal(schedule_state_parse(&s, "runs=2\n"), -1);
}

static void it_is_of_the_process_that_wrote_it(void **state)
{
    struct schedule_state s = {.next = 0};
    (void)state;
    assert_false(schedule_state_is_of(&s, 0)); /* no service runs, and nobody wrote it */
    schedule_state_own(&s);
    assert_int_equal(s.owner, getpid());
    assert_true(s.since > 0);
    assert_true(schedule_state_is_of(&s, getpid()));
    assert_false(schedule_state_is_of(&s, getppid()));
    assert_false(schedule_state_is_of(&s, -1));
    s.since--; /* another one had our pid */
    assert_false(schedule_state_is_of(&s, getpid()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_not_known_is_passed_over),
        cmocka_unit_test(it_is_of_the_process_that_wrote_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
