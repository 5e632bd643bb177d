/* Time. Monotonic times are int64_t nanoseconds from an arbitrary start, never 0 (0 means "none" in
 * deadlines); wall-clock times are struct timespec of CLOCK_REALTIME. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_MS ((int64_t)1000000)
#define CLOCK_SECOND ((int64_t)1000000000)

/* Nanoseconds since some start; they go on while the wall clock is set. */
int64_t clock_monotonic(void);
/* That many nanoseconds as seconds and the rest. */
struct timespec clock_timespec(int64_t ns);
/* And the other way round. */
int64_t clock_ns(const struct timespec *t);
/* The monotonic time in so many ms; 0 for 0 ms, which stands for no end. */
int64_t clock_deadline(uint64_t ms);
struct timespec clock_wall(void);
/* Sleeps that many nanoseconds, whatever signals come. For commands only, never for pid 1. */
void clock_sleep(int64_t ns);

/* TAI64N: "@" and 24 lowercase hex digits, label 2^62 + unix + 37 (spec/s6-log.md section 3). */
enum { CLOCK_TAI64N_LENGTH = 25 };
/* Writes the label, without a NUL. */
void clock_tai64n_format(char out[CLOCK_TAI64N_LENGTH], const struct timespec *t);
/* Reads 25 bytes. 0, or -1 when they are no label. */
int clock_tai64n_parse(const char *text, struct timespec *t);
/* The same label as 12 bytes, big-endian. A time read that is not usual becomes {0, 0}. */
void clock_tain_pack(unsigned char out[12], const struct timespec *t);
void clock_tain_unpack(struct timespec *t, const unsigned char in[12]);

/* "YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ", UTC. */
enum { CLOCK_UTC_LENGTH = 30 };
/* Writes digits into "YYYY-MM-DD HH:MM:SS.nnnnnnnnn", whatever stands between them; none for NULL,
 * or a year of more than four. */
void clock_put(char *out, const struct tm *tm, long ns);
/* Writes the time, without a NUL. */
void clock_utc_format(char out[CLOCK_UTC_LENGTH], const struct timespec *t);
/* Reads 30 bytes. 0, or -1 when they are no such time. */
int clock_utc_parse(const char *text, struct timespec *t);

/* Days from 1970-01-01 to that date; month and day from 1. */
int64_t clock_days(int64_t year, int month, int day);
/* How many days that month has. */
int clock_month_days(int64_t year, int month);

/* Whether the time lies in the years 0 to 9999 and its nanoseconds below a second. A time in a file
 * that somebody else may have written counts only if it does. */
bool clock_is_usual(const struct timespec *t);

/* {0, 0} stands for none. */
static inline bool clock_is_set(const struct timespec *t)
{
    return t->tv_sec != 0 || t->tv_nsec != 0;
}

/* Nanoseconds from one to the other, at most INT64_MAX either way. */
int64_t clock_between(const struct timespec *from, const struct timespec *to);

/* Whether the time is not before since, and before until; {0, 0}: no such bound. */
bool clock_is_within(const struct timespec *t, const struct timespec *since,
                     const struct timespec *until);

/* Negative, 0 or positive: a is earlier than b, the same, or later. */
int clock_compare(const struct timespec *a, const struct timespec *b);

#endif
