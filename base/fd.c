#include "base/file.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

int fd_unread(int fd)
{
    int saved = errno;
    int bytes = 0;
    int result = ioctl(fd, FIONREAD, &bytes);
    errno = saved;
    return result < 0 ? -1 : bytes;
}

void fd_close(int fd)
{
    int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
}

void fd_drop(int *fd)
{
    fd_close(*fd);
    *fd = -1;
}
