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
    bool left;    /* for r and R: it is down, or was since */
    bool failed;  /* for good */
};

/* Subscribes to the events of a service, then looks at its state. want: one of u U d D r R; l is
 * zeroed. 0, or -1 with e, of code 100 when the service has no supervisor. */
int listen_open(struct listener *l, const char *service, char want, struct error *e);
/* Ends the subscription; also after listen_open failed. */
void listen_close(struct listener *l);

/* Waits, ms at most (0: for ever), until all listeners, or with any one of them, are as wanted. 0;
 * 99 when the time is over; else the number of services that failed for good. */
int listen_wait(struct listener *l, size_t count, char want, bool any, uint64_t ms);

#endif
