/* Another set of services in the place of the one that runs, for s6-rc-update and overlog scale
 * (docs/control.md).
 *
 * 1. rcupdate_init. 2. The caller fills new and its graph, and may change letters, timeout and
 * conversions. 3. rcupdate_apply. 4. rcupdate_release. */
#ifndef COMMAND_S6RC_RCUPDATE_H
#define COMMAND_S6RC_RCUPDATE_H

#include "services/graph.h"
#include <limits.h>

/* Owns definitions, graph and conversions. */
struct rcupdate {
    struct definitions old;   /* of the database that runs */
    struct definitions new;   /* where each longrun has the directory of its files */
    struct graph g;           /* of new */
    struct words conversions; /* OLD NEW restart-or-nothing, each */
    const char *letters;      /* of the request */
    const char *timeout;      /* ms, in digits; 0: none */
    const char *verbosity;
    char stage[64];        /* name of the directory in /run/s6-rc */
    char path[128];        /* the same whole */
    char before[PATH_MAX]; /* what compiled led to */
    int *going;            /* by number in old: the live directory of a longrun that goes, or -1;
                              NULL until they are opened; owned */
};

/* Reads old. 0, or the exit code after saying why not. */
int rcupdate_init(struct rcupdate *u);
/* Asks pid 1 for it and waits. The exit code, after saying what is wrong. */
int rcupdate_apply(struct rcupdate *u);
void rcupdate_release(struct rcupdate *u);

#endif
