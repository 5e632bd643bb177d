/* Whether a longrun's finish could be executed: said once when not, with its cure, as for run. */
#ifndef SUPERVISOR_FINISH_H
#define SUPERVISOR_FINISH_H

#include "supervisor/pid1.h"

struct finish {
    int report;  /* of the child that runs it; -1: none does, or nothing is known of it */
    bool failed; /* the last one of which that is known could not be executed, which was said */
};

/* The child is dead, with that wait status: reads its report, which nothing has waited for, and
 * closes it. name is the service's, path that of its directory. */
void finish_reaped(struct finish *f, const struct pid1 *p, const char *name, const char *path,
                   int status);
/* Says why a service's finish does not run. */
void finish_say(const char *name, const char *why);
/* Closes what is open. */
void finish_release(struct finish *f);

#endif
