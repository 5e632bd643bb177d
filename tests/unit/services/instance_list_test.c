/* What a file `instances` means. */
#include "services/instance_list.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *workers; /* the variable WORKERS */

static const char *lookup(const char *name)
{
    return strcmp(name, "WORKERS") == 0 ? workers : NULL;
}

/* The names with blanks between, or the mistake. */
static const char *list(const char *value)
{
    static char text[4000];
    struct words words = WORDS_INIT, out = WORDS_INIT;
    struct instances_mistake m;
    char copy[1000], *place;
    snprintf(copy, sizeof copy, "%s", value);
    for (char *w = strtok_r(copy, " ", &place); w != NULL; w = strtok_r(NULL, " ", &place))
        assert_int_equal(words_add(&words, w), 0);
    text[0] = '\0';
    if (instances_list(&words, lookup, &out, &m) < 0)
        strcpy(text, m.text);
    else
        for (size_t i = 0; i < out.count; i++)
            sprintf(text + strlen(text), "%s%s", i == 0 ? "" : " ", out.item[i]);
    words_release(&words);
    words_release(&out);
    return text;
}

static void numbers_and_names(void **state)
{
    (void)state;
    assert_string_equal(list("3"), "1 2 3");
    assert_string_equal(list("0"), "");
    assert_string_equal(list("mail search"), "mail search");
    assert_string_equal(list("1 2x"), "1 2x");
    assert_string_equal(list("mail"), "mail");
    assert_non_null(strstr(list("256"), " 255 256"));
    assert_string_equal(list("257"), "invalid number \"257\"");
    assert_string_equal(list("99999999999999999999"), "invalid number \"99999999999999999999\"");
    assert_string_equal(list(""), "there is no value \"\"");
    assert_string_equal(list("-1"), "-1"); /* a name */
    assert_string_equal(list("a/b"), "invalid name \"a/b\"");
    assert_string_equal(list("a a"), "there are two instances \"a\"");
    assert_string_equal(list("a $WORKERS"), "invalid name \"$WORKERS\"");
}

static void variables(void **state)
{
    (void)state;
    workers = "2";
    assert_string_equal(list("$WORKERS"), "1 2");
    assert_string_equal(list("${WORKERS}"), "1 2");
    assert_string_equal(list("${WORKERS:-5}"), "1 2");
    workers = " mail  search\n";
    assert_string_equal(list("$WORKERS"), "mail search");
    workers = NULL;
    assert_string_equal(list("$WORKERS"), "1");
    assert_string_equal(list("${WORKERS:-2}"), "1 2");
    assert_string_equal(list("${WORKERS:-}"), "1");
    workers = "";
    assert_string_equal(list("${WORKERS:-2}"), "1 2");
    assert_string_equal(list("$OTHER"), "1");
    workers = "1000";
    assert_string_equal(list("$WORKERS"), "WORKERS: invalid number \"1000\"");
    workers = "2;rm";
    assert_string_equal(list("$WORKERS"), "WORKERS: invalid name \"2;rm\"");
    assert_string_equal(list("$"), "invalid variable \"$\"");
    assert_string_equal(list("$1"), "invalid variable \"$1\"");
    assert_string_equal(list("${WORKERS"), "invalid variable \"${WORKERS\"");
    assert_string_equal(list("${}"), "invalid variable \"${}\"");
    assert_string_equal(list("${WORKERS-2}"), "invalid variable \"${WORKERS-2}\"");
}

static void which_are_numbers(void **state)
{
    static const char *const texts[][3] = {{"1", "2"}, {"2"}, {"1", "3"}, {"mail"}, {NULL}};
    static const bool are[] = {true, false, false, false, true};
    (void)state;
    for (size_t i = 0; i < sizeof are; i++) {
        struct words names = WORDS_INIT;
        for (size_t k = 0; texts[i][k] != NULL; k++)
            assert_int_equal(words_add(&names, texts[i][k]), 0);
        assert_int_equal(instances_are_numbers(&names), are[i]);
        words_release(&names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_names),
        cmocka_unit_test(variables),
        cmocka_unit_test(which_are_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
