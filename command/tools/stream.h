/* Filters: line by line from standard input to standard output. What is read at once is written at
 * once, so nothing waits here for more input. */
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

/* Until the end of input; the exit code. */
int stream_run(const struct stream_rules *rules);

#endif
