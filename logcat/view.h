/* What logcat shows: the history of several sources merged, then what is added to them.
 *
 * 1. fill in filter, render, output, tail; 2. view_add each source, opened; 3. view_history;
 * 4. to follow, view_live until the output has ended.
 */
#ifndef LOGCAT_VIEW_H
#define LOGCAT_VIEW_H

#include "base/error.h"
#include "logcat/context.h"
#include "logcat/events.h"
#include "logcat/filter.h"
#include "logcat/merge.h"
#include "logcat/output.h"
#include "logcat/render.h"
#include "logcat/source.h"
#include "logcat/tail.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view {
    struct filter filter;
    struct context context; /* whole, before and after are the caller's */
    struct events *events;  /* what the sources that are event logs show; NULL: there are none */
    struct render render;
    struct output output;
    struct tail tail;
    bool tailing; /* the history goes to tail first */
    struct source **source;
    size_t count, capacity;
    struct merge merge;
    struct timespec from,
        to;              /* entries whose order is not in there are left out; {0, 0}: no bound */
    const char *heading; /* a line before the first entry; NULL: none, or it was shown */
    unsigned long long shown;
    bool apart;     /* printing backward: lines are left out before the entry printed last */
    int failed;     /* errno of what broke the view itself, 0 none */
    int64_t pushed; /* when the entry came that may go on (context.group) */
};

/* The source is the view's from here on; its place in the view is its number. -1 with e for lack of
 * memory. */
int view_add(struct view *v, struct source *s, struct error *e);
void view_release(struct view *v);

/* Opens the sources from the beginning. What cannot be read is said. */
void view_open(struct view *v);
/* Looks through the sources, so that their entries can be put in order. Says (as a warning) where
 * stamps step back. True: they do in none. */
bool view_survey(struct view *v);

/* Takes everything that the sources have: shows it, or keeps it in tail. live: begun lines are left
 * for later. bytes: stops when the tail has taken so many, false then; 0: all. */
bool view_gather(struct view *v, bool live, size_t bytes);
/* Shows what a tail has kept, without the first `skip` entries. reverse: the last entry first;
 * those that continue one stay below. */
void view_print(struct view *v, const struct tail *t, size_t skip, bool reverse);
/* view_gather and view_print, and what follows is shown at once. */
void view_history(struct view *v, bool live, bool reverse);

/* Lines of different sources come in the order of their times as long as none of them reaches its
 * file later than this after its stamp. */
#define VIEW_HOLD (100 * CLOCK_MS)

/* Shows what has arrived and is due; reads from sources that are dirty. now and wall: the time, in
 * both ways. The monotonic time at which to call again, 0: only when something changes. */
int64_t view_live(struct view *v, int64_t now, const struct timespec *wall);

/* Whether a source that is gone may be closed: all it had is shown. */
bool view_drained(const struct view *v, size_t number);

#endif
