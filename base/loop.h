/* The one event loop: descriptors, timers and signals, in one thread, on epoll and signalfd.
 *
 * 1. loop_open; 2. loop_signal, loop_watch, loop_timer as wished; 3. loop_run until loop_stop.
 * struct watch and struct timer are intrusive: the owner keeps them in place while they are armed,
 * zeroed before first use. With no timer armed the loop sleeps for ever: an idle program makes no
 * wake-ups. Handlers may add and remove anything, themselves included. Timers due at the same time
 * fire in the order they were set. A watch that the kernel has no memory for is armed later: the
 * loop tries ten times a second.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/error.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct epoll_event;

/* The calls that a loop makes to the system; a test brings its own. */
struct loop_calls {
    int64_t (*now)(void); /* monotonic ns, never 0 */
    /* As epoll_wait: the events of at most `most` watches, in the order in which they are to be
     * handled. It may wait ms (-1: for ever). */
    int (*wait)(int epoll, struct epoll_event *events, int most, int ms);
};

struct watch {
    int fd;
    uint32_t events;                                 /* the loop's, as all that follows ready */
    void (*ready)(struct watch *w, uint32_t events); /* events: EPOLLIN and so on */
    struct watch *next;
    bool armed;
    bool spent; /* it was to be told once, and was */
    bool late;  /* stands in the loop's list */
};

struct timer {
    int64_t due;                   /* monotonic ns */
    void (*fire)(struct timer *t); /* NULL: that the loop turns is enough */
    size_t place;                  /* the loop's: 1 + index in the heap, 0 when not set */
    uint64_t order;
};

struct loop {
    const struct loop_calls *calls; /* the system's after loop_open; may be set then */
    /* NULL, or called with context after every handler of a watch or a timer. */
    void (*handled)(void *context);
    void *handled_context;
    int epoll;
    int signals; /* signalfd, -1 before the first loop_signals */
    sigset_t mask;
    void (*on_signal)(void *context, int signal);
    void *signal_context;
    int signal_code;  /* si_code of the signal being handled: SI_KERNEL from a terminal */
    pid_t signal_pid; /* its si_pid: of SIGCHLD, one of those that died or were stopped */
    struct watch signal_watch;
    struct timer **heap;
    size_t timers;
    size_t capacity;
    uint64_t next_order;
    bool stopped;
    struct epoll_event *batch; /* what this turn has to call; a removed watch is nulled */
    int batch_count;
    struct watch *late; /* to be armed when there is room again */
    int64_t late_at;    /* monotonic ns of the next try */
};

/* 0, or -1 with e: no descriptor or memory. */
int loop_open(struct loop *l, struct error *e);
/* Closes and frees what the loop has; watches and timers are their owners'. */
void loop_close(struct loop *l);

/* Arms w for the events (EPOLLIN, EPOLLOUT, ...), now or once the kernel has room; calling it again
 * changes them. With EPOLLONESHOT it is told once, until it is armed again, and costs no call to
 * disarm. 0, or -1 with e and errno: EPERM, since a plain file is always ready. */
int loop_watch(struct loop *l, struct watch *w, uint32_t events, struct error *e);
/* Stops w for a tenth of a second: for a handler that lacks descriptors or memory to take what is
 * there, and would be called again at once, for ever. */
void loop_pause(struct loop *l, struct watch *w);
/* Disarms w, if it is armed. To be called before close(w->fd). */
void loop_unwatch(struct loop *l, struct watch *w);

/* Takes the memory for that many timers, so that loop_timer cannot fail later. 0, or -1 with e. */
int loop_reserve_timers(struct loop *l, size_t count, struct error *e);
/* Sets t to fire at due (monotonic ns), or moves it there; due 0 takes it out. 0, or -1: no memory,
 * which cannot happen within what was reserved. */
int loop_timer(struct loop *l, struct timer *t, int64_t due);
/* Takes t out, if it is set. */
void loop_untimer(struct loop *l, struct timer *t);

/* Blocks signals for the process and delivers them as loop events, to the handler and with the
 * context that were given last. It is called after all signals pending at that moment were
 * collected. */
int loop_signals(struct loop *l, const int *signals, size_t count,
                 void (*handler)(void *context, int signal), void *context, struct error *e);
/* The same for one. */
int loop_signal(struct loop *l, int signal, void (*handler)(void *context, int signal),
                void *context, struct error *e);

/* One turn: waits for something (at most max_wait ns; -1: no limit) and calls the handlers. 0, or
 * -1 with e when the kernel refuses to wait. */
int loop_turn(struct loop *l, int64_t max_wait, struct error *e);
/* Turns until loop_stop: 0, or -1 with e as loop_turn. */
int loop_run(struct loop *l, struct error *e);
/* Ends loop_run after this turn. */
void loop_stop(struct loop *l);

#endif
