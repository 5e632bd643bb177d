/* Oneshots that an update has taken away while something of them runs; update_test.c has the
 * updates. */
#include "supervisor/former.h"
#include "tests/unit/supervisor/simulated.h"
#include <fcntl.h>
#include <unistd.h>

/* Two that are starting, as the up and the reload of one. */
static struct oneshot boot(void)
{
    simulated_service("ant", "oneshot", "up", "make", NULL);
    simulated_service("bee", "oneshot", "up", "make", NULL);
    simulated_boot(NULL);
    simulated_process("ant")->stubborn = simulated_process("bee")->stubborn = true;
    return (struct oneshot){.pid = simulated_process("ant")->pid,
                            .report = dup(simulated.sv->pid1.null),
                            .reload = simulated_process("bee")->pid,
                            .reload_report = dup(simulated.sv->pid1.null)};
}

static void both_are_known_until_they_have_ended(void **state)
{
    struct oneshots *all = &simulated.sv->oneshots;
    const struct children *children = &simulated.sv->pid1.children;
    (void)state;
    const struct oneshot o = boot();
    simulated_journal();
    former_begin(all, &o, former_new("old"));
    simulated_expect("TERM -ant", "CONT -ant", "TERM -bee", "CONT -bee", NULL);
    assert_int_equal(children_find(children, o.pid)->role, CHILD_FORMER);
    assert_int_equal(children_find(children, o.reload)->role, CHILD_FORMER);
    assert_int_equal(children->formers, 2);
    assert_true(former_runs(all, "old"));
    assert_false(former_runs(all, "ant"));
    former_reaped(all, o.pid);
    former_reaped(all, o.pid);
    assert_int_equal(fcntl(o.report, F_GETFD), -1);
    assert_true(former_runs(all, "old"));
    former_reaped(all, o.reload);
    assert_int_equal(fcntl(o.reload_report, F_GETFD), -1);
    assert_false(former_runs(all, "old"));
}

static void nothing_is_kept_of_one_that_does_not_run(void **state)
{
    struct oneshots *all = &simulated.sv->oneshots;
    const struct oneshot none = {.pid = 0};
    (void)state;
    simulated_boot(NULL);
    former_begin(all, &none, former_new("old"));
    assert_null(all->formers);
    former_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(both_are_known_until_they_have_ended),
        SIMULATED_TEST(nothing_is_kept_of_one_that_does_not_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
