#include "rotate/follow.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "rotate/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char ending[] = ".log";

enum { NAME_LENGTH = CLOCK_TAI64N_LENGTH + sizeof ending - 1 };

static bool is_ours(const char *name)
{
    struct timespec t;
    return strlen(name) == NAME_LENGTH && strcmp(name + CLOCK_TAI64N_LENGTH, ending) == 0 &&
           clock_tai64n_parse(name, &t) == 0;
}

/* The directory of the names: a descriptor, or -1 with errno. */
static int open_names(int directory)
{
    return openat(directory, LOGDIR_FOLLOW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* --- sweeping --- */

struct sweep {
    int fd;
    bool all; /* also names of files that are still there */
};

static int sweep_name(void *to, const char *name)
{
    const struct sweep *w = to;
    struct stat s;
    if (is_ours(name) && fstatat(w->fd, name, &s, AT_SYMLINK_NOFOLLOW) == 0 &&
        (w->all || s.st_nlink == 1))
        unlinkat(w->fd, name, 0);
    return 0;
}

static void sweep(int directory, bool all)
{
    struct sweep w = {.fd = open_names(directory), .all = all};
    if (w.fd >= 0)
        fd_each_name(w.fd, sweep_name, &w);
    fd_close(w.fd);
}

void follow_sweep(int directory)
{
    sweep(directory, false);
}

/* --- naming --- */

struct search {
    int fd;
    const struct stat *file;
    bool found;
};

static int look_at_name(void *to, const char *name)
{
    struct search *f = to;
    f->found = step_is_file(f->fd, name, f->file);
    return f->found ? -1 : 0;
}

/* 1, 0, or -1 with errno: that cannot be told now. */
static int is_named(int fd, const struct stat *file)
{
    struct search f = {.fd = fd, .file = file};
    int result = fd_each_name(fd, look_at_name, &f);
    return f.found ? 1 : result;
}

bool follow_is_deleted(int directory, const struct stat *s)
{
    if (s->st_nlink != 1)
        return s->st_nlink == 0;
    int fd = open_names(directory);
    bool deleted = fd >= 0 && is_named(fd, s) > 0;
    fd_close(fd);
    return deleted;
}

/* Links current into fd, under a name later than every archive's. 0, or -1 with errno. */
static int link_current(const struct logdir *d, int fd)
{
    char name[NAME_LENGTH + 1] = "";
    struct timespec now = clock_wall();
    struct timespec t = archive_next_time(&d->newest, &now);
    for (;; t = archive_next_time(&t, &t)) {
        clock_tai64n_format(name, &t);
        memcpy(name + CLOCK_TAI64N_LENGTH, ending, sizeof ending);
        if (linkat(d->directory, "current", fd, name, 0) == 0)
            return 0;
        if (errno != EEXIST)
            return -1;
    }
}

/* Makes the directory where it is missing, and sets aside what is none. A descriptor, or -1 with
 * errno. */
static int make_names(const struct logdir *d)
{
    struct error ignored = ERROR_INIT;
    struct stat s;
    for (int tries = 0; tries < WAY_TRIES; tries++) {
        int fd = open_names(d->directory);
        if (fd >= 0)
            return fd;
        bool missing = errno == ENOENT;
        if (!missing && errno != ENOTDIR && errno != ELOOP)
            return -1;
        if (!missing && step_aside(d, LOGDIR_FOLLOW, &ignored) < 0)
            return -1;
        if (fstat(d->directory, &s) < 0 ||
            (mkdirat(d->directory, LOGDIR_FOLLOW, s.st_mode & 0777) < 0 && errno != EEXIST))
            return -1;
    }
    return open_names(d->directory);
}

void follow_current(struct logdir *d, const struct stat *s)
{
    if (!d->settings.follow)
        return;
    int fd = make_names(d);
    int named = fd < 0 ? -1 : s->st_nlink > 1 ? is_named(fd, s) : 0;
    bool failed = named < 0 || (named == 0 && link_current(d, fd) < 0);
    if (failed && !d->unfollowed)
        message_warning("unable to link %s/current into %s/%s: %s", d->name, d->name, LOGDIR_FOLLOW,
                        strerror(errno));
    d->unfollowed = failed;
    fd_close(fd);
}

void follow_tend(struct logdir *d)
{
    struct stat s;
    if (!d->settings.follow)
        return;
    if (d->unfollowed && d->current >= 0 && fstat(d->current, &s) == 0)
        follow_current(d, &s);
    follow_sweep(d->directory);
}

void follow_open(struct logdir *d)
{
    struct stat s;
    if (!d->settings.follow) {
        sweep(d->directory, true);
        unlinkat(d->directory, LOGDIR_FOLLOW, AT_REMOVEDIR);
        return;
    }
    int fd = make_names(d);
    if (fd >= 0 && fstat(d->directory, &s) == 0)
        fchmod(fd, s.st_mode & 0777); /* mkdirat had a umask, and the mode may be a new one */
    fd_close(fd);
    follow_sweep(d->directory);
}
