#include "logger/journal.h"
#include "base/message.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURN_AT = JOURNAL_SIZE / 8 };

static bool look(int fd, struct stat *st)
{
    return fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_nlink == 0;
}

bool memory_is(int fd)
{
    struct stat st;
    return look(fd, &st);
}

void *memory_share(int fd, size_t at, size_t size)
{
    struct stat st;
    if (!look(fd, &st) ||
        (st.st_size < (off_t)(at + size) && ftruncate(fd, (off_t)(at + size)) < 0))
        return NULL;
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)at);
    return bytes == MAP_FAILED ? NULL : bytes;
}

void *memory_map(int fd, size_t at, size_t size, bool *survives)
{
    void *bytes = memory_share(fd, at, size);
    *survives = bytes != NULL;
    if (*survives)
        return bytes;
    if (fd >= 0)
        message_warning("unable to use descriptor %d: %s; a kill may lose lines", fd,
                        memory_is(fd) ? strerror(errno) : "not a memory file");
    bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, (off_t)0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

int journal_open(struct journal *j, int fd, size_t done, struct lines *l, struct error *e)
{
    bool survives;
    *j = (struct journal){.fd = -1};
    j->bytes = memory_map(fd, 0, JOURNAL_SIZE, &survives);
    if (j->bytes == NULL)
        return error_system(e, "unable to map the journal");
    off_t end = survives ? lseek(fd, 0, SEEK_CUR) : 0;
    if (end < 0)
        return error_system(e, "unable to use the journal");
    j->fd = survives ? fd : -1;
    j->plain = j->said = !survives;
    j->used = true; /* by a predecessor, perhaps */
    l->data = j->bytes;
    l->capacity = JOURNAL_SIZE;
    l->end = end > JOURNAL_SIZE ? 0 : (size_t)end;
    l->start = done > l->end ? 0 : done;
    return 0;
}

/* Tells a successor where the journal ends. 0, or -1 with errno. */
static int set_end(const struct journal *j, size_t end)
{
    return j->fd >= 0 && lseek(j->fd, (off_t)end, SEEK_SET) < 0 ? -1 : 0;
}

/* Errors that a later call would get as well. */
static bool is_refused(int why)
{
    return why == EINVAL || why == ENOSYS || why == EOPNOTSUPP || why == EPERM || why == EBADF;
}

/* The kill-safe way where there is none: the bytes first, then the offset. Where it cannot be set,
 * splice would write in the wrong place from then on. */
static ssize_t fill_plainly(struct journal *j, int from, size_t most, const struct lines *l)
{
    struct pollfd now = {.fd = from, .events = POLLIN};
    if (poll(&now, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t n = read(from, j->bytes + l->end, most);
    if (n > 0 && set_end(j, l->end + (size_t)n) < 0)
        j->plain = true;
    return n;
}

/* -1 with errno: EAGAIN, EINTR, or what is read plainly then. */
static ssize_t fill_by_splice(struct journal *j, int from, size_t most)
{
    ssize_t n = splice(from, NULL, j->fd, NULL, most, SPLICE_F_NONBLOCK);
    int why = errno;
    if (n >= 0 || why == EAGAIN || why == EINTR)
        return n;
    j->plain = is_refused(why);
    if (!j->said)
        message_warning("unable to splice into the journal: %s; reading plainly", strerror(why));
    j->said = true;
    errno = why;
    return -1;
}

ssize_t journal_fill(struct journal *j, int from, size_t most, struct lines *l)
{
    if (most > JOURNAL_SIZE - l->end)
        most = JOURNAL_SIZE - l->end;
    if (most == 0) {
        errno = ENOBUFS;
        return -1;
    }
    ssize_t n = j->plain ? -1 : fill_by_splice(j, from, most);
    if (j->plain || (n < 0 && errno != EAGAIN && errno != EINTR))
        n = fill_plainly(j, from, most, l);
    if (n > 0) {
        l->end += (size_t)n;
        j->used = true;
    }
    return n;
}

int journal_end_line(struct journal *j, struct lines *l)
{
    if (!lines_begun(l))
        return 0;
    if (l->end == JOURNAL_SIZE) {
        errno = ENOBUFS;
        return -1;
    }
    j->bytes[l->end] = '\n';
    if (set_end(j, l->end + 1) < 0)
        return -1;
    l->end++;
    return 0;
}

/* The offset first: should we end here, it stands before what is known as done. */
bool journal_turn(struct journal *j, struct lines *l)
{
    size_t left = l->end - l->start;
    if (l->start < TURN_AT || left >= l->start)
        return false;
    memcpy(j->bytes, j->bytes + l->start, left);
    if (set_end(j, left) < 0)
        return false;
    l->shown -= l->shown < l->start ? l->shown : l->start;
    l->cut -= l->cut < l->start ? l->cut : l->start;
    l->start = 0;
    l->end = left;
    return true;
}

bool journal_trim(struct journal *j, struct lines *l)
{
    bool moved = l->end > 0;
    if (!j->used || l->end > l->start || set_end(j, 0) < 0)
        return false;
    l->start = l->end = l->shown = l->scanned = l->cut = 0;
    if (j->fd >= 0)
        fallocate(j->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, JOURNAL_SIZE);
    else
        madvise(j->bytes, JOURNAL_SIZE, MADV_DONTNEED);
    j->used = false;
    return moved;
}

void journal_close(struct journal *j)
{
    if (j->bytes != NULL)
        munmap(j->bytes, JOURNAL_SIZE);
    j->bytes = NULL;
}
