/* Messages of syslog(3): "<N>text", N being 8 times the facility plus the priority. */
#ifndef COMMAND_TOOLS_SYSLOG_H
#define COMMAND_TOOLS_SYSLOG_H

#include "base/str.h"
#include <stddef.h>

/* Appends "facility.priority: text"; what begins with no number stays as it is. 0, or -1: no
 * memory. */
int syslog_add(struct str *out, const char *bytes, size_t length);

#endif
