/* Keeps copies of entries: the last N of a sequence whose end is not known yet. */
#ifndef LOGCAT_TAIL_H
#define LOGCAT_TAIL_H

#include "base/str.h"
#include "logcat/entry.h"
#include <stddef.h>

struct tail_slot {
    struct entry entry; /* its message is in the member below */
    struct str message;
    size_t source; /* number of the entry's source */
    size_t number; /* for each.c */
};

/* A ring of slots. */
struct tail {
    struct tail_slot *slot; /* owned */
    size_t made;            /* slots that exist; their memory is kept for later entries */
    size_t most;            /* entries to keep */
    size_t count;           /* entries kept now */
    size_t first;           /* the slot of the oldest, which the next entry gets once it is full */
    size_t pushed, bytes;   /* entries pushed since the last clear, and bytes of their messages */
    size_t stop;            /* entries after that many pushed are dropped; 0: none is */
};

/* Begins an empty tail that keeps the last `most` entries. */
void tail_init(struct tail *t, size_t most);
/* Copies the entry, in the place of the oldest one if need be. 0, or -1 with errno ENOMEM. */
int tail_push(struct tail *t, const struct entry *entry, size_t source);
/* The i-th entry that is kept, the oldest first; NULL beyond the last. */
struct tail_slot *tail_at(const struct tail *t, size_t i);
/* Forgets the entries, and keeps the memory. */
void tail_clear(struct tail *t);
/* Frees the memory; the tail must be begun again. */
void tail_release(struct tail *t);

#endif
