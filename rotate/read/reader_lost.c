/* Archives that retention deleted before they were read. */
#include "base/clock.h"
#include "rotate/read/reading.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_SLACK = 60 /* seconds; multilog counts fewer leap seconds in its names */ };

/* Whether the archive, by its name, had no line that is wanted. */
static bool is_too_old(const struct reader *r, const struct archive *a)
{
    return r->skip.since.tv_sec != 0 && a->time.tv_sec < r->skip.since.tv_sec - NAME_SLACK;
}

bool reader_lost(struct reader *r, const char *name)
{
    char twin[ARCHIVE_NAME_MAX];
    struct archive a;
    struct stat st;
    if (archive_parse(name, &a) < 0 || !reader_is_new(r, &a) || is_too_old(r, &a))
        return false;
    archive_twin(twin, &a);
    bool reading = r->file.fd >= 0 && r->place == PLACE_ARCHIVE;
    if (reading && (strcmp(r->at.name, name) == 0 || strcmp(r->at.name, twin) == 0))
        return false;
    if (reader_look_at(r, twin, &st) == 0)
        return false;
    /* Retention deletes the oldest first. So a file that we read before it became an archive, and
     * that is deleted now, may be the archive of this name. */
    reader_pass(r, &a);
    if (reader_is_unnamed(r, &r->last, r->last_known)) {
        r->last_known = true;
        return false;
    }
    if (!reading && reader_is_unnamed(r, &r->file, r->file_known)) {
        r->file_known = true;
        return false;
    }
    return true;
}

static bool has(const struct archive *list, long count, const struct archive *a)
{
    for (long i = 0; i < count; i++)
        if (clock_compare(&list[i].time, &a->time) == 0)
            return true;
    return false;
}

void reader_find_lost(struct reader *r, void (*lost)(void *context, const char *name),
                      void *context)
{
    struct archive *list;
    long count = archive_list(r->directory, &list);
    if (count < 0)
        return;
    for (long i = 0; i < r->seen_count; i++)
        if (!has(list, count, &r->seen[i]) && reader_lost(r, r->seen[i].name))
            lost(context, r->seen[i].name);
    free(r->seen);
    r->seen = list;
    r->seen_count = count;
}
