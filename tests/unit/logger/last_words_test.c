/* The last line that an instance wrote to stderr, and where it is left. */
#include "logger/last_words.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void note(struct last_words *w, const char *text)
{
    last_words_note(w, text, strlen(text));
}

static void is(const struct last_words *w, const char *expected)
{
    assert_int_equal(w->length, strlen(expected));
    assert_memory_equal(w->text, expected, w->length);
    for (size_t i = w->length; i < LAST_WORDS_SIZE; i++)
        assert_int_equal(w->text[i], 0);
}

static void the_last_line(void **state)
{
    struct last_words w = {.length = 0};
    (void)state;
    note(&w, "");
    is(&w, "");
    note(&w, "\n\r\n");
    is(&w, "");
    note(&w, "one\ntwo\n");
    is(&w, "two");
    note(&w, "\n\n"); /* says nothing */
    is(&w, "two");
    note(&w, "three\r\n\r\n");
    is(&w, "three");
    note(&w, "four\npanic: fata");
    is(&w, "panic: fata");
    note(&w, "panic: fatal\n"); /* the begun line comes again, whole */
    is(&w, "panic: fatal");
}

static void a_line_in_pieces_is_one(void **state)
{
    struct last_words w = {.length = 0};
    (void)state;
    note(&w, "one\npan");
    last_words_keep(&w);
    note(&w, "ic: ");
    is(&w, "panic: ");
    note(&w, "ic: fatal");
    is(&w, "panic: fatal");
    last_words_keep(&w);
    note(&w, "\n");
    is(&w, "panic: fatal");
    note(&w, "two");
    is(&w, "two");
    last_words_keep(&w);
    note(&w, "\nthree\n");
    is(&w, "three");
    note(&w, "four");
    is(&w, "four");
}

static void a_long_line_is_cut(void **state)
{
    static char text[3 * 8192];
    struct last_words w = {.length = 0};
    (void)state;
    memset(text, 'x', sizeof text);
    text[0] = '\n';
    text[1] = 'a';
    last_words_note(&w, text, 200);
    assert_int_equal(w.length, LAST_WORDS_SIZE);
    assert_int_equal(w.text[0], 'a');
    last_words_note(&w, text, sizeof text); /* it begins too far behind to be looked for */
    assert_int_equal(w.length, LAST_WORDS_SIZE);
    assert_int_equal(w.text[0], 'x');
}

static void found(int fd, const char *expected)
{
    char text[LAST_WORDS_SIZE + 1] = "";
    assert_true(pread(fd, text, LAST_WORDS_SIZE, LAST_WORDS_OFFSET) >= 0);
    assert_string_equal(text, expected);
}

static void each_instance_leaves_its_own(void **state)
{
    struct last_words w = {.length = 0};
    struct stat st;
    int fd = memfd_create("journal", 0);
    (void)state;
    last_words_leave(&w, fd);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 0); /* no memory for who says nothing */
    note(&w, "a long line of the first\n");
    last_words_leave(&w, fd);
    found(fd, "a long line of the first");
    note(&w, "short\n");
    last_words_leave(&w, fd);
    found(fd, "short");
    last_words_leave(&w, fd); /* an instance without a word */
    found(fd, "");
    note(&w, "x\n");
    last_words_leave(&w, -1);
    is(&w, "");
    close(fd);
    note(&w, "x\n");
    last_words_leave(&w, fd); /* what fails is not said */
    is(&w, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_line),
        cmocka_unit_test(a_line_in_pieces_is_one),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(each_instance_leaves_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
