/* What overlog create makes. */
#ifndef COMMAND_OVERLOG_CREATE_H
#define COMMAND_OVERLOG_CREATE_H

#include "base/str.h"
#include "services/keys.h"
#include <stdbool.h>

/* Texts are those of the command line. */
struct draft {
    const char *dir, *name, *run, *user, *ready, *restart, *bundle, *schedule;
    enum definition_type type;
    struct words needs, after, conditions;
    struct words keys; /* KEY=VALUE, of a section */
    bool overwrite, quiet;
    bool section; /* of services.conf, and no directory */
    bool directory;
};

/* Pure: appends it as a section of services.conf. -1: no memory. */
int draft_section(const struct draft *d, struct str *out);

#endif
