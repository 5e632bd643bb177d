/* Writes standard output in large pieces. The caller appends to buffer, then calls output_pass. */
#ifndef LOGCAT_OUTPUT_H
#define LOGCAT_OUTPUT_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct output {
    struct str buffer;
    int fd;        /* written to; not owned */
    int interrupt; /* a descriptor that becomes readable when logcat is to end; -1: none */
    bool ended;    /* the reader went away, or the interrupt came: output is dropped from then on */
    int failed;    /* errno of a write that failed for another reason, or 0 */

    /* NULL, or: output is held back until it is more than a screen; then this is called once. */
    void (*full)(struct output *o);
    size_t rows, columns; /* of the screen */
    pid_t pager;          /* the process that shows the output; 0: none */
    bool shares_errors;   /* our messages go to the pager too */
    bool at_end;          /* the pager begins at the end of what is shown */
};

/* Writes the buffer out if it has become large. */
void output_pass(struct output *o);
/* Writes the buffer out. Waits for the reader, but not past the interrupt. */
void output_flush(struct output *o);
/* Looks for the interrupt without waiting: for work that has no output for long. */
void output_look(struct output *o);
/* Frees the buffer. */
void output_release(struct output *o);

#endif
