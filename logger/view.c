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
    filter_release(&v->filter);
    output_release(&v->output);
}

/* Puts the source's next entry on offer. */
static bool advance(struct view *v, size_t number, bool final)
{
    struct source *s = v->source[number];
    if (source_next(s, final || s->gone) == 0)
        return false;
    const struct timespec *time = s->entry.stamped ? &s->entry.time : NULL;
    merge_offer(&v->merge, number, time || s->stamps ? time : &s->guess);
    return true;
}

static void put(struct view *v, size_t number, const struct entry *entry)
{
    if (render_entry(&v->render, v->source[number]->name, entry, &v->output.buffer) < 0) {
        v->failed = ENOMEM;
        v->output.ended = true;
    }
    output_pass(&v->output);
}

static void show(struct view *v, const struct merge_head *head)
{
    const struct source *s = v->source[head->source];
    struct entry *entry = &v->source[head->source]->entry;
    if (!entry->stamped)
        entry->time = head->time;
    if (!filter_match(&v->filter, entry))
        return;
    if (!s->stamps)
        entry->time = (struct timespec){0, 0}; /* a guess is good for the order only */
    v->shown++;
    if (!v->tailing) {
        put(v, head->source, entry);
    } else if (tail_push(&v->tail, entry, head->source) < 0) {
        v->failed = ENOMEM;
        v->output.ended = true;
    }
}

void view_history(struct view *v, bool live)
{
    struct merge_head head;
    const struct tail_slot *slot;
    for (size_t i = 0; i < v->count; i++)
        if (v->source[i]->reader)
            advance(v, i, !live);
    for (unsigned int turn = 1; !v->output.ended && merge_take(&v->merge, &head); turn++) {
        show(v, &head);
        advance(v, head.source, !live);
        if (turn % 4096 == 0)
            output_look(&v->output);
    }
    for (size_t i = 0; v->tailing && (slot = tail_at(&v->tail, i)); i++)
        put(v, slot->source, &slot->entry);
    if (v->tailing)
        tail_release(&v->tail);
    v->tailing = false;
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
        v->source[head.source]->offered = advance(v, head.source, false);
    }
    output_flush(&v->output);
    return due;
}

bool view_drained(const struct view *v, size_t number)
{
    return !v->source[number]->offered && !v->source[number]->dirty;
}
