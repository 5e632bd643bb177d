/* Filters: line by line from standard input to standard output. What one read brought is written
 * before the next, so no line waits for more input. */
#ifndef COMMAND_TOOLS_STREAM_H
#define COMMAND_TOOLS_STREAM_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

struct stream_rules {
    bool nul;  /* a NUL ends a line, too */
    bool ends; /* a last line without an end gets a newline, else it stays so */
    /* Appends what becomes of a line, without its end. 0, or -1: no memory. */
    int (*line)(struct str *out, const char *bytes, size_t length);
};

/* Filters until the end of input: the exit code, after saying what failed. */
int stream_run(const struct stream_rules *rules);

#endif
