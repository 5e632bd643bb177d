/* Names of archives: "@" + 24 hex digits + ".s" or ".u", with ".gz" when compressed
 * (docs/log-directory.md), and lists of the archives in a directory. */
#ifndef ROTATE_ARCHIVE_H
#define ROTATE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { ARCHIVE_NAME_MAX = 32 };

struct archive {
    char name[ARCHIVE_NAME_MAX]; /* with its endings */
    struct timespec time;        /* of its rotation, by its name: no line in it is newer */
    bool unfinished;             /* .u: its writer was killed */
    bool compressed;             /* .gz */
    int64_t size;                /* bytes on disk; 0 until archive_sizes has filled it in */
};

/* --- names: pure ------------------------------------------------------------------------------ */

/* Reads the name of an archive into *a, with size 0. 0, or -1: name is no archive's. */
int archive_parse(const char *name, struct archive *a);
/* Makes the name of an archive of that time. */
void archive_name(char out[ARCHIVE_NAME_MAX], const struct timespec *time, bool unfinished,
                  bool compressed);
/* Makes the name that the same archive has before (after) its compression. */
void archive_twin(char out[ARCHIVE_NAME_MAX], const struct archive *a);

/* The time by which a new archive is named: now, or one nanosecond after the newest existing name,
 * whichever is later, so that a clock set back repeats or reorders no names. */
struct timespec archive_next_time(const struct timespec *newest, const struct timespec *now);

/* --- directories ------------------------------------------------------------------------------ */

/* Lists every archive in a directory, sorted, the oldest first and X before X.gz; the caller frees
 * *list. Returns their number, or -1 with errno and *list NULL. Left out are X where X.gz is
 * present too (X.gz is complete: it got its name by rename), and an empty plain file with the
 * latest name, which a rotation is about to fill. */
long archive_list(int directory, struct archive **list);
/* Does the same while a logger is making archives. One listing may miss an archive that appears
 * during it and still have a later one; this list has every archive older than its last. */
long archive_list_whole(int directory, struct archive **list);
/* Removes an archive under both of its names, since it may be compressed just now: the plain one
 * first, for readers go by X.gz. 1; 0: somebody else has removed it; -1 with errno: it is still
 * there under the name that it had. */
int archive_remove(int directory, const struct archive *a);
/* Fills in the sizes of count archives; 0 for those that are gone. */
void archive_sizes(int directory, struct archive *list, long count);

#endif
