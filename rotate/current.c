/* The steps that make, change and give up current. */
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "rotate/follow.h"
#include "rotate/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bool step_has_current(const struct logdir *d)
{
    struct stat s;
    if (d->current < 0)
        return false;
    if (fstatat(d->directory, "current", &s, AT_SYMLINK_NOFOLLOW) < 0)
        /* ESTALE: deleted on the server; after any other error the file may well be there */
        return errno != ENOENT && errno != ESTALE;
    return s.st_ino == d->inode && s.st_dev == d->device;
}

/* why: the errno that appends fail with until there is a new current. */
static void release(struct logdir *d, int why)
{
    fd_drop(&d->current);
    d->why = why;
    d->inode = 0;
    d->size = 0;
}

/* The old file is closed after the new one was made, so that they have different inodes. */
void step_use(struct logdir *d, int fd, const struct stat *s)
{
    fd_close(d->current);
    d->current = fd;
    d->inode = s->st_ino;
    d->device = s->st_dev;
    d->size = s->st_size;
    follow_current(d, s);
}

int step_create(struct logdir *d, struct error *e)
{
    struct stat s;
    int fd = step_make(d, "current", &s);
    for (int tries = 0; fd < 0 && errno == EEXIST && tries < WAY_TRIES; tries++) {
        if (step_archive_or_remove(d, "current", true, e) < 0) {
            release(d, errno);
            return -1;
        }
        fd = step_make(d, "current", &s);
    }
    if (fd < 0) {
        error_system(e, "unable to create %s/current", d->name);
        release(d, errno);
        return -1;
    }
    step_use(d, fd, &s);
    return 0;
}

/* Makes an empty file under an archive's name later than every other's. Returns its descriptor, or
 * -1 with errno. */
static int reserve(struct logdir *d, bool unfinished, char name[ARCHIVE_NAME_MAX], struct stat *s)
{
    struct timespec now = clock_wall();
    int fd;
    do {
        struct timespec t = archive_next_time(&d->newest, &now);
        archive_name(name, &t, unfinished, false);
        d->newest = t;
        fd = step_make(d, name, s);
    } while (fd < 0 && errno == EEXIST);
    return fd;
}

int step_change(struct logdir *d, const char *to, bool unfinished, struct error *e)
{
    char name[ARCHIVE_NAME_MAX];
    struct stat s;
    int fd = to == NULL ? reserve(d, unfinished, name, &s) : step_make(d, to, &s);
    if (fd < 0) {
        d->why = errno;
        return error_system(e, "unable to create %s/%s", d->name, to == NULL ? "an archive" : to);
    }
    to = to == NULL ? name : to;
    if (syscall(SYS_renameat2, d->directory, "current", d->directory, to, RENAME_EXCHANGE) == 0) {
        step_use(d, fd, &s);
        return 0;
    }
    /* Where two names cannot change places, the new file is made once current is out of the way. */
    close(fd);
    if (renameat(d->directory, "current", d->directory, to) == 0)
        return step_create(d, e);
    error_system(e, "unable to rename %s/current", d->name);
    step_discard(d, to);
    return -1;
}

/* Marks current before it is renamed: if we are killed in between, the next start goes on with it.
 */
int step_turn(struct logdir *d, const char *to, struct error *e)
{
    if (fchmod(d->current, step_mode(d, true)) < 0 && !step_has_no_modes(errno))
        return error_system(e, "unable to mark %s/current", d->name);
    int result = step_change(d, to, false, e);
    if (result < 0 && d->current >= 0)
        fchmod(d->current, step_mode(d, false));
    return result;
}
