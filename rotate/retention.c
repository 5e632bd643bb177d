/* Retention: the archives that n, S and a delete, and how long z leaves one plain. */
#include "base/clock.h"
#include "base/message.h"
#include "rotate/follow.h"
#include "rotate/steps.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PLAIN_SECONDS = 60 };

long trim_doomed(const struct archive *list, long count, const struct logdir_settings *s,
                 const struct timespec *now, bool age_too)
{
    unsigned long long total = 0;
    for (long i = 0; i < count; i++)
        total += (unsigned long long)list[i].size;
    for (long i = 0; i < count; i++) {
        bool too_many = (unsigned long long)(count - i) > s->keep;
        bool too_big = s->total > 0 && total > s->total;
        bool too_old = age_too && s->age > 0 && i + 1 < count &&
                       now->tv_sec > list[i].time.tv_sec &&
                       (unsigned long long)(now->tv_sec - list[i].time.tv_sec) > s->age;
        if (!too_many && !too_big && !too_old)
            return i;
        total -= (unsigned long long)list[i].size;
    }
    return count;
}

int64_t trim_ripe_in(const struct archive *a, bool newest, const struct logdir_settings *s,
                     const struct timespec *now)
{
    int64_t age = (int64_t)(now->tv_sec - a->time.tv_sec);
    if (s->gzip == 0 || s->processor != NULL || a->compressed || newest)
        return -1;
    if (s->total > 0 || age < 0 || age >= PLAIN_SECONDS)
        return 0;
    return (PLAIN_SECONDS - age) * CLOCK_SECOND;
}

void trim_see_newest(struct logdir *d, const struct archive *list, long count)
{
    if (count > 0 && clock_compare(&list[count - 1].time, &d->newest) > 0)
        d->newest = list[count - 1].time;
}

/* False: it is still there, which was said. */
static bool delete_archive(const struct logdir *d, const struct archive *a)
{
    if (archive_remove(d->directory, a) >= 0)
        return true;
    message_warning("unable to remove %s/%s: %s", d->name, a->name, strerror(errno));
    return false;
}

bool logdir_shed(struct logdir *d)
{
    struct archive *list;
    long count = archive_list(d->directory, &list);
    trim_see_newest(d, list, count);
    bool deleted = count > 0 && delete_archive(d, &list[0]);
    free(list);
    follow_tend(d);
    return deleted;
}

void logdir_trim(struct logdir *d)
{
    struct archive *list;
    struct timespec now = clock_wall();
    bool age_too = age_is_trusted(&d->clock, &now, clock_monotonic());
    long count = archive_list(d->directory, &list);
    trim_see_newest(d, list, count);
    if (d->settings.total > 0)
        archive_sizes(d->directory, list, count);
    long doomed = trim_doomed(list, count, &d->settings, &now, age_too);
    for (long i = 0; i < doomed; i++)
        delete_archive(d, &list[i]);
    free(list);
    follow_tend(d);
}
