/* The selections of a logging script, which decide whether the actions behind them take a line. */
#ifndef LOGGER_SELECTION_H
#define LOGGER_SELECTION_H

#include "logger/sink.h"

extern const struct sink_kind selection_select;   /* +REGEX: takes what matches, too */
extern const struct sink_kind selection_deselect; /* -REGEX: does not take what matches */
extern const struct sink_kind selection_rest;     /* f: takes what no action has taken yet */

#endif
