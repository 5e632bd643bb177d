#include "supervisor/supervise.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { LISTENERS_MAX = 1000 };
enum { EVENT_FOR_ALL = 01733, EVENT_FOR_GROUP = 03730 };

/* The first status that was made last, as long as nobody has written one since. Services that are
 * made together begin alike, and another name of a file takes one call instead of three: for that
 * a status is never written in place. */
static struct {
    unsigned char record[SUPERVISE_STATUS_MOST];
    size_t size;
    char path[640];
} first;

static int write_first(int at, const char *path, const unsigned char *record, size_t size,
                       struct error *e)
{
    if (size == first.size && memcmp(record, first.record, size) == 0 &&
        linkat(AT_FDCWD, first.path, at, "supervise/status", 0) == 0)
        return 0;
    first.size = 0;
    snprintf(first.path, sizeof first.path, "%s/supervise/status", path);
    int fd =
        openat(at, "supervise/status", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 && errno == EEXIST)
        return file_replace(AT_FDCWD, first.path, record, size, 0644, e);
    int result = fd >= 0 && write(fd, record, size) == (ssize_t)size ? 0 : -1;
    fd_close(fd);
    if (result < 0)
        return error_system(e, "unable to write %s", first.path);
    memcpy(first.record, record, size);
    first.size = size;
    return 0;
}

/* Others may open the file, to see who holds it, and so take a read lock: that keeps nobody out. A
 * file that a reader has locked makes way for another. */
int supervise_lock(int at, const char *path)
{
    enum { TRIES = 4 };
    for (int i = 0; i < TRIES; i++) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = openat(at, path, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0 || fcntl(fd, F_SETLK, &lock) == 0)
            return fd;
        int why = errno;
        bool read_only = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_WRLCK;
        close(fd);
        errno = why;
        if (!read_only || (unlinkat(at, path, 0) < 0 && errno != ENOENT))
            return -1;
    }
    return -1;
}

/* Another name of a file that is locked already costs no descriptor. */
static int make_lock(int at, struct supervise *s, const char *locked)
{
    if (locked != NULL && (linkat(AT_FDCWD, locked, at, "supervise/lock", 0) == 0 ||
                           (errno == EEXIST && unlinkat(at, "supervise/lock", 0) == 0 &&
                            linkat(AT_FDCWD, locked, at, "supervise/lock", 0) == 0)))
        return 0;
    s->lock = supervise_lock(at, "supervise/lock");
    return s->lock;
}

/* event/, which listeners of the group may write to; one that is for all stays so. ours: nobody
 * else can put something in its place. */
static int make_event(int at, bool ours)
{
    struct stat st;
    if (mkdirat(at, "event", 0700) < 0) {
        if (errno != EEXIST || fstatat(at, "event", &st, AT_SYMLINK_NOFOLLOW) < 0)
            return -1;
        if (!S_ISDIR(st.st_mode) || (st.st_mode & 07777) == EVENT_FOR_ALL)
            return 0;
    } else if (ours) {
        return fchmodat(at, "event", EVENT_FOR_GROUP, 0);
    }
    return file_mode_made(at, "event", S_IFDIR, EVENT_FOR_GROUP);
}

/* A hundred services are to be made in no time. */
static int make(int at, const char *path, struct supervise *s, const char *locked,
                const struct supervise_status *status, struct error *e)
{
    struct stat st;
    if (fstat(at, &st) < 0)
        return error_system(e, "unable to look at %s", path);
    s->device = st.st_dev;
    s->inode = st.st_ino;
    bool ours = st.st_uid == getauxval(AT_EUID) && (st.st_mode & 0022) == 0;
    unsigned char record[SUPERVISE_STATUS_MOST];
    bool made = mkdirat(at, "supervise", 0700) == 0;
    if ((!made && errno != EEXIST) || make_event(at, ours) < 0)
        return error_system(e, "unable to make supervise and event in %s", path);
    if (make_lock(at, s, locked) < 0)
        return error_system(e, "unable to lock %s/supervise/lock", path);
    size_t size = supervise_pack(record, status);
    if (write_first(at, path, record, size, e) < 0)
        return -1;
    if (!made && unlinkat(at, "supervise/death_tally", 0) < 0 && errno != ENOENT)
        return error_system(e, "unable to empty %s/supervise/death_tally", path);
    /* Last: who finds a reader there takes the service for supervised and its status for good. */
    s->control.fd = supervise_fifo(at, "supervise/control");
    if (s->control.fd < 0)
        return error_system(e, "unable to make %s/supervise/control", path);
    return 0;
}

int supervise_fifo(int at, const char *path)
{
    if (mkfifoat(at, path, 0600) < 0 && errno != EEXIST)
        return -1;
    return openat(at, path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0);
}

int supervise_open(struct supervise *s, const char *path, const char *locked,
                   const struct supervise_status *status, struct error *e)
{
    *s = SUPERVISE_INIT;
    int at = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return error_system(e, "unable to open %s", path);
    int result = make(at, path, s, locked, status, e);
    close(at);
    if (result < 0)
        supervise_close(s);
    return result;
}

void supervise_close(struct supervise *s)
{
    fd_drop(&s->control.fd);
    fd_drop(&s->lock);
}

int supervise_write_status(const char *path, const struct supervise_status *s, struct error *e)
{
    unsigned char record[SUPERVISE_STATUS_MOST];
    char file[640];
    size_t size = supervise_pack(record, s);
    first.size = 0;
    snprintf(file, sizeof file, "%s/supervise/status", path);
    return file_replace(AT_FDCWD, file, record, size, 0644, e);
}

/* The directory may have been given to a user: nothing there leads us elsewhere or makes us wait.
 */
static int open_file(const char *path, int flags, off_t *size)
{
    struct stat st;
    int fd = openat(AT_FDCWD, path, flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0644);
    bool is_file = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    *size = is_file ? st.st_size : 0;
    if (fd < 0 || is_file)
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

int supervise_add_death(const char *path, const struct timespec *when, int wait_status,
                        unsigned int most, struct error *e)
{
    static unsigned char last[SUPERVISE_DEATHS_MAX * SUPERVISE_DEATH_SIZE];
    unsigned char record[SUPERVISE_DEATH_SIZE];
    char file[640];
    if (most == 0)
        return 0;
    if (most > SUPERVISE_DEATHS_MAX)
        most = SUPERVISE_DEATHS_MAX;
    snprintf(file, sizeof file, "%s/supervise/death_tally", path);
    supervise_death_pack(record, when, wait_status);
    off_t size;
    int fd = open_file(file, O_RDWR | O_CREAT | O_APPEND, &size);
    if (fd < 0)
        return error_system(e, "unable to open %s", file);
    size_t keep = (size_t)(most - 1) * sizeof record;
    int result = 0;
    if (size % SUPERVISE_DEATH_SIZE != 0) /* nonsense: anew */
        size = ftruncate(fd, 0);
    if (size <= (off_t)keep) {
        if (write(fd, record, sizeof record) != (ssize_t)sizeof record)
            result = error_system(e, "unable to write %s", file);
    } else if (pread(fd, last, keep, size - (off_t)keep) != (ssize_t)keep) {
        result = error_system(e, "unable to read %s", file);
    } else {
        memcpy(last + keep, record, sizeof record);
        result = file_replace(AT_FDCWD, file, last, keep + sizeof record, 0644, e);
    }
    close(fd);
    return result;
}

/* To one who listens; it is only ever a fifo. -1: it exists, but cannot be opened now. */
static int tell(int at, const char *name, const char *events)
{
    struct stat st;
    int fd = openat(at, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    bool gone = fd < 0 && errno == ENXIO;
    if (fd < 0 && error_is_lack(errno))
        return -1;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
        gone = write(fd, events, strlen(events)) < 0 && errno == EPIPE;
    if (gone)
        unlinkat(at, name, 0);
    fd_close(fd);
    return 0;
}

struct listeners {
    int at, left, why; /* event/, how many more are told, the errno of the last that could not be */
    const char *events;
};

static int tell_listener(void *to, const char *name)
{
    struct listeners *l = to;
    if (strncmp(name, SUPERVISE_LISTENER, strlen(SUPERVISE_LISTENER)) == 0 &&
        tell(l->at, name, l->events) < 0)
        l->why = errno;
    return --l->left == 0 ? -1 : 0;
}

/* On a tmpfs the size of a folder says whether something is in it. */
static struct {
    bool looked;
    dev_t device; /* of that tmpfs; 0: it is none */
    off_t empty;  /* the size of an empty one */
} sized;

/* path is not empty, and event, which is in it, is. */
static void look_at_sizes(const char *path, int event)
{
    enum { TMPFS = 0x01021994 /* the kernel's */ };
    struct statfs system;
    struct stat above;
    struct stat within;
    sized.looked = true;
    if (fstatfs(event, &system) < 0 || (unsigned long)system.f_type != TMPFS ||
        fstat(event, &within) < 0 || stat(path, &above) < 0 || above.st_dev != within.st_dev ||
        above.st_size <= within.st_size)
        return;
    sized.device = within.st_dev;
    sized.empty = within.st_size;
}

/* Most of the time nobody listens: that takes one call then, instead of four. */
static bool is_known_to_be_empty(const char *event)
{
    struct stat st;
    return sized.device != 0 && stat(event, &st) == 0 && st.st_dev == sized.device &&
           st.st_size == sized.empty && S_ISDIR(st.st_mode);
}

void supervise_forget(void)
{
    memset(&sized, 0, sizeof sized);
}

int supervise_notify(const char *path, const char *events)
{
    char folder[640];
    snprintf(folder, sizeof folder, "%s/event", path);
    struct listeners l = {.left = LISTENERS_MAX, .events = events};
    if (is_known_to_be_empty(folder))
        return 0;
    l.at = openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (l.at < 0)
        return errno == ENOENT ? 0 : -1;
    if (fd_each_name(l.at, tell_listener, &l) < 0 && l.left > 0)
        l.why = errno;
    if (!sized.looked && l.left == LISTENERS_MAX)
        look_at_sizes(path, l.at);
    close(l.at);
    errno = l.why;
    return l.why == 0 ? 0 : -1;
}
