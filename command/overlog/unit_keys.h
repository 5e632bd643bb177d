/* What becomes of each setting of a unit of systemd: a table, and the questions to it. Pure. */
#ifndef COMMAND_OVERLOG_UNIT_KEYS_H
#define COMMAND_OVERLOG_UNIT_KEYS_H

#include <stdbool.h>

/* Why a setting of that value cannot be carried over; NULL: it is, or nothing is lost with it. */
const char *unit_key_note(const char *section, const char *key, const char *value);

/* Whether that note is about how a service is kept from the rest of the machine. */
bool unit_note_isolates(const char *note);

/* Whether units are only ordered by that one, which the container has before services begin: a
 * target as network.target, or a part of systemd or of the machine. */
bool unit_is_there(const char *name);

#endif
