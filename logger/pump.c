#include "logger/pump.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/process.h"
#include "logger/handover.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
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

/* --- leaving to a successor --- */

static void give_up(struct pump *p, const char *why)
{
    message_warning("%s", why);
    p->failed = true;
    loop_stop(&p->loop);
}

/* Only a successor, who starts with privileges, can make the directory again. */
static void lost(void *context)
{
    struct pump *p = context;
    p->lost = true;
    loop_stop(&p->loop);
}

/* --- batches --- */

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

/* While something holds, the state goes on saying what the bytes that wait are made of. */
static void to_disk(struct pump_input *in)
{
    struct pump *p = in->pump;
    if (p->lost || route_holds(route_of(in)))
        return;
    begin_batch(p, index_of(in));
    if (p->lost)
        return;
    if (route_lines(route_of(in), &in->lines) < 0)
        give_up(p, "out of memory");
    route_flush(route_of(in));
    handover_commit(p);
    if (!route_holds(route_of(in)) && journal_turn(&in->journal, &in->lines))
        handover_commit(p);
}

/* What is being written may make new ones. */
static bool take_notes(struct pump *p)
{
    if (p->noting.end == p->noting.start) {
        free(p->noting.data);
        p->noting =
            (struct lines){.data = p->notes.data, .end = p->notes.length, .limit = LINE_LIMIT};
        p->notes = (struct str)STR_INIT;
    }
    return p->noting.end > p->noting.start;
}

/* Messages that the console did not take: between two batches, so that they are told apart. They
 * hold as lines do, and then what is left of them waits. */
static void write_notes(struct pump *p)
{
    struct timespec now = clock_wall();
    if (p->lost || route_holds(&p->route[0]) || !take_notes(p))
        return;
    route_begin(&p->route[0], STREAM_ERR, &now);
    if (p->lost)
        return;
    p->state.now.file[0].batch = 0;
    handover_commit(p);
    route_lines(&p->route[0], &p->noting);
    route_flush(&p->route[0]);
}

bool pump_note(struct pump *p, const char *text, size_t length)
{
    struct sink *own = route_own(&p->route[0]);
    return own != NULL && sink_is_open(own) && p->notes.length < NOTES_MAX &&
           str_add(&p->notes, text, length) == 0;
}

/* Memory of the journals and, where nothing of it matters, of the state. While something holds, all
 * of it does. */
static void rest(struct pump *p)
{
    bool holds = route_holds(&p->route[0]);
    bool nothing = !holds;
    bool changed = false;
    for (int i = 0; i < PUMP_INPUTS && !holds; i++) {
        struct pump_input *in = &p->input[i];
        changed |= journal_trim(&in->journal, &in->lines);
        nothing &= in->lines.end == 0 && !in->lines.inside && !p->state.now.stream[i].begun;
    }
    if (changed)
        handover_commit(p);
    if (nothing && !p->state.now.file[0].torn && !p->state.now.file[1].torn)
        state_trim(&p->state);
    process_trim_stack();
}

/* A burst is over: what it needed is given back at once, for a hundred loggers may have had one.
 * Under load there is more to read already. */
static void rest_after_burst(struct pump_input *in, size_t size)
{
    int waiting = 0;
    struct pump *p = in->pump;
    if (size < BURST || ioctl(in->watch.fd, FIONREAD, &waiting) < 0 || waiting > 0)
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
    to_disk(in);
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

/* --- reading --- */

static void listen(struct pump_input *in)
{
    struct error e = ERROR_INIT;
    if (in->open && loop_watch(&in->pump->loop, &in->watch, EPOLLIN, &e) < 0)
        give_up(in->pump, e.text);
}

static void pause_input(struct pump_input *in)
{
    loop_unwatch(&in->pump->loop, &in->watch);
}

static void write_rest(struct pump *p)
{
    handover_commit(p);
    for (int i = PUMP_OUT; i <= PUMP_ERR; i++)
        to_disk(&p->input[i]);
    write_notes(p);
}

/* Called after every event. A processor is waited for, as in s6-log: who waits for us knows how
 * long. */
static void settle(void *context)
{
    struct pump *p = context;
    enum flow_step step;
    write_notes(p);
    while ((step = flow_next(&p->flow, route_holds(&p->route[0]))) == FLOW_WRITE)
        write_rest(p);
    if (step == FLOW_PAUSE || step == FLOW_READ)
        for (int i = PUMP_OUT; i <= PUMP_ERR; i++)
            (step == FLOW_READ ? listen : pause_input)(&p->input[i]);
    if (step == FLOW_LEAVE && !route_processing(&p->route[0]))
        loop_stop(&p->loop);
}

/* Nothing more is read. A disk that holds us back gets one more chance now, then its usual ones. */
static void finish(struct pump *p)
{
    for (int i = 0; i < PUMP_INPUTS; i++)
        pause_input(&p->input[i]);
    flow_end(&p->flow);
    route_retry(&p->route[0]);
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
    pause_input(in);
    in->open = false;
    end_line(in);
    finish_at_end(in->pump);
}

/* A successor tries again: nothing but its end closes a stream. */
static void give_up_reading(struct pump_input *in)
{
    struct error e = ERROR_INIT;
    error_system(&e, "unable to read descriptor %d", in->watch.fd);
    give_up(in->pump, e.text);
}

/* Reads once. The number of bytes; 0 at the end or when there is nothing, or no room for more. */
static size_t read_some(struct pump_input *in, size_t most)
{
    if (!in->open)
        return 0;
    ssize_t n = journal_fill(&in->journal, in->watch.fd, most, &in->lines);
    if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOBUFS))
        return 0;
    if (n > 0)
        take(in);
    else if (n == 0)
        close_input(in);
    else
        give_up_reading(in);
    return n > 0 ? (size_t)n : 0;
}

static void ready(struct watch *w, uint32_t events)
{
    (void)events;
    struct pump_input *in =
        (struct pump_input *)(void *)((char *)w - offsetof(struct pump_input, watch));
    read_some(in, READ_MAX);
    settle(in->pump);
}

/* Reads what the pipe holds now, even while the disk holds us back: it is not more than a pipe. */
static void read_now(struct pump_input *in)
{
    int waiting = 0;
    if (!in->open)
        return;
    size_t left = ioctl(in->watch.fd, FIONREAD, &waiting) < 0 ? READ_MAX : (size_t)waiting;
    while (left > 0) {
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
    }
    settle(p);
}

int pump_open(struct pump *p, struct error *e)
{
    static const int taken[] = {SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGCHLD};
    static const int ignored[] = {SIGTERM, SIGINT, SIGQUIT, SIGPIPE};
    *p = (struct pump){.rest.fire = shrink,
                       .settle = settle,
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
    free(p->noting.data);
    loop_close(&p->loop);
}

int pump_run(struct pump *p)
{
    struct error e = ERROR_INIT;
    int code = 0;
    if (take_over(p, &e) < 0)
        return message_error(&e);
    for (int i = 0; i < PUMP_INPUTS; i++)
        listen(&p->input[i]);
    finish_at_end(p); /* nothing to read at all */
    settle(p);
    if (loop_run(&p->loop, &e) < 0)
        code = message_error(&e);
    complete_event(&p->input[PUMP_EVENTS]);
    for (int i = 0; i < PUMP_INPUTS; i++)
        if (p->input[i].journal.fd < 0)
            end_line(&p->input[i]);
    write_notes(p);
    handover_commit(p);
    if (p->failed)
        code = EXIT_SYSTEM;
    release(p);
    return code;
}
