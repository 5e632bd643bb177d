/* BGZF: gzip members of at most 64 KiB with their length in a "BC" extra subfield, so that a reader
 * can hop from member to member, and our own "OL" subfield, by which it can do so by time
 * (docs/log-directory.md). This file and rotate/read/logfile_inflate.c are the only users of zlib.
 */
#ifndef ROTATE_BGZF_H
#define ROTATE_BGZF_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    BGZF_INPUT_MAX = 65280,  /* most plain bytes in a member, as bgzip does */
    BGZF_MEMBER_MAX = 65536, /* most bytes of a member */
    BGZF_HEADER_MAX = 128,   /* most bytes of a member's header */
    BGZF_SUMMARY = 61        /* bytes of the member that sums up the archive */
};

/* The OL subfield of a member. Times are 0 where no line had a stamp. A subfield with impossible
 * values (more lines than bytes, a time beyond the calendar) is read as all 0. */
struct bgzf_index {
    struct timespec first; /* stamp of the first line */
    struct timespec last;  /* stamp of the last line */
    uint32_t lines;
    /* A reader by time may leave the member out: each line has a stamp that is the same in every
     * time zone and not earlier than the stamp before it, and no line crosses an end of the
     * member. So first and last bound all its lines, and no line outside needs it. */
    bool ordered;
};

/* The facts about a line's beginning that a bgzf_stamp adds up. */
enum {
    BGZF_ZONED = 1,   /* the stamp is local time */
    BGZF_FOLLOWS = 2, /* the line belongs to the line before it */
    BGZF_GOES_ON = 4, /* the next line of its stream continues the line */
    BGZF_STREAM = 8   /* times the number of the stream, 0 to 2 */
};

/* The empty member that ends every BGZF file. */
extern const unsigned char bgzf_end[28];

/* Reads the summary in the two last members of a file. bytes: the last BGZF_SUMMARY + 28 of the
 * file, or all of a shorter one. True: index describes all lines of the file as if they were one
 * member, with their number modulo 2^32. False: the file has no summary. */
bool bgzf_summary(const unsigned char *bytes, size_t length, struct bgzf_index *index);

/* Reads a member's header. Returns the length of the whole member in bytes; 0 when more of the
 * header is needed; -1 when it is no BGZF header. index (may be NULL) gets the OL subfield, or
 * zeros when the member has none. */
long bgzf_header(const unsigned char *bytes, size_t length, struct bgzf_index *index);

/* Inflates the member of that length into plain, which has room for BGZF_MEMBER_MAX bytes, and
 * compares its checksum. Returns the number of plain bytes, or -1: the member is broken, or there
 * is no memory. */
long bgzf_unpack(const unsigned char *member, size_t length, unsigned char *plain);

/* Reads the stamp at the beginning of a line into *t. Returns the sum of the facts above, or -1:
 * the line has no stamp. */
typedef int bgzf_stamp(const char *line, size_t length, struct timespec *t);

/* Compresses the rest of descriptor in to descriptor out at a zlib level, members ending at line
 * ends where they can, with a summary before the end. stamp_of NULL: no summary and no times.
 * 0, or -1 with e; out may hold a part then. Both descriptors stay open. */
int bgzf_compress(int in, int out, int level, bgzf_stamp *stamp_of, struct error *e);

#endif
