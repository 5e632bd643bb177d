#include "supervisor/console.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif

static int destination = 2;
static int own = -1; /* the same pipe or terminal as an open file of ours, with O_NONBLOCK */
static unsigned long dropped;
static char rest[MESSAGE_MAX]; /* of a line that a terminal took a part of */
static size_t rest_length;

static ssize_t write_now(int fd, const void *bytes, size_t length)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    ssize_t n = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0 || errno != ENOTSOCK)
        return n;
    n = syscall(SYS_pwritev2, fd, &part, 1, -1L, -1L, RWF_NOWAIT);
    if (n >= 0 || !kernel_lacks(errno))
        return n;
    /* No such flag for this kind of file: poll said it is writable, which for a pipe means room for
     * a page. */
    return write(fd, bytes, length);
}

static ssize_t poll_and_write(int fd, const void *bytes, size_t length)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0)
        return -1;
    return write_now(fd, bytes, length);
}

bool console_try(int fd, const void *bytes, size_t length)
{
    return poll_and_write(fd, bytes, length) == (ssize_t)length;
}

/* Between a poll and a write others fill the pipe, and a terminal takes a part and waits for the
 * rest. An open file of our own may have O_NONBLOCK; where it is not to be had (no /proc, somebody
 * else's pipe) there is the flag of the single write, and on kernels without that the risk. */
static int open_own(int fd)
{
    enum { TTY_MAJOR = 5, PTMX_MINOR = 2 }; /* which opened again would be another terminal */
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    bool terminal =
        S_ISCHR(st.st_mode) && isatty(fd) && st.st_rdev != makedev(TTY_MAJOR, PTMX_MINOR);
    if (!S_ISFIFO(st.st_mode) && !terminal)
        return -1;
    return process_open_side(fd, O_WRONLY | O_NONBLOCK | O_NOCTTY);
}

static ssize_t put(const char *bytes, size_t length)
{
    return own >= 0 ? write(own, bytes, length) : poll_and_write(destination, bytes, length);
}

static bool put_line(const char *line, size_t length)
{
    if (rest_length > 0) {
        ssize_t n = put(rest, rest_length);
        if (n <= 0)
            return false;
        rest_length -= (size_t)n;
        memmove(rest, rest + n, rest_length);
        if (rest_length > 0)
            return false;
    }
    ssize_t n = put(line, length);
    if (n > 0 && (size_t)n < length) {
        rest_length = length - (size_t)n;
        memcpy(rest, line + n, rest_length);
    }
    return n > 0;
}

static void say(const char *line, size_t length)
{
    if (dropped > 0) {
        char text[96];
        int n =
            snprintf(text, sizeof text, "overlog: warning: %lu messages did not fit\n", dropped);
        if (!put_line(text, (size_t)n)) {
            dropped++;
            return;
        }
        dropped = 0;
    }
    if (!put_line(line, length))
        dropped++;
}

void console_messages_to(int fd)
{
    fd_close(own);
    destination = fd;
    own = open_own(fd);
    rest_length = 0;
    message_to(say);
}
