#include "logger/directory.h"
#include "base/clock.h"
#include "base/message.h"
#include "logger/kinds.h"
#include <stdio.h>
#include <string.h>

/* Of the bytes that wait, a part may have been written to the current that was deleted: it is to be
 * written again, to the next one. Where they rotated current on the way (a directory that is not
 * exact), the part before is in archives. */
static void take_back(struct disk *d)
{
    struct sink_buffer *b = &d->sink.own;
    b->written -= (uint64_t)d->dir.size < b->written ? (size_t)d->dir.size : b->written;
}

/* Looks whether somebody has deleted current or the directory. */
static enum sink_result look_after(struct disk *d)
{
    switch (logdir_loss(&d->dir)) {
    case LOGDIR_NOTHING_LOST:
        break;
    case LOGDIR_CURRENT_LOST:
        message_warning("%s/current was deleted, renamed or replaced; going on with a new one",
                        d->sink.text);
        take_back(d);
        if (d->exact)
            return SINK_TURN_DUE;
        disk_rotate(d);
        break;
    case LOGDIR_LOST:
        if (!d->exact)
            break; /* nobody makes it again: the open file takes what comes */
        message_warning("log directory %s was deleted", d->sink.text);
        return SINK_LOST;
    }
    return SINK_DONE;
}

/* An owner that was asked for a turn, and has tried it, is not asked again before bytes were
 * written: a turn that fails must not keep them from the old current. While the disk fails somebody
 * may delete current to make room, and the deleted file must not take the bytes. */
static enum sink_result flush_directory(struct sink *s)
{
    struct disk *d = disk_of(s);
    bool tried = d->tried;
    if (!disk_is_open(d))
        return SINK_DONE;
    if (d->state == DISK_FAILS && clock_monotonic() < d->retry_at)
        return SINK_WAITS;
    d->tried = false;
    if (sink_unwritten(s) > 0) {
        enum sink_result loss = d->state == DISK_FAILS ? look_after(d) : SINK_DONE;
        if (loss != SINK_DONE)
            return loss;
        bool turns = disk_needs_current(d);
        if (turns && d->exact && !tried)
            return SINK_TURN_DUE;
        if (turns && !d->exact)
            disk_rotate(d);
        if (disk_write(d) < 0)
            return SINK_WAITS;
        tried = false;
    }
    if (tried || !disk_must_rotate(d)) {
        disk_set_full(d);
        return SINK_DONE;
    }
    if (d->exact)
        return SINK_TURN_DUE;
    disk_rotate(d);
    return SINK_DONE;
}

/* A line of which a piece is dropped gets no more pieces, but its end if it has a beginning there:
 * nothing may be joined that does not belong together. */
static void drop_line(struct disk *d, const struct line *line, bool works)
{
    enum stamp_stream stream = d->sink.stream;
    const struct line end = {.bytes = "", .last = true};
    d->line[stream].lost |= d->line[stream].open && (d->sink.step->stamps & STAMP_CRI) != 0;
    d->line[stream].open = false;
    d->line[stream].dropping = !line->last;
    if (!line->last)
        return;
    d->dropped++;
    if (works && d->line[stream].lost) {
        sink_collect_line(&d->sink, &end);
        d->line[stream].lost = false;
    }
}

/* Lines that are dropped are counted; a line in pieces once. */
static void add_line(struct sink *s, const struct line *line)
{
    struct disk *d = disk_of(s);
    bool works =
        d->state != DISK_ABSENT && !(d->state == DISK_FAILS && s->rules->trouble == SINK_DROP);
    if (!works || (d->line[s->stream].dropping && !line->first)) {
        drop_line(d, line, works);
        return;
    }
    sink_collect_line(s, line);
    d->line[s->stream].dropping = false;
    d->line[s->stream].open = !line->last;
}

/* --- the beginning of a batch --- */

/* Ends lines that have no rest. There must be memory. */
static void end_lost(struct disk *d, const struct timespec *now)
{
    struct sink *s = &d->sink;
    const struct line end = {.bytes = "", .last = true};
    for (enum stamp_stream stream = STREAM_OUT; stream <= STREAM_ERR; stream++) {
        if (!d->line[stream].lost)
            continue;
        d->line[stream].lost = false;
        s->stamp_length = stamp_format(s->stamp, s->step->stamps, now, stream, 0);
        sink_collect_line(s, &end);
    }
}

/* Says in the log how many lines are missing from it. */
static void note_dropped(struct disk *d, const struct timespec *now)
{
    char text[256];
    struct sink *s = &d->sink;
    int n = snprintf(text, sizeof text, "logger %s: warning: %llu lines are missing here: %s",
                     s->rules->name, d->dropped,
                     d->why == 0 ? "there was no log directory" : strerror(d->why));
    struct line line = {.bytes = text, .length = (size_t)n, .first = true, .last = true};
    if (n <= 0 || (size_t)n >= sizeof text || sink_reserve(s, line.length, STREAM_ERR + 1) < 0)
        return;
    end_lost(d, now);
    s->stamp_length = stamp_format(s->stamp, s->step->stamps, now, STREAM_ERR, 0);
    sink_collect_line(s, &line);
    d->dropped = 0;
}

static enum sink_result begin_batch(struct sink *s, const struct timespec *now)
{
    struct disk *d = disk_of(s);
    enum sink_result result = SINK_DONE;
    if (!d->exact)
        disk_try_open(d);
    if (disk_is_open(d) && s->own.bytes.length == 0)
        result = look_after(d);
    if (d->dropped > 0 && disk_is_open(d) && d->state != DISK_FAILS && result != SINK_LOST)
        note_dropped(d, now);
    return result;
}

/* --- events --- */

void directory_urge(struct disk *d)
{
    d->retry_at = 0;
}

void directory_rotate(struct disk *d)
{
    if (!disk_is_open(d))
        return;
    d->wanted = true;
    directory_urge(d);
}

bool directory_reaped(struct disk *d, pid_t pid, int status)
{
    if (!disk_is_open(d) || !logdir_reaped(&d->dir, pid, status))
        return false;
    disk_await_helper(d);
    if (!logdir_processing(&d->dir))
        directory_urge(d);
    disk_set_full(d);
    return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

int64_t directory_due(const struct disk *d)
{
    return earlier(d->wake_at, earlier(d->period_at, d->helper_at));
}

static bool has_come(int64_t *at, int64_t now)
{
    if (*at == 0 || now < *at)
        return false;
    *at = 0;
    return true;
}

void directory_wake(struct disk *d, int64_t now)
{
    has_come(&d->wake_at, now); /* the flush that follows is the attempt */
    if (has_come(&d->period_at, now))
        directory_rotate(d);
    if (has_come(&d->helper_at, now)) {
        logdir_retry(&d->dir);
        disk_await_helper(d);
    }
}

void directory_mark(const struct disk *d, struct directory_mark *m)
{
    const struct sink_buffer *b = &d->sink.own;
    bool open = disk_is_open(d);
    *m = (struct directory_mark){
        .inode = open ? d->dir.inode : 0,
        .size = open ? d->dir.size : 0,
        .torn = open && b->bytes.length > b->written && b->written > 0 &&
                b->bytes.data[b->written - 1] != '\n',
        .stale = d->state == DISK_FAILS && d->sink.rules->trouble == SINK_DROP,
    };
}

static void close_directory(struct sink *s, bool clean)
{
    struct disk *d = disk_of(s);
    if (disk_is_open(d))
        logdir_close(&d->dir, clean && d->state != DISK_FAILS);
}

const struct sink_kind directory_kind = {
    .size = sizeof(struct disk),
    .begin = begin_batch,
    .add = add_line,
    .flush = flush_directory,
    .close = close_directory,
};
