/* The event log: lines of docs/event-log.md, put into a pipe that the logger .init reads. Never
 * waits; lines that do not fit are counted and told by the next. */
#ifndef SUPERVISOR_EVENT_LOG_H
#define SUPERVISOR_EVENT_LOG_H

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

/* The same of something that was at that time. */
void event_log_write_at(struct event_log *log, const struct timespec *when, const char *event,
                        const char *service, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void event_log_write(struct event_log *log, const char *event, const char *service,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
