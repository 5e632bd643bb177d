#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command/tools/expr.h"
#include <string.h>

enum { WORDS_MAX = 32 };

/* Splits the text at its blanks; a word "_" is empty. */
static void split(char *text, char **words)
{
    size_t n = 0;
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(n < WORDS_MAX - 1);
        words[n++] = strcmp(word, "_") == 0 ? "" : word;
    }
    words[n] = NULL;
}

static void gives(const char *expression, const char *value, bool truth)
{
    char text[256];
    char *words[WORDS_MAX];
    struct str out = STR_INIT;
    struct error e = ERROR_INIT;
    bool told = !truth;
    strcpy(text, expression);
    split(text, words);
    if (expr_evaluate(words, &out, &told, &e) < 0)
        fail_msg("%s: %s", expression, e.text);
    assert_string_equal(out.data, value);
    assert_int_equal(told, truth);
    str_release(&out);
}

static void fails(const char *expression, const char *why)
{
    char text[256];
    char *words[WORDS_MAX];
    struct str out = STR_INIT;
    struct error e = ERROR_INIT;
    bool truth;
    strcpy(text, expression);
    split(text, words);
    assert_int_equal(expr_evaluate(words, &out, &truth, &e), -1);
    assert_int_equal(e.code, EXPR_INVALID);
    assert_string_equal(e.text, why);
    assert_int_equal(out.length, 0);
    str_release(&out);
}

static void a_word_is_its_own_value(void **state)
{
    (void)state;
    gives("abc", "abc", true);
    gives("007", "007", true);
    gives("-5", "-5", true);
    gives("--", "--", true);
    gives("_", "", false);
    gives("0", "0", false);
    gives("00", "00", false);
    gives("-0", "-0", false);
}

static void operators_bind_as_in_posix(void **state)
{
    (void)state;
    gives("128 + 9", "137", true);
    gives("1 + 2 * 3", "7", true);
    gives("( 1 + 2 ) * 3", "9", true);
    gives("10 - 4 - 3", "3", true);
    gives("100 / 5 / 2", "10", true);
    gives("2 + 3 = 5", "1", true);
    gives("1 < 2 & 3 < 4", "1", true);
    gives("0 | 1 & 0", "0", false);
    gives("5 | 1 & 0", "5", true);
    gives("-17 / 5", "-3", true);
    gives("-17 % 5", "-2", true);
    gives("( ( 0 ) )", "0", false);
}

static void integers_are_compared_as_numbers(void **state)
{
    (void)state;
    gives("1 = 01", "1", true);
    gives("1 = +1", "1", true);
    gives("10 > 9", "1", true);
    gives("10a > 9a", "0", false);
    gives("-1 < 0", "1", true);
    gives("a != b", "1", true);
    gives("b <= a", "0", false);
    gives("_ = _", "1", true);
    gives("2 + 3 > 5a", "0", false);
    gives("2 + 3 < 6a", "1", true);
}

static void either_and_both(void **state)
{
    (void)state;
    gives("abc | def", "abc", true);
    gives("_ | def", "def", true);
    gives("0 | _", "0", false);
    gives("abc & def", "abc", true);
    gives("abc & 0", "0", false);
    gives("_ & abc", "0", false);
    gives("1 & 0 | 5", "5", true);
}

static void what_cannot_matter_is_not_evaluated(void **state)
{
    (void)state;
    gives("1 | 7 / 0", "1", true);
    gives("0 & a + 1", "0", false);
    gives("1 | ( 0 | 7 / 0 )", "1", true);
    gives("1 | 0 & 7 / 0", "1", true);
    gives("0 & 7 / 0 | 3", "3", true);
    fails("1 | 7 /", "the expression ends too early");
    fails("1 & 7 / 0", "division by zero");
    fails("0 & 1 | 7 / 0", "division by zero");
}

static void what_is_no_expression(void **state)
{
    (void)state;
    fails("1 +", "the expression ends too early");
    fails("+ 1", "unexpected argument 1: +");
    fails("1 2", "unexpected argument 2: 2");
    fails("( 1", "the expression ends too early");
    fails("1 )", "unexpected argument 2: )");
    fails("( )", "unexpected argument 2: )");
    fails("abc : a", "unexpected argument 2: :");
    fails("", "the expression ends too early");
}

static void what_is_no_number(void **state)
{
    (void)state;
    fails("a + 1", "not an integer: a");
    fails("1 + _", "not an integer: ");
    fails("1 + 1.5", "not an integer: 1.5");
    fails("1 + +-1", "not an integer: +-1");
    fails("1 + --", "not an integer: --");
    fails("- - 1", "unexpected argument 1: -");
    fails("7 / 0", "division by zero");
    fails("7 % 0", "division by zero");
}

static void the_ends_of_what_64_bits_hold(void **state)
{
    (void)state;
    gives("9223372036854775807 - 1", "9223372036854775806", true);
    gives("-9223372036854775808 + 0", "-9223372036854775808", true);
    gives("-9223372036854775808 % -1", "0", false);
    gives("-9223372036854775808", "-9223372036854775808", true);
    fails("-9223372036854775808 / -1", "the result is too large");
    fails("9223372036854775807 + 1", "the result is too large");
    fails("-9223372036854775808 - 1", "the result is too large");
    fails("4294967296 * 4294967296", "the result is too large");
    fails("9223372036854775808 + 0", "number too large: 9223372036854775808");
    fails("9223372036854775808 = 1", "number too large: 9223372036854775808");
}

static void many_parentheses_end_in_words(void **state)
{
    static char *words[5000];
    struct str out = STR_INIT;
    struct error e = ERROR_INIT;
    bool truth;
    (void)state;
    for (size_t i = 0; i + 1 < sizeof words / sizeof words[0]; i++)
        words[i] = "(";
    assert_int_equal(expr_evaluate(words, &out, &truth, &e), -1);
    assert_string_equal(e.text, "too many parentheses");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_its_own_value),
        cmocka_unit_test(operators_bind_as_in_posix),
        cmocka_unit_test(integers_are_compared_as_numbers),
        cmocka_unit_test(either_and_both),
        cmocka_unit_test(what_cannot_matter_is_not_evaluated),
        cmocka_unit_test(what_is_no_expression),
        cmocka_unit_test(what_is_no_number),
        cmocka_unit_test(the_ends_of_what_64_bits_hold),
        cmocka_unit_test(many_parentheses_end_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
