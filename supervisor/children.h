/* Which child is which: pid to role, constant time. Memory is taken by children_reserve only. */
#ifndef SUPERVISOR_CHILDREN_H
#define SUPERVISOR_CHILDREN_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum child_role {
    CHILD_NONE = 0,
    CHILD_SERVICE,
    CHILD_PARENT, /* of the process of a service (parent.c) */
    CHILD_LOGGER,
    CHILD_ONESHOT,
    CHILD_FORMER, /* of a oneshot that an update has taken away (former.h) */
    CHILD_RELOAD,
    CHILD_TAIL,
    CHILD_CMD,
    CHILD_HOOK,
    CHILD_DIVERTED, /* index: the signal */
    CHILD_CLOSER    /* index: the place of a connection */
};

struct child {
    pid_t pid;
    enum child_role role;
    uint32_t index; /* of the longrun, logger or node it belongs to */
    bool stopped;   /* as far as we heard; children_find and who resumes it */
};

struct children {
    struct child *slot;
    size_t capacity; /* a power of two, never more than half full */
    size_t count;
    size_t formers; /* of them, those with the role FORMER */
    pid_t top;      /* the highest pid there ever was, strangers included */
};

/* Room for that many children at once, beside those with the role FORMER; keeps those known. */
int children_reserve(struct children *c, size_t count, struct error *e);
/* Never fails: the caller reserved. */
void children_add(struct children *c, pid_t pid, enum child_role role, uint32_t index);
/* Removes and returns it; role CHILD_NONE for a stranger (an orphan we adopted). */
struct child children_take(struct children *c, pid_t pid);
/* The same, and leaves it there: NULL for a stranger. It stays where it is until the next change.
 */
struct child *children_find(const struct children *c, pid_t pid);
/* Whether one that somebody stopped is to go on. We wait for a newborn (a service that is not
 * executed yet), for loggers, parents of services and those that close a connection always, and
 * during a stop for all. */
bool child_resumes(enum child_role role, bool newborn, bool stopping);

#endif
