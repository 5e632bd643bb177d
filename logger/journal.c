#include "logger/journal.h"
#include "base/message.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURN_AT = JOURNAL_SIZE / 8 };

int memory_open(int fd, size_t size, bool *survives)
{
    struct stat st;
    *survives = fcntl(fd, F_GET_SEALS) >= 0; /* only memory files have seals */
    if (!*survives)
        fd = memfd_create("own", MFD_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    return st.st_size < (off_t)size && ftruncate(fd, (off_t)size) < 0 ? -1 : fd;
}

int journal_open(struct journal *j, int fd, size_t done, struct lines *l, struct error *e)
{
    *j = (struct journal){.fd = -1};
    j->fd = memory_open(fd, JOURNAL_SIZE, &j->survives);
    if (j->fd < 0)
        return error_system(e, "unable to use the journal");
    off_t end = lseek(j->fd, 0, SEEK_CUR);
    void *bytes = mmap(NULL, JOURNAL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, j->fd, 0);
    if (end < 0 || bytes == MAP_FAILED)
        return error_system(e, "unable to map the journal");
    j->bytes = bytes;
    l->data = bytes;
    l->capacity = JOURNAL_SIZE;
    l->end = end > JOURNAL_SIZE ? 0 : (size_t)end;
    l->start = done > l->end ? 0 : done;
    j->used = true; /* by a predecessor, perhaps */
    return 0;
}

static bool is_refused(int why)
{
    return why == EINVAL || why == ENOSYS || why == EOPNOTSUPP || why == EPERM || why == EBADF;
}

/* The kill-safe way where there is none: the bytes first, then the offset. */
static ssize_t fill_plainly(struct journal *j, int from, size_t most, const struct lines *l)
{
    ssize_t n = read(from, j->bytes + l->end, most);
    if (n > 0)
        lseek(j->fd, (off_t)l->end + n, SEEK_SET);
    return n;
}

ssize_t journal_fill(struct journal *j, int from, size_t most, struct lines *l)
{
    ssize_t n = -1;
    if (most > JOURNAL_SIZE - l->end)
        most = JOURNAL_SIZE - l->end;
    if (most == 0) {
        errno = ENOBUFS;
        return -1;
    }
    if (!j->plain) {
        n = splice(from, NULL, j->fd, NULL, most, SPLICE_F_NONBLOCK);
        if (n < 0 && is_refused(errno)) {
            message_warning("unable to splice into the journal: %s; reading plainly",
                            strerror(errno));
            j->plain = true;
        }
    }
    if (j->plain)
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
    if (l->shown == l->end)
        l->shown++;
    l->end++;
    lseek(j->fd, (off_t)l->end, SEEK_SET);
    return 0;
}

/* The offset first: should we end here, it stands before what is known as done. */
bool journal_turn(struct journal *j, struct lines *l)
{
    size_t left = l->end - l->start;
    if (l->start < TURN_AT || left >= l->start)
        return false;
    memcpy(j->bytes, j->bytes + l->start, left);
    lseek(j->fd, (off_t)left, SEEK_SET);
    l->shown -= l->shown < l->start ? l->shown : l->start;
    l->start = 0;
    l->end = left;
    return true;
}

bool journal_rest(struct journal *j, struct lines *l)
{
    bool moved = l->end > 0;
    if (!j->used || l->end > l->start)
        return false;
    lseek(j->fd, 0, SEEK_SET);
    l->start = l->end = l->shown = l->scanned = 0;
    fallocate(j->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, JOURNAL_SIZE);
    j->used = false;
    return moved;
}

void journal_close(struct journal *j)
{
    if (j->bytes != NULL)
        munmap(j->bytes, JOURNAL_SIZE);
    j->bytes = NULL;
}
