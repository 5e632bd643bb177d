#include "logcat/output.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_LARGE = 1 << 16 };

void output_pass(struct output *o)
{
    if (o->buffer.length >= OUTPUT_LARGE)
        output_flush(o);
}

/* Waits until the output can be written to. False: the interrupt came. A pipe that is ready takes
 * PIPE_BUF bytes without blocking, so a reader that stands still cannot keep us from the interrupt.
 */
static bool wait_ready(struct output *o)
{
    struct pollfd p[] = {{.fd = o->fd, .events = POLLOUT}, {.fd = o->interrupt, .events = POLLIN}};
    while (poll(p, 2, -1) < 0)
        if (errno != EINTR)
            return true;
    return p[1].revents == 0;
}

static bool fits(const struct output *o)
{
    size_t rows = 0;
    const char *at = o->buffer.data, *end = at + o->buffer.length;
    while (at < end && rows <= o->rows) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        rows += (size_t)(next - at) / (o->columns + 1) + 1;
        at = next;
    }
    return rows <= o->rows;
}

void output_flush(struct output *o)
{
    size_t at = 0;
    if (o->full && fits(o))
        return;
    if (o->full)
        o->full(o);
    while (at < o->buffer.length && !o->ended) {
        size_t size = o->buffer.length - at;
        if (o->interrupt >= 0) {
            if (!wait_ready(o)) {
                o->ended = true;
                break;
            }
            if (size > PIPE_BUF)
                size = PIPE_BUF;
        }
        ssize_t n = write(o->fd, o->buffer.data + at, size);
        if (n >= 0) {
            at += (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd p = {.fd = o->fd, .events = POLLOUT};
            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            o->ended = true;
            o->failed = errno == EPIPE ? 0 : errno;
        }
    }
    str_clear(&o->buffer);
}

void output_look(struct output *o)
{
    struct pollfd p = {.fd = o->interrupt, .events = POLLIN};
    if (o->interrupt >= 0 && poll(&p, 1, 0) > 0)
        o->ended = true;
}

void output_release(struct output *o)
{
    str_release(&o->buffer);
}
