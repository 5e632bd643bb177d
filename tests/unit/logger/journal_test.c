#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/message.h"
#include "logger/journal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* One journal and the pipe it is filled from. */
struct rig {
    int memory, out, in;
    struct journal journal;
    struct lines lines;
};

static void open_rig(struct rig *r)
{
    int ends[2];
    *r = (struct rig){.memory = memfd_create("journal", 0), .lines.limit = LINE_LIMIT};
    assert_int_equal(pipe(ends), 0);
    r->out = ends[0];
    r->in = ends[1];
    struct error e = ERROR_INIT;
    assert_int_equal(journal_open(&r->journal, r->memory, 0, &r->lines, &e), 0);
}

/* As after a kill. */
static void reopen(struct rig *r, size_t done)
{
    struct error e = ERROR_INIT;
    journal_close(&r->journal);
    r->lines = (struct lines){.limit = LINE_LIMIT};
    assert_int_equal(journal_open(&r->journal, r->memory, done, &r->lines, &e), 0);
}

static void close_rig(struct rig *r)
{
    journal_close(&r->journal);
    close(r->memory);
    close(r->out);
    if (r->in >= 0)
        close(r->in);
}

static void feed(struct rig *r, const char *text)
{
    assert_int_equal(write(r->in, text, strlen(text)), strlen(text));
    assert_int_equal(journal_fill(&r->journal, r->out, 65536, &r->lines), strlen(text));
}

/* As many bytes, of which the last ends a line. */
static void feed_lines(struct rig *r, size_t count)
{
    static char bytes[65536];
    memset(bytes, 'x', count);
    bytes[count - 1] = '\n';
    assert_int_equal(write(r->in, bytes, count), count);
    assert_int_equal(journal_fill(&r->journal, r->out, 65536, &r->lines), count);
}

static void expect(struct rig *r, const char *text)
{
    struct line line;
    assert_true(lines_next(&r->lines, &line));
    assert_int_equal(line.length, strlen(text));
    assert_memory_equal(line.bytes, text, line.length);
}

static void drain(struct rig *r)
{
    struct line line;
    while (lines_next(&r->lines, &line))
        ;
}

static blkcnt_t blocks(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_blocks;
}

static void what_was_read_is_there_after_a_kill(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    feed(&r, "one\ntwo\nbeg");
    expect(&r, "one");
    size_t done = r.lines.start;
    expect(&r, "two");
    reopen(&r, done);
    expect(&r, "two");
    feed(&r, "un\n");
    expect(&r, "begun");
    close_rig(&r);
}

static void it_reads_what_is_asked_for_and_sees_the_end(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    assert_int_equal(journal_fill(&r.journal, r.out, 10, &r.lines), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(write(r.in, "abcdef", 6), 6);
    assert_int_equal(journal_fill(&r.journal, r.out, 4, &r.lines), 4);
    assert_int_equal(journal_fill(&r.journal, r.out, 4, &r.lines), 2);
    close(r.in);
    r.in = -1;
    assert_int_equal(journal_fill(&r.journal, r.out, 4, &r.lines), 0);
    assert_memory_equal(r.lines.data, "abcdef", 6);
    close_rig(&r);
}

static void the_rest_moves_to_the_front(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    assert_false(journal_turn(&r.journal, &r.lines));
    feed_lines(&r, 40000);
    feed(&r, "beg");
    assert_false(journal_turn(&r.journal, &r.lines)); /* nothing is done */
    r.lines.shown = 40002;
    drain(&r);
    size_t done = r.lines.start;
    assert_int_equal(done, 40000);
    assert_true(journal_turn(&r.journal, &r.lines));
    assert_int_equal(r.lines.start, 0);
    assert_int_equal(r.lines.end, 3);
    assert_int_equal(r.lines.shown, 2);
    /* Killed before that was remembered. */
    reopen(&r, done);
    assert_int_equal(r.lines.start, 0);
    feed(&r, "un\n");
    expect(&r, "begun");
    close_rig(&r);
}

static void a_line_ends_where_its_writer_did(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    assert_int_equal(journal_end_line(&r.journal, &r.lines), 0);
    assert_int_equal(r.lines.end, 0);
    feed(&r, "panic");
    assert_int_equal(journal_end_line(&r.journal, &r.lines), 0);
    assert_int_equal(journal_end_line(&r.journal, &r.lines), 0);
    assert_int_equal(r.lines.end, 6);
    feed(&r, "starting\n");
    reopen(&r, 0);
    expect(&r, "panic");
    expect(&r, "starting");
    close_rig(&r);
}

static void a_full_one_takes_no_more(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    for (int i = 0; i < JOURNAL_SIZE / 65536; i++)
        feed_lines(&r, i == 0 ? 65535 : 65536);
    feed(&r, "a");
    assert_int_equal(write(r.in, "b", 1), 1);
    assert_int_equal(journal_fill(&r.journal, r.out, 65536, &r.lines), -1);
    assert_int_equal(errno, ENOBUFS);
    assert_int_equal(journal_end_line(&r.journal, &r.lines), -1);
    assert_int_equal(errno, ENOBUFS);
    drain(&r);
    assert_true(journal_turn(&r.journal, &r.lines));
    assert_int_equal(journal_fill(&r.journal, r.out, 65536, &r.lines), 1);
    assert_memory_equal(r.lines.data, "ab", 2);
    close_rig(&r);
}

static void rest_gives_memory_back(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    feed_lines(&r, 10000);
    assert_false(journal_trim(&r.journal, &r.lines));
    drain(&r);
    assert_true(blocks(r.memory) > 0);
    assert_true(journal_trim(&r.journal, &r.lines));
    assert_int_equal(blocks(r.memory), 0);
    assert_int_equal(r.lines.end, 0);
    assert_false(journal_trim(&r.journal, &r.lines));
    feed(&r, "again\n");
    reopen(&r, 10000); /* killed before it was remembered */
    expect(&r, "again");
    /* What was turned holds memory, too. */
    feed_lines(&r, 40000);
    drain(&r);
    assert_true(journal_turn(&r.journal, &r.lines));
    assert_int_equal(r.lines.end, 0);
    assert_true(blocks(r.memory) > 0);
    assert_false(journal_trim(&r.journal, &r.lines));
    assert_int_equal(blocks(r.memory), 0);
    close_rig(&r);
}

/* A file is no pipe: it cannot be spliced from, and is read all the same. */
static void where_splice_is_refused(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    message_verbosity(0);
    int file = memfd_create("input", 0);
    assert_int_equal(pwrite(file, "plain\n", 6, 0), 6);
    assert_int_equal(journal_fill(&r.journal, file, 65536, &r.lines), 6);
    assert_true(r.journal.plain);
    assert_true(r.journal.said);
    reopen(&r, 0);
    expect(&r, "plain");
    close(file);
    close_rig(&r);
}

static void without_a_descriptor(void **state)
{
    (void)state;
    struct journal j;
    struct lines l = {.limit = LINE_LIMIT};
    struct error e = ERROR_INIT;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(journal_open(&j, -1, 0, &l, &e), 0);
    assert_int_equal(write(ends[1], "x\n", 2), 2);
    assert_int_equal(journal_fill(&j, ends[0], 65536, &l), 2);
    assert_int_equal(j.fd, -1);
    assert_true(j.plain);
    assert_int_equal(journal_fill(&j, ends[0], 65536, &l), -1);
    assert_int_equal(errno, EAGAIN);
    l.start = l.end;
    assert_true(journal_trim(&j, &l));
    assert_int_equal(l.data[0], 0);
    journal_close(&j);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_read_is_there_after_a_kill),
        cmocka_unit_test(it_reads_what_is_asked_for_and_sees_the_end),
        cmocka_unit_test(the_rest_moves_to_the_front),
        cmocka_unit_test(a_line_ends_where_its_writer_did),
        cmocka_unit_test(a_full_one_takes_no_more),
        cmocka_unit_test(rest_gives_memory_back),
        cmocka_unit_test(where_splice_is_refused),
        cmocka_unit_test(without_a_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
