#include "supervisor/notice.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void in_their_order(void **state)
{
    struct notices n = {.count = 0};
    struct notice next;
    (void)state;
    assert_false(notice_next(&n, &next));
    notice_post(&n, NOTICE_SVSCAN, 't');
    notice_post(&n, NOTICE_SVSCAN, 'b');
    notice_post(&n, NOTICE_GONE, 0);
    assert_true(notice_next(&n, &next));
    assert_int_equal(next.code, 't');
    assert_true(notice_next(&n, &next));
    assert_int_equal(next.code, 'b');
    assert_true(notice_next(&n, &next));
    assert_int_equal(next.kind, NOTICE_GONE);
    assert_false(notice_next(&n, &next));
}

static void none_twice_and_the_first_code_counts(void **state)
{
    struct notices n = {.count = 0};
    struct notice next;
    (void)state;
    for (int i = 0; i < 100; i++) {
        notice_post(&n, NOTICE_GONE, 0);
        notice_post(&n, NOTICE_EXIT, 7 + i);
        notice_post(&n, NOTICE_CMD, 1 + i);
        notice_post(&n, NOTICE_SVSCAN, "tiqb"[i % 4]);
    }
    assert_int_equal(n.count, 7);
    assert_true(notice_next(&n, &next) && next.kind == NOTICE_GONE);
    assert_true(notice_next(&n, &next) && next.kind == NOTICE_EXIT && next.code == 7);
    assert_true(notice_next(&n, &next) && next.kind == NOTICE_CMD && next.code == 1);
    notice_post(&n, NOTICE_EXIT, 9); /* what was taken waits no more */
    assert_int_equal(n.count, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_their_order),
        cmocka_unit_test(none_twice_and_the_first_code_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
