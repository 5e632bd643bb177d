#include "logcat/boot.h"
#include "base/str.h"
#include "logcat/source.h"
#include <string.h>
#include <unistd.h>

struct boots {
    struct timespec at[2]; /* times of the boot before the last, and of the last */
    enum boot_end end[2];  /* how their runs ended */
};

static bool is(const struct source *s, const char *event)
{
    return s->entry.stamped && strncmp(s->entry.message, event, strlen(event)) == 0;
}

static void scan(struct source *s, struct boots *b)
{
    while (source_next(s, true) == 1) {
        if (is(s, "stop "))
            b->end[1] = BOOT_CUT_SHORT;
        else if (is(s, "end "))
            b->end[1] = BOOT_STOPPED;
        if (!is(s, "boot "))
            continue;
        b->at[0] = b->at[1];
        b->end[0] = b->end[1];
        b->at[1] = s->entry.time;
        b->end[1] = BOOT_KILLED;
    }
}

/* Reads backward from the end, in ever larger parts, until the boot that is wanted is found. */
static int find_boots(struct source *s, bool previous, struct boots *b, struct error *e)
{
    for (unsigned long long lines = 512;; lines *= 16) {
        *b = (struct boots){.end = {BOOT_STOPPED, BOOT_STOPPED}};
        if (source_open_tail(s, lines, e) < 0)
            return -1;
        scan(s, b);
        if (b->at[previous ? 0 : 1].tv_sec != 0 || s->lines < lines)
            return 0;
    }
}

int boot_range(const char *root, bool previous, struct boot_range *range, struct error *e)
{
    struct boots b = {.end = {BOOT_STOPPED, BOOT_STOPPED}};
    struct str path = STR_INIT;
    struct source *s = NULL;
    int result = 0;
    if (str_printf(&path, "%s/.events", root) < 0 || !(s = source_new(".events", path.data)))
        result = error_system(e, "unable to read the event log of %s", root);
    else if (access(path.data, F_OK) == 0)
        result = find_boots(s, previous, &b, e);
    source_free(s);
    str_release(&path);
    if (result < 0)
        return -1;
    *range = (struct boot_range){.since = b.at[previous ? 0 : 1], .end = b.end[0]};
    if (previous)
        range->until = b.at[1];
    return range->since.tv_sec == 0;
}
