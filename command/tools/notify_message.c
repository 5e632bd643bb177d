#include "command/tools/notify_message.h"
#include "base/utf8.h"
#include <stdio.h>
#include <string.h>

/* The value, of *length bytes, if the line is of that name; else NULL. */
static const char *value_of(const char *line, size_t *length, const char *name)
{
    size_t n = strlen(name);
    if (*length <= n || memcmp(line, name, n) != 0 || line[n] != '=')
        return NULL;
    *length -= n + 1;
    return line + n + 1;
}

static bool is(const char *line, size_t length, const char *name, const char *wanted)
{
    const char *value = value_of(line, &length, name);
    return value != NULL && length == strlen(wanted) && memcmp(value, wanted, length) == 0;
}

static void take_line(struct notify_message *m, const char *line, size_t length)
{
    size_t n = length;
    const char *status = value_of(line, &n, "STATUS");
    m->ready |= is(line, length, "READY", "1");
    m->reloading |= is(line, length, "RELOADING", "1");
    m->stopping |= is(line, length, "STOPPING", "1");
    if (is(line, length, "WATCHDOG", "trigger"))
        m->watchdog = NOTIFY_TRIGGER;
    else if (is(line, length, "WATCHDOG", "1") && m->watchdog == NOTIFY_NO_SIGN)
        m->watchdog = NOTIFY_ALIVE;
    if (status == NULL)
        return;
    if (n >= sizeof m->status) {
        n = sizeof m->status - 1;
        n -= utf8_torn(status, n);
    }
    m->has_status = true;
    memcpy(m->status, status, n);
    m->status[n] = '\0';
}

void notify_parse(struct notify_message *m, const char *bytes, size_t length)
{
    *m = (struct notify_message){.ready = false};
    if (length > NOTIFY_MESSAGE_MAX)
        return;
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t n = end == NULL ? length : (size_t)(end - bytes);
        take_line(m, bytes, n);
        n += end != NULL;
        bytes += n;
        length -= n;
    }
}

bool notify_take(struct notify_state *s, const struct notify_message *m)
{
    struct notify_state before = *s;
    if (m->ready)
        s->reloading = false;
    s->reloading |= m->reloading;
    s->stopping |= m->stopping;
    if (m->has_status)
        memcpy(s->status, m->status, sizeof s->status);
    return s->reloading != before.reloading || s->stopping != before.stopping ||
           strcmp(s->status, before.status) != 0;
}

size_t notify_line(const struct notify_state *s, char out[NOTIFY_LINE_MAX])
{
    const char *what = s->stopping ? "stopping" : s->reloading ? "reloading" : "";
    bool both = what[0] != '\0' && s->status[0] != '\0';
    out[0] = '\0';
    if (what[0] == '\0' && s->status[0] == '\0')
        return 0;
    return (size_t)snprintf(out, NOTIFY_LINE_MAX, "%s%s%s\n", what, both ? ": " : "", s->status);
}
