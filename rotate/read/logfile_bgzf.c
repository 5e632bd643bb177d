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

bool logfile_ends_as_bgzf(const struct logfile *f)
{
    unsigned char last[sizeof bgzf_end];
    struct stat st;
    return fstat(f->fd, &st) == 0 && st.st_size > (off_t)sizeof last &&
           logfile_read_at(f->fd, last, sizeof last, st.st_size - (off_t)sizeof last) ==
               sizeof last &&
           memcmp(last, bgzf_end, sizeof last) == 0;
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
    struct stat st;
    struct logfile f = {
        .fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    bool known =
        f.fd >= 0 && fstat(f.fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size > (off_t)sizeof end &&
        logfile_read_at(f.fd, end, sizeof end, st.st_size - (off_t)sizeof end) == sizeof end &&
        bgzf_summary(end, sizeof end, index);
    fd_close(f.fd);
    return known;
}
