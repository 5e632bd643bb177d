/* Strings, lists of words, numbers, errors and messages. */
#include "base/error.h"
#include "base/message.h"
#include "base/str.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char said[MESSAGE_MAX + 1];

static void hear(const char *line, size_t length)
{
    memcpy(said, line, length);
    said[length] = '\0';
}

static void strings_grow(void **state)
{
    struct str s = STR_INIT;
    (void)state;
    for (int i = 0; i < 10000; i++)
        assert_int_equal(str_add_char(&s, (char)('a' + i % 26)), 0);
    assert_int_equal(s.length, 10000);
    assert_int_equal(strlen(s.data), 10000);
    str_clear(&s);
    assert_string_equal(s.data, "");
    assert_int_equal(str_printf(&s, "%d-%s", 7, "x"), 0);
    assert_int_equal(str_add(&s, "\0y", 2), 0);
    assert_int_equal(s.length, 5);
    assert_memory_equal(s.data, "7-x\0y", 6);
    assert_int_equal(str_reserve(&s, SIZE_MAX - 2), -1);
    str_release(&s);
    str_release(&s);
}

static void words_are_an_argv(void **state)
{
    struct words w = WORDS_INIT;
    (void)state;
    words_sort(&w);
    for (int i = 50; i > 0; i--) {
        char text[8] = {(char)('0' + i / 10), (char)('0' + i % 10)};
        assert_int_equal(words_add(&w, text), 0);
        assert_null(w.item[w.count]);
    }
    words_sort(&w);
    assert_string_equal(w.item[0], "01");
    assert_string_equal(w.item[49], "50");
    assert_true(words_has(&w, "33"));
    assert_false(words_has(&w, "51"));
    words_release(&w);
}

static void words_between_separators(void **state)
{
    struct words w = WORDS_INIT;
    (void)state;
    assert_int_equal(words_split(&w, "", " "), 0);
    assert_int_equal(words_split(&w, ", \t,", " ,\t"), 0);
    assert_int_equal(w.count, 0);
    assert_int_equal(words_split(&w, " one,two ,three", " ,"), 0);
    assert_int_equal(words_split(&w, "four\n", "\n"), 0);
    assert_int_equal(w.count, 4);
    assert_string_equal(w.item[0], "one");
    assert_string_equal(w.item[2], "three");
    assert_string_equal(w.item[3], "four");
    words_release(&w);
}

static void numbers(void **state)
{
    unsigned long long n = 1;
    (void)state;
    assert_int_equal(number_parse("0", 10, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(number_parse("0010", 10, &n), 0);
    assert_int_equal(n, 10);
    assert_int_equal(number_parse("18446744073709551615", ~0ULL, &n), 0);
    assert_true(n == ~0ULL);
    assert_int_equal(number_parse("18446744073709551616", ~0ULL, &n), -1);
    assert_int_equal(number_parse("11", 10, &n), -1);
    assert_int_equal(number_parse("5", 3, &n), -1);
    assert_int_equal(number_parse("", 10, &n), -1);
    assert_int_equal(number_parse("-1", 10, &n), -1);
    assert_int_equal(number_parse("1 ", 10, &n), -1);
    assert_int_equal(number_parse("+1", 10, &n), -1);
}

static void errors_carry_code_and_reason(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    e.why = EIO;
    assert_int_equal(error_set(&e, EXIT_USAGE, "no %s", "x"), -1);
    assert_int_equal(e.code, 100);
    assert_int_equal(e.why, 0);
    assert_string_equal(e.text, "no x");
    errno = ENOENT;
    assert_int_equal(error_system(&e, "unable to open %s", "y"), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(e.code, 111);
    assert_int_equal(e.why, ENOENT);
    assert_string_equal(e.text, "unable to open y: No such file or directory");
}

static void messages_have_name_and_level(void **state)
{
    static char huge[2 * MESSAGE_MAX];
    (void)state;
    message_to(hear);
    message_name("prog");
    message_verbosity(1);
    message_warning("w %d", 1);
    assert_string_equal(said, "prog: warning: w 1\n");
    message_info("not shown");
    assert_string_equal(said, "prog: warning: w 1\n");
    message_verbosity(0);
    message_warning("not shown");
    message_fatal("f");
    assert_string_equal(said, "prog: fatal: f\n");
    message_line(MESSAGE_FATAL, "other: %s", "line");
    assert_string_equal(said, "other: line\n");
    memset(huge, 'x', sizeof huge - 1);
    message_fatal("%s", huge);
    assert_int_equal(strlen(said), MESSAGE_MAX - 1);
    assert_int_equal(said[MESSAGE_MAX - 2], '\n');
    message_to(NULL);
    message_verbosity(1);
}

static void words_of_a_line(void **state)
{
    char out[8];
    (void)state;
    assert_int_equal(word_escape(out, sizeof out, "a b"), 6);
    assert_string_equal(out, "a\\040b");
    assert_int_equal(word_escape(out, sizeof out, "\\\n"), 5);
    assert_string_equal(out, "\\134 ");
    assert_int_equal(word_escape(out, sizeof out, "abcde "), 5); /* no part of an escape */
    assert_string_equal(out, "abcde");
    assert_int_equal(word_escape(out, 1, "x"), 0);
    assert_string_equal(out, "");
    assert_int_equal(word_escape(out, 0, "x"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_grow),
        cmocka_unit_test(words_are_an_argv),
        cmocka_unit_test(words_between_separators),
        cmocka_unit_test(numbers),
        cmocka_unit_test(errors_carry_code_and_reason),
        cmocka_unit_test(messages_have_name_and_level),
        cmocka_unit_test(words_of_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
