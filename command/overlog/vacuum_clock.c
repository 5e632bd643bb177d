#include "command/overlog/vacuum_clock.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "contract/paths.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_MAX = 64 };

/* How long ago pid 1 was started, ns; -1: not known. */
static int64_t age_of_container(void)
{
    struct process_stat s;
    struct timespec up;
    int64_t ticks = (int64_t)getauxval(AT_CLKTCK);
    if (ticks <= 0 || process_stat(1, &s) < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0)
        return -1;
    int64_t born = (int64_t)(s.born / (unsigned long long)ticks) * CLOCK_SECOND;
    return (int64_t)up.tv_sec * CLOCK_SECOND + up.tv_nsec - born;
}

/* The socket was made some time after the start, so the offset is too large by that: one that is
 * larger than now tells nothing. */
static void recall_start(struct age_clock *c)
{
    struct stat st;
    struct timespec wall = clock_wall();
    int64_t monotonic = clock_monotonic(), age = age_of_container();
    if (age < 0 || stat(RUN_CONTROL, &st) < 0)
        return;
    int64_t now = age_offset(&wall, monotonic);
    int64_t then = age_offset(&st.st_mtim, monotonic - age);
    *c = (struct age_clock){.known = true, .offset = then < now ? then : now};
}

void vacuum_clock_recall(struct age_clock *c)
{
    struct str text = STR_INIT;
    struct error ignored = ERROR_INIT;
    long long offset, paused;
    if (file_read(AT_FDCWD, RUN_VACUUM, NOTE_MAX, &text, &ignored) == 0 && text.length > 0 &&
        sscanf(text.data, "%lld %lld", &offset, &paused) == 2)
        *c = (struct age_clock){.known = true, .offset = offset, .paused = paused};
    else
        recall_start(c);
    str_release(&text);
}

void vacuum_clock_note(const struct age_clock *c)
{
    char text[NOTE_MAX];
    struct error ignored = ERROR_INIT;
    int length =
        snprintf(text, sizeof text, "%lld %lld\n", (long long)c->offset, (long long)c->paused);
    if (access(RUN_CONTROL, F_OK) == 0)
        file_replace(AT_FDCWD, RUN_VACUUM, text, (size_t)length, 0644, &ignored);
}
