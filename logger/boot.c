#include "logger/boot.h"
#include "base/str.h"
#include "logger/source.h"
#include <string.h>
#include <unistd.h>

static void scan(struct source *s, struct timespec boots[2])
{
    while (source_next(s, true) == 1) {
        if (!s->entry.stamped || strncmp(s->entry.message, "boot ", 5) != 0)
            continue;
        boots[0] = boots[1];
        boots[1] = s->entry.time;
    }
}

/* From the end: there may be much before. */
static int find_boots(struct source *s, bool previous, struct timespec boots[2], struct error *e)
{
    for (unsigned long long lines = 512;; lines *= 16) {
        boots[0] = boots[1] = (struct timespec){0, 0};
        if (source_open_tail(s, lines, e) < 0)
            return -1;
        scan(s, boots);
        if (boots[previous ? 0 : 1].tv_sec != 0 || s->lines < lines)
            return 0;
    }
}

int boot_range(const char *root, bool previous, struct timespec *since, struct timespec *until,
               struct error *e)
{
    struct timespec boots[2] = {{0, 0}, {0, 0}};
    struct str path = STR_INIT;
    struct source *s = NULL;
    int result = 0;
    if (str_printf(&path, "%s/.events", root) < 0 || !(s = source_new(".events", path.data)))
        result = error_system(e, "unable to read the event log of %s", root);
    else if (access(path.data, F_OK) == 0)
        result = find_boots(s, previous, boots, e);
    source_free(s);
    str_release(&path);
    if (result < 0)
        return -1;
    const struct timespec *begin = &boots[previous ? 0 : 1];
    *since = *begin;
    *until = previous ? boots[1] : (struct timespec){0, 0};
    return begin->tv_sec == 0;
}
