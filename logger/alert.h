/* The action `2` of a logging script: each line goes to standard error at once. */
#ifndef LOGGER_ALERT_H
#define LOGGER_ALERT_H

#include "logger/sink.h"

extern const struct sink_kind alert_kind;

#endif
