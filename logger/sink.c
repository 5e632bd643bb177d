#include "logger/sink.h"
#include <stdlib.h>
#include <string.h>

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

static inline void copy_bytes(char *to, const char *from, size_t length)
{
    if (length <= 1024)
        copy_short(to, from, length);
    else
        memcpy(to, from, length);
}

static inline void collect(struct sink *s, const struct line *line, size_t length)
{
    struct str *o = &s->buffer->bytes;
    copy_bytes(o->data + o->length, s->stamp, s->stamp_length);
    o->length += s->stamp_length;
    if (!line->last && s->step->stamps & STAMP_CRI)
        o->data[o->length - 2] = 'P'; /* CRI comes last */
    bool joined = !line->first && (s->step->stamps & STAMP_CRI) != 0;
    if (s->step->settings.prefix != NULL && !joined) {
        size_t n = strlen(s->step->settings.prefix);
        memcpy(o->data + o->length, s->step->settings.prefix, n);
        o->length += n;
        o->data[o->length++] = ' ';
    }
    copy_bytes(o->data + o->length, line->bytes, length);
    o->length += length;
}

void sink_collect(struct sink *s, const struct line *line, size_t limit)
{
    collect(s, line, limit > 0 && line->length > limit ? limit : line->length);
}

void sink_collect_line(struct sink *s, const struct line *line)
{
    struct str *o = &s->buffer->bytes;
    collect(s, line, line->length);
    o->data[o->length++] = '\n';
}

void sink_empty(struct sink *s)
{
    s->buffer->written = 0;
    str_clear(&s->buffer->bytes);
}

enum sink_result sink_begin(struct sink *s, enum stamp_stream stream, const struct timespec *now)
{
    s->stream = stream;
    enum sink_result result = s->kind->begin == NULL ? SINK_DONE : s->kind->begin(s, now);
    s->stamp_length = stamp_format(s->stamp, s->step->stamps, now, stream, 0);
    return result;
}

int sink_reserve(struct sink *s, size_t length, size_t lines)
{
    const char *prefix = s->step->settings.prefix;
    size_t more = STAMP_MAX + 1 + (prefix == NULL ? 0 : strlen(prefix) + 1);
    /* reserved by each sink that shares the buffer: enough for all of them */
    return str_reserve(&s->buffer->bytes, (length + lines * more) * s->buffer->sharers);
}

enum sink_result sink_flush(struct sink *s)
{
    return s->kind->flush == NULL ? SINK_DONE : s->kind->flush(s);
}

void sink_close(struct sink *s, bool clean)
{
    if (s->kind->close != NULL)
        s->kind->close(s, clean);
    str_release(&s->own.bytes);
    free(s);
}
