/* What logcat is asked for. */
#ifndef LOGCAT_REQUEST_H
#define LOGCAT_REQUEST_H

#include "base/command.h"
#include "logcat/logdirs.h"
#include "logcat/render.h"
#include <stdbool.h>

struct request {
    bool follow, list, boot, previous, ignore_case, lines_said, all_lines, no_prefix, utc, whole,
        reverse, unit_events;
    unsigned long long lines, before, after;
    const char *since, *until, *color, *time_format, *heading;
    enum render_form form;
    enum stamp_stream stream;
    struct words include, exclude, marks, without, operands;
    struct logdirs logdirs;
    bool unreadable;
};

extern const char request_options[];

/* Options may stand behind service names: nothing is chain-loaded here. 0, or the exit code after
 * saying what is wrong. */
int request_parse(struct invocation *c, struct request *q);
void request_release(struct request *q);

#endif
