/* Children that are waited for: named ones, or all there are. */
#ifndef EXECLINE_WAIT_SET_H
#define EXECLINE_WAIT_SET_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct wait_set {
    pid_t *pid; /* 0: was waited for */
    size_t count;
    size_t capacity;
    size_t alive;
    bool all; /* every child, whatever pid holds */
};

#define WAIT_SET_INIT ((struct wait_set){.pid = NULL})

/* Adds a child. 0, or -1 with e: no memory. */
int wait_set_add(struct wait_set *s, pid_t pid, struct error *e);
/* Frees the set; the children go on. */
void wait_set_release(struct wait_set *s);

enum { WAIT_TIMEOUT = 0, WAIT_NONE = -1 };

/* Waits until one of the set is dead: its pid, with its raw status. WAIT_NONE: none is left; a pid
 * that is no child of ours is passed over. WAIT_TIMEOUT at the deadline (monotonic ns; 0: never);
 * a deadline in the past only looks. */
pid_t wait_set_next(struct wait_set *s, int64_t deadline, int *status);

#endif
