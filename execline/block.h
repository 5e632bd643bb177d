/* Reads blocks out of an argument list: words up to the first empty one, each with one leading
 * space taken off (spec/execline.md section 2). */
#ifndef EXECLINE_BLOCK_H
#define EXECLINE_BLOCK_H

#include "base/error.h"
#include <stddef.h>

struct block_reader {
    char **next; /* what follows the blocks read so far */
    unsigned int number;
    unsigned long long strict;
};

/* argv is NULL-terminated and cut up in place. How strict we are is read from EXECLINE_STRICT. */
void block_begin(struct block_reader *r, char **argv);

/* The next block's words, NULL-terminated, and their number (count may be NULL). -1 with a code of
 * EXIT_USAGE: it has no end, or a word that had to be quoted is not. */
int block_read(struct block_reader *r, char ***words, size_t *count, struct error *e);

#endif
