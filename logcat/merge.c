#include "logcat/merge.h"
#include "base/clock.h"
#include <stdlib.h>

int merge_init(struct merge *m, size_t sources)
{
    if (sources <= m->sources)
        return 0;
    struct merge_head *heap = realloc(m->heap, sources * sizeof *heap);
    if (!heap)
        return -1;
    m->heap = heap;
    m->sources = sources;
    return 0;
}

void merge_release(struct merge *m)
{
    free(m->heap);
    *m = MERGE_INIT;
}

void merge_clear(struct merge *m)
{
    m->count = 0;
}

static bool before(const struct merge_head *a, const struct merge_head *b)
{
    int order = clock_compare(&a->time, &b->time);
    return order < 0 || (order == 0 && a->source < b->source);
}

static void sink(struct merge *m, struct merge_head head)
{
    size_t at = 0;
    for (size_t child = 1; child < m->count; child = 2 * at + 1) {
        if (child + 1 < m->count && before(&m->heap[child + 1], &m->heap[child]))
            child++;
        if (!before(&m->heap[child], &head))
            break;
        m->heap[at] = m->heap[child];
        at = child;
    }
    m->heap[at] = head;
}

void merge_offer(struct merge *m, size_t source, struct timespec time)
{
    struct merge_head head = {time, source};
    size_t at = m->count++;
    while (at > 0 && before(&head, &m->heap[(at - 1) / 2])) {
        m->heap[at] = m->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    m->heap[at] = head;
}

bool merge_peek(const struct merge *m, struct merge_head *head)
{
    if (m->count == 0)
        return false;
    *head = m->heap[0];
    return true;
}

bool merge_take(struct merge *m, struct merge_head *head)
{
    if (!merge_peek(m, head))
        return false;
    struct merge_head moved = m->heap[--m->count];
    if (m->count > 0)
        sink(m, moved);
    return true;
}
