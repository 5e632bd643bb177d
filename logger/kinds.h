/* The kinds of sinks, by the actions of a logging script. */
#ifndef LOGGER_KINDS_H
#define LOGGER_KINDS_H

#include "logger/sink.h"

extern const struct sink_kind selection_select;   /* +REGEX: takes what matches, too */
extern const struct sink_kind selection_deselect; /* -REGEX: does not take what matches */
extern const struct sink_kind selection_rest;     /* f: takes what no action has taken yet */
extern const struct sink_kind outlet_kind;        /* 1: to stdout (outlet.h) */
extern const struct sink_kind alert_kind;         /* 2: each line to standard error, at once */
extern const struct sink_kind statusfile_kind;    /* =FILE, which is replaced by the last line */
extern const struct sink_kind directory_kind;     /* DIRECTORY (disk.h) */

/* Makes the sink of a step; step and rules must outlive it. first: the script's first action of the
 * same kind, or NULL. A directory is not opened yet. NULL with e: no memory, or (EXIT_USAGE) a bad
 * regular expression. sink_close frees the sink. */
struct sink *sink_make(const struct sink_rules *rules, const struct script_step *step,
                       struct sink *first, struct error *e);

#endif
