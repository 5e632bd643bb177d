/* Shows the history of several sources, merged, then the lines added to them.
 *
 * 1. fill in filter, render, output, tail; 2. view_add each source, and open it; 3. view_history;
 * 4. to follow, view_live until the output has ended.
 */
#ifndef LOGCAT_VIEW_H
#define LOGCAT_VIEW_H

#include "base/error.h"
#include "logcat/columns.h"
#include "logcat/context.h"
#include "logcat/each.h"
#include "logcat/events.h"
#include "logcat/filter.h"
#include "logcat/merge.h"
#include "logcat/output.h"
#include "logcat/render.h"
#include "logcat/source.h"
#include "logcat/tail.h"
#include "logcat/tally.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view {
    struct filter filter;
    struct context context; /* whole, before and after are set by the caller */
    struct events *events;  /* for sources that are event logs; NULL: there are none */
    struct render render;
    struct columns columns; /* count 0: lines, not a table */
    struct tally tally;     /* of the lines, if tallying */
    bool tallying;          /* lines are counted and not shown */
    struct output output;
    struct tail tail;
    bool rating;            /* severities are needed */
    struct each each;       /* with most > 0: entries go there, not to the output */
    bool tailing;           /* entries go to tail, not to the output */
    struct source **source; /* by number; both are owned */
    size_t count, capacity;
    struct merge merge;
    /* Entries whose order is before from, or not before to, are left out; {0, 0}: no bound. */
    struct timespec from, to;
    const char *heading;      /* a line before the first entry; NULL: none, or it was shown */
    unsigned long long shown; /* entries */
    bool apart;     /* printing backward: lines before the entry printed last are left out */
    int failed;     /* errno of an error of the view itself; 0: none */
    int64_t pushed; /* monotonic ns at which the last entry came to context.group */
};

/* Adds a closed source, whose number is its place in the view. events: it is an event log, whose
 * name is not shown. 0, or -1 with e: no memory. */
int view_add(struct view *v, const char *name, const char *path, bool events, struct error *e);
/* Frees the sources and everything else that the view owns. */
void view_release(struct view *v);

/* Opens the sources from the beginning. Warns of those that cannot be read. */
void view_open(struct view *v);
/* Looks through the sources, so that their entries can be put in order. Warns where stamps step
 * back. True: they do in no source. */
bool view_survey(struct view *v);

/* Reads everything that the sources have, and shows it or keeps it in tail. live: lines without an
 * end are left for later. bytes: false as soon as messages in the tail are more than that; 0: no
 * limit. */
bool view_gather(struct view *v, bool live, size_t bytes);
/* Shows the entries kept in a tail, but for the first `skip`. reverse: the last entry first, with
 * the lines that continue it below it. */
void view_print(struct view *v, const struct tail *t, size_t skip, bool reverse);
/* Gathers and prints the history. Later entries go straight to the output. */
void view_history(struct view *v, bool live, bool reverse);

/* ns that an entry waits for older ones of other sources. Lines come in the order of their stamps
 * as long as none of them reaches its file later than that. */
#define VIEW_HOLD (100 * CLOCK_MS)

/* Reads from sources that are dirty, and shows the entries that have waited long enough. now and
 * wall: the present by the monotonic clock, in ns, and by the wall clock. Returns the monotonic
 * time at which to call again; 0: when something has changed. */
int64_t view_live(struct view *v, int64_t now, const struct timespec *wall);

/* Whether a source that is gone may be closed: all of its entries were shown. */
bool view_drained(const struct view *v, size_t number);

#endif
