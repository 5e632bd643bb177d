/* What becomes of each key of supervisord's configuration: a table, and the questions to it. Pure.
 */
#ifndef COMMAND_OVERLOG_SUPERVISORD_KEYS_H
#define COMMAND_OVERLOG_SUPERVISORD_KEYS_H

#include <stdbool.h>

/* The note of what says where its output goes. */
#define INI_NO_LOG "a oneshot has no log of its own: its output is the container's"

/* "program" of "program:web"; a section without a colon is its own kind. */
bool ini_section_is(const char *section, const char *kind);

/* Why the section as a whole cannot be carried over; NULL: it is, or nothing is lost with it. */
const char *ini_section_note(const char *section);

/* Whether the programs of a section become services. */
bool ini_section_runs(const char *section);

/* Why a key with that value cannot be carried over; NULL: it is, or nothing is lost with it. Keys
 * of a section that has a note of its own have none. */
const char *ini_key_note(const char *section, const char *key, const char *value);

/* The same of a key of a program that becomes a oneshot, which has less than a longrun; NULL: of
 * such a key ini_key_note tells. */
const char *ini_oneshot_note(const char *key, const char *value);

#endif
