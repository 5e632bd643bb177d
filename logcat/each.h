/* The last N entries of each of several sources (--tail), in the order in which they came. */
#ifndef LOGCAT_EACH_H
#define LOGCAT_EACH_H

#include "logcat/tail.h"

struct each {
    struct tail *tail; /* by number of the source; owned */
    size_t sources;    /* for which there is room */
    size_t most;       /* entries of each; 0: nothing is kept */
    size_t pushed;     /* entries so far */
};

/* Keeps a copy of the entry. 0, or -1 with errno ENOMEM. */
int each_push(struct each *x, const struct entry *entry, size_t source);
/* Appends all that are kept to t, which has room. 0, or -1 with errno ENOMEM. */
int each_give(const struct each *x, struct tail *t);
/* Frees all; nothing is kept from then on. */
void each_release(struct each *x);

#endif
