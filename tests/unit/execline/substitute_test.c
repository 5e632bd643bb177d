/* Substitution and transformations: words in, words out. */
#include "execline/substitute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "[a][b]" */
static void joined(const struct words *w, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < w->count; i++) {
        assert_true(strlen(text) + strlen(w->item[i]) + 3 < size);
        strcat(text, "[");
        strcat(text, w->item[i]);
        strcat(text, "]");
    }
}

/* --- substitution: A is "1", B is "x" and "y", N is no word, E is an empty word ------------------
 */

static void assert_substituted(const char *word, const char *wanted)
{
    static char one[] = "1";
    static char x[] = "x";
    static char y[] = "y";
    static char nothing[] = "";
    static char *a[] = {one};
    static char *b[] = {x, y};
    static char *empty[] = {nothing};
    const struct substitution s[] = {{.key = "A", .value = a, .count = 1},
                                     {.key = "B", .value = b, .count = 2},
                                     {.key = "N", .value = NULL, .count = 0},
                                     {.key = "E", .value = empty, .count = 1}};
    char copy[64];
    char text[256];
    char *in[] = {copy, NULL};
    struct words out = WORDS_INIT;
    strcpy(copy, word);
    assert_int_equal(substitute(in, s, 4, &out), 0);
    joined(&out, text, sizeof text);
    words_release(&out);
    assert_string_equal(text, wanted);
}

static void keys_are_replaced(void **state)
{
    (void)state;
    assert_substituted("${A}", "[1]");
    assert_substituted("$A", "[1]");
    assert_substituted("p${A}q${A}", "[p1q1]");
    assert_substituted("$A$A", "[11]");
    assert_substituted("$A${A}$A", "[111]");
    assert_substituted("${E}", "[]");
    assert_substituted("p${E}q", "[pq]");
    assert_substituted("  ${A}", "[  1]");
}

static void a_bare_key_ends_where_it_must(void **state)
{
    (void)state;
    assert_substituted("$AB", "[$AB]");
    assert_substituted("$A.x", "[$A.x]");
    assert_substituted("$A-y", "[$A-y]");
    assert_substituted("$A/z", "[$A/z]");
    assert_substituted("$A{", "[1{]");
    assert_substituted("$A}", "[1}]");
    assert_substituted("$A\\", "[1\\]");
    assert_substituted("$", "[$]");
    assert_substituted("$$A", "[$1]");
    assert_substituted("${A", "[${A]");
    assert_substituted("${}", "[${}]");
    assert_substituted("${C}$C", "[${C}$C]");
}

static void backslashes_before_known_keys_are_halved(void **state)
{
    (void)state;
    assert_substituted("\\${A}", "[${A}]");
    assert_substituted("\\\\${A}", "[\\1]");
    assert_substituted("\\\\\\${A}", "[\\${A}]");
    assert_substituted("\\\\\\\\$A", "[\\\\1]");
    assert_substituted("\\$A", "[$A]");
    assert_substituted("\\${C}", "[\\${C}]");
    assert_substituted("\\\\$C", "[\\\\$C]");
    assert_substituted("\\x", "[\\x]");
}

static void words_multiply_and_vanish(void **state)
{
    (void)state;
    assert_substituted("p${B}", "[px][py]");
    assert_substituted("${B}${B}", "[xx][xy][yx][yy]");
    assert_substituted("${B}${A}${B}", "[x1x][x1y][y1x][y1y]");
    assert_substituted("${N}", "");
    assert_substituted("p${N}q", "");
    assert_substituted("${B}${N}", "");
    assert_substituted("\\${N}", "[${N}]");
}

static void values_are_not_looked_at_again(void **state)
{
    static char first[] = "${B}";
    static char second[] = "${A}";
    static char *a[] = {first};
    static char *b[] = {second};
    static char word[] = "${A}${B}";
    const struct substitution s[] = {{.key = "A", .value = a, .count = 1},
                                     {.key = "B", .value = b, .count = 1}};
    char *in[] = {word, NULL};
    struct words out = WORDS_INIT;
    (void)state;
    assert_int_equal(substitute(in, s, 2, &out), 0);
    assert_int_equal(out.count, 1);
    assert_string_equal(out.item[0], "${B}${A}");
    words_release(&out);
}

/* --- transformations ----------------------------------------------------------------------------
 */

static void assert_transformed(const char *text, const char *options, const char *delimiters,
                               const char *wanted)
{
    struct transform t = {.delimiters = delimiters,
                          .split = strchr(options, 's') != NULL,
                          .crunch = strchr(options, 'C') != NULL,
                          .chomp = strchr(options, 'n') != NULL};
    struct words out = WORDS_INIT;
    struct error e = ERROR_INIT;
    char got[256];
    assert_int_equal(transform(text, &t, &out, &e), 0);
    joined(&out, got, sizeof got);
    words_release(&out);
    assert_string_equal(got, wanted);
}

static void values_are_transformed(void **state)
{
    (void)state;
    assert_transformed(" a  b ", "", NULL, "[ a  b ]");
    assert_transformed(" a  b ", "C", NULL, "[ a b ]");
    assert_transformed("a \n\tb", "C", NULL, "[a b]");
    assert_transformed("a\n\n", "n", NULL, "[a\n]");
    assert_transformed("a\n\n", "Cn", NULL, "[a]");
    assert_transformed("a", "n", NULL, "[a]");
    assert_transformed("", "Cn", NULL, "[]");
    assert_transformed("a:::b:", "Cn", ":", "[a:b]");
}

static void values_are_split(void **state)
{
    (void)state;
    assert_transformed("", "s", NULL, "");
    assert_transformed("a", "s", NULL, "[a]");
    assert_transformed("a b", "s", NULL, "[a][b]");
    assert_transformed("a b ", "s", NULL, "[a][b]");
    assert_transformed("a  b", "s", NULL, "[a][][b]");
    assert_transformed("  1  2 ", "sC", NULL, "[][1][2]");
    assert_transformed(" ", "s", NULL, "[]");
    assert_transformed("a\nb\tc\rd", "s", NULL, "[a][b][c][d]");
    assert_transformed("a:b c", "s", ":", "[a][b c]");
    /* Chomping makes a last piece without a delimiter count for nothing. */
    assert_transformed("1 2 3", "sn", NULL, "[1][2]");
    assert_transformed("1 2 3 ", "sn", NULL, "[1][2][3]");
}

static void netstrings(void **state)
{
    static const char *const bad[] = {"1", "1:", "1:a", "1:a;", "x:a,", ":a,", "2:a,", "1:a,1"};
    const struct transform t = {.delimiters = "", .split = true};
    (void)state;
    assert_transformed("", "s", "", "");
    assert_transformed("0:,1:a,3:b,c,", "s", "", "[][a][b,c]");
    assert_transformed("1:a,", "", "", "[1:a,]");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct words out = WORDS_INIT;
        struct error e = ERROR_INIT;
        assert_int_equal(transform(bad[i], &t, &out, &e), -1);
        assert_int_equal(e.code, EXIT_SYSTEM);
        words_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_replaced),
        cmocka_unit_test(a_bare_key_ends_where_it_must),
        cmocka_unit_test(backslashes_before_known_keys_are_halved),
        cmocka_unit_test(words_multiply_and_vanish),
        cmocka_unit_test(values_are_not_looked_at_again),
        cmocka_unit_test(values_are_transformed),
        cmocka_unit_test(values_are_split),
        cmocka_unit_test(netstrings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
