/* logcat -l: a table of the services that have logs. */
#ifndef LOGCAT_LIST_H
#define LOGCAT_LIST_H

#include "base/str.h"
#include "logcat/logdirs.h"

/* Appends a row for each service in list: its state, size and times of its log directory, and a bar
 * for the number of lines in each hour of the last day that has any. utc: times in UTC. screen: the
 * terminal's columns, 0: it is none. False: a directory was unreadable, which was said. */
bool list_services(const struct logdirs *r, const struct logdirs_list *list, bool utc,
                   size_t screen, struct str *out);

#endif
