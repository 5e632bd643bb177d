#include "rotate/bgzf.h"
#include "base/file.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <zlib.h>

enum {
    FIXED = 12,      /* gzip header with FEXTRA, up to the length of the extra field */
    BC_SIZE = 4 + 2, /* subfield header and content */
    OL_SIZE = 4 + 28,
    TRAILER = 8,
    RAW_WINDOW = -15
};

const unsigned char bgzf_end[28] = {0x1f, 0x8b, 0x08, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, 'B', 'C',
                                    2,    0,    0x1b, 0, 3, 0, 0, 0, 0, 0,    0, 0, 0,   0};

static void put(unsigned char *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *in, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)in[i] << (8 * i);
    return value;
}

static size_t write_header(unsigned char *out, const struct bgzf_index *index)
{
    size_t extra = BC_SIZE + (index == NULL ? 0 : OL_SIZE);
    memcpy(out, bgzf_end, 10);
    put(out + 10, extra, 2);
    memcpy(out + FIXED, "BC\2\0\0\0", BC_SIZE);
    if (index != NULL) {
        unsigned char *ol = out + FIXED + BC_SIZE;
        memcpy(ol, "OL\034\0", 4);
        put(ol + 4, (uint64_t)index->first.tv_sec, 8);
        put(ol + 12, (uint64_t)index->first.tv_nsec, 4);
        put(ol + 16, (uint64_t)index->last.tv_sec, 8);
        put(ol + 24, (uint64_t)index->last.tv_nsec, 4);
        put(ol + 28, index->lines, 4);
    }
    return FIXED + extra;
}

static long deflate_into(const void *plain, size_t length, int level, unsigned char *out,
                         size_t room)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)plain,
                  .avail_in = (uInt)length,
                  .next_out = out,
                  .avail_out = (uInt)room};
    if (deflateInit2(&z, level, Z_DEFLATED, RAW_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return -1;
    int result = deflate(&z, Z_FINISH);
    long size = result == Z_STREAM_END ? (long)(room - z.avail_out) : -1;
    deflateEnd(&z);
    return size;
}

long bgzf_pack(const void *plain, size_t length, int level, const struct bgzf_index *index,
               unsigned char *out)
{
    if (length > BGZF_INPUT_MAX)
        return -1;
    size_t header = write_header(out, index);
    size_t room = BGZF_MEMBER_MAX - header - TRAILER;
    long size = deflate_into(plain, length, level, out + header, room);
    if (size < 0) /* grew beyond the member: stored blocks always fit */
        size = deflate_into(plain, length, 0, out + header, room);
    if (size < 0)
        return -1;
    unsigned char *trailer = out + header + size;
    put(trailer, crc32(0, plain, (uInt)length), 4);
    put(trailer + 4, length, 4);
    size_t whole = header + (size_t)size + TRAILER;
    put(out + FIXED + 4, whole - 1, 2);
    return (long)whole;
}

static void read_index(const unsigned char *ol, struct bgzf_index *index)
{
    index->first.tv_sec = (time_t)(int64_t)get(ol, 8);
    index->first.tv_nsec = (long)get(ol + 8, 4);
    index->last.tv_sec = (time_t)(int64_t)get(ol + 12, 8);
    index->last.tv_nsec = (long)get(ol + 20, 4);
    index->lines = (uint32_t)get(ol + 24, 4);
    if (index->first.tv_nsec > 999999999 || index->last.tv_nsec > 999999999)
        *index = (struct bgzf_index){.lines = 0};
}

long bgzf_header(const unsigned char *bytes, size_t length, struct bgzf_index *index)
{
    long whole = -1;
    if (index != NULL)
        *index = (struct bgzf_index){.lines = 0};
    if (length < FIXED)
        return length >= 4 && memcmp(bytes, bgzf_end, 4) != 0 ? -1 : 0;
    if (memcmp(bytes, bgzf_end, 4) != 0)
        return -1;
    size_t end = FIXED + (size_t)get(bytes + 10, 2);
    if (length < end)
        return 0;
    for (size_t at = FIXED; at + 4 <= end;) {
        size_t size = (size_t)get(bytes + at + 2, 2);
        if (at + 4 + size > end)
            return -1;
        if (memcmp(bytes + at, "BC", 2) == 0 && size == 2)
            whole = (long)get(bytes + at + 4, 2) + 1;
        else if (memcmp(bytes + at, "OL", 2) == 0 && size == 28 && index != NULL)
            read_index(bytes + at + 4, index);
        at += 4 + size;
    }
    return whole < (long)end + TRAILER ? -1 : whole;
}

long bgzf_unpack(const unsigned char *member, size_t length, unsigned char *plain)
{
    size_t header = FIXED + (size_t)get(member + 10, 2);
    if (length < header + TRAILER)
        return -1;
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)(member + header),
                  .avail_in = (uInt)(length - header - TRAILER),
                  .next_out = plain,
                  .avail_out = BGZF_MEMBER_MAX};
    if (inflateInit2(&z, RAW_WINDOW) != Z_OK)
        return -1;
    int result = inflate(&z, Z_FINISH);
    size_t size = BGZF_MEMBER_MAX - z.avail_out;
    inflateEnd(&z);
    const unsigned char *trailer = member + length - TRAILER;
    if (result != Z_STREAM_END || get(trailer + 4, 4) != size ||
        get(trailer, 4) != crc32(0, plain, (uInt)size))
        return -1;
    return (long)size;
}

/* --- whole files ------------------------------------------------------------------------------ */

typedef int stamp_reader(const char *line, size_t length, struct timespec *t);

/* First and last stamp and number of lines of a piece. */
static void index_piece(const char *bytes, size_t length, stamp_reader *stamp_of,
                        struct bgzf_index *index)
{
    bool found = false;
    *index = (struct bgzf_index){.lines = 0};
    for (size_t at = 0; at < length;) {
        const char *end = memchr(bytes + at, '\n', length - at);
        size_t line = end == NULL ? length - at : (size_t)(end - bytes) - at;
        struct timespec t;
        index->lines += end != NULL;
        if (stamp_of != NULL && stamp_of(bytes + at, line, &t) == 0) {
            if (!found)
                index->first = t;
            index->last = t;
            found = true;
        }
        at += line + 1;
    }
}

struct compressor {
    int out;
    int level;
    stamp_reader *stamp_of;
    unsigned char member[BGZF_MEMBER_MAX];
    char plain[BGZF_INPUT_MAX];
};

static int pack_piece(struct compressor *c, size_t length, struct error *e)
{
    struct bgzf_index index;
    index_piece(c->plain, length, c->stamp_of, &index);
    long size = bgzf_pack(c->plain, length, c->level, &index, c->member);
    if (size < 0)
        return error_set(e, EXIT_SYSTEM, "unable to compress: out of memory");
    if (fd_write_all(c->out, c->member, (size_t)size) < 0)
        return error_system(e, "unable to write a compressed archive");
    return 0;
}

/* The end of the last whole line, or everything when a line does not fit. */
static size_t cut(const char *bytes, size_t length)
{
    const char *end = memrchr(bytes, '\n', length);
    return end == NULL ? length : (size_t)(end - bytes) + 1;
}

static int compress_all(struct compressor *c, int in, struct error *e)
{
    size_t have = 0;
    for (;;) {
        ssize_t n = read(in, c->plain + have, sizeof c->plain - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system(e, "unable to read an archive");
        have += (size_t)n;
        if (n > 0 && have < sizeof c->plain)
            continue;
        if (have == 0)
            break;
        size_t piece = n == 0 ? have : cut(c->plain, have);
        if (pack_piece(c, piece, e) < 0)
            return -1;
        have -= piece;
        memmove(c->plain, c->plain + piece, have);
    }
    if (fd_write_all(c->out, bgzf_end, sizeof bgzf_end) < 0)
        return error_system(e, "unable to write a compressed archive");
    return 0;
}

int bgzf_compress(int in, int out, int level,
                  int (*stamp_of)(const char *line, size_t length, struct timespec *t),
                  struct error *e)
{
    struct compressor *c = malloc(sizeof *c);
    if (c == NULL)
        return error_system(e, "unable to compress");
    c->out = out;
    c->level = level;
    c->stamp_of = stamp_of;
    int result = compress_all(c, in, e);
    free(c);
    return result;
}
