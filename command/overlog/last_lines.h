/* The last lines of a log directory, archives included, by the reader of logcat. */
#ifndef COMMAND_OVERLOG_LAST_LINES_H
#define COMMAND_OVERLOG_LAST_LINES_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { LAST_LINES_MAX = 20 };

struct last_line {
    struct timespec time; /* {0, 0}: not known */
    char *text;           /* owned; bytes as they are */
};

struct last_lines {
    struct last_line line[LAST_LINES_MAX]; /* the oldest first */
    size_t count;
};

struct last_lines_wish {
    const char *directory;        /* "": none */
    size_t most;                  /* how many lines */
    struct timespec since, until; /* stamps from since on and before until; {0, 0}: no bound */
    const char *begins;           /* only lines that begin so; NULL: all */
};

/* Fills l, whose old content is forgotten, with the last lines of those. A directory that is not
 * there has none. 0, or -1 with e. The caller releases l in both cases. */
int last_lines_read(struct last_lines *l, const struct last_lines_wish *wish, struct error *e);
/* Leaves the last line only for which is() holds, or none. */
void last_lines_only(struct last_lines *l, bool (*is)(const char *line));
void last_lines_release(struct last_lines *l);

/* Calls take with the time and text of each line with a stamp in a log directory, such as the event
 * log, that holds the text holds (NULL: of each; no characters that mean something in expressions).
 * A directory that is not there has none. 0, or -1 with e. */
int last_lines_each(const char *directory, const char *holds,
                    void (*take)(void *context, const struct timespec *time, const char *line),
                    void *context, struct error *e);
/* The same for all events of the event log. */
int last_lines_events(void (*take)(void *context, const struct timespec *time, const char *line),
                      void *context, struct error *e);

/* The log root of the container: OVERLOG_DIR or its default. */
const char *last_lines_root(void);

#endif
