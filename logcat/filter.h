/* Which entries logcat shows. */
#ifndef LOGCAT_FILTER_H
#define LOGCAT_FILTER_H

#include "base/error.h"
#include "logcat/entry.h"
#include "logcat/pattern.h"
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct filter_pattern {
    struct pattern pattern;
    bool exclude;
};

struct filter {
    struct filter_pattern *pattern;
    size_t count;
    size_t includes;          /* how many of them are not excludes */
    struct timespec since;    /* {0, 0}: from the beginning */
    struct timespec until;    /* {0, 0}: to the end; exclusive */
    enum stamp_stream stream; /* STREAM_UNKNOWN: any */
};

#define FILTER_INIT                                                                                \
    {                                                                                              \
        .pattern = NULL                                                                            \
    }

/* Adds an extended regular expression (text is kept, not copied). An entry must match one of those
 * that are not exclude, if there are any, and none of the others. */
int filter_add(struct filter *f, const char *text, bool exclude, bool ignore_case, struct error *e);
void filter_release(struct filter *f);

/* Whether anything but the time is asked of an entry, or a time is. */
bool filter_any(const struct filter *f);

/* What every line that can be shown matches; NULL: there is nothing by which to know early, or
 * lines are needed for more than that. */
const struct pattern *filter_needle(const struct filter *f);

/* FILTER_OUT: of another time or stream; FILTER_EXCLUDED: not wanted; FILTER_REST: it would be
 * shown if it matched; FILTER_MATCH: it does. */
enum filter_verdict { FILTER_OUT, FILTER_EXCLUDED, FILTER_REST, FILTER_MATCH };
enum filter_verdict filter_judge(const struct filter *f, const struct entry *entry);

/* Whether the time is before since, or not before until. */
bool filter_is_outside(const struct filter *f, const struct timespec *time);

#endif
