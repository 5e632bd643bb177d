#include "logcat/context.h"
#include <errno.h>

enum { GROUP_MOST = 4096 };

static void give(struct context *c, struct entry *entry, size_t source)
{
    entry->apart = c->apart && c->given;
    c->apart = false;
    c->given = true;
    c->give(c->context, entry, source);
}

static void keep(struct context *c, struct tail *t, size_t most, const struct entry *entry,
                 size_t source)
{
    t->most = most;
    if (tail_push(t, entry, source) < 0)
        c->failed = ENOMEM;
}

static void pass(struct context *c, struct entry *entry, size_t source, enum filter_verdict verdict)
{
    struct tail_slot *s;
    if (verdict == FILTER_MATCH) {
        for (size_t i = 0; (s = tail_at(&c->ring, i)); i++)
            give(c, &s->entry, s->source);
        tail_clear(&c->ring);
        give(c, entry, source);
        c->owed = c->after;
    } else if (verdict == FILTER_REST && c->owed > 0) {
        c->owed--;
        give(c, entry, source);
    } else if (verdict == FILTER_REST && c->before + c->after > 0) {
        c->apart |= c->ring.count == c->before;
        keep(c, &c->ring, c->before, entry, source);
    }
}

void context_end(struct context *c)
{
    struct tail_slot *s;
    for (size_t i = 0; (s = tail_at(&c->group, i)); i++)
        pass(c, &s->entry, s->source, c->verdict);
    tail_clear(&c->group);
}

void context_push(struct context *c, struct entry *entry, size_t source)
{
    enum filter_verdict verdict = filter_judge(c->filter, entry);
    if (verdict == FILTER_OUT)
        return;
    if (!c->whole) {
        pass(c, entry, source, verdict);
        return;
    }
    const struct tail_slot *first = tail_at(&c->group, 0);
    bool same = first && first->source == source && first->entry.head == entry->head;
    if (first && (!same || c->group.count == GROUP_MOST)) {
        context_end(c);
        first = NULL;
    }
    if (!first || verdict == FILTER_EXCLUDED ||
        (verdict == FILTER_MATCH && c->verdict != FILTER_EXCLUDED))
        c->verdict = verdict;
    keep(c, &c->group, GROUP_MOST, entry, source);
}

void context_reset(struct context *c)
{
    tail_clear(&c->group);
    tail_clear(&c->ring);
    c->owed = 0;
    c->apart = c->given = false;
}

void context_release(struct context *c)
{
    tail_release(&c->group);
    tail_release(&c->ring);
}
