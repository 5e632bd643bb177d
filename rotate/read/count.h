/* How many lines a log directory has, and from when: by the index of BGZF archives, else by reading
 * the text block by block. */
#ifndef ROTATE_READ_COUNT_H
#define ROTATE_READ_COUNT_H

#include "base/error.h"
#include <stdint.h>
#include <time.h>

#define COUNT_BYTES_MAX (INT64_MAX / 16)

struct count {
    /* Called for each group of lines: their number, and the stamps of the first and the last
     * ({0, 0}: not known). */
    void (*found)(void *context, const struct timespec *first, const struct timespec *last,
                  unsigned long lines);
    void *context;
    /* Reads a line's stamp into *t: 0, or -1: the line has none. */
    int (*stamp_of)(const char *line, size_t length, struct timespec *t);
    struct timespec since; /* archives that are older are not opened */

    int64_t bytes;          /* result: on disk, current included, at most COUNT_BYTES_MAX */
    unsigned long archives; /* result: their number */
};

/* Counts the lines of a log directory; the caller has filled in found, context, stamp_of and since.
 * A file that cannot be read is left out. 0, or -1 with e: the directory cannot be read. */
int count_directory(struct count *c, const char *path, struct error *e);

#endif
