/* Counts lines by their shape (--patterns). Memory is bounded: of very many shapes, the rare ones
 * are counted together. */
#ifndef LOGCAT_TALLY_H
#define LOGCAT_TALLY_H

#include "logcat/entry.h"
#include "logcat/render.h"
#include <stddef.h>
#include <stdint.h>

enum { TALLY_ROWS = 1 << 13, TALLY_EXAMPLE = 300 };

struct tally_row {
    char *shape;   /* owned; the example follows its NUL */
    char *example; /* the first line of that shape, cut where it is long */
    size_t length; /* bytes of shape */
    uint64_t hash;
    unsigned long long count;
    struct timespec first, last; /* {0, 0}: not known */
    const char *service;         /* NULL: several */
};

struct tally {
    struct tally_row *row; /* owned, room for TALLY_ROWS; NULL: none was counted */
    uint16_t *place;       /* owned; by hash: number of the row and one; 0: free */
    size_t rows;
    unsigned long long lines, rare; /* all, and those whose rows were given up */
    struct str shape;               /* of the line counted last */
};

/* Counts a line of the service, whose name is not copied. 0, or -1: no memory. */
int tally_add(struct tally *t, const char *service, const struct entry *entry);
/* Sorts the rows, to which nothing is added any more: the most frequent first; rarest: the other
 * way round. */
void tally_sort(struct tally *t, bool rarest);
/* Appends the first `most` rows: in the form of r, JSON or else a table. 0, or -1: no memory. */
int tally_show(const struct tally *t, struct render *r, size_t most, struct str *out);
void tally_release(struct tally *t);

#endif
