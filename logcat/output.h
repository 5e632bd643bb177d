/* Standard output in large writes. */
#ifndef LOGCAT_OUTPUT_H
#define LOGCAT_OUTPUT_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct output {
    struct str buffer;
    int fd;
    int interrupt; /* a descriptor that becomes readable when all is to end; -1: none */
    bool ended;    /* the reader went away, or interrupt came: what follows is dropped */
    int failed;    /* errno of a write that failed otherwise */

    /* NULL, or: everything is held back until it is more than a screen; then this is called once.
     */
    void (*full)(struct output *o);
    size_t rows, columns; /* of the screen */
    pid_t pager;          /* who shows it, 0: nobody */
    bool shares_errors;   /* our messages go there too */
};

/* Adding happens by the caller, to buffer. Writes it out when it has become large. */
void output_pass(struct output *o);
void output_flush(struct output *o);
/* Looks for the interrupt, for work that brings no output for long. */
void output_look(struct output *o);
void output_release(struct output *o);

#endif
