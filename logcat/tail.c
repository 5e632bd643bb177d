#include "logcat/tail.h"
#include <stdlib.h>

void tail_init(struct tail *t, size_t most)
{
    *t = (struct tail){.most = most};
}

static int make(struct tail *t)
{
    if ((t->made & (t->made - 1)) == 0) { /* room is always a power of two */
        size_t room = t->made == 0 ? 1 : t->made * 2;
        struct tail_slot *slot = realloc(t->slot, room * sizeof *slot);
        if (!slot)
            return -1;
        t->slot = slot;
    }
    t->slot[t->made++].message = STR_INIT;
    return 0;
}

int tail_push(struct tail *t, const struct entry *entry, size_t source)
{
    struct tail_slot *s;
    if (t->most == 0 || (t->stop > 0 && t->pushed >= t->stop))
        return 0;
    if (t->count < t->most) {
        if (t->count == t->made && make(t) < 0)
            return -1;
        s = &t->slot[t->count++];
    } else {
        s = &t->slot[t->first];
        t->first = (t->first + 1) % t->most;
    }
    s->entry = *entry;
    s->source = source;
    t->pushed++;
    t->bytes += entry->length;
    str_clear(&s->message);
    if (str_add(&s->message, entry->message, entry->length) < 0)
        return -1;
    s->entry.message = s->message.data;
    return 0;
}

struct tail_slot *tail_at(const struct tail *t, size_t i)
{
    return i < t->count ? &t->slot[(t->first + i) % t->count] : NULL;
}

void tail_clear(struct tail *t)
{
    t->count = t->first = t->pushed = t->bytes = 0;
}

void tail_release(struct tail *t)
{
    for (size_t i = 0; i < t->made; i++)
        str_release(&t->slot[i].message);
    free(t->slot);
    *t = (struct tail){0};
}
