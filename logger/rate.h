/* How many bytes a service writes: those of the minute under way and of the one before, by which
 * floods are known, and all of them. They stand in a file under RUN_RATES as well, for status and
 * metrics, and outlive the logger there. Pure but for the file; nothing here waits or wakes up. */
#ifndef LOGGER_RATE_H
#define LOGGER_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RATE_TEXT = 105 }; /* bytes of a rate in its file */

/* All zero: nothing was written yet. Times are monotonic ns, 0: never. */
struct rate {
    int64_t began;    /* of the minute under way */
    uint64_t minute;  /* bytes in it */
    uint64_t before;  /* in the minute before it */
    uint64_t all;     /* since the service first started */
    int64_t flood_at; /* when a flood was found last */
};

/* Counts bytes that were written at `now`. */
void rate_count(struct rate *r, size_t bytes, int64_t now);
/* Bytes of the last minute, a part of which is reckoned from the whole minute before. */
uint64_t rate_a_minute(const struct rate *r, int64_t now);
/* The same, but of a service that has just begun to write what it would come to in a minute. */
uint64_t rate_pace(const struct rate *r, int64_t now);
/* Whether a flood is to be told now: that many bytes a minute or more, and none was told within the
 * last minute. threshold 0: never. */
bool rate_floods(struct rate *r, uint64_t threshold, int64_t now);

/* Pure: the text of a rate, which is its file, and back. 0, or -1: it is none. */
void rate_format(const struct rate *r, char text[RATE_TEXT + 1]);
int rate_parse(struct rate *r, const char *text);

/* Opens the file of a service's rate, and makes it where it is missing. keep: *r becomes what a
 * predecessor left there, else it is empty. A descriptor, or -1: the rate is kept in memory only.
 */
int rate_open(struct rate *r, const char *service, bool keep);
void rate_save(const struct rate *r, int fd);
/* Reads the rate of a service from that /run ("/run"). 0, or -1: it has none. */
int rate_read(struct rate *r, const char *run, const char *service);

#endif
