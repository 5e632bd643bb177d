/* What becomes of each key of supervisord's configuration: a table, and the questions to it. Pure.
 */
#ifndef COMMAND_OVERLOG_SUPERVISORD_KEYS_H
#define COMMAND_OVERLOG_SUPERVISORD_KEYS_H

#include <stdbool.h>

/* "program" of "program:web"; a section without a colon is its own kind. */
bool ini_section_is(const char *section, const char *kind);

/* Why the section as a whole cannot be carried over; NULL: it is, or nothing is lost with it. */
const char *ini_section_note(const char *section);

/* Whether the programs of a section become services. */
bool ini_section_runs(const char *section);

/* Why a key with that value cannot be carried over; NULL: it is, or nothing is lost with it. Keys
 * of a section that has a note of its own have none. */
const char *ini_key_note(const char *section, const char *key, const char *value);

#endif
