/* overlog why: what is known of one service, on one screen or as JSON. Pure. */
#ifndef COMMAND_OVERLOG_WHY_H
#define COMMAND_OVERLOG_WHY_H

#include "command/overlog/history.h"
#include "command/overlog/last_lines.h"
#include "command/overlog/target.h"
#include "command/overlog/usage.h"

struct why {
    const struct services *services;
    const struct status_row *row; /* with all that is read of it */
    struct restart_policy policy; /* by its live file, as row->restart */
    uint32_t node;                /* TARGET_NO_NODE: none */
    struct history history;
    struct last_lines lines[HISTORY_ENDS]; /* by end: logged before it */
    struct last_lines recent;              /* of one that is running, and not ready */
    struct last_lines check;               /* why livecheck wanted it restarted last, if ever */
    struct usage usage;
    struct timespec now;
    const char *unknown; /* why the event log or the log could not be read; NULL: they could */
};

/* How many of the lines before an end are shown to people; age: 0 for the newest end. */
size_t why_lines_of(size_t age);

/* How many deaths count within the time of its policy, which gives it up for too many. */
unsigned int why_recent_ends(const struct why *w);

/* Appends it for people, in about 24 lines. */
void why_text(const struct why *w, struct str *out);
/* Appends it as a line of JSON. */
void why_json(const struct why *w, struct str *out);

#endif
