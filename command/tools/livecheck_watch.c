#include "command/tools/livecheck_watch.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/message.h"
#include "base/process.h"
#include "base/signals.h"
#include "base/str.h"
#include "command/s6/control_client.h"
#include "command/s6/service.h"
#include "command/tools/beside.h"
#include "command/tools/livecheck_sight.h"
#include "contract/paths.h"
#include "supervisor/exitcode.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    TAIL_MAX = 1024, /* bytes kept of what a check says */
    WORDS_MAX = 400, /* of that, in a message */
    STDERR_MS = 1000 /* that our line waits for room in the service's stderr */
};

struct watching {
    const struct livecheck *options;
    struct beside beside;
    struct sight sight;
    bool said_unheard; /* that its lines cannot be seen */
    struct live live;
    struct timer timer;
    char name[NAME_MAX + 1];

    pid_t check; /* 0: none runs */
    struct watch output;
    char tail[TAIL_MAX];
    size_t length;
    char words[WORDS_MAX]; /* of the last check that failed */
};

static void tell(struct watching *w, enum live_event event);

/* --- the check -------------------------------------------------------------------------------- */

/* Reads what the check says; only the end of it is kept. */
static void hear(struct watching *w)
{
    char bytes[TAIL_MAX];
    for (ssize_t n; (n = read(w->output.fd, bytes, sizeof bytes)) > 0;) {
        size_t count = (size_t)n;
        size_t keep = w->length + count <= TAIL_MAX ? w->length : TAIL_MAX - count;
        memmove(w->tail, w->tail + w->length - keep, keep);
        memcpy(w->tail + keep, bytes, count);
        w->length = keep + count;
    }
}

static void output_ready(struct watch *output, uint32_t events)
{
    struct watching *w = container_of(output, struct watching, output);
    hear(w);
    if ((events & EPOLLHUP) != 0)
        loop_unwatch(&w->beside.loop, output);
}

/* Its last line that is not empty. */
static void last_words(struct watching *w, char out[WORDS_MAX])
{
    size_t end = w->length;
    while (end > 0 && strchr("\r\n\t ", w->tail[end - 1]) != NULL)
        end--;
    size_t begin = end;
    while (begin > 0 && w->tail[begin - 1] != '\n')
        begin--;
    snprintf(out, WORDS_MAX, "%.*s", (int)(end - begin), w->tail + begin);
}

static void close_output(struct watching *w)
{
    loop_unwatch(&w->beside.loop, &w->output);
    fd_drop(&w->output.fd);
}

static int spawn_check(struct watching *w, int write_end, struct error *e)
{
    char *inlined[] = {(char[]){"execlineb"}, (char[]){"-Pc"}, (char *)(uintptr_t)w->options->check,
                       NULL};
    char *script[] = {(char[]){"./data/check"}, NULL};
    const struct process_fd fds[] = {{write_end, 1}, {write_end, 2}};
    struct process_spawn s = {
        .program = w->options->check != NULL ? command_program : script[0],
        .argv = w->options->check != NULL ? inlined : script,
        .envp = environ,
        .fds = fds,
        .fd_count = sizeof fds / sizeof fds[0],
        .new_session = true,
    };
    w->check = process_start_explain(&s, e);
    return w->check < 0 ? -1 : 0;
}

/* 0, or -1 with what a failed check says. */
static int start_check(struct watching *w)
{
    struct error e = ERROR_INIT;
    int ends[2];
    w->length = 0;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        snprintf(w->words, sizeof w->words, "unable to start the check: %s", strerror(errno));
        return -1;
    }
    fcntl(ends[1], F_SETFL, 0); /* the check's end waits as usual */
    int result = spawn_check(w, ends[1], &e);
    close(ends[1]);
    w->output.fd = ends[0];
    if (result < 0) {
        snprintf(w->words, sizeof w->words, "%.*s", WORDS_MAX - 1, e.text);
        w->check = 0;
        close_output(w);
        return -1;
    }
    loop_watch(&w->beside.loop, &w->output, EPOLLIN, &e); /* else it is read at the end */
    return 0;
}

static void check_ended(struct watching *w, int status)
{
    char said[WORDS_MAX], how[40];
    hear(w);
    close_output(w);
    w->check = 0;
    last_words(w, said);
    const char *name = WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : NULL;
    if (name != NULL)
        snprintf(how, sizeof how, "the check was ended by SIG%s", name);
    else
        snprintf(how, sizeof how, "the check exited %d", process_exit_code(status));
    snprintf(w->words, sizeof w->words, "%s%s%.300s", how, said[0] == '\0' ? "" : ": ", said);
    tell(w, process_exit_code(status) == 0 ? LIVE_PASSED : LIVE_FAILED);
}

static void on_signal(void *context, int signal)
{
    struct watching *w = context;
    int status;
    (void)signal;
    if (w->check > 0 && process_reap_one(w->check, &status) != 0)
        check_ended(w, status);
}

/* It is the leader of a session and a group of its own. */
static void kill_check(const struct watching *w)
{
    if (w->check > 0)
        kill(-w->check, SIGKILL);
}

/* --- acts ------------------------------------------------------------------------------------- */

static void send_letter(const struct watching *w, char letter)
{
    service_send("supervise/control", w->name, &letter, 1, 111, 111);
}

/* The exit code of the container is 1, unless somebody has set one. */
static void end_container(void)
{
    static const char *const words[] = {"halt", "halt"};
    struct error e = ERROR_INIT;
    if (exitcode_read() == 0)
        file_write(AT_FDCWD, RUN_EXITCODE, "1\n", 2, 0644, &e);
    if (control_request(RUN_CONTROL, words, 2, &e) < 0)
        message_error(&e);
}

/* Nobody may read the service's stderr any more, or its logger may hang: then it is not said. */
static bool stderr_takes_a_line(void)
{
    struct pollfd p = {.fd = 2, .events = POLLOUT};
    return poll(&p, 1, STDERR_MS) > 0 && (p.revents & POLLOUT) != 0;
}

static void say_why(const struct watching *w)
{
    char why[WORDS_MAX + 100];
    char what[60] = "restarting it", signal[SIGNAL_TEXT_MAX];
    signal_text(w->options->signal, signal);
    if (w->options->act == LIVECHECK_EXIT)
        strcpy(what, "ending the container");
    else if (w->options->act == LIVECHECK_SIGNAL)
        snprintf(what, sizeof what, "sending it %s", signal);
    live_text(&w->live, w->words, why, sizeof why);
    if (stderr_takes_a_line())
        message_warning("%s is not alive: %s; %s", w->name, why, what);
}

/* The service may have ended, and started again, while a message waited for room. */
static void act(struct watching *w)
{
    say_why(w);
    if (beside_ended(&w->beside))
        return;
    if (w->options->act == LIVECHECK_RESTART)
        send_letter(w, 'r');
    else if (w->options->act == LIVECHECK_EXIT)
        end_container();
    else
        kill(w->beside.service, w->options->signal);
    sight_forget(&w->sight);
}

static void kill_service(struct watching *w)
{
    if (stderr_takes_a_line())
        message_warning("%s has not ended: it is killed", w->name);
    if (beside_ended(&w->beside))
        return;
    send_letter(w, 'k');
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Performs actions; whether the check that they asked for could not be started. */
static bool perform(struct watching *w, unsigned int actions)
{
    if (actions & LIVE_KILL_CHECK) {
        hear(w);
        last_words(w, w->words);
        kill_check(w);
    }
    if (actions & LIVE_ACT)
        act(w);
    if (actions & LIVE_KILL_SERVICE)
        kill_service(w);
    return (actions & LIVE_START_CHECK) != 0 && start_check(w) < 0;
}

/* Once. Its lines, if there are any, are not to be told from those of others. */
static void say_unheard(struct watching *w)
{
    bool unheard = w->options->plan.silence > 0 && w->sight.logger == SIGHT_NO_LOGGER;
    if (unheard && !w->said_unheard && stderr_takes_a_line())
        message_warning(
            "%s has no logger of its own: only WATCHDOG=1 shows that it lives, no line does",
            w->name);
    w->said_unheard |= unheard;
}

static void tell(struct watching *w, enum live_event event)
{
    if (beside_ended(&w->beside))
        return; /* an act would be upon its next instance */
    for (bool again = true; again; event = LIVE_FAILED) {
        struct live_sight sight;
        sight_take(&w->sight, &sight);
        say_unheard(w);
        again = perform(w, live_step(&w->live, event, &sight, clock_monotonic()));
    }
    if (w->live.due == 0)
        loop_untimer(&w->beside.loop, &w->timer);
    else
        loop_timer(&w->beside.loop, &w->timer, w->live.due);
}

static void time_is_due(struct timer *t)
{
    tell(container_of(t, struct watching, timer), LIVE_TIME);
}

int livecheck_watch(const struct livecheck *c, pid_t service)
{
    struct watching w = {.options = c, .output = {.fd = -1, .ready = output_ready}};
    struct error e = ERROR_INIT;
    w.timer.fire = time_is_due;
    if (beside_name(w.name, &e) < 0 || beside_open(&w.beside, service, 0, &e) < 0 ||
        loop_signal(&w.beside.loop, SIGCHLD, on_signal, &w, &e) < 0 ||
        loop_reserve_timers(&w.beside.loop, 2, &e) < 0)
        return message_error(&e);
    sight_open(&w.sight, &w.beside, w.name);
    live_begin(&w.live, &c->plan, clock_monotonic());
    loop_timer(&w.beside.loop, &w.timer, w.live.due);
    int result = loop_run(&w.beside.loop, &e);
    kill_check(&w);
    return result < 0 ? message_error(&e) : 0;
}
