/* The commands of this room, for the table in logger.c. */
#ifndef LOGGER_PROCESSES_H
#define LOGGER_PROCESSES_H

#include "base/command.h"

/* Runs a command until it ends: messages are said; the exit code is returned. */
int logger_run(struct invocation *c);  /* the paired logger of a service */
int s6log_run(struct invocation *c);   /* standard input, by a logging script */
int logutil_run(struct invocation *c); /* has s6-log executed by the caller, as nobody */

/* Their options, as text (base/options.h). */
extern const char logger_options[];
extern const char s6log_options[];
extern const char logutil_options[];

#endif
