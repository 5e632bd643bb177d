#include "rotate/logdir.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "rotate/follow.h"
#include "rotate/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- preparing -------------------------------------------------------------------------------- */

/* The mode of a log directory that the readers of its files may enter: an x bit for each r bit. */
static mode_t directory_mode(mode_t mode)
{
    return mode == 0 ? 0700 : 0700 | (mode & 0777) | (mode & 0444) >> 2;
}

/* Opens the directory that holds the last component of the path in copy, which is changed. *name is
 * that component, in copy. */
static int open_parent(char *copy, char **name, struct error *e)
{
    size_t length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    char *slash = strrchr(copy, '/');
    *name = slash == NULL ? copy : slash + 1;
    if (**name == '\0')
        *name = copy; /* the root itself */
    const char *parent = slash == NULL ? "." : slash == copy ? "/" : copy;
    if (slash != NULL && slash != copy)
        *slash = '\0';
    int at = openat(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0 && file_make_directories(AT_FDCWD, parent, 0755, e) < 0)
        return -1;
    if (at < 0)
        at = openat(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return at < 0 ? error_system(e, "unable to open %s", parent) : at;
}

/* Says why the directory cannot be used: "Not a directory" alone would not tell of a link. */
static void explain(int at, const char *name, const char *path, bool made, struct error *e)
{
    char target[256];
    int why = errno;
    ssize_t n = readlinkat(at, name, target, sizeof target - 1);
    target[n < 0 ? 0 : n] = '\0';
    errno = why;
    if (n >= 0 && (why == ENOTDIR || why == ELOOP))
        error_set(e, EXIT_SYSTEM, "unable to use log directory %s: it is a symbolic link (to %s)",
                  path, target);
    else
        error_system(e, "unable to %s log directory %s", made ? "open" : "make", path);
}

int logdir_give(const char *path, uid_t uid, gid_t gid, mode_t mode, bool *given, struct error *e)
{
    *given = false;
    char *name = NULL, *copy = strdup(path);
    int at = copy == NULL ? error_system(e, "unable to use %s", path) : open_parent(copy, &name, e);
    if (at < 0) {
        free(copy);
        return -1;
    }
    bool made = mkdirat(at, name, 0700) == 0;
    int fd = -1;
    if (made || errno == EEXIST)
        fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        explain(at, name, path, made, e);
    close(at);
    free(copy);
    if (fd < 0 || !made)
        return fd;
    *given = uid != (uid_t)-1 && fchown(fd, uid, gid) == 0;
    if ((uid != (uid_t)-1 && !*given && !step_has_no_modes(errno) &&
         errno != EINVAL) || /* EINVAL: a user namespace without that id */
        (fchmod(fd, directory_mode(mode)) < 0 && !step_has_no_modes(errno))) {
        error_system(e, "unable to give log directory %s to its logger", path);
        close(fd);
        return -1;
    }
    return fd;
}

int logdir_prepare(const char *path, uid_t uid, gid_t gid, mode_t mode, struct error *e)
{
    bool ignored;
    return logdir_give(path, uid, gid, mode, &ignored, e);
}

/* --- open, append, close ---------------------------------------------------------------------- */

/* Whether the file LOGDIR_NOTE holds that note already, with the mode of current. */
static bool is_noted(const struct logdir *d, const char *note)
{
    char old[128];
    struct stat s;
    size_t length = strlen(note);
    int fd = step_open(d, LOGDIR_NOTE, O_RDONLY);
    bool same = fd >= 0 && fstat(fd, &s) == 0 && (s.st_mode & 0777) == step_mode(d, false) &&
                pread(fd, old, sizeof old, 0) == (ssize_t)length && memcmp(old, note, length) == 0;
    fd_close(fd);
    return same;
}

static int is_lock_alone(void *to, const char *name)
{
    bool *fresh = to;
    *fresh = strcmp(name, "lock") == 0;
    return *fresh ? 0 : -1;
}

/* Whether nothing but our lock is there: there was no logger before. */
static bool is_fresh(const struct logdir *d)
{
    bool fresh = false;
    int fd = openat(d->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && fd_each_name(fd, is_lock_alone, &fresh) < 0)
        fresh = false;
    fd_close(fd);
    return fresh;
}

/* Writes the file LOGDIR_NOTE, unless a predecessor has written the same: the disk may be full.
 * Failures cost the note and nothing else. */
static void write_note(const struct logdir *d, bool fresh)
{
    struct stat s;
    struct error ignored = ERROR_INIT;
    const char *note = d->settings.note ? d->settings.note : "";
    size_t length = strlen(note);
    int fd = fresh && length > 0 ? step_make(d, LOGDIR_NOTE, &s) : -1;
    if (fd < 0 && length == 0 && !step_exists(d->directory, LOGDIR_NOTE))
        return;
    if (fd < 0 && (step_clear(d, LOGDIR_NOTE, &ignored) < 0 || (length > 0 && is_noted(d, note))))
        return;
    if (length == 0) {
        step_remove(d, LOGDIR_NOTE, &ignored);
        return;
    }
    if (fd < 0)
        fd = step_renew(d, LOGDIR_NOTE, &ignored);
    if (fd < 0)
        return;
    if (write(fd, note, length) != (ssize_t)length)
        step_remove(d, LOGDIR_NOTE, &ignored);
    close(fd);
}

/* Gives a directory of ours that existed before the mode that the script asks for. */
static void open_to_readers(int directory, mode_t mode)
{
    const mode_t special = 07000;
    struct stat s;
    if (mode == 0 || fstat(directory, &s) < 0 || s.st_uid != geteuid())
        return;
    mode_t wanted = (s.st_mode & special) | directory_mode(mode);
    if ((s.st_mode & 07777) != wanted)
        fchmod(directory, wanted);
}

static int find_newest(struct logdir *d, struct error *e)
{
    struct archive *list;
    long count = archive_list(d->directory, &list);
    if (count < 0)
        return error_system(e, "unable to read log directory %s", d->name);
    if (count > 0)
        d->newest = d->synced = list[count - 1].time;
    free(list);
    return 0;
}

int logdir_open(struct logdir *d, int directory, const char *name,
                const struct logdir_settings *settings, bool resume, struct error *e)
{
    *d = (struct logdir){.settings = *settings,
                         .name = strdup(name),
                         .directory = directory,
                         .lock = -1,
                         .current = -1};
    struct timespec now = clock_wall();
    age_is_trusted(&d->clock, &now, clock_monotonic());
    step_choose_mode(d);
    if (d->name == NULL)
        error_system(e, "unable to open log directory %s", name);
    int result = d->name == NULL || lock_take(d, e) < 0 ? -1 : 0;
    bool fresh = result == 0 && is_fresh(d);
    if (result == 0 && !fresh && (step_clean_archives(d, e) < 0 || find_newest(d, e) < 0))
        result = -1;
    if (result == 0) {
        write_note(d, fresh); /* who sees current sees the note */
        result = (fresh ? recover_nothing : recover)(d, resume, e);
    }
    if (result < 0) {
        bool taken = d->taken;
        logdir_close(d, false);
        d->taken = taken;
        return -1;
    }
    open_to_readers(directory, settings->mode);
    if (settings->follow || !fresh)
        follow_open(d);
    step_lock(d->lock, F_UNLCK, LOCK_HELPER);
    if (!fresh) {
        logdir_trim(d);
        helper_start(d);
    }
    return 0;
}

ssize_t logdir_append(struct logdir *d, const void *bytes, size_t length)
{
    ssize_t n;
    if (d->current < 0) {
        errno = d->why;
        return -1;
    }
    do
        n = write(d->current, bytes, length);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        d->size += n;
    return n;
}

bool logdir_processing(const struct logdir *d)
{
    return d->settings.processor != NULL && (d->helper != 0 || step_has_input(d));
}

bool logdir_busy(const struct logdir *d)
{
    return (d->helper != 0 && d->settings.gzip > 0) || logdir_processing(d);
}

bool logdir_full(const struct logdir *d)
{
    return d->size > 0 &&
           (unsigned long long)d->size + d->settings.tolerance >= d->settings.rotate &&
           !logdir_processing(d);
}

size_t logdir_room(const struct logdir *d)
{
    unsigned long long used = (unsigned long long)d->size + d->settings.tolerance;
    if (used < d->settings.rotate)
        return (size_t)(d->settings.rotate - used);
    return logdir_processing(d) ? SIZE_MAX : 0;
}

int logdir_turn(struct logdir *d, struct error *e)
{
    d->why = 0;
    if (!step_has_current(d))
        return step_create(d, e);
    if (d->size == 0 || logdir_processing(d))
        return 0;
    return step_turn(d, d->settings.processor != NULL ? "previous" : NULL, e);
}

void logdir_tidy(struct logdir *d)
{
    logdir_trim(d);
    helper_start(d);
}

enum logdir_loss logdir_loss(const struct logdir *d)
{
    struct stat s;
    if (step_has_current(d))
        return LOGDIR_NOTHING_LOST;
    bool gone = fstat(d->directory, &s) < 0 ? errno == ESTALE : s.st_nlink == 0;
    if (gone)
        return LOGDIR_LOST;
    return d->current < 0 ? LOGDIR_NOTHING_LOST : LOGDIR_CURRENT_LOST;
}

/* What cannot be read counts as a begun line: an empty line is better than two in one. */
bool logdir_ends_line(const struct logdir *d)
{
    struct stat s;
    char last = '\0';
    if (d->size == 0)
        return true;
    int fd = step_open(d, "current", O_RDONLY);
    if (fd < 0)
        return errno == ENOENT;
    bool other = fstat(fd, &s) == 0 && (s.st_ino != d->inode || s.st_size == 0);
    bool read = !other && pread(fd, &last, 1, d->size - 1) == 1;
    close(fd);
    return other || (read && last == '\n');
}

pid_t logdir_user(int directory)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_LOGGER, .l_len = 1};
    int fd = openat(directory, "lock", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    bool used = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK; /* readers are not */
    close(fd);
    errno = 0;
    return !used ? -1 : lock.l_pid > 0 ? lock.l_pid : 0; /* below 0: of another machine */
}

void logdir_close(struct logdir *d, bool clean)
{
    struct error ignored = ERROR_INIT;
    if (clean && d->settings.note != NULL)
        unlinkat(d->directory, LOGDIR_NOTE, 0);
    if (clean && d->helper > 0) { /* its lock would keep the next logger out */
        kill(d->helper, SIGKILL);
        process_wait(d->helper);
        step_clean_archives(d, &ignored);
        logdir_trim(
            d); /* the helper may just have put an archive back that retention had deleted */
    }
    if (d->current >= 0) {
        if (clean && !logdir_processing(d)) {
            fsync(d->current);
            fchmod(d->current, step_mode(d, true));
        }
        close(d->current);
    }
    fd_close(d->lock);
    fd_close(d->directory);
    free(d->name);
    *d = (struct logdir){.current = -1, .lock = -1, .directory = -1};
}
