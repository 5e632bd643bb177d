/* Reading blocks out of argument lists. */
#include "execline/block.h"

#include "base/message.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS = 16, SAID = 512 };

static char said[SAID];

static void keep(const char *line, size_t length)
{
    size_t used = strlen(said);
    assert_true(used + length < sizeof said);
    memcpy(said + used, line, length);
    said[used + length] = '\0';
}

static int setup(void **state)
{
    (void)state;
    said[0] = '\0';
    unsetenv("EXECLINE_STRICT");
    message_name("test");
    message_to(keep);
    return 0;
}

/* A list of our own to cut up. */
struct list {
    char text[WORDS][32];
    char *argv[WORDS + 1];
};

static char **list_of(struct list *l, const char *const *words)
{
    size_t n = 0;
    for (; words[n] != NULL; n++) {
        strcpy(l->text[n], words[n]);
        l->argv[n] = l->text[n];
    }
    l->argv[n] = NULL;
    return l->argv;
}

#define LIST(l, ...) list_of(&(l), (const char *const[]){__VA_ARGS__, NULL})

static void assert_words(char **got, const char *const *wanted)
{
    for (; *wanted != NULL; wanted++, got++) {
        assert_non_null(*got);
        assert_string_equal(*got, *wanted);
    }
    assert_null(*got);
}

#define ASSERT_WORDS(got, ...) assert_words(got, (const char *const[]){__VA_ARGS__, NULL})

static void a_block_ends_at_the_first_empty_word(void **state)
{
    struct list l;
    struct block_reader r;
    struct error e = ERROR_INIT;
    char **words;
    size_t count;
    (void)state;
    block_begin(&r, LIST(l, " echo", " a", "", "rest", "more"));
    assert_int_equal(block_read(&r, &words, &count, &e), 0);
    assert_int_equal(count, 2);
    ASSERT_WORDS(words, "echo", "a");
    ASSERT_WORDS(r.next, "rest", "more");
}

static void one_space_is_taken_off(void **state)
{
    struct list l;
    struct block_reader r;
    struct error e = ERROR_INIT;
    char **words;
    (void)state;
    block_begin(&r, LIST(l, " if", "  true", " ", " echo", "", "x"));
    assert_int_equal(block_read(&r, &words, NULL, &e), 0);
    ASSERT_WORDS(words, "if", " true", "", "echo");
    ASSERT_WORDS(r.next, "x");
    /* What is left is a block for the next command. */
    block_begin(&r, words + 1);
    assert_int_equal(block_read(&r, &words, NULL, &e), 0);
    ASSERT_WORDS(words, "true");
    ASSERT_WORDS(r.next, "echo");
}

static void several_blocks_follow_each_other(void **state)
{
    struct list l;
    struct block_reader r;
    struct error e = ERROR_INIT;
    char **words;
    size_t count;
    (void)state;
    block_begin(&r, LIST(l, "", " a", "", " b", " c", ""));
    assert_int_equal(block_read(&r, &words, &count, &e), 0);
    assert_int_equal(count, 0);
    assert_null(words[0]);
    assert_int_equal(block_read(&r, &words, &count, &e), 0);
    ASSERT_WORDS(words, "a");
    assert_int_equal(block_read(&r, &words, &count, &e), 0);
    ASSERT_WORDS(words, "b", "c");
    assert_null(r.next[0]);
    assert_int_equal(block_read(&r, &words, &count, &e), -1);
}

static void a_block_without_an_end_is_refused(void **state)
{
    struct list l;
    struct block_reader r;
    struct error e = ERROR_INIT;
    char **words;
    char *none[] = {NULL};
    (void)state;
    block_begin(&r, LIST(l, " a", " b"));
    assert_int_equal(block_read(&r, &words, NULL, &e), -1);
    assert_int_equal(e.code, EXIT_USAGE);
    assert_string_equal(e.text, "unterminated block");
    block_begin(&r, none);
    assert_int_equal(block_read(&r, &words, NULL, &e), -1);
    assert_int_equal(e.code, EXIT_USAGE);
}

static void unquoted_words_pass_silently(void **state)
{
    static const char *const values[] = {NULL, "0", "x", "-1", ""};
    struct list l;
    struct block_reader r;
    struct error e = ERROR_INIT;
    char **words;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (values[i] != NULL)
            setenv("EXECLINE_STRICT", values[i], 1);
        block_begin(&r, LIST(l, "a", " b", "c", ""));
        assert_int_equal(block_read(&r, &words, NULL, &e), 0);
        ASSERT_WORDS(words, "a", "b", "c");
        assert_string_equal(said, "");
    }
}

static void strict_1_warns(void **state)
{
    struct list l;
    struct block_reader r;
    struct error e = ERROR_INIT;
    char **words;
    (void)state;
    setenv("EXECLINE_STRICT", "1", 1);
    block_begin(&r, LIST(l, " x", "", " a", "b", "c", ""));
    assert_int_equal(block_read(&r, &words, NULL, &e), 0);
    assert_int_equal(block_read(&r, &words, NULL, &e), 0);
    ASSERT_WORDS(words, "a", "b", "c");
    assert_string_equal(said, "test: warning: unquoted argument b at block 2 position 1\n"
                              "test: warning: unquoted argument c at block 2 position 2\n");
}

static void strict_2_and_more_refuse(void **state)
{
    static const char *const values[] = {"2", "3", "18446744073709551615"};
    struct list l;
    struct block_reader r;
    char **words;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct error e = ERROR_INIT;
        setenv("EXECLINE_STRICT", values[i], 1);
        block_begin(&r, LIST(l, " a", "b", ""));
        assert_int_equal(block_read(&r, &words, NULL, &e), -1);
        assert_int_equal(e.code, EXIT_USAGE);
        assert_string_equal(e.text, "unquoted argument b at block 1 position 1");
    }
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_block_ends_at_the_first_empty_word, setup),
        cmocka_unit_test_setup(one_space_is_taken_off, setup),
        cmocka_unit_test_setup(several_blocks_follow_each_other, setup),
        cmocka_unit_test_setup(a_block_without_an_end_is_refused, setup),
        cmocka_unit_test_setup(unquoted_words_pass_silently, setup),
        cmocka_unit_test_setup(strict_1_warns, setup),
        cmocka_unit_test_setup(strict_2_and_more_refuse, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
