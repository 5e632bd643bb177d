/* Decides which entries logcat shows. */
#ifndef LOGCAT_FILTER_H
#define LOGCAT_FILTER_H

#include "base/error.h"
#include "logcat/entry.h"
#include "logcat/pattern.h"
#include "logcat/severity.h"
#include "logcat/where.h"
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct columns;

struct filter_pattern {
    struct pattern pattern;
    bool exclude; /* entries that match it are not shown */
};

struct filter {
    struct filter_pattern *pattern; /* owned */
    size_t count, room;
    size_t includes;          /* patterns without exclude */
    struct timespec since;    /* {0, 0}: from the beginning */
    struct timespec until;    /* {0, 0}: to the end; exclusive */
    enum stamp_stream stream; /* STREAM_UNKNOWN: any */
    struct severity_range severity;
    struct where *where; /* conditions, all of which are met; owned */
    size_t wheres, wheres_room;
    const struct columns *columns; /* a line must have a field of these; NULL: none; not owned */
};

#define FILTER_INIT ((struct filter){.pattern = NULL})

/* Adds an extended regular expression; text must outlive f. An entry is shown if it matches one of
 * the includes, or there are none, and matches no exclude. 0, or -1 with e. */
int filter_add(struct filter *f, const char *text, bool exclude, bool ignore_case, struct error *e);
/* Adds a condition on a field. 0, or -1 with e. */
int filter_add_where(struct filter *f, const char *text, struct error *e);
/* Frees the patterns and conditions. */
void filter_release(struct filter *f);

/* Whether the filter asks anything of an entry: a pattern, a time, a stream, a severity, a
 * field. */
bool filter_any(const struct filter *f);

/* A pattern that every line to be shown matches, so that the reader can skip other lines unparsed.
 * NULL: there is none or there are several, or the stamps of other lines are needed (until), or
 * their severities, which lines behind them inherit. */
const struct pattern *filter_needle(const struct filter *f);

/* FILTER_OUT: another time or stream, no context either; FILTER_EXCLUDED: it matches an exclude;
 * FILTER_REST: it matches no include, has another severity or other fields, and may be context;
 * FILTER_MATCH: it is to be shown. */
enum filter_verdict { FILTER_OUT, FILTER_EXCLUDED, FILTER_REST, FILTER_MATCH };
enum filter_verdict filter_judge(const struct filter *f, const struct entry *entry);

#endif
