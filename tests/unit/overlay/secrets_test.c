/* Variables that name files: which they are, and what is wrong with them. */
#include "overlay/secrets.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char said[2000];

static void note(const struct problems *p)
{
    said[0] = '\0';
    for (size_t i = 0; i < p->count; i++)
        snprintf(said + strlen(said), sizeof said - strlen(said), "%s: %s\n", p->item[i].path,
                 p->item[i].text);
}

/* "NAME<FROM=PATH " for each that is found in the NULL-terminated list behind affixes. */
static const char *find(const char *affixes, ...)
{
    static char text[1000];
    char *environment[10];
    struct words list = WORDS_INIT;
    struct secrets s = SECRETS_INIT;
    struct problems p = PROBLEMS_INIT;
    size_t count = 0;
    va_list more;
    va_start(more, affixes);
    while ((environment[count] = va_arg(more, char *)) != NULL)
        count++;
    va_end(more);
    assert_int_equal(secrets_affixes(affixes, &list, &p), 0);
    assert_int_equal(secrets_find(&s, environment, &list, &p), 0);
    text[0] = '\0';
    for (size_t i = 0; i < s.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s<%s=%s ", s.item[i].name,
                 s.item[i].from, s.item[i].path);
    note(&p);
    problems_release(&p);
    secrets_release(&s);
    words_release(&list);
    return text;
}

static void beginnings_and_ends(void **state)
{
    (void)state;
    assert_string_equal(find(SECRETS_USUAL, "A_FILE=/a", "FILE__B=/b", "C=/c", NULL),
                        "A<A_FILE=/a B<FILE__B=/b ");
    assert_string_equal(find("_FILE", "A_FILE=/a", "FILE__B=/b", NULL), "A<A_FILE=/a ");
    assert_string_equal(find("SECRET_ \t_PATH\n", "SECRET_A=/a", "B_PATH=/b", "PATH=/bin", NULL),
                        "A<SECRET_A=/a B<B_PATH=/b ");
    assert_string_equal(find("", "A_FILE=/a", NULL), "");
    assert_string_equal(said, "");
}

static void what_names_no_file(void **state)
{
    (void)state;
    assert_string_equal(find(SECRETS_USUAL, "_FILE=/a", "FILE__=/b", "A_FILE=", "B_FILE=name",
                             "FILE__1=/c", "FILE__=", "nothing", "FILE__X", NULL),
                        "");
    assert_string_equal(said, "");
}

static void what_is_wrong(void **state)
{
    (void)state;
    assert_string_equal(find(SECRETS_USUAL, "A_FILE=/a", "A=x", NULL), "");
    assert_string_equal(said, "A_FILE: A is set as well\n");
    assert_string_equal(find(SECRETS_USUAL, "A=", "A_FILE=/a", NULL), "A<A_FILE=/a ");
    assert_string_equal(said, "");
    assert_string_equal(find(SECRETS_USUAL, "A_FILE=/a", "FILE__A=/b", NULL), "A<A_FILE=/a ");
    assert_string_equal(said, "FILE__A: A_FILE also names a file for A\n");
    assert_string_equal(find(SECRETS_USUAL, "FILE__A=a", NULL), "");
    assert_string_equal(said, "FILE__A: it is no absolute path\n");
    assert_string_equal(find("A=B __ x/y OK_", "OK_A=/a", NULL), "A<OK_A=/a ");
    assert_string_equal(said,
                        "OVERLOG_SECRETS: A=B is neither the beginning nor the end of a name\n"
                        "OVERLOG_SECRETS: __ is neither the beginning nor the end of a name\n"
                        "OVERLOG_SECRETS: x/y is neither the beginning nor the end of a name\n");
}

static void a_name_that_is_long(void **state)
{
    char text[700] = "";
    (void)state;
    memset(text, 'A', 300);
    strcpy(text + 300, "_FILE=/a");
    assert_string_equal(find(SECRETS_USUAL, text, NULL), "");
    memset(text, 'A', 600);
    strcpy(text + 600, "_FILE=/a");
    assert_string_equal(find(SECRETS_USUAL, text, NULL), "");
    memset(text, 'A', 255);
    strcpy(text + 255, "_FILE=/a");
    assert_non_null(strstr(find(SECRETS_USUAL, text, NULL), "A_FILE=/a "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beginnings_and_ends),
        cmocka_unit_test(what_names_no_file),
        cmocka_unit_test(what_is_wrong),
        cmocka_unit_test(a_name_that_is_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
