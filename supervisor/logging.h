/* Settings that all loggers of the container share, and which services have one. */
#ifndef SUPERVISOR_LOGGING_H
#define SUPERVISOR_LOGGING_H

#include "services/definition.h"
#include "supervisor/pid1.h"

struct logging {
    struct pid1 *pid1;
    char user[32];            /* "UID:GID" that loggers become, or "" to stay */
    char catchall[32];        /* the same for .init */
    struct words environment; /* PATH and TZ; owned */
    int lock;                 /* the console lock */
    bool apart; /* there are descriptors enough for both ends of a pipe, which need no opening then
                 */
};

/* Resolves the users and makes the lock. Reads account files: before the mark only. */
int logging_open(struct logging *g, struct pid1 *p, struct error *e);

/* How many descriptors of ours one logger costs, with its control fifo; apart: while that is set.
 */
unsigned long logging_descriptors(const struct logging *g, bool apart);

/* True: a service of that definition has a logger of its own, which works in *mode. */
bool logging_is_paired(const struct settings *s, const struct definition *d,
                       enum logging_mode *mode);

#endif
