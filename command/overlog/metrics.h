/* overlog metrics: the services as OpenMetrics text. Pure. */
#ifndef COMMAND_OVERLOG_METRICS_H
#define COMMAND_OVERLOG_METRICS_H

#include "command/overlog/history.h"
#include "command/overlog/status.h"

/* What is known of a row of the status, beside it. */
struct metrics_service {
    struct history history;
    long long log_lines; /* in its log directory; -1: not known */
    long long dropped;   /* lines that are missing there by its notes; -1: none can be */
};

struct metrics {
    const struct status *status;
    const struct metrics_service *service; /* by row */
    struct history_counts container;       /* lost events, processes without a name that were killed
                                              for lack of memory */
};

/* What the note of a logger that lines are missing holds, and nothing else of it does. */
#define METRICS_MISSING " lines are missing here: "
/* How many lines are missing by that line of a log; 0: it is no such note. */
long long metrics_missing(const char *line);

/* Appends the text, which ends with "# EOF". */
void metrics_text(const struct metrics *m, struct str *out);

#endif
