#include "supervisor/event_log.h"
#include "base/clock.h"
#include "base/str.h"
#include "supervisor/console.h"
#include <stdio.h>

struct line {
    char *text;
    size_t length;
};

static void add_text(struct line *l, const char *text)
{
    for (; *text != '\0' && l->length < EVENT_LINE_MAX - 8; text++)
        l->text[l->length++] = *text == '\n' ? ' ' : *text;
}

static void add_name(struct line *l, const char *name)
{
    l->length += word_escape(l->text + l->length, EVENT_LINE_MAX - 8 - l->length, name);
}

size_t event_line(char out[EVENT_LINE_MAX], const struct timespec *t, const char *event,
                  const char *service, const char *details)
{
    clock_utc_format(out, t);
    struct line l = {.text = out, .length = CLOCK_UTC_LENGTH};
    add_text(&l, " ");
    add_text(&l, event);
    if (service != NULL) {
        add_text(&l, " service=");
        add_name(&l, service);
    }
    if (details[0] != '\0') {
        add_text(&l, " ");
        add_text(&l, details);
    }
    out[l.length++] = '\n';
    return l.length;
}

/* As lines were lost, that is said first. */
static bool say_lost(struct event_log *log, const struct timespec *when, char text[EVENT_LINE_MAX])
{
    char details[40];
    snprintf(details, sizeof details, "lines=%lu", log->lost);
    return console_try(log->fd, text, event_line(text, when, "lost", NULL, details));
}

void event_log_write(struct event_log *log, const struct timespec *when, const char *event,
                     const char *service, const char *format, va_list list)
{
    char details[EVENT_LINE_MAX];
    char text[EVENT_LINE_MAX];
    if (log->fd < 0)
        return;
    if (log->lost > 0 && say_lost(log, when, text))
        log->lost = 0;
    vsnprintf(details, sizeof details, format, list);
    if (!console_try(log->fd, text, event_line(text, when, event, service, details)))
        log->lost++;
}
