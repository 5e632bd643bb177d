/* A log file that is read while it is written, truncated, replaced and shortened. */
#include "base/str.h"
#include "command/tools/logfiles_tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char place[] = "/tmp/logfiles.XXXXXX";
static char memory[] = "/dev/shm/logfiles.XXXXXX";
static int folder;
static char buffer[TAIL_BUFFER];

static int set_up(void **state)
{
    (void)state;
    folder = mkdtemp(place) == NULL ? -1 : open(place, O_RDONLY | O_DIRECTORY);
    return folder < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlinkat(folder, "log", 0);
    unlinkat(folder, "other", 0);
    close(folder);
    return rmdir(place);
}

static void put(const char *text, int flags)
{
    int fd = openat(folder, "log", O_WRONLY | O_CREAT | flags, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void open_log(struct tail *t, const struct logfile_place *from)
{
    static const struct logfile_place none = {.offset = 0};
    struct error e = ERROR_INIT;
    assert_int_equal(tail_open(t, folder, "log", from == NULL ? &none : from, &e), 0);
}

/* All that comes now. */
static void expect(struct tail *t, bool last, const char *text)
{
    struct str all = STR_INIT;
    for (ssize_t n; (n = tail_next(t, buffer, last)) != 0;) {
        assert_true(n > 0);
        str_add(&all, buffer, (size_t)n);
        tail_done(t, buffer, (size_t)n);
    }
    assert_string_equal(all.data == NULL ? "" : all.data, text);
    str_release(&all);
}

static void lines(void **state)
{
    struct tail t;
    (void)state;
    put("one\ntwo\nhal", O_TRUNC);
    open_log(&t, NULL);
    expect(&t, false, "one\ntwo\n");
    expect(&t, false, "");
    put("f\n", O_APPEND);
    expect(&t, false, "half\n");
    put("end", O_APPEND);
    expect(&t, false, "");
    assert_false(t.begun);
    expect(&t, true, "end");
    assert_true(t.begun);
    tail_close(&t);
}

static void a_line_beyond_the_buffer(void **state)
{
    struct tail t;
    char *text = malloc(3 * TAIL_BUFFER + 1);
    (void)state;
    memset(text, 'x', 3 * TAIL_BUFFER);
    text[3 * TAIL_BUFFER] = '\0';
    strcpy(text + 2 * TAIL_BUFFER + 100, "\nnext\n");
    put(text, O_TRUNC);
    open_log(&t, NULL);
    expect(&t, false, text);
    tail_close(&t);
    free(text);
}

static void truncated(void **state)
{
    struct tail t;
    (void)state;
    put("first\nsecond\n", O_TRUNC);
    open_log(&t, NULL);
    expect(&t, false, "first\nsecond\n");
    put("3\n", O_TRUNC);
    expect(&t, false, "3\n");
    put("4\n", O_TRUNC); /* of the same length */
    expect(&t, false, "4\n");
    put("longer than it was before\n", O_TRUNC); /* the bytes before the place tell it */
    expect(&t, false, "longer than it was before\n");
    tail_close(&t);
}

/* A program that does not append writes where it was: zeros stand in front. */
static void truncated_under_a_place(void **state)
{
    struct tail t;
    (void)state;
    put("", O_TRUNC);
    int fd = openat(folder, "log", O_WRONLY);
    open_log(&t, NULL);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(write(fd,
                               "a line of a hundred bytes or nearly that, so that it takes some "
                               "blocks ............\n",
                               85 - 1),
                         84);
    for (ssize_t n; (n = tail_next(&t, buffer, false)) > 0;)
        tail_done(&t, buffer, (size_t)n);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(write(fd, "after\n", 6), 6);
    expect(&t, false, "after\n");
    assert_true(t.freed > 0);
    close(fd);
    tail_close(&t);
}

static void from_a_place(void **state)
{
    struct tail t, u;
    (void)state;
    put("one\ntwo\n", O_TRUNC);
    open_log(&t, NULL);
    expect(&t, false, "one\ntwo\n");
    put("three\n", O_APPEND);
    open_log(&u, &t.place);
    expect(&u, false, "three\n");
    tail_close(&u);
    put("not the same bytes\n", O_TRUNC);
    open_log(&u, &t.place);
    expect(&u, false, "not the same bytes\n");
    tail_close(&u);
    tail_close(&t);
}

static void no_such_files(void **state)
{
    struct tail t;
    struct logfile_place none = {.offset = 0};
    struct error e = ERROR_INIT;
    (void)state;
    unlinkat(folder, "log", 0);
    assert_int_equal(tail_open(&t, folder, "log", &none, &e), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(symlinkat("/etc/passwd", folder, "log"), 0);
    assert_int_equal(tail_open(&t, folder, "log", &none, &e), -1);
    assert_int_equal(errno, ELOOP);
    unlinkat(folder, "log", 0);
    assert_int_equal(mkfifoat(folder, "log", 0644), 0);
    assert_int_equal(tail_open(&t, folder, "log", &none, &e), -1);
    unlinkat(folder, "log", 0);
    put("x\n", 0);
    assert_int_equal(linkat(folder, "log", folder, "other", 0), 0);
    assert_int_equal(tail_open(&t, folder, "log", &none, &e), -1);
    assert_non_null(strstr(e.text, "hard link"));
    unlinkat(folder, "other", 0);
    unlinkat(folder, "log", 0);
}

/* A thousand blocks of lines through a limit: each line once, and the disk holds little. */
static void shortened_in(int where, int flags)
{
    enum { LIMIT = 100000, ROUNDS = 400, LINES = 40 };
    struct tail t;
    struct error e = ERROR_INIT;
    struct logfile_place none = {.offset = 0};
    struct stat st;
    unsigned long next = 0, seen = 0;
    int fd = openat(where, "log", O_WRONLY | O_CREAT | O_TRUNC | flags, 0644);
    assert_int_equal(tail_open(&t, where, "log", &none, &e), 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < LINES; i++)
            assert_true(dprintf(fd, "line %lu of some that are to be read\n", next++) > 0);
        for (ssize_t n; (n = tail_next(&t, buffer, false)) > 0;) {
            for (char *at = buffer; at < buffer + n; at = strchr(at, '\n') + 1)
                assert_int_equal(strtoul(at + 5, NULL, 10), seen++);
            tail_done(&t, buffer, (size_t)n);
        }
        enum tail_trimmed done = tail_trim(&t, LIMIT);
        assert_true(done == TAIL_KEPT || done == TAIL_SHORTER || done == TAIL_HOLLOW);
        assert_int_equal(fstat(t.fd, &st), 0);
        assert_true(st.st_blocks * 512 < 3 * LIMIT);
        assert_true(tail_is_place(t.fd, st.st_size, &t.place));
    }
    assert_int_equal(seen, next);
    close(fd);
    tail_close(&t);
}

static void shortened(void **state)
{
    (void)state;
    shortened_in(folder, O_APPEND);
    shortened_in(folder, 0);
}

static void shortened_in_memory(void **state)
{
    (void)state;
    int at = mkdtemp(memory) == NULL ? -1 : open(memory, O_RDONLY | O_DIRECTORY);
    assert_true(at >= 0);
    shortened_in(at, O_APPEND);
    shortened_in(at, 0);
    unlinkat(at, "log", 0);
    close(at);
    rmdir(memory);
}

static void not_shortened(void **state)
{
    struct tail t;
    char text[3000];
    (void)state;
    memset(text, 'y', sizeof text);
    text[sizeof text - 2] = '\n';
    text[sizeof text - 1] = '\0';
    put(text, O_TRUNC);
    open_log(&t, NULL);
    expect(&t, false, text);
    assert_int_equal(tail_trim(&t, 0), TAIL_KEPT);
    assert_int_equal(tail_trim(&t, 5000), TAIL_KEPT);
    t.place.offset = 1 << 20;
    t.writable = false;
    assert_int_equal(tail_trim(&t, 5000), TAIL_STUCK);
    tail_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),        cmocka_unit_test(a_line_beyond_the_buffer),
        cmocka_unit_test(truncated),    cmocka_unit_test(truncated_under_a_place),
        cmocka_unit_test(from_a_place), cmocka_unit_test(no_such_files),
        cmocka_unit_test(shortened),    cmocka_unit_test(shortened_in_memory),
        cmocka_unit_test(not_shortened)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
