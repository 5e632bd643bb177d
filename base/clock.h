/* Time. Monotonic times are int64_t nanoseconds from an arbitrary start, never 0 (0 means "none" in
 * deadlines); wall-clock times are struct timespec of CLOCK_REALTIME. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_MS ((int64_t)1000000)
#define CLOCK_SECOND ((int64_t)1000000000)

int64_t clock_monotonic(void);
struct timespec clock_wall(void);
void clock_sleep(int64_t ns); /* commands only: the whole time, whatever signals come */

/* TAI64N: "@" and 24 lowercase hex digits, label 2^62 + unix + 37 (spec/s6-log.md section 3). */
enum { CLOCK_TAI64N_LENGTH = 25 };
void clock_tai64n_format(char out[CLOCK_TAI64N_LENGTH], const struct timespec *t); /* no NUL */
int clock_tai64n_parse(const char *text, struct timespec *t);          /* reads 25 bytes; 0 or -1 */
void clock_tain_pack(unsigned char out[12], const struct timespec *t); /* big-endian TAI64N */
/* 0 for what is no usual time. */
void clock_tain_unpack(struct timespec *t, const unsigned char in[12]);

/* "YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ", UTC. */
enum { CLOCK_UTC_LENGTH = 30 };
void clock_utc_format(char out[CLOCK_UTC_LENGTH], const struct timespec *t); /* no NUL */
int clock_utc_parse(const char *text, struct timespec *t); /* reads 30 bytes; 0 or -1 */

/* Whether a calendar of four-digit years has it, with nanoseconds below a second. A time that
 * somebody else wrote down and that has not is taken for none. */
bool clock_is_usual(const struct timespec *t);

/* {0, 0} stands for none. */
static inline bool clock_is_set(const struct timespec *t)
{
    return t->tv_sec != 0 || t->tv_nsec != 0;
}

/* Nanoseconds from one to the other, at most INT64_MAX either way. */
int64_t clock_between(const struct timespec *from, const struct timespec *to);

int clock_compare(const struct timespec *a, const struct timespec *b); /* <0, 0, >0 */

#endif
