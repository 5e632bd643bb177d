#include "logcat/newest_first.h"
#include "base/clock.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    FIRST_WIDTH = 60,     /* seconds */
    MANY = 1 << 20,       /* bytes of messages in a window, and */
    MORE = 1 << 15,       /* so many more for each source */
    PART_FIRST = 1 << 16, /* lines of the first part */
    PART_LEAST = 1 << 10, /* lines of any part */
    PART_BYTES = 1 << 26, /* memory for a part */
    LINE_COST = 200       /* bytes that a line takes beside its message */
};

/* --- windows of time, from the newest to the oldest, each read from its beginning to its end -- */

struct windows {
    struct tail *kept; /* the entries of each window, the newest window first */
    size_t count, room;
};

static void open_window(struct view *v)
{
    for (size_t i = 0; i < v->count; i++) {
        v->source[i]->from = v->from;
        v->source[i]->to = v->to;
    }
    view_open(v);
}

/* The second after the newest line of all sources, or after the end that was asked for. */
static time_t end_of_all(const struct view *v)
{
    time_t most = 0;
    if (clock_is_set(&v->filter.until))
        return v->filter.until.tv_sec + 1;
    for (size_t i = 0; i < v->count; i++)
        if (v->source[i]->newest.tv_sec > most)
            most = v->source[i]->newest.tv_sec;
    return most + 1;
}

static int keep(struct windows *w, struct tail *t)
{
    if (LIST_ROOM(w->kept, w->count, w->room) < 0)
        return -1;
    w->kept[w->count++] = *t;
    *t = (struct tail){0};
    return 0;
}

static void print_kept(struct view *v, struct windows *w)
{
    while (w->count > 0) {
        view_print(v, &w->kept[--w->count], 0, false);
        tail_release(&w->kept[w->count]);
    }
    free(w->kept);
}

void newest_first_windows(struct view *v, bool reverse, unsigned long long lines)
{
    struct windows w = {.kept = NULL};
    unsigned long long missing = lines > 0 ? lines : SIZE_MAX;
    time_t top = end_of_all(v), width = FIRST_WIDTH;
    /* Opening a window costs for each source, keeping its entries for each byte. */
    const size_t many = MANY + MORE * v->count;
    v->tailing = true;
    for (bool last = false; !last && missing > 0 && !v->output.ended;) {
        last = top - width <= v->filter.since.tv_sec + 1;
        v->from = (struct timespec){last ? 0 : top - width, 0};
        v->to = (struct timespec){top, 0};
        tail_clear(&v->tail);
        v->tail.most = (size_t)missing;
        open_window(v);
        if (!view_gather(v, false, lines > 0 || width == 1 ? 0 : many)) {
            width = width > 8 ? width / 8 : 1;
            last = false;
            continue;
        }
        size_t count = v->tail.count, bytes = v->tail.bytes;
        missing -= count;
        if (reverse)
            view_print(v, &v->tail, 0, true);
        else if (keep(&w, &v->tail) < 0)
            v->failed = ENOMEM;
        top -= width;
        width *= count == 0 ? 8 : bytes < many / 4 ? 2 : 1;
    }
    print_kept(v, &w);
    output_flush(&v->output);
}

/* --- parts --- */

/* The number of lines to keep at once, by the average length of those seen. */
static size_t part_size(const struct tail *t)
{
    size_t average = t->pushed > 0 ? t->bytes / t->pushed : 0;
    size_t lines = PART_BYTES / (average + LINE_COST);
    return lines > PART_LEAST ? lines : PART_LEAST;
}

/* The number of lines at the beginning of a part that continue an entry of the part before. */
static size_t count_torn(const struct tail *t)
{
    size_t torn = 0;
    while (torn < t->count && tail_at(t, torn)->entry.continues)
        torn++;
    return torn < t->count ? torn : 0;
}

void newest_first_parts(struct view *v)
{
    size_t most = PART_FIRST, end = SIZE_MAX;
    v->tailing = true;
    while (end > 0 && !v->output.ended) {
        tail_release(&v->tail);
        tail_init(&v->tail, most);
        v->tail.stop = end;
        context_reset(&v->context);
        view_open(v);
        view_gather(v, false, 0);
        size_t before = v->tail.pushed - v->tail.count;
        size_t torn = before > 0 ? count_torn(&v->tail) : 0;
        view_print(v, &v->tail, torn, true);
        end = before + torn;
        most = part_size(&v->tail);
    }
    output_flush(&v->output);
}
