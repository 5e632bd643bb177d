/* Oneshots that an update has taken away while a process of them, which a time limit had given up,
 * still ran. Each is told to end, and known until it has: nobody waits for it, but no other oneshot
 * of its name comes before, and a stop finds it among our children. */
#ifndef SUPERVISOR_FORMER_H
#define SUPERVISOR_FORMER_H

#include "supervisor/oneshot.h"

/* One oneshot: its up or down, its reload, or both. */
struct former {
    struct former *next;
    char *name; /* owned */
    pid_t pid[2];
    int report[2];
    bool refused; /* it was said that we may not signal it */
};

/* An empty one. NULL: no memory. */
struct former *former_new(const char *name);
void former_free(struct former *f); /* harmless for NULL */

/* What runs of o is f's from now on, and is told to end. f is taken over, or freed when nothing
 * runs. There is room among the children for another. */
void former_begin(struct oneshots *all, const struct oneshot *o, struct former *f);
/* One of them has ended; harmless for others. */
void former_reaped(struct oneshots *all, pid_t pid);
/* Whether one of that name still runs. */
bool former_runs(const struct oneshots *all, const char *name);

#endif
