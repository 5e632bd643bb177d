#include "logcat/pattern.h"
#include "tests/unit/logcat/random_expressions.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct pattern open_pattern(const char *text, bool ignore_case)
{
    struct pattern p;
    struct error e = ERROR_INIT;
    assert_int_equal(pattern_open(&p, text, ignore_case, &e), 0);
    return p;
}

static void the_word_is_in_every_match(void **state)
{
    static const struct {
        const char *text, *word;
    } rows[] = {
        {"error", "error"},
        {"upstream.*after [0-9]+ ms", "upstream"},
        {"a|", ""},
        {"(abc|d)efg", "efg"},
        {"ab*cde", "cde"},
        {"abc?", "ab"},
        {"abc{0,3}x", "ab"},
        {"abc+de", "abc"},
        {"^start$", "start"},
        {"x[abc]yz", "yz"},
        {"x[]abc]yz", "yz"},
        {"x[^]a]yz", "yz"},
        {"[[:alpha:]]word", "word"},
        {"a\\.b\\*c", "a.b*c"},
        {"foo\\wbar+", "foo"},
        {"|abc", ""},
        {"(a|b)", ""},
        {"x(y)z|", ""},
        /* what C libraries take differently, or is not worth a closer look: no word at all */
        {"done)|failed", ""},
        {"ab)+c", ""},
        {"[a]b]c}d", "b]c}d"},
        {"abx+?c", "ab"},
        {"abx+*?c", "ab"},
        {"abx?+c", "ab"},
        {"ab++c", "ab"},
        {"abc)*d", ""},
        {"abc\\x41", ""},
        {"abc\\tdef", ""},
        {"abc[[.a.]]", ""},
        {"abc\xc3\xa9?d", "abc"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pattern p;
        struct error e = ERROR_INIT;
        assert_int_equal(pattern_open(&p, rows[i].text, false, &e), 0);
        assert_int_equal(p.count, rows[i].word[0] != '\0');
        assert_int_equal(p.count ? p.word[0].length : 0, strlen(rows[i].word));
        assert_memory_equal(p.word[0].text, rows[i].word, strlen(rows[i].word));
        pattern_close(&p);
    }
}

static void a_word_for_each_alternative(void **state)
{
    struct pattern p = open_pattern("ti(m|n)ed out|refused[0-9]|x+", false);
    (void)state;
    assert_int_equal(p.count, 3);
    assert_int_equal(p.word[0].length, 6);
    assert_memory_equal(p.word[0].text, "ed out", 6);
    assert_memory_equal(p.word[1].text, "refused", 7);
    assert_memory_equal(p.word[2].text, "x", 1);
    assert_false(pattern_may(&p, "refuse ed ou", 12));
    assert_true(pattern_may(&p, "refuse ed out", 13));
    pattern_close(&p);
    p = open_pattern("a|b|c|d|e|f|g|h|i", false);
    assert_int_equal(p.count, 0);
    assert_true(pattern_find(&p, "i", 1, NULL));
    pattern_close(&p);
}

/* Against the expression alone, over all short texts of a small alphabet. */
static void finds_what_the_expression_finds(void **state)
{
    static const char *const texts[] = {"aab",   "ab*a",   "(ab)+b",  "a[ab]b",   "b|aa",
                                        "^ab",   "ba$",    "a.b",     "ba{2}",    "(a|b)ab?b",
                                        "ab+ba", "b*aab+", "\\.?abb", "[^a]bb|a$"};
    (void)state;
    for (size_t k = 0; k < 2 * sizeof texts / sizeof texts[0]; k++) {
        const char *text = texts[k / 2];
        struct pattern p = open_pattern(text, k % 2);
        regex_t regex;
        assert_int_equal(regcomp(&regex, text, REG_EXTENDED | REG_NOSUB | (k % 2 ? REG_ICASE : 0)),
                         0);
        for (unsigned int n = 0; n < 3 * 3 * 3 * 3 * 3 * 3 * 3; n++) {
            char line[8];
            unsigned int rest = n;
            for (int i = 0; i < 7; i++, rest /= 3)
                line[i] = "abA"[rest % 3];
            line[7] = '\0';
            struct pattern_place place;
            bool found = regexec(&regex, line, 0, NULL, 0) == 0;
            assert_int_equal(pattern_find(&p, line, 7, NULL), found);
            assert_int_equal(pattern_find(&p, line, 7, &place), found);
        }
        regfree(&regex);
        pattern_close(&p);
    }
}

/* tests/musl/pattern.c does the same with the C library of the product. */
static void finds_what_regexec_finds_for_random_expressions(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct random_result r = random_compare(seed * 0x9e3779b97f4a7c15, 10000);
        assert_string_equal(r.wrong, "");
        assert_true(r.compiled > 4000 && r.words > 1000 && r.matches > r.lines / 20);
    }
}

static void case_places_and_nul(void **state)
{
    struct pattern_place place;
    struct pattern p = open_pattern("WoRd", true);
    (void)state;
    assert_true(pattern_find(&p, "two wORds", 9, &place));
    assert_int_equal(place.begin, 4);
    assert_int_equal(place.end, 8);
    assert_false(pattern_find(&p, "wor", 3, NULL));
    assert_false(pattern_find(&p, "", 0, NULL));
    pattern_close(&p);
    p = open_pattern("b+c?$", false);
    assert_true(pattern_find(&p, "x\0abbc", 6, &place));
    assert_int_equal(place.begin, 3);
    assert_int_equal(place.end, 6);
    pattern_close(&p);
    p = open_pattern("^b", false);
    assert_false(pattern_find(&p, "x\0b", 3, NULL));
    pattern_close(&p);
    p = open_pattern("", false);
    assert_true(pattern_find(&p, "", 0, NULL));
    pattern_close(&p);
}

static void what_is_no_expression(void **state)
{
    struct pattern p;
    struct error e = ERROR_INIT;
    (void)state;
    assert_int_equal(pattern_open(&p, "a(b", false, &e), -1);
    assert_int_equal(e.code, EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_word_is_in_every_match),
        cmocka_unit_test(a_word_for_each_alternative),
        cmocka_unit_test(finds_what_the_expression_finds),
        cmocka_unit_test(finds_what_regexec_finds_for_random_expressions),
        cmocka_unit_test(case_places_and_nul),
        cmocka_unit_test(what_is_no_expression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
