/* BGZF: gzip members of at most 64 KiB with their length in a "BC" extra subfield, so that a reader
 * can hop from member to member, and our own "OL" subfield, by which it can do so by time
 * (docs/log-directory.md). The only user of zlib besides its reader half. */
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
    BGZF_HEADER_MAX = 128,
    BGZF_SUMMARY = 61 /* bytes of the member that says what the archive holds */
};

/* What the OL subfield says of a member; times are 0 where no line had a stamp. All is 0 where it
 * says what cannot be: more lines than bytes, a time beyond the calendar. */
struct bgzf_index {
    struct timespec first;
    struct timespec last;
    uint32_t lines;
    bool
        ordered; /* first and last bound all its lines, and it can be left out without harm to those
                    beside it: each line has a stamp that is the same in every time zone and not
                    earlier than the one before it, and none goes on across an end of the member */
};

/* What is known of the beginning of a line. */
enum {
    BGZF_ZONED = 1,   /* the stamp is local time */
    BGZF_FOLLOWS = 2, /* the line belongs to the one before it */
    BGZF_GOES_ON = 4, /* the next line of its stream continues it */
    BGZF_STREAM = 8   /* times the number of the stream, 0 to 2 */
};

/* The empty member that ends a file; 28 bytes, same for everyone. */
extern const unsigned char bgzf_end[28];

/* What the two last members say: bytes are the last BGZF_SUMMARY + 28 of a file, or fewer. False:
 * it has no summary. True: index is of all its lines together, as if they were one member; the
 * number of lines is modulo 2^32. */
bool bgzf_summary(const unsigned char *bytes, size_t length, struct bgzf_index *index);

/* Reads a member's header. Returns the member's whole length, 0 when more bytes are needed to say,
 * -1 when this is not a BGZF member. index may be NULL; zeroed when there is no OL. */
long bgzf_header(const unsigned char *bytes, size_t length, struct bgzf_index *index);

/* Inflates one member of that length; plain holds BGZF_MEMBER_MAX bytes. Its plain size or -1. */
long bgzf_unpack(const unsigned char *member, size_t length, unsigned char *plain);

/* Reads the time of a line's beginning: -1 there is none, else the sum of what is known of it. */
typedef int bgzf_stamp(const char *line, size_t length, struct timespec *t);

/* Compresses the open file in to the open file out, members ending at line ends where they can, and
 * a summary before the end. stamp_of may be NULL: no summary. */
int bgzf_compress(int in, int out, int level, bgzf_stamp *stamp_of, struct error *e);

#endif
