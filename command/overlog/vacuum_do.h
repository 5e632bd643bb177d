/* What overlog vacuum is asked to do, and doing it once. */
#ifndef COMMAND_OVERLOG_VACUUM_DO_H
#define COMMAND_OVERLOG_VACUUM_DO_H

#include "rotate/vacuum.h"

struct vacuum_request {
    const char *path; /* the log root */
    struct vacuum_rules rules;
    char *const *names; /* of directories, and patterns; none: all */
    bool *matched;      /* by name: a directory was met */
};

/* Opens the root, looks and plans, and deletes unless it is only to be said. By age only where the
 * clock was not set lately (rotate/age.h). Returns the root's descriptor, which the caller closes,
 * or -1 with errno and e. */
int vacuum_do(struct vacuum *v, struct vacuum_request *q, bool only_say, struct error *e);
/* Tells pid 1, for its event log, what was deleted of a directory. Where there is none, or we may
 * not tell it, nobody hears of it. */
void vacuum_tell(const char *name, long archives, int64_t bytes);

#endif
