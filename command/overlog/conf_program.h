/* Which keys of services.conf a program of a definition comes from. Pure. */
#ifndef COMMAND_OVERLOG_CONF_PROGRAM_H
#define COMMAND_OVERLOG_CONF_PROGRAM_H

#include "services/section.h"
#include "services/sugar.h"

/* Forms in which it may be written, the best first. CONF_AS_IS always can be. */
enum conf_form { CONF_COMMAND, CONF_SCRIPT, CONF_AS_IS, CONF_FORMS };

/* Appends the keys by which the program of s, its file run or up, is written in that form. *ready
 * is set when one of them is ready. False: it has no such form, and out is as before, or there is
 * no memory. */
bool conf_program(const struct section *s, enum definition_type type, enum conf_form form,
                  struct str *out, bool *ready);

/* Appends KEY = VALUE, with the lines of a value that has several indented below. A newline at its
 * end does not count. -1: no memory. */
int conf_key_line(struct str *out, const char *key, const char *value);
/* The same, with the lines below also where there is but one. */
int conf_key_lines(struct str *out, const char *key, const char *value);
/* Appends KEY = NAME NAME...; none where there is none. -1: no memory. */
int conf_key_names(struct str *out, const char *key, const struct words *names);

#endif
