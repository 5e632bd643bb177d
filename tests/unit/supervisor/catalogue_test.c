/* How far services are, and another catalogue in the place of one. */
#include "tests/unit/supervisor/simulated.h"
#include <stdlib.h>
#include <string.h>

static uint32_t node_of(const struct catalogue *c, const char *name)
{
    return (uint32_t)c->graph.node_of[definitions_find(&c->definitions, name)];
}

static void an_answer_counts_while_it_is_awaited(void **state)
{
    struct catalogue *c = &simulated.sv->catalogue;
    struct pid1 *p = &simulated.sv->pid1;
    (void)state;
    simulated_service("init", "oneshot", "up", "make", NULL);
    simulated_boot(NULL);
    uint32_t node = node_of(c, "init");
    assert_true(catalogue_awaits(c, node, true));
    assert_false(catalogue_awaits(c, node, false));
    assert_false(catalogue_awaits(c, NO_NODE, true));
    simulated_journal();
    assert_false(catalogue_done(c, p, node, false, true)); /* of its stop, which nobody asked for */
    assert_true(catalogue_done(c, p, node, true, true));
    simulated_expect("say s6-rc: info: service init successfully started", NULL);
    assert_int_equal(c->transition.node[node].state, NODE_UP);
    assert_false(catalogue_done(c, p, node, true, true));
    simulated_expect_not("say s6-rc: info: service init successfully stopped");
    assert_false(catalogue_done(c, p, NO_NODE, true, true));
}

static void a_failure_leaves_it_down(void **state)
{
    struct catalogue *c = &simulated.sv->catalogue;
    (void)state;
    simulated_service("init", "oneshot", "up", "make", NULL);
    simulated_boot(NULL);
    uint32_t node = node_of(c, "init");
    simulated_journal();
    assert_true(catalogue_done(c, &simulated.sv->pid1, node, true, false));
    assert_int_equal(c->transition.node[node].state, NODE_DOWN);
    assert_int_equal(c->transition.result, TRANSITION_FAILED);
}

static void replaced_as_a_whole(void **state)
{
    struct catalogue a = {.longrun_of = NULL}, b = {.longrun_of = NULL};
    struct problems problems = PROBLEMS_INIT;
    (void)state;
    assert_int_equal(definitions_builtin(&b.definitions), 0);
    assert_int_equal(graph_build(&b.graph, &b.definitions, &problems), 0);
    assert_int_equal(catalogue_reserve(&b), 0);
    assert_int_equal(transition_init(&b.transition, &b.graph), 0);
    assert_int_equal(catalogue_oneshots(&b), b.graph.count);
    for (uint32_t i = 0; i < b.graph.count; i++) {
        assert_int_equal(b.longrun_of[i], NO_LONGRUN);
        assert_int_equal(b.all[i], 1);
        assert_int_equal(b.late[i], 0);
        assert_int_equal(b.record[i], 0);
    }
    catalogue_replace(&a, &b);
    assert_ptr_equal(a.graph.definitions, &a.definitions);
    assert_ptr_equal(a.transition.graph, &a.graph);
    assert_string_equal(catalogue_definition(&a, node_of(&a, "fix-attrs"))->name, "fix-attrs");
    problems_release(&problems);
    catalogue_release(&a);
    assert_null(a.transition.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(an_answer_counts_while_it_is_awaited),
        SIMULATED_TEST(a_failure_leaves_it_down),
        cmocka_unit_test(replaced_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
