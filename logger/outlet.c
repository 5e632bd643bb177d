#include "logger/outlet.h"
#include "base/kernel.h"
#include "base/message.h"
#include "logger/console.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x8
#endif

/* Writes without waiting; -1 with EAGAIN: nothing. Where the kernel cannot promise that, what polls
 * as writable takes at least PIPE_BUF. */
static ssize_t write_now(int fd, const char *bytes, size_t length)
{
    struct iovec all = {(void *)(uintptr_t)bytes, length};
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    ssize_t n = syscall(SYS_pwritev2, fd, &all, 1L, -1L, -1L, (long)RWF_NOWAIT);
    if (n >= 0 || !kernel_lacks(errno))
        return n;
    if (poll(&room, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(fd, bytes, length < PIPE_BUF ? length : PIPE_BUF);
}

/* 0: all of it; 1: there is something left; -1 with errno. */
static int write_some(struct sink *s)
{
    while (s->written < s->out.length) {
        ssize_t n = write_now(1, s->out.data + s->written, s->out.length - s->written);
        if (n < 0 && errno == EAGAIN)
            return 1;
        if (n < 0 && errno != EINTR)
            return -1;
        s->written += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static void keep_the_rest(struct sink *s)
{
    struct error e = ERROR_INIT;
    if (s->written >= s->out.length / 2) {
        s->out.length -= s->written;
        memmove(s->out.data, s->out.data + s->written, s->out.length);
        s->written = 0;
    }
    s->waiting = loop_watch(s->rules->loop, &s->room, EPOLLOUT, &e) == 0;
}

static void all_is_written(struct sink *s)
{
    loop_unwatch(s->rules->loop, &s->room);
    s->waiting = false;
    s->written = 0;
    str_clear(&s->out);
}

static int write_all(struct sink *s)
{
    console_lock(s->rules->lock);
    int result = console_write(1, s->out.data + s->written, s->out.length - s->written);
    int why = errno;
    console_unlock(s->rules->lock);
    errno = why;
    return result;
}

void outlet_flush(struct sink *s)
{
    bool waits = s->rules->trouble != SINK_GROW;
    int result = waits ? 1 : write_some(s);
    if (result > 0 && !waits) {
        keep_the_rest(s);
        if (s->waiting)
            return;
    }
    if (result > 0)
        result = write_all(s);
    int why = errno;
    all_is_written(s);
    if (result == 0)
        return;
    s->closed = true;
    str_release(&s->out);
    message_warning("unable to write to stdout: %s; it is given up", strerror(why));
}

void outlet_ready(struct watch *w, uint32_t events)
{
    struct sink *s = (struct sink *)(void *)((char *)w - offsetof(struct sink, room));
    (void)events;
    outlet_flush(s);
    s->rules->settle(s->rules->context);
}
