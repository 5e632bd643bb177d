/* Waiting for longruns to come up or go down: listeners in their event directories, and what
 * supervise/status says (spec/supervise.md sections 4, 7 and 10). */
#ifndef COMMAND_S6_LISTEN_H
#define COMMAND_S6_LISTEN_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LISTEN_TIMED_OUT = 99, LISTEN_PATH_MAX = 4096 };

struct listener {
    const char *service; /* directory; the caller's */
    char fifo[LISTEN_PATH_MAX];
    int fd;       /* -1: none */
    int held;     /* the writing end, so that the fifo never ends */
    bool reached; /* it is as wanted now */
    bool left;    /* for r and R: it was down since */
    bool failed;  /* for good */
};

/* want: one of u U d D r R. Subscribes, then looks how it is. 0, or -1 with e, which says that
 * there is no supervisor by the code 100. l must be zeroed; listen_close it in any case. */
int listen_open(struct listener *l, const char *service, char want, struct error *e);
void listen_close(struct listener *l);

/* Waits until all of them (or one of them, with any) are as wanted. ms: 0 for ever. Returns 0, 99
 * when the time is over, else the number of those that failed for good. */
int listen_wait(struct listener *l, size_t count, char want, bool any, uint64_t ms);

#endif
