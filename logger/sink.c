#include "logger/sink.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "logger/console.h"
#include "logger/disk.h"
#include "logger/outlet.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_MODE = 0644 };

int sink_init(struct sink *s, const struct sink_rules *rules, const struct script_step *step,
              struct sink *first, struct error *e)
{
    *s = (struct sink){.rules = rules,
                       .kind = step->kind,
                       .text = step->text,
                       .settings = step->settings,
                       .stamps = step->stamps,
                       .first = s,
                       .room = {.fd = 1, .ready = outlet_ready}};
    disk_init(s);
    if (step->kind == SCRIPT_STDOUT && first != NULL)
        s->first = first;
    s->first->sharers++;
    if ((s->kind != SCRIPT_SELECT && s->kind != SCRIPT_DESELECT) || *s->text == '\0')
        return 0;
    s->regex = malloc(sizeof *s->regex);
    if (s->regex == NULL)
        return error_system(e, "unable to keep a regular expression");
    if (regcomp(s->regex, s->text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) == 0)
        return 0;
    free(s->regex);
    s->regex = NULL;
    return error_set(e, EXIT_USAGE, "unrecognized directive: %c%s",
                     s->kind == SCRIPT_SELECT ? '+' : '-', s->text);
}

/* --- lines --- */

/* Lines are short: for them the C library's copy costs more to start than to run. */
static void copy_short(char *to, const char *from, size_t length)
{
    enum { BLOCK = 16 };
    if (length < BLOCK) {
        for (size_t i = 0; i < length; i++)
            to[i] = from[i];
        return;
    }
    size_t i = 0;
    for (; i + BLOCK <= length; i += BLOCK)
        memcpy(to + i, from + i, BLOCK);
    memcpy(to + length - BLOCK, from + length - BLOCK, BLOCK);
}

static void copy_bytes(char *to, const char *from, size_t length)
{
    if (length <= 1024)
        copy_short(to, from, length);
    else
        memcpy(to, from, length);
}

/* Stamps, prefix, at most limit bytes of the line; 0 is no limit. */
static void add_line(struct sink *s, const struct line *line, size_t limit)
{
    size_t length = limit > 0 && line->length > limit ? limit : line->length;
    struct str *o = &s->first->out;
    copy_bytes(o->data + o->length, s->stamp, s->stamp_length);
    o->length += s->stamp_length;
    if (!line->last && s->stamps & STAMP_CRI)
        o->data[o->length - 2] = 'P'; /* CRI comes last */
    if (s->settings.prefix != NULL) {
        size_t n = strlen(s->settings.prefix);
        memcpy(o->data + o->length, s->settings.prefix, n);
        o->length += n;
        o->data[o->length++] = ' ';
    }
    copy_bytes(o->data + o->length, line->bytes, length);
    o->length += length;
}

static void alert(struct sink *s, const struct line *line)
{
    enum { DOTS = 3 };
    size_t limit = (size_t)s->settings.alert_bytes;
    bool cut = limit > 0 && line->length > limit + DOTS;
    str_clear(&s->out);
    if (str_printf(&s->out, "%s: alert: ", s->rules->name) < 0 ||
        sink_reserve(s, line->length, 1) < 0)
        return;
    add_line(s, line, cut ? limit : 0);
    if (str_add_text(&s->out, cut ? "...\n" : "\n") == 0)
        console_write(2, s->out.data, s->out.length);
    str_clear(&s->out);
}

static void replace_status(struct sink *s, const struct line *line)
{
    struct error e = ERROR_INIT;
    size_t size = (size_t)s->settings.status_bytes;
    str_clear(&s->out);
    if (sink_reserve(s, line->length, 1) < 0)
        return;
    add_line(s, line, 0);
    int bad = str_add_char(&s->out, '\n');
    if (size > 0) {
        if (s->out.length > size) {
            s->out.length = size;
        } else if (str_reserve(&s->out, size - s->out.length) == 0) {
            memset(s->out.data + s->out.length, '\n', size - s->out.length);
            s->out.length = size;
        }
    }
    if (bad == 0 &&
        file_replace(AT_FDCWD, s->text, s->out.data, s->out.length, STATUS_MODE, &e) < 0)
        message_warning("%s", e.text);
    str_clear(&s->out);
}

/* --- all --- */

/* Says in the log what is missing from it. */
static void note_dropped(struct sink *s, const struct timespec *now)
{
    char text[256];
    int n = snprintf(text, sizeof text, "logger %s: warning: %llu lines are missing here: %s",
                     s->rules->name, s->dropped,
                     s->why == 0 ? "there was no log directory" : strerror(s->why));
    struct line line = {.bytes = text, .length = (size_t)n, .first = true, .last = true};
    if (n <= 0 || (size_t)n >= sizeof text || sink_reserve(s, line.length, 1) < 0)
        return;
    s->stamp_length = stamp_format(s->stamp, s->stamps, now, STREAM_ERR, 0);
    sink_add(s, &line);
    disk_flush(s);
    if (s->state != SINK_FAILS)
        s->dropped = 0;
}

void sink_stamp(struct sink *s, enum stamp_stream stream, const struct timespec *now)
{
    if (s->state != SINK_CLOSED)
        disk_begin(s);
    if (s->dropped > 0 && sink_is_open(s) && s->state != SINK_FAILS)
        note_dropped(s, now);
    s->stamp_length = stamp_format(s->stamp, s->stamps, now, stream, 0);
}

int sink_reserve(struct sink *s, size_t length, size_t lines)
{
    size_t prefix = s->settings.prefix == NULL ? 0 : strlen(s->settings.prefix) + 1;
    /* reserved by each of those who share it: enough for all of them */
    return str_reserve(&s->first->out,
                       (length + lines * (STAMP_MAX + prefix + 1)) * s->first->sharers);
}

void sink_add(struct sink *s, const struct line *line)
{
    if (s->kind == SCRIPT_ALERT) {
        alert(s, line);
    } else if (s->kind == SCRIPT_STATUS) {
        replace_status(s, line);
    } else if (!s->first->closed && s->state != SINK_ABSENT &&
               !(s->state == SINK_FAILS && s->rules->trouble == SINK_DROP)) {
        add_line(s, line, 0);
        s->first->out.data[s->first->out.length++] = '\n';
    } else if (line->last && !s->first->closed) {
        s->dropped++;
    }
}

void sink_flush(struct sink *s)
{
    if (s->out.length == s->written)
        return;
    if (s->kind == SCRIPT_STDOUT && !s->waiting)
        outlet_flush(s);
    else if (s->state == SINK_WORKS || s->state == SINK_UNTURNED)
        disk_flush(s);
}

bool sink_waits(const struct sink *s)
{
    return s->state == SINK_FAILS || s->waiting;
}

void sink_close(struct sink *s, bool clean)
{
    disk_close(s, clean);
    loop_unwatch(s->rules->loop, &s->room);
    str_release(&s->out);
    if (s->regex != NULL) {
        regfree(s->regex);
        free(s->regex);
        s->regex = NULL;
    }
}
