#include "logger/flood.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include <stdio.h>
#include <unistd.h>

enum { LINE = 1200 }; /* bytes: a name of 255, escaped, and less than a pipe takes in one piece */

void flood_open(struct flood *f, const char *service, bool keep)
{
    *f = (struct flood){.service = service, .events = -1};
    f->file = rate_open(&f->rate, service, keep);
}

/* The pipe does not wait; an event for which it has no room is lost, and the next one comes in a
 * minute. */
static void tell(const struct flood *f, int64_t now)
{
    char line[LINE], stamp[CLOCK_UTC_LENGTH], name[LINE - 128];
    struct timespec wall = clock_wall();
    clock_utc_format(stamp, &wall);
    word_escape(name, sizeof name, f->service);
    int n = snprintf(line, sizeof line, "%.*s flood service=%s rate=%llu\n", CLOCK_UTC_LENGTH,
                     stamp, name, (unsigned long long)rate_pace(&f->rate, now));
    ssize_t ignored = write(f->events, line, (size_t)n);
    (void)ignored;
}

void flood_count(struct flood *f, size_t bytes, int64_t now)
{
    rate_count(&f->rate, bytes, now);
    if (!rate_floods(&f->rate, f->threshold, now))
        return;
    flood_save(f);
    if (f->events >= 0)
        tell(f, now);
}

void flood_save(const struct flood *f)
{
    if (f->file >= 0)
        rate_save(&f->rate, f->file);
}

void flood_close(struct flood *f)
{
    flood_save(f);
    fd_close(f->file);
    f->file = -1;
}
