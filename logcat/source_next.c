/* From bytes to entries: lines, stamps, and pieces joined. */
#include "base/clock.h"
#include "base/message.h"
#include "base/utf8.h"
#include "logcat/order.h"
#include "logcat/pool.h"
#include "logcat/usual.h"
#include "rotate/archive.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    BUFFER_SPACE = 1 << 14, /* bytes that must be free for the next read */
};

static bool make_room(struct source *s)
{
    if (s->capacity - s->end > BUFFER_SPACE)
        return true;
    s->kept &= s->begin == 0;
    if (s->begin > 0) {
        memmove(s->data, s->data + s->begin, s->end - s->begin);
        s->end -= s->begin;
        s->scanned -= s->begin;
        s->begin = 0;
    }
    if (s->capacity - s->end > BUFFER_SPACE)
        return true;
    char *data = realloc(s->data, s->capacity * 2);
    if (!data)
        return false;
    s->data = data;
    s->capacity *= 2;
    return true;
}

static struct timespec file_time(const struct source *s)
{
    struct archive a;
    struct stat st;
    const char *file = reader_file(s->reader);
    const char *base = file ? strrchr(file, '/') : NULL;
    if (base && archive_parse(base + 1, &a) == 0)
        return a.time;
    if (file && stat(file, &st) == 0)
        return st.st_mtim;
    return clock_wall();
}

static struct timespec guess_time(struct source *s)
{
    struct stamp stamp;
    const char *at = s->data + s->begin, *end = s->data + s->end, *newline;
    for (; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1)
        if (stamp_parse(at, (size_t)(newline - at), &stamp) == 0)
            return stamp.time;
    return file_time(s);
}

/* Lines are missing at the offset. Where the bytes are kept, they are to be read again. */
static void note_hole(struct source *s, bool hole, size_t offset)
{
    s->holed = hole;
    s->hole = offset;
    s->kept &= !hole;
}

/* Whether the next line comes behind lines that are missing, and pieces wait for their rest. */
static bool is_at_hole(const struct source *s)
{
    return s->holed && s->begin == s->hole && source_has_pieces(s);
}

/* Reads more bytes. Two stay free: for a newline where a file ended without one, and a final NUL.
 * False: there are none for now. */
static bool fill(struct source *s)
{
    trace_keep(&s->trace);
    s->holed = false;
    if (s->begin == s->end && !(s->mode == SOURCE_COUNTING && s->kept))
        s->begin = s->scanned = s->end = 0;
    while (s->reader) {
        struct error e = ERROR_INIT;
        if (!make_room(s)) {
            message_warning("out of memory for a line of %s", s->path);
            s->broken = true;
            return false;
        }
        if (pool_use(s, &e) < 0) {
            source_say(s, e.text);
            if (reader_is_parked(s->reader))
                return false;
        }
        char *at = s->data + s->end;
        ssize_t n = reader_read(s->reader, at, s->capacity - s->end - 2, &e);
        bool gap = reader_gap(s->reader), hole = reader_hole(s->reader);
        size_t before = s->end;
        if (n < 0) {
            source_say(s, e.text);
            n = 0;
        } else if (n == 0 && !gap) {
            return false;
        }
        if (gap && s->end > s->begin) {
            memmove(at + 1, at, (size_t)n);
            *at = '\n';
            n++;
            before++;
        }
        s->end += (size_t)n;
        if (n > 0) {
            note_hole(s, hole, before);
            order_file(s, s->end - s->begin > (size_t)n);
            s->read_at = clock_monotonic();
            if (!s->stamps) {
                s->kept &= s->end == (size_t)n;
                s->guess = guess_time(s);
            }
            return true;
        }
    }
    return false;
}

struct line {
    char *text;
    size_t length;
    bool cut;
};

static bool take_line(struct source *s, size_t stop, bool newline, bool cut, struct line *line)
{
    *line = (struct line){s->data + s->begin, stop - s->begin, cut};
    if (s->mode != SOURCE_COUNTING) /* after counting, the same bytes may be read again */
        s->data[stop] = '\0';
    s->begin = s->scanned = newline ? stop + 1 : stop;
    s->lines++;
    return true;
}

/* Takes a part of a line that is too long, up to the end of a character. */
static bool take_part(struct source *s, struct line *line)
{
    size_t torn = utf8_torn(s->data + s->begin, s->end - s->begin);
    char *stop = s->data + s->end - torn;
    s->kept = false;
    memmove(stop + 1, stop, torn); /* for the final NUL */
    s->end++;
    return take_line(s, s->end - torn - 1, true, true, line);
}

/* Leaves out usual lines without the needle, as long as no other line depends on them. */
static void skip_lines(struct source *s)
{
    char *newline;
    if (source_has_pieces(s))
        return;
    while (s->end - s->begin > USUAL_LINE_LEAST && usual_line(s->data + s->begin) &&
           (newline = usual_newline(s->data + s->begin, s->data + s->end))) {
        size_t next = (size_t)(newline - s->data) + 1;
        const char *message = s->data + s->begin + USUAL_LINE_LEAST - 1;
        if (s->end - next < USUAL_LINE_LEAST || !usual_line(s->data + next) || message > newline ||
            pattern_may(s->needle, message, (size_t)(newline - message)))
            return;
        s->begin = s->scanned = next;
        s->lines++;
        trace_reset(&s->trace);
    }
}

/* In a survey: passes over usual lines that are in order. */
static void survey_lines(struct source *s)
{
    struct timespec first, last;
    char *line = s->data + s->begin, *end = s->data + s->end, *newline, *previous = NULL;
    unsigned long long count = 0;
    if (source_has_pieces(s))
        return;
    while (end - line > USUAL_LINE_LEAST && usual_line(line) &&
           (newline = usual_newline(line, end)) && newline - line >= USUAL_LINE_LEAST - 1 &&
           (!previous || usual_next(previous, line))) {
        previous = line;
        line = newline + 1;
        count++;
    }
    if (count < 2 || stamp_time(s->data + s->begin, USUAL_LINE_LEAST, &first) < 0 ||
        stamp_time(previous, USUAL_LINE_LEAST, &last) < 0)
        return;
    if (!order_can_go(s, &first, &last))
        return;
    order_pass_over(s, &first, &last);
    size_t size = (size_t)(line - s->data) - s->begin;
    s->begin = s->scanned = s->begin + size;
    s->lines += count;
    order_keep_block(s, size, &first, &last);
}

static bool next_line(struct source *s, bool final, struct line *line)
{
    while (!is_at_hole(s)) {
        if (s->mode == SOURCE_SURVEYING)
            survey_lines(s);
        else if (s->needle && s->steps == 0)
            skip_lines(s);
        char *newline = usual_newline(s->data + s->scanned, s->data + s->end);
        if (newline)
            return take_line(s, (size_t)(newline - s->data), true, false, line);
        s->scanned = s->end;
        if (s->end - s->begin >= SOURCE_LINE_MAX)
            return take_part(s, line);
        if (fill(s))
            continue;
        return final && s->end > s->begin && take_line(s, s->end, false, false, line);
    }
    return false;
}

static void take_pieces(struct source *s, int stream, bool cut)
{
    struct str *p = &s->pieces[stream].text;
    s->entry = (struct entry){.time = s->pieces[stream].time,
                              .stamped = true,
                              .cut = cut,
                              .continues = s->pieces[stream].continues,
                              .traced = s->pieces[stream].traced,
                              .stream = (enum stamp_stream)stream,
                              .message = p->data,
                              .length = p->length};
    s->used = stream;
    order_place(s, &s->last);
}

/* Whether a line came together with the one before it. */
static bool is_near(const struct source *s, const struct timespec *before, const struct stamp *t)
{
    int64_t passed = t->form == STAMP_NONE ? 0 : clock_between(before, &t->time);
    return passed >= 0 && passed < SOURCE_TOGETHER && (t->form == STAMP_NONE || s->any);
}

/* Whether a line belongs, by its form, to the trace before it. */
static bool is_traced(struct source *s, const struct timespec *before, const struct stamp *t,
                      const char *message, size_t length)
{
    if (s->mode == SOURCE_SURVEYING)
        return false;
    if (s->trace.state != TRACE_NONE && (t->stream != s->trace_stream || !is_near(s, before, t)))
        trace_reset(&s->trace);
    bool same = t->stream == s->trace_stream;
    s->trace_stream = t->stream;
    return trace_continues(&s->trace, message, length) && same && s->any && is_near(s, before, t);
}

/* Adds a stamped line to the pieces of its stream. True: they are complete, and are the entry. */
static bool join(struct source *s, const struct stamp *stamp, const char *message, size_t length,
                 bool continues, bool traced)
{
    int stream = (int)stamp->stream;
    struct str *p = &s->pieces[stream].text;
    if (p->length == 0) {
        s->pieces[stream].time = stamp->time;
        s->pieces[stream].continues = continues;
        s->pieces[stream].traced = traced;
    }
    if (str_add(p, message, length) < 0) {
        message_warning("out of memory for a line of %s", s->path);
        s->broken = true;
    }
    bool over = p->length >= SOURCE_LINE_MAX;
    if (stamp->partial && !over)
        return false;
    take_pieces(s, stream, stamp->partial != 0);
    s->torn = stamp->partial ? utf8_torn(p->data, p->length) : 0;
    s->entry.length -= s->torn;
    memcpy(s->torn_bytes, p->data + s->entry.length, s->torn);
    p->data[s->entry.length] = '\0';
    return true;
}

/* Reads a line. True: it is the entry, or completes it; false: it is a piece. */
static bool read_line(struct source *s, struct line *line)
{
    struct stamp stamp;
    struct timespec before = s->last;
    bool known = s->stamps;
    if (stamp_parse(line->text, line->length, &stamp) < 0)
        stamp = (struct stamp){.form = STAMP_NONE};
    bool stamped = stamp.form != STAMP_NONE;
    char *message = line->text + stamp.length;
    size_t length = line->length - stamp.length;
    order_line(s, &stamp, message);
    bool joined = stamped && s->pieces[stamp.stream].text.length > 0;
    bool indented = order_is_indented(message);
    bool continues =
        s->any && (stamped ? known && indented && is_near(s, &before, &stamp) : known || indented);
    bool traced = !joined && is_traced(s, &before, &stamp, message, length) && !continues;
    if (joined || (stamped && stamp.partial))
        return join(s, &stamp, message, length, continues || traced, traced);
    struct timespec time = stamped ? stamp.time : known ? s->last : s->guess;
    s->entry = (struct entry){.time = time,
                              .stamped = stamped,
                              .cut = line->cut,
                              .continues = continues || traced,
                              .traced = traced,
                              .stream = stamp.stream,
                              .message = message,
                              .length = length};
    order_place(s, &time);
    return true;
}

int source_next(struct source *s, bool final)
{
    struct line line;
    if (s->used >= 0) {
        str_clear(&s->pieces[s->used].text);
        str_add(&s->pieces[s->used].text, s->torn_bytes, s->torn);
    }
    s->used = -1;
    s->torn = 0;
    while (next_line(s, final, &line)) {
        if (read_line(s, &line))
            return 1;
    }
    bool ends = final || is_at_hole(s);
    for (int i = 0; ends && i < SOURCE_STREAMS; i++) {
        if (s->pieces[i].text.length > 0) {
            take_pieces(s, i, false);
            return 1;
        }
    }
    s->dirty = false;
    return 0;
}

void source_rate(struct source *s)
{
    struct entry *e = &s->entry;
    const struct severity_format *f = severity_find(e->message, e->length, &e->severity);
    bool inherits = e->continues && s->rated_head == e->head && s->severity != SEVERITY_UNKNOWN;
    if (inherits && !(f && f->fixed > s->severity))
        e->severity = s->severity;
    s->severity = e->severity;
    s->rated_head = e->head;
}

struct timespec source_key(const struct source *s)
{
    const struct timespec *key = &s->entry.order;
    if (s->met < s->steps && clock_compare(&s->lowest[s->met], key) < 0)
        key = &s->lowest[s->met];
    return *key;
}
