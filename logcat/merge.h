/* Merges entries of several sources by time. Pure: of each source it knows the time of the next
 * entry, and nothing else.
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
    struct timespec time; /* of the source's next entry */
    size_t source;
};

struct merge {
    struct merge_head *heap; /* sources with an entry on offer, the earliest first; owned */
    size_t count;            /* of these */
    size_t sources;          /* for which there is room */
};

#define MERGE_INIT ((struct merge){.heap = NULL})

/* Makes room for sources 0 to sources - 1; more can be made later. 0, or -1 with errno ENOMEM. */
int merge_init(struct merge *m, size_t sources);
void merge_release(struct merge *m);

/* Forgets the entries on offer. */
void merge_clear(struct merge *m);

/* Puts the source's next entry, of that time, on offer. A source has at most one on offer. */
void merge_offer(struct merge *m, size_t source, struct timespec time);

/* Tells the earliest entry on offer, and leaves it there. False: there is none. */
bool merge_peek(const struct merge *m, struct merge_head *head);
/* Takes the earliest entry off the offer. False: there is none. */
bool merge_take(struct merge *m, struct merge_head *head);

#endif
