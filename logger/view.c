#include "logger/view.h"
#include "base/clock.h"
#include <errno.h>
#include <stdlib.h>

int view_add(struct view *v, struct source *s, struct error *e)
{
    if (v->count == v->capacity) {
        size_t capacity = v->capacity ? v->capacity * 2 : 16;
        struct source **grown = realloc(v->source, capacity * sizeof(*grown));
        if (!grown)
            return error_system(e, "unable to read %s", s->path);
        v->source = grown;
        v->capacity = capacity;
    }
    if (merge_init(&v->merge, v->count + 1) < 0)
        return error_system(e, "unable to read %s", s->path);
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
    choose_release(&v->choose);
    filter_release(&v->filter);
    output_release(&v->output);
}

/* Whether the entry belongs to the one before it: it has no stamp, or is indented and of the same
 * moment. */
static bool continues(const struct view *v, size_t number, const struct entry *entry)
{
    struct timespec last = merge_last(&v->merge, number);
    bool indented = *entry->message == ' ' || *entry->message == '\t';
    if (last.tv_sec == 0)
        return false;
    if (!entry->stamped)
        return v->source[number]->stamps || indented;
    int64_t passed = clock_between(&last, &entry->time);
    return indented && passed >= 0 && passed < VIEW_TOGETHER;
}

/* Lines without a stamp that belong to a line which was skipped for its time. */
static bool is_orphan(const struct view *v, const struct source *s)
{
    return !s->entry.stamped && !s->stamps && s->guess_stamped && v->filter.since.tv_sec != 0 &&
           reader_skipped(s->reader);
}

/* The source's next entry that may be shown. */
static bool next(struct view *v, struct source *s, bool final)
{
    while (!s->past && source_next(s, final || s->gone) == 1) {
        if (s->entry.stamped && filter_past(&v->filter, &s->entry))
            s->past = true;
        else if (!is_orphan(v, s) && (!s->events || events_take(v->events, &s->entry)))
            return true;
    }
    return false;
}

/* Puts the source's next entry on offer. */
static bool advance(struct view *v, size_t number, bool final)
{
    struct source *s = v->source[number];
    if (!next(v, s, final))
        return false;
    s->entry.continues = continues(v, number, &s->entry);
    const struct timespec *time = s->entry.continues ? NULL : &s->entry.time;
    merge_offer(&v->merge, number, s->entry.stamped || s->stamps ? time : &s->guess);
    return true;
}

static void put(struct view *v, size_t number, const struct entry *entry)
{
    const char *name = entry->name ? entry->name : v->source[number]->name;
    bool headed = v->heading == NULL || str_printf(&v->output.buffer, "%s\n", v->heading) == 0;
    v->heading = NULL;
    if (!headed || render_entry(&v->render, name, entry, &v->output.buffer) < 0) {
        v->failed = ENOMEM;
        v->output.ended = true;
    }
    output_pass(&v->output);
}

static void given(void *context, struct entry *entry, size_t number)
{
    struct view *v = context;
    if (!v->source[number]->stamps)
        entry->time = (struct timespec){0, 0}; /* a guess is good for the order only */
    v->shown++;
    if (!v->tailing)
        put(v, number, entry);
    else if (tail_push(&v->tail, entry, number) < 0)
        v->choose.failed = ENOMEM;
}

static void show(struct view *v, const struct merge_head *head)
{
    struct entry *entry = &v->source[head->source]->entry;
    if (!entry->stamped)
        entry->time = head->time;
    choose_push(&v->choose, entry, head->source);
    if (v->choose.failed) {
        v->failed = v->choose.failed;
        v->output.ended = true;
    }
}

bool view_gather(struct view *v, bool live, size_t bytes)
{
    struct merge_head head;
    v->choose.filter = &v->filter;
    v->choose.give = given;
    v->choose.context = v;
    bool needed = v->choose.whole || v->choose.before + v->choose.after > 0;
    for (size_t i = 0; i < v->count; i++) {
        v->source[i]->needle = needed || v->source[i]->events ? NULL : filter_needle(&v->filter);
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
    if (!live)
        choose_end(&v->choose);
    return true;
}

void view_print(struct view *v, const struct tail *t, bool reverse)
{
    struct tail_slot *s;
    bool apart = false;
    for (size_t i = 0; !reverse && (s = tail_at(t, i)); i++)
        put(v, s->source, &s->entry);
    for (size_t end = t->count; reverse && end > 0;) {
        size_t begin = end - 1;
        while (begin > 0 && tail_at(t, begin)->entry.continues &&
               tail_at(t, begin)->source == tail_at(t, begin - 1)->source)
            begin--;
        bool next_apart = tail_at(t, begin)->entry.apart;
        tail_at(t, begin)->entry.apart = apart;
        apart = next_apart;
        for (size_t i = begin; i < end; i++)
            put(v, tail_at(t, i)->source, &tail_at(t, i)->entry);
        end = begin;
    }
}

void view_history(struct view *v, bool live, bool reverse)
{
    view_gather(v, live, 0);
    view_print(v, &v->tail, reverse);
    tail_release(&v->tail);
    v->tailing = false;
    v->pushed = clock_monotonic();
    output_flush(&v->output);
}

/* ns until the entry on offer may be shown: its stamp or its arrival is old enough. */
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
            due = now; /* others may have had something older meanwhile */
            break;
        }
        merge_take(&v->merge, &head);
        show(v, &head);
        v->pushed = now;
        v->source[head.source]->offered = advance(v, head.source, false);
    }
    if (v->choose.group.count > 0 && now >= v->pushed + VIEW_HOLD)
        choose_end(&v->choose);
    else if (v->choose.group.count > 0 && due == 0)
        due = v->pushed + VIEW_HOLD;
    output_flush(&v->output);
    return due;
}

bool view_drained(const struct view *v, size_t number)
{
    return !v->source[number]->offered && !v->source[number]->dirty;
}
