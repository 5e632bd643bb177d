/* What an update stops and starts, on small graphs. */
#include "services/update_plan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct side {
    struct definitions d;
    struct graph g;
};

/* "a b:a,c !o:b +x" : longruns with what they need; ! a oneshot, @ one of the container's
 * own, + a bundle of what follows, - a longrun that is left out, * an
 * instance. */
static void build(struct side *s, const char *text)
{
    struct problems p = PROBLEMS_INIT;
    char copy[256];
    char *rest = NULL;
    *s = (struct side){.d = DEFINITIONS_INIT, .g = GRAPH_INIT};
    strcpy(copy, text);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        bool builtin = *word == '@';
        enum definition_type type = *word == '!' || builtin ? DEFINITION_ONESHOT
                                    : *word == '+'          ? DEFINITION_BUNDLE
                                                            : DEFINITION_LONGRUN;
        char *inner = NULL;
        char *needs = strchr(word, ':');
        bool left_out = *word == '-';
        bool instance = *word == '*';
        word += type != DEFINITION_LONGRUN || left_out || instance;
        if (needs != NULL)
            *needs++ = '\0';
        struct definition *d = definitions_add(&s->d, word, type);
        d->instance_of = instance ? strdup("w") : NULL;
        d->left_out = left_out ? strdup("off") : NULL;
        d->builtin = builtin ? BUILTIN_CONT_INIT : BUILTIN_NONE;
        struct words *list = type == DEFINITION_BUNDLE ? &d->contents : &d->dependencies;
        for (char *one = needs == NULL ? NULL : strtok_r(needs, ",", &inner); one != NULL;
             one = strtok_r(NULL, ",", &inner))
            assert_int_equal(words_add(list, one), 0);
    }
    assert_int_equal(graph_build(&s->g, &s->d, &p), 0);
    problems_release(&p);
}

static void add_names(char *out, const struct side *s, const unsigned char *set)
{
    for (uint32_t i = 0; i < s->g.count; i++)
        if (set[i] != 0) {
            strcat(out, s->d.item[s->g.node[i].definition].name);
            strcat(out, " ");
        }
}

/* "what goes down | what is to be up"; down names what is not up before. */
static const char *plan(const char *before, const char *not_up, const char *after,
                        const struct update_conversion *c, size_t count)
{
    static char text[512];
    struct side old, new;
    struct update_plan p = UPDATE_PLAN_INIT;
    unsigned char is_up[32];
    build(&old, before);
    build(&new, after);
    memset(is_up, 1, sizeof is_up);
    for (uint32_t i = 0; i < old.g.count; i++)
        is_up[i] = strstr(not_up, old.d.item[old.g.node[i].definition].name) == NULL;
    assert_int_equal(update_plan_make(&p, &old.g, is_up, &new.g, c, count), 0);
    text[0] = '\0';
    add_names(text, &old, p.down);
    strcat(text, "| ");
    add_names(text, &new, p.up);
    update_plan_release(&p);
    graph_release(&old.g);
    graph_release(&new.g);
    definitions_release(&old.d);
    definitions_release(&new.d);
    return text;
}

#define PLAN(before, not_up, after) plan(before, not_up, after, NULL, 0)

static void the_same_stays(void **state)
{
    (void)state;
    assert_string_equal(PLAN("a b:a !c:b", "", "a b:a !c:b"), "| a b c ");
    assert_string_equal(PLAN("a b:a !c", "b", "a b:a !c"), "| a c ");
    /* A new one that nothing needs is not started, an edge to what is up restarts nothing. */
    assert_string_equal(PLAN("a b", "", "a b:a d"), "| a b ");
}

static void what_is_gone_takes_along_what_needs_it(void **state)
{
    (void)state;
    assert_string_equal(PLAN("a b:a c", "", "b c"), "a b | b c ");
    assert_string_equal(PLAN("a b:a c", "a b", "c"), "| c ");
    assert_string_equal(PLAN("a b:a", "", "!a b:a"), "a b | a b "); /* another type */
    assert_string_equal(PLAN("a", "", "x y +a:x,y"), "a | x y ");   /* a bundle now */
}

static void new_needs_restart(void **state)
{
    (void)state;
    assert_string_equal(PLAN("a b c:b", "", "a n b:n c:b"), "b c | a n b c ");
    assert_string_equal(PLAN("a b", "a", "a b:a"), "b | a b "); /* it was down */
}

static void what_is_left_out_is_stopped_once(void **state)
{
    (void)state;
    assert_string_equal(PLAN("a b:a c", "", "-a -b:a c"), "a b | c ");
    assert_string_equal(PLAN("-a b", "", "-a b"), "| a b "); /* somebody started it by its name */
    assert_string_equal(PLAN("-a b", "a", "a b"), "| b ");
    assert_string_equal(PLAN("@init -a +user:a", "a", "@init:user a +user:a"), "| init a ");
}

static void instances_come_and_go(void **state)
{
    (void)state;
    assert_string_equal(PLAN("*w1 *w2 +w:w1,w2 a:w", "", "*w1 +w:w1 a:w"), "w2 | w1 a ");
    assert_string_equal(PLAN("*w1 +w:w1 a:w", "", "*w1 *w2 +w:w1,w2 a:w"), "| w1 w2 a ");
    /* Who names one of them needs that one. */
    assert_string_equal(PLAN("*w1 *w2 a:w2 +w:w1,w2", "", "*w1 a +w:w1"), "w2 a | w1 a ");
}

static void conversions(void **state)
{
    (void)state;
    const struct update_conversion again[] = {{"a", "a", true}};
    const struct update_conversion renamed[] = {{"a", "z", false}, {"o", "p", false}};
    assert_string_equal(plan("a b:a c", "", "a b:a c", again, 1), "a b | a b c ");
    /* The log of a longrun has its name; a oneshot only changes its own. */
    assert_string_equal(plan("a !o c:o", "", "z !p c:p", renamed, 2), "a | z p c ");
}

/* Whatever a conversion file says of them. */
static void the_containers_own_are_not_converted(void **state)
{
    (void)state;
    const struct update_conversion to_longrun[] = {{"init", "a", false}};
    const struct update_conversion to_oneshot[] = {{"init", "o", true}};
    assert_string_equal(plan("@init a:init", "nothing", "@init a:init", to_longrun, 1),
                        "| init a ");
    assert_string_equal(plan("@init a:init", "nothing", "@init a:init !o", to_oneshot, 1),
                        "| init a ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_stays),
        cmocka_unit_test(what_is_gone_takes_along_what_needs_it),
        cmocka_unit_test(new_needs_restart),
        cmocka_unit_test(what_is_left_out_is_stopped_once),
        cmocka_unit_test(instances_come_and_go),
        cmocka_unit_test(conversions),
        cmocka_unit_test(the_containers_own_are_not_converted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
