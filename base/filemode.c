/* Modes by descriptor: a name may lead elsewhere by the time it is used. */
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Since Linux 6.6; newer than the headers that this is built with. Not on alpha, which nobody has.
 */
enum { CALL_FCHMODAT2 = 452 };

static int by_proc(int fd, mode_t mode)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return chmod(path, mode);
}

static int same_file(int one, int other)
{
    struct stat a;
    struct stat b;
    if (fstat(one, &a) < 0 || fstat(other, &b) < 0)
        return -1;
    if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return 0;
    errno = ESTALE;
    return -1;
}

int fd_mode_by_name(int fd, int at, const char *name, mode_t mode)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISFIFO(st.st_mode)) {
        errno = ENOSYS; /* to open anything else may have effects */
        return -1;
    }
    int own = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own < 0)
        return -1;
    int result = same_file(fd, own) < 0 ? -1 : fchmod(own, mode);
    fd_close(own);
    return result;
}

int fd_mode(int fd, int at, const char *name, mode_t mode)
{
    /* EBADF for an O_PATH descriptor; musl then goes by /proc itself. */
    if (fchmod(fd, mode) == 0 || (errno == EBADF && by_proc(fd, mode) == 0))
        return 0;
    if (errno != ENOENT && errno != ENOTDIR) /* else there is no /proc */
        return -1;
    if (syscall(CALL_FCHMODAT2, fd, "", mode, AT_EMPTY_PATH) == 0)
        return 0;
    return fd_mode_by_name(fd, at, name, mode);
}

/* To open a directory has no effects, and an open one needs no detour by /proc. */
static int directory_mode(int at, const char *path, mode_t mode)
{
    int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int result = fd < 0 ? -1 : fchmod(fd, mode);
    fd_close(fd);
    return result;
}

int file_mode_made(int at, const char *path, mode_t type, mode_t mode)
{
    struct stat st;
    if (type == S_IFDIR && directory_mode(at, path, mode) == 0)
        return 0;
    int fd = openat(at, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = fstat(fd, &st);
    if (result == 0 && (st.st_mode & S_IFMT) != type) {
        errno = ESTALE;
        result = -1;
    }
    if (result == 0)
        result = fd_mode(fd, at, path, mode);
    fd_close(fd);
    return result;
}
