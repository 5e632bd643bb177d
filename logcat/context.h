/* Chooses the entries to be shown: those that match the filter, lines of context around them, and
 * whole entries of several lines where one line matches. */
#ifndef LOGCAT_CONTEXT_H
#define LOGCAT_CONTEXT_H

#include "logcat/filter.h"
#include "logcat/tail.h"

struct context {
    const struct filter *filter;
    bool whole;           /* an entry and the lines that continue it are judged and shown as one */
    size_t before, after; /* lines of context */
    /* Shows an entry, valid during the call, of the source with that number. */
    void (*give)(void *context, struct entry *entry, size_t source);
    void *context; /* for give */

    struct tail group;           /* the last entry, which may be continued: only with whole */
    enum filter_verdict verdict; /* of group */
    struct tail ring;            /* the entries that become context if a later one matches */
    size_t owed;                 /* lines of context still to come */
    bool apart;                  /* entries were left out since the one shown last */
    bool given;                  /* an entry was shown */
    int failed;                  /* ENOMEM, or 0 */
};

/* Judges the next entry; they come in the order in which they are to be shown. Calls give for each
 * entry that is known to be shown now. */
void context_push(struct context *c, struct entry *entry, size_t source);
/* No line will continue the last entry: shows it, if it is to be shown. */
void context_end(struct context *c);
/* Forgets all entries; memory and settings stay. */
void context_reset(struct context *c);
/* Frees the entries that are kept. */
void context_release(struct context *c);

#endif
