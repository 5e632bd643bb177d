/* What the arguments of with-logfiles name, and its notes. */
#include "command/tools/logfiles_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void arguments(void **state)
{
    static const struct {
        const char *word, *path;
        int stream;
        bool follow;
    } good[] = {
        {"/var/log/x.log", "/var/log/x.log", 1, false},
        {"/var/log/x.log:out", "/var/log/x.log", 1, false},
        {"/var/log/x.log:err", "/var/log/x.log", 2, false},
        {"/var/log/x.log:follow", "/var/log/x.log", 1, true},
        {"/var/log/x.log:follow:err", "/var/log/x.log", 2, true},
        {"/var/log/x.log:err:follow", "/var/log/x.log", 2, true},
        {"/var/log/a:b.log", "/var/log/a:b.log", 1, false},
        {"/var/log/10:00:out", "/var/log/10:00", 1, false},
        {"/x:", "/x:", 1, false},
    };
    static const char *const bad[] = {"/x.log:folow", "/x:out:err", "/x/",       "x.log", "",
                                      ":out",         "/",          "/x:err:err"};
    (void)state;
    struct logfile f;
    struct error e = ERROR_INIT;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(logfile_parse(good[i].word, &f, &e), 0);
        assert_string_equal(f.path, good[i].path);
        assert_int_equal(f.stream, good[i].stream);
        assert_int_equal(f.follow, good[i].follow);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(logfile_parse(bad[i], &f, &e), -1);
        assert_int_equal(e.code, EXIT_USAGE);
    }
    char path[PATH_MAX + 1];
    memset(path, '/', sizeof path);
    path[PATH_MAX] = '\0';
    assert_int_equal(logfile_parse(path, &f, &e), -1);
}

static void where_the_program_begins(void **state)
{
    char *plain[] = {(char[]){"/a"}, (char[]){"/b:err"}, (char[]){"prog"}, (char[]){"/c"}, NULL};
    char *dashes[] = {(char[]){"/a"}, (char[]){"--"}, (char[]){"/prog"}, NULL};
    char *none[] = {(char[]){"/a"}, (char[]){"/prog"}, NULL};
    size_t program;
    (void)state;
    assert_int_equal(logfile_count(plain, &program), 2);
    assert_int_equal(program, 2);
    assert_int_equal(logfile_count(dashes, &program), 1);
    assert_int_equal(program, 2);
    assert_int_equal(logfile_count(none, &program), 2);
    assert_null(none[program]);
}

static void notes(void **state)
{
    struct logfile_place p = {.device = 7, .inode = UINT64_MAX, .offset = 5000}, q;
    char text[LOGFILE_NOTE_MAX], again[LOGFILE_NOTE_MAX];
    (void)state;
    for (size_t n = 0; n <= LOGFILE_MARK; n++) {
        p.mark_length = n;
        for (size_t i = 0; i < n; i++)
            p.mark[i] = (unsigned char)(200 + i);
        size_t length = logfile_note_format(&p, text);
        assert_true(length < LOGFILE_NOTE_MAX);
        assert_true(logfile_note_parse(text, length, &q));
        assert_int_equal(q.inode, p.inode);
        assert_int_equal(q.offset, 5000);
        assert_int_equal(q.mark_length, n);
        assert_memory_equal(q.mark, p.mark, n);
        /* a byte short, a byte long, and each byte spoiled */
        assert_false(logfile_note_parse(text, length - 1, &q));
        memcpy(again, text, length);
        again[length] = '\n';
        assert_false(logfile_note_parse(again, length + 1, &q));
        for (size_t i = 0; i < length; i++) {
            memcpy(again, text, length);
            again[i] = 'X';
            assert_false(logfile_note_parse(again, length, &q));
            assert_int_equal(q.offset + q.inode + q.mark_length, 0);
        }
    }
    p.offset = 3; /* fewer than the mark has */
    assert_false(logfile_note_parse(text, logfile_note_format(&p, text), &q));
    assert_false(logfile_note_parse("", 0, &q));
}

static void names_of_notes(void **state)
{
    char name[NAME_MAX + 1], other[NAME_MAX + 1], path[PATH_MAX];
    (void)state;
    logfile_note_name("/var/log/a/x.log", name);
    logfile_note_name("/var/log/b/x.log", other);
    assert_int_equal(strncmp(name, "x.log~", 6), 0);
    assert_string_not_equal(name, other);
    snprintf(path, sizeof path, "/%0300d", 1);
    logfile_note_name(path, name);
    assert_true(strlen(name) < NAME_MAX && strchr(name, '/') == NULL);
}

static void marks(void **state)
{
    struct logfile_place p = {.offset = 0};
    char all[1000];
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)(i * 7);
    for (size_t step = 1; n + step <= sizeof all; step += 5) {
        logfile_place_move(&p, all + n, step);
        n += step;
        assert_int_equal(p.offset, n);
        assert_int_equal(p.mark_length, n < LOGFILE_MARK ? n : LOGFILE_MARK);
        assert_memory_equal(p.mark, all + n - p.mark_length, p.mark_length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments), cmocka_unit_test(where_the_program_begins),
        cmocka_unit_test(notes), cmocka_unit_test(names_of_notes), cmocka_unit_test(marks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
