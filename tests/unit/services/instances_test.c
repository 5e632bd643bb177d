/* Instances of a longrun: what becomes of the tree, and other numbers later. */
#include "services/instances.h"
#include "tests/unit/services/reading.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *workers; /* the variable WORKERS */

static const char *lookup(const char *name)
{
    return strcmp(name, "WORKERS") == 0 ? workers : NULL;
}

/* --- trees ------------------------------------------------------------------------------------ */

static void file(const struct reading *r, const char *service, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "s6-rc.d/%s/%s", service, name);
    tree_file(&r->tree, path, text);
}

static void longrun(const struct reading *r, const char *name, const char *instances)
{
    file(r, name, "type", "longrun\n");
    file(r, name, "run", "#!/bin/sh\n");
    if (instances != NULL)
        file(r, name, "instances", instances);
}

static int read_it(struct reading *r)
{
    reading_read(r, (struct definition_sources){.variable = lookup, .scaled = r->tree.root});
    return r->result;
}

/* The nodes that a name stands for; "?": there is no such name. */
static const char *members(const struct reading *r, const char *name)
{
    static char text[500];
    unsigned char set[64] = {0};
    text[0] = '\0';
    if (graph_select(&r->g, name, set) < 0)
        return "?";
    for (uint32_t i = 0; i < r->g.count; i++)
        if (set[i] != 0)
            sprintf(text + strlen(text), "%s%s", text[0] == '\0' ? "" : " ",
                    r->d.item[r->g.node[i].definition].name);
    return text;
}

static void problem_is(const struct reading *r, const char *file_name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", r->tree.services, file_name);
    assert_true(r->p.count > 0);
    assert_string_equal(r->p.item[0].path, path);
    assert_int_equal(r->p.item[0].line, 1);
    assert_string_equal(r->p.item[0].text, text);
}

static void a_bundle_of_instances(void **state)
{
    struct reading *r = *state;
    workers = "2";
    longrun(r, "worker@", "$WORKERS\n");
    file(r, "worker@", "timeout-kill", "1500\n");
    file(r, "worker@", "dependencies.d/db", "");
    file(r, "worker@", "enable-if", "WORKERS\n");
    longrun(r, "db", NULL);
    longrun(r, "web", NULL);
    file(r, "web", "dependencies.d/worker", "");
    tree_file(&r->tree, "user-bundles.d/user/contents.d/worker@", "");
    assert_int_equal(read_it(r), 0);
    assert_int_equal(r->p.count, 0);
    assert_string_equal(members(r, "worker"), "worker-1 worker-2");
    assert_string_equal(members(r, "user"), "worker-1 worker-2");
    assert_string_equal(members(r, "worker@"), "?");
    const struct definition *one = reading_get(r, "worker-2");
    assert_string_equal(one->instance, "2");
    assert_string_equal(one->instance_of, "worker");
    assert_int_equal(one->keys.timeout_kill, 1500);
    assert_string_equal(one->dependencies.item[0], "db");
    assert_string_equal(one->enable_if.item[0], "WORKERS");
    assert_string_equal(path_name(one->directory), "worker@");
    assert_int_equal(r->g.node[r->g.node_of[definitions_find(&r->d, "web")]].needs_count, 2);
}

static void by_the_file_alone_and_with_names(void **state)
{
    struct reading *r = *state;
    longrun(r, "queue", "mail search\n");
    longrun(r, "none", "0");
    longrun(r, "plain@", NULL); /* as another program may have it */
    assert_int_equal(read_it(r), 0);
    assert_string_equal(members(r, "queue"), "queue-mail queue-search");
    assert_string_equal(reading_get(r, "queue-mail")->instance, "mail");
    assert_string_equal(members(r, "none"), "");
    assert_string_equal(members(r, "none-1"), "none-1");
    assert_string_equal(members(r, "plain@"), "plain@");
}

static void producers_have_instances(void **state)
{
    struct reading *r = *state;
    longrun(r, "from@", "2\n");
    file(r, "from@", "producer-for", "to\n");
    longrun(r, "other", NULL);
    file(r, "other", "producer-for", "to\n");
    longrun(r, "to", NULL);
    file(r, "to", "consumer-for", "other\nfrom@\n");
    file(r, "to", "pipeline-name", "pipe\n");
    assert_int_equal(read_it(r), 0);
    assert_int_equal(r->p.count, 0);
    assert_int_equal(reading_get(r, "to")->consumer_for.count, 3);
    assert_string_equal(reading_get(r, "to")->consumer_for.item[2], "from-2");
    assert_string_equal(members(r, "pipe"), "other to from-1 from-2");
}

static void a_consumer_has_none(void **state)
{
    struct reading *r = *state;
    longrun(r, "to", "2\n");
    file(r, "to", "consumer-for", "from\n");
    longrun(r, "from", NULL);
    file(r, "from", "producer-for", "to\n");
    assert_int_equal(read_it(r), -1);
    problem_is(r, "to/instances", "a consumer has no instances: its producers write to one pipe");
}

static void values_that_are_wrong(void **state)
{
    struct reading *r = *state;
    workers = "many workers!";
    longrun(r, "a@", "$WORKERS\n");
    assert_int_equal(read_it(r), -1);
    problem_is(r, "a@/instances", "WORKERS: invalid name \"workers!\"");
}

static void a_name_that_is_taken(void **state)
{
    struct reading *r = *state;
    longrun(r, "a@", "2\n");
    longrun(r, "a-2", NULL);
    assert_int_equal(read_it(r), -1);
    problem_is(r, "a@/instances", "a-2 is already defined");
}

static void an_empty_file(void **state)
{
    struct reading *r = *state;
    longrun(r, "a@", "\n");
    assert_int_equal(read_it(r), -1);
    problem_is(r, "a@/instances", "there is no number of instances");
}

static void what_somebody_has_set_counts(void **state)
{
    struct reading *r = *state;
    longrun(r, "worker@", "1\n");
    tree_file(&r->tree, "worker", "3\n");
    assert_int_equal(read_it(r), 0);
    assert_string_equal(members(r, "worker"), "worker-1 worker-2 worker-3");
}

static void a_number_that_overrides_another_is_said(void **state)
{
    struct reading *r = *state;
    longrun(r, "worker@", "1\n");
    longrun(r, "same", "2\n");
    tree_file(&r->tree, "worker", "3\n");
    tree_file(&r->tree, "same", "2\n");
    assert_int_equal(read_it(r), 0);
    assert_int_equal(r->p.count, 1);
    problem_is(r, "worker@/instances", "scaled to 3: instances is not used");
    assert_true(r->p.item[0].warning);
}

static void a_number_is_none_of_names(void **state)
{
    struct reading *r = *state;
    longrun(r, "queue", "mail search\n");
    longrun(r, "one", "mail\n");
    longrun(r, "worker", "1\n");
    longrun(r, "web", NULL);
    tree_file(&r->tree, "queue", "3\n");
    tree_file(&r->tree, "one", "1\n");
    assert_int_equal(read_it(r), 0);
    assert_int_equal(r->p.count, 0);
    assert_string_equal(members(r, "queue"), "queue-mail queue-search");
    assert_string_equal(members(r, "one"), "one-mail");
    assert_false(instances_are_counted(&r->d, "queue"));
    assert_false(instances_are_counted(&r->d, "one"));
    assert_false(instances_are_counted(&r->d, "web"));
    assert_true(instances_are_counted(&r->d, "worker"));
}

/* --- other numbers ---------------------------------------------------------------------------- */

/* Of a damaged database: the bundle is not there. */
static void instances_without_their_bundle(void **state)
{
    struct reading *r = *state;
    struct error e = ERROR_INIT;
    struct definition *d = definitions_add(&r->d, "w-1", DEFINITION_LONGRUN);
    d->instance = strdup("1");
    d->instance_of = strdup("w");
    assert_false(instances_are_counted(&r->d, "w"));
    assert_int_equal(instances_scale(&r->d, "w", 2, &e), -1);
    assert_string_equal(e.text, "w has no instances");
}

/* Through a database, then scaled; the members after that, or the mistake. */
static const char *scale(struct reading *r, const char *name, unsigned int count)
{
    static struct error e;
    struct str bytes = STR_INIT;
    struct definitions copy = DEFINITIONS_INIT;
    e = ERROR_INIT;
    assert_int_equal(definitions_pack(&r->d, &bytes), 0);
    assert_int_equal(definitions_unpack(&copy, bytes.data, bytes.length, &e), 0);
    str_release(&bytes);
    graph_release(&r->g);
    definitions_release(&r->d);
    r->d = copy;
    if (instances_scale(&r->d, name, count, &e) < 0)
        return e.text;
    assert_int_equal(graph_build(&r->g, &r->d, &r->p), 0);
    return members(r, name);
}

static void more_and_less(void **state)
{
    struct reading *r = *state;
    longrun(r, "worker@", "2\n");
    file(r, "worker@", "timeout-kill", "1500\n");
    longrun(r, "web", NULL);
    file(r, "web", "dependencies.d/worker", "");
    assert_int_equal(read_it(r), 0);
    assert_string_equal(scale(r, "worker", 4), "worker-1 worker-2 worker-3 worker-4");
    assert_int_equal(reading_get(r, "worker-4")->keys.timeout_kill, 1500);
    assert_string_equal(reading_get(r, "worker-4")->instance, "4");
    assert_string_equal(scale(r, "worker", 1), "worker-1");
    assert_int_equal(definitions_find(&r->d, "worker-2"), -1);
    assert_true(definitions_find(&r->d, "web") >= 0);
    assert_string_equal(scale(r, "worker", 0), "");
    assert_string_equal(members(r, "worker-1"), "worker-1");
    assert_string_equal(scale(r, "worker", 2), "worker-1 worker-2");
}

static void what_cannot_be_scaled(void **state)
{
    struct reading *r = *state;
    longrun(r, "queue", "mail search\n");
    longrun(r, "web", NULL);
    longrun(r, "from@", "1\n");
    file(r, "from@", "producer-for", "to\n");
    longrun(r, "to", NULL);
    file(r, "to", "consumer-for", "from\n");
    assert_int_equal(read_it(r), 0);
    assert_string_equal(scale(r, "web", 2), "web has no instances");
    assert_string_equal(scale(r, "nothing", 2), "nothing has no instances");
    assert_string_equal(scale(r, "queue", 2),
                        "the instances of queue have names, as mail: change the file instances");
    assert_string_equal(scale(r, "from", 2), "the instances of from write to to: as many as at the "
                                             "start of the container stay");
    assert_string_equal(scale(r, "from-1", 2), "from-1 has no instances");
}

static void one_that_is_named_stays(void **state)
{
    struct reading *r = *state;
    longrun(r, "worker@", "3\n");
    longrun(r, "web", NULL);
    file(r, "web", "dependencies.d/worker-3", "");
    longrun(r, "worker-x", NULL);
    longrun(r, "other", NULL);
    file(r, "other", "dependencies.d/worker-x", "");
    file(r, "other", "after.d/worker-2", "");
    assert_int_equal(read_it(r), 0);
    assert_string_equal(scale(r, "worker", 4), "worker-1 worker-2 worker-3 worker-4");
    assert_string_equal(scale(r, "worker", 3), "worker-1 worker-2 worker-3");
    assert_string_equal(scale(r, "worker", 2), "web needs worker-3");
    assert_string_equal(scale(r, "worker", 3), "worker-1 worker-2 worker-3");
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, reading_setup, reading_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_TREE(a_bundle_of_instances),
        IN_A_TREE(by_the_file_alone_and_with_names),
        IN_A_TREE(producers_have_instances),
        IN_A_TREE(a_consumer_has_none),
        IN_A_TREE(values_that_are_wrong),
        IN_A_TREE(a_name_that_is_taken),
        IN_A_TREE(an_empty_file),
        IN_A_TREE(what_somebody_has_set_counts),
        IN_A_TREE(a_number_that_overrides_another_is_said),
        IN_A_TREE(a_number_is_none_of_names),
        IN_A_TREE(more_and_less),
        IN_A_TREE(what_cannot_be_scaled),
        IN_A_TREE(instances_without_their_bundle),
        IN_A_TREE(one_that_is_named_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
