#include "supervisor/status_changes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void each_record_once(void **state)
{
    struct status_changes c = {.list = NULL};
    (void)state;
    assert_int_equal(status_changes_reserve(&c, 3), 0);
    for (int i = 0; i < 10; i++)
        for (uint32_t record = 0; record <= 3; record++)
            status_touch(&c, record);
    assert_int_equal(c.count, 3);
    uint32_t sum = 0;
    for (uint32_t record; (record = status_changes_take(&c)) != 0;)
        sum += record;
    assert_int_equal(sum, 1 + 2 + 3);
    status_touch(&c, 2);
    assert_int_equal(status_changes_take(&c), 2);
    assert_int_equal(status_changes_take(&c), 0);
    free(c.list);
    free(c.seen);
}

static void nothing_is_noted_while_another_file_is_due(void **state)
{
    struct status_changes c = {.renew = true}; /* there is no room for any record */
    (void)state;
    status_touch(&c, 5);
    assert_int_equal(status_changes_take(&c), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_record_once),
        cmocka_unit_test(nothing_is_noted_while_another_file_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
