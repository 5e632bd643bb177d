#include "tests/unit/rotate/member.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned char member[BGZF_MEMBER_MAX], plain[BGZF_MEMBER_MAX];

/* "T123 text": seconds 123. */
static int stamp(const char *line, size_t length, struct timespec *t)
{
    if (length < 5 || line[0] != 'T')
        return -1;
    t->tv_sec = strtol(line + 1, NULL, 10);
    t->tv_nsec = 5;
    return 0;
}

static void a_member_goes_round(void **state)
{
    struct bgzf_index in = {{1700000000, 999999999}, {1700000001, 1}, 2, true}, out;
    (void)state;
    long size = member_make("hello\nworld\n", 12, 6, &in, member);
    assert_true(size > 50);
    assert_memory_equal(member, "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x27\0BC\2\0", 16);
    assert_memory_equal(member + 18, "OL\x1d\0\x00\xf1\x53\x65\0\0\0\0\xff\xc9\x9a\x3b", 16);
    assert_int_equal(member[16] + 256 * member[17], size - 1);
    assert_int_equal(bgzf_header(member, (size_t)size, &out), size);
    assert_memory_equal(&in, &out, offsetof(struct bgzf_index, lines));
    assert_int_equal(out.lines, 2);
    assert_true(out.ordered);
    assert_int_equal(bgzf_unpack(member, (size_t)size, plain), 12);
    assert_memory_equal(plain, "hello\nworld\n", 12);
    size = member_make("x", 1, 1, NULL, member);
    assert_int_equal(bgzf_header(member, 18, &out), size);
    assert_int_equal(out.lines + (uint32_t)out.first.tv_sec + (uint32_t)out.last.tv_sec, 0);
}

static void an_index_that_cannot_be_is_none(void **state)
{
    static const struct bgzf_index crafted[] = {
        {{INT64_MIN, 0}, {INT64_MAX, 0}, 1, false},
        {{1, 0}, {INT64_MAX, 999999999}, 1, false},
        {{INT64_MIN, 0}, {1, 0}, 1, false},
        {{1, 0}, {2, 0}, UINT32_MAX, false},
        {{1, 0}, {2, 0}, BGZF_INPUT_MAX + 1, false},
        {{253402300800, 0}, {253402300800, 0}, 1, false},
        {{1, 0}, {-62167219201, 0}, 1, false},
    };
    struct bgzf_index out;
    (void)state;
    for (size_t i = 0; i < sizeof crafted / sizeof crafted[0]; i++) {
        long size = member_make("x\n", 2, 1, &crafted[i], member);
        assert_int_equal(bgzf_header(member, (size_t)size, &out), size);
        assert_true(out.lines == 0 && out.first.tv_sec == 0 && out.last.tv_sec == 0);
    }
}

static void broken_members_are_refused(void **state)
{
    struct bgzf_index index = {{5, 0}, {6, 0}, 1, false};
    unsigned char copy[256];
    (void)state;
    size_t size = (size_t)member_make("some plain text\n", 16, 9, &index, member);
    assert_int_equal(bgzf_header(member, 0, NULL), 0);
    for (size_t i = 1; i < 50; i++)
        assert_int_equal(bgzf_header(member, i, NULL), 0);
    assert_int_equal(bgzf_header((const unsigned char *)"plain text", 10, NULL), -1);
    assert_int_equal(bgzf_unpack(member, size - 1, plain), -1);
    /* No single damaged byte is taken for the text, or read out of bounds. */
    for (size_t i = 0; i < size; i++) {
        memcpy(copy, member, size);
        copy[i] ^= 0x41;
        long n = bgzf_unpack(copy, size, plain);
        bool harmless = (i >= 4 && i < 10) || (i >= 18 && i < 51);
        if (n != -1)
            assert_true(n == 16 && harmless);
    }
    assert_int_equal(bgzf_header(bgzf_end, sizeof bgzf_end, NULL), 28);
    assert_int_equal(bgzf_unpack(bgzf_end, sizeof bgzf_end, plain), 0);
}

static int temporary(char name[32])
{
    strcpy(name, "/tmp/bgzf_test.XXXXXX");
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    return fd;
}

/* The archive that bgzf_compress makes of these bytes: its size, in archive. */
static unsigned char archive[2 * BGZF_MEMBER_MAX];

static size_t compressed(const void *bytes, size_t length, int level, bgzf_stamp *stamp_of)
{
    char in_name[32], out_name[32];
    int in = temporary(in_name), out = temporary(out_name);
    struct error e = ERROR_INIT;
    assert_int_equal(write(in, bytes, length), (ssize_t)length);
    lseek(in, 0, SEEK_SET);
    assert_int_equal(bgzf_compress(in, out, level, stamp_of, &e), 0);
    ssize_t size = pread(out, archive, sizeof archive, 0);
    assert_true(size > 0);
    close(in);
    close(out);
    unlink(in_name);
    unlink(out_name);
    return (size_t)size;
}

static void the_writer_makes_such_members(void **state)
{
    static const char lines[] = "T123 one\nT124 two\n";
    const struct bgzf_index index = {{123, 5}, {124, 5}, 2, true};
    (void)state;
    for (int level = 1; level <= 9; level++) {
        size_t whole = compressed(lines, sizeof lines - 1, level, stamp);
        long size = member_make(lines, sizeof lines - 1, level, &index, member);
        assert_int_equal(whole, (size_t)size + BGZF_SUMMARY + sizeof bgzf_end);
        assert_memory_equal(archive, member, (size_t)size);
    }
}

static void noise_fits_a_member(void **state)
{
    static unsigned char noise[BGZF_INPUT_MAX];
    uint32_t x = 1;
    (void)state;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
    noise[sizeof noise - 1] = '\n';
    for (int level = 1; level <= 9; level++) {
        size_t whole = compressed(noise, sizeof noise, level, NULL);
        long size = bgzf_header(archive, whole, NULL);
        assert_int_equal(size, whole - sizeof bgzf_end);
        assert_true(size > BGZF_INPUT_MAX && size <= BGZF_MEMBER_MAX);
        assert_int_equal(bgzf_unpack(archive, (size_t)size, plain), BGZF_INPUT_MAX);
        assert_memory_equal(plain, noise, sizeof noise);
    }
}

/* What a shell command prints. */
static char *output_of(const char *program, const char *file, size_t *length)
{
    char command[128];
    char *out = NULL;
    size_t size = 0;
    snprintf(command, sizeof command, "%s < %s", program, file);
    FILE *f = popen(command, "re"), *to = open_memstream(&out, &size);
    for (int c; (c = getc(f)) != EOF;)
        putc(c, to);
    fclose(to);
    assert_int_equal(pclose(f), 0);
    *length = size;
    return out;
}

static char *numbered(size_t lines, size_t *length)
{
    char *text = malloc(lines * 64);
    size_t n = 0;
    for (size_t i = 0; i < lines; i++)
        n += (size_t)sprintf(text + n, "T%zu line %zu of the %s\n", 100000 + i, i * 7919 % 1000,
                             i % 3 ? "log" : "record");
    *length = n;
    return text;
}

static void a_file_is_read_by_others(void **state)
{
    char in_name[32], out_name[32];
    int in = temporary(in_name), out = temporary(out_name);
    struct error e = ERROR_INIT;
    size_t length, size;
    (void)state;
    char *text = numbered(20000, &length);
    assert_int_equal(write(in, text, length), (ssize_t)length);
    lseek(in, 0, SEEK_SET);
    assert_int_equal(bgzf_compress(in, out, 6, stamp, &e), 0);
    static const char *const readers[] = {"zcat", "bgzip -dc"};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        char *got = output_of(readers[i], out_name, &size);
        assert_int_equal(size, length);
        assert_memory_equal(got, text, length);
        free(got);
    }
    /* Every member but the last ends with a line and says so. */
    size_t total = 0, members = 0, lines = 0;
    off_t at = 0;
    for (;;) {
        struct bgzf_index index;
        ssize_t got = pread(out, member, sizeof member, at);
        long n = bgzf_header(member, (size_t)got, &index);
        assert_true(n > 0 && n <= got);
        long bytes = bgzf_unpack(member, (size_t)n, plain);
        at += n;
        if (bytes == 0)
            break;
        assert_int_equal(plain[bytes - 1], '\n');
        assert_memory_equal(plain, text + total, (size_t)bytes);
        assert_int_equal(index.first.tv_sec, 100000 + lines);
        lines += index.lines;
        assert_int_equal(index.last.tv_sec, 100000 + lines - 1);
        assert_int_equal(index.last.tv_nsec, 5);
        total += (size_t)bytes;
        members++;
    }
    /* The summary is the first that is empty. */
    assert_int_equal(at + (off_t)sizeof bgzf_end, lseek(out, 0, SEEK_END));
    assert_int_equal(total, length);
    assert_int_equal(lines, 20000);
    assert_true(members > 5);
    free(text);
    close(in);
    close(out);
    unlink(in_name);
    unlink(out_name);
}

/* A member that begins inside a line takes no stamp from there. */
static void stamps_are_of_lines(void **state)
{
    char in_name[32], out_name[32];
    int in = temporary(in_name), out = temporary(out_name);
    struct error e = ERROR_INIT;
    struct bgzf_index index;
    (void)state;
    char *text = malloc(BGZF_INPUT_MAX + 64);
    memset(text, 'x', BGZF_INPUT_MAX);
    memcpy(text, "T1 ", 3);
    strcpy(text + BGZF_INPUT_MAX, "T2 not a stamp\nnone\nT3 yes\nnone\n");
    size_t length = strlen(text);
    assert_int_equal(write(in, text, length), (ssize_t)length);
    lseek(in, 0, SEEK_SET);
    assert_int_equal(bgzf_compress(in, out, 6, stamp, &e), 0);
    ssize_t got = pread(out, member, sizeof member, 0);
    long first = bgzf_header(member, (size_t)got, &index);
    assert_int_equal(index.first.tv_sec, 1);
    assert_int_equal(index.last.tv_sec, 1);
    assert_int_equal(index.lines, 0);
    long second = bgzf_header(member + first, (size_t)(got - first), &index);
    assert_int_equal(index.first.tv_sec, 3);
    assert_int_equal(index.last.tv_sec, 3);
    assert_int_equal(index.lines, 4);
    assert_int_equal(got, first + second + BGZF_SUMMARY + (long)sizeof bgzf_end);
    assert_true(bgzf_summary(member + first + second, BGZF_SUMMARY + sizeof bgzf_end, &index));
    assert_int_equal(index.first.tv_sec, 1);
    assert_int_equal(index.last.tv_sec, 3);
    assert_int_equal(index.lines, 4);
    assert_false(index.ordered);
    free(text);
    close(in);
    close(out);
    unlink(in_name);
    unlink(out_name);
}

/* Compresses the text and reads the last two members. */
static bool summary_of(const char *text, size_t length, struct bgzf_index *index)
{
    unsigned char end[BGZF_SUMMARY + sizeof bgzf_end];
    char in_name[32], out_name[32];
    int in = temporary(in_name), out = temporary(out_name);
    struct error e = ERROR_INIT;
    assert_int_equal(write(in, text, length), (ssize_t)length);
    lseek(in, 0, SEEK_SET);
    assert_int_equal(bgzf_compress(in, out, 1, stamp, &e), 0);
    off_t size = lseek(out, 0, SEEK_END);
    ssize_t got =
        size < (off_t)sizeof end ? 0 : pread(out, end, sizeof end, size - (off_t)sizeof end);
    bool known = bgzf_summary(end, (size_t)got, index);
    for (size_t i = 0; known && i < BGZF_SUMMARY; i++) {
        struct bgzf_index other;
        end[i] ^= 0x40; /* of the times and the count it may be another one that is possible */
        assert_true((i >= 22 && i < 50) || !bgzf_summary(end, sizeof end, &other));
        end[i] ^= 0x40;
    }
    close(in);
    close(out);
    unlink(in_name);
    unlink(out_name);
    return known;
}

/* The archive is ordered when each member is and none begins before the one before it ends. */
static void a_summary_is_of_all_members(void **state)
{
    struct bgzf_index index;
    size_t length;
    (void)state;
    char *text = numbered(20000, &length);
    assert_true(summary_of(text, length, &index));
    assert_true(index.ordered);
    assert_int_equal(index.lines, 20000);
    assert_int_equal(index.first.tv_sec, 100000);
    assert_int_equal(index.last.tv_sec, 119999);
    char *second = malloc(2 * BGZF_INPUT_MAX);
    memset(second, 'x', 2 * BGZF_INPUT_MAX);
    memcpy(second, "T9 ", 3);
    memcpy(second + BGZF_INPUT_MAX - 1, "\nT8 ", 4);
    second[2 * BGZF_INPUT_MAX - 1] = '\n';
    assert_true(summary_of(second, 2 * BGZF_INPUT_MAX, &index));
    assert_false(index.ordered);
    assert_false(summary_of("", 0, &index));
    free(second);
    free(text);
}

static void long_lines_and_odd_ends(void **state)
{
    static const size_t sizes[] = {
        0, 1, BGZF_INPUT_MAX - 1, BGZF_INPUT_MAX, BGZF_INPUT_MAX + 1, 3 * BGZF_INPUT_MAX, 200000};
    char in_name[32], out_name[32];
    struct error e = ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int in = temporary(in_name), out = temporary(out_name);
        char *text = malloc(sizes[i] + 8);
        size_t size;
        memset(text, 'T', sizes[i]);
        memcpy(text + sizes[i], "\nT77 x\ny", 8);
        assert_int_equal(write(in, text, i ? sizes[i] + 8 : 0), i ? (ssize_t)sizes[i] + 8 : 0);
        lseek(in, 0, SEEK_SET);
        assert_int_equal(bgzf_compress(in, out, 1, stamp, &e), 0);
        char *got = output_of("bgzip -dc", out_name, &size);
        assert_int_equal(size, i ? sizes[i] + 8 : 0);
        if (i)
            assert_memory_equal(got, text, size);
        free(got);
        free(text);
        close(in);
        close(out);
        unlink(in_name);
        unlink(out_name);
    }
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC),
        zero = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    assert_int_equal(bgzf_compress(zero, full, 6, NULL, &e), -1);
    assert_string_equal(e.text, "unable to write a compressed archive: No space left on device");
    assert_int_equal(e.code, EXIT_SYSTEM);
    close(full);
    close(zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_goes_round),
        cmocka_unit_test(an_index_that_cannot_be_is_none),
        cmocka_unit_test(the_writer_makes_such_members),
        cmocka_unit_test(noise_fits_a_member),
        cmocka_unit_test(broken_members_are_refused),
        cmocka_unit_test(a_file_is_read_by_others),
        cmocka_unit_test(a_summary_is_of_all_members),
        cmocka_unit_test(long_lines_and_odd_ends),
        cmocka_unit_test(stamps_are_of_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
