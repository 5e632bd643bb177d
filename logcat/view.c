#include "logcat/view.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/utf8.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int view_add(struct view *v, const char *name, const char *path, bool events, struct error *e)
{
    size_t width = utf8_width(name, strlen(name));
    struct source *s = source_new(name, path);
    if (!s || LIST_ROOM(v->source, v->count, v->capacity) < 0 ||
        merge_init(&v->merge, v->count + 1) < 0) {
        error_system(e, "unable to read %s", path);
        source_free(s);
        return -1;
    }
    s->events = events;
    if (!events && width > v->render.width)
        v->render.width = width;
    v->source[v->count++] = s;
    return 0;
}

void view_release(struct view *v)
{
    for (size_t i = 0; i < v->count; i++)
        source_free(v->source[i]);
    free(v->source);
    merge_release(&v->merge);
    tail_release(&v->tail);
    context_release(&v->context);
    filter_release(&v->filter);
    columns_release(&v->columns);
    each_release(&v->each);
    tally_release(&v->tally);
    output_release(&v->output);
}

/* The time, moved into the range that is asked for: an order taken from stamps nearby may be
 * outside of it. */
static struct timespec clamp(const struct view *v, const struct timespec *t)
{
    const struct timespec *since = &v->filter.since, *until = &v->filter.until;
    if (clock_is_set(since) && clock_compare(t, since) < 0)
        return *since;
    if (!clock_is_set(until) || clock_compare(t, until) < 0)
        return *t;
    return until->tv_nsec > 0 ? (struct timespec){until->tv_sec, until->tv_nsec - 1}
                              : (struct timespec){until->tv_sec - 1, 999999999};
}

/* Whether every later entry of the source is past the end that is asked for. */
static bool is_past(const struct view *v, const struct source *s)
{
    return s->survey.done && !s->disorder && s->stamps && clock_is_set(&v->filter.until) &&
           clock_compare(&s->last, &v->filter.until) >= 0 && !source_has_pieces(s);
}

/* Reads the source's next entry that may be shown. False: there is none for now. */
static bool next(struct view *v, struct source *s, bool final)
{
    if (s->own) {
        s->dirty = false;
        return false;
    }
    while (!s->past && source_next(s, final || s->gone) == 1) {
        struct timespec order = clamp(v, &s->entry.order);
        s->past = final && is_past(v, s);
        if (clock_is_set(&v->to) && clock_compare(&order, &v->to) >= 0)
            s->past |= s->survey.done && !s->disorder;
        else if (!(clock_is_set(&v->from) && clock_compare(&order, &v->from) < 0) &&
                 clock_is_within(&s->entry.time, &v->filter.since, &v->filter.until) &&
                 (!s->events || events_take(v->events, &s->entry))) {
            if (v->rating)
                source_rate(s);
            return true;
        }
    }
    return false;
}

/* Puts the source's next entry on offer. False: there is none for now. */
static bool advance(struct view *v, size_t number, bool final)
{
    struct source *s = v->source[number];
    if (!next(v, s, final))
        return false;
    struct timespec key = source_key(s);
    if (s->entry.traced)
        s->traced_head = s->entry.head;
    if (s->entry.head == s->offered_head && s->entry.head == s->traced_head &&
        clock_compare(&s->offered_key, &key) < 0)
        key = s->offered_key; /* nothing comes between the lines of an entry */
    s->offered_key = key;
    s->offered_head = s->entry.head;
    merge_offer(&v->merge, number, clamp(v, &key));
    return true;
}

void view_open(struct view *v)
{
    merge_clear(&v->merge);
    for (size_t i = 0; i < v->count; i++) {
        struct error e = ERROR_INIT;
        struct source *s = v->source[i];
        if (!(s->events && access(s->path, F_OK) != 0) && source_open(s, READER_ALL, 0, &e) < 0)
            source_say(s, e.text);
    }
}

/* Warns of the largest step back. That a service was started is known a while after it was forked,
 * whose time the event has. */
static void say_steps(const struct view *v)
{
    enum { EVENTS_LATE = 60 };
    const struct source *most = NULL;
    time_t size = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct source *s = v->source[i];
        time_t step = s->stepped.tv_sec - s->stepped_to.tv_sec;
        if (step > size && !(s->events && step <= EVENTS_LATE)) {
            size = step;
            most = s;
        }
    }
    if (!most || v->count == 1)
        return;
    char from[CLOCK_UTC_LENGTH + 1] = "", to[CLOCK_UTC_LENGTH + 1] = "";
    clock_utc_format(from, &most->stepped);
    clock_utc_format(to, &most->stepped_to);
    message_warning(
        "time stamps of %s step back from %.19sZ to %.19sZ: lines of one service are in "
        "the order of its file, those of others only nearly in their places there",
        most->name, from, to);
}

bool view_survey(struct view *v)
{
    bool even = true;
    for (size_t i = 0; i < v->count && !v->output.ended; i++) {
        struct error e = ERROR_INIT;
        struct source *s = v->source[i];
        if (s->events && access(s->path, F_OK) != 0)
            continue;
        if (source_survey(s, &e) < 0)
            source_say(s, e.text);
        source_close(s);
        even &= s->steps == 0;
        output_look(&v->output);
    }
    say_steps(v);
    return even;
}

static void put_entry(struct view *v, size_t number, const struct entry *entry)
{
    const char *name = entry->name ? entry->name : v->source[number]->name;
    bool headed = v->heading == NULL || str_printf(&v->output.buffer, "%s\n", v->heading) == 0;
    v->heading = NULL;
    v->shown++;
    struct str *out = &v->output.buffer;
    int result = v->columns.count > 0 ? columns_row(&v->columns, &v->render, name, entry, out)
                                      : render_entry(&v->render, name, entry, out);
    if (!headed || result < 0) {
        v->failed = ENOMEM;
        v->output.ended = true;
    }
    output_pass(&v->output);
}

static void tally_entry(struct view *v, size_t number, const struct entry *entry)
{
    const char *name = entry->name ? entry->name : v->source[number]->name;
    if (v->context.whole && entry->continues) /* an entry is counted once, by its first line */
        return;
    v->shown++;
    if (tally_add(&v->tally, name, entry) < 0)
        v->context.failed = ENOMEM;
}

static void pass_on(void *context, struct entry *entry, size_t number)
{
    struct view *v = context;
    if (!v->source[number]->stamps)
        entry->time = (struct timespec){0, 0}; /* a guess is good for the order only */
    if (v->tallying)
        tally_entry(v, number, entry);
    else if (v->each.most > 0 && each_push(&v->each, entry, number) < 0)
        v->context.failed = ENOMEM;
    else if (v->each.most == 0 && !v->tailing)
        put_entry(v, number, entry);
    else if (v->tailing && tail_push(&v->tail, entry, number) < 0)
        v->context.failed = ENOMEM;
}

static void show(struct view *v, const struct merge_head *head)
{
    struct entry *entry = &v->source[head->source]->entry;
    if (v->source[head->source]->own)
        return;
    context_push(&v->context, entry, head->source);
    if (v->context.failed) {
        v->failed = v->context.failed;
        v->output.ended = true;
    }
}

bool view_gather(struct view *v, bool live, size_t bytes)
{
    struct merge_head head;
    v->context.filter = &v->filter;
    v->context.give = pass_on;
    v->context.context = v;
    bool needed = v->context.whole || v->context.before + v->context.after > 0;
    for (size_t i = 0; i < v->count; i++) {
        v->source[i]->needle = needed || v->source[i]->events || clock_is_set(&v->to)
                                   ? NULL
                                   : filter_needle(&v->filter);
        if (v->source[i]->reader)
            advance(v, i, !live);
    }
    for (unsigned int turn = 1; !v->output.ended && merge_take(&v->merge, &head); turn++) {
        show(v, &head);
        advance(v, head.source, !live);
        if (turn % 4096 == 0)
            output_look(&v->output);
        if (bytes > 0 && v->tail.bytes > bytes)
            return false;
    }
    context_end(&v->context);
    return true;
}

/* Prints entries that belong together, from begin to before end. */
static void print_group(struct view *v, const struct tail *t, size_t begin, size_t end)
{
    struct tail_slot *first = tail_at(t, begin);
    bool apart = first->entry.apart;
    first->entry.apart = v->apart;
    v->apart = apart;
    for (size_t i = begin; i < end; i++)
        put_entry(v, tail_at(t, i)->source, &tail_at(t, i)->entry);
}

static bool is_same(const struct tail_slot *a, const struct tail_slot *b)
{
    return a->source == b->source && a->entry.head == b->entry.head;
}

void view_print(struct view *v, const struct tail *t, size_t skip, bool reverse)
{
    struct tail_slot *s;
    for (size_t i = skip; !reverse && (s = tail_at(t, i)); i++)
        put_entry(v, s->source, &s->entry);
    for (size_t end = t->count; reverse && end > skip;) {
        size_t begin = end - 1;
        while (begin > skip && is_same(tail_at(t, begin), tail_at(t, begin - 1)))
            begin--;
        print_group(v, t, begin, end);
        end = begin;
    }
}

void view_history(struct view *v, bool live, bool reverse)
{
    view_gather(v, live, 0);
    if (v->each.most > 0) {
        tail_init(&v->tail, SIZE_MAX);
        if (each_give(&v->each, &v->tail) < 0)
            v->failed = ENOMEM;
        each_release(&v->each);
    }
    view_print(v, &v->tail, 0, reverse);
    tail_release(&v->tail);
    v->tailing = false;
    output_flush(&v->output);
}

/* ns until the entry on offer may be shown, when its stamp or its arrival is old enough. */
static int64_t wait_for(const struct view *v, const struct merge_head *head, int64_t now,
                        const struct timespec *wall)
{
    if (v->count == 1 || head->time.tv_sec < wall->tv_sec - 1)
        return 0;
    int64_t arrival = v->source[head->source]->read_at + VIEW_HOLD - now;
    if (head->time.tv_sec > wall->tv_sec + 1)
        return arrival;
    int64_t stamp = (int64_t)(head->time.tv_sec - wall->tv_sec) * CLOCK_SECOND +
                    (head->time.tv_nsec - wall->tv_nsec) + VIEW_HOLD;
    return stamp < arrival ? stamp : arrival;
}

int64_t view_live(struct view *v, int64_t now, const struct timespec *wall)
{
    struct merge_head head;
    int64_t due = 0;
    for (size_t i = 0; i < v->count; i++)
        if (v->source[i]->dirty && v->source[i]->reader && !v->source[i]->offered)
            v->source[i]->offered = advance(v, i, false);
    for (unsigned int turn = 1; !v->output.ended && merge_peek(&v->merge, &head); turn++) {
        int64_t wait = wait_for(v, &head, now, wall);
        if (wait > 0) {
            due = now + wait;
            break;
        }
        if (turn % 256 == 0 && clock_monotonic() - now > VIEW_HOLD / 2) {
            due = now; /* other sources may have older entries meanwhile */
            break;
        }
        merge_take(&v->merge, &head);
        show(v, &head);
        v->pushed = now;
        v->source[head.source]->offered = advance(v, head.source, false);
    }
    if (v->context.group.count > 0 && now >= v->pushed + VIEW_HOLD)
        context_end(&v->context);
    else if (v->context.group.count > 0 && due == 0)
        due = v->pushed + VIEW_HOLD;
    output_flush(&v->output);
    return due;
}

bool view_drained(const struct view *v, size_t number)
{
    return !v->source[number]->offered && !v->source[number]->dirty;
}
