#include "logger/outlet.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/message.h"
#include "logger/console.h"
#include "logger/kinds.h"
#include <errno.h>
#include <string.h>

struct outlet {
    struct sink sink;
    struct outlet *first; /* of the script; itself, perhaps */
    bool closed;          /* in the first: stdout is given up */
    bool blocks;          /* in the first: flushing waits for the reader of stdout */
};

static struct outlet *outlet_of(struct sink *s)
{
    return (struct outlet *)(void *)s;
}

static int open_outlet(struct sink *s, struct sink *first, struct error *e)
{
    struct outlet *o = outlet_of(s);
    (void)e;
    o->first = first == NULL ? o : outlet_of(first);
    o->blocks = s->rules->trouble != SINK_GROW;
    if (first != NULL) {
        s->buffer = first->buffer;
        s->buffer->sharers++;
    }
    return 0;
}

static void add_line(struct sink *s, const struct line *line)
{
    if (!outlet_of(s)->first->closed)
        sink_collect_line(s, line);
}

/* Writes what stdout takes without waiting. 0: all of it; 1: some is left; -1 with errno. */
static int write_some(struct sink_buffer *b)
{
    while (b->written < b->bytes.length) {
        ssize_t n = kernel_write_now(1, b->bytes.data + b->written, b->bytes.length - b->written);
        if (n < 0 && errno == EAGAIN)
            return 1;
        if (n < 0 && errno != EINTR)
            return -1;
        b->written += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Writes all, waiting for who reads stdout. 0, or -1 with errno. */
static int write_all(const struct sink *s)
{
    const char *bytes = s->buffer->bytes.data + s->buffer->written;
    size_t length = s->buffer->bytes.length - s->buffer->written;
    return s->rules->console == NULL ? fd_write_waiting(1, bytes, length)
                                     : console_put(s->rules->console, 0, bytes, length);
}

static void set_waiting(struct sink_buffer *b, bool waits)
{
    b->waits = waits;
    b->full = waits ? SIZE_MAX : SINK_FULL;
}

static void keep_rest(struct sink_buffer *b)
{
    if (b->written >= b->bytes.length / 2) {
        b->bytes.length -= b->written;
        memmove(b->bytes.data, b->bytes.data + b->written, b->bytes.length);
        b->written = 0;
    }
    set_waiting(b, true);
}

static enum sink_result flush_outlet(struct sink *s)
{
    struct outlet *o = outlet_of(s);
    if (o->first != o || sink_unwritten(s) == 0)
        return SINK_DONE;
    if (s->buffer->waits)
        return SINK_WAITS;
    int result = o->blocks ? write_all(s) : write_some(s->buffer);
    int why = errno;
    if (result > 0) {
        keep_rest(s->buffer);
        return SINK_WAITS;
    }
    sink_empty(s);
    if (result == 0)
        return SINK_DONE;
    o->closed = true;
    str_release(&s->buffer->bytes);
    message_warning("unable to write to stdout: %s; it is given up", strerror(why));
    return SINK_DONE;
}

void outlet_ready(struct sink *s)
{
    set_waiting(s->buffer, false);
}

void outlet_block(struct sink *s)
{
    outlet_of(s)->first->blocks = true;
    set_waiting(s->buffer, false);
}

const struct sink_kind outlet_kind = {
    .size = sizeof(struct outlet), .open = open_outlet, .add = add_line, .flush = flush_outlet};
