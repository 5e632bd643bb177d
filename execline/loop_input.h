/* Reads a descriptor as items, without waiting for more than the next one. */
#ifndef EXECLINE_LOOP_INPUT_H
#define EXECLINE_LOOP_INPUT_H

#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

struct loop_input {
    int fd;
    const char *delimiters; /* NULL: null characters; "": netstrings */
    bool raw;               /* an item comes without a delimiter (netstrings) */
    char buffer[4096];
    size_t at;
    size_t filled;
};

enum { INPUT_END = 0, INPUT_ENDED = 1, INPUT_OPEN = 2 };

/* Reads the next item: INPUT_ENDED, with its delimiter; INPUT_OPEN, the last, which has none;
 * INPUT_END: no more; -1 with e. */
int loop_input_next(struct loop_input *in, struct str *item, struct error *e);

/* Closes the descriptor unless it is stdin. */
void loop_input_close(struct loop_input *in);

#endif
