/* Who a program is to run as, from the options that s6-applyuidgid and s6-socklog share. */
#ifndef COMMAND_TOOLS_IDENTITY_H
#define COMMAND_TOOLS_IDENTITY_H

#include "base/account.h"
#include "base/command.h"
#include <stdbool.h>

/* What to become. An id of 0 leaves ours; without a list, our supplementary groups stay. */
struct identity {
    uid_t uid;
    gid_t gid;
    bool has_list;
    struct groups list; /* kept until the process ends, or becomes another program */
};

/* Takes the options -u, -g, -G and -U, which were read; of -U and another the later one counts. 0,
 * or the exit code after saying what is wrong. */
int identity_read(const struct invocation *c, struct identity *id);

/* Reads "USER:GROUP", names or numbers. 0, or the exit code after saying what is wrong. */
int identity_pair(const struct invocation *c, const char *text, struct account *a);

/* Becomes it: sets the list, to which the primary group is added, the gid and the uid. 0, or -1
 * with e. */
int identity_apply(struct identity *id, struct error *e);

#endif
