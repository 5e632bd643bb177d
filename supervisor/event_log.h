/* The event log: lines of docs/event-log.md, put into a pipe that the logger .init reads. Never
 * waits; lines that do not fit are counted and told by the next. */
#ifndef SUPERVISOR_EVENT_LOG_H
#define SUPERVISOR_EVENT_LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <time.h>

struct event_log {
    int fd; /* write end; -1: events are not kept */
    unsigned long lost;
};

enum { EVENT_LINE_MAX = 1024 };

/* Pure: one line with its newline into out; its length. service NULL: none. details is the text of
 * further key=value words, or "". A value too long is cut. */
size_t event_line(char out[EVENT_LINE_MAX], const struct timespec *t, const char *event,
                  const char *service, const char *details);

/* Writes such a line; format and list make its details. Nothing where events are not kept. */
void event_log_write(struct event_log *log, const struct timespec *when, const char *event,
                     const char *service, const char *format, va_list list)
    __attribute__((format(printf, 5, 0)));

#endif
