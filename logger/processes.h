/* The commands of this room, for the table in logger.c. */
#ifndef LOGGER_PROCESSES_H
#define LOGGER_PROCESSES_H

#include "base/command.h"

int logger_run(struct invocation *c);
int s6log_run(struct invocation *c);
int logutil_run(struct invocation *c);

extern const char logger_options[];
extern const char s6log_options[];
extern const char logutil_options[];

#endif
