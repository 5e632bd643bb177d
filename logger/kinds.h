/* The kinds of sinks, by the actions of a logging script. */
#ifndef LOGGER_KINDS_H
#define LOGGER_KINDS_H

#include "logger/sink.h"

/* Makes the sink of a step; step and rules must outlive it. first: the script's first action of the
 * same kind, or NULL. A directory is not opened yet. NULL with e: no memory, or (EXIT_USAGE) a bad
 * regular expression. sink_close frees the sink. */
struct sink *sink_make(const struct sink_rules *rules, const struct script_step *step,
                       struct sink *first, struct error *e);

#endif
