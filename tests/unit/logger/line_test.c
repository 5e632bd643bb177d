#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logger/line.h"
#include <stdlib.h>
#include <string.h>

static void add(struct lines *l, const char *bytes, size_t n)
{
    char *room = lines_room(l, n);
    assert_non_null(room);
    memcpy(room, bytes, n);
    lines_added(l, n);
}

static void expect_piece(const struct line *line, const char *text, size_t n, bool first, bool last)
{
    assert_int_equal(line->length, n);
    assert_memory_equal(line->bytes, text, n);
    assert_int_equal(line->first, first);
    assert_int_equal(line->last, last);
}

static void expect_line(struct lines *l, const char *text)
{
    struct line line;
    assert_true(lines_next(l, &line));
    expect_piece(&line, text, strlen(text), true, true);
}

static void expect_none(struct lines *l)
{
    struct line line;
    assert_false(lines_next(l, &line));
}

static void newline_and_nul_end_lines(void **state)
{
    (void)state;
    struct lines l = {.limit = LINE_LIMIT};
    add(&l, "one\ntwo\0\nthree\0\0fo", 18);
    expect_line(&l, "one");
    expect_line(&l, "two");
    expect_line(&l, "");
    expect_line(&l, "three");
    expect_line(&l, "");
    expect_none(&l);
    assert_true(lines_begun(&l));
    add(&l, "ur\n", 3);
    expect_line(&l, "four");
    expect_none(&l);
    assert_false(lines_begun(&l));
    lines_release(&l);
}

static void byte_by_byte(void **state)
{
    (void)state;
    struct lines l = {.limit = LINE_LIMIT};
    const char text[] = "hello world, this is long\n";
    for (size_t i = 0; i < sizeof text - 2; i++) {
        add(&l, text + i, 1);
        expect_none(&l);
    }
    add(&l, "\n", 1);
    expect_line(&l, "hello world, this is long");
    expect_none(&l);
    lines_release(&l);
}

static void long_lines_come_in_pieces(void **state)
{
    (void)state;
    struct lines l = {.limit = 10};
    struct line line;
    add(&l, "0123456789\n", 11);
    expect_line(&l, "0123456789");
    expect_none(&l);
    add(&l, "0123456789", 10);
    expect_none(&l);
    add(&l, "a", 1);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "0123456789", 10, true, false);
    expect_none(&l);
    add(&l, "bcdefghijklmnopqrstuv\nnext\n", 27);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "abcdefghij", 10, false, false);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "klmnopqrst", 10, false, false);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "uv", 2, false, true);
    expect_line(&l, "next");
    expect_none(&l);
    lines_release(&l);
}

static void a_begun_line_can_be_ended(void **state)
{
    (void)state;
    struct lines l = {.limit = 4};
    struct line line;
    assert_int_equal(lines_end(&l), 0);
    expect_none(&l);
    add(&l, "abc", 3);
    assert_true(lines_begun(&l));
    assert_int_equal(lines_end(&l), 0);
    assert_false(lines_begun(&l));
    assert_int_equal(lines_end(&l), 0);
    expect_line(&l, "abc");
    expect_none(&l);
    add(&l, "abcde", 5);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "abcd", 4, true, false);
    expect_none(&l);
    assert_int_equal(lines_end(&l), 0);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "e", 1, false, true);
    add(&l, "fg\n", 3);
    expect_line(&l, "fg");
    expect_none(&l);
    lines_release(&l);
}

/* After a piece with nothing behind it, the line still has to end. */
static void a_given_piece_can_be_ended(void **state)
{
    (void)state;
    struct lines l = {.limit = 4, .inside = true};
    struct line line;
    assert_true(lines_begun(&l));
    assert_int_equal(lines_end(&l), 0);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "", 0, false, true);
    expect_none(&l);
    assert_false(lines_begun(&l));
    lines_release(&l);
}

static void a_begun_line_is_cut(void **state)
{
    (void)state;
    struct lines l = {.limit = 16, .is_text = true};
    struct line line;
    assert_false(lines_cut(&l));
    add(&l, "one\ntwo \xe2\x82", 10);
    assert_true(lines_cut(&l));
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "one", 3, true, true);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "two ", 4, true, false);
    expect_none(&l);
    assert_true(lines_begun(&l));
    assert_false(lines_cut(&l)); /* a character that is not complete */
    add(&l, "\xac three\n", 8);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "\xe2\x82\xac three", 9, false, true);
    add(&l, "four", 4);
    assert_true(lines_cut(&l));
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "four", 4, true, false);
    assert_int_equal(l.start, l.end);
    assert_true(lines_begun(&l));
    assert_int_equal(lines_end(&l), 0);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "", 0, false, true);
    lines_release(&l);
}

/* A successor finds more bytes than there were, and the same cut. */
static void a_cut_is_the_same_with_more_behind_it(void **state)
{
    static const char *const more[] = {"", "d\n", "defghijklmnopqrstuvwxyz", "\n\n"};
    (void)state;
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct lines l = {.limit = 5};
        struct line line;
        add(&l, "abc", 3);
        assert_true(lines_cut(&l));
        add(&l, more[i], strlen(more[i]));
        assert_true(lines_next(&l, &line));
        expect_piece(&line, "abc", 3, true, false);
        assert_int_equal(l.cut, 0);
        lines_release(&l);
    }
    struct lines l = {.limit = 5};
    struct line line;
    add(&l, "a\nbc", 4); /* nobody cuts there */
    l.cut = 3;
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "a", 1, true, true);
    lines_release(&l);
}

static void pieces_of_text_keep_their_characters(void **state)
{
    (void)state;
    struct lines l = {.limit = 4, .is_text = true};
    struct line line;
    add(&l, "abc\xc3\xa4\xe2\x82\xac\xff\n", 10);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "abc", 3, true, false);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "\xc3\xa4", 2, false, false);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, "\xe2\x82\xac\xff", 4, false, true);
    lines_release(&l);
}

static void no_limit(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    struct lines l = {.limit = 0};
    struct line line;
    char *x = malloc(SIZE);
    memset(x, 'x', SIZE);
    for (size_t i = 0; i < SIZE; i += 4096) {
        add(&l, x + i, 4096);
        expect_none(&l);
    }
    add(&l, "\n", 1);
    assert_true(lines_next(&l, &line));
    expect_piece(&line, x, SIZE, true, true);
    free(x);
    lines_release(&l);
}

/* However the bytes arrive, the same pieces come out. */
static void any_cut_gives_the_same_pieces(void **state)
{
    (void)state;
    const char text[] = "a\n\0bb\nccccccccccccccccccccccccccccccccccccc\0dddddddddddddddd\neeeeeee";
    const size_t size = sizeof text - 1;
    struct line whole[64];
    struct lines all = {.limit = 8};
    size_t count = 0;
    add(&all, text, size);
    while (lines_next(&all, &whole[count]))
        count++;
    assert_int_equal(count, 10);
    for (size_t chunk = 1; chunk <= size; chunk++) {
        struct lines l = {.limit = 8};
        struct line line;
        size_t seen = 0;
        for (size_t i = 0; i < size; i += chunk) {
            add(&l, text + i, size - i < chunk ? size - i : chunk);
            while (lines_next(&l, &line)) {
                assert_true(seen < count);
                expect_piece(&line, whole[seen].bytes, whole[seen].length, whole[seen].first,
                             whole[seen].last);
                seen++;
            }
        }
        assert_int_equal(seen, count);
        assert_int_equal(lines_end(&l), 0);
        expect_line(&l, "eeeeeee");
        lines_release(&l);
    }
    lines_release(&all);
}

static void shown_moves_with_the_data(void **state)
{
    (void)state;
    struct lines l = {.limit = LINE_LIMIT};
    add(&l, "one\ntw", 6);
    l.shown = 5;
    expect_line(&l, "one");
    expect_none(&l);
    char *room = lines_room(&l, l.capacity - 2);
    assert_ptr_equal(room, l.data + 2);
    assert_int_equal(l.shown, 1);
    add(&l, "o\n", 2);
    expect_line(&l, "two");
    expect_none(&l);
    lines_shrink(&l);
    assert_int_equal(l.shown, 0);
    assert_null(l.data);
}

static void ends_in_bytes(void **state)
{
    (void)state;
    static const char ends[] = {'\n', '\0'};
    for (size_t size = 0; size < 40; size++) {
        char *bytes = malloc(size + 1);
        memset(bytes, 0x8a, size);
        assert_int_equal(line_end_in(bytes, size), size);
        assert_int_equal(line_ends_at(bytes, size), 0);
        for (size_t at = 0; at < size; at++)
            for (size_t e = 0; e < 2; e++) {
                memset(bytes, at % 2 ? 0x0b : 0x01, size);
                bytes[at] = ends[e];
                assert_int_equal(line_end_in(bytes, size), at);
                assert_int_equal(line_ends_at(bytes, size), at + 1);
            }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newline_and_nul_end_lines),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(long_lines_come_in_pieces),
        cmocka_unit_test(a_begun_line_can_be_ended),
        cmocka_unit_test(a_given_piece_can_be_ended),
        cmocka_unit_test(a_begun_line_is_cut),
        cmocka_unit_test(a_cut_is_the_same_with_more_behind_it),
        cmocka_unit_test(pieces_of_text_keep_their_characters),
        cmocka_unit_test(no_limit),
        cmocka_unit_test(any_cut_gives_the_same_pieces),
        cmocka_unit_test(shown_moves_with_the_data),
        cmocka_unit_test(ends_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
