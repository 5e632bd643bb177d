#include "supervisor/console.h"
#include "base/message.h"
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif

static int destination = 2;
static unsigned long dropped;

static ssize_t write_now(int fd, const void *bytes, size_t length)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    ssize_t n = syscall(SYS_pwritev2, fd, &part, 1, -1L, -1L, RWF_NOWAIT);
    if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
        return n;
    /* No such flag for this kind of file: poll said it is writable, which for a pipe means room for
     * a page. */
    return write(fd, bytes, length);
}

bool console_try(int fd, const void *bytes, size_t length)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0)
        return false;
    return write_now(fd, bytes, length) == (ssize_t)length;
}

static void say(const char *line, size_t length)
{
    if (dropped > 0) {
        char text[96];
        int n =
            snprintf(text, sizeof text, "overlog: warning: %lu messages did not fit\n", dropped);
        if (!console_try(destination, text, (size_t)n)) {
            dropped++;
            return;
        }
        dropped = 0;
    }
    if (!console_try(destination, line, length))
        dropped++;
}

void console_messages_to(int fd)
{
    destination = fd;
    message_to(say);
}
