/* Calls on descriptors: they take the place of the C library's while a process runs. */
#include "tests/simulation/logs/calls.h"
#include "contract/logger.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIPE_ROOM = 65536 };

/* --- descriptors ------------------------------------------------------------------------------ */

int refuse(int why)
{
    errno = why;
    return -1;
}

struct open *open_of(int fd)
{
    struct open *o = fd < 0 || fd >= FDS ? NULL : kernel.current->fd[fd];
    if (o == NULL)
        errno = EBADF;
    return o;
}

int open_add(struct node *n, int flags, int least)
{
    for (int fd = least; fd < FDS; fd++)
        if (kernel.current->fd[fd] == NULL) {
            process_give(kernel.current, fd, n, flags);
            return fd;
        }
    return refuse(EMFILE);
}

/* A process that closes a file gives up its locks on it, by whatever descriptor. */
void open_release(struct process *p, int fd)
{
    struct open *o = p->fd[fd];
    if (o == NULL)
        return;
    p->fd[fd] = NULL;
    for (int i = 0; i < LOCKS; i++)
        if (o->node->locks[i] == p->pid)
            o->node->locks[i] = 0;
    if (--o->refs > 0)
        return;
    o->node->opens--;
    __real_free(o->list);
    __real_free(o);
}

struct node *directory_of(int at)
{
    if (at == AT_FDCWD)
        return disk.root;
    struct open *o = open_of(at);
    return o == NULL ? NULL : o->node;
}

bool is_of_disk(const struct node *n)
{
    return n->kind == NODE_FILE || n->kind == NODE_DIRECTORY;
}

DECLARE(int, close, int fd)
{
    if (OUTSIDE)
        return __real_close(fd);
    kernel_call();
    if (open_of(fd) == NULL)
        return -1;
    open_release(kernel.current, fd);
    kernel_done();
    return 0;
}

DECLARE(int, dup2, int from, int to)
{
    if (OUTSIDE)
        return __real_dup2(from, to);
    struct open *o = open_of(from);
    if (o == NULL || from == to)
        return o == NULL ? -1 : to;
    open_release(kernel.current, to);
    kernel.current->fd[to] = o;
    o->refs++;
    return to;
}

/* --- locks ------------------------------------------------------------------------------------ */

static bool is_locked(const struct node *n, const struct flock *l, int *holder, int *byte)
{
    for (int i = (int)l->l_start; i < LOCKS && (l->l_len == 0 || i < l->l_start + l->l_len); i++)
        if (n->locks[i] != 0 && n->locks[i] != kernel.current->pid) {
            *holder = n->locks[i];
            *byte = i;
            return true;
        }
    return false;
}

static int lock(struct node *n, int command, struct flock *l)
{
    int holder, byte;
    bool locked = is_locked(n, l, &holder, &byte);
    if (command == F_GETLK) {
        l->l_type = F_UNLCK;
        if (locked)
            *l = (struct flock){.l_type = F_WRLCK, .l_start = byte, .l_len = 1, .l_pid = holder};
        return 0;
    }
    if (locked && l->l_type != F_UNLCK)
        return refuse(EAGAIN);
    for (int i = (int)l->l_start; i < LOCKS && (l->l_len == 0 || i < l->l_start + l->l_len); i++)
        n->locks[i] = l->l_type == F_UNLCK ? 0 : kernel.current->pid;
    return 0;
}

DECLARE(int, fcntl, int fd, int command, ...)
{
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    if (OUTSIDE)
        return __real_fcntl(fd, command, argument);
    struct open *o = open_of(fd);
    if (o == NULL)
        return -1;
    switch (command) {
    case F_GETFD:
    case F_SETFD:
        return 0;
    case F_GETFL:
        return o->flags;
    case F_SETFL:
        o->flags = (int)(intptr_t)argument;
        return 0;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        for (int to = (int)(intptr_t)argument; to < FDS; to++)
            if (kernel.current->fd[to] == NULL) {
                kernel.current->fd[to] = o;
                o->refs++;
                return to;
            }
        return refuse(EMFILE);
    default:
        kernel_call();
        return lock(o->node, command, argument);
    }
}

/* --- bytes ------------------------------------------------------------------------------------ */

static ssize_t take(struct node *n, void *to, size_t size)
{
    size_t left = n->data.length - n->taken;
    if (left == 0)
        return n->writers > 0 ? refuse(EAGAIN) : 0;
    size = size < left ? size : left;
    memcpy(to, n->data.at + n->taken, size);
    n->taken += size;
    return (ssize_t)size;
}

static ssize_t read_at(const struct node *n, void *to, size_t size, off_t at)
{
    if (at < 0)
        return refuse(EINVAL);
    if ((size_t)at >= n->data.length)
        return 0;
    size_t left = n->data.length - (size_t)at;
    size = size < left ? size : left;
    memcpy(to, n->data.at + at, size);
    return (ssize_t)size;
}

/* One struct signalfd_siginfo, whose first number is that of the signal. */
static ssize_t take_signal(void *to, size_t size)
{
    struct process *p = kernel.current;
    for (uint32_t i = 1; i < 64; i++)
        if ((p->signals & UINT64_C(1) << i) != 0) {
            p->signals &= ~(UINT64_C(1) << i);
            memset(to, 0, size);
            memcpy(to, &i, sizeof i);
            return (ssize_t)size;
        }
    return refuse(EAGAIN);
}

DECLARE(ssize_t, read, int fd, void *to, size_t size)
{
    if (OUTSIDE)
        return __real_read(fd, to, size);
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL || (is_of_disk(o->node) && kernel_fails(FAULT_READ)))
        return -1;
    ssize_t n = 0;
    if (o->node->kind == NODE_PIPE)
        n = take(o->node, to, size);
    else if (o->node->kind == NODE_SIGNALS)
        n = take_signal(to, size);
    else if (o->node->kind == NODE_INOTIFY)
        n = watch_take(o->node, to, size);
    else if (o->node->kind == NODE_FILE || o->node->kind == NODE_MEMORY)
        n = read_at(o->node, to, size, o->offset);
    if (n > 0 && is_of_disk(o->node))
        o->offset += n;
    kernel_done();
    return n;
}

DECLARE(ssize_t, pread, int fd, void *to, size_t size, off_t at)
{
    if (OUTSIDE)
        return __real_pread(fd, to, size, at);
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL || kernel_fails(FAULT_READ))
        return -1;
    return read_at(o->node, to, size, at);
}

/* A memory file stays where it is mapped. */
static ssize_t put_in_memory(struct node *n, const void *from, size_t size, off_t at)
{
    if ((size_t)at + size > n->data.room)
        return refuse(EFBIG);
    memcpy(n->data.at + at, from, size);
    if (n->data.length < (size_t)at + size)
        n->data.length = (size_t)at + size;
    return (ssize_t)size;
}

/* Appends, as far as the disk has room. */
static ssize_t append(struct node *n, const void *from, size_t size, off_t at)
{
    if (n->kind == NODE_MEMORY)
        return put_in_memory(n, from, size, at);
    if (n->kind == NODE_FILE) {
        size_t room = disk.capacity > disk.used ? disk.capacity - disk.used : 0;
        if (size > 0 && room == 0)
            return refuse(ENOSPC);
        size = size < room ? size : room;
        if (size > 0 && (size_t)at >= disk.largest)
            return refuse(EFBIG);
        if (size > disk.largest - (size_t)at)
            size = disk.largest - (size_t)at;
    }
    if ((size_t)at < n->data.length) { /* a status file, written anew */
        n->data.length = (size_t)at;
        n->safe = n->safe < (size_t)at ? n->safe : (size_t)at;
    }
    bytes_add(&n->data, from, size);
    if (n->kind == NODE_FILE && n->names > 0)
        disk.used += size;
    if (n->kind == NODE_FILE) {
        disk_grown(n);
        watch_tell_modified(n);
    }
    n->changed = (struct timespec){(time_t)((kernel.now + kernel.wall) / 1000000000),
                                   (long)((kernel.now + kernel.wall) % 1000000000)};
    return (ssize_t)size;
}

static ssize_t put(int fd, const void *from, size_t size, off_t at)
{
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL)
        return -1;
    struct node *n = o->node;
    if (kernel.interrupts && random_chance(&kernel.random, 5))
        return refuse(EINTR);
    if (n->kind == NODE_NULL)
        return (ssize_t)size;
    if (n->kind == NODE_CONSOLE && console_says(from, size))
        return (ssize_t)size;
    if (n->kind == NODE_FILE && kernel_fails(FAULT_WRITE))
        return -1;
    ssize_t done =
        append(n, from, n->kind == NODE_FILE ? kernel_part(size) : size,
               at >= 0                                              ? at
               : (o->flags & O_APPEND) != 0 || n->kind != NODE_FILE ? (off_t)n->data.length
                                                                    : o->offset);
    if (done > 0 && at < 0)
        o->offset += done;
    kernel_done();
    return done;
}

DECLARE(ssize_t, write, int fd, const void *from, size_t size)
{
    return OUTSIDE ? __real_write(fd, from, size) : put(fd, from, size, -1);
}

DECLARE(ssize_t, pwrite, int fd, const void *from, size_t size, off_t at)
{
    return OUTSIDE ? __real_pwrite(fd, from, size, at) : put(fd, from, size, at);
}

DECLARE(off_t, lseek, int fd, off_t offset, int whence)
{
    if (OUTSIDE)
        return __real_lseek(fd, offset, whence);
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL)
        return -1;
    if (whence == SEEK_SET)
        o->offset = offset;
    else if (whence == SEEK_CUR)
        o->offset += offset;
    else
        o->offset = (off_t)o->node->data.length + offset;
    offset = o->offset;
    kernel_done();
    return offset;
}

/* --- journals --------------------------------------------------------------------------------- */

DECLARE(int, ftruncate, int fd, off_t length)
{
    if (OUTSIDE)
        return __real_ftruncate(fd, length);
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL)
        return -1;
    if (o->node->kind == NODE_MEMORY && (size_t)length <= o->node->data.room)
        o->node->data.length = (size_t)length;
    kernel_done();
    return 0;
}

DECLARE(void *, mmap, void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (OUTSIDE || fd < 0)
        return __real_mmap(at, size, protection, flags, fd, offset);
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL)
        return MAP_FAILED;
    return o->node->data.at + offset;
}

static struct node *mapping(const void *at)
{
    for (struct node *n = disk.nodes; n != NULL; n = n->next)
        if (n->kind == NODE_MEMORY && (const char *)at >= n->data.at &&
            (const char *)at < n->data.at + n->data.room)
            return n;
    return NULL;
}

DECLARE(int, munmap, void *at, size_t size)
{
    return OUTSIDE || mapping(at) == NULL ? __real_munmap(at, size) : 0;
}

DECLARE(int, madvise, void *at, size_t size, int advice)
{
    if (OUTSIDE)
        return __real_madvise(at, size, advice);
    if (mapping(at) == NULL)
        return 0;
    kernel_call();
    if (kernel_fails(FAULT_JOURNAL))
        return -1;
    memset(at, 0, size);
    kernel_done();
    return 0;
}

DECLARE(int, fallocate, int fd, int mode, off_t from, off_t length)
{
    if (OUTSIDE)
        return __real_fallocate(fd, mode, from, length);
    kernel_call();
    struct open *o = open_of(fd);
    if (o == NULL || kernel_fails(FAULT_JOURNAL))
        return -1;
    memset(o->node->data.at + from, 0, (size_t)length);
    kernel_done();
    return 0;
}

DECLARE(ssize_t, splice, int from, off_t *at, int to, off_t *to_at, size_t size, unsigned int flags)
{
    if (OUTSIDE)
        return __real_splice(from, at, to, to_at, size, flags);
    kernel_call();
    struct open *in = open_of(from), *out = open_of(to);
    if (in == NULL || out == NULL)
        return -1;
    if (kernel_fails(FAULT_JOURNAL)) {
        kernel.plain = true;
        return -1;
    }
    ssize_t n = take(in->node, out->node->data.at + out->offset, kernel_part(size));
    if (n > 0)
        out->offset += n;
    kernel_done();
    return n;
}

DECLARE(int, ioctl, int fd, unsigned long request, ...)
{
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    if (OUTSIDE)
        return __real_ioctl(fd, request, argument);
    struct open *o = open_of(fd);
    if (o == NULL || request != FIONREAD)
        return refuse(o == NULL ? EBADF : ENOTTY);
    int waiting = (int)(o->node->data.length - o->node->taken);
    memcpy(argument, &waiting, sizeof waiting);
    return 0;
}

DECLARE(int, poll, struct pollfd *list, nfds_t count, int ms)
{
    int ready = 0;
    if (OUTSIDE)
        return __real_poll(list, count, ms);
    kernel_call();
    for (nfds_t i = 0; i < count; i++) {
        struct open *o = list[i].fd < 0 ? NULL : open_of(list[i].fd);
        list[i].revents = 0;
        if (o != NULL && o->node->kind == NODE_PIPE) {
            if (o->node->data.length > o->node->taken || o->node->writers == 0)
                list[i].revents = POLLIN;
        } else if (o != NULL && o->node->kind != NODE_SIGNALS) {
            list[i].revents = list[i].events;
        }
        ready += list[i].revents != 0;
    }
    return ready;
}
