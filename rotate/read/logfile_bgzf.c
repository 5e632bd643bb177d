#include "base/file.h"
#include "rotate/bgzf.h"
#include "rotate/read/logfile_inside.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t logfile_read_at(int fd, void *bytes, size_t size, int64_t offset)
{
    ssize_t n;
    do
        n = pread(fd, bytes, size, offset);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Reads the last bytes of a file that has more than these. False: it has not, or cannot be read. */
static bool read_end(int fd, unsigned char *bytes, size_t size)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > (off_t)size &&
           logfile_read_at(fd, bytes, size, st.st_size - (off_t)size) == (ssize_t)size;
}

bool logfile_ends_as_bgzf(const struct logfile *f)
{
    unsigned char last[sizeof bgzf_end];
    return read_end(f->fd, last, sizeof last) && memcmp(last, bgzf_end, sizeof last) == 0;
}

long logfile_member(const struct logfile *f, int64_t offset, struct bgzf_index *index)
{
    unsigned char header[BGZF_HEADER_MAX];
    ssize_t n = logfile_read_at(f->fd, header, sizeof header, offset);
    return n <= 0 ? -1 : bgzf_header(header, (size_t)n, index);
}

bool logfile_summary(int directory, const char *name, struct bgzf_index *index)
{
    unsigned char end[BGZF_SUMMARY + sizeof bgzf_end];
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool known = fd >= 0 && read_end(fd, end, sizeof end) && bgzf_summary(end, sizeof end, index);
    fd_close(fd);
    return known;
}
