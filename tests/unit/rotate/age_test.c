/* When ages count. */
#include "base/clock.h"
#include "rotate/age.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool looks(struct age_clock *c, time_t wall, int64_t monotonic)
{
    const struct timespec t = {.tv_sec = wall, .tv_nsec = 5};
    return age_is_trusted(c, &t, monotonic * CLOCK_SECOND);
}

static void not_for_an_hour_after_a_jump(void **state)
{
    struct age_clock c = {.known = false};
    (void)state;
    assert_true(looks(&c, 1000000, 7));
    assert_true(looks(&c, 1000103, 100)); /* ten seconds are no jump */
    assert_true(looks(&c, 1000196, 203));
    assert_false(looks(&c, 1000207, 203));
    assert_false(looks(&c, 1003806, 3802));
    assert_true(looks(&c, 1003807, 3803));
    assert_false(looks(&c, 5, 3804)); /* back */
    assert_false(looks(&c, 3604, 7403));
    assert_true(looks(&c, 3605, 7404));
}

static void a_first_look_has_nothing_to_compare(void **state)
{
    struct age_clock c = {.known = false}, remembered = {.known = true, .offset = 5};
    (void)state;
    assert_true(looks(&c, 4000000000, 1));
    assert_false(looks(&remembered, 4000000000, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(not_for_an_hour_after_a_jump),
                                       cmocka_unit_test(a_first_look_has_nothing_to_compare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
