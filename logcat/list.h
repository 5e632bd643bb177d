/* logcat -l. */
#ifndef LOGCAT_LIST_H
#define LOGCAT_LIST_H

#include "base/str.h"
#include "logcat/logdirs.h"

/* Appends a line for each service: its state, what its log directory holds, and the lines of each
 * hour of the last day there was one. screen: the terminal's columns, 0 for none. False: something
 * was unreadable, and said. */
bool list_services(const struct logdirs *r, const struct logdirs_list *list, bool utc,
                   size_t screen, struct str *out);

#endif
