/* How many lines a log directory has, and when: from the index of BGZF archives, else by looking at
 * the text block by block. */
#ifndef ROTATE_READ_COUNT_H
#define ROTATE_READ_COUNT_H

#include "base/error.h"
#include <stdint.h>
#include <time.h>

#define COUNT_BYTES_MAX (INT64_MAX / 16)

struct count {
    /* So many lines from first to last ({0, 0}: not known). */
    void (*found)(void *context, const struct timespec *first, const struct timespec *last,
                  unsigned long lines);
    void *context;
    int (*stamp_of)(const char *line, size_t length, struct timespec *t); /* 0 found, -1 none */
    struct timespec since; /* archives that are older are not opened */

    int64_t bytes; /* set: on disk, current included, at most COUNT_BYTES_MAX */
    unsigned long archives;
};

/* 0, or -1 with e when the directory cannot be read; a file that cannot is left out. */
int count_directory(struct count *c, const char *path, struct error *e);

#endif
