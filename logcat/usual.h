/* Recognises lines as our loggers write them by a few of their first bytes: most lines are such,
 * and need no parsing. Pure. */
#ifndef LOGCAT_USUAL_H
#define LOGCAT_USUAL_H

#include <stdbool.h>

enum {
    USUAL_LINE_LEAST = 41 /* bytes that are looked at: a CRI stamp, and one byte of the message */
};

/* Whether the line, of USUAL_LINE_LEAST bytes or more, has the shape of a whole line with a CRI
 * stamp that continues no other. Digits of its stamp are not looked at. */
bool usual_line(const char *line);

/* Whether b is a usual line with a valid time that is not earlier than the time of the usual line
 * a. The time of a is taken to be valid. */
bool usual_next(const char *a, const char *b);

/* The first newline from at to end, or NULL: a memchr, as that of musl is slow. */
char *usual_newline(const char *at, const char *end);

#endif
