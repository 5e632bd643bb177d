#include "supervisor/children.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_child_is_found_once(void **state)
{
    struct children c = {.slot = NULL};
    struct error e = ERROR_INIT;
    (void)state;
    assert_int_equal(children_reserve(&c, 4, &e), 0);
    children_add(&c, 100, CHILD_SERVICE, 7);
    struct child found = children_take(&c, 100);
    assert_int_equal(found.role, CHILD_SERVICE);
    assert_int_equal(found.index, 7);
    assert_int_equal(children_take(&c, 100).role, CHILD_NONE);
    assert_int_equal(c.count, 0);
    free(c.slot);
}

static void strangers_are_none(void **state)
{
    struct children c = {.slot = NULL};
    (void)state;
    assert_int_equal(children_take(&c, 1).role, CHILD_NONE);
}

static void a_child_can_be_looked_at(void **state)
{
    struct children c = {.slot = NULL};
    struct error e = ERROR_INIT;
    (void)state;
    assert_null(children_find(&c, 100));
    assert_int_equal(children_reserve(&c, 4, &e), 0);
    children_add(&c, 100, CHILD_SERVICE, 7);
    assert_null(children_find(&c, 101));
    struct child *there = children_find(&c, 100);
    assert_non_null(there);
    assert_int_equal(there->index, 7);
    assert_false(there->stopped);
    there->stopped = true;
    assert_true(children_find(&c, 100)->stopped);
    assert_int_equal(children_take(&c, 100).index, 7);
    assert_null(children_find(&c, 100));
    free(c.slot);
}

/* Of those that somebody stopped, we continue the ones that we wait for. */
static void who_goes_on(void **state)
{
    (void)state;
    assert_true(child_resumes(CHILD_CLOSER, false, false));
    assert_true(child_resumes(CHILD_LOGGER, false, false));
    assert_true(child_resumes(CHILD_PARENT, false, false));
    assert_true(child_resumes(CHILD_SERVICE, true, false));
    assert_false(child_resumes(CHILD_SERVICE, false, false)); /* s6-svc -p */
    assert_false(child_resumes(CHILD_ONESHOT, false, false));
    assert_false(child_resumes(CHILD_CMD, false, false));
    for (int role = CHILD_SERVICE; role <= CHILD_DIVERTED; role++)
        assert_true(child_resumes((enum child_role)role, false, true));
}

/* Random additions and removals against a plain array as the truth. */
static void the_table_agrees_with_a_list(void **state)
{
    enum { PIDS = 500, STEPS = 200000 };
    static uint32_t truth[PIDS]; /* 1 + index, 0 absent */
    struct children c = {.slot = NULL};
    struct error e = ERROR_INIT;
    uint32_t seed = 12345;
    (void)state;
    assert_int_equal(children_reserve(&c, 10, &e), 0);
    assert_int_equal(children_reserve(&c, PIDS, &e), 0);
    for (int i = 0; i < STEPS; i++) {
        seed = seed * 1664525U + 1013904223U;
        uint32_t n = (seed >> 8) % PIDS;
        pid_t pid = (pid_t)(n * 64 + 1); /* many share a home place */
        if (truth[n] == 0) {
            truth[n] = (uint32_t)i + 1;
            children_add(&c, pid, CHILD_LOGGER, (uint32_t)i);
        } else {
            struct child found = children_take(&c, pid);
            assert_int_equal(found.role, CHILD_LOGGER);
            assert_int_equal(found.index, truth[n] - 1);
            truth[n] = 0;
        }
    }
    size_t left = 0;
    for (int n = 0; n < PIDS; n++)
        left += truth[n] != 0;
    assert_int_equal(c.count, left);
    free(c.slot);
}

static void growing_keeps_what_is_known(void **state)
{
    struct children c = {.slot = NULL};
    struct error e = ERROR_INIT;
    (void)state;
    assert_int_equal(children_reserve(&c, 2, &e), 0);
    children_add(&c, 5, CHILD_CMD, 0);
    children_add(&c, 6, CHILD_HOOK, 1);
    assert_int_equal(children_reserve(&c, 5000, &e), 0);
    assert_int_equal(c.count, 2);
    assert_int_equal(children_take(&c, 6).role, CHILD_HOOK);
    assert_int_equal(children_take(&c, 5).role, CHILD_CMD);
    free(c.slot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_is_found_once),
        cmocka_unit_test(strangers_are_none),
        cmocka_unit_test(a_child_can_be_looked_at),
        cmocka_unit_test(who_goes_on),
        cmocka_unit_test(the_table_agrees_with_a_list),
        cmocka_unit_test(growing_keeps_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
