/* The files of services.conf of a tree, changed by the verbs that write definitions. */
#ifndef COMMAND_OVERLOG_CONF_FILE_H
#define COMMAND_OVERLOG_CONF_FILE_H

#include "command/overlog/overlog.h"

/* Adds a section to the tree's services.conf, which is made if need be. replaced: a section of the
 * same name, which is taken out of its file; or NULL. 0, or the exit code after saying what failed.
 */
int conf_file_add(const struct tree *t, const char *section, const struct section *replaced);
/* Takes a section out of its file. 0, or the exit code after saying what failed. */
int conf_file_remove(const struct section *s);
/* Takes a name out of the lists of all files that have sections. 0, or the exit code. */
int conf_file_unlist(const struct tree *t, const char *name);

#endif
