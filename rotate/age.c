#include "rotate/age.h"
#include "base/clock.h"

enum { STEP_SECONDS = 10, PAUSE_SECONDS = 3600 };

int64_t age_offset(const struct timespec *wall, int64_t monotonic)
{
    return (int64_t)wall->tv_sec * CLOCK_SECOND + wall->tv_nsec - monotonic;
}

bool age_is_trusted(struct age_clock *c, const struct timespec *wall, int64_t monotonic)
{
    int64_t offset = age_offset(wall, monotonic);
    int64_t step = offset > c->offset ? offset - c->offset : c->offset - offset;
    if (c->known && step > STEP_SECONDS * CLOCK_SECOND)
        c->paused = monotonic + PAUSE_SECONDS * CLOCK_SECOND;
    c->offset = offset;
    c->known = true;
    return monotonic >= c->paused;
}
