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
        result = source_open(s, READER_ALL, 0, boots[0], e);
    if (s && s->reader)
        scan(s, boots);
    source_free(s);
    str_release(&path);
    if (result < 0)
        return -1;
    *since = boots[previous ? 0 : 1];
    *until = previous ? boots[1] : (struct timespec){0, 0};
    return since->tv_sec == 0;
}
