#include "base/lexer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The words joined by '|'. */
static void words_are(const char *text, const char *expected)
{
    struct words w = WORDS_INIT;
    struct lexer_error e;
    struct str joined = STR_INIT;
    assert_int_equal(lexer_words(text, strlen(text), &w, &e), 0);
    for (size_t i = 0; i < w.count; i++) {
        if (i > 0)
            str_add_char(&joined, '|');
        str_add_text(&joined, w.item[i]);
    }
    assert_string_equal(joined.data == NULL ? "" : joined.data, expected);
    str_release(&joined);
    words_release(&w);
}

static void error_is(const char *text, const char *what, unsigned int line, unsigned int column)
{
    struct words w = WORDS_INIT;
    struct lexer_error e = {.line = 0};
    assert_int_equal(lexer_words(text, strlen(text), &w, &e), -1);
    assert_string_equal(e.text, what);
    assert_int_equal(e.line, line);
    assert_int_equal(e.column, column);
    words_release(&w);
}

static void blanks_and_comments(void **state)
{
    (void)state;
    words_are("", "");
    words_are(" \t\r\n", "");
    words_are("a  b\tc\rd\ne", "a|b|c|d|e");
    words_are("# all\na # rest\nb#c", "a|b#c");
    words_are("a#", "a#");
}

static void quotes(void **state)
{
    (void)state;
    words_are("a\"b\"c", "abc");
    words_are("\"\" x", "|x");
    words_are("\"a b\" 'c d'", "a b|'c|d'");
    words_are("\"\\a\\b\\t\\n\\v\\f\\r\\q\\\"\\\\\"", "\a\b\t\n\v\f\rq\"\\");
    words_are("\"\\0x41\\0101\\65\\0x4\"", "AAA\4");
    words_are("\"\\0x414\\1234\"", "A4{4");
    words_are("\"a\\\nb\"", "ab");
}

static void backslashes(void **state)
{
    (void)state;
    words_are("\\n \\  \\\"", "n| |\"");
    words_are("a \\\n b", "a|b");
    words_are("a\\\nb", "a\nb");
    words_are("a \\", "a");
}

static void blocks(void **state)
{
    (void)state;
    words_are("x { a { b } c } d", "x| a|  b| | c||d");
    words_are("{ }", "");
    words_are("{ } x", "|x");
    words_are("\"{\" \\{ {a a} \\}", "{|{|{a|a}|}");
    words_are("{ \"\" }", " |");
}

static void errors_have_a_place(void **state)
{
    (void)state;
    error_is("a\n  { b", "unmatched {", 2, 3);
    error_is("{ a\n{ b }", "unmatched {", 1, 1);
    error_is("a }", "unmatched }", 1, 3);
    error_is("a\nb \"c\nd", "unterminated quote", 2, 3);
    error_is("\"ab\\0\"", "bad escape", 1, 4);
    error_is("\"\\256\"", "bad escape", 1, 2);
    error_is("\"\\0x\"", "bad escape", 1, 2);
    error_is("ab\\", "bad escape", 1, 3);
}

/* Each word in a block carries a blank for each level: without a limit, a text of 1 MB would take
 * 30 GB. */
static void blocks_have_a_deepest_level(void **state)
{
    struct str text = STR_INIT;
    struct words w = WORDS_INIT;
    struct lexer_error e;
    (void)state;
    for (int i = 0; i < LEXER_DEPTH_MAX; i++)
        assert_int_equal(str_add_text(&text, "{ "), 0);
    for (int i = 0; i < LEXER_DEPTH_MAX; i++)
        assert_int_equal(str_add_text(&text, "} "), 0);
    assert_int_equal(lexer_words(text.data, text.length, &w, &e), 0);
    words_release(&w);
    str_clear(&text);
    for (int i = 0; i <= LEXER_DEPTH_MAX; i++)
        assert_int_equal(str_add_text(&text, "{ "), 0);
    error_is(text.data, "blocks are nested too deeply", 1, 2 * LEXER_DEPTH_MAX + 1);
    str_release(&text);
}

static void a_nul_ends_the_text(void **state)
{
    struct words w = WORDS_INIT;
    struct lexer_error e;
    (void)state;
    assert_int_equal(lexer_words("a b\0\"c", 6, &w, &e), 0);
    assert_int_equal(w.count, 2);
    words_release(&w);
}

/* Whatever the bytes, the answer is words or an error with a place inside the text. */
static void any_bytes_are_survived(void **state)
{
    uint32_t seed = 99;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[24];
        struct words w = WORDS_INIT;
        struct lexer_error e = {.line = 0};
        size_t length = 0;
        for (; length < sizeof text; length++) {
            seed = seed * 1664525U + 1013904223U;
            text[length] = "ab\"\\{} \n#0x1\t\r$\377"[(seed >> 16) % 16];
            if (seed % 20 == 0)
                break;
        }
        if (lexer_words(text, length, &w, &e) < 0) {
            assert_non_null(e.text);
            assert_true(e.line >= 1 && e.line <= length + 1 && e.column >= 1);
        }
        words_release(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_and_comments), cmocka_unit_test(quotes),
        cmocka_unit_test(backslashes),         cmocka_unit_test(blocks),
        cmocka_unit_test(errors_have_a_place), cmocka_unit_test(blocks_have_a_deepest_level),
        cmocka_unit_test(a_nul_ends_the_text), cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
