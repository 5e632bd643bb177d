#include "logger/route.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    OUT_MAX = 131072, /* bytes collected before they are written */
    LINES_AT_ONCE = 64
};

int route_open(struct route *r, const struct script *script, const struct script_step *own,
               const struct sink_rules *rules, struct error *e)
{
    size_t count = script->count + (own != NULL);
    struct sink *out = NULL;
    *r = (struct route){.sink = calloc(count > 0 ? count : 1, sizeof *r->sink)};
    if (r->sink == NULL)
        return error_system(e, "unable to prepare the logging script");
    for (size_t i = 0; i < count; i++) {
        const struct script_step *step = i < script->count ? &script->step[i] : own;
        if (sink_init(&r->sink[i], rules, step, out, e) < 0) {
            route_close(r, false);
            return -1;
        }
        if (out == NULL && step->kind == SCRIPT_STDOUT)
            out = &r->sink[i];
        r->sink[i].exact = i == script->count;
        r->exact |= r->sink[i].exact;
        r->count++;
        r->selects |= step->kind == SCRIPT_SELECT || step->kind == SCRIPT_DESELECT ||
                      step->kind == SCRIPT_EXACT;
    }
    return 0;
}

void route_begin(struct route *r, enum stamp_stream stream, const struct timespec *now)
{
    for (size_t i = 0; i < r->count; i++)
        sink_stamp(&r->sink[i], stream, now);
}

static bool matches(const struct sink *s, const char *subject)
{
    return s->regex == NULL || regexec(s->regex, subject, 0, NULL, 0) == 0;
}

static void select_and_add(struct route *r, const struct line *line)
{
    bool selected = true;
    bool taken = false;
    for (size_t i = 0; i < r->count; i++) {
        struct sink *s = &r->sink[i];
        switch (s->kind) {
        case SCRIPT_SELECT:
            selected = selected || matches(s, r->subject.data);
            break;
        case SCRIPT_DESELECT:
            selected = selected && !matches(s, r->subject.data);
            break;
        case SCRIPT_EXACT:
            selected = !taken;
            break;
        case SCRIPT_STDOUT:
        case SCRIPT_ALERT:
        case SCRIPT_STATUS:
        case SCRIPT_DIRECTORY:
            if (selected)
                sink_add(s, line);
            taken = taken || selected;
            break;
        }
    }
}

static void add(struct route *r, const struct line *line)
{
    if (r->selects) {
        str_clear(&r->subject);
        str_add(&r->subject, line->bytes, line->length); /* reserved */
        select_and_add(r, line);
        return;
    }
    for (size_t i = 0; i < r->count; i++)
        sink_add(&r->sink[i], line);
}

/* Memory for length bytes in up to LINES_AT_ONCE lines. */
static int reserve(struct route *r, size_t length)
{
    if (r->selects && str_reserve(&r->subject, length) < 0)
        return -1;
    for (size_t i = 0; i < r->count; i++)
        if (sink_reserve(&r->sink[i], length, LINES_AT_ONCE) < 0)
            return -1;
    return 0;
}

/* The next line, with memory for it; reserved: for how many lines there is some. 1, 0 when more
 * bytes are needed, or -1 for lack of memory. */
static int next(struct route *r, struct lines *l, size_t *reserved, struct line *line)
{
    if (*reserved == 0) {
        if (reserve(r, l->end - l->start) < 0)
            return -1;
        *reserved = LINES_AT_ONCE;
    }
    --*reserved;
    return lines_next(l, line);
}

static bool is_due(const struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->sink[i].out.length - r->sink[i].written > OUT_MAX && !sink_waits(&r->sink[i]))
            return true;
    return r->exact && sink_is_due(&r->sink[r->count - 1]);
}

struct sink *route_own(const struct route *r)
{
    return r->exact ? &r->sink[r->count - 1] : NULL;
}

bool route_holds(const struct route *r)
{
    return r->count > 0 && r->sink[0].rules->trouble == SINK_HOLD && route_waits(r);
}

int route_lines(struct route *r, struct lines *l)
{
    struct line line;
    size_t reserved = 0;
    int more = 0;
    while (!route_holds(r) && (more = next(r, l, &reserved, &line)) > 0) {
        add(r, &line);
        if (is_due(r))
            route_flush(r);
    }
    if (more < 0)
        route_flush(r);
    return more < 0 ? -1 : 0;
}

int route_repeat(struct route *r, struct lines *l, size_t bytes)
{
    struct sink *own = route_own(r);
    struct line line;
    size_t reserved = 0;
    int more = 0;
    while (own->out.length < bytes && (more = next(r, l, &reserved, &line)) > 0)
        add(r, &line);
    if (more < 0)
        return -1;
    own->written = bytes < own->out.length ? bytes : own->out.length;
    return 0;
}

void route_flush(struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        sink_flush(&r->sink[i]);
    if (r->exact && !route_holds(r))
        r->sink[0].rules->commit(r->sink[0].rules->context);
}

bool route_waits(const struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (sink_waits(&r->sink[i]))
            return true;
    return false;
}

void route_retry(struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        sink_retry(&r->sink[i]);
}

void route_rotate(struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        sink_rotate(&r->sink[i]);
}

bool route_reaped(struct route *r, pid_t pid, int status)
{
    for (size_t i = 0; i < r->count; i++)
        if (sink_reaped(&r->sink[i], pid, status))
            return true;
    return false;
}

bool route_processing(const struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (sink_is_open(&r->sink[i]) && logdir_processing(&r->sink[i].dir))
            return true;
    return false;
}

bool route_busy(const struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (sink_is_open(&r->sink[i]) && logdir_busy(&r->sink[i].dir))
            return true;
    return false;
}

void route_shrink(struct route *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->sink[i].out.length == 0)
            str_release(&r->sink[i].out);
    str_release(&r->subject);
}

void route_close(struct route *r, bool clean)
{
    for (size_t i = 0; i < r->count; i++)
        sink_close(&r->sink[i], clean);
    free(r->sink);
    str_release(&r->subject);
    *r = (struct route){.sink = NULL};
}
