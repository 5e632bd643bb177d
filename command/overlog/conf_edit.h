/* Changes to the text of a services.conf: all other bytes of it stay as they are. Pure. */
#ifndef COMMAND_OVERLOG_CONF_EDIT_H
#define COMMAND_OVERLOG_CONF_EDIT_H

#include "base/error.h"
#include "base/str.h"
#include "services/conf.h"
#include <stdint.h>

/* Where a section of the text begins: with the lines of comment right above it. */
size_t conf_edit_section(const struct str *text, const struct conf_section *s);

/* Takes the section whose header is in that line out, with the comments above it and the empty
 * lines behind it. 1; 0: there is none; -1 with e: no memory, or the text has a mistake that hides
 * where a section ends. */
int conf_edit_remove(struct str *text, uint32_t line, struct error *e);
/* Takes the name out of all lists of services: how many keys that changed; -1 as above. */
int conf_edit_unlist(struct str *text, const char *name, struct error *e);
/* Adds a section at the end, behind an empty line. 0, or -1: no memory. */
int conf_edit_append(struct str *text, const char *section);

#endif
