/* Whether ages of archives can be computed: their names are times of the wall clock, which may have
 * been set. Pure. */
#ifndef ROTATE_AGE_H
#define ROTATE_AGE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* All zero: the clock was never looked at. */
struct age_clock {
    bool known;
    int64_t offset; /* wall clock minus monotonic clock, ns, when last looked at */
    int64_t paused; /* monotonic ns until which no age counts; 0: they do */
};

/* Wall clock minus monotonic clock, ns. */
int64_t age_offset(const struct timespec *wall, int64_t monotonic);
/* Looks at both clocks. True: ages count. After the wall clock has jumped by more than ten seconds,
 * which may make young archives look old, they do not for an hour. */
bool age_is_trusted(struct age_clock *c, const struct timespec *wall, int64_t monotonic);

#endif
