/* Windows of time, from the newest to the oldest, each read forward from its beginning to its end.
 * Every line has one time and so is in one window only. */
#include "logger/back.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

enum { FIRST_WIDTH = 60 /* seconds */, MANY = 1 << 20, MORE = 1 << 15 /* bytes of messages */ };

struct windows {
    struct tail *kept; /* of each, newest first */
    size_t count;
};

static void open_all(struct view *v)
{
    merge_clear(&v->merge);
    for (size_t i = 0; i < v->count; i++) {
        struct error e = ERROR_INIT;
        if (source_open(v->source[i], READER_ALL, 0, v->filter.since, &e) < 0)
            source_say(v->source[i], e.text);
    }
}

/* The time of the newest line, wherever it is. */
static time_t newest(struct view *v)
{
    time_t most = 0;
    for (size_t i = 0; i < v->count; i++) {
        struct source *s = v->source[i];
        struct error ignored = ERROR_INIT;
        if (source_open_tail(s, 1, &ignored) < 0)
            continue;
        while (source_next(s, true) == 1) {
            const struct timespec *t = s->entry.stamped ? &s->entry.time : &s->guess;
            most = t->tv_sec > most ? t->tv_sec : most;
        }
    }
    return most;
}

static int keep(struct windows *w, struct tail *t)
{
    struct tail *grown = realloc(w->kept, (w->count + 1) * sizeof *grown);
    if (!grown)
        return -1;
    w->kept = grown;
    w->kept[w->count++] = *t;
    *t = (struct tail){0};
    return 0;
}

static void print_kept(struct view *v, struct windows *w)
{
    while (w->count > 0) {
        view_print(v, &w->kept[--w->count], false);
        tail_release(&w->kept[w->count]);
    }
    free(w->kept);
}

void back_show(struct view *v, bool reverse, unsigned long long lines)
{
    const struct filter asked = v->filter;
    struct windows w = {NULL, 0};
    unsigned long long missing = lines > 0 ? lines : SIZE_MAX;
    time_t top = (asked.until.tv_sec ? asked.until.tv_sec : newest(v)) + 1;
    time_t width = FIRST_WIDTH;
    /* Opening costs by the source, keeping by the byte. */
    const size_t many = MANY + MORE * v->count;
    v->tailing = true;
    for (bool last = false; !last && missing > 0 && !v->output.ended;) {
        last = top - width <= asked.since.tv_sec + 1;
        v->filter.since = last ? asked.since : (struct timespec){top - width, 0};
        tail_clear(&v->tail);
        v->tail.most = (size_t)missing;
        open_all(v);
        if (!view_gather(v, false, lines > 0 || width == 1 ? 0 : many)) {
            width = width > 8 ? width / 8 : 1;
            last = false;
            continue;
        }
        size_t count = v->tail.count, bytes = v->tail.bytes;
        missing -= count;
        if (reverse)
            view_print(v, &v->tail, true);
        else if (keep(&w, &v->tail) < 0)
            v->failed = ENOMEM;
        top -= width;
        v->filter.until = (struct timespec){top, 0};
        width *= count == 0 ? 8 : bytes < many / 4 ? 2 : 1;
    }
    print_kept(v, &w);
    v->filter = asked;
    output_flush(&v->output);
}
