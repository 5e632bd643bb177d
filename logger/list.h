/* logcat -l. */
#ifndef LOGGER_LIST_H
#define LOGGER_LIST_H

#include "logger/roster.h"

/* Writes a line for each service to standard output: its state, what its log directory holds, and
 * the lines of each hour of the last day there was one. False: something was unreadable, and said.
 */
bool list_services(const struct roster *r, const struct roster_list *list, bool utc);

#endif
