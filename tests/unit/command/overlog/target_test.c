/* Which services names and patterns mean, and in which order. */
#include "command/overlog/target.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct services world;
static struct status_row rows[8];

static void define(const char *name, enum definition_type type, const char *need)
{
    struct definition *d = definitions_add(&world.definitions, name, type);
    d->directory = strdup(name);
    if (need != NULL)
        words_add(type == DEFINITION_BUNDLE ? &d->contents : &d->dependencies, need);
    if (type != DEFINITION_BUNDLE)
        rows[world.status.count++] =
            (struct status_row){.name = name,
                                .type = type == DEFINITION_ONESHOT ? "oneshot" : "longrun",
                                .state = "up"};
}

static int make(void **state)
{
    (void)state;
    struct problems p = PROBLEMS_INIT;
    world = (struct services){.status = {.row = rows}};
    define("web", DEFINITION_LONGRUN, "db");
    define("proxy", DEFINITION_LONGRUN, "web");
    define("db", DEFINITION_LONGRUN, "setup");
    define("setup", DEFINITION_ONESHOT, NULL);
    define("all", DEFINITION_BUNDLE, "proxy");
    rows[world.status.count++] = /* of /run/service alone */
        (struct status_row){.name = "w[1]", .type = "longrun", .state = "up"};
    world.has_graph = graph_build(&world.graph, &world.definitions, &p) == 0;
    assert_true(world.has_graph);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    graph_release(&world.graph);
    definitions_release(&world.definitions);
    return 0;
}

/* expected: the names in order, in parentheses if they are not named. */
static void finds(int also, const char *expected, const char *one, const char *two)
{
    char *names[] = {(char *)(uintptr_t)one, (char *)(uintptr_t)two, NULL};
    const char *unknown = NULL;
    struct targets t;
    struct str out = STR_INIT;
    assert_int_equal(targets_find(&t, &world, names, also, &unknown), 0);
    for (size_t i = 0; i < t.count; i++)
        str_printf(&out, t.item[i].is_named ? "%s%s:%u" : "%s(%s:%u)", i > 0 ? " " : "",
                   t.item[i].name, t.item[i].level);
    assert_string_equal(out.data, expected);
    str_release(&out);
    targets_release(&t);
}

static void names_and_patterns(void **state)
{
    (void)state;
    finds(0, "web:0", "web", NULL);
    finds(0, "db:0 web:1", "web", "db"); /* the one that is needed comes first */
    finds(0, "db:0 proxy:1", "proxy", "db");
    finds(0, "w[1]:0 web:0", "w*", NULL);
    finds(0, "w[1]:0", "w[1]", NULL); /* the name itself is no pattern */
    finds(0, "proxy:0", "all", NULL);
    finds(TARGET_NEEDS, "(setup:0) (db:1) web:2", "web", NULL);
    finds(TARGET_DEPENDENTS, "web:0 (proxy:1)", "web", NULL);
}

static void unknown_names(void **state)
{
    (void)state;
    char *names[] = {(char *)(uintptr_t) "web", (char *)(uintptr_t) "nothere*", NULL};
    const char *unknown = NULL;
    struct targets t;
    assert_int_equal(targets_find(&t, &world, names, 0, &unknown), 1);
    assert_string_equal(unknown, "nothere*");
    targets_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_and_patterns),
                                       cmocka_unit_test(unknown_names)};
    return cmocka_run_group_tests(tests, make, unmake);
}
