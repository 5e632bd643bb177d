#include "rotate/bgzf.h"
#include "rotate/read/reader.h"
#include "tests/unit/rotate/directory.h"

static struct directory dir;
static struct str text; /* what was read, "~" where reader_gap said so */

static int setup(void **state)
{
    (void)state;
    directory_make(&dir);
    text = STR_INIT;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    directory_remove(&dir);
    str_release(&text);
    return 0;
}

/* What is older than the second in context is left out. */
static bool is_old(void *context, const struct bgzf_index *index)
{
    return index->last.tv_sec < *(const long *)context;
}

static struct reader *opened(enum reader_from from, unsigned long long lines, long since)
{
    static long second;
    const struct reader_skip skip = {.member = is_old, .context = &second, .since = {since, 0}};
    struct reader *r;
    struct error e = ERROR_INIT;
    second = since;
    assert_int_equal(reader_open(&r, dir.path, from, lines, since ? &skip : NULL, &e), 0);
    return r;
}

/* Everything there is now, by reads of that size. */
static const char *drain(struct reader *r, size_t size)
{
    struct error e = ERROR_INIT;
    static char bytes[1 << 16];
    str_clear(&text);
    for (;;) {
        ssize_t n = reader_read(r, bytes, size, &e);
        if (reader_gap(r))
            str_add(&text, "~", 1);
        if (n < 0)
            str_printf(&text, "<%s>", e.text + strlen("unable to read ") + strlen(dir.path));
        if (n == 0)
            break;
        if (n > 0)
            str_add(&text, bytes, (size_t)n);
    }
    return text.data ? text.data : "";
}

static void reads_to(enum reader_from from, unsigned long long lines, long since,
                     const char *expected)
{
    static const size_t sizes[] = {1, 3, 1 << 16};
    for (size_t i = 0; i < 3; i++) {
        struct reader *r = opened(from, lines, since);
        assert_string_equal(drain(r, sizes[i]), expected);
        reader_close(r);
    }
}

static void no_directory_and_empty_ones(void **state)
{
    struct reader *r;
    struct error e = ERROR_INIT;
    (void)state;
    assert_int_equal(reader_open(&r, "/nonexistent/x", READER_ALL, 0, NULL, &e), -1);
    assert_string_equal(e.text, "unable to open /nonexistent/x: No such file or directory");
    assert_int_equal(reader_open(&r, "/dev/null", READER_TAIL, 5, NULL, &e), -1);
    reads_to(READER_ALL, 0, 0, "");
    reads_to(READER_END, 0, 0, "");
    reads_to(READER_TAIL, 3, 0, "");
    r = opened(READER_ALL, 0, 0);
    assert_string_equal(reader_file(r), dir.path);
    directory_add(&dir, "current", "born\n");
    assert_string_equal(drain(r, 9), "born\n");
    reader_close(r);
}

/* Five files of every form. */
static void fill(void)
{
    char command[256];
    directory_write(&dir, archive_of(1000, ".s"), "a1\na2\n", 0744);
    directory_write(&dir, archive_of(2000, ".s"), "b1\nb2\nb3\n", 0744);
    directory_compress(&dir, archive_of(2000, ".s"), NULL);
    directory_write(&dir, archive_of(3000, ".u"), "c1\nc2 torn", 0744);
    directory_write(&dir, archive_of(4000, ".s"), "d1\nd2\n", 0744);
    snprintf(command, sizeof command, "gzip -9 %s/%s", dir.path, archive_of(4000, ".s"));
    assert_int_equal(system(command), 0);
    /* gzip by a processor, and two members */
    snprintf(command, sizeof command, "cd %s && (echo e1 | gzip; echo e2 | gzip) > %s", dir.path,
             archive_of(5000, ".s"));
    assert_int_equal(system(command), 0);
    directory_write(&dir, "current", "f1\nf2\n", 0644);
    directory_write(&dir, "lock", "", 0644);
    directory_write(&dir, "state", "no line\n", 0644);
    directory_write(&dir, archive_of(9000, ".s.gz.new"), "half\n", 0644);
    assert_int_equal(symlinkat("state", dir.fd, archive_of(9001, ".s")), 0);
}

static void all_forms_are_one_stream(void **state)
{
    (void)state;
    fill();
    reads_to(READER_ALL, 0, 0, "a1\na2\nb1\nb2\nb3\nc1\nc2 torn~d1\nd2\ne1\ne2\nf1\nf2\n");
    reads_to(READER_END, 0, 0, "");
}

static void tail_goes_back_over_files(void **state)
{
    static const char *const expected[] = {
        "",
        "f2\n",
        "f1\nf2\n",
        "e2\nf1\nf2\n",
        "e1\ne2\nf1\nf2\n",
        "d2\ne1\ne2\nf1\nf2\n",
        "d1\nd2\ne1\ne2\nf1\nf2\n",
        "c2 torn~d1\nd2\ne1\ne2\nf1\nf2\n",
        "c1\nc2 torn~d1\nd2\ne1\ne2\nf1\nf2\n",
        "b3\nc1\nc2 torn~d1\nd2\ne1\ne2\nf1\nf2\n",
        "b2\nb3\nc1\nc2 torn~d1\nd2\ne1\ne2\nf1\nf2\n",
        "b1\nb2\nb3\nc1\nc2 torn~d1\nd2\ne1\ne2\nf1\nf2\n",
        "a2\nb1\nb2\nb3\nc1\nc2 torn~d1\nd2\ne1\ne2\nf1\nf2\n",
        "a1\na2\nb1\nb2\nb3\nc1\nc2 torn~d1\nd2\ne1\ne2\nf1\nf2\n",
        "a1\na2\nb1\nb2\nb3\nc1\nc2 torn~d1\nd2\ne1\ne2\nf1\nf2\n"};
    (void)state;
    fill();
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        reads_to(READER_TAIL, i, 0, expected[i]);
    reads_to(READER_TAIL, 100, 0, expected[14]);
    directory_add(&dir, "current", "f3 begun");
    reads_to(READER_TAIL, 1, 0, "f3 begun");
    reads_to(READER_TAIL, 2, 0, "f2\nf3 begun");
}

/* "T123 text": seconds 123. */
static int stamp(const char *line, size_t length, struct timespec *t)
{
    if (length < 5 || line[0] != 'T')
        return -1;
    t->tv_sec = strtol(line + 1, NULL, 10);
    t->tv_nsec = 0;
    return 0;
}

static void numbered(struct str *s, int from, int to)
{
    for (int i = from; i < to; i++)
        str_printf(s, "T%d a line that is numbered\n", i);
}

static void tail_within_big_files(void **state)
{
    struct str all = STR_INIT;
    (void)state;
    numbered(&all, 100000, 120000);
    directory_write(&dir, archive_of(200000, ".s"), all.data, 0744);
    size_t line = strlen("T100000 a line that is numbered\n");
    static const unsigned long long counts[] = {1,    2,    100,   511,   512,
                                                2040, 2041, 10000, 19999, 20000};
    for (int form = 0; form < 3; form++) {
        char command[256];
        snprintf(command, sizeof command, "gunzip %s/*.gz; gzip %s/*.s", dir.path, dir.path);
        if (form == 1)
            directory_compress(&dir, archive_of(200000, ".s"), stamp);
        if (form == 2)
            assert_int_equal(system(command), 0);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            struct reader *r = opened(READER_TAIL, counts[i], 0);
            assert_string_equal(drain(r, 1 << 16), all.data + (20000 - counts[i]) * line);
            reader_close(r);
        }
    }
    str_release(&all);
}

static void members_are_left_out_by_their_index(void **state)
{
    struct str all = STR_INIT;
    (void)state;
    numbered(&all, 100000, 120000);
    /* No index says what is in there, and the name does not count. */
    directory_write(&dir, archive_of(100, ".s"), "T1 old\n", 0744);
    directory_write(&dir, archive_of(120000, ".s"), all.data, 0744);
    directory_compress(&dir, archive_of(120000, ".s"), stamp);
    directory_write(&dir, "current", "T130000 new\n", 0644);
    struct reader *r = opened(READER_ALL, 0, 115000);
    const char *got = drain(r, 1 << 16);
    assert_memory_equal(got, "T1 old\n", 7);
    got += 7;
    /* It begins less than a member before, at a line. */
    long first = strtol(got + 1, NULL, 10);
    assert_int_equal(got[0], 'T');
    assert_true(first <= 115000 && first > 115000 - 2100);
    str_add_text(&all, "T130000 new\n");
    size_t line = strlen("T100000 a line that is numbered\n");
    assert_string_equal(got, all.data + (size_t)(first - 100000) * line);
    reader_close(r);
    reads_to(READER_ALL, 0, 125000, "T1 old\nT130000 new\n");
    str_release(&all);
}

static bool is_any(void *context, const struct bgzf_index *index)
{
    (void)context;
    (void)index;
    return true;
}

/* What is out of order, without a stamp or cut cannot be left out. */
static void only_what_is_ordered_is_left_out(void **state)
{
    static const char *const texts[] = {"T51 left out\nT51 b\nT52 c\n", "T51 a\nT50 b\n",
                                        "T51 a\nno stamp\n", "T51 a\nT60 cut"};
    const struct reader_skip skip = {.member = is_any, .since = {1, 0}};
    struct reader *r;
    struct error e = ERROR_INIT;
    (void)state;
    for (time_t i = 0; i < 4; i++) {
        directory_write(&dir, archive_of(1000 + i, ".s"), texts[i], 0744);
        directory_compress(&dir, archive_of(1000 + i, ".s"), stamp);
    }
    directory_write(&dir, archive_of(900, ".s"), texts[0], 0744);
    directory_compress(&dir, archive_of(900, ".s"), NULL);
    assert_int_equal(reader_open(&r, dir.path, READER_ALL, 0, &skip, &e), 0);
    assert_string_equal(drain(r, 1 << 16), "T51 left out\nT51 b\nT52 c\n"
                                           "T51 a\nT50 b\nT51 a\nno stamp\nT51 a\nT60 cut");
    reader_close(r);
}

/* What whole() and block() were asked, and where blocks end. */
struct asked {
    unsigned archives;
    int64_t block_end;
};

static bool is_any_whole(void *context, const struct timespec *name, const struct bgzf_index *index)
{
    struct asked *asked = context;
    asked->archives++;
    return name->tv_sec == 1000 && index->first.tv_sec == 51 && index->last.tv_sec == 52;
}

static bool is_first_block(void *context, int64_t offset, int64_t *end)
{
    const struct asked *asked = context;
    if (offset < asked->block_end)
        *end = asked->block_end;
    return offset == 0;
}

/* A whole archive is left out by its summary, and a part of the file that is known as current. */
static void archives_and_parts_are_left_out(void **state)
{
    struct asked asked = {0, 8};
    struct reader_skip skip = {.whole = is_any_whole, .block = is_first_block, .context = &asked};
    struct error e = ERROR_INIT;
    struct reader *r;
    struct stat st;
    (void)state;
    static const char *const texts[] = {"T51 a\nT52 b\n", "T53 c\nT54 d\n", "T51 e\nT50 f\n"};
    for (time_t i = 0; i < 3; i++) {
        directory_write(&dir, archive_of(1000 + i, ".s"), texts[i], 0744);
        directory_compress(&dir, archive_of(1000 + i, ".s"), stamp);
    }
    directory_write(&dir, "current", "T60 one\nT61 two\n", 0644);
    assert_int_equal(fstatat(dir.fd, "current", &st, 0), 0);
    skip.device = st.st_dev;
    skip.inode = st.st_ino + 1;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(reader_open(&r, dir.path, READER_ALL, 0, &skip, &e), 0);
        const char *got = drain(r, 1 << 16);
        assert_string_equal(got, i == 0 ? "T53 c\nT54 d\nT51 e\nT50 f\nT60 one\nT61 two\n"
                                        : "T53 c\nT54 d\nT51 e\nT50 f\nT61 two\n");
        assert_true(asked.archives >= 2);
        reader_close(r);
        skip.inode = st.st_ino;
    }
}

static void broken_files_are_said_and_left(void **state)
{
    char command[256];
    struct str expected = STR_INIT;
    (void)state;
    directory_write(&dir, archive_of(1000, ".s.gz"), "\x1f\x8b no gzip", 0744);
    directory_write(&dir, archive_of(2000, ".s"), "good\n", 0744);
    directory_compress(&dir, archive_of(2000, ".s"), NULL);
    struct stat st;
    assert_int_equal(fstatat(dir.fd, archive_of(2000, ".s.gz"), &st, 0), 0);
    directory_add(&dir, archive_of(2000, ".s.gz"), "\x1f\x8bgarbage");
    snprintf(command, sizeof command, "cd %s && seq 1000 | gzip | head -c 1000 > %s", dir.path,
             archive_of(3000, ".s.gz"));
    assert_int_equal(system(command), 0);
    directory_write(&dir, "current", "end\n", 0644);
    struct reader *r = opened(READER_ALL, 0, 0);
    const char *got = drain(r, 1 << 16);
    str_printf(&expected, "</%s: damaged or cut short at byte 0>good\n", archive_of(1000, ".s.gz"));
    str_printf(&expected, "</%s: damaged or cut short at byte %lld>1\n2\n3\n",
               archive_of(2000, ".s.gz"), (long long)st.st_size);
    assert_memory_equal(got, expected.data, expected.length);
    /* The cut place may be at a line end: then there is no gap. */
    const char *tail = strstr(got + expected.length, "</@");
    assert_non_null(tail);
    str_clear(&expected);
    str_printf(&expected, "</%s: damaged or cut short at byte 0>%send\n", archive_of(3000, ".s.gz"),
               tail[-1] == '\n' ? "" : "~");
    assert_string_equal(tail, expected.data);
    reader_close(r);
    str_release(&expected);
}

/* Reads a line, parks, lets that happen, and reads the rest. */
static void parks(const char *line, void (*change)(void), const char *rest)
{
    struct error e = ERROR_INIT;
    char got[16] = "";
    struct reader *r = opened(READER_ALL, 0, 0);
    assert_int_equal(reader_read(r, got, strlen(line), &e), (ssize_t)strlen(line));
    assert_string_equal(got, line);
    reader_park(r);
    reader_park(r);
    assert_true(reader_is_parked(r));
    if (change)
        change();
    assert_int_equal(reader_wake(r, &e), 0);
    assert_false(reader_is_parked(r));
    assert_string_equal(drain(r, 100), rest);
    reader_park(r);
    directory_add(&dir, "current", "6\n");
    assert_int_equal(reader_wake(r, &e), 0);
    assert_string_equal(drain(r, 100), "6\n");
    reader_close(r);
}

static void compress_first(void)
{
    directory_compress(&dir, archive_of(1000, ".s"), NULL);
}

static void rotate(void)
{
    renameat(dir.fd, "current", dir.fd, archive_of(2000, ".s"));
    directory_add(&dir, "current", "5\n");
}

static void rotate_and_compress(void)
{
    renameat(dir.fd, "current", dir.fd, archive_of(3000, ".s"));
    directory_add(&dir, "current", "7\n");
    directory_compress(&dir, archive_of(3000, ".s"), NULL);
}

static void wait_for_processor(void)
{
    renameat(dir.fd, "current", dir.fd, "previous");
    directory_add(&dir, "current", "8\n");
}

/* While a reader has no descriptors, files are rotated and compressed. */
static void parked_readers_find_their_files(void **state)
{
    (void)state;
    directory_write(&dir, archive_of(1000, ".s"), "1\n2\n", 0744);
    directory_write(&dir, "current", "3\n4\n", 0644);
    parks("1\n", NULL, "2\n3\n4\n");
    parks("1\n", compress_first, "2\n3\n4\n6\n");
    parks("1\n", NULL, "2\n3\n4\n6\n6\n");
    unlinkat(dir.fd, archive_of(1000, ".s.gz"), 0);
    parks("3\n", rotate, "4\n6\n6\n6\n5\n");
    unlinkat(dir.fd, archive_of(2000, ".s"), 0);
    parks("5\n", rotate_and_compress, "6\n7\n");
    unlinkat(dir.fd, archive_of(3000, ".s.gz"), 0);
    parks("7\n", wait_for_processor, "6\n8\n");
}

/* What is deleted meanwhile is said, and what follows is read. */
static void parked_readers_say_what_is_gone(void **state)
{
    struct error e = ERROR_INIT;
    char got[4];
    (void)state;
    directory_write(&dir, archive_of(1000, ".s"), "1\n2\n", 0744);
    directory_write(&dir, archive_of(2000, ".s"), "3\n", 0744);
    directory_write(&dir, "current", "4\n", 0644);
    struct reader *r = opened(READER_ALL, 0, 0);
    assert_int_equal(reader_read(r, got, 2, &e), 2);
    reader_park(r);
    unlinkat(dir.fd, archive_of(1000, ".s"), 0);
    assert_int_equal(reader_wake(r, &e), -1);
    assert_false(reader_is_parked(r));
    assert_string_equal(drain(r, 100), "3\n4\n");
    reader_close(r);
    /* Another file has its name: what is read now is what was not. */
    directory_write(&dir, "current", "5\n6\n", 0644);
    r = opened(READER_CURRENT, 0, 0);
    assert_int_equal(reader_read(r, got, 2, &e), 2);
    reader_park(r);
    directory_write(&dir, "other", "7\n", 0644);
    renameat(dir.fd, "other", dir.fd, "current");
    assert_int_equal(reader_wake(r, &e), -1);
    assert_string_equal(drain(r, 100), "7\n");
    reader_close(r);
    /* Rotated twice, the first archive deleted: the second is not taken for it. */
    r = opened(READER_CURRENT, 0, 0);
    assert_int_equal(reader_read(r, got, 2, &e), 2);
    reader_park(r);
    unlinkat(dir.fd, "current", 0);
    directory_write(&dir, archive_of(3000, ".s"), "8\n9\n", 0744);
    directory_compress(&dir, archive_of(3000, ".s"), NULL);
    directory_write(&dir, "current", "a\nb\n", 0644);
    assert_int_equal(reader_wake(r, &e), -1);
    assert_string_equal(drain(r, 100), "8\n9\na\nb\n");
    reader_close(r);
}

static void rotation_is_followed(void **state)
{
    struct str expected = STR_INIT;
    (void)state;
    directory_add(&dir, "current", "1\n");
    struct reader *r = opened(READER_ALL, 0, 0);
    assert_string_equal(drain(r, 100), "1\n");
    assert_string_equal(drain(r, 100), "");
    /* Written and rotated before the next read, several times over. */
    directory_add(&dir, "current", "2\n");
    renameat(dir.fd, "current", dir.fd, archive_of(1000, ".s"));
    assert_string_equal(drain(r, 100), "2\n");
    directory_add(&dir, "current", "3\n");
    renameat(dir.fd, "current", dir.fd, archive_of(2000, ".s"));
    directory_add(&dir, "current", "4\n");
    renameat(dir.fd, "current", dir.fd, archive_of(3000, ".s"));
    directory_add(&dir, "current", "5\n");
    assert_string_equal(drain(r, 100), "3\n4\n5\n");
    /* Compressed between the reads. */
    directory_add(&dir, "current", "6\n");
    renameat(dir.fd, "current", dir.fd, archive_of(4000, ".s"));
    directory_compress(&dir, archive_of(4000, ".s"), NULL);
    directory_add(&dir, "current", "7\n");
    assert_string_equal(drain(r, 100), "6\n7\n");
    /* A rotation that was taken back. */
    renameat(dir.fd, "current", dir.fd, archive_of(5000, ".s"));
    assert_string_equal(drain(r, 100), "");
    renameat(dir.fd, archive_of(5000, ".s"), dir.fd, "current");
    directory_add(&dir, "current", "8\n");
    assert_string_equal(drain(r, 100), "8\n");
    /* Retention took what was not read yet: the rest goes on. */
    renameat(dir.fd, "current", dir.fd, archive_of(6000, ".s"));
    unlinkat(dir.fd, archive_of(6000, ".s"), 0);
    directory_add(&dir, "current", "9\n");
    renameat(dir.fd, "current", dir.fd, archive_of(7000, ".s"));
    assert_string_equal(drain(r, 100), "9\n");
    str_printf(&expected, "%s/%s", dir.path, archive_of(7000, ".s"));
    assert_string_equal(reader_file(r), expected.data);
    reader_close(r);
    str_release(&expected);
}

/* X and X.gz both there, as between two steps of the helper. */
static void twins_are_read_once(void **state)
{
    char command[512];
    (void)state;
    directory_add(&dir, "current", "1\n");
    struct reader *r = opened(READER_END, 0, 0);
    assert_string_equal(drain(r, 100), "");
    directory_add(&dir, "current", "2\n");
    assert_string_equal(drain(r, 100), "2\n");
    renameat(dir.fd, "current", dir.fd, archive_of(1000, ".s"));
    directory_add(&dir, "current", "3\n");
    snprintf(command, sizeof command, "cd %s && gzip -k %s", dir.path, archive_of(1000, ".s"));
    assert_int_equal(system(command), 0);
    assert_string_equal(drain(r, 100), "3\n");
    reader_close(r);
    reads_to(READER_ALL, 0, 0, "1\n2\n3\n");
    reads_to(READER_TAIL, 2, 0, "2\n3\n");
}

/* An archive begun before it was compressed and removed is read to its end, once. */
static void compression_under_the_reader(void **state)
{
    struct error e = ERROR_INIT;
    char bytes[4];
    (void)state;
    directory_write(&dir, archive_of(1000, ".s"), "a1\na2\n", 0744);
    directory_write(&dir, archive_of(2000, ".s"), "b1\nb2\n", 0744);
    directory_write(&dir, "current", "c\n", 0644);
    struct reader *r = opened(READER_ALL, 0, 0);
    assert_int_equal(reader_read(r, bytes, 3, &e), 3);
    directory_compress(&dir, archive_of(1000, ".s"), NULL);
    directory_compress(&dir, archive_of(2000, ".s"), NULL);
    assert_string_equal(drain(r, 2), "a2\nb1\nb2\nc\n");
    reader_close(r);
}

/* previous is read once, and not again as what its processor made of it. */
static void processors_are_not_read_twice(void **state)
{
    (void)state;
    directory_write(&dir, archive_of(1000, ".s"), "PROCESSED 0\n", 0744);
    directory_write(&dir, "previous", "1\n", 0744);
    directory_write(&dir, "processed", "PROC", 0644);
    directory_write(&dir, "current", "2\n", 0644);
    reads_to(READER_TAIL, 1, 0, "2\n");
    reads_to(READER_TAIL, 2, 0, "1\n2\n");
    reads_to(READER_TAIL, 3, 0, "PROCESSED 0\n1\n2\n");
    struct reader *r = opened(READER_ALL, 0, 0), *end = opened(READER_END, 0, 0);
    assert_string_equal(drain(r, 100), "PROCESSED 0\n1\n2\n");
    renameat(dir.fd, "processed", dir.fd, archive_of(2000, ".s"));
    unlinkat(dir.fd, "previous", 0);
    directory_add(&dir, "current", "3\n");
    assert_string_equal(drain(r, 100), "3\n");
    assert_string_equal(drain(end, 100), "3\n");
    renameat(dir.fd, "current", dir.fd, "previous");
    directory_add(&dir, "current", "4\n");
    assert_string_equal(drain(r, 100), "4\n");
    directory_write(&dir, archive_of(3000, ".s"), "PROCESSED 3\n", 0744);
    unlinkat(dir.fd, "previous", 0);
    directory_add(&dir, "current", "5\n");
    renameat(dir.fd, "current", dir.fd, "previous");
    assert_string_equal(drain(r, 100), "5\n");
    assert_string_equal(drain(end, 100), "4\n5\n");
    directory_write(&dir, archive_of(4000, ".s"), "PROCESSED 5\n", 0744);
    unlinkat(dir.fd, "previous", 0);
    directory_add(&dir, "current", "6\n");
    assert_string_equal(drain(r, 100), "6\n");
    assert_string_equal(drain(end, 100), "6\n");
    reader_close(r);
    reader_close(end);
}

/* A reader that had to wait for its turn has not seen previous. */
static void processors_that_nobody_saw(void **state)
{
    (void)state;
    directory_write(&dir, "state", "", 0644);
    directory_write(&dir, "current", "1\n", 0644);
    struct reader *r = opened(READER_ALL, 0, 0), *end = opened(READER_END, 0, 0);
    assert_string_equal(drain(r, 100), "1\n");
    directory_add(&dir, "current", "2\n");
    directory_write(&dir, archive_of(2000, ".s"), "PROCESSED 1 and 2\n", 0744);
    directory_write(&dir, "newstate", "", 0644);
    renameat(dir.fd, "newstate", dir.fd, "state");
    directory_write(&dir, archive_of(3000, ".s"), "PROCESSED 3\n", 0744);
    unlinkat(dir.fd, "current", 0);
    directory_write(&dir, "current", "4\n", 0644);
    assert_string_equal(drain(r, 100), "2\nPROCESSED 3\n4\n");
    assert_string_equal(drain(end, 100), "2\nPROCESSED 3\n4\n");
    directory_write(&dir, "newstate", "", 0644);
    directory_write(&dir, "processed", "PROCESSED 4\n", 0744);
    unlinkat(dir.fd, "current", 0);
    directory_write(&dir, "current", "5\n", 0644);
    assert_string_equal(drain(r, 100), "5\n");
    renameat(dir.fd, "newstate", dir.fd, "state");
    renameat(dir.fd, "processed", dir.fd, archive_of(4000, ".s"));
    assert_string_equal(drain(end, 100), "5\n");
    renameat(dir.fd, "current", dir.fd, "previous");
    directory_write(&dir, "current", "6\n", 0644);
    assert_string_equal(drain(r, 100), "6\n");
    assert_string_equal(drain(end, 100), "6\n");
    reader_close(r);
    reader_close(end);
}

/* Between the removal of previous and its name as an archive, what a processor made has no other.
 */
static void output_that_has_no_name_yet(void **state)
{
    (void)state;
    directory_write(&dir, archive_of(1000, ".s"), "0\n", 0744);
    directory_write(&dir, "processed", "half", 0644);
    directory_write(&dir, "current", "2\n", 0644);
    reads_to(READER_ALL, 0, 0, "0\n2\n");
    directory_write(&dir, "processed", "PROCESSED 1\n", 0744);
    fchmodat(dir.fd, "processed", 0744, 0);
    reads_to(READER_TAIL, 2, 0, "PROCESSED 1\n2\n");
    struct reader *r = opened(READER_ALL, 0, 0), *end = opened(READER_END, 0, 0);
    assert_string_equal(drain(r, 100), "0\nPROCESSED 1\n2\n");
    renameat(dir.fd, "processed", dir.fd, archive_of(2000, ".s"));
    directory_add(&dir, "current", "3\n");
    assert_string_equal(drain(r, 100), "3\n");
    assert_string_equal(drain(end, 100), "3\n");
    renameat(dir.fd, "current", dir.fd, "previous");
    directory_write(&dir, "current", "4\n", 0644);
    assert_string_equal(drain(r, 100), "4\n");
    directory_write(&dir, "processed", "PROCESSED 2 and 3\n", 0744);
    unlinkat(dir.fd, "previous", 0);
    directory_add(&dir, "current", "5\n");
    assert_string_equal(drain(r, 100), "5\n");
    renameat(dir.fd, "processed", dir.fd, archive_of(3000, ".s"));
    directory_add(&dir, "current", "6\n");
    assert_string_equal(drain(r, 100), "6\n");
    reader_close(r);
    reader_close(end);
}

/* A second name, for collectors, does not keep a file in the log. */
static void second_names_are_none(void **state)
{
    (void)state;
    char bytes[3];
    struct error e = ERROR_INIT;
    assert_int_equal(mkdirat(dir.fd, "follow", 0700), 0);
    directory_write(&dir, "previous", "1\n2\n", 0744);
    directory_write(&dir, "current", "3\n", 0644);
    assert_int_equal(linkat(dir.fd, "previous", dir.fd, "follow/@1.log", 0), 0);
    struct reader *r = opened(READER_ALL, 0, 0);
    assert_int_equal(reader_read(r, bytes, 3, &e), 3);
    directory_write(&dir, archive_of(2000, ".s"), "PROCESSED 1 and 2\n", 0744);
    unlinkat(dir.fd, "previous", 0);
    assert_string_equal(drain(r, 100), "\n3\n");
    reader_close(r);
}

static void strange_entries_are_not_waited_for(void **state)
{
    (void)state;
    assert_int_equal(mkfifoat(dir.fd, "current", 0600), 0);
    directory_write(&dir, archive_of(1000, ".s"), "a\n", 0744);
    struct reader *r = opened(READER_ALL, 0, 0);
    assert_string_equal(drain(r, 9), "a\n</current: no regular file>");
    assert_string_equal(drain(r, 9), "");
    unlinkat(dir.fd, "current", 0);
    assert_string_equal(drain(r, 9), "");
    directory_add(&dir, "current", "b\n");
    assert_string_equal(drain(r, 9), "b\n");
    reader_close(r);
}

static void from_where_current_begins(void **state)
{
    (void)state;
    reads_to(READER_CURRENT, 0, 0, "");
    directory_write(&dir, "@400000006b0000000000000a.s", "old\n", 0644);
    struct reader *r = opened(READER_CURRENT, 0, 0);
    assert_string_equal(drain(r, 9), "");
    directory_write(&dir, "current", "one\ntwo\n", 0644);
    assert_string_equal(drain(r, 9), "one\ntwo\n");
    reader_close(r);
    r = opened(READER_CURRENT, 0, 0);
    assert_int_equal(renameat(dir.fd, "current", dir.fd, "@400000006b0000010000000a.s"), 0);
    directory_write(&dir, "current", "three\n", 0644);
    assert_string_equal(drain(r, 9), "one\ntwo\nthree\n");
    reader_close(r);
}

static void current_emptied_by_hand(void **state)
{
    (void)state;
    directory_write(&dir, "current", "one\ntwo\n", 0644);
    struct reader *r = opened(READER_ALL, 0, 0);
    assert_string_equal(drain(r, 100), "one\ntwo\n");
    directory_write(&dir, "current", "3\n", 0644);
    assert_string_equal(drain(r, 100), "3\n");
    reader_close(r);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(no_directory_and_empty_ones),
        T(all_forms_are_one_stream),
        T(tail_goes_back_over_files),
        T(tail_within_big_files),
        T(members_are_left_out_by_their_index),
        T(only_what_is_ordered_is_left_out),
        T(archives_and_parts_are_left_out),
        T(parked_readers_find_their_files),
        T(parked_readers_say_what_is_gone),
        T(broken_files_are_said_and_left),
        T(rotation_is_followed),
        T(twins_are_read_once),
        T(compression_under_the_reader),
        T(processors_are_not_read_twice),
        T(processors_that_nobody_saw),
        T(output_that_has_no_name_yet),
        T(second_names_are_none),
        T(strange_entries_are_not_waited_for),
        T(from_where_current_begins),
        T(current_emptied_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
