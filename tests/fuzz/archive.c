/* Archives, BGZF and other gzip, read from the beginning, from a line near the end and from a time.
 * Three forms of input, by the low bits of its first byte:
 *   0: the file as it is
 *   1: a text, which is compressed; then each pair of bytes at the end of the input changes one
 *   2: a text that is compressed and must come back
 * The second byte says how many lines from the end, and sizes of reads; what follows the first NUL
 * of a text is current. */
#include "base/clock.h"
#include "logger/stamp.h"
#include "rotate/bgzf.h"
#include "rotate/read/reader.h"
#include "tests/fuzz/fuzz.h"
#include <sys/mman.h>

enum { RAW, CHANGED, WHOLE, CHANGES_MAX = 8, PLAIN_MAX = 1 << 23 };

static const char name[] = "@400000006b0448090f08d3c9.s.gz";

static void put(const char *root, const char *file, const void *bytes, size_t length)
{
    char path[200];
    struct error e = ERROR_INIT;
    snprintf(path, sizeof path, "%s/%s", root, file);
    MUST(file_write(AT_FDCWD, path, bytes, length, 0644, &e) == 0);
}

static bool is_old(void *context, const struct bgzf_index *index)
{
    return index->last.tv_sec < *(const long *)context;
}

/* Reads all there is; whether nothing was wrong. */
static bool read_all(const char *root, enum reader_from from, unsigned long long lines, long since,
                     size_t step, struct str *text)
{
    struct reader *r;
    struct error e = ERROR_INIT;
    static char bytes[65536];
    bool good = true;
    const struct reader_skip skip = {.member = is_old, .context = &since, .since = {since, 0}};
    MUST(reader_open(&r, root, from, lines, since ? &skip : NULL, &e) == 0);
    for (ssize_t n = 1; n != 0 && text->length < PLAIN_MAX;) {
        n = reader_read(r, bytes, step, &e);
        good = good && n >= 0;
        if (n < 0)
            MUST(e.text[0] != '\0');
        if (reader_gap(r))
            MUST(str_add_char(text, '\n') == 0);
        if (n > 0)
            MUST(str_add(text, bytes, (size_t)n) == 0);
    }
    reader_close(r);
    return good;
}

static size_t count_lines(const struct str *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->length; i++)
        n += text->data[i] == '\n';
    return n + (text->length > 0 && text->data[text->length - 1] != '\n');
}

/* Every member by itself, as an indexer would. */
static void members(const unsigned char *bytes, size_t length)
{
    static unsigned char plain[BGZF_MEMBER_MAX];
    struct bgzf_index index;
    while (length > 0) {
        unsigned char *exact = (unsigned char *)input_copy(bytes, length);
        long n = bgzf_header(exact, length, &index);
        MUST(n >= -1 && n <= BGZF_MEMBER_MAX);
        if (n > 0 && (size_t)n <= length)
            MUST(bgzf_unpack(exact, (size_t)n, plain) <= BGZF_MEMBER_MAX);
        free(exact);
        if (n <= 0 || (size_t)n > length)
            return;
        bytes += n;
        length -= (size_t)n;
    }
}

/* The text as the helper would compress it. */
static void compress(const char *text, size_t length, int level, struct str *out)
{
    struct error e = ERROR_INIT;
    int in = memfd_create("in", MFD_CLOEXEC);
    int to = memfd_create("out", MFD_CLOEXEC);
    MUST(in >= 0 && to >= 0 && fd_write_all(in, text, length) == 0 && lseek(in, 0, SEEK_SET) == 0);
    MUST(bgzf_compress(in, to, level, stamp_time, &e) == 0);
    off_t size = lseek(to, 0, SEEK_END);
    MUST(str_reserve(out, (size_t)size) == 0 && pread(to, out->data, (size_t)size, 0) == size);
    out->length = (size_t)size;
    close(in);
    close(to);
}

static void read_in_all_ways(const char *root, uint8_t how, const struct str *expected)
{
    struct str all = STR_INIT;
    struct str part = STR_INIT;
    size_t step = (how & 0x80) != 0 ? 65536 : (size_t)(how >> 4) * 40 + 1;
    unsigned long long lines = how & 15;
    bool good = read_all(root, READER_ALL, 0, 0, step, &all);
    if (expected != NULL)
        MUST(good && all.length == expected->length &&
             (all.length == 0 || memcmp(all.data, expected->data, all.length) == 0));
    if (read_all(root, READER_TAIL, lines, 0, step, &part) && good) {
        size_t wanted = count_lines(&all) < lines ? count_lines(&all) : (size_t)lines;
        MUST(part.length <= all.length && count_lines(&part) == wanted);
        MUST(part.length == 0 ||
             memcmp(part.data, all.data + all.length - part.length, part.length) == 0);
    }
    str_clear(&part);
    if (read_all(root, READER_ALL, 0, 1792839340, step, &part) && good)
        MUST(part.length <= all.length);
    str_release(&all);
    str_release(&part);
}

/* The text, ended by its first NUL, and current behind it, with the line end that a reader adds. */
static void two_files(const char *root, const char *text, size_t length, struct str *all,
                      size_t *archived)
{
    const char *nul = memchr(text, '\0', length);
    *archived = nul == NULL ? length : (size_t)(nul - text);
    size_t rest = nul == NULL ? 0 : length - *archived - 1;
    MUST(str_add(all, text, *archived) == 0);
    if (*archived > 0 && rest > 0 && text[*archived - 1] != '\n')
        MUST(str_add_char(all, '\n') == 0);
    MUST(str_add(all, text + length - rest, rest) == 0);
    put(root, "current", text + length - rest, rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *root = fuzz_directory();
    struct input in = {data, size};
    uint8_t form = input_byte(&in) % 3;
    uint8_t how = input_byte(&in);
    struct str file = STR_INIT;
    struct str expected = STR_INIT;
    if (form == RAW) {
        MUST(str_add(&file, in.at, in.left) == 0);
    } else {
        size_t changes = form == CHANGED && in.left >= 32 ? CHANGES_MAX : 0;
        const uint8_t *change = in.at + in.left - 2 * changes;
        size_t archived;
        two_files(root, (const char *)in.at, in.left - 2 * changes, &expected, &archived);
        compress((const char *)in.at, archived, how % 9 + 1, &file);
        for (size_t i = 0; i < changes; i++)
            file.data[(size_t)change[2 * i] * file.length / 256] ^= (char)change[2 * i + 1];
    }
    members((const unsigned char *)file.data, file.length);
    put(root, name, file.data, file.length);
    read_in_all_ways(root, how, form == WHOLE ? &expected : NULL);
    str_release(&file);
    str_release(&expected);
    return 0;
}
