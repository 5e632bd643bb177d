/* Merging entries of several sources by time. Pure: it knows of each source only the time of its
 * next entry.
 *
 * 1. merge_init; 2. merge_offer the next entry of each source that has one; 3. merge_take the
 * earliest and offer that source's next, until there is none. Entries of one source come out in the
 * order they were offered, whatever their times; at equal times the source with the lower number
 * comes first.
 */
#ifndef LOGCAT_MERGE_H
#define LOGCAT_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct merge_head {
    struct timespec time;
    size_t source;
};

struct merge {
    struct merge_head *heap; /* sources with an entry on offer, the earliest first */
    size_t count;
    size_t sources;
};

#define MERGE_INIT                                                                                 \
    {                                                                                              \
        .heap = NULL                                                                               \
    }

/* Makes room for sources 0 to sources - 1; more can be made later. 0, or -1 with errno ENOMEM. */
int merge_init(struct merge *m, size_t sources);
void merge_release(struct merge *m);

/* As it was after merge_init. */
void merge_clear(struct merge *m);

/* The source's next entry is of that time. At most one entry per source is on offer. */
void merge_offer(struct merge *m, size_t source, struct timespec time);

/* The earliest entry on offer, left there; false: none. */
bool merge_peek(const struct merge *m, struct merge_head *head);
/* The same, and takes it away. */
bool merge_take(struct merge *m, struct merge_head *head);

#endif
