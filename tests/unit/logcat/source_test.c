#include "base/clock.h"
#include "base/file.h"
#include "logcat/source.h"
#include "logcat/view.h"
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define T(s) "2026-11-23T10:55:" s ".000000000Z "
enum { FIRST = 1795431300 }; /* T("00") */

static char root[] = "/tmp/source_test.XXXXXX";

static const char *path(const char *name)
{
    static char text[2][128];
    static int turn;
    turn ^= 1;
    snprintf(text[turn], sizeof text[turn], "%s/%s", root, name);
    return text[turn];
}

static void append(const char *name, const char *text)
{
    int fd = open(path(name), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    strcpy(root + sizeof root - 7, "XXXXXX");
    return mkdtemp(root) && mkdir(path("a"), 0700) == 0 && mkdir(path("b"), 0700) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    return file_remove_tree(AT_FDCWD, root, &e);
}

static struct source *opened(const char *name)
{
    struct error e = ERROR_INIT;
    struct source *s = source_new(name, path(name));
    assert_non_null(s);
    assert_int_equal(source_open(s, READER_ALL, 0, &e), 0);
    return s;
}

static void expect(struct source *s, bool final, const char *message, long second,
                   enum stamp_stream stream)
{
    assert_int_equal(source_next(s, final), 1);
    assert_string_equal(s->entry.message, message);
    assert_int_equal(s->entry.length, strlen(message));
    assert_int_equal(s->entry.stamped, second >= 0);
    if (second >= 0)
        assert_int_equal(s->entry.time.tv_sec, FIRST + second);
    assert_int_equal(s->entry.stream, stream);
}

static void splits_and_reads_stamps(void **state)
{
    (void)state;
    append("a/current",
           T("01") "stdout F one\n" T("02") "stderr F two\nno stamp\n\n" T("03") "utc\n");
    struct source *s = opened("a");
    expect(s, false, "one", 1, STREAM_OUT);
    expect(s, false, "two", 2, STREAM_ERR);
    expect(s, false, "no stamp", -1, STREAM_UNKNOWN);
    expect(s, false, "", -1, STREAM_UNKNOWN);
    expect(s, false, "utc", 3, STREAM_UNKNOWN);
    assert_true(s->dirty);
    assert_int_equal(source_next(s, false), 0);
    assert_false(s->dirty);
    source_free(s);
}

static void a_begun_line_waits_unless_final(void **state)
{
    (void)state;
    append("a/current", T("01") "stdout F beg");
    struct source *s = opened("a");
    assert_int_equal(source_next(s, false), 0);
    append("a/current", "un\n" T("02") "stdout F ne");
    expect(s, false, "begun", 1, STREAM_OUT);
    assert_int_equal(source_next(s, false), 0);
    expect(s, true, "ne", 2, STREAM_OUT);
    assert_int_equal(source_next(s, true), 0);
    source_free(s);
}

static void joins_pieces_by_stream(void **state)
{
    (void)state;
    append("a/current", T("01") "stdout P o1 \n" T("02") "stderr P e1 \n" T("03") "stdout P o2 \n");
    struct source *s = opened("a");
    assert_int_equal(source_next(s, false), 0);
    append("a/current",
           "no stamp\n" T("04") "stderr F e2\n" T("05") "stdout F o3\n" T("06") "stdout F x\n");
    expect(s, false, "no stamp", -1, STREAM_UNKNOWN);
    expect(s, false, "e1 e2", 2, STREAM_ERR);
    expect(s, false, "o1 o2 o3", 1, STREAM_OUT);
    expect(s, false, "x", 6, STREAM_OUT);
    append("a/current", T("07") "stdout P no end\n");
    assert_int_equal(source_next(s, false), 0);
    expect(s, true, "no end", 7, STREAM_OUT);
    assert_int_equal(source_next(s, true), 0);
    source_free(s);
}

static const char *const archives[] = {"a/@400000006b041b5100000000.s",
                                       "a/@400000006b041b5200000000.s",
                                       "a/@400000006b041b5300000000.s"};

/* A source that has read the first of three archives, with the beginnings of two lines; the rest of
 * the first line is in the second. */
static struct source *begun(void)
{
    append(archives[0], T("01") "stdout F one\n" T("02") "stdout P o1 \n" T("02") "stderr P e1 \n");
    append(archives[1], T("03") "stdout F o2\n");
    append(archives[2], T("04") "stdout P o3 \n");
    append("a/current", T("05") "stdout F o4\n" T("06") "stderr F e2\n");
    struct source *s = opened("a");
    expect(s, false, "one", 1, STREAM_OUT);
    return s;
}

static void expect_the_rest(struct source *s)
{
    expect(s, false, "o3 o4", 4, STREAM_OUT);
    assert_int_equal(source_next(s, false), 1);
    assert_int_equal(source_next(s, false), 0);
    source_free(s);
}

/* Where an archive is deleted before it is read, the beginning of a line gets no rest of another.
 */
static void nothing_is_joined_over_a_hole(void **state)
{
    (void)state;
    struct source *s = begun();
    assert_int_equal(unlink(path(archives[0])), 0);
    assert_int_equal(unlink(path(archives[1])), 0);
    expect(s, false, "o1 ", 2, STREAM_OUT);
    expect(s, false, "e1 ", 2, STREAM_ERR);
    expect_the_rest(s);
}

/* Nor where it cannot be read. */
static void nothing_is_joined_over_damage(void **state)
{
    (void)state;
    struct source *s = begun();
    assert_int_equal(unlink(path(archives[1])), 0);
    append("a/@400000006b041b5200000000.s.gz", "");
    expect(s, false, "o1 ", 2, STREAM_OUT);
    expect(s, false, "e1 ", 2, STREAM_ERR);
    expect_the_rest(s);
}

/* What was read may be deleted, with nothing behind it. */
static void a_deleted_beginning_gets_its_rest(void **state)
{
    (void)state;
    struct source *s = begun();
    assert_int_equal(unlink(path(archives[0])), 0);
    expect(s, false, "o1 o2", 2, STREAM_OUT);
    expect_the_rest(s);
}

/* current, read to its end, is archived and deleted: its successor may be, too. */
static void nothing_is_joined_behind_a_deleted_current(void **state)
{
    (void)state;
    append("a/current", T("01") "stdout P o1 \n");
    struct source *s = opened("a");
    assert_int_equal(source_next(s, false), 0);
    assert_int_equal(rename(path("a/current"), path(archives[0])), 0);
    append("a/current", T("02") "stdout P o2 \n");
    assert_int_equal(source_next(s, false), 0);
    assert_int_equal(rename(path("a/current"), path(archives[1])), 0);
    append("a/current", T("03") "stdout F o3\n");
    assert_int_equal(unlink(path(archives[0])), 0);
    assert_int_equal(unlink(path(archives[1])), 0);
    expect(s, false, "o1 o2 ", 1, STREAM_OUT);
    expect(s, false, "o3", 3, STREAM_OUT);
    source_free(s);
}

static void a_file_without_final_newline_ends_a_line(void **state)
{
    (void)state;
    append("a/@400000006b041b5100000000.u", T("01") "stdout F cut o");
    append("a/current", T("02") "stdout F next\n");
    struct source *s = opened("a");
    expect(s, false, "cut o", 1, STREAM_OUT);
    expect(s, false, "next", 2, STREAM_OUT);
    assert_int_equal(source_next(s, false), 0);
    source_free(s);
}

static void expect_parts(const char *name, size_t length)
{
    struct source *s = opened(name);
    size_t sum = 0, parts = 0;
    for (; source_next(s, false) == 1; parts++) {
        assert_true(s->entry.length < 2 * SOURCE_LINE_MAX);
        assert_int_equal(s->entry.cut, sum + s->entry.length < length);
        sum += s->entry.length;
    }
    assert_int_equal(sum, length);
    assert_true(parts >= 2);
    assert_true(s->capacity <= 4 * SOURCE_LINE_MAX);
    source_free(s);
}

/* Memory stays flat whatever comes: both a physical line and pieces are shown in parts. */
static void a_line_without_end_comes_in_parts(void **state)
{
    enum { LENGTH = 2 * SOURCE_LINE_MAX + SOURCE_LINE_MAX / 2 };
    char *text = malloc(LENGTH + 1);
    (void)state;
    memset(text, 'x', LENGTH);
    text[LENGTH] = '\0';
    append("a/current", T("01") "stdout F ");
    append("a/current", text);
    append("a/current", "\n");
    for (int i = 0; i < 300; i++) {
        text[10000] = '\0';
        append("b/current", T("02") "stdout P ");
        append("b/current", text);
        append("b/current", "\n");
    }
    append("b/current", T("03") "stdout F end\n");
    expect_parts("a", LENGTH);
    expect_parts("b", 300 * 10000 + 3);
    free(text);
}

static void tail_goes_back_to_a_stamp(void **state)
{
    struct error e = ERROR_INIT;
    char line[128];
    int n;
    (void)state;
    for (int i = 0; i < 30; i++) {
        snprintf(line, sizeof line, T("%02d") "stdout F line %d\n", i, i);
        append("a/current", line);
    }
    for (int i = 0; i < 40; i++)
        append("a/current", "  more\n");
    struct source *s = source_new("a", path("a"));
    assert_int_equal(source_open_tail(s, 42, &e), 0);
    for (n = 0; source_next(s, true) == 1 && !s->entry.stamped; n++)
        ;
    assert_true(s->entry.stamped && s->entry.time.tv_sec <= FIRST + 28);
    assert_int_equal(source_open_tail(s, 0, &e), 0);
    assert_int_equal(source_next(s, true), 0);
    append("a/current", T("31") "stdout F new\n");
    expect(s, false, "new", 31, STREAM_OUT);
    source_free(s);
}

static void lines_before_any_stamp_belong_to_the_next(void **state)
{
    struct timespec old[2] = {{FIRST + 50, 0}, {FIRST + 50, 0}};
    (void)state;
    append("a/current", "rest of a trace\n\n" T("05") "stdout F a5\n");
    append("b/current", "never\nstamped\n");
    assert_int_equal(utimensat(AT_FDCWD, path("b/current"), old, 0), 0);
    struct source *s = opened("a");
    expect(s, true, "rest of a trace", -1, STREAM_UNKNOWN);
    assert_false(s->stamps);
    assert_int_equal(s->guess.tv_sec, FIRST + 5);
    expect(s, true, "", -1, STREAM_UNKNOWN);
    expect(s, true, "a5", 5, STREAM_OUT);
    assert_true(s->stamps);
    source_free(s);
    s = opened("b");
    expect(s, true, "never", -1, STREAM_UNKNOWN);
    assert_int_equal(s->guess.tv_sec, FIRST + 50);
    source_free(s);
}

/* --- the live view: order among sources --- */

static struct view *view_of_two(void)
{
    struct error e = ERROR_INIT;
    struct view *v = calloc(1, sizeof *v);
    assert_non_null(v);
    v->output = (struct output){.fd = open(path("out"), O_RDWR | O_CREAT | O_CLOEXEC, 0600),
                                .interrupt = -1};
    v->render.form = RENDER_RAW;
    assert_int_equal(view_add(v, "a", path("a"), false, &e), 0);
    assert_int_equal(view_add(v, "b", path("b"), false, &e), 0);
    view_open(v);
    view_history(v, true, false);
    return v;
}

static void expect_out(const char *want)
{
    struct str out = STR_INIT;
    struct error e = ERROR_INIT;
    assert_int_equal(file_read(AT_FDCWD, path("out"), 65536, &out, &e), 0);
    assert_string_equal(out.data ? out.data : "", want);
    str_release(&out);
}

static void close_view(struct view *v)
{
    close(v->output.fd);
    view_release(v);
    free(v);
}

static void young_lines_wait_for_older_ones(void **state)
{
    const struct timespec wall = {FIRST + 10, 20000000};
    (void)state;
    append("a/current", T("01") "stdout F a1\n");
    append("b/current", T("02") "stdout F b2\n");
    struct view *v = view_of_two();
    expect_out("a1\nb2\n");
    append("a/current", T("10") "stdout F a10\n"); /* 20 ms old */
    v->source[0]->dirty = true;
    int64_t now = clock_monotonic();
    int64_t due = view_live(v, now, &wall);
    assert_int_equal(due, now + 80 * CLOCK_MS);
    expect_out("a1\nb2\n");
    append("b/current", T("09") "stdout F b9\n"); /* older: it comes first, and at once */
    v->source[1]->dirty = true;
    assert_int_equal(view_live(v, now, &wall), now + 80 * CLOCK_MS);
    expect_out("a1\nb2\nb9\n");
    struct timespec later = {FIRST + 10, 100000000};
    assert_int_equal(view_live(v, due, &later), 0);
    expect_out("a1\nb2\nb9\na10\n");
    close_view(v);
}

static void a_stamp_of_the_future_waits_no_longer_than_others(void **state)
{
    const struct timespec wall = {FIRST + 10, 0};
    (void)state;
    struct view *v = view_of_two();
    append("a/current", "2036-11-23T10:55:10.000000000Z stdout F a\n");
    v->source[0]->dirty = true;
    int64_t now = clock_monotonic();
    int64_t due = view_live(v, now, &wall);
    assert_true(due > now && due <= clock_monotonic() + VIEW_HOLD);
    expect_out("");
    assert_int_equal(view_live(v, due, &wall), 0);
    expect_out("a\n");
    close_view(v);
}

/* One line of the future, and a clock that is set back. */
static void stamps_that_step(void **state)
{
    static const long seconds[] = {1, 59, 2, 3, 4, 10, 8, 9};
    /* By the lowest stamp from there on. */
    static const long keys[] = {1, 2, 2, 3, 4, 8, 8, 9};
    struct error e = ERROR_INIT;
    char line[64];
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        snprintf(line, sizeof line, "2026-11-23T10:55:%02ld.000000000Z x\n", seconds[i]);
        append("a/current", line);
    }
    struct source *s = opened("a");
    assert_int_equal(source_survey(s, &e), 0);
    assert_int_equal(s->steps, 2);
    assert_true(s->disorder);
    assert_int_equal(s->stepped.tv_sec, FIRST + 59);
    assert_int_equal(source_open(s, READER_ALL, 0, &e), 0);
    for (size_t i = 0; i < 8; i++) {
        expect(s, true, "x", seconds[i], STREAM_UNKNOWN);
        assert_int_equal(source_key(s).tv_sec, FIRST + keys[i]);
    }
    /* What is not wanted does not count. */
    s->until = (struct timespec){FIRST + 10, 0};
    assert_int_equal(source_survey(s, &e), 0);
    assert_int_equal(s->steps, 0);
    assert_true(s->disorder);
    assert_int_equal(s->newest.tv_sec, FIRST + 9);
    source_free(s);
}

static void unstamped_follow_the_line_before(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    append("a/current", T("01") "stdout F trace\n  at x\nat y\n" T("05") "stdout F a5\n");
    struct source *s = opened("a");
    assert_int_equal(source_survey(s, &e), 0);
    assert_int_equal(source_open(s, READER_ALL, 0, &e), 0);
    expect(s, true, "trace", 1, STREAM_OUT);
    assert_int_equal(source_key(s).tv_sec, FIRST + 1);
    expect(s, true, "  at x", -1, STREAM_UNKNOWN);
    assert_int_equal(source_key(s).tv_sec, FIRST + 1);
    expect(s, true, "at y", -1, STREAM_UNKNOWN);
    assert_int_equal(source_key(s).tv_sec, FIRST + 1);
    expect(s, true, "a5", 5, STREAM_OUT);
    assert_int_equal(source_key(s).tv_sec, FIRST + 5);
    source_free(s);
}

/* --- surveys --- */

/* Lines at these seconds. */
static void write_lines(const char *name, const long *seconds, size_t count)
{
    char text[256];
    FILE *f = fopen(path(name), "w");
    assert_non_null(f);
    for (size_t i = 0; i < count; i++) {
        struct timespec t = {seconds[i], 0};
        size_t n = stamp_format(text, STAMP_CRI, &t, STREAM_OUT, 0);
        fwrite(text, 1, n, f);
        fprintf(f, "%0100zu\n", i);
    }
    assert_int_equal(fclose(f), 0);
}

/* All wanted lines are read, each with the lowest wanted stamp from there on as its key. */
static void expect_keys(struct source *s, const long *seconds, size_t count)
{
    struct error e = ERROR_INIT;
    size_t steps = 0, at = 0;
    long before = 0, *key = malloc(count * sizeof *key), low = LONG_MAX;
    for (size_t i = count; i-- > 0;) {
        bool wanted = seconds[i] >= s->since.tv_sec && seconds[i] < s->until.tv_sec;
        low = wanted && seconds[i] < low ? seconds[i] : low;
        key[i] = low;
        steps += wanted && before != 0 && seconds[i] > before;
        before = wanted ? seconds[i] : before;
    }
    assert_int_equal(source_survey(s, &e), 0);
    assert_int_equal(s->steps, steps);
    assert_int_equal(source_open(s, READER_ALL, 0, &e), 0);
    while (source_next(s, true) == 1) {
        if (s->entry.time.tv_sec < s->since.tv_sec || s->entry.time.tv_sec >= s->until.tv_sec)
            continue;
        at = (size_t)atol(s->entry.message);
        assert_int_equal(s->entry.time.tv_sec, seconds[at]);
        assert_int_equal(source_key(s).tv_sec, key[at]);
        assert_true(s->newest.tv_sec >= seconds[at]);
        key[at] = 0;
    }
    for (size_t i = 0; i < count; i++)
        if (seconds[i] >= s->since.tv_sec && seconds[i] < s->until.tv_sec)
            assert_int_equal(key[i], 0);
    free(key);
}

/* What a survey passes over without looking at each line changes nothing, whatever is wanted and
 * wherever stamps step back: current takes several reads, and is in order but for one step. */
static void surveys_know_every_step(void **state)
{
    enum { LINES = 2000 };
    static long seconds[LINES];
    (void)state;
    for (int at = 0; at < LINES; at += 250) {
        long t = FIRST;
        for (int i = 0; i < LINES; i++)
            seconds[i] = t += i > 0 && i == at ? -300 : 1;
        write_lines("a/current", seconds, LINES);
        for (long since = 0; since < LINES; since += 450) {
            struct source *s = source_new("a", path("a"));
            s->since.tv_sec = FIRST + since;
            s->until.tv_sec = FIRST + since + 400;
            expect_keys(s, seconds, LINES);
            assert_int_equal(s->disorder, at > 0);
            source_free(s);
        }
    }
}

int main(void)
{
    setenv("TZ", "UTC0", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(splits_and_reads_stamps, setup, teardown),
        cmocka_unit_test_setup_teardown(a_begun_line_waits_unless_final, setup, teardown),
        cmocka_unit_test_setup_teardown(joins_pieces_by_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_joined_over_a_hole, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_joined_over_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(a_deleted_beginning_gets_its_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_joined_behind_a_deleted_current, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_without_final_newline_ends_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_without_end_comes_in_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(tail_goes_back_to_a_stamp, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_before_any_stamp_belong_to_the_next, setup, teardown),
        cmocka_unit_test_setup_teardown(unstamped_follow_the_line_before, setup, teardown),
        cmocka_unit_test_setup_teardown(stamps_that_step, setup, teardown),
        cmocka_unit_test_setup_teardown(surveys_know_every_step, setup, teardown),
        cmocka_unit_test_setup_teardown(young_lines_wait_for_older_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stamp_of_the_future_waits_no_longer_than_others, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
