/* What may stand in a services.conf, for programs: made of the rows of keys. Pure. */
#ifndef COMMAND_OVERLOG_SCHEMA_H
#define COMMAND_OVERLOG_SCHEMA_H

#include "base/str.h"
#include <stdbool.h>

/* Appends a line for each key: KEY, the types of services, the file or command that it becomes, and
 * what its value is, with tabs between them. */
void schema_keys(struct str *out);
/* Appends a JSON schema of the file as an object of sections, each an object of keys. */
void schema_json(struct str *out);
/* Whether a section may have such a key. */
bool schema_has(const char *key);

#endif
