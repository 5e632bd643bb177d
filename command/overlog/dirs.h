/* The files of a definition as a directory of s6-rc.d. */
#ifndef COMMAND_OVERLOG_DIRS_H
#define COMMAND_OVERLOG_DIRS_H

#include "command/overlog/write.h"
#include "services/section.h"

struct dirs {
    const char *to;  /* the folder to write to, which gets s6-rc.d; NULL: they are printed */
    struct str *out; /* what is printed */
    struct writer writer;
};

/* Puts the files of s, and its name into the bundles that it joins: those of users into
 * user-bundles.d. writer.code tells whether that failed. */
void dirs_put(struct dirs *w, const struct section *s, enum definition_type type);

#endif
