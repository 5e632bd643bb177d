/* What enable-if leaves out of a tree, and how the graph is then. */
#include "base/message.h"
#include "services/enable.h"
#include "services/graph.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *on;

static const char *lookup(const char *name)
{
    return strcmp(name, on) == 0 ? "1" : NULL;
}

static struct definition *add(struct definitions *d, const char *name, enum definition_type type,
                              const char *needs, const char *condition)
{
    struct definition *it = definitions_add(d, name, type);
    assert_non_null(it);
    if (needs != NULL)
        assert_int_equal(
            words_add(type == DEFINITION_BUNDLE ? &it->contents : &it->dependencies, needs), 0);
    if (condition != NULL)
        assert_int_equal(words_add(&it->enable_if, condition), 0);
    return it;
}

/* "web all" : the bundle all has web. */
static void make(struct definitions *d)
{
    assert_int_equal(definitions_builtin(d), 0);
    add(d, "db", DEFINITION_LONGRUN, NULL, "DB");
    add(d, "web", DEFINITION_LONGRUN, "db", NULL);
    add(d, "proxy", DEFINITION_LONGRUN, "web", NULL);
    struct definition *lazy = add(d, "lazy", DEFINITION_LONGRUN, NULL, NULL);
    assert_int_equal(words_add(&lazy->after, "db"), 0);
    add(d, "on-all", DEFINITION_LONGRUN, "all", NULL);
    struct definition *all = add(d, "all", DEFINITION_BUNDLE, "db", NULL);
    assert_int_equal(words_add(&all->contents, "lazy"), 0);
    add(d, "off", DEFINITION_BUNDLE, "lazy", "NEVER");
    add(d, "on-off", DEFINITION_LONGRUN, "off", NULL);
    struct definition *from = add(d, "from", DEFINITION_LONGRUN, NULL, NULL);
    from->producer_for = strdup("to");
    struct definition *to = add(d, "to", DEFINITION_LONGRUN, NULL, "TO");
    assert_int_equal(words_add(&to->consumer_for, "from"), 0);
}

static void left_out(const struct definitions *d, const char *name, const char *why)
{
    const char *is = d->item[definitions_find(d, name)].left_out;
    if (why == NULL)
        assert_null(is);
    else
        assert_string_equal(is, why);
}

/* The names that are needed, with blanks between. */
static void needs(const struct graph *g, const char *name, const char *expected)
{
    char text[200] = "";
    const struct node *n = &g->node[g->node_of[definitions_find(g->definitions, name)]];
    for (uint32_t i = 0; i < n->needs_count; i++) {
        strcat(text, text[0] == '\0' ? "" : " ");
        strcat(text, g->definitions->item[g->node[n->needs[i]].definition].name);
    }
    assert_string_equal(text, expected);
}

static void what_is_off_takes_along_what_needs_it(void **state)
{
    struct definitions d = DEFINITIONS_INIT;
    struct graph g = GRAPH_INIT;
    struct problems p = PROBLEMS_INIT;
    unsigned char set[32] = {0};
    (void)state;
    make(&d);
    on = "";
    assert_int_equal(enable_choose(&d, lookup), 0);
    left_out(&d, "db", "enable-if: DB is not set");
    left_out(&d, "web", "it needs db, which is left out");
    left_out(&d, "proxy", "it needs web, which is left out");
    left_out(&d, "lazy", NULL);
    left_out(&d, "all", NULL);
    left_out(&d, "on-all", NULL);
    left_out(&d, "off", "enable-if: NEVER is not set");
    left_out(&d, "on-off", "it needs off, which is left out");
    left_out(&d, "to", "enable-if: TO is not set");
    left_out(&d, "from", "it needs to, which is left out");
    assert_int_equal(graph_build(&g, &d, &p), 0);
    needs(&g, "lazy", "");
    needs(&g, "on-all", "lazy");
    needs(&g, "web", "db"); /* who starts it by name gets all */
    needs(&g, "on-off", "lazy");
    assert_int_equal(graph_select(&g, "all", set), 0);
    assert_int_equal(set[g.node_of[definitions_find(&d, "db")]], 0);
    assert_int_equal(set[g.node_of[definitions_find(&d, "lazy")]], 1);
    assert_int_equal(graph_select(&g, "db", set), 0);
    assert_int_equal(set[g.node_of[definitions_find(&d, "db")]], 1);
    graph_release(&g);
    /* It is decided anew. */
    on = "DB";
    assert_int_equal(enable_choose(&d, lookup), 0);
    left_out(&d, "proxy", NULL);
    assert_int_equal(graph_build(&g, &d, &p), 0);
    needs(&g, "lazy", "db");
    needs(&g, "on-all", "db lazy");
    graph_release(&g);
    definitions_release(&d);
}

static void it_goes_through_a_database(void **state)
{
    struct definitions d = DEFINITIONS_INIT, copy = DEFINITIONS_INIT;
    struct str bytes = STR_INIT;
    struct error e = ERROR_INIT;
    (void)state;
    make(&d);
    on = "TO";
    assert_int_equal(enable_choose(&d, lookup), 0);
    assert_int_equal(definitions_pack(&d, &bytes), 0);
    assert_int_equal(definitions_unpack(&copy, bytes.data, bytes.length, &e), 0);
    for (size_t i = 0; i < d.count; i++)
        left_out(&copy, d.item[i].name, d.item[i].left_out);
    assert_string_equal(copy.item[definitions_find(&copy, "db")].enable_if.item[0], "DB");
    assert_string_equal(copy.item[definitions_find(&copy, "lazy")].after.item[0], "db");
    str_release(&bytes);
    definitions_release(&copy);
    definitions_release(&d);
}

static char said[2000];

static void keep(const char *line, size_t length)
{
    strncat(said, line, length);
}

static void one_line_each(void **state)
{
    struct definitions d = DEFINITIONS_INIT;
    (void)state;
    add(&d, "a", DEFINITION_LONGRUN, NULL, "A");
    add(&d, "b", DEFINITION_LONGRUN, "a", NULL);
    add(&d, "c", DEFINITION_LONGRUN, NULL, NULL);
    on = "";
    assert_int_equal(enable_choose(&d, lookup), 0);
    message_name("it");
    message_to(keep);
    message_verbosity(MESSAGE_WARNING);
    enable_say(&d);
    assert_string_equal(said, "");
    message_verbosity(MESSAGE_INFO);
    enable_say(&d);
    message_to(NULL);
    assert_string_equal(said, "it: info: service a is left out: enable-if: A is not set\n"
                              "it: info: service b is left out: it needs a, which is left out\n");
    definitions_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_off_takes_along_what_needs_it),
        cmocka_unit_test(it_goes_through_a_database),
        cmocka_unit_test(one_line_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
