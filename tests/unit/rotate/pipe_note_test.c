#include "base/utf8.h"
#include "rotate/pipe_note.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void a_logger_names_its_pipes(void **state)
{
    char note[PIPE_NOTE_MAX], want[PIPE_NOTE_MAX];
    struct stat a, b;
    int one[2], two[2];
    (void)state;
    assert_int_equal(pipe(one) | pipe(two), 0);
    assert_int_equal(fstat(one[1], &a) | fstat(two[1], &b), 0);
    const int fds[] = {one[0], -1, two[0]};
    pipe_note_make(note, fds, 3);
    snprintf(want, sizeof want, "pipe:[%llu] pipe:[%llu] ", (unsigned long long)a.st_ino,
             (unsigned long long)b.st_ino);
    assert_string_equal(note, want);
    assert_true(pipe_note_is_noted(note, a.st_ino));
    assert_true(pipe_note_is_noted(note, b.st_ino));
    assert_false(pipe_note_is_noted(note, a.st_ino / 10)); /* a part of a number is none */
    assert_false(pipe_note_is_noted(note, a.st_ino % 10));
    assert_false(pipe_note_is_noted("", a.st_ino));
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(two[i]);
    }
}

static void a_character_is_torn_or_not(void **state)
{
    static const struct {
        const char *text;
        size_t torn;
    } rows[] = {
        {"", 0},
        {"a", 0},
        {"\xc3\xa9", 0},
        {"a\xc3", 1},
        {"\xe2\x82", 2},
        {"x\xe2", 1},
        {"\xe2\x82\xac", 0},
        {"\xf0\x9f\x98", 3},
        {"\x82\x82", 0},
        {"\x82\x82\x82", 0},
        {"\xf0\x9f\x98\x80", 0},
        {"\xff", 0},
        {"\xc0", 0},
        {"\xf5\x80", 0},
        {"\xe2\x82\xac\xac", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(utf8_torn(rows[i].text, strlen(rows[i].text)), rows[i].torn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_logger_names_its_pipes),
        cmocka_unit_test(a_character_is_torn_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
