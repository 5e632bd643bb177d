#include "rotate/vacuum.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "rotate/follow.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- looking ---------------------------------------------------------------------------------- */

static void complain(struct vacuum *v, const char *doing, const char *path, const char *name)
{
    int why = errno;
    v->failed = true;
    if (words_has(&v->said, name))
        return;
    words_add(&v->said, name);
    message_warning("unable to %s %s/%s: %s", doing, path, name, strerror(why));
}

/* A descriptor, or -1 with errno. */
static int open_directory(int root, const char *name)
{
    return openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_no_directory(int why)
{
    return why == ENOTDIR || why == ELOOP || why == ENOENT;
}

/* Adds the directory of that name with its archives. 0, or -1: no memory. */
static int add(struct vacuum *v, int root, const char *path, const char *name)
{
    int fd = open_directory(root, name);
    struct vacuum_directory d = {.name = NULL};
    if (fd >= 0)
        d.count = archive_list_whole(fd, &d.list);
    if (fd < 0 || d.count < 0) {
        if (fd >= 0 || !is_no_directory(errno))
            complain(v, "read", path, name);
        fd_close(fd);
        return 0;
    }
    archive_sizes(fd, d.list, d.count);
    close(fd);
    for (long i = 0; i < d.count; i++)
        d.bytes += d.list[i].size;
    d.name = strdup(name);
    if (d.name == NULL || LIST_ROOM(v->item, v->count, v->room) < 0) {
        free(d.list);
        free(d.name);
        return -1;
    }
    v->item[v->count++] = d;
    return 0;
}

static int list_names(int root, struct words *names)
{
    int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 ? -1 : fd_names(fd, 1, names);
    fd_close(fd);
    words_sort(names);
    return result;
}

int vacuum_look(struct vacuum *v, int root, const char *path, vacuum_wants *wants, void *context,
                struct error *e)
{
    struct words names = WORDS_INIT;
    int result = list_names(root, &names);
    for (size_t i = 0; i < names.count && result == 0; i++)
        if (wants == NULL || wants(context, names.item[i]))
            result = add(v, root, path, names.item[i]);
    if (result < 0)
        error_system(e, "unable to read %s", path);
    words_release(&names);
    return result;
}

/* --- planning --------------------------------------------------------------------------------- */

static void doom(struct vacuum_directory *d)
{
    d->doomed_bytes += d->list[d->doomed++].size;
}

static int64_t left(const struct vacuum_directory *d)
{
    return d->bytes - d->doomed_bytes;
}

/* Whether an archive of d is to be deleted before one of the other, which may be NULL. */
static bool goes_before(const struct vacuum_directory *d, const struct vacuum_directory *other)
{
    if (other == NULL || left(d) != left(other))
        return other == NULL || left(d) > left(other);
    return clock_compare(&d->list[d->doomed].time, &other->list[other->doomed].time) < 0;
}

/* The directory whose oldest archive goes next; NULL: there is none. */
static struct vacuum_directory *next(const struct vacuum *v)
{
    struct vacuum_directory *found = NULL;
    for (size_t i = 0; i < v->count; i++) {
        struct vacuum_directory *d = &v->item[i];
        if (!d->stuck && d->doomed < d->count && goes_before(d, found))
            found = d;
    }
    return found;
}

void vacuum_plan(struct vacuum *v, const struct vacuum_rules *r, const struct timespec *now,
                 int64_t monotonic)
{
    int64_t total = 0;
    v->distrusts = r->older > 0 && !age_is_trusted(&v->clock, now, monotonic);
    int64_t older = v->distrusts ? 0 : r->older;
    for (size_t i = 0; i < v->count; i++) {
        struct vacuum_directory *d = &v->item[i];
        d->doomed = 0;
        d->doomed_bytes = 0;
        while (older > 0 && !d->stuck && d->doomed < d->count &&
               clock_between(&d->list[d->doomed].time, now) > older)
            doom(d);
        total += left(d);
    }
    for (struct vacuum_directory *d; r->most >= 0 && total > r->most && (d = next(v)) != NULL;) {
        total -= d->list[d->doomed].size;
        doom(d);
    }
}

/* --- deleting --------------------------------------------------------------------------------- */

/* Takes the first archive off the list: it is not there any more. */
static void drop_first(struct vacuum_directory *d)
{
    d->bytes -= d->list[0].size;
    d->doomed_bytes -= d->list[0].size;
    d->doomed--;
    memmove(d->list, d->list + 1, (size_t)--d->count * sizeof *d->list);
}

bool vacuum_delete(struct vacuum *v, int root, const char *path)
{
    bool stuck = false;
    for (size_t i = 0; i < v->count; i++) {
        struct vacuum_directory *d = &v->item[i];
        int fd = d->doomed > 0 ? open_directory(root, d->name) : -1;
        bool vanished = fd < 0 && is_no_directory(errno);
        while (d->doomed > 0) {
            int result = vanished ? 0 : fd < 0 ? -1 : archive_remove(fd, &d->list[0]);
            if (result < 0) {
                complain(v, "remove archives in", path, d->name);
                stuck = d->stuck = true;
                break;
            }
            d->gone += result;
            d->gone_bytes += result * d->list[0].size;
            drop_first(d);
        }
        if (fd >= 0)
            follow_sweep(fd);
        fd_close(fd);
    }
    return stuck;
}

/* --- the end ---------------------------------------------------------------------------------- */

void vacuum_forget(struct vacuum *v)
{
    for (size_t i = 0; i < v->count; i++) {
        free(v->item[i].name);
        free(v->item[i].list);
    }
    v->count = 0;
    v->failed = false;
}

void vacuum_release(struct vacuum *v)
{
    vacuum_forget(v);
    free(v->item);
    words_release(&v->said);
    *v = (struct vacuum){.count = 0};
}
