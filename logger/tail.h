/* The last N entries of a sequence whose end is not known yet. */
#ifndef LOGGER_TAIL_H
#define LOGGER_TAIL_H

#include "base/str.h"
#include "logger/entry.h"
#include <stddef.h>

struct tail_slot {
    struct entry entry;
    struct str message;
    size_t source;
};

struct tail {
    struct tail_slot *slot;
    size_t size; /* slots made so far */
    size_t most;
    size_t next; /* the slot that the next entry takes, once all are made */
};

/* most: how many to keep. */
void tail_init(struct tail *t, size_t most);
/* Copies the entry. 0, or -1 with errno ENOMEM. */
int tail_push(struct tail *t, const struct entry *entry, size_t source);
/* The i-th of those kept, oldest first; NULL beyond the last. */
const struct tail_slot *tail_at(const struct tail *t, size_t i);
void tail_release(struct tail *t);

#endif
