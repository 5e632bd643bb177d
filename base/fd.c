#include "base/file.h"
#include <errno.h>
#include <unistd.h>

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
