#include "command/tools/logfiles_tail.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK_LEAST = 4096,
    BLOCK_MOST = 1 << 20,
    /* As linux/falloc.h has them, which not every C library comes with. */
    KEEP_SIZE = 1,
    PUNCH_HOLE = 2,
    COLLAPSE_RANGE = 8
};

bool tail_is_place(int fd, off_t size, const struct logfile_place *p)
{
    char before[LOGFILE_MARK];
    off_t from = (off_t)(p->offset - p->mark_length);
    return (off_t)p->offset <= size &&
           pread(fd, before, p->mark_length, from) == (ssize_t)p->mark_length &&
           memcmp(before, p->mark, p->mark_length) == 0;
}

/* Opens for writing too, if that is allowed: to shorten it. */
static int open_file(int folder, const char *name, bool *writable)
{
    enum { HOW = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };
    int fd = openat(folder, name, O_RDWR | HOW);
    *writable = fd >= 0;
    if (fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM || errno == ETXTBSY))
        fd = openat(folder, name, O_RDONLY | HOW);
    return fd;
}

int tail_open(struct tail *t, int folder, const char *name, const struct logfile_place *from,
              struct error *e)
{
    struct stat st;
    *t = (struct tail){.fd = -1};
    t->fd = open_file(folder, name, &t->writable);
    if (t->fd < 0)
        return error_system(e, "unable to open %s", name);
    if (fstat(t->fd, &st) < 0)
        error_system(e, "unable to look at %s", name);
    else if (!S_ISREG(st.st_mode))
        error_set(e, EXIT_SYSTEM, "%s is no regular file", name);
    else if (st.st_nlink > 1)
        error_set(e, EXIT_SYSTEM, "%s has a second name (a hard link)", name);
    else
        e->code = 0;
    if (e->code != 0) {
        tail_close(t);
        errno = EINVAL;
        return -1;
    }
    t->place = (struct logfile_place){.device = st.st_dev, .inode = st.st_ino};
    if (from->device == st.st_dev && from->inode == st.st_ino &&
        tail_is_place(t->fd, st.st_size, from))
        t->place = *from;
    return 0;
}

void tail_close(struct tail *t)
{
    fd_drop(&t->fd);
}

/* --- reading on ------------------------------------------------------------------------------- */

static void begin_anew(struct tail *t)
{
    t->place.offset = 0;
    t->place.mark_length = 0;
    t->freed = 0;
}

/* Moves over NULs: those in the buffer, and the hole behind them. Whether there were any. */
static bool skip_nothing(struct tail *t, const char *bytes, size_t length)
{
    size_t n = 0;
    while (n < length && bytes[n] == '\0')
        n++;
    if (n == 0)
        return false;
    logfile_place_move(&t->place, bytes, n);
    off_t data = n < length ? -1 : lseek(t->fd, (off_t)t->place.offset, SEEK_DATA);
    if (data > (off_t)t->place.offset) {
        memset(t->place.mark, 0, LOGFILE_MARK);
        t->place.mark_length = LOGFILE_MARK;
        t->place.offset = (uint64_t)data;
    }
    t->freed = (off_t)t->place.offset;
    return true;
}

ssize_t tail_next(struct tail *t, char buffer[TAIL_BUFFER], bool last)
{
    struct stat st;
    ssize_t n;
    if (fstat(t->fd, &st) < 0)
        return -1;
    if (!tail_is_place(t->fd, st.st_size, &t->place))
        begin_anew(t);
    do
        n = pread(t->fd, buffer, TAIL_BUFFER, (off_t)t->place.offset);
    while (n > 0 && !t->begun && skip_nothing(t, buffer, (size_t)n));
    if (n <= 0 || (last && n < TAIL_BUFFER))
        return n;
    const char *end = memrchr(buffer, '\n', (size_t)n);
    return end != NULL ? end + 1 - buffer : n == TAIL_BUFFER ? n : 0;
}

void tail_done(struct tail *t, const char *bytes, size_t n)
{
    logfile_place_move(&t->place, bytes, n);
    if (n > 0)
        t->begun = bytes[n - 1] != '\n';
}

/* --- giving up what was passed on ------------------------------------------------------------- */

static off_t block_of(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_blksize < BLOCK_LEAST || st.st_blksize > BLOCK_MOST)
        return BLOCK_LEAST;
    return st.st_blksize;
}

/* Only if nothing is new, and something may come between this look and the cut: the last way. */
static enum tail_trimmed empty(struct tail *t)
{
    struct stat st;
    if (fstat(t->fd, &st) < 0)
        return TAIL_STUCK;
    if (st.st_size != (off_t)t->place.offset)
        return TAIL_KEPT;
    if (ftruncate(t->fd, 0) < 0)
        return TAIL_STUCK;
    begin_anew(t);
    return TAIL_EMPTIED;
}

enum tail_trimmed tail_trim(struct tail *t, off_t limit)
{
    off_t done = (off_t)t->place.offset;
    if (limit == 0 || done < LOGFILE_MARK || done - t->freed < limit)
        return TAIL_KEPT;
    /* The mark stays, so that the place is known again. */
    off_t block = block_of(t->fd), end = (done - LOGFILE_MARK) / block * block;
    if (end == 0)
        return TAIL_KEPT;
    if (!t->writable) {
        errno = EACCES;
        return TAIL_STUCK;
    }
    if (fallocate(t->fd, COLLAPSE_RANGE, 0, end) == 0) {
        t->place.offset -= (uint64_t)end;
        t->freed = 0;
        return TAIL_SHORTER;
    }
    if (fallocate(t->fd, PUNCH_HOLE | KEEP_SIZE, 0, end) == 0) {
        t->freed = end;
        return TAIL_HOLLOW;
    }
    return empty(t);
}
