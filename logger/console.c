#include "logger/console.h"
#include "base/file.h"
#include "base/message.h"
#include "base/utf8.h"
#include "logger/journal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536 /* bytes that are wrapped before they are written */ };

static const char *const names[] = {"stdout", "stderr"};

/* Takes the lock that all loggers of the container share, and waits for it, or gives it back. */
static void set_lock(const struct console *c, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    while (c->lock >= 0 && fcntl(c->lock, F_SETLKW, &lock) < 0 && errno == EINTR)
        ;
}

/* --- whose line it is --- */

/* A successor of the same service has the same number: it completes what its predecessor began. */
static uint32_t number_of(const char *service, int stream)
{
    uint32_t number = 2166136261U + (uint32_t)stream;
    for (; *service != '\0'; service++)
        number = (number ^ (unsigned char)*service) * 16777619U;
    return (number & INT32_MAX) | 1;
}

int console_open(struct console *c, enum console_form form, const char *service,
                 const struct wrap_pretty *pretty)
{
    struct stat st[CONSOLE_STREAMS];
    bool known = true;
    c->shared = memory_share(c->lock, 0, CONSOLE_LOCK_SIZE); /* NULL: lines are torn, that is all */
    uint32_t *words =
        c->shared == NULL ? c->unshared : (void *)((char *)c->shared + CONSOLE_WITHIN_OFFSET);
    for (int i = 0; i < CONSOLE_STREAMS; i++) {
        bool is_open = fstat(c->stream[i].fd, &st[i]) == 0;
        known &= is_open;
        c->stream[i].pipe = is_open && S_ISFIFO(st[i].st_mode);
        c->stream[i].who = number_of(service, i);
        c->stream[i].within = words + i;
    }
    if (known && st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino)
        c->stream[1].within = words;
    return wrap_open(&c->wrap, form, service, pretty) < 0 ||
                   wrap_open(&c->own, form, CONSOLE_OWN, pretty) < 0
               ? -1
               : 0;
}

/* The bytes that may be written at once: whole lines that a pipe takes as a whole, or else the rest
 * of a longer line. */
static size_t next_part(const struct console *c, int stream, const char *bytes, size_t length)
{
    if (!c->stream[stream].pipe || length <= PIPE_BUF)
        return length;
    size_t n = line_ends_at(bytes, PIPE_BUF);
    if (n == 0)
        n = line_end_in(bytes, length) + 1;
    return n < length ? n : length;
}

/* The word after a write that failed; before: what it was. A line of which only the beginning is
 * there is nobody's: its rest is not shown. */
static uint32_t torn_word(uint32_t before, uint32_t who, const char *bytes, size_t written)
{
    if (written > 0)
        before = line_ends_at(bytes + written - 1, 1) > 0 ? 0 : who;
    return before == 0 ? 0 : who + 1;
}

/* Writes with the lock held, and keeps the word: what a kill would tear has an owner before. */
static int put(struct console *c, int stream, const char *bytes, size_t length)
{
    const uint32_t who = c->stream[stream].who;
    uint32_t *within = c->stream[stream].within;
    while (length > 0) {
        size_t n = next_part(c, stream, bytes, length);
        bool ended = line_ends_at(bytes + n - 1, 1) > 0;
        bool at_once = c->stream[stream].pipe && n <= PIPE_BUF;
        const uint32_t before = *within;
        size_t written;
        *within = ended && at_once ? 0 : who;
        if (fd_write_counting(c->stream[stream].fd, bytes, n, &written) < 0) {
            *within = torn_word(before, who, bytes, written);
            return -1;
        }
        *within = ended ? 0 : who;
        bytes += n;
        length -= n;
    }
    return 0;
}

/* The same with the lock. A begun line of others is ended first, and of ours, too, where another
 * one begins. */
static int put_locked(struct console *c, int stream, bool begins, const char *bytes, size_t length)
{
    const uint32_t who = c->stream[stream].who;
    set_lock(c, F_WRLCK);
    uint32_t within = *c->stream[stream].within;
    bool torn = within != 0 && (begins || within != who);
    int result = torn ? fd_write_waiting(c->stream[stream].fd, "\n", 1) : 0;
    if (torn && result == 0)
        *c->stream[stream].within = 0;
    if (result == 0)
        result = put(c, stream, bytes, length);
    int why = errno;
    set_lock(c, F_UNLCK);
    errno = why;
    return result;
}

void console_end_line(struct console *c, int stream)
{
    const uint32_t who = c->stream[stream].who;
    uint32_t *within = c->stream[stream].within;
    if (!c->stream[stream].begun)
        return;
    c->stream[stream].begun = false;
    set_lock(c, F_WRLCK);
    if (*within == who)
        *within = who + 1; /* nobody's */
    set_lock(c, F_UNLCK);
}

/* --- what the service writes --- */

/* A file whose disk is full may have room again; any other failure is for good. */
static void show(struct console *c, int stream, const char *bytes, size_t length)
{
    if (c->stream[stream].closed || length == 0)
        return;
    if (put_locked(c, stream, console_wraps(c), bytes, length) == 0) {
        c->stream[stream].full = false;
        return;
    }
    int why = errno;
    bool full = error_is_full_disk(why);
    bool said = full && c->stream[stream].full;
    c->stream[stream].full = full;
    c->stream[stream].closed = !full;
    if (!said)
        message_warning("unable to write to the console's %s: %s; %s", names[stream], strerror(why),
                        full ? "what does not fit is not shown" : "it is given up");
}

static void show_plain(struct console *c, int stream, struct lines *l, size_t length)
{
    const char *bytes = l->data + l->shown;
    l->shown += length;
    if (length == 0)
        return;
    show(c, stream, bytes, length);
    c->stream[stream].begun = line_ends_at(bytes + length - 1, 1) == 0;
}

/* The next line, or piece of one, that stands in l from l->shown on; all: of a begun line, too.
 * skip: bytes of the line end. False: there is none. */
static bool next_shown(const struct lines *l, bool all, struct line *line, size_t *skip)
{
    const char *bytes = l->data + l->shown;
    size_t length = l->end - l->shown;
    size_t n = line_end_in(bytes, length);
    bool over = l->limit > 0 && n > l->limit;
    bool ended = n < length && !over;
    if (over)
        n = l->limit;
    else if (!ended && !all)
        return false;
    if (!ended)
        n -= utf8_torn(bytes, n);
    *line = (struct line){.bytes = bytes, .length = n, .last = ended};
    *skip = ended;
    return n + *skip > 0;
}

static int show_wrapped(struct console *c, int stream, struct lines *l, bool all,
                        const struct timespec *now)
{
    struct line line;
    size_t skip;
    size_t from = l->shown;
    if (from == l->end)
        return 0;
    if (wrap_begin(&c->wrap, stream, now) < 0)
        return -1;
    while (next_shown(l, all, &line, &skip)) {
        line.first = !c->stream[stream].begun;
        if (wrap_line(&c->wrap, &line, &c->out) < 0)
            break;
        l->shown += line.length + skip;
        c->stream[stream].begun = !line.last;
        if (c->out.length < CHUNK)
            continue;
        show(c, stream, c->out.data, c->out.length);
        str_clear(&c->out);
    }
    bool lacks = next_shown(l, all, &line, &skip);
    show(c, stream, c->out.data, c->out.length);
    str_clear(&c->out);
    return lacks ? -1 : l->shown > from;
}

int console_lines(struct console *c, int stream, struct lines *l, const struct timespec *now)
{
    if (console_wraps(c))
        return show_wrapped(c, stream, l, false, now);
    size_t length = l->end - l->shown;
    size_t n = line_ends_at(l->data + l->shown, length);
    size_t begun = n > 0 ? length - n : l->end - l->start;
    if (l->limit > 0 && begun > l->limit)
        n = length;
    show_plain(c, stream, l, n);
    return n > 0;
}

int console_all(struct console *c, int stream, struct lines *l, const struct timespec *now)
{
    if (console_wraps(c))
        return show_wrapped(c, stream, l, true, now);
    size_t length = l->end - l->shown;
    show_plain(c, stream, l, length);
    return length > 0;
}

/* --- what others say --- */

int console_put(struct console *c, int stream, const char *bytes, size_t length)
{
    return put_locked(c, stream, true, bytes, length);
}

int console_message(struct console *c, int stream, const char *text, size_t length)
{
    struct str out = STR_INIT;
    struct timespec now = clock_wall();
    struct line line = {.bytes = text, .length = length - 1, .first = true, .last = true};
    bool wrapped = console_wraps(c) && wrap_begin(&c->own, stream, &now) == 0 &&
                   wrap_line(&c->own, &line, &out) == 0;
    int result = wrapped ? console_put(c, stream, out.data, out.length)
                         : console_put(c, stream, text, length);
    str_release(&out);
    return result;
}

/* --- the end --- */

void console_shrink(struct console *c)
{
    str_release(&c->out);
    str_release(&c->wrap.head);
    str_release(&c->own.head);
}

void console_close(struct console *c)
{
    console_shrink(c);
    wrap_close(&c->wrap);
    wrap_close(&c->own);
    if (c->shared != NULL)
        munmap(c->shared, CONSOLE_LOCK_SIZE);
    c->shared = NULL;
}
