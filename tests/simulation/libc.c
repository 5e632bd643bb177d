/* What pid 1 asks of the C library beside the seam: the linker leads these calls here (LIVES_WRAP
 * of the Makefile). Each may be refused while something is short, and goes into the trace. */
#include "tests/simulation/lives.h"
#include "tests/simulation/wrap.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* True, with errno: the call is refused. */
static bool refused(uint32_t percent, int why, const char *call, const char *path)
{
    bool refuses = world.in_product && world_draws(percent);
    if (world.in_product)
        trace("%s %s%s", call, path, refuses ? " refused" : "");
    if (refuses)
        errno = why;
    return refuses;
}

static bool no_memory(const char *call)
{
    return refused(world.memory_fails, ENOMEM, call, "");
}

static bool no_descriptor(const char *call, const char *path)
{
    return refused(world.fds_fail, EMFILE, call, path);
}

static bool no_room(const char *call, const char *path)
{
    return refused(world.files_fail, ENOSPC, call, path);
}

/* --- memory ----------------------------------------------------------------------------------- */

DECLARE(void *, malloc, size_t size)
{
    return no_memory("malloc") ? NULL : __real_malloc(size);
}

DECLARE(void *, calloc, size_t count, size_t size)
{
    return no_memory("calloc") ? NULL : __real_calloc(count, size);
}

DECLARE(void *, realloc, void *old, size_t size)
{
    return no_memory("realloc") ? NULL : __real_realloc(old, size);
}

DECLARE(char *, strdup, const char *text)
{
    return no_memory("strdup") ? NULL : __real_strdup(text);
}

/* --- descriptors ------------------------------------------------------------------------------ */

DECLARE(int, pipe2, int ends[2], int flags)
{
    return no_descriptor("pipe2", "") ? -1 : __real_pipe2(ends, flags);
}

static bool no_file(const char *path, int flags)
{
    return no_descriptor("open", path) || ((flags & O_CREAT) != 0 && no_room("create", path));
}

DECLARE(int, open, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    return no_file(path, flags) ? -1 : __real_open(path, flags, mode);
}

DECLARE(int, openat, int at, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    return no_file(path, flags) ? -1 : __real_openat(at, path, flags, mode);
}

DECLARE(int, socket, int domain, int type, int protocol)
{
    return no_descriptor("socket", "") ? -1 : __real_socket(domain, type, protocol);
}

DECLARE(int, accept4, int fd, struct sockaddr *a, socklen_t *size, int flags)
{
    static const int little = 1; /* as little as the kernel lets us */
    if (no_descriptor("accept4", "")) {
        world.accepts_refused = world.now;
        return -1;
    }
    int own = __real_accept4(fd, a, size, flags);
    if (own >= 0 && life.plan->crowded)
        setsockopt(own, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    return own;
}

/* Only what is new takes memory of the kernel. */
DECLARE(int, epoll_ctl, int epoll, int what, int fd, struct epoll_event *event)
{
    bool short_of = what == EPOLL_CTL_ADD && refused(world.memory_fails, ENOMEM, "epoll_ctl", "");
    if (!short_of)
        return __real_epoll_ctl(epoll, what, fd, event);
    world.accepts_refused = world.now; /* it may be the listener */
    return -1;
}

/* --- names ------------------------------------------------------------------------------------ */

DECLARE(int, mkdir, const char *path, mode_t mode)
{
    return no_room("mkdir", path) ? -1 : __real_mkdir(path, mode);
}

DECLARE(int, mkdirat, int at, const char *path, mode_t mode)
{
    return no_room("mkdir", path) ? -1 : __real_mkdirat(at, path, mode);
}

DECLARE(int, symlink, const char *to, const char *path)
{
    return no_room("symlink", path) ? -1 : __real_symlink(to, path);
}

DECLARE(int, symlinkat, const char *to, int at, const char *path)
{
    return no_room("symlink", path) ? -1 : __real_symlinkat(to, at, path);
}

DECLARE(int, linkat, int from, const char *old, int to, const char *new, int flags)
{
    return no_room("link", new) ? -1 : __real_linkat(from, old, to, new, flags);
}

DECLARE(int, mkfifoat, int at, const char *path, mode_t mode)
{
    return no_room("mkfifo", path) ? -1 : __real_mkfifoat(at, path, mode);
}
