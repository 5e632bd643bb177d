/* Processes of the container that the kernel kills for lack of memory, by a counter of our control
 * group. It counts before the process dies, so when a child was killed by SIGKILL and the count has
 * risen, it was that. What it has counted and no child accounts for within a second was a process
 * below a service, or another one.
 *
 * Where the kernel tells of changes (version 2), a watch does, once a second at most; else the
 * counter is read when a child has ended. All zero: there is no counter, and nothing is claimed. */
#ifndef SUPERVISOR_OOM_H
#define SUPERVISOR_OOM_H

#include "base/loop.h"
#include <stdbool.h>

struct pid1;

struct oom {
    struct pid1 *pid1;
    bool counts; /* there is a counter: */
    bool tells;  /* and the kernel tells of changes: it is watched */
    struct watch counter;
    long long said;    /* kills that are accounted for */
    struct timer look; /* set: there may be more of them */
};

/* Opens the counter, if there is one. */
void oom_begin(struct oom *o, struct pid1 *p);
/* Whether a child that ended so was one of them. To be asked once for each end. */
bool oom_takes(struct oom *o, int wait_status);
/* Says on the console whom the kernel killed. */
void oom_say(struct oom *o, const char *whom);
/* Children have ended, and each was asked about. */
void oom_reaped(struct oom *o);

#endif
