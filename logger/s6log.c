/* The command `s6-log`: standard input by a logging script (spec: s6-log 2.x). */
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/message.h"
#include "base/options.h"
#include "base/process.h"
#include "base/zone.h"
#include "logger/disk.h"
#include "logger/flow.h"
#include "logger/kinds.h"
#include "logger/line.h"
#include "logger/outlet.h"
#include "logger/processes.h"
#include "logger/route.h"
#include "logger/script.h"
#include "rotate/pipe_note.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_MAX = 65536, LIMIT_MIN = 48, WAIT_MS = 2000 };

struct s6log {
    struct loop loop;
    struct watch watch;
    struct timer again; /* input that epoll refuses, such as a plain file, is read by this */
    struct timer patience;
    struct timer rest;
    struct timer sinks; /* route_due of the route */
    struct watch room;  /* of stdout, for sinks that write there */
    struct sink_rules rules;
    struct script script;
    struct route route;
    struct lines lines;
    uint64_t wait_ms;
    int notification; /* -1: none */
    bool blocking;
    bool protects; /* TERM is ignored */
    bool plain;
    bool last; /* TERM or HUP came: up to the end of the begun line */
    enum flow flow;
    bool active;
    bool failed;
};

const char s6log_options[] =
    "-d, --notification=FD  write a newline there once the log directories are open\n"
    "-q, --quiet            say errors only\n"
    "-v, --verbose          say warnings too (default)\n"
    "-b, --block            read nothing while something cannot be written\n"
    "-p, --protect          ignore SIGTERM\n"
    "-l, --limit=BYTES      split longer lines (8192; 0: never)\n"
    "-t, --timeout=MS       wait that long for the end of a begun line (2000; 0: for ever)\n";

/* --- reading --- */

static void pause_input(struct s6log *s)
{
    loop_unwatch(&s->loop, &s->watch);
    loop_untimer(&s->loop, &s->again);
}

static void listen(struct s6log *s)
{
    struct error e = ERROR_INIT;
    if (s->plain)
        loop_timer(&s->loop, &s->again, clock_monotonic());
    else if (loop_watch(&s->loop, &s->watch, EPOLLIN, &e) < 0)
        s->plain = loop_timer(&s->loop, &s->again, clock_monotonic()) == 0;
}

static void to_sinks(struct s6log *s)
{
    struct timespec now = clock_wall();
    route_begin(&s->route, STREAM_UNKNOWN, &now);
    int more;
    do {
        more = route_lines(&s->route, &s->lines);
        route_flush(&s->route);
    } while (more > 0);
    if (more < 0) {
        message_fatal("out of memory");
        s->failed = true;
        loop_stop(&s->loop);
    }
    s->active = true;
    if (s->rest.place == 0)
        loop_timer(&s->loop, &s->rest, clock_monotonic() + CLOCK_SECOND);
}

static void end_input(struct s6log *s)
{
    flow_end(&s->flow);
    pause_input(s);
    loop_untimer(&s->loop, &s->patience);
    if (lines_end(&s->lines) < 0)
        message_warning("out of memory");
}

/* A last line is read byte by byte: what follows it is not ours. */
static void read_some(struct s6log *s)
{
    size_t most = s->last ? 1 : READ_MAX;
    char *room = lines_room(&s->lines, most);
    ssize_t n = room == NULL ? -1 : read(0, room, most);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n < 0)
        message_warning("unable to read standard input: %s", strerror(errno));
    if (n <= 0) {
        end_input(s);
        return;
    }
    lines_added(&s->lines, (size_t)n);
    if (s->last && !lines_begun(&s->lines))
        end_input(s);
    else
        to_sinks(s);
}

/* At the end, what is kept in memory is waited for, too. */
static bool is_held(const struct s6log *s)
{
    return flow_ends(s->flow) ? route_waits(&s->route) : route_holds(&s->route);
}

/* --- what sinks wait for --- */

static struct sink *waiting_outlet(const struct s6log *s)
{
    for (size_t i = 0; i < s->route.count; i++)
        if (s->route.sink[i]->kind == &outlet_kind && s->route.sink[i]->buffer->waits)
            return s->route.sink[i];
    return NULL;
}

/* Where stdout cannot be watched, as a plain file cannot, flushing waits for it. */
static void await_room(struct s6log *s)
{
    struct error e = ERROR_INIT;
    struct sink *outlet = waiting_outlet(s);
    if (outlet == NULL) {
        loop_unwatch(&s->loop, &s->room);
    } else if (!s->room.armed && loop_watch(&s->loop, &s->room, EPOLLOUT, &e) < 0) {
        outlet_block(outlet);
        route_flush(&s->route);
    }
}

static void await_sinks(struct s6log *s)
{
    await_room(s);
    int64_t due = route_due(&s->route);
    if (s->sinks.place == 0 || s->sinks.due != due)
        loop_timer(&s->loop, &s->sinks, due);
}

/* Called after every event. */
static void settle(struct s6log *s)
{
    enum flow_step step;
    await_sinks(s);
    while ((step = flow_next(&s->flow, is_held(s))) == FLOW_WRITE) {
        to_sinks(s);
        await_sinks(s);
    }
    if (step == FLOW_PAUSE)
        pause_input(s);
    else if (step == FLOW_READ)
        listen(s);
    else if (step == FLOW_LEAVE && !route_busy(&s->route))
        loop_stop(&s->loop);
}

static void stdout_ready(struct watch *w, uint32_t events)
{
    (void)events;
    struct s6log *s = container_of(w, struct s6log, room);
    struct sink *outlet = waiting_outlet(s);
    if (outlet != NULL)
        outlet_ready(outlet);
    route_flush(&s->route);
    settle(s);
}

static void wake_sinks(struct timer *t)
{
    struct s6log *s = container_of(t, struct s6log, sinks);
    route_wake(&s->route, clock_monotonic());
    route_flush(&s->route);
    settle(s);
}

/* --- events --- */

static void ready(struct watch *w, uint32_t events)
{
    (void)events;
    struct s6log *s = container_of(w, struct s6log, watch);
    read_some(s);
    settle(s);
}

static void read_again(struct timer *t)
{
    struct s6log *s = container_of(t, struct s6log, again);
    read_some(s);
    if (s->flow == FLOW_READING)
        listen(s);
    settle(s);
}

static void lose_patience(struct timer *t)
{
    struct s6log *s = container_of(t, struct s6log, patience);
    end_input(s);
    settle(s);
}

static void shrink(struct timer *t)
{
    struct s6log *s = container_of(t, struct s6log, rest);
    if (s->active) {
        s->active = false;
        loop_timer(&s->loop, t, clock_monotonic() + CLOCK_SECOND);
        return;
    }
    lines_shrink(&s->lines);
    route_shrink(&s->route);
}

/* --- signals --- */

static void stop_reading(struct s6log *s)
{
    if (flow_ends(s->flow) || s->last)
        return;
    if (!lines_begun(&s->lines)) {
        end_input(s);
        return;
    }
    s->last = true;
    if (s->wait_ms > 0)
        loop_timer(&s->loop, &s->patience, clock_monotonic() + (int64_t)s->wait_ms * CLOCK_MS);
}

static void on_signal(void *context, int signal)
{
    struct s6log *s = context;
    pid_t pid;
    int status;
    switch (signal) {
    case SIGTERM:
        if (!s->protects)
            stop_reading(s);
        break;
    case SIGHUP:
        stop_reading(s);
        break;
    case SIGALRM:
        route_rotate(&s->route);
        route_flush(&s->route);
        break;
    default:
        while ((pid = process_reap(&status)) > 0)
            route_reaped(&s->route, pid, status);
        route_flush(&s->route);
    }
    settle(s);
}

/* --- start --- */

/* 0, or EXIT_USAGE after saying what is wrong. */
static int read_options(struct s6log *s, struct invocation *c)
{
    uint64_t limit = LINE_LIMIT;
    if (options_read(c, 1) != 0 ||
        options_notification(c, argument_of('d'), &s->notification) != 0 ||
        options_number(c, argument_of('l'), UINT_MAX, &limit) != 0 ||
        options_number(c, argument_of('t'), INT_MAX, &s->wait_ms) != 0)
        return EXIT_USAGE;
    if (options_last("qv") != 0)
        message_verbosity(options_last("qv") == 'q' ? MESSAGE_FATAL : MESSAGE_WARNING);
    s->blocking = given('b');
    s->protects = given('p');
    s->lines.limit = limit > 0 && limit < LIMIT_MIN ? LIMIT_MIN : (size_t)limit;
    return 0;
}

static int open_signals(struct s6log *s, struct error *e)
{
    static const int taken[] = {SIGTERM, SIGHUP, SIGALRM, SIGCHLD};
    if (loop_open(&s->loop, e) < 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    disk_lift_limit();
    if (loop_signals(&s->loop, taken, sizeof taken / sizeof taken[0], on_signal, s, e) < 0)
        return -1;
    return 0;
}

/* The parent of a log directory must be there: a mistyped path is an error. */
static int check_parent(const char *path, struct error *e)
{
    char parent[PATH_MAX];
    struct stat st;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    if (length == 0 || stat(path, &st) == 0)
        return 0;
    if (length >= sizeof parent) {
        errno = ENAMETOOLONG;
        return error_system(e, "unable to mkdir %s", path);
    }
    memcpy(parent, path, length);
    parent[length] = '\0';
    return stat(parent, &st) < 0 ? error_system(e, "unable to mkdir %s", path) : 0;
}

static int open_directories(const struct s6log *s, struct error *e)
{
    struct disk *d;
    for (size_t i = 0; (d = route_directory(&s->route, &i)) != NULL;) {
        if (check_parent(d->sink.text, e) < 0)
            return -1;
        int fd = logdir_prepare(d->sink.text, (uid_t)-1, (gid_t)-1, d->sink.step->settings.mode, e);
        if (fd < 0 || disk_open(d, fd, false, e) < 0)
            return -1;
    }
    return 0;
}

static int start(struct s6log *s, struct invocation *c, struct error *e)
{
    static char note[PIPE_NOTE_MAX];
    static const int input[] = {STDIN_FILENO};
    pipe_note_make(note, input, 1);
    zone_settle();
    char **words = command_operands(c);
    if (script_parse(&s->script, words, (size_t)command_operand_count(c), true, e) < 0)
        return -1;
    if (s->script.extraneous)
        message_warning("ignoring extraneous non-action directives");
    s->rules = (struct sink_rules){.trouble = s->blocking ? SINK_HOLD : SINK_GROW,
                                   .name = "s6-log",
                                   .slots = -1,
                                   .note = note};
    if (s->notification >= 0)
        fd_cloexec(s->notification, 1);
    if (open_signals(s, e) < 0 || route_open(&s->route, &s->script, &s->rules, e) < 0 ||
        open_directories(s, e) < 0)
        return -1;
    if (s->notification >= 0) {
        fd_write_all(s->notification, "\n", 1);
        close(s->notification);
    }
    return 0;
}

int s6log_run(struct invocation *c)
{
    static struct s6log s;
    struct error e = ERROR_INIT;
    s = (struct s6log){.watch = {.fd = 0, .ready = ready},
                       .room = {.fd = 1, .ready = stdout_ready},
                       .sinks.fire = wake_sinks,
                       .again.fire = read_again,
                       .patience.fire = lose_patience,
                       .rest.fire = shrink,
                       .lines.limit = LINE_LIMIT,
                       .wait_ms = WAIT_MS,
                       .notification = -1};
    if (read_options(&s, c) != 0)
        return EXIT_USAGE;
    if (start(&s, c, &e) < 0)
        return message_error(&e);
    listen(&s);
    await_sinks(&s);
    int code = loop_run(&s.loop, &e) < 0 ? message_error(&e) : s.failed ? EXIT_SYSTEM : 0;
    route_urge(&s.route);
    route_flush(&s.route);
    route_close(&s.route, code == 0);
    script_release(&s.script);
    lines_release(&s.lines);
    loop_close(&s.loop);
    return code;
}
