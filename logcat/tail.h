/* Copies of entries: the last N of a sequence whose end is not known yet. */
#ifndef LOGCAT_TAIL_H
#define LOGCAT_TAIL_H

#include "base/str.h"
#include "logcat/entry.h"
#include <stddef.h>

struct tail_slot {
    struct entry entry;
    struct str message;
    size_t source;
};

struct tail {
    struct tail_slot *slot;
    size_t made; /* slots that exist, their memory is kept */
    size_t most;
    size_t count;         /* kept now */
    size_t first;         /* the oldest, which the next one replaces once there are most */
    size_t pushed, bytes; /* entries ever, and bytes of their messages */
    size_t stop;          /* what is pushed after so many is dropped; 0: nothing is */
};

/* most: how many to keep. */
void tail_init(struct tail *t, size_t most);
/* Copies the entry. 0, or -1 with errno ENOMEM. */
int tail_push(struct tail *t, const struct entry *entry, size_t source);
/* The i-th of those kept, oldest first; NULL beyond the last. */
struct tail_slot *tail_at(const struct tail *t, size_t i);
/* Forgets the entries, not the memory. */
void tail_clear(struct tail *t);
void tail_release(struct tail *t);

#endif
