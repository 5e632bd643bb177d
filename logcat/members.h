/* The fields of a line as members of the JSON object that logcat makes of it (--parse). */
#ifndef LOGCAT_MEMBERS_H
#define LOGCAT_MEMBERS_H

#include "base/str.h"
#include "logcat/entry.h"

/* Appends ',"NAME":VALUE' for each field of the entry, and before them its severity. Left out are
 * names that the object has already, and everything of a line that only begins like JSON. 0, or -1:
 * no memory. */
int members_add(const struct entry *entry, struct str *out);

#endif
