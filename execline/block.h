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

/* Begins with argv, NULL-terminated, which is cut up in place. EXECLINE_STRICT in the environment
 * says how strict to be. */
void block_begin(struct block_reader *r, char **argv);

/* Reads the next block: its words, NULL-terminated, part of argv, and their number (count may be
 * NULL). 0, or -1 with e of EXIT_USAGE: the block has no end, or a word is not quoted. */
int block_read(struct block_reader *r, char ***words, size_t *count, struct error *e);

/* Begins with argv and reads that many blocks; what follows them is r->next. 0, or the exit code
 * after saying what is wrong. */
int blocks_read(struct block_reader *r, char **argv, size_t count, char **blocks[]);

#endif
