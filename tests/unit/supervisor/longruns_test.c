/* Longruns come and go: places in the table, and what leads to them. */
#include "supervisor/longruns.h"
#include "tests/unit/supervisor/simulated.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct longrun *add(const char *name, const char *consumer_for)
{
    struct definition *d = calloc(1, sizeof *d);
    struct error e = ERROR_INIT;
    char path[128];
    d->name = strdup(name);
    d->type = DEFINITION_LONGRUN;
    keys_init(&d->keys);
    if (consumer_for != NULL)
        assert_int_equal(words_add(&d->consumer_for, consumer_for), 0);
    snprintf(path, sizeof path, "/run/here/%s/run", name);
    simulated_file(path, "");
    *strrchr(path, '/') = '\0';
    struct longrun *l = longruns_add(&simulated.sv->longruns, d, d, NO_NODE, path, &e);
    if (l == NULL)
        fail_msg("%s", e.text);
    return l;
}

static void a_place_is_used_again(void **state)
{
    struct longruns *ls = &simulated.sv->longruns;
    (void)state;
    simulated.settings.logging = LOGGING_CONSOLE;
    simulated_boot(NULL);
    struct longrun *a = add("a", NULL), *b = add("b", NULL);
    uint32_t place = a->index;
    assert_int_equal(b->index, place + 1);
    longruns_remove(a);
    assert_int_equal(a->member, MEMBER_GONE);
    longruns_sweep(ls);
    assert_null(ls->item[place]);
    assert_null(longruns_named(ls, "a"));
    assert_null(longruns_logger(ls, place + 2));
    struct longrun *c = add("c", NULL);
    assert_int_equal(c->index, place);
    assert_int_equal(c->logger.index, place + 2);
    assert_int_equal(ls->count, place + 2);
}

static void nothing_leads_to_one_that_is_gone(void **state)
{
    struct longruns *ls = &simulated.sv->longruns;
    (void)state;
    simulated_boot(NULL);
    struct longrun *sink = add("sink", "a"), *a = add("a", NULL), *b = add("b", NULL);
    a->pipe.consumer = sink->index;
    assert_true(sink->pipe.input[0] >= 0);
    longruns_remove(sink);
    longruns_sweep(ls);
    assert_null(longruns_named(ls, "sink"));
    assert_int_equal(a->pipe.consumer, NO_LONGRUN);
    assert_int_equal(b->pipe.consumer, NO_LONGRUN);
}

static void kept_until_its_logger_has_read(void **state)
{
    struct longruns *ls = &simulated.sv->longruns;
    (void)state;
    simulated_boot(NULL);
    struct longrun *a = add("a", NULL);
    longrun_feed(a, SERVICE_WANT_UP, 0);
    simulated_settle();
    simulated_process("a/log")->stubborn = true;
    longrun_feed(a, SERVICE_WANT_DOWN, 0);
    simulated_settle();
    longruns_remove(a);
    longruns_sweep(ls);
    assert_ptr_equal(longruns_named(ls, "a"), a);
    assert_int_equal(a->logger.state, LOGGER_ENDING);
    simulated_exit("a/log", 0);
    assert_null(longruns_named(ls, "a"));
}

static void one_that_cannot_be_added_leaves_nothing(void **state)
{
    struct longruns *ls = &simulated.sv->longruns;
    struct definition d = {.name = (char[]){"a"}, .type = DEFINITION_LONGRUN};
    struct error e = ERROR_INIT;
    (void)state;
    simulated_boot(NULL);
    uint32_t count = ls->count;
    keys_init(&d.keys);
    assert_null(longruns_add(ls, &d, NULL, NO_NODE, "/run/nowhere", &e));
    assert_int_equal(errno, ENOENT);
    assert_string_equal(e.text, "unable to open /run/nowhere: No such file or directory");
    assert_null(longruns_named(ls, "a"));
    assert_int_equal(add("b", NULL)->index, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED_TEST(a_place_is_used_again),
        SIMULATED_TEST(nothing_leads_to_one_that_is_gone),
        SIMULATED_TEST(kept_until_its_logger_has_read),
        SIMULATED_TEST(one_that_cannot_be_added_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
