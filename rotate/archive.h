/* Names of archives: "@" + 24 hex + ".s" or ".u", with ".gz" when compressed
 * (docs/log-directory.md). Pure: names in, facts out. */
#ifndef ROTATE_ARCHIVE_H
#define ROTATE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { ARCHIVE_NAME_MAX = 32 };

struct archive {
    char name[ARCHIVE_NAME_MAX]; /* with its endings */
    struct timespec time;        /* when it was rotated: its lines are not newer */
    bool unfinished;             /* .u */
    bool compressed;             /* .gz */
    int64_t size;                /* bytes on disk, once archive_sizes has looked */
};

/* 0 and a filled in (size 0), or -1: not an archive's name. */
int archive_parse(const char *name, struct archive *a);
void archive_name(char out[ARCHIVE_NAME_MAX], const struct timespec *time, bool unfinished,
                  bool compressed);
/* The name that the same archive has before or after its compression. */
void archive_twin(char out[ARCHIVE_NAME_MAX], const struct archive *a);

/* Oldest first; X before X.gz. For qsort. */
int archive_compare(const void *a, const void *b);

/* The time for a new archive: now, or one nanosecond after the newest existing name, whichever is
 * later, so that a clock set back repeats or reorders nothing. */
struct timespec archive_next_time(const struct timespec *newest, const struct timespec *now);

/* Every archive in a directory, sorted; caller frees *list. With X and X.gz both present only X.gz
 * is listed (it is complete: it got its name by rename). An empty plain one with the latest name is
 * not: a rotation will give it its content. Returns the count or -1 with errno. */
long archive_list(int directory, struct archive **list);
/* The same while archives are being made: a listing may lack one that appeared during it and have a
 * later one. Here none is missing that is older than one that is listed. */
long archive_list_whole(int directory, struct archive **list);
/* Fills in the sizes; 0 of what is gone. */
void archive_sizes(int directory, struct archive *list, long count);

#endif
