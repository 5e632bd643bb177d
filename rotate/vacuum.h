/* Deletes archives of all log directories under one root, so that they take no more than a number
 * of bytes together, or are not older than a time. Called beside the loggers of these directories:
 * it takes no lock, since each deletion is one step that a logger, its helper or a reader may meet
 * at any moment, as those by n, S and a. Nothing but archives is touched, neither current nor what
 * a helper is writing.
 *
 * 1. vacuum_look; 2. vacuum_plan; 3. vacuum_delete, and 2 again as long as it says so;
 * 4. vacuum_forget, and 1 again; 5. vacuum_release.
 */
#ifndef ROTATE_VACUUM_H
#define ROTATE_VACUUM_H

#include "base/error.h"
#include "base/str.h"
#include "rotate/age.h"
#include "rotate/archive.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct vacuum_rules {
    int64_t most;  /* bytes that all archives may take; -1: any number */
    int64_t older; /* ns: archives that were named longer ago are deleted, if their ages count
                      (age.h); 0: of any age are kept */
};

struct vacuum_directory {
    char *name;           /* owned */
    struct archive *list; /* those that are there, the oldest first, with sizes; owned */
    long count;
    int64_t bytes; /* of all of them */
    /* The first of them are to be deleted: how many, and their bytes. */
    long doomed;
    int64_t doomed_bytes;
    /* Those that were deleted. */
    long gone;
    int64_t gone_bytes;
    bool stuck; /* the oldest cannot be deleted: none is any more */
};

/* All zero: nothing was looked at. */
struct vacuum {
    struct vacuum_directory *item; /* sorted by name; owned */
    size_t count, room;
    bool failed;            /* a directory could not be read, or an archive not be deleted; said */
    bool distrusts;         /* the last plan took no age into account, for the clock was set */
    struct age_clock clock; /* for the rule older; vacuum_forget keeps it */
    struct words said;      /* the directories of which that was said, which is said once */
};

/* Says whether the directory of that name takes part. */
typedef bool vacuum_wants(void *context, const char *name);

/* Lists the directories in root, a descriptor, and their archives; path is its name for messages.
 * Symbolic links are not followed. wants NULL: all take part. 0, or -1 with e. */
int vacuum_look(struct vacuum *v, int root, const char *path, vacuum_wants *wants, void *context,
                struct error *e);
/* Pure: sets doomed of each directory, by both clocks. Those that are too old go first; then, as
 * long as there are too many bytes, the oldest archive of the directory that has most, and among
 * equals the one with the oldest archive. */
void vacuum_plan(struct vacuum *v, const struct vacuum_rules *r, const struct timespec *now,
                 int64_t monotonic);
/* Deletes the archives that are doomed. True: some could not be, which was said; a new plan may
 * find others. */
bool vacuum_delete(struct vacuum *v, int root, const char *path);

/* Forgets the directories, but not what was said. */
void vacuum_forget(struct vacuum *v);
void vacuum_release(struct vacuum *v);

#endif
