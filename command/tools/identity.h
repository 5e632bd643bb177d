/* Who a program is to run as, from the options that s6-applyuidgid and s6-socklog share. */
#ifndef COMMAND_TOOLS_IDENTITY_H
#define COMMAND_TOOLS_IDENTITY_H

#include "base/account.h"
#include "base/command.h"
#include <stdbool.h>

/* What to become. Ids that are 0 stay as they are; without a list, the supplementary groups. */
struct identity {
    uid_t uid;
    gid_t gid;
    bool has_list;
    struct groups list; /* kept until the process ends, or becomes another program */
};

/* The options -u, -g, -G and -U. 0, or the exit code after saying what is wrong. */
int identity_option(struct invocation *c, int letter, struct identity *id);

/* The primary group joins the list. */
int identity_apply(struct identity *id, struct error *e);

#endif
