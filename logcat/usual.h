/* Lines as our loggers write them, told by their first bytes: what is read most is looked at least.
 * Pure. */
#ifndef LOGCAT_USUAL_H
#define LOGCAT_USUAL_H

#include <stdbool.h>

enum {
    USUAL_LINE_LEAST = 41 /* bytes that are looked at: a CRI stamp, and the first of a message */
};

/* Whether the line looks as if it had a CRI stamp, is whole, and no continuation of another. */
bool usual_line(const char *line);

/* Whether the usual line b is not earlier than a, a usual line; if the time of a is one, that of b
 * is. */
bool usual_next(const char *a, const char *b);

/* As memchr for a newline from at to end, at which that of musl is slow. */
char *usual_newline(const char *at, const char *end);

#endif
