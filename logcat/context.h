/* From the entries that a filter judges to those that are shown: lines of context, and whole
 * entries where one of their lines matches. */
#ifndef LOGCAT_CONTEXT_H
#define LOGCAT_CONTEXT_H

#include "logcat/filter.h"
#include "logcat/tail.h"

struct context {
    const struct filter *filter;
    bool whole;           /* an entry counts, and is shown, with the lines that continue it */
    size_t before, after; /* lines of context */
    void (*give)(void *context, struct entry *entry, size_t source);
    void *context;

    struct tail group; /* the entry that may go on */
    enum filter_verdict verdict;
    struct tail ring; /* what may become context of what follows */
    size_t owed;      /* lines of context still to come */
    bool apart, given;
    int failed; /* errno */
};

/* Entries in the order in which they are to be shown. */
void context_push(struct context *c, struct entry *entry, size_t source);
/* Nothing more belongs to the last entry. */
void context_end(struct context *c);
/* Forgets the entries so far. */
void context_reset(struct context *c);
void context_release(struct context *c);

#endif
