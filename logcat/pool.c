#include "logcat/pool.h"
#include "rotate/read/reader.h"

enum {
    OTHERS =
        24,  /* descriptors: standard streams, pager, inotify, and some while a source is opened */
    EACH = 3 /* of a source: its directory, its file, and reader.last */
};

static struct source *newest, *oldest;
static size_t count, most;

void pool_limit(size_t descriptors)
{
    most = descriptors == 0 ? 0 : descriptors > OTHERS + EACH ? (descriptors - OTHERS) / EACH : 1;
}

void pool_remove(struct source *s)
{
    if (!s->pooled)
        return;
    *(s->newer ? &s->newer->older : &newest) = s->older;
    *(s->older ? &s->older->newer : &oldest) = s->newer;
    s->older = s->newer = NULL;
    s->pooled = false;
    count--;
}

void pool_make_room(void)
{
    while (most > 0 && count >= most) {
        reader_park(oldest->reader);
        pool_remove(oldest);
    }
}

void pool_add(struct source *s)
{
    s->older = newest;
    s->newer = NULL;
    *(newest ? &newest->newer : &oldest) = s;
    newest = s;
    s->pooled = true;
    count++;
}

int pool_use(struct source *s, struct error *e)
{
    if (s == newest)
        return 0;
    pool_remove(s);
    if (reader_is_parked(s->reader))
        pool_make_room();
    int result = reader_wake(s->reader, e);
    if (!reader_is_parked(s->reader))
        pool_add(s);
    return result;
}
