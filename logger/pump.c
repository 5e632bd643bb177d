#include "logger/pump.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/process.h"
#include "logger/handover.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { READ_MAX = 65536, BURST = 16384, NOTES_MAX = 16384 };
const enum stamp_stream pump_streams[PUMP_INPUTS] = {STREAM_OUT, STREAM_ERR, STREAM_UNKNOWN};

static const int64_t begun_wait = 200 * CLOCK_MS;
static const int64_t rest_wait = CLOCK_SECOND;

static int index_of(const struct pump_input *in)
{
    return (int)(in - in->pump->input);
}

static int file_of(const struct pump_input *in)
{
    return pump_file(index_of(in));
}

static struct route *route_of(struct pump_input *in)
{
    return &in->pump->route[file_of(in)];
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

/* --- batches --- */

/* Only a successor, who starts with privileges, can make the directory again. */
static void lost(void *context)
{
    struct pump *p = context;
    p->lost = true;
    loop_stop(&p->loop);
}

static void begin_batch(struct pump *p, int stream)
{
    struct pump_input *in = &p->input[stream];
    struct timespec now = clock_wall();
    route_begin(route_of(in), pump_streams[stream], &now);
    p->state.now.file[file_of(in)].time = now;
    p->state.now.file[file_of(in)].batch = (uint32_t)stream + 1;
    handover_commit(p);
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
    handover_commit(in->pump);
}

static void to_disk(struct pump_input *in)
{
    struct pump *p = in->pump;
    if (p->lost)
        return;
    begin_batch(p, index_of(in));
    if (p->lost)
        return;
    if (route_lines(route_of(in), &in->lines) < 0)
        give_up(p);
    route_flush(route_of(in));
    handover_commit(p);
    if (!route_holds(route_of(in)) && journal_turn(&in->journal, &in->lines))
        handover_commit(p);
    if (!p->held && route_holds(&p->route[0]))
        hold(p);
}

/* Messages that the console did not take: between two batches, so that they are told apart. */
static void write_notes(struct pump *p)
{
    struct str notes = p->notes;
    struct lines l = {.data = notes.data, .end = notes.length, .limit = LINE_LIMIT};
    struct timespec now = clock_wall();
    if (notes.length == 0 || p->held)
        return;
    p->notes = (struct str)STR_INIT; /* this may make new ones */
    route_begin(&p->route[0], STREAM_ERR, &now);
    p->state.now.file[0].batch = 0;
    handover_commit(p);
    route_lines(&p->route[0], &l);
    route_flush(&p->route[0]);
    str_release(&notes);
}

bool pump_note(struct pump *p, const char *text, size_t length)
{
    struct sink *own = route_own(&p->route[0]);
    return own != NULL && own->open && p->notes.length < NOTES_MAX &&
           str_add(&p->notes, text, length) == 0;
}

/* Memory of the journals and, where nothing of it matters, of the state. */
static void rest(struct pump *p)
{
    bool nothing = !p->held;
    bool changed = false;
    for (int i = 0; i < PUMP_INPUTS && !p->held; i++) {
        struct pump_input *in = &p->input[i];
        changed |= journal_rest(&in->journal, &in->lines);
        nothing &= in->lines.end == 0 && !in->lines.inside && !p->state.now.stream[i].begun;
    }
    if (changed)
        handover_commit(p);
    if (nothing && !p->state.now.file[0].torn && !p->state.now.file[1].torn)
        state_rest(&p->state);
    process_trim_stack();
}

/* A burst is over: what it needed is given back at once, for a hundred loggers may have had one.
 * Under load there is more to read already. */
static void rest_after_burst(struct pump_input *in, size_t size)
{
    int waiting = 0;
    struct pump *p = in->pump;
    if (size < BURST || is_held(in) || ioctl(in->watch.fd, FIONREAD, &waiting) < 0 || waiting > 0)
        return;
    for (int i = 0; i < PUMP_FILES; i++)
        route_shrink(&p->route[i]);
    rest(p);
}

static void take(struct pump_input *in)
{
    struct pump *p = in->pump;
    size_t size = in->lines.end - in->lines.start;
    if (shows(in))
        show_lines(in);
    if (!is_held(in))
        to_disk(in);
    write_notes(p);
    rest_after_burst(in, size);
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
    if (journal_end_line(&in->journal, &in->lines) < 0)
        message_warning("a line end is lost: %s", strerror(errno));
    take(in);
}

/* A processor is waited for, as in s6-log: who waits for us knows how long. */
static void leave(struct pump *p)
{
    if (!route_processing(&p->route[0]))
        loop_stop(&p->loop);
}

static void resume(void *context)
{
    struct pump *p = context;
    p->held = false;
    handover_commit(p);
    for (int i = PUMP_OUT; i <= PUMP_ERR && !p->held; i++)
        to_disk(&p->input[i]);
    if (p->held)
        return;
    if (!p->finishing)
        listen(p);
    else
        leave(p);
}

/* Nothing more is read. A disk that holds us back gets one more chance now, then its usual ones. */
static void finish(struct pump *p)
{
    p->finishing = true;
    loop_unwatch(&p->loop, &p->input[PUMP_EVENTS].watch);
    hold(p);
    if (route_holds(&p->route[0]))
        route_retry(&p->route[0]);
    if (!route_holds(&p->route[0]))
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

/* Reads once. The number of bytes; 0 at the end or when there is nothing, or no room for more. */
static size_t read_some(struct pump_input *in, size_t most)
{
    if (!in->open)
        return 0;
    ssize_t n = journal_fill(&in->journal, in->watch.fd, most, &in->lines);
    if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOBUFS))
        return 0;
    if (n < 0 && errno == ENOMEM) {
        give_up(in->pump);
        return 0;
    }
    if (n < 0)
        message_warning("unable to read descriptor %d: %s", in->watch.fd, strerror(errno));
    if (n <= 0) {
        close_input(in);
        return 0;
    }
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
    for (int i = 0; i < PUMP_FILES; i++)
        route_shrink(&p->route[i]);
    rest(p);
}

/* --- signals --- */

static void on_signal(void *context, int signal)
{
    struct pump *p = context;
    pid_t pid;
    int status;
    switch (signal) {
    case SIGHUP:
        loop_stop(&p->loop);
        break;
    case SIGALRM:
        for (int i = 0; i < PUMP_FILES; i++)
            route_rotate(&p->route[i]);
        break;
    case SIGUSR1:
        for (int i = PUMP_OUT; i <= PUMP_ERR; i++) {
            read_now(&p->input[i]);
            end_line(&p->input[i]);
        }
        state_open_gate(&p->state);
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
            if (!route_reaped(&p->route[0], pid, status))
                route_reaped(&p->route[1], pid, status);
        if (p->finishing && !route_holds(&p->route[0]))
            leave(p);
    }
}

int pump_open(struct pump *p, struct error *e)
{
    static const int taken[] = {SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGCHLD};
    static const int ignored[] = {SIGTERM, SIGINT, SIGQUIT, SIGPIPE, SIGXFSZ};
    *p = (struct pump){.rest.fire = shrink,
                       .resume = resume,
                       .commit = handover_commit,
                       .moved = handover_moved,
                       .lost_directory = lost};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    for (int i = 0; i < PUMP_INPUTS; i++)
        p->input[i] = (struct pump_input){.pump = p,
                                          .watch = {.fd = -1, .ready = ready},
                                          .begun.fire = show_begun,
                                          .lines.limit = LINE_LIMIT,
                                          .journal.fd = -1};
    if (loop_open(&p->loop, e) < 0)
        return -1;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (loop_signal(&p->loop, taken[i], on_signal, p, e) < 0)
            return -1;
    return 0;
}

/* --- from beginning to end --- */

static int take_over(struct pump *p, struct error *e)
{
    if (handover_open(p, e) < 0)
        return -1;
    for (int i = 0; i < PUMP_FILES; i++) {
        if (handover_complete(p, i) < 0)
            return error_system(e, "unable to take over from a predecessor");
        p->taken_over = i + 1;
        route_flush(&p->route[i]);
    }
    if (route_holds(&p->route[0]))
        hold(p);
    for (int i = 0; i < PUMP_INPUTS; i++)
        take(&p->input[i]);
    return 0;
}

/* An event is written whole: what is missing of one is in the pipe already. */
static void complete_event(struct pump_input *in)
{
    int waiting = 0;
    while (in->open && lines_begun(&in->lines) && ioctl(in->watch.fd, FIONREAD, &waiting) == 0 &&
           waiting > 0 && read_some(in, READ_MAX) > 0)
        ;
}

static void release(struct pump *p)
{
    for (int i = 0; i < PUMP_FILES; i++)
        route_close(&p->route[i], true);
    for (int i = 0; i < PUMP_INPUTS; i++)
        journal_close(&p->input[i].journal);
    state_close(&p->state);
    str_release(&p->notes);
    loop_close(&p->loop);
}

int pump_run(struct pump *p)
{
    struct error e = ERROR_INIT;
    int code = 0;
    if (take_over(p, &e) < 0)
        return message_error(&e);
    listen(p);
    finish_at_end(p); /* nothing to read at all */
    if (loop_run(&p->loop, &e) < 0)
        code = message_error(&e);
    complete_event(&p->input[PUMP_EVENTS]);
    for (int i = 0; i < PUMP_INPUTS; i++)
        if (!p->input[i].journal.survives)
            end_line(&p->input[i]);
    handover_commit(p);
    if (p->failed)
        code = EXIT_SYSTEM;
    release(p);
    return code;
}
