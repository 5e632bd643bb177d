/* The lexer, blocks, substitution, transformations and eltest with random input, under sanitizers:
 * what must hold whatever comes. SEED= and ROUNDS= in the environment try more. */
#include "base/lexer.h"
#include "execline/block.h"
#include "execline/eltest.h"
#include "execline/substitute.h"
#include "tests/unit/exact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t state_of_dice = 20261123;
static unsigned long rounds = 20000;

static unsigned int roll(unsigned int sides)
{
    state_of_dice = state_of_dice * 6364136223846793005U + 1442695040888963407U;
    return (unsigned int)(state_of_dice >> 33) % sides;
}

/* A text of pieces, on the heap and without a byte to spare, so that reading past it is seen. */
static char *random_text(const char *const *pieces, unsigned int count, unsigned int most,
                         size_t *length)
{
    struct str s = STR_INIT;
    assert_int_equal(str_add_text(&s, ""), 0);
    for (unsigned int i = roll(most + 1); i > 0; i--)
        assert_int_equal(str_add_text(&s, pieces[roll(count)]), 0);
    char *text = exact_copy(s.data, s.length + 1);
    *length = s.length;
    str_release(&s);
    return text;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- lexer --------------------------------------------------------------------------------------
 */

static const char *const syllables[] = {
    "a", "b",    " ",   " ",   "\n", "\t",   "\r",   "\"",    "\"",   "\\",   "\\n",
    "{", " { ",  " } ", "}",   "#",  "\\0x", "4",    "7",     "\\0",  "\\25", "\\\n",
    "'", "${a}", "$",   "\\{", "=",  "é",    "\x01", "\\377", "\"\"", "f"};

/* Spaces in front say how deep a word is; an empty one ends a block. */
static void assert_balanced(const struct words *w)
{
    for (size_t i = 0; i < w->count; i++)
        assert_non_null(w->item[i]);
    assert_true(w->count == 0 || w->item[w->count] == NULL);
}

static void any_text_is_lexed_or_refused(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < rounds; i++) {
        size_t length;
        char *text = random_text(syllables, COUNT(syllables), 24, &length);
        char *bare = exact_copy(text, length);
        struct words words = WORDS_INIT;
        struct lexer_error e = {.line = 0};
        int result = lexer_words(bare, length, &words, &e);
        if (result < 0) {
            unsigned int lines = 1;
            for (size_t at = 0; at < length; at++)
                lines += text[at] == '\n';
            assert_non_null(e.text);
            assert_true(e.line >= 1 && e.line <= lines);
            assert_true(e.column >= 1 && e.column <= length + 1);
        } else {
            assert_balanced(&words);
        }
        words_release(&words);
        free(bare);
        free(text);
    }
}

static void random_bytes_are_lexed_or_refused(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < rounds; i++) {
        size_t length = roll(40);
        char bytes[40];
        for (size_t at = 0; at < length; at++)
            bytes[at] = (char)roll(256);
        char *bare = exact_copy(bytes, length);
        struct words words = WORDS_INIT;
        struct lexer_error e;
        if (lexer_words(bare, length, &words, &e) == 0)
            assert_balanced(&words);
        words_release(&words);
        free(bare);
    }
}

static void random_word(struct str *word, unsigned int kinds)
{
    str_clear(word);
    assert_int_equal(str_add_text(word, ""), 0);
    for (unsigned int i = roll(6); i > 0; i--)
        assert_int_equal(str_add_char(word, (char)(1 + roll(kinds))), 0);
}

/* A word in one of the ways in which it can be written. */
static void write_quoted(struct str *script, const struct str *word)
{
    int bad = str_add_char(script, '"');
    for (size_t i = 0; bad == 0 && i < word->length; i++) {
        unsigned int c = (unsigned char)word->data[i];
        unsigned int how = roll(4);
        if (c == '"' || c == '\\')
            bad = str_printf(script, "\\%c", (int)c);
        else if (how == 0)
            bad = str_add_char(script, (char)c);
        else if (how == 1)
            bad = str_printf(script, "\\0x%02x", c);
        else if (how == 2 && c >= 100) /* three digits: none that follows belongs to it */
            bad = str_printf(script, "\\%u", c);
        else
            bad = str_printf(script, "\\0%03o", c);
    }
    assert_int_equal(bad, 0);
    assert_int_equal(str_add_text(script, roll(3) == 0 ? "\"\n" : "\" "), 0);
}

/* Words and blocks, written down and as they have to come out. */
static void write_block(struct str *script, struct words *expected, unsigned int depth)
{
    struct str word = STR_INIT;
    struct str shown = STR_INIT;
    for (unsigned int i = roll(5); i > 0; i--) {
        if (depth < 4 && roll(3) == 0) {
            assert_int_equal(str_add_text(script, roll(2) ? "{ " : "{ # comment } {\n"), 0);
            write_block(script, expected, depth + 1);
            assert_int_equal(str_add_text(script, "}\n"), 0);
            str_clear(&word);
            assert_int_equal(str_add_text(&word, ""), 0);
        } else {
            random_word(&word, 255);
            write_quoted(script, &word);
        }
        str_clear(&shown);
        assert_int_equal(str_printf(&shown, "%*s", (int)depth, ""), 0);
        assert_int_equal(str_add(&shown, word.data, word.length), 0);
        assert_int_equal(words_add(expected, shown.data), 0);
    }
    str_release(&word);
    str_release(&shown);
}

static void what_is_quoted_comes_back(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < rounds / 4; i++) {
        struct str script = STR_INIT;
        struct words expected = WORDS_INIT;
        struct words words = WORDS_INIT;
        struct lexer_error e;
        assert_int_equal(str_add_text(&script, ""), 0);
        write_block(&script, &expected, 0);
        char *bare = exact_copy(script.data, script.length);
        assert_int_equal(lexer_words(bare, script.length, &words, &e), 0);
        assert_int_equal(words.count, expected.count);
        for (size_t at = 0; at < words.count; at++)
            assert_string_equal(words.item[at], expected.item[at]);
        free(bare);
        str_release(&script);
        words_release(&expected);
        words_release(&words);
    }
}

/* --- blocks -------------------------------------------------------------------------------------
 */

static void any_words_are_blocks_or_refused(void **state)
{
    (void)state;
    static const char *const items[] = {"", "", " ", " a", "  b", "c", " ", "   "};
    for (unsigned long i = 0; i < rounds; i++) {
        struct words words = WORDS_INIT;
        struct error e = ERROR_INIT;
        struct block_reader r;
        assert_int_equal(words_add(&words, "x"), 0);
        for (unsigned int n = roll(10); n > 0; n--)
            assert_int_equal(words_add(&words, items[roll(COUNT(items))]), 0);
        /* A list of its own: what is cut off at its start cannot be released. */
        char **argv = malloc((words.count + 1) * sizeof *argv);
        assert_non_null(argv);
        memcpy(argv, words.item, (words.count + 1) * sizeof *argv);
        setenv("EXECLINE_STRICT", roll(2) ? "0" : "2", 1);
        block_begin(&r, argv);
        for (;;) {
            char **block;
            size_t count;
            if (block_read(&r, &block, &count, &e) < 0) {
                assert_int_equal(e.code, EXIT_USAGE);
                break;
            }
            assert_null(block[count]);
            assert_true(r.next > block && r.next <= argv + words.count);
        }
        free(argv);
        words_release(&words);
    }
    unsetenv("EXECLINE_STRICT");
}

/* --- substitution -------------------------------------------------------------------------------
 */

static const char *const fragments[] = {"$",  "${", "}",  "{",    "\\",    "\\\\",  "a",
                                        "b",  "ab", "$a", "${a}", "${ab}", "$b",    "x",
                                        "$$", ".",  "$x", "${x}", "${a",   "\\${b}"};

static const struct substitution *key_named(const struct substitution *s, size_t count,
                                            const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(s[i].key) == length && strncmp(s[i].key, name, length) == 0)
            return &s[i];
    return NULL;
}

/* The rules once more, in the plainest way: the words that begin with done and go on with text. */
static void expected_words(const char *done, const char *text, const struct substitution *s,
                           size_t count, struct words *out)
{
    char all[4096];
    size_t slashes = strspn(text, "\\");
    const char *dollar = text + slashes;
    const struct substitution *found = NULL;
    size_t taken = 0;
    if (*text == '\0') {
        assert_int_equal(words_add(out, done), 0);
        return;
    }
    if (dollar[0] == '$' && dollar[1] == '{' && strchr(dollar, '}') != NULL) {
        taken = (size_t)(strchr(dollar, '}') - dollar) + 1;
        found = key_named(s, count, dollar + 2, taken - 3);
    } else if (dollar[0] == '$' && dollar[1] != '{') {
        taken = 1 + strcspn(dollar + 1, "${}\\");
        found = key_named(s, count, dollar + 1, taken - 1);
    }
    if (found == NULL) {
        size_t pass = slashes > 0 ? slashes + (*dollar == '$') : 1;
        snprintf(all, sizeof all, "%s%.*s", done, (int)pass, text);
        expected_words(all, text + pass, s, count, out);
    } else if (slashes % 2 == 1) {
        snprintf(all, sizeof all, "%s%.*s%.*s", done, (int)(slashes / 2), text, (int)taken, dollar);
        expected_words(all, dollar + taken, s, count, out);
    } else {
        for (size_t i = 0; i < found->count; i++) {
            snprintf(all, sizeof all, "%s%.*s%s", done, (int)(slashes / 2), text, found->value[i]);
            expected_words(all, dollar + taken, s, count, out);
        }
    }
}

static void substitution_follows_the_rules(void **state)
{
    (void)state;
    char one[] = "1";
    char two[] = "${b}$a";
    char none[] = "";
    char *const values[] = {one, two, none};
    for (unsigned long i = 0; i < rounds; i++) {
        struct words got = WORDS_INIT;
        struct words expected = WORDS_INIT;
        struct substitution s[] = {{.key = "a", .value = values, .count = roll(4)},
                                   {.key = "b", .value = values + 1, .count = roll(3)},
                                   {.key = "ab", .value = values, .count = 1}};
        size_t keys = roll(4);
        size_t length;
        char *text = random_text(fragments, COUNT(fragments), 9, &length);
        char *const in[] = {text, NULL};
        assert_int_equal(substitute(in, s, keys, &got), 0);
        expected_words("", text, s, keys, &expected);
        assert_int_equal(got.count, expected.count);
        for (size_t at = 0; at < got.count; at++)
            assert_string_equal(got.item[at], expected.item[at]);
        if (keys == 0)
            assert_string_equal(got.item[0], text);
        words_release(&got);
        words_release(&expected);
        free(text);
    }
}

static void netstrings_come_back(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < rounds / 4; i++) {
        struct str joined = STR_INIT;
        struct str word = STR_INIT;
        struct words expected = WORDS_INIT;
        struct words got = WORDS_INIT;
        struct error e = ERROR_INIT;
        struct transform t = {.delimiters = "", .split = true};
        assert_int_equal(str_add_text(&joined, ""), 0);
        for (unsigned int n = roll(6); n > 0; n--) {
            random_word(&word, 255);
            assert_int_equal(words_add(&expected, word.data), 0);
            assert_int_equal(str_printf(&joined, "%zu:%s,", word.length, word.data), 0);
        }
        assert_int_equal(transform(joined.data, &t, &got, &e), 0);
        assert_int_equal(got.count, expected.count);
        for (size_t at = 0; at < got.count; at++)
            assert_string_equal(got.item[at], expected.item[at]);
        str_release(&joined);
        str_release(&word);
        words_release(&expected);
        words_release(&got);
    }
}

/* Whatever is done to a value, only delimiters are lost, and no word of a split has one. */
static void transformations_only_lose_delimiters(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "b", ":", ":", " ", ",", "1:", "\n", "9999999999:"};
    static const char *const sets[] = {NULL, ":", ": ", "", ",:\n"};
    for (unsigned long i = 0; i < rounds; i++) {
        struct words got = WORDS_INIT;
        struct error e = ERROR_INIT;
        struct transform t = {.delimiters = sets[roll(COUNT(sets))],
                              .crunch = roll(2),
                              .chomp = roll(2),
                              .split = roll(2)};
        const char *set = t.delimiters == NULL ? " \n\r\t" : t.delimiters;
        size_t length;
        size_t kept = 0;
        size_t plain = 0;
        char *text = random_text(letters, COUNT(letters), 12, &length);
        int result = transform(text, &t, &got, &e);
        assert_true(result == 0 || (t.split && set[0] == '\0' && e.code == EXIT_SYSTEM));
        assert_true(t.split || got.count == 1);
        for (size_t at = 0; at < got.count; at++) {
            kept += strlen(got.item[at]);
            if (t.split && set[0] != '\0')
                assert_int_equal(strcspn(got.item[at], set), strlen(got.item[at]));
        }
        for (size_t at = 0; at < length; at++)
            plain += strchr(set, text[at]) == NULL;
        assert_true(kept <= length);
        if (set[0] != '\0' && !(t.split && t.chomp))
            assert_true(kept >= plain);
        words_release(&got);
        free(text);
    }
}

/* --- eltest -------------------------------------------------------------------------------------
 */

static void any_expression_has_a_value_or_none(void **state)
{
    (void)state;
    static const char *const words[] = {"a",  "",   "1",   "2",  "=",  "!=", "-eq", "-lt",
                                        "!",  "(",  ")",   "-a", "-o", "-n", "-z",  "\\-n",
                                        "-d", "/",  "=~",  ".*", "[",  "-v", "-nt", "-t",
                                        "<",  ">=", "-ef", "x",  "\\", "-s", "-gt", "9"};
    for (unsigned long i = 0; i < rounds; i++) {
        char *argv[12];
        size_t count = roll(11);
        for (size_t at = 0; at < count; at++)
            argv[at] = (char *)(uintptr_t)words[roll(COUNT(words))];
        argv[count] = NULL;
        bool first = true;
        bool second = false;
        struct error e = ERROR_INIT;
        int result = eltest_evaluate(argv, &first, &e);
        assert_true(result == 0 || (result == -1 && e.code == EXIT_USAGE && e.text[0] != '\0'));
        assert_int_equal(eltest_evaluate(argv, &second, &e), result);
        assert_true(result < 0 || first == second);
    }
}

int main(void)
{
    const char *seed = getenv("SEED");
    const char *more = getenv("ROUNDS");
    if (seed != NULL)
        state_of_dice = strtoull(seed, NULL, 10);
    if (more != NULL)
        rounds = strtoul(more, NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_text_is_lexed_or_refused),
        cmocka_unit_test(random_bytes_are_lexed_or_refused),
        cmocka_unit_test(what_is_quoted_comes_back),
        cmocka_unit_test(any_words_are_blocks_or_refused),
        cmocka_unit_test(substitution_follows_the_rules),
        cmocka_unit_test(netstrings_come_back),
        cmocka_unit_test(transformations_only_lose_delimiters),
        cmocka_unit_test(any_expression_has_a_value_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
