#include "logger/route.h"
#include "logger/directory.h"
#include "logger/kinds.h"
#include <stdlib.h>

enum {
    LINES_AT_ONCE = 64, /* for which memory is taken together, at most */
    LINE_USUAL = 32     /* bytes: few lines are shorter */
};

int route_open(struct route *r, const struct script *script, const struct sink_rules *rules,
               struct error *e)
{
    bool has_own = script->own.text != NULL;
    size_t count = script->count + has_own;
    struct sink *out = NULL;
    *r = (struct route){
        .rules = rules, .sink = calloc(count > 0 ? count : 1, sizeof *r->sink), .joins = count > 0};
    if (r->sink == NULL)
        return error_system(e, "unable to prepare the logging script");
    for (size_t i = 0; i < count; i++) {
        const struct script_step *step = i < script->count ? &script->step[i] : &script->own;
        struct sink *s = sink_make(rules, step, step->kind == SCRIPT_STDOUT ? out : NULL, e);
        if (s == NULL) {
            route_close(r, false);
            return -1;
        }
        r->sink[r->count++] = s;
        if (out == NULL && step->kind == SCRIPT_STDOUT)
            out = s;
        r->selects |= s->kind->select != NULL;
        r->joins &= s->kind == &directory_kind && (step->stamps & STAMP_CRI) != 0;
    }
    if (has_own) {
        r->own = disk_of(r->sink[count - 1]);
        r->own->exact = true;
    }
    return 0;
}

struct disk *route_directory(const struct route *r, size_t *next)
{
    while (*next < r->count) {
        struct sink *s = r->sink[(*next)++];
        if (s->kind == &directory_kind)
            return disk_of(s);
    }
    return NULL;
}

enum sink_result route_begin(struct route *r, enum stamp_stream stream, const struct timespec *now)
{
    enum sink_result result = SINK_DONE;
    for (size_t i = 0; i < r->count; i++)
        result = sink_begin(r->sink[i], stream, now);
    return r->own == NULL ? SINK_DONE : result; /* the exact one comes last */
}

/* --- lines --- */

static void add_selected(struct route *r, const struct line *line)
{
    bool selected = true;
    bool taken = false;
    for (size_t i = 0; i < r->count; i++) {
        struct sink *s = r->sink[i];
        if (s->kind->select != NULL) {
            selected = s->kind->select(s, r->subject.data, selected, taken);
        } else if (selected) {
            sink_add(s, line);
            taken = true;
        }
    }
}

static void add_line(struct route *r, const struct line *line)
{
    if (r->selects) {
        str_clear(&r->subject);
        str_add(&r->subject, line->bytes, line->length); /* reserved */
        add_selected(r, line);
        return;
    }
    for (size_t i = 0; i < r->count; i++)
        sink_add(r->sink[i], line);
}

/* Memory for length bytes in so many lines. */
static int reserve(struct route *r, size_t length, size_t lines)
{
    if (r->selects && str_reserve(&r->subject, length) < 0)
        return -1;
    for (size_t i = 0; i < r->count; i++)
        if (sink_reserve(r->sink[i], length, lines) < 0)
            return -1;
    return 0;
}

/* The next line, with memory for it; reserved: for how many lines there is some. 1, 0 when more
 * bytes are needed, or -1 for lack of memory. */
static int next_line(struct route *r, struct lines *l, size_t *reserved, struct line *line)
{
    if (*reserved == 0) {
        size_t length = l->end - l->start;
        size_t lines = length / LINE_USUAL + 1;
        *reserved = lines < LINES_AT_ONCE ? lines : LINES_AT_ONCE;
        if (reserve(r, length, *reserved) < 0)
            return -1;
    }
    --*reserved;
    return lines_next(l, line);
}

static bool is_full(const struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (sink_is_full(r->sink[i]))
            return true;
    return false;
}

/* Only a flush can begin a hold. */
int route_lines(struct route *r, struct lines *l)
{
    struct line line;
    size_t reserved = 0;
    int more = 0;
    if (route_holds(r))
        return 0;
    while ((more = next_line(r, l, &reserved, &line)) > 0) {
        add_line(r, &line);
        if (is_full(r))
            return 1;
    }
    return more;
}

int route_repeat(struct route *r, struct lines *l, size_t bytes)
{
    struct sink_buffer *b = &r->own->sink.own;
    struct line line;
    size_t reserved = 0;
    int more = 0;
    while (b->bytes.length < bytes && (more = next_line(r, l, &reserved, &line)) > 0)
        add_line(r, &line);
    if (more < 0)
        return -1;
    b->written = bytes;
    if (bytes >= b->bytes.length)
        sink_empty(&r->own->sink);
    return 0;
}

enum sink_result route_flush(struct route *r)
{
    enum sink_result result = SINK_DONE, of_own = SINK_DONE;
    for (size_t i = 0; i < r->count; i++) {
        of_own = sink_flush(r->sink[i]);
        if (of_own == SINK_WAITS)
            result = SINK_WAITS;
    }
    bool asks = of_own == SINK_TURN_DUE || of_own == SINK_LOST;
    return asks ? of_own : result; /* the exact one comes last */
}

/* --- state --- */

bool route_is_empty(const struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (sink_unwritten(r->sink[i]) > 0)
            return false;
    return true;
}

bool route_is_settled(const struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (!sink_is_settled(r->sink[i]))
            return false;
    return true;
}

bool route_waits(const struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->sink[i]->buffer->waits)
            return true;
    return false;
}

bool route_holds(const struct route *r)
{
    return r->count > 0 && r->rules->trouble == SINK_HOLD && route_waits(r);
}

bool route_processing(const struct route *r)
{
    struct disk *d;
    for (size_t i = 0; (d = route_directory(r, &i)) != NULL;)
        if (logdir_processing(&d->dir))
            return true;
    return false;
}

bool route_busy(const struct route *r)
{
    struct disk *d;
    for (size_t i = 0; (d = route_directory(r, &i)) != NULL;)
        if (logdir_busy(&d->dir))
            return true;
    return false;
}

/* --- events --- */

int64_t route_due(const struct route *r)
{
    int64_t first = 0;
    struct disk *d;
    for (size_t i = 0; (d = route_directory(r, &i)) != NULL;) {
        int64_t due = directory_due(d);
        if (due != 0 && (first == 0 || due < first))
            first = due;
    }
    return first;
}

void route_wake(struct route *r, int64_t now)
{
    struct disk *d;
    for (size_t i = 0; (d = route_directory(r, &i)) != NULL;)
        directory_wake(d, now);
}

void route_urge(struct route *r)
{
    struct disk *d;
    for (size_t i = 0; (d = route_directory(r, &i)) != NULL;)
        directory_urge(d);
}

void route_rotate(struct route *r)
{
    struct disk *d;
    for (size_t i = 0; (d = route_directory(r, &i)) != NULL;)
        directory_rotate(d);
}

bool route_reaped(struct route *r, pid_t pid, int status)
{
    struct disk *d;
    for (size_t i = 0; (d = route_directory(r, &i)) != NULL;)
        if (directory_reaped(d, pid, status))
            return true;
    return false;
}

/* --- the end --- */

void route_shrink(struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->sink[i]->own.bytes.length == 0)
            str_release(&r->sink[i]->own.bytes);
    str_release(&r->subject);
}

void route_close(struct route *r, bool clean)
{
    for (size_t i = 0; i < r->count; i++)
        sink_close(r->sink[i], clean);
    free(r->sink);
    str_release(&r->subject);
    *r = (struct route){.sink = NULL};
}
