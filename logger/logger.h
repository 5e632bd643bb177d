/* The logger process: s6-log's engine and the paired logger of docs/logger-contract.md. */
#ifndef LOGGER_LOGGER_H
#define LOGGER_LOGGER_H

#include "base/command.h"

/* Rows: logger, s6-log, logutil-service. Ends with an all-zero row. */
extern const struct command logger_commands[];

#endif
