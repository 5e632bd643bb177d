#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logger/journal.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static off_t size_of(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_size;
}

static void a_begun_line_goes_over(void **state)
{
    (void)state;
    int fd = memfd_create("journal", 0);
    struct lines l = {.limit = LINE_LIMIT};
    struct line line;
    char *room = lines_room(&l, 8);
    memcpy(room, "one\nbeg", 7);
    lines_added(&l, 7);
    l.shown = 6;
    assert_true(lines_next(&l, &line));
    assert_false(lines_next(&l, &line));
    assert_int_equal(journal_save(fd, &l, true), 0);
    lines_release(&l);

    bool begun = false;
    struct lines next = {.limit = LINE_LIMIT};
    journal_restore(fd, &next, &begun);
    assert_true(begun);
    assert_false(next.inside);
    assert_int_equal(next.end - next.start, 3);
    assert_memory_equal(next.data + next.start, "beg", 3);
    assert_int_equal(next.shown, 2);
    assert_int_equal(size_of(fd), 0);

    /* The next one finds nothing. */
    struct lines empty = {.limit = LINE_LIMIT};
    begun = false;
    journal_restore(fd, &empty, &begun);
    assert_false(begun);
    assert_int_equal(empty.end, 0);
    lines_release(&next);
    close(fd);
}

static void only_that_a_piece_was_given(void **state)
{
    (void)state;
    int fd = memfd_create("journal", 0);
    struct lines l = {.limit = LINE_LIMIT, .inside = true};
    struct lines next = {.limit = LINE_LIMIT};
    bool begun = true;
    assert_int_equal(journal_save(fd, &l, false), 0);
    journal_restore(fd, &next, &begun);
    assert_false(begun);
    assert_true(next.inside);
    assert_int_equal(next.end, 0);
    lines_release(&next);
    close(fd);
}

static void nonsense_is_nothing(void **state)
{
    (void)state;
    static const char *const contents[] = {"x", "olj1", "olj1............",
                                           "nothing of the kind....."};
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        int fd = memfd_create("journal", 0);
        struct lines l = {.limit = LINE_LIMIT};
        bool begun = false;
        assert_int_equal(write(fd, contents[i], strlen(contents[i])), strlen(contents[i]));
        journal_restore(fd, &l, &begun);
        assert_int_equal(l.end, 0);
        assert_false(l.inside);
        assert_false(begun);
        assert_int_equal(size_of(fd), 0);
        close(fd);
    }
    struct lines l = {.limit = LINE_LIMIT};
    bool begun = false;
    journal_restore(-1, &l, &begun);
    assert_int_equal(l.end, 0);
}

static void plain_bytes_go_over(void **state)
{
    (void)state;
    int fd = memfd_create("state", 0);
    struct str bytes = STR_INIT;
    struct str back = STR_INIT;
    assert_int_equal(str_add(&bytes, "a\0b", 3), 0);
    assert_int_equal(journal_write(fd, &bytes), 0);
    assert_int_equal(journal_write(fd, &bytes), 0);
    assert_int_equal(journal_read(fd, &back), 0);
    assert_int_equal(back.length, 3);
    assert_memory_equal(back.data, "a\0b", 3);
    assert_int_equal(size_of(fd), 0);
    str_release(&bytes);
    str_release(&back);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_begun_line_goes_over),
        cmocka_unit_test(only_that_a_piece_was_given),
        cmocka_unit_test(nonsense_is_nothing),
        cmocka_unit_test(plain_bytes_go_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
