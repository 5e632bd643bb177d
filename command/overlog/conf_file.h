/* The files of services.conf of a tree, changed by the verbs that write definitions. */
#ifndef COMMAND_OVERLOG_CONF_FILE_H
#define COMMAND_OVERLOG_CONF_FILE_H

#include "command/overlog/overlog.h"

/* Adds a section to the tree's services.conf, which is made if need be, or to the file of replaced,
 * a section of the same name that goes (NULL: there is none); path becomes that file's. The file is
 * changed once, and not where the section would be a mistake. 0, or the exit code after saying what
 * failed. */
int conf_file_add(const struct tree *t, const char *section, const struct section *replaced,
                  char path[4096]);
/* Takes a section out of its file. 0, or the exit code after saying what failed. */
int conf_file_remove(const struct section *s);
/* Takes a name out of the lists of all files that have sections. 0, or the exit code. */
int conf_file_unlist(const struct tree *t, const char *name);

#endif
