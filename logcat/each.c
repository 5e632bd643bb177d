#include "logcat/each.h"
#include <stdlib.h>

static int make_room(struct each *x, size_t source)
{
    size_t sources = source + 1;
    struct tail *tail = realloc(x->tail, sources * sizeof *tail);
    if (!tail)
        return -1;
    x->tail = tail;
    for (; x->sources < sources; x->sources++)
        tail_init(&x->tail[x->sources], x->most);
    return 0;
}

int each_push(struct each *x, const struct entry *entry, size_t source)
{
    if (source >= x->sources && make_room(x, source) < 0)
        return -1;
    struct tail *t = &x->tail[source];
    if (tail_push(t, entry, source) < 0)
        return -1;
    tail_at(t, t->count - 1)->number = x->pushed++;
    return 0;
}

/* The tail whose next entry came first; NULL: there are no more. */
static struct tail_slot *take(const struct each *x, size_t *taken)
{
    struct tail_slot *first = NULL;
    for (size_t i = 0; i < x->sources; i++) {
        struct tail_slot *s = tail_at(&x->tail[i], taken[i]);
        if (s && (!first || s->number < first->number))
            first = s;
    }
    if (first)
        taken[first->source]++;
    return first;
}

int each_give(const struct each *x, struct tail *t)
{
    size_t *taken = calloc(x->sources + 1, sizeof *taken);
    struct tail_slot *s;
    int result = taken ? 0 : -1;
    while (result == 0 && (s = take(x, taken)))
        result = tail_push(t, &s->entry, s->source);
    free(taken);
    return result;
}

void each_release(struct each *x)
{
    for (size_t i = 0; i < x->sources; i++)
        tail_release(&x->tail[i]);
    free(x->tail);
    *x = (struct each){.tail = NULL};
}
