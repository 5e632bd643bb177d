/* The last lines of services that are late, shown by logcat, which may read disks and wait for
 * consoles: pid 1 only starts it and, when its short time is over, kills it. */
#ifndef SUPERVISOR_TAIL_H
#define SUPERVISOR_TAIL_H

#include "supervisor/longruns.h"

struct tail {
    struct pid1 *pid1;
    struct catalogue *catalogue; /* late: whose lines are wanted */
    struct longruns *longruns;
    pid_t pid;          /* of logcat, 0 none */
    int64_t end;        /* monotonic ns: none is begun any more */
    struct timer limit; /* the same */
};

/* Shows the last lines of that service, soon and not for long. Harmless before the mark and from
 * the stage TERM on. */
void tail_want(struct tail *t, uint32_t node);
bool tail_is_busy(const struct tail *t);
void tail_reaped(struct tail *t);

#endif
