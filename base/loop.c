#include "base/loop.h"
#include "base/process.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    BATCH_MAX = 32,
    LATE_MS = 100 /* between two tries */
};

static int wait_for_events(int epoll, struct epoll_event *events, int most, int ms)
{
    return epoll_wait(epoll, events, most, ms);
}

static const struct loop_calls system_calls = {.now = clock_monotonic, .wait = wait_for_events};

int loop_open(struct loop *l, struct error *e)
{
    *l = (struct loop){.calls = &system_calls, .signals = -1};
    sigemptyset(&l->mask);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0)
        return error_system(e, "unable to make an event loop");
    return 0;
}

void loop_close(struct loop *l)
{
    fd_close(l->signals);
    fd_close(l->epoll);
    for (size_t i = 0; i < l->timers; i++)
        l->heap[i]->place = 0;
    free(l->heap);
    *l = (struct loop){.epoll = -1, .signals = -1};
}

/* --- descriptors --- */

static void set_late(struct loop *l, struct watch *w)
{
    if (w->late)
        return;
    if (l->late == NULL)
        l->late_at = l->calls->now() + LATE_MS * CLOCK_MS;
    w->late = true;
    w->next = l->late;
    l->late = w;
}

static void unset_late(struct loop *l, struct watch *w)
{
    if (!w->late)
        return;
    for (struct watch **p = &l->late; *p != NULL; p = &(*p)->next)
        if (*p == w) {
            *p = w->next;
            break;
        }
    w->late = false;
}

/* A change of what is armed needs no room, so it cannot be late. */
int loop_watch(struct loop *l, struct watch *w, uint32_t events, struct error *e)
{
    struct epoll_event event = {.events = events, .data.ptr = w};
    unset_late(l, w);
    w->events = events;
    int what = w->armed || w->spent ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(l->epoll, what, w->fd, &event) == 0)
        w->armed = true, w->spent = false;
    else if (errno == ENOMEM || errno == ENOSPC)
        set_late(l, w);
    else
        return error_system(e, "unable to watch descriptor %d", w->fd);
    return 0;
}

static void disarm(struct loop *l, struct watch *w)
{
    struct epoll_event event = {.events = 0};
    if (w->armed)
        epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, &event);
    w->armed = false;
}

void loop_unwatch(struct loop *l, struct watch *w)
{
    unset_late(l, w);
    disarm(l, w);
    for (int i = 0; i < l->batch_count; i++)
        if (l->batch[i].data.ptr == w)
            l->batch[i].data.ptr = NULL;
}

void loop_pause(struct loop *l, struct watch *w)
{
    disarm(l, w);
    set_late(l, w);
}

/* Tries all that are late, once. Its error is not on the stack of a loop that waits. */
__attribute__((noinline)) static void arm_late(struct loop *l)
{
    struct error ignored = ERROR_INIT;
    struct watch *list = l->late;
    if (list == NULL || l->calls->now() < l->late_at)
        return;
    l->late = NULL;
    while (list != NULL) {
        struct watch *w = list;
        list = w->next;
        w->late = false;
        loop_watch(l, w, w->events, &ignored);
    }
}

static void handled(const struct loop *l)
{
    if (l->handled != NULL)
        l->handled(l->handled_context);
}

/* --- timers: a binary heap, the earliest first --- */

static bool fires_before(const struct timer *a, const struct timer *b)
{
    return a->due < b->due || (a->due == b->due && a->order < b->order);
}

static void put_timer(struct loop *l, size_t i, struct timer *t)
{
    l->heap[i] = t;
    t->place = i + 1;
}

static void sift_up(struct loop *l, size_t i)
{
    struct timer *t = l->heap[i];
    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (!fires_before(t, l->heap[parent]))
            break;
        put_timer(l, i, l->heap[parent]);
        i = parent;
    }
    put_timer(l, i, t);
}

static void sift_down(struct loop *l, size_t i)
{
    struct timer *t = l->heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= l->timers)
            break;
        if (child + 1 < l->timers && fires_before(l->heap[child + 1], l->heap[child]))
            child++;
        if (!fires_before(l->heap[child], t))
            break;
        put_timer(l, i, l->heap[child]);
        i = child;
    }
    put_timer(l, i, t);
}

static int grow(struct loop *l, size_t capacity)
{
    if (capacity <= l->capacity)
        return 0;
    struct timer **heap = realloc(l->heap, capacity * sizeof *heap);
    if (!heap)
        return -1;
    l->heap = heap;
    l->capacity = capacity;
    return 0;
}

int loop_reserve_timers(struct loop *l, size_t count, struct error *e)
{
    if (grow(l, count) < 0)
        return error_system(e, "unable to reserve %zu timers", count);
    return 0;
}

int loop_timer(struct loop *l, struct timer *t, int64_t due)
{
    loop_untimer(l, t);
    if (due == 0)
        return 0;
    if (l->timers == l->capacity && grow(l, l->capacity ? 2 * l->capacity : 8) < 0)
        return -1;
    t->due = due;
    t->order = l->next_order++;
    l->heap[l->timers] = t;
    sift_up(l, l->timers++);
    return 0;
}

void loop_untimer(struct loop *l, struct timer *t)
{
    if (!t->place)
        return;
    size_t i = t->place - 1;
    t->place = 0;
    struct timer *last = l->heap[--l->timers];
    if (last == t)
        return;
    put_timer(l, i, last);
    sift_up(l, i);
    sift_down(l, last->place - 1);
}

static void fire_timers(struct loop *l)
{
    if (l->timers == 0)
        return;
    int64_t now = l->calls->now();
    /* What handlers set now waits for the next turn, so that no turn lasts for ever. */
    uint64_t end = l->next_order;
    while (l->timers > 0 && l->heap[0]->due <= now && l->heap[0]->order < end) {
        struct timer *t = l->heap[0];
        loop_untimer(l, t);
        if (t->fire != NULL)
            t->fire(t);
        handled(l);
    }
}

/* --- signals --- */

static void collect_signals(struct watch *w, uint32_t events)
{
    (void)events;
    struct loop *l = container_of(w, struct loop, signal_watch);
    bool seen[65] = {false};
    int code[65] = {0};
    pid_t pid[65] = {0};
    struct signalfd_siginfo info[2]; /* fewer than there is room for are the last */
    ssize_t n;
    do {
        n = read(l->signals, info, sizeof info);
        for (ssize_t i = 0; i < n / (ssize_t)sizeof info[0]; i++)
            if (info[i].ssi_signo < 65)
                seen[info[i].ssi_signo] = true, code[info[i].ssi_signo] = info[i].ssi_code,
                pid[info[i].ssi_signo] = (pid_t)info[i].ssi_pid;
    } while (n == (ssize_t)sizeof info || (n < 0 && errno == EINTR));
    for (int i = 1; i < 65; i++) {
        l->signal_code = code[i];
        l->signal_pid = pid[i];
        if (seen[i])
            l->on_signal(l->signal_context, i);
    }
}

int loop_signals(struct loop *l, const int *signals, size_t count,
                 void (*handler)(void *context, int signal), void *context, struct error *e)
{
    for (size_t i = 0; i < count; i++) {
        if (signals[i] < 1 || signals[i] > 64)
            return error_set(e, EXIT_BUG, "there is no signal %d", signals[i]);
        sigaddset(&l->mask, signals[i]);
    }
    if (sigprocmask(SIG_BLOCK, &l->mask, NULL) < 0)
        return error_system(e, "unable to block signals");
    int fd = signalfd(l->signals, &l->mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return error_system(e, "unable to receive signals");
    /* For the others, which are blocked, it does not matter that they are ignored. */
    if (sigismember(&l->mask, SIGCHLD))
        process_keep_statuses();
    l->on_signal = handler;
    l->signal_context = context;
    if (l->signals >= 0)
        return 0;
    l->signals = fd;
    l->signal_watch = (struct watch){.fd = fd, .ready = collect_signals};
    return loop_watch(l, &l->signal_watch, EPOLLIN, e);
}

int loop_signal(struct loop *l, int signal, void (*handler)(void *context, int signal),
                void *context, struct error *e)
{
    return loop_signals(l, &signal, 1, handler, context, e);
}

/* --- turns --- */

/* In ms, rounded up: a turn too many costs more than a fraction of a ms. */
static int wait_ms(const struct loop *l, int64_t max_wait)
{
    int64_t wait = max_wait;
    int64_t due = l->timers > 0 ? l->heap[0]->due : 0;
    if (l->late != NULL && (due == 0 || l->late_at < due))
        due = l->late_at;
    if (due != 0) {
        int64_t left = due - l->calls->now();
        if (left < 0)
            left = 0;
        if (wait < 0 || left < wait)
            wait = left;
    }
    if (wait < 0)
        return -1;
    int64_t ms = wait / CLOCK_MS + (wait % CLOCK_MS ? 1 : 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

int loop_turn(struct loop *l, int64_t max_wait, struct error *e)
{
    struct epoll_event events[BATCH_MAX];
    int n = l->calls->wait(l->epoll, events, BATCH_MAX, wait_ms(l, max_wait));
    if (n < 0 && errno != EINTR)
        return error_system(e, "unable to wait for events");
    l->batch = events;
    l->batch_count = n > 0 ? n : 0;
    for (int i = 0; i < n; i++) {
        struct watch *w = events[i].data.ptr;
        if (w) {
            w->spent = (w->events & EPOLLONESHOT) != 0;
            w->armed = !w->spent;
            w->ready(w, events[i].events);
            handled(l);
        }
    }
    l->batch_count = 0;
    arm_late(l);
    fire_timers(l);
    return 0;
}

int loop_run(struct loop *l, struct error *e)
{
    while (!l->stopped)
        if (loop_turn(l, -1, e) < 0)
            return -1;
    l->stopped = false;
    return 0;
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}
