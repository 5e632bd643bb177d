/* The commands of this room, for the table in logger.c. */
#ifndef LOGGER_PROCESSES_H
#define LOGGER_PROCESSES_H

#include "base/command.h"

int logger_run(struct invocation *c);
int s6log_run(struct invocation *c);
int logutil_run(struct invocation *c);

extern const struct command_option logger_options[];
extern const struct command_option s6log_options[];
extern const struct command_option logutil_options[];

#endif
