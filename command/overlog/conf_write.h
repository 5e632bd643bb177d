/* The files of a definition as a section of services.conf: the way back from
 * services/section_expand.h. Pure. */
#ifndef COMMAND_OVERLOG_CONF_WRITE_H
#define COMMAND_OVERLOG_CONF_WRITE_H

#include "base/str.h"
#include "services/keys.h"
#include "services/section.h"

/* Appends the section to out. What was written is read again: to cannot go the names of files that
 * do not come back as they are, and stand in no section. 0, or -1: no memory. */
int conf_write(const struct section *s, struct str *out, struct words *cannot);

/* Whether the files of that name of both mean the same; also when neither has one. */
bool conf_same_file(const struct section *a, const struct section *b, const char *name);

/* The type that the file type of s says; 0: none. */
enum definition_type conf_type(const struct section *s);

/* The words of a list that a file has, a name in each line, in out. -1: no memory. */
int conf_names(const struct section_file *f, struct words *out);

#endif
