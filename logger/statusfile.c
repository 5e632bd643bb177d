/* The action `=FILE`: a status file. */
#include "base/file.h"
#include "base/message.h"
#include "logger/kinds.h"
#include <fcntl.h>
#include <string.h>

enum { STATUS_MODE = 0644 };

/* Cuts the text to size bytes, or fills it with newlines up to that; 0: as it is. 0 or -1. */
static int resize(struct str *text, size_t size)
{
    if (size == 0)
        return 0;
    if (text->length < size) {
        if (str_reserve(text, size - text->length) < 0)
            return -1;
        memset(text->data + text->length, '\n', size - text->length);
    }
    text->length = size;
    return 0;
}

/* A line that cannot be written is left to the next one. */
static void replace_file(struct sink *s, const struct line *line)
{
    struct error e = ERROR_INIT;
    struct str *out = &s->buffer->bytes;
    str_clear(out);
    if (sink_reserve(s, line->length, 1) < 0)
        return;
    sink_collect_line(s, line);
    if (resize(out, (size_t)s->step->settings.status_bytes) == 0 &&
        file_replace(AT_FDCWD, s->text, out->data, out->length, STATUS_MODE, &e) < 0)
        message_warning("%s", e.text);
    str_clear(out);
}

const struct sink_kind statusfile_kind = {.size = sizeof(struct sink), .add = replace_file};
