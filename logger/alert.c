/* The action `2`: an alert. */
#include "base/file.h"
#include "logger/console.h"
#include "logger/kinds.h"

enum { DOTS = 3 };

/* An alert that cannot be written is lost: it is for whoever looks now. */
static void write_alert(struct sink *s, const struct line *line)
{
    struct str *out = &s->buffer->bytes;
    size_t limit = (size_t)s->step->settings.alert_bytes;
    bool cut = limit > 0 && line->length > limit + DOTS;
    str_clear(out);
    if (str_printf(out, "%s: alert: ", s->rules->name) < 0 || sink_reserve(s, line->length, 1) < 0)
        return;
    sink_collect(s, line, cut ? limit : 0);
    if (str_add_text(out, cut ? "...\n" : "\n") < 0)
        str_clear(out);
    else if (s->rules->console == NULL)
        fd_write_waiting(2, out->data, out->length);
    else
        console_message(s->rules->console, 1, out->data, out->length);
    str_clear(out);
}

const struct sink_kind alert_kind = {.size = sizeof(struct sink), .add = write_alert};
