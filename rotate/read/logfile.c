#include "rotate/read/logfile.h"
#include "base/file.h"
#include "rotate/read/logfile_inside.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PLAIN = 65536 /* bytes of a plain file read at once: more would cost memory, and gain nothing */
};

/* Whether the file is gzip by its content (a processor may have made it), or is named so and ends
 * as BGZF, with a broken beginning. */
static bool is_gzip(const struct logfile *f, const char *name)
{
    unsigned char magic[2];
    size_t length = strlen(name);
    if (logfile_read_at(f->fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b)
        return true;
    return length > 3 && strcmp(name + length - 3, ".gz") == 0 && logfile_ends_as_bgzf(f);
}

static int begin(struct logfile *f, const char *name, bool archive)
{
    struct stat st;
    if (fstat(f->fd, &st) < 0)
        return -1;
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    f->device = st.st_dev;
    f->inode = st.st_ino;
    if (!archive || !is_gzip(f, name))
        return 0;
    f->inflater = inflater_take();
    return f->inflater ? 0 : -1;
}

int logfile_open(struct logfile *f, int directory, const char *name, bool archive)
{
    *f = LOGFILE_INIT;
    /* O_NONBLOCK: a fifo under that name would have us wait. */
    f->fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (f->fd < 0)
        return -1;
    if (begin(f, name, archive) == 0)
        return 0;
    logfile_close(f);
    return -1;
}

void logfile_close(struct logfile *f)
{
    inflater_give(f->inflater);
    fd_close(f->fd);
    *f = LOGFILE_INIT;
}

ssize_t logfile_read(struct logfile *f, void *bytes, size_t size)
{
    if (size > INT32_MAX)
        size = INT32_MAX;
    if (f->inflater)
        return inflater_read(f, bytes, size);
    ssize_t n = logfile_read_at(f->fd, bytes, size < PLAIN ? size : PLAIN, f->offset);
    if (n > 0)
        f->offset += n;
    return n;
}

int logfile_forward(struct logfile *f, int64_t count)
{
    char block[LOGFILE_BLOCK];
    while (count > 0) {
        ssize_t n = logfile_read(f, block, count < LOGFILE_BLOCK ? (size_t)count : LOGFILE_BLOCK);
        if (n <= 0)
            return (int)n;
        count -= n;
    }
    return 0;
}
