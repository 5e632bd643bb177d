#include "logger/pump.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/image.h"
#include "base/message.h"
#include "base/process.h"
#include "logger/disk.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_MAX = 65536, BURST = 16384, NOTES_MAX = 16384 };

/* A begun line that is shown wrapped is torn: that waits longer. */
static const int64_t begun_wait = 200 * CLOCK_MS;
static const int64_t torn_wait = CLOCK_SECOND;
static const int64_t stands_wait = CLOCK_SECOND; /* in the log */
static const int64_t rest_wait = CLOCK_SECOND;
static const int64_t sign_pause = 100 * CLOCK_MS;

static struct lines *lines_of(const struct pump_input *in)
{
    return &in->pump->handover.input[in->index].lines;
}

static struct journal *journal_of(const struct pump_input *in)
{
    return &in->pump->handover.input[in->index].journal;
}

static bool shows(const struct pump_input *in)
{
    return in->pump->shows && in->index != HANDOVER_EVENTS;
}

/* Leaves the rest to a successor. */
static void give_up(struct pump *p, const char *why)
{
    message_warning("%s", why);
    p->failed = true;
    loop_stop(&p->loop);
}

/* --- from a stream to console and disk --- */

static void show_lines(struct pump_input *in, const struct timespec *now)
{
    struct loop *loop = &in->pump->loop;
    struct console *c = &in->pump->handover.console;
    struct lines *l = lines_of(in);
    int shown = console_lines(c, in->index, l, now);
    if (shown < 0)
        give_up(in->pump, "out of memory");
    else if (l->shown == l->end)
        loop_untimer(loop, &in->begun);
    else if (shown > 0 || in->begun.place == 0)
        loop_timer(loop, &in->begun,
                   clock_monotonic() + (console_wraps(c) ? torn_wait : begun_wait));
}

static void show_all(struct pump_input *in)
{
    struct timespec now = clock_wall();
    if (console_all(&in->pump->handover.console, in->index, lines_of(in), &now) < 0)
        give_up(in->pump, "out of memory");
}

static void show_begun(struct timer *t)
{
    struct pump_input *in = container_of(t, struct pump_input, begun);
    show_all(in);
    handover_commit(&in->pump->handover);
}

/* A begun line that stands for a while is written as a piece. */
static void await_end(struct pump_input *in, bool moved)
{
    struct pump *p = in->pump;
    const struct lines *l = lines_of(in);
    if (l->end == l->start || in->index == HANDOVER_EVENTS || !p->handover.route[0].joins)
        loop_untimer(&p->loop, &in->stands);
    else if (moved || in->stands.place == 0)
        loop_timer(&p->loop, &in->stands, clock_monotonic() + stands_wait);
}

static void to_disk(struct pump_input *in, const struct timespec *now)
{
    const struct lines *l = lines_of(in);
    size_t left = l->end - l->start;
    if (handover_write(&in->pump->handover, in->index, now) < 0)
        give_up(in->pump, "out of memory");
    await_end(in, l->end - l->start != left);
}

/* Messages come into existence while others are being written: these are finished first. */
static bool take_notes(struct pump *p)
{
    if (p->noting.end == p->noting.start) {
        free(p->noting.data);
        p->noting =
            (struct lines){.data = p->notes.data, .end = p->notes.length, .limit = LINE_LIMIT};
        p->notes = STR_INIT;
    }
    return p->noting.end > p->noting.start;
}

/* Messages that the console did not take. They hold as lines do, and then what is left of them
 * waits. */
static void write_notes(struct pump *p)
{
    if (p->handover.lost || route_holds(&p->handover.route[0]) || !take_notes(p))
        return;
    struct timespec now = clock_wall();
    handover_write_notes(&p->handover, &p->noting, &now);
}

bool pump_note(struct pump *p, const char *text, size_t length)
{
    const struct disk *own = p->handover.route[0].own;
    return own != NULL && disk_is_open(own) && p->notes.length < NOTES_MAX &&
           str_add(&p->notes, text, length) == 0;
}

static void shrink_memory(struct pump *p)
{
    for (int i = 0; i < CHECKPOINT_FILES; i++)
        route_shrink(&p->handover.route[i]);
    console_shrink(&p->handover.console);
    handover_trim(&p->handover);
    process_trim_stack();
}

/* A burst is over: what it needed is given back at once, for a hundred loggers may have had one.
 * Under load there is more to read already. */
static void rest_after_burst(struct pump_input *in, size_t size)
{
    if (size >= BURST && fd_unread(in->watch.fd) == 0)
        shrink_memory(in->pump);
}

static void take_bytes(struct pump_input *in)
{
    struct pump *p = in->pump;
    const struct lines *l = lines_of(in);
    size_t size = l->end - l->start;
    const struct timespec now = clock_wall();
    if (in->index == HANDOVER_ERR)
        last_words_note(&p->last_words, l->data + l->start, size);
    if (shows(in))
        show_lines(in, &now);
    to_disk(in, &now);
    rest_after_burst(in, size);
    p->active = true;
    if (p->rest.place == 0)
        loop_timer(&p->loop, &p->rest, clock_monotonic() + rest_wait);
}

/* The line that was begun ends here. A console that shows bytes as they are only gets those there
 * are. */
static void end_line(struct pump_input *in)
{
    struct lines *l = lines_of(in);
    struct console *c = &in->pump->handover.console;
    bool plain = shows(in) && !console_wraps(c);
    if (plain) {
        show_all(in);
        console_end_line(c, in->index);
    }
    if (journal_end_line(journal_of(in), l) < 0)
        message_warning("a line end is lost: %s", strerror(errno));
    if (plain)
        l->shown = l->end;
    take_bytes(in);
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
    const struct timespec now = clock_wall();
    handover_commit(&p->handover);
    for (int i = HANDOVER_OUT; i <= HANDOVER_ERR; i++)
        to_disk(&p->input[i], &now);
    write_notes(p);
}

static void flush_all(struct pump *p)
{
    for (int i = 0; i < CHECKPOINT_FILES; i++)
        handover_flush(&p->handover, i);
}

/* Sets the timer to the first of what the sinks wait for. */
static void await_sinks(struct pump *p)
{
    int64_t lines = route_due(&p->handover.route[0]);
    int64_t events = route_due(&p->handover.route[1]);
    int64_t due = lines == 0 || (events != 0 && events < lines) ? events : lines;
    if (p->sinks.place == 0 || p->sinks.due != due)
        loop_timer(&p->loop, &p->sinks, due);
}

static void settle(struct pump *p);

/* While the disk holds us back, the end of that sets the timer again. */
static void write_begun(struct timer *t)
{
    struct pump_input *in = container_of(t, struct pump_input, stands);
    const struct timespec now = clock_wall();
    const struct lines *l = lines_of(in);
    if (handover_write_begun(&in->pump->handover, in->index, &now) < 0)
        give_up(in->pump, "out of memory");
    if (l->inside && in->index == HANDOVER_ERR)
        last_words_keep(&in->pump->last_words);
    settle(in->pump);
}

/* Called after every event. A processor is waited for, as in s6-log: who waits for us knows how
 * long. Without its directory this logger cannot go on: only a successor, who starts with
 * privileges, can make it again. */
static void settle(struct pump *p)
{
    enum flow_step step;
    write_notes(p);
    while ((step = flow_next(&p->flow, route_holds(&p->handover.route[0]))) == FLOW_WRITE)
        write_rest(p);
    if (step == FLOW_PAUSE || step == FLOW_READ)
        for (int i = HANDOVER_OUT; i <= HANDOVER_ERR; i++)
            (step == FLOW_READ ? listen : pause_input)(&p->input[i]);
    if (p->handover.lost || (step == FLOW_LEAVE && !route_processing(&p->handover.route[0])))
        loop_stop(&p->loop);
    await_sinks(p);
}

static void wake_sinks(struct timer *t)
{
    struct pump *p = container_of(t, struct pump, sinks);
    int64_t now = clock_monotonic();
    for (int i = 0; i < CHECKPOINT_FILES; i++)
        route_wake(&p->handover.route[i], now);
    flush_all(p);
    settle(p);
}

/* Nothing more is read. A disk that holds us back gets one more chance now, then its usual ones. */
static void finish(struct pump *p)
{
    for (int i = 0; i < CHECKPOINT_STREAMS; i++)
        pause_input(&p->input[i]);
    flow_end(&p->flow);
    route_urge(&p->handover.route[0]);
    handover_flush(&p->handover, 0);
}

static void finish_at_end(struct pump *p)
{
    for (int i = 0; i < CHECKPOINT_STREAMS; i++)
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

/* Sets the pipe's time of change, by which livecheck sees that the service writes: Linux 6.15 and
 * later leave that time alone when a pipe without a name is written to. A failure is not said:
 * livecheck still sees the log directory. */
static void sign_of_life(struct pump_input *in, int64_t now)
{
    if (now - in->signed_at < sign_pause)
        return;
    in->signed_at = now;
    (void)!futimens(in->watch.fd, NULL);
}

/* Reads once. The number of bytes; 0 at the end or when there is nothing, or no room for more. */
static size_t read_some(struct pump_input *in, size_t most)
{
    if (!in->open)
        return 0;
    ssize_t n = journal_fill(journal_of(in), in->watch.fd, most, lines_of(in));
    if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOBUFS))
        return 0;
    if (n > 0 && in->index != HANDOVER_EVENTS) {
        int64_t now = clock_monotonic();
        flood_count(&in->pump->flood, (size_t)n, now);
        sign_of_life(in, now);
    }
    if (n > 0)
        take_bytes(in);
    else if (n == 0)
        close_input(in);
    else
        give_up_reading(in);
    return n > 0 ? (size_t)n : 0;
}

static void ready(struct watch *w, uint32_t events)
{
    (void)events;
    struct pump_input *in = container_of(w, struct pump_input, watch);
    read_some(in, READ_MAX);
    settle(in->pump);
}

/* Reads what the pipe holds now, even while the disk holds us back: it is not more than a pipe. */
static void read_now(struct pump_input *in)
{
    if (!in->open)
        return;
    int waiting = fd_unread(in->watch.fd);
    size_t left = waiting < 0 ? READ_MAX : (size_t)waiting;
    while (left > 0) {
        size_t n = read_some(in, left < READ_MAX ? left : READ_MAX);
        if (n == 0)
            return;
        left -= n;
    }
}

static void shrink(struct timer *t)
{
    struct pump *p = container_of(t, struct pump, rest);
    flood_save(&p->flood);
    if (p->active) {
        p->active = false;
        loop_timer(&p->loop, t, clock_monotonic() + rest_wait);
        return;
    }
    shrink_memory(p);
    image_rest();
}

/* --- signals --- */

/* Reads the rest of what the instance wrote, and ends its lines. */
static void end_lines(struct pump *p, int count)
{
    for (int i = 0; i < count; i++) {
        read_now(&p->input[i]);
        end_line(&p->input[i]);
    }
}

/* A helper that ended may have been in the way of a rotation. */
static void reap_helpers(struct pump *p)
{
    pid_t pid;
    int status;
    while ((pid = process_reap(&status)) > 0)
        if (!route_reaped(&p->handover.route[0], pid, status))
            route_reaped(&p->handover.route[1], pid, status);
    flush_all(p);
}

static void on_signal(void *context, int signal)
{
    struct pump *p = context;
    switch (signal) {
    case SIGHUP:
        loop_stop(&p->loop);
        break;
    case SIGALRM:
        for (int i = 0; i < CHECKPOINT_FILES; i++)
            route_rotate(&p->handover.route[i]);
        flush_all(p);
        break;
    case SIGUSR1: /* a predecessor may have done it, and the next instance have begun a line */
        if (!state_is_awaited(&p->handover.state))
            break;
        end_lines(p, HANDOVER_EVENTS);
        last_words_leave(&p->last_words, journal_of(&p->input[HANDOVER_ERR])->fd);
        state_open_gate(&p->handover.state);
        break;
    case SIGUSR2:
        end_lines(p, CHECKPOINT_STREAMS);
        finish(p);
        break;
    default:
        reap_helpers(p);
    }
    settle(p);
}

int pump_open(struct pump *p, struct error *e)
{
    static const int taken[] = {SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGCHLD};
    static const int ignored[] = {SIGTERM, SIGINT, SIGQUIT, SIGPIPE};
    *p = (struct pump){.rest.fire = shrink,
                       .sinks.fire = wake_sinks,
                       .handover.state_fd = -1,
                       .flood = {.file = -1, .events = -1}};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    for (int i = 0; i < CHECKPOINT_STREAMS; i++) {
        p->input[i] = (struct pump_input){.pump = p,
                                          .index = i,
                                          .watch = {.fd = -1, .ready = ready},
                                          .begun.fire = show_begun,
                                          .stands.fire = write_begun};
        p->handover.input[i].lines.limit = LINE_LIMIT;
        p->handover.input[i].lines.is_text = true;
        p->handover.input[i].journal.fd = -1;
    }
    if (loop_open(&p->loop, e) < 0)
        return -1;
    return loop_signals(&p->loop, taken, sizeof taken / sizeof taken[0], on_signal, p, e);
}

/* --- from beginning to end --- */

static int take_over(struct pump *p, struct error *e)
{
    if (handover_open(&p->handover, e) < 0)
        return -1;
    if (handover_take_over(&p->handover) < 0)
        return error_system(e, "unable to take over from a predecessor");
    for (int i = 0; i < CHECKPOINT_STREAMS; i++)
        take_bytes(&p->input[i]);
    return 0;
}

/* An event is written whole: what is missing of one is in the pipe already. */
static void complete_event(struct pump_input *in)
{
    while (in->open && lines_begun(lines_of(in)) && fd_unread(in->watch.fd) > 0 &&
           read_some(in, READ_MAX) > 0)
        ;
}

int pump_run(struct pump *p)
{
    static struct error e; /* not on the stack of an idle logger */
    int code = 0;
    if (take_over(p, &e) < 0)
        return message_error(&e);
    for (int i = 0; i < CHECKPOINT_STREAMS; i++)
        listen(&p->input[i]);
    finish_at_end(p); /* nothing to read at all */
    settle(p);
    if (loop_run(&p->loop, &e) < 0)
        code = message_error(&e);
    complete_event(&p->input[HANDOVER_EVENTS]);
    for (int i = 0; i < CHECKPOINT_STREAMS; i++)
        if (p->handover.input[i].journal.fd < 0)
            end_line(&p->input[i]);
    write_notes(p);
    handover_close(&p->handover);
    console_close(&p->handover.console);
    flood_close(&p->flood);
    str_release(&p->notes);
    free(p->noting.data);
    loop_close(&p->loop);
    bool drained = p->flow == FLOW_LEAVING && !p->handover.lost;
    return p->failed ? EXIT_SYSTEM : code != 0 || drained ? code : LOGGER_EXIT_SUCCESSOR;
}
