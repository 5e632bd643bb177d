/* The request on logcat's command line. */
#ifndef LOGCAT_REQUEST_H
#define LOGCAT_REQUEST_H

#include "base/command.h"
#include "logcat/logdirs.h"
#include "logcat/render.h"
#include <stdbool.h>

struct request {
    bool follow, list, boot, previous, ignore_case, lines_said, all_lines, no_prefix, utc, whole,
        reverse, unit_events, parse, patterns, no_pager, at_end, number_open, tail_said;
    unsigned long long tail; /* lines of each service; 0: not so */
    unsigned long long lines, before, after;
    const char *since, *until, *color, *time_format, *heading, *columns;
    enum render_form form;
    enum stamp_stream stream;
    struct severity_range severity;
    struct words where, include, exclude, marks, without, operands;
    struct logdirs logdirs;
    bool unreadable;
};

/* The table of options, as base/options.h describes it. */
extern const char request_options[];

/* Reads the command line into *q, which the caller has filled with defaults and releases. Options
 * may follow service names. 0, or the exit code, after saying what is wrong. Texts in *q are the
 * command line's. */
int request_parse(struct invocation *c, struct request *q);
void request_release(struct request *q);

#endif
