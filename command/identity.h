/* Who a program is to run as, from the options that s6-applyuidgid and s6-socklog share. */
#ifndef COMMAND_IDENTITY_H
#define COMMAND_IDENTITY_H

#include "base/account.h"
#include "base/command.h"
#include <stdbool.h>

/* What to become. Ids that are 0 stay as they are; without a list, the supplementary groups. */
struct identity {
    uid_t uid;
    gid_t gid;
    bool has_list;
    gid_t list[ACCOUNT_GROUPS_MAX];
    size_t count;
};

/* The options -u, -g, -G and -U. 0, or the exit code after saying what is wrong. */
int identity_option(struct invocation *c, int letter, struct identity *id);

int identity_apply(const struct identity *id, struct error *e);

#endif
