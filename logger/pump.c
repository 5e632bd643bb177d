#include "logger/pump.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/process.h"
#include "logger/journal.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { READ_MAX = 65536 };
static const int64_t begun_wait = 200 * CLOCK_MS;
static const int64_t rest_wait = CLOCK_SECOND;

static struct route *route_of(struct pump_input *in)
{
    struct pump *p = in->pump;
    return in == &p->input[PUMP_EVENTS] ? &p->events : &p->route;
}

static int index_of(const struct pump_input *in)
{
    return (int)(in - in->pump->input);
}

static bool shows(const struct pump_input *in)
{
    return in->pump->shows && index_of(in) != PUMP_EVENTS;
}

/* --- holding back --- */

/* Events never hold: they are few, and the supervisor must not wait. */
static bool is_held(const struct pump_input *in)
{
    return in->pump->held && index_of(in) != PUMP_EVENTS;
}

static void listen(struct pump *p)
{
    struct error e = ERROR_INIT;
    for (int i = 0; i < PUMP_INPUTS; i++) {
        struct pump_input *in = &p->input[i];
        if (!in->open || is_held(in) || loop_watch(&p->loop, &in->watch, EPOLLIN, &e) == 0)
            continue;
        message_warning("%s", e.text);
        p->failed = true;
        loop_stop(&p->loop);
    }
}

static void hold(struct pump *p)
{
    p->held = true;
    loop_unwatch(&p->loop, &p->input[PUMP_OUT].watch);
    loop_unwatch(&p->loop, &p->input[PUMP_ERR].watch);
}

static bool must_hold(const struct pump *p)
{
    return p->route.count > 0 && p->route.sink[0].rules->trouble == SINK_HOLD &&
           route_waits(&p->route);
}

/* --- from a stream to console and disk --- */

static void give_up(struct pump *p)
{
    message_warning("out of memory");
    p->failed = true;
    loop_stop(&p->loop);
}

static void show_lines(struct pump_input *in)
{
    struct loop *loop = &in->pump->loop;
    bool shown = console_lines(&in->pump->console, index_of(in), &in->lines);
    if (in->lines.shown == in->lines.end)
        loop_untimer(loop, &in->begun);
    else if (shown || in->begun.place == 0)
        loop_timer(loop, &in->begun, clock_monotonic() + begun_wait);
}

static void show_begun(struct timer *t)
{
    struct pump_input *in =
        (struct pump_input *)(void *)((char *)t - offsetof(struct pump_input, begun));
    console_all(&in->pump->console, index_of(in), &in->lines);
}

static void to_disk(struct pump_input *in)
{
    static const enum stamp_stream streams[] = {STREAM_OUT, STREAM_ERR, STREAM_UNKNOWN};
    struct pump *p = in->pump;
    struct timespec now = clock_wall();
    route_begin(route_of(in), streams[index_of(in)], &now);
    if (route_lines(route_of(in), &in->lines) < 0)
        give_up(p);
    route_flush(route_of(in));
    if (!p->held && must_hold(p))
        hold(p);
}

static void take(struct pump_input *in)
{
    struct pump *p = in->pump;
    if (shows(in))
        show_lines(in);
    if (!is_held(in))
        to_disk(in);
    p->active = true;
    if (p->rest.place == 0)
        loop_timer(&p->loop, &p->rest, clock_monotonic() + rest_wait);
}

/* The line that was begun ends here, on disk; the console only gets the bytes there are. */
static void end_line(struct pump_input *in)
{
    if (shows(in)) {
        console_all(&in->pump->console, index_of(in), &in->lines);
        in->pump->console.stream[index_of(in)].begun = false;
    }
    if (lines_end(&in->lines) < 0)
        give_up(in->pump);
    take(in);
}

static void resume(void *context)
{
    struct pump *p = context;
    p->held = false;
    for (int i = PUMP_OUT; i <= PUMP_ERR && !p->held; i++)
        to_disk(&p->input[i]);
    if (p->held)
        return;
    if (p->finishing)
        loop_stop(&p->loop);
    else
        listen(p);
}

/* Nothing more is read. A disk that holds us back gets one more chance now, then its usual ones. */
static void finish(struct pump *p)
{
    p->finishing = true;
    loop_unwatch(&p->loop, &p->input[PUMP_EVENTS].watch);
    hold(p);
    if (must_hold(p))
        route_retry(&p->route);
    if (!must_hold(p))
        resume(p);
}

static void finish_at_end(struct pump *p)
{
    for (int i = 0; i < PUMP_INPUTS; i++)
        if (p->input[i].open)
            return;
    finish(p);
}

static void close_input(struct pump_input *in)
{
    loop_unwatch(&in->pump->loop, &in->watch);
    in->open = false;
    end_line(in);
    finish_at_end(in->pump);
}

/* Reads once. The number of bytes; 0 at the end or when there is nothing. */
static size_t read_some(struct pump_input *in, size_t most)
{
    if (!in->open)
        return 0;
    char *room = lines_room(&in->lines, most);
    if (room == NULL) {
        give_up(in->pump);
        return 0;
    }
    ssize_t n = read(in->watch.fd, room, most);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n < 0)
        message_warning("unable to read descriptor %d: %s", in->watch.fd, strerror(errno));
    if (n <= 0) {
        close_input(in);
        return 0;
    }
    lines_added(&in->lines, (size_t)n);
    take(in);
    return (size_t)n;
}

static void ready(struct watch *w, uint32_t events)
{
    (void)events;
    struct pump_input *in =
        (struct pump_input *)(void *)((char *)w - offsetof(struct pump_input, watch));
    read_some(in, READ_MAX);
}

/* Reads what the pipe holds now, even while the disk holds us back: it is not more than a pipe. */
static void read_now(struct pump_input *in)
{
    int waiting = 0;
    if (!in->open || ioctl(in->watch.fd, FIONREAD, &waiting) < 0)
        return;
    for (size_t left = (size_t)waiting; left > 0;) {
        size_t n = read_some(in, left < READ_MAX ? left : READ_MAX);
        if (n == 0)
            return;
        left -= n;
    }
}

static void shrink(struct timer *t)
{
    struct pump *p = (struct pump *)(void *)((char *)t - offsetof(struct pump, rest));
    if (p->active) {
        p->active = false;
        loop_timer(&p->loop, t, clock_monotonic() + rest_wait);
        return;
    }
    for (int i = 0; i < PUMP_INPUTS; i++)
        lines_shrink(&p->input[i].lines);
    route_shrink(&p->route);
    route_shrink(&p->events);
}

/* --- signals --- */

static void on_signal(void *context, int signal)
{
    struct pump *p = context;
    pid_t pid;
    int status;
    switch (signal) {
    case SIGHUP:
        p->left = true;
        loop_stop(&p->loop);
        break;
    case SIGALRM:
        route_rotate(&p->route);
        route_rotate(&p->events);
        break;
    case SIGUSR1:
        for (int i = PUMP_OUT; i <= PUMP_ERR; i++) {
            read_now(&p->input[i]);
            end_line(&p->input[i]);
        }
        break;
    case SIGUSR2:
        for (int i = 0; i < PUMP_INPUTS; i++) {
            read_now(&p->input[i]);
            end_line(&p->input[i]);
        }
        finish(p);
        break;
    default:
        while ((pid = process_reap(&status)) > 0)
            if (!route_reaped(&p->route, pid, status))
                route_reaped(&p->events, pid, status);
    }
}

int pump_open(struct pump *p, struct error *e)
{
    static const int taken[] = {SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGCHLD};
    static const int ignored[] = {SIGTERM, SIGINT, SIGQUIT, SIGPIPE};
    *p = (struct pump){.state = -1, .rest.fire = shrink, .resume = resume};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    for (int i = 0; i < PUMP_INPUTS; i++)
        p->input[i] = (struct pump_input){.pump = p,
                                          .watch = {.fd = -1, .ready = ready},
                                          .begun.fire = show_begun,
                                          .lines.limit = LINE_LIMIT,
                                          .journal = -1};
    if (loop_open(&p->loop, e) < 0)
        return -1;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (loop_signal(&p->loop, taken[i], on_signal, p, e) < 0)
            return -1;
    return 0;
}

/* --- from beginning to end --- */

static void take_over(struct pump *p)
{
    struct str left = STR_INIT;
    for (int i = PUMP_OUT; i <= PUMP_ERR; i++)
        journal_restore(p->input[i].journal, &p->input[i].lines, &p->console.stream[i].begun);
    if (journal_read(p->state, &left) == 0) {
        size_t used = route_restore(&p->route, left.data, left.length);
        route_restore(&p->events, left.data + used, left.length - used);
    }
    str_release(&left);
    for (int i = 0; i < PUMP_INPUTS; i++)
        take(&p->input[i]);
}

/* An event is written whole: what is missing of one is in the pipe already. */
static void complete_event(struct pump_input *in)
{
    int waiting = 0;
    while (in->open && lines_begun(&in->lines) && ioctl(in->watch.fd, FIONREAD, &waiting) == 0 &&
           waiting > 0 && read_some(in, READ_MAX) > 0)
        ;
}

/* For a successor: begun lines, and what the disk did not take. */
static void leave(struct pump *p)
{
    struct str waiting = STR_INIT;
    complete_event(&p->input[PUMP_EVENTS]);
    route_flush(&p->route);
    route_flush(&p->events);
    for (int i = PUMP_OUT; i <= PUMP_ERR; i++) {
        struct pump_input *in = &p->input[i];
        if (in->journal < 0 ||
            journal_save(in->journal, &in->lines, p->console.stream[i].begun) < 0)
            end_line(in);
    }
    if (p->state >= 0 && (route_waits(&p->route) || route_waits(&p->events)) &&
        (route_save(&p->route, &waiting) < 0 || route_save(&p->events, &waiting) < 0 ||
         journal_write(p->state, &waiting) < 0))
        message_warning("unable to keep lines for a successor: %s", strerror(errno));
    str_release(&waiting);
}

static void release(struct pump *p)
{
    route_close(&p->route, true);
    route_close(&p->events, true);
    for (int i = 0; i < PUMP_INPUTS; i++)
        lines_release(&p->input[i].lines);
    loop_close(&p->loop);
}

int pump_run(struct pump *p)
{
    struct error e = ERROR_INIT;
    int code = 0;
    take_over(p);
    listen(p);
    finish_at_end(p); /* nothing to read at all */
    if (loop_run(&p->loop, &e) < 0)
        code = message_error(&e);
    if (p->left || p->failed || code != 0)
        leave(p);
    if (p->failed)
        code = EXIT_SYSTEM;
    release(p);
    return code;
}
