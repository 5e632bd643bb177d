#include "logger/tail.h"
#include <stdlib.h>

void tail_init(struct tail *t, size_t most)
{
    *t = (struct tail){.most = most};
}

static int grow(struct tail *t)
{
    if (t->size & (t->size - 1)) /* room is always a power of two */
        return 0;
    size_t room = t->size == 0 ? 1 : t->size * 2;
    struct tail_slot *slot = realloc(t->slot, room * sizeof *slot);
    if (!slot)
        return -1;
    t->slot = slot;
    return 0;
}

int tail_push(struct tail *t, const struct entry *entry, size_t source)
{
    struct tail_slot *s;
    if (t->most == 0)
        return 0;
    if (t->size < t->most) {
        if (grow(t) < 0)
            return -1;
        s = &t->slot[t->size++];
        s->message = (struct str)STR_INIT;
    } else {
        s = &t->slot[t->next];
        t->next = (t->next + 1) % t->most;
    }
    s->entry = *entry;
    s->source = source;
    str_clear(&s->message);
    if (str_add(&s->message, entry->message, entry->length) < 0)
        return -1;
    s->entry.message = s->message.data;
    return 0;
}

const struct tail_slot *tail_at(const struct tail *t, size_t i)
{
    if (i >= t->size)
        return NULL;
    return &t->slot[(t->next + i) % t->size];
}

void tail_release(struct tail *t)
{
    for (size_t i = 0; i < t->size; i++)
        str_release(&t->slot[i].message);
    free(t->slot);
    *t = (struct tail){0};
}
