/* What S6_STAGE2_HOOK takes out of the bundles user and user2.
 *
 * A hook switches a service off by deleting its file in contents.d of one place, s6-rc.d or
 * user-bundles.d, and knows nothing of the other, where the file may be as well, or instead. So
 * for the time of such a hook each place has the files of both; afterwards a name that one place
 * lost is taken out of the other, and what was added is removed again. A root that cannot be
 * written to stays as it is, and names of which a place has no file are left alone.
 *
 * 1. hooked_begin before the hook starts. 2. hooked_end when it has ended, before definitions are
 * read; harmless without 1. Both may wait for a disk: not for pid 1 past the mark. */
#ifndef SERVICES_HOOKED_H
#define SERVICES_HOOKED_H

#include "base/str.h"

enum { HOOKED_PLACES = 2, HOOKED_BUNDLES = 2 };

/* HOOKED_INIT is empty; hooked_end frees what it owns. */
struct hooked {
    struct words place;                 /* s6-rc.d and user-bundles.d; none: nothing to do */
    struct words names[HOOKED_BUNDLES]; /* by bundle: what both places name before the hook */
    struct words files;                 /* that were added */
    struct words folders;               /* the same, the outer one first */
};

#define HOOKED_INIT ((struct hooked){.files = {.item = NULL}})

/* Prepares both places, if the hook or its script mentions contents.d; argv: the hook. */
void hooked_begin(struct hooked *h, const char *services, const char *bundles,
                  const struct words *argv);
/* Does what the hook meant, saying each, and cleans up. */
void hooked_end(struct hooked *h);

#endif
