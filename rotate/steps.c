#include "rotate/steps.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- modes --- */

void step_choose_mode(struct logdir *d)
{
    mode_t mask = file_mask();
    if (d->settings.mode == 0)
        d->settings.mode = 0666 & ~mask;
    d->settings.mode &= ~(mode_t)S_IXUSR; /* the bit that is the mark */
    d->beyond_umask = (d->settings.mode & mask) != 0;
}

mode_t step_mode(const struct logdir *d, bool archive)
{
    return archive ? d->settings.mode | S_IXUSR : d->settings.mode;
}

bool step_has_no_modes(int why)
{
    return why == EPERM || why == ENOSYS || why == EOPNOTSUPP;
}

enum answer { NO, YES, UNTOLD = -1 };

/* Whether there is a regular file with all bits of the mode. UNTOLD, with errno: it cannot be
 * looked at now. */
static enum answer look_at(const struct logdir *d, const char *name, mode_t bits)
{
    struct stat s;
    if (fstatat(d->directory, name, &s, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? NO : UNTOLD;
    return S_ISREG(s.st_mode) && (s.st_mode & bits) == bits ? YES : NO;
}

/* On file systems without modes every file is executable. If even lock is, the x bit proves
 * nothing. */
static enum answer is_processed(const struct logdir *d)
{
    enum answer marked = look_at(d, "processed", S_IXUSR);
    enum answer vain = marked == YES ? look_at(d, "lock", S_IXUSR) : NO;
    if (marked != YES || vain == NO)
        return marked;
    enum answer previous = look_at(d, "previous", 0);
    if (previous == NO)
        return YES;
    return previous == UNTOLD || vain == UNTOLD ? UNTOLD : NO;
}

int step_processed(const struct logdir *d, struct error *e)
{
    enum answer answer = is_processed(d);
    return answer == UNTOLD ? error_system(e, "unable to look at %s/processed", d->name)
                            : (int)answer;
}

int step_doubt_marks(const struct logdir *d, struct error *e)
{
    enum answer vain = look_at(d, "lock", S_IXUSR);
    enum answer previous = vain == NO ? NO : look_at(d, "previous", 0);
    if (vain == UNTOLD || previous == UNTOLD)
        return error_system(e, "unable to look at %s/previous", d->name);
    return previous == YES ? step_remove(d, "processed", e) : 0;
}

/* --- names --- */

bool step_exists(int directory, const char *name)
{
    struct stat s;
    return fstatat(directory, name, &s, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

bool step_is_file(int directory, const char *name, const struct stat *file)
{
    struct stat s;
    return fstatat(directory, name, &s, AT_SYMLINK_NOFOLLOW) == 0 && s.st_ino == file->st_ino &&
           s.st_dev == file->st_dev;
}

/* Without replacing: -1 with errno EEXIST when the new name is taken. */
static int rename_new(int directory, const char *from, const char *to)
{
    if (syscall(SYS_renameat2, directory, from, directory, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM)
        return -1;
    if (linkat(directory, from, directory, to, 0) == 0)
        return unlinkat(directory, from, 0);
    if (errno == EEXIST)
        return -1;
    /* A directory, or a file system without links: the name was made to be new. */
    if (step_exists(directory, to)) {
        errno = EEXIST;
        return -1;
    }
    return renameat(directory, from, directory, to);
}

int step_aside(const struct logdir *d, const char *name, struct error *e)
{
    char to[ARCHIVE_NAME_MAX + CLOCK_TAI64N_LENGTH + 16], stamp[CLOCK_TAI64N_LENGTH];
    struct timespec t = clock_wall();
    for (;; t = archive_next_time(&t, &t)) {
        clock_tai64n_format(stamp, &t);
        snprintf(to, sizeof to, "%.*s.aside%.*s", ARCHIVE_NAME_MAX, name, (int)sizeof stamp, stamp);
        if (rename_new(d->directory, name, to) == 0) {
            message_warning("%s/%s is in the way; it is now %s", d->name, name, to);
            return 0;
        }
        if (errno == ENOENT)
            return 0;
        if (errno != EEXIST)
            return error_system(e, "unable to rename %s/%s", d->name, name);
    }
}

int step_remove(const struct logdir *d, const char *name, struct error *e)
{
    if (unlinkat(d->directory, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno == EISDIR || errno == EPERM) /* for a directory; EPERM is POSIX's */
        return step_aside(d, name, e);
    return error_system(e, "unable to remove %s/%s", d->name, name);
}

void step_discard(const struct logdir *d, const char *name)
{
    char other[ARCHIVE_NAME_MAX + 8];
    snprintf(other, sizeof other, "%.*s.new", ARCHIVE_NAME_MAX, name);
    if (renameat(d->directory, name, d->directory, other) == 0)
        name = other;
    unlinkat(d->directory, name, 0);
}

int step_replace(const struct logdir *d, const char *from, const char *to, struct error *e)
{
    for (int tries = 0; tries < WAY_TRIES; tries++) {
        if (renameat(d->directory, from, d->directory, to) == 0 || errno == ENOENT)
            return 0;
        if ((errno != EISDIR && errno != ENOTDIR) ||
            step_aside(d, errno == EISDIR ? to : from, e) < 0)
            break;
    }
    return error_system(e, "unable to rename %s/%s", d->name, from);
}

/* --- files --- */

static int open_regular(const struct logdir *d, const char *name, int flags, mode_t mode)
{
    struct stat s;
    int fd = openat(d->directory, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    /* EACCES is for a file that we may not open. This one is open, and nothing is known of it. */
    int why = fstat(fd, &s) < 0 ? EIO : S_ISREG(s.st_mode) ? 0 : EINVAL;
    if (why == 0)
        return fd;
    close(fd);
    errno = why;
    return -1;
}

int step_open(const struct logdir *d, const char *name, int flags)
{
    return open_regular(d, name, flags, 0);
}

static bool is_in_the_way(const struct logdir *d, const char *name)
{
    struct stat s;
    return fstatat(d->directory, name, &s, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(s.st_mode);
}

int step_clear(const struct logdir *d, const char *name, struct error *e)
{
    return is_in_the_way(d, name) ? step_aside(d, name, e) : 0;
}

int step_take(const struct logdir *d, const char *name, int flags, mode_t mode, struct error *e)
{
    int fd = -1;
    for (int tries = 0; tries < WAY_TRIES && fd < 0; tries++) {
        if (step_clear(d, name, e) < 0)
            return -1;
        fd = open_regular(d, name, flags | O_CREAT, mode);
    }
    return fd < 0 ? error_system(e, "unable to open %s/%s", d->name, name) : fd;
}

int step_make(const struct logdir *d, const char *name, struct stat *s)
{
    mode_t mask = d->beyond_umask ? umask(0) : 0;
    int fd =
        openat(d->directory, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
               step_mode(d, false));
    if (d->beyond_umask)
        umask(mask); /* which cannot fail */
    if (fd < 0)
        return -1;
    if (fstat(fd, s) < 0) {
        int why = errno;
        unlinkat(d->directory, name, 0);
        close(fd);
        errno = why;
        return -1;
    }
    /* The directory may have an access list of its own. A log is worth more than its mode. */
    if ((s->st_mode & 0777) != step_mode(d, false))
        fchmod(fd, step_mode(d, false));
    return fd;
}

int step_renew(const struct logdir *d, const char *name, struct error *e)
{
    struct stat s;
    if (step_remove(d, name, e) < 0)
        return -1;
    int fd = step_make(d, name, &s);
    return fd < 0 ? error_system(e, "unable to create %s/%s", d->name, name) : fd;
}

/* --- archives --- */

int step_finish_link(const struct logdir *d, const char *name, struct error *e)
{
    struct stat s;
    struct archive *list;
    bool archived = false;
    if (fstatat(d->directory, name, &s, AT_SYMLINK_NOFOLLOW) < 0 || s.st_nlink < 2)
        return 0;
    long count = archive_list(d->directory, &list);
    for (long i = 0; i < count && !archived; i++)
        archived = step_is_file(d->directory, list[i].name, &s);
    if (strcmp(name, "current") == 0 && !archived)
        archived = step_is_file(d->directory, "previous", &s);
    free(list);
    return archived ? step_remove(d, name, e) : 0;
}

int step_archive(struct logdir *d, const char *from, bool unfinished, struct error *e)
{
    char name[ARCHIVE_NAME_MAX];
    struct timespec now = clock_wall();
    if (step_finish_link(d, from, e) < 0)
        return -1;
    for (;;) {
        struct timespec t = archive_next_time(&d->newest, &now);
        archive_name(name, &t, unfinished, false);
        d->newest = t;
        if (rename_new(d->directory, from, name) == 0 || errno == ENOENT)
            return 0;
        if (errno != EEXIST)
            return error_system(e, "unable to rename %s/%s", d->name, from);
    }
}

static void mark(const struct logdir *d, const char *name)
{
    int fd = step_open(d, name, O_RDONLY);
    if (fd < 0)
        return;
    fchmod(fd, step_mode(d, true));
    close(fd);
}

int step_archive_or_remove(struct logdir *d, const char *from, bool unfinished, struct error *e)
{
    struct stat s;
    if (fstatat(d->directory, from, &s, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : error_system(e, "unable to look at %s/%s", d->name, from);
    if (!S_ISREG(s.st_mode))
        return step_aside(d, from, e);
    if (s.st_size == 0)
        return step_remove(d, from, e);
    if (!unfinished)
        mark(d, from);
    return step_archive(d, from, unfinished, e);
}

int step_adopt(struct logdir *d, struct error *e)
{
    if (step_remove(d, "previous", e) < 0 || step_replace(d, "newstate", "state", e) < 0)
        return -1;
    return step_archive_or_remove(d, "processed", false, e);
}

bool step_has_input(const struct logdir *d)
{
    return d->settings.processor != NULL &&
           (step_exists(d->directory, "previous") || step_exists(d->directory, "processed"));
}
