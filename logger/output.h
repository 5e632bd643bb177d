/* Standard output in large writes. */
#ifndef LOGGER_OUTPUT_H
#define LOGGER_OUTPUT_H

#include "base/str.h"
#include <stdbool.h>

struct output {
    struct str buffer;
    int fd;
    int interrupt; /* a descriptor that becomes readable when all is to end; -1: none */
    bool ended;    /* the reader went away, or interrupt came: what follows is dropped */
    int failed;    /* errno of a write that failed otherwise */
};

/* Adding happens by the caller, to buffer. Writes it out when it has become large. */
void output_pass(struct output *o);
void output_flush(struct output *o);
/* Looks for the interrupt, for work that brings no output for long. */
void output_look(struct output *o);
void output_release(struct output *o);

#endif
