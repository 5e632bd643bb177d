/* Calls of processes, memory, waiting and time; and functions of the product that a simulation
 * does without. */
#include "base/message.h"
#include "base/process.h"
#include "rotate/steps.h"
#include "tests/simulation/logs/calls.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zlib.h>

/* --- memory: what a killed process had is freed ----------------------------------------------- */

static bool is_kept(void)
{
    return !OUTSIDE && strcmp(kernel.current->what, "logcat") != 0; /* it keeps some for the next */
}

static size_t place_of(const struct process *p, const void *at)
{
    return (size_t)(random_mix((uint64_t)(uintptr_t)at >> 4, 5) % p->blocks);
}

static void grow(struct process *p)
{
    size_t count = p->blocks;
    void **old = p->block;
    p->blocks = count == 0 ? 256 : 2 * count;
    p->block = __real_realloc(NULL, p->blocks * sizeof *p->block);
    memset(p->block, 0, p->blocks * sizeof *p->block);
    p->blocks_used = 0;
    for (size_t i = 0; i < count; i++)
        if (old[i] != NULL) {
            size_t to = place_of(p, old[i]);
            while (p->block[to] != NULL)
                to = (to + 1) % p->blocks;
            p->block[to] = old[i];
            p->blocks_used++;
        }
    __real_free(old);
}

static void *keep(void *at)
{
    struct process *p = kernel.current;
    if (at == NULL || !is_kept())
        return at;
    if (2 * p->blocks_used >= p->blocks)
        grow(p);
    size_t to = place_of(p, at);
    while (p->block[to] != NULL)
        to = (to + 1) % p->blocks;
    p->block[to] = at;
    p->blocks_used++;
    return at;
}

/* Behind one that goes, others may stand that were in its way. */
static void forget(void *at)
{
    struct process *p = kernel.current;
    if (at == NULL || !is_kept() || p->blocks == 0)
        return;
    size_t i = place_of(p, at);
    while (p->block[i] != NULL && p->block[i] != at)
        i = (i + 1) % p->blocks;
    if (p->block[i] == NULL)
        return;
    p->block[i] = NULL;
    p->blocks_used--;
    for (i = (i + 1) % p->blocks; p->block[i] != NULL; i = (i + 1) % p->blocks) {
        void *other = p->block[i];
        p->block[i] = NULL;
        size_t to = place_of(p, other);
        while (p->block[to] != NULL)
            to = (to + 1) % p->blocks;
        p->block[to] = other;
    }
}

DECLARE(void *, malloc, size_t size)
{
    return keep(__real_malloc(size));
}

DECLARE(void *, calloc, size_t count, size_t size)
{
    return keep(__real_calloc(count, size));
}

DECLARE(char *, strdup, const char *text)
{
    return keep(__real_strdup(text));
}

DECLARE(void *, realloc, void *at, size_t size)
{
    forget(at);
    return keep(__real_realloc(at, size));
}

DECLARE(void, free, void *at)
{
    forget(at);
    __real_free(at);
}

static void *zlib_take(void *opaque, unsigned int count, unsigned int size)
{
    (void)opaque;
    return __wrap_calloc(count, size);
}

static void zlib_give(void *opaque, void *at)
{
    (void)opaque;
    __wrap_free(at);
}

DECLARE(int, deflateInit2_, z_streamp z, int level, int method, int bits, int memory, int strategy,
        const char *version, int size)
{
    z->zalloc = zlib_take;
    z->zfree = zlib_give;
    return __real_deflateInit2_(z, level, method, bits, memory, strategy, version, size);
}

/* --- time ------------------------------------------------------------------------------------- */

DECLARE(int, clock_gettime, clockid_t clock, struct timespec *t)
{
    if (OUTSIDE)
        return __real_clock_gettime(clock, t);
    kernel.now += 1 + random_below(&kernel.random, 1000);
    int64_t now = kernel.now + (clock == CLOCK_REALTIME ? kernel.wall : 0);
    t->tv_sec = (time_t)(now / 1000000000);
    t->tv_nsec = (long)(now % 1000000000);
    return 0;
}

DECLARE(time_t, time, time_t *to)
{
    if (OUTSIDE)
        return __real_time(to);
    return (time_t)((kernel.now + kernel.wall) / 1000000000);
}

/* Of two times that can be meant the first, as with the C library of the product; that of glibc
 * depends on what it was asked before. */
DECLARE(time_t, mktime, struct tm *tm)
{
    struct tm summer = *tm, back;
    if (OUTSIDE || tm->tm_isdst >= 0)
        return __real_mktime(tm);
    summer.tm_isdst = 1;
    time_t t = __real_mktime(&summer);
    if (localtime_r(&t, &back) != NULL && back.tm_hour == tm->tm_hour &&
        back.tm_min == tm->tm_min && back.tm_mday == tm->tm_mday) {
        *tm = summer;
        return t;
    }
    tm->tm_isdst = 0;
    return __real_mktime(tm);
}

DECLARE(int, usleep, useconds_t us)
{
    if (OUTSIDE)
        return __real_usleep(us);
    kernel_wait(kernel.now + (int64_t)us * 1000, NULL);
    return 0;
}

/* --- waiting ---------------------------------------------------------------------------------- */

struct watched {
    int fd;
    struct epoll_event event;
};

DECLARE(int, epoll_create1, int flags)
{
    if (OUTSIDE)
        return __real_epoll_create1(flags);
    return open_add(node_new(NODE_EPOLL, 0), 0, 0);
}

static void unwatch(struct bytes *list, int fd)
{
    struct watched *w = (struct watched *)(void *)list->at;
    size_t count = list->length / sizeof *w;
    for (size_t i = 0; i < count; i++)
        if (w[i].fd == fd) {
            w[i] = w[count - 1];
            list->length -= sizeof *w;
            return;
        }
}

DECLARE(int, epoll_ctl, int epoll, int operation, int fd, struct epoll_event *event)
{
    if (OUTSIDE)
        return __real_epoll_ctl(epoll, operation, fd, event);
    struct open *o = open_of(epoll), *what = open_of(fd);
    if (o == NULL || what == NULL)
        return -1;
    if (what->node->kind == NODE_FILE)
        return refuse(EPERM);
    struct watched w = {.fd = fd, .event = *event};
    unwatch(&o->node->data, fd);
    if (operation != EPOLL_CTL_DEL)
        bytes_add(&o->node->data, &w, sizeof w);
    return 0;
}

static bool is_readable(const struct process *p, const struct watched *w)
{
    const struct open *o = p->fd[w->fd];
    if (o == NULL || (w->event.events & EPOLLIN) == 0)
        return false;
    if (o->node->kind == NODE_SIGNALS)
        return p->signals != 0;
    if (o->node->kind == NODE_INOTIFY)
        return o->node->data.length > o->node->taken;
    return o->node->kind == NODE_PIPE &&
           (o->node->data.length > o->node->taken || o->node->writers == 0);
}

bool epoll_is_ready(const struct node *epoll, const struct process *p)
{
    const struct watched *w = (const struct watched *)(const void *)epoll->data.at;
    for (size_t i = 0; i < epoll->data.length / sizeof *w; i++)
        if (is_readable(p, &w[i]))
            return true;
    return false;
}

DECLARE(int, epoll_wait, int epoll, struct epoll_event *events, int most, int ms)
{
    int count = 0;
    if (OUTSIDE)
        return __real_epoll_wait(epoll, events, most, ms);
    struct node *n = open_of(epoll)->node;
    kernel_call();
    if (!epoll_is_ready(n, kernel.current) && ms != 0)
        kernel_wait(ms < 0 ? NEVER : kernel.now + (int64_t)ms * 1000000, n);
    const struct watched *w = (const struct watched *)(const void *)n->data.at;
    size_t all = n->data.length / sizeof *w, first = all == 0 ? 0 : kernel.calls % all;
    for (size_t i = 0; i < all && count < most; i++) {
        const struct watched *one = &w[(first + i) % all];
        if (is_readable(kernel.current, one)) {
            events[count] = one->event;
            events[count++].events = EPOLLIN;
        }
    }
    return count;
}

DECLARE(int, signalfd, int fd, const sigset_t *mask, int flags)
{
    if (OUTSIDE)
        return __real_signalfd(fd, mask, flags);
    return fd >= 0 ? fd : open_add(node_new(NODE_SIGNALS, 0), 0, 0);
}

/* --- processes -------------------------------------------------------------------------------- */

DECLARE(bool, work_is_due, const struct logdir *d, int64_t *wait)
{
    kernel.helped = d;
    return __real_work_is_due(d, wait);
}

static int run_helper(void *argument)
{
    struct logdir *d = argument;
    return work(d);
}

static void say_nothing(const char *line, size_t length)
{
    (void)line;
    (void)length;
}

/* A helper, with the memory of its logger as it is now: that of its directory. */
DECLARE(pid_t, fork, void)
{
    struct process *parent = kernel.current;
    if (OUTSIDE)
        return __real_fork();
    kernel_call();
    if (kernel_fails(FAULT_FORK))
        return -1;
    struct logdir *d = __real_malloc(sizeof *d);
    *d = *kernel.helped;
    struct process *p = process_begin("helper", run_helper, d);
    p->parent = parent;
    p->writer = say_nothing;
    for (int fd = 0; fd < FDS; fd++)
        if (parent->fd[fd] != NULL) {
            p->fd[fd] = parent->fd[fd];
            p->fd[fd]->refs++;
        }
    kernel.current = p;
    keep(d);
    d->name = __wrap_strdup(d->name);
    d->settings.processor =
        d->settings.processor == NULL ? NULL : __wrap_strdup(d->settings.processor);
    kernel.current = parent;
    if (kernel.begins != NULL)
        kernel.begins(p);
    return p->pid;
}

DECLARE(pid_t, process_reap, int *status)
{
    if (OUTSIDE)
        return __real_process_reap(status);
    for (struct process *p = kernel.process; p < kernel.process + PROCESSES; p++)
        if (p->pid != 0 && !p->alive && p->parent == kernel.current) {
            pid_t pid = p->pid;
            *status = p->status;
            *p = (struct process){.pid = 0};
            return pid;
        }
    return 0;
}

static struct process *child(pid_t pid)
{
    for (struct process *p = kernel.process; p < kernel.process + PROCESSES; p++)
        if (p->pid == pid && p->parent == kernel.current)
            return p;
    return NULL;
}

DECLARE(int, kill, pid_t pid, int signal)
{
    if (OUTSIDE)
        return __real_kill(pid, signal);
    struct process *p = child(pid);
    if (p != NULL && p->alive)
        process_kill(p, signal);
    return p == NULL ? refuse(ESRCH) : 0;
}

/* A processor: it copies its input, a part at a time, and fails now and then. */
DECLARE(pid_t, process_spawn, const struct process_spawn *s, int *report, struct error *e)
{
    char part[600];
    ssize_t n;
    bool bad = kernel.current != NULL && random_chance(&kernel.random, 15);
    if (OUTSIDE)
        return __real_process_spawn(s, report, e);
    while ((n = read(s->fds[0].from, part, sizeof part)) > 0)
        if (write(s->fds[1].from, part, (size_t)n) != n ||
            (bad && random_chance(&kernel.random, 30)))
            return bad ? 1 : 2;
    if (n == 0 && !bad && write(s->fds[3].from, "state\n", 6) == 6)
        return 3;
    return 2;
}

DECLARE(int, process_wait, pid_t pid)
{
    if (OUTSIDE)
        return __real_process_wait(pid);
    if (pid <= 3)
        return pid == 3 ? 0 : 256; /* the processor */
    struct process *p = child(pid);
    int status = p == NULL ? -1 : p->status;
    if (p != NULL)
        *p = (struct process){.pid = 0};
    return status;
}

DECLARE(void, message_to, message_writer *writer)
{
    if (!OUTSIDE)
        kernel.current->writer = writer;
    __real_message_to(writer);
}

DECLARE(void, message_name, const char *name)
{
    if (!OUTSIDE)
        kernel.current->name = name;
    __real_message_name(name);
}

/* --- what changes nothing here ---------------------------------------------------------------- */

#define NOTHING(result, name, value, parameters, arguments)                                        \
    result __real_##name parameters;                                                               \
    result __wrap_##name parameters;                                                               \
    result __wrap_##name parameters                                                                \
    {                                                                                              \
        return OUTSIDE ? __real_##name arguments : (value);                                        \
    }

NOTHING(int, fchown, 0, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
NOTHING(int, fchdir, 0, (int fd), (fd))
NOTHING(uid_t, geteuid, 1000, (void), ())
NOTHING(gid_t, getegid, 1000, (void), ())
NOTHING(int, getgroups, 0, (int size, gid_t *list), (size, list))
NOTHING(int, isatty, 0, (int fd), (fd))
NOTHING(mode_t, umask, 022, (mode_t mask), (mask))
NOTHING(int, gethostname, -1, (char *to, size_t size), (to, size))
NOTHING(int, sigprocmask, 0, (int how, const sigset_t *set, sigset_t *old), (how, set, old))
NOTHING(int, sigaction, 0, (int number, const struct sigaction *to, struct sigaction *old),
        (number, to, old))
NOTHING(sighandler_t, signal, SIG_DFL, (int number, sighandler_t to), (number, to))
NOTHING(int, setpriority, 0, (__priority_which_t which, id_t who, int priority),
        (which, who, priority))

DECLARE(int, getrlimit, __rlimit_resource_t what, struct rlimit *limit)
{
    if (OUTSIDE)
        return __real_getrlimit(what, limit);
    *limit = (struct rlimit){FDS, FDS};
    if (what == RLIMIT_FSIZE && disk.largest < SIZE_MAX) {
        *limit = (struct rlimit){disk.largest, disk.largest};
        return 0;
    }
    if (what == RLIMIT_FSIZE)
        *limit = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    return 0;
}
NOTHING(int, setrlimit, disk.largest == SIZE_MAX ? 0 : -1,
        (__rlimit_resource_t what, const struct rlimit *limit), (what, limit))

DECLARE(int, prctl, int option, ...)
{
    va_list list;
    va_start(list, option);
    unsigned long value = va_arg(list, unsigned long);
    va_end(list);
    return OUTSIDE ? __real_prctl(option, value, 0UL, 0UL, 0UL) : 0;
}

DECLARE(void, image_discard_tables, void)
{
}
