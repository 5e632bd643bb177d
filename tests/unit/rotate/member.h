/* A BGZF member made by the format's description alone, with whatever index a test wants: what the
 * product's own writer makes is held against it. */
#ifndef TESTS_UNIT_ROTATE_MEMBER_H
#define TESTS_UNIT_ROTATE_MEMBER_H

#include "rotate/bgzf.h"
#include <string.h>
#include <zlib.h>

static inline unsigned char *member_number(unsigned char *out, int bytes, uint64_t value)
{
    for (int i = 0; i < bytes; i++)
        *out++ = (unsigned char)(value >> (8 * i));
    return out;
}

/* Its size in out, which holds BGZF_MEMBER_MAX bytes; -1: it does not fit. index NULL: no "OL". */
static inline long member_make(const void *plain, size_t length, int level,
                               const struct bgzf_index *index, unsigned char *out)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)plain, .avail_in = (uInt)length};
    unsigned char *p = out;
    memcpy(p, "\x1f\x8b\x08\x04\0\0\0\0\0\xff", 10);
    p = member_number(p + 10, 2, index != NULL ? 39 : 6);
    memcpy(p, "BC\2", 4);
    p += 6;
    if (index != NULL) {
        memcpy(p, "OL\x1d", 4);
        p = member_number(p + 4, 8, (uint64_t)index->first.tv_sec);
        p = member_number(p, 4, (uint64_t)index->first.tv_nsec);
        p = member_number(p, 8, (uint64_t)index->last.tv_sec);
        p = member_number(p, 4, (uint64_t)index->last.tv_nsec);
        p = member_number(p, 4, index->lines);
        *p++ = index->ordered;
    }
    if (length > BGZF_INPUT_MAX ||
        deflateInit2(&z, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return -1;
    z.next_out = p;
    z.avail_out = (uInt)(BGZF_MEMBER_MAX - (p - out) - 8);
    int done = deflate(&z, Z_FINISH);
    p = z.next_out;
    deflateEnd(&z);
    if (done != Z_STREAM_END)
        return -1;
    p = member_number(p, 4, crc32(0, plain, (uInt)length));
    p = member_number(p, 4, length);
    member_number(out + 16, 2, (uint64_t)(p - out - 1));
    return p - out;
}

#endif
