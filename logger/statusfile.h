/* The action `=FILE` of a logging script: FILE holds the last line, and is replaced as a whole. */
#ifndef LOGGER_STATUSFILE_H
#define LOGGER_STATUSFILE_H

#include "logger/sink.h"

extern const struct sink_kind statusfile_kind;

#endif
