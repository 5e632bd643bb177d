#include "rotate/bgzf.h"
#include "base/clock.h"
#include "base/file.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define ZLIB_CONST /* its input is const */
#include <zlib.h>

enum {
    FIXED = 12, /* bytes of the header up to and with the length of its extra field */
    BC = 6,     /* bytes of that subfield, with its 4 bytes of name and length */
    OL = 33,
    OL_UNPROVEN = 32, /* of an OL by versions that did not look at the order of the lines */
    TRAILER = 8,
    RAW_DEFLATE = -15,
    MEMORY = 8
};

const unsigned char bgzf_end[28] = {0x1f, 0x8b, 8,  4, 0, 0, 0, 0, 0, 0xff, 6, 0, 'B', 'C',
                                    2,    0,    27, 0, 3, 0, 0, 0, 0, 0,    0, 0, 0,   0};

/* The first 4 bytes, name and length, of our subfields: OL of a member, OA of the archive. */
static const char ol[] = "OL\35", oa[] = "OA\35";

static const unsigned char fixed_bytes[10] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff};

/* Writes a number in so many bytes, the lowest first. */
static void put_number(unsigned char *out, int count, uint64_t value)
{
    for (int i = 0; i < count; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get_number(const unsigned char *in, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value |= (uint64_t)in[i] << (8 * i);
    return value;
}

static void put_time(unsigned char *out, const struct timespec *t)
{
    put_number(out, 8, (uint64_t)(int64_t)t->tv_sec);
    put_number(out + 8, 4, (uint64_t)t->tv_nsec);
}

static void get_time(const unsigned char *in, struct timespec *t)
{
    uint64_t nano = get_number(in + 8, 4);
    t->tv_sec = (time_t)(int64_t)get_number(in, 8);
    t->tv_nsec = nano > 999999999 ? 0 : (long)nano;
}

/* Reads all of an index but whether its lines are ordered. */
static void get_index(const unsigned char *in, struct bgzf_index *index)
{
    get_time(in, &index->first);
    get_time(in + 12, &index->last);
    index->lines = (uint32_t)get_number(in + 24, 4);
}

/* Writes a member's header but for its length, with a subfield of that name if index is not NULL.
 * Returns the bytes written. */
static size_t put_header(unsigned char *out, const char *name, const struct bgzf_index *index)
{
    size_t extra = BC + (index ? OL : 0);
    memcpy(out, fixed_bytes, sizeof fixed_bytes);
    put_number(out + 10, 2, extra);
    memcpy(out + FIXED, "BC\2", 4); /* the length itself follows when it is known */
    if (index) {
        unsigned char *p = out + FIXED + BC;
        memcpy(p, name, 4);
        put_time(p + 4, &index->first);
        put_time(p + 16, &index->last);
        put_number(p + 28, 4, index->lines);
        p[32] = index->ordered;
    }
    return FIXED + extra;
}

/* Compresses one member to out, which has room for BGZF_MEMBER_MAX bytes. Returns its size, or -1:
 * bug or no memory. */
static long pack(z_stream *z, const void *plain, size_t length, const struct bgzf_index *index,
                 unsigned char *out)
{
    size_t header = put_header(out, ol, index);
    if (length > BGZF_INPUT_MAX || deflateReset(z) != Z_OK)
        return -1;
    z->next_in = plain;
    z->avail_in = (uInt)length;
    z->next_out = out + header;
    z->avail_out = (uInt)(BGZF_MEMBER_MAX - header - TRAILER);
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return -1;
    size_t total = BGZF_MEMBER_MAX - z->avail_out;
    put_number(out + FIXED + 4, 2, total - 1);
    put_number(out + total - 8, 4, crc32(crc32(0, NULL, 0), plain, (uInt)length));
    put_number(out + total - 4, 4, length);
    return (long)total;
}

/* Whether the times are some that our logger writes: others may have written the file. */
static bool is_usual(const struct bgzf_index *index)
{
    return clock_is_usual(&index->first) && clock_is_usual(&index->last);
}

/* Writes an empty member whose extra field has the index of the whole archive. */
static void put_summary(unsigned char out[BGZF_SUMMARY], const struct bgzf_index *index)
{
    memset(out, 0, BGZF_SUMMARY);
    size_t header = put_header(out, oa, index);
    put_number(out + FIXED + 4, 2, BGZF_SUMMARY - 1);
    out[header] = 3; /* deflate's empty block */
}

bool bgzf_summary(const unsigned char *bytes, size_t length, struct bgzf_index *index)
{
    unsigned char same[BGZF_SUMMARY];
    if (length != BGZF_SUMMARY + sizeof bgzf_end ||
        memcmp(bytes + BGZF_SUMMARY, bgzf_end, sizeof bgzf_end) != 0)
        return false;
    get_index(bytes + FIXED + BC + 4, index);
    index->ordered = bytes[BGZF_SUMMARY - 11] == 1;
    put_summary(same, index);
    return memcmp(bytes, same, sizeof same) == 0 && is_usual(index);
}

long bgzf_header(const unsigned char *bytes, size_t length, struct bgzf_index *index)
{
    if (index)
        *index = (struct bgzf_index){.lines = 0};
    if (memcmp(bytes, fixed_bytes, length < 4 ? length : 4) != 0)
        return -1;
    if (length < FIXED)
        return 0;
    size_t end = FIXED + (size_t)get_number(bytes + 10, 2);
    if (end > BGZF_HEADER_MAX)
        return -1;
    if (length < end)
        return 0;
    long member = -1;
    for (size_t at = FIXED; at + 4 <= end;) {
        size_t size = (size_t)get_number(bytes + at + 2, 2);
        const unsigned char *value = bytes + at + 4;
        if (size > end - at - 4)
            return -1;
        if (memcmp(bytes + at, "BC", 2) == 0 && size == 2)
            member = (long)get_number(value, 2) + 1;
        bool known = size == OL - 4 || size == OL_UNPROVEN - 4;
        if (memcmp(bytes + at, "OL", 2) == 0 && known && index) {
            get_index(value, index);
            index->ordered = size == OL - 4 && value[28] == 1;
        }
        at += 4 + size;
    }
    if (index && (index->lines > BGZF_INPUT_MAX || !is_usual(index)))
        *index = (struct bgzf_index){.lines = 0};
    return member < (long)end + TRAILER ? -1 : member;
}

long bgzf_unpack(const unsigned char *member, size_t length, unsigned char *plain)
{
    if (length < FIXED || bgzf_header(member, length, NULL) != (long)length)
        return -1;
    size_t header = FIXED + (size_t)get_number(member + 10, 2);
    z_stream z = {.next_in = member + header, .avail_in = (uInt)(length - header - TRAILER)};
    if (inflateInit2(&z, RAW_DEFLATE) != Z_OK)
        return -1;
    z.next_out = plain;
    z.avail_out = BGZF_MEMBER_MAX;
    int end = inflate(&z, Z_FINISH);
    size_t size = BGZF_MEMBER_MAX - z.avail_out;
    bool whole = end == Z_STREAM_END && z.avail_in == 0;
    inflateEnd(&z);
    if (!whole || get_number(member + length - 4, 4) != size ||
        get_number(member + length - 8, 4) != crc32(crc32(0, NULL, 0), plain, (uInt)size))
        return -1;
    return (long)size;
}

/* --- a whole file --- */

struct compressor {
    z_stream z;
    bgzf_stamp *stamp_of;
    bool inside;           /* the member begins inside a line */
    unsigned open;         /* streams with a line that goes on, a bit each */
    size_t held;           /* bytes in plain */
    bool any;              /* a member was written */
    struct bgzf_index all; /* of the members written so far */
    char plain[BGZF_INPUT_MAX];
    unsigned char member[BGZF_MEMBER_MAX];
};

/* Takes one line into the index. */
static void index_line(struct compressor *c, const char *line, size_t length, bool first,
                       struct bgzf_index *index)
{
    struct timespec t;
    int known = c->stamp_of(line, length, &t);
    if (known < 0) {
        index->ordered = false;
        return;
    }
    bool any = clock_is_set(&index->first);
    unsigned stream = 1U << (known / BGZF_STREAM);
    c->open = known & BGZF_GOES_ON ? c->open | stream : c->open & ~stream;
    if ((known & BGZF_ZONED) || (first && (known & BGZF_FOLLOWS)) ||
        (any && clock_compare(&t, &index->last) < 0))
        index->ordered = false;
    if (!any)
        index->first = t;
    index->last = t;
}

/* Takes the lines that begin in the member into its index. */
static void index_lines(struct compressor *c, size_t length, struct bgzf_index *index)
{
    const char *line = c->plain, *end = c->plain + length;
    index->ordered = !c->inside && c->open == 0 && end[-1] == '\n';
    if (c->inside) {
        line = memchr(line, '\n', length);
        line = line ? line + 1 : end;
    }
    for (bool first = true; line < end; first = false) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t size = (size_t)((newline ? newline : end) - line);
        index_line(c, line, size, first, index);
        line += size + (newline ? 1 : 0);
    }
    index->ordered &= c->open == 0;
}

static uint32_t count_lines(const char *bytes, size_t length)
{
    uint32_t count = 0;
    const char *end = bytes + length;
    while (bytes < end && (bytes = memchr(bytes, '\n', (size_t)(end - bytes)))) {
        count++;
        bytes++;
    }
    return count;
}

static void add_to_summary(struct compressor *c, const struct bgzf_index *index)
{
    struct bgzf_index *all = &c->all;
    if (!c->any) {
        *all = *index;
        c->any = true;
        return;
    }
    all->ordered &= index->ordered && clock_compare(&all->last, &index->first) <= 0;
    all->last = index->last;
    all->lines += index->lines;
}

/* Writes one member with the bytes held: up to their last line end, or all at the end of the file.
 */
static int write_member(struct compressor *c, int out, bool last)
{
    size_t length = c->held;
    const char *newline = memrchr(c->plain, '\n', c->held);
    if (!last && newline)
        length = (size_t)(newline - c->plain) + 1;
    struct bgzf_index index = {.lines = count_lines(c->plain, length)};
    if (c->stamp_of)
        index_lines(c, length, &index);
    long size = pack(&c->z, c->plain, length, &index, c->member);
    if (size < 0) {
        errno = EINVAL;
        return -1;
    }
    add_to_summary(c, &index);
    c->inside = c->plain[length - 1] != '\n';
    c->held -= length;
    memmove(c->plain, c->plain + length, c->held);
    return fd_write_all(out, c->member, (size_t)size);
}

static int compress_all(struct compressor *c, int in, int out, struct error *e)
{
    for (;;) {
        ssize_t n = read(in, c->plain + c->held, sizeof c->plain - c->held);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system(e, "unable to read an archive");
        c->held += (size_t)n;
        if (n > 0 && c->held < sizeof c->plain)
            continue;
        if (c->held > 0 && write_member(c, out, n == 0) < 0)
            return error_system(e, "unable to write a compressed archive");
        if (n == 0 && c->held == 0)
            break;
    }
    unsigned char end[BGZF_SUMMARY + sizeof bgzf_end];
    size_t skip = c->stamp_of && c->any ? 0 : BGZF_SUMMARY;
    put_summary(end, &c->all);
    memcpy(end + BGZF_SUMMARY, bgzf_end, sizeof bgzf_end);
    if (fd_write_all(out, end + skip, sizeof end - skip) < 0)
        return error_system(e, "unable to write a compressed archive");
    return 0;
}

int bgzf_compress(int in, int out, int level, bgzf_stamp *stamp_of, struct error *e)
{
    struct compressor *c = calloc(1, sizeof *c);
    if (!c)
        return error_system(e, "unable to compress");
    if (deflateInit2(&c->z, level, Z_DEFLATED, RAW_DEFLATE, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(c);
        errno = ENOMEM;
        return error_system(e, "unable to compress");
    }
    c->stamp_of = stamp_of;
    int result = compress_all(c, in, out, e);
    deflateEnd(&c->z);
    free(c);
    return result;
}
