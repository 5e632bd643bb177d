#include "logger/console.h"
#include "base/color.h"
#include "base/message.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 16384, PREFIX_MAX = 512 };

static void set_lock(int fd, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    if (fd < 0)
        return;
    while (fcntl(fd, F_SETLKW, &lock) < 0 && errno == EINTR)
        ;
}

void console_lock(int fd)
{
    set_lock(fd, F_WRLCK);
}

void console_unlock(int fd)
{
    set_lock(fd, F_UNLCK);
}

int console_write(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n >= 0) {
            bytes += n;
            length -= (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

int console_pretty(const char *name, int width, bool color, struct str *out)
{
    return str_printf(out, "%s%s%s%-*.200s%s | ", color ? "\033[" : "", color ? color_of(name) : "",
                      color ? "m" : "", width, name, color ? "\033[0m" : "");
}

/* The prefix as it is now. */
static size_t begin_of_line(const struct console *c, char text[PREFIX_MAX])
{
    char when[16] = "";
    time_t now = c->timed ? time(NULL) : 0;
    struct tm local;
    if (c->timed && localtime_r(&now, &local) != NULL)
        strftime(when, sizeof when, "%H:%M:%S ", &local);
    snprintf(text, PREFIX_MAX, "%s%s", when, c->prefix);
    return strlen(text);
}

static int show_prefixed(struct console *c, int stream, const char *bytes, size_t length)
{
    char chunk[CHUNK], text[PREFIX_MAX];
    size_t used = 0;
    size_t prefix = begin_of_line(c, text);
    while (length > 0) {
        size_t n = line_end_in(bytes, length);
        bool ended = n < length;
        size_t head = c->stream[stream].begun ? 0 : prefix;
        n += ended;
        if (n > CHUNK - prefix) {
            n = CHUNK - prefix;
            ended = false;
        }
        if (used + head + n > CHUNK) {
            if (console_write(c->stream[stream].fd, chunk, used) < 0)
                return -1;
            used = 0;
        }
        memcpy(chunk + used, text, head);
        memcpy(chunk + used + head, bytes, n);
        used += head + n;
        bytes += n;
        length -= n;
        c->stream[stream].begun = !ended;
    }
    return console_write(c->stream[stream].fd, chunk, used);
}

static void show(struct console *c, int stream, const char *bytes, size_t length)
{
    static const char *const names[] = {"stdout", "stderr"};
    if (c->stream[stream].closed || length == 0)
        return;
    int result;
    console_lock(c->lock);
    if (c->prefix != NULL) {
        result = show_prefixed(c, stream, bytes, length);
    } else {
        result = console_write(c->stream[stream].fd, bytes, length);
        c->stream[stream].begun = line_ends_at(bytes + length - 1, 1) == 0;
    }
    int why = errno;
    console_unlock(c->lock);
    if (result < 0) {
        c->stream[stream].closed = true;
        message_warning("unable to write to the console's %s: %s; it is given up", names[stream],
                        strerror(why));
    }
}

bool console_lines(struct console *c, int stream, struct lines *l)
{
    size_t from = l->shown;
    size_t length = l->end - from;
    size_t n = line_ends_at(l->data + from, length);
    size_t begun = n > 0 ? length - n : l->end - l->start;
    if (l->limit > 0 && begun > l->limit)
        n = length;
    l->shown += n;
    show(c, stream, l->data + from, n);
    return n > 0;
}

void console_all(struct console *c, int stream, struct lines *l)
{
    size_t from = l->shown;
    l->shown = l->end;
    show(c, stream, l->data + from, l->end - from);
}
