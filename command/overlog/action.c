#include "command/overlog/action.h"
#include "base/clock.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/process.h"
#include "command/overlog/last_lines.h"
#include "command/s6/control_client.h"
#include "command/s6/service.h"
#include "contract/control.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EXIT_UNWELL = 1,
    REQUEST_FIXED = 5, /* words before the names */
    LINES_SHOWN = 5,
    LOG_TRIES = 10 /* its logger may be about to write */
};

#define POLL (20 * CLOCK_MS)

/* --- begin and end ---------------------------------------------------------------------------- */

int action_open(struct action *a, const char *run, char *const *names, int also)
{
    struct error e = ERROR_INIT;
    const char *unknown = NULL;
    a->run = run;
    if (services_read(&a->services, run, &e) < 0)
        return message_error(&e);
    a->first = a->services.status;
    int result = targets_find(&a->targets, &a->services, names, also, &unknown);
    if (result > 0)
        status_say_unknown(&a->services.status, unknown);
    else if (result < 0)
        message_fatal("out of memory");
    return result > 0 ? EXIT_UNWELL : result < 0 ? EXIT_SYSTEM : 0;
}

static void drop_status(struct action *a)
{
    if (a->services.status.bytes != a->first.bytes)
        status_release(&a->services.status);
}

void action_release(struct action *a)
{
    drop_status(a);
    a->services.status = a->first;
    services_release(&a->services);
    targets_release(&a->targets);
}

int action_refresh(struct action *a)
{
    struct status now;
    struct error e = ERROR_INIT;
    if (status_read(&now, a->run, &e) < 0) {
        a->code = message_error(&e);
        return -1;
    }
    drop_status(a);
    a->services.status = now;
    return 0;
}

const struct status_row *action_now(const struct action *a, const struct target *t)
{
    return status_find(&a->services.status, t->name);
}

void action_worse(struct action *a, int code)
{
    if (code > a->code)
        a->code = code;
}

/* --- asking ----------------------------------------------------------------------------------- */

int action_request(const struct action *a, const char *options, const char *verb, size_t from,
                   size_t to)
{
    char path[4096];
    struct error e = ERROR_INIT;
    const char *words[CONTROL_WORDS_MAX] = {"s6-rc", options, "0", "0", "0", verb};
    size_t count = REQUEST_FIXED + 1;
    snprintf(path, sizeof path, "%.4000s/s6/control", a->run);
    for (size_t i = from; i < to; i++) {
        if (a->targets.item[i].node == TARGET_NO_NODE || !a->targets.item[i].is_named)
            continue;
        if (count == CONTROL_WORDS_MAX) {
            message_fatal("too many services are named: put them into a bundle");
            return EXIT_USAGE;
        }
        words[count++] = a->targets.item[i].name;
    }
    if (count == REQUEST_FIXED + 1)
        return 0;
    int code = control_request(path, words, count, &e);
    return code < 0 ? message_error(&e) : code;
}

/* The same in a process of its own, while we look at what happens. -1 after saying why not. */
static pid_t ask(struct action *a, const char *options, size_t from, size_t to)
{
    fflush(NULL);
    process_keep_statuses();
    pid_t pid = fork();
    if (pid == 0)
        _exit(action_request(a, options, "change", from, to));
    if (pid < 0)
        message_fatal("unable to fork: %s", strerror(errno));
    return pid;
}

int action_letter(const struct action *a, const struct target *t, char letter)
{
    char fifo[PATH_MAX];
    status_service_path(fifo, a->run, t->name, "supervise/control");
    if (access(fifo, W_OK) < 0 && errno == EACCES)
        return refuse(EXIT_USAGE, "unable to control %s: %s", t->name, strerror(errno));
    return service_send(fifo, t->name, &letter, 1, EXIT_SYSTEM, EXIT_SYSTEM);
}

/* --- waiting ---------------------------------------------------------------------------------- */

struct waiting {
    enum wish wish;
    size_t from, to;
    pid_t asked; /* the process that asks s6-rc; 0: none, or it has its answer */
    int answer;
    bool letters, quiet, *told; /* told: by target, it was said what became of it */
    int64_t began, looked;      /* monotonic ns; looked: just before the status was read */
};

/* When the status was read, which tells times before that: a death just before we began is no new
 * one, however long it takes us to look at it. */
static long long elapsed(const struct waiting *w)
{
    return (w->looked - w->began) / CLOCK_MS;
}

void action_print_log(const struct status_row *r, long long ms)
{
    struct last_lines l = {.count = 0};
    struct error e = ERROR_INIT;
    struct last_lines_wish wish = {.directory = r->log, .most = LINES_SHOWN, .since = clock_wall()};
    wish.since.tv_sec -= ms / 1000 + 1;
    for (int i = 0; r->log[0] != '\0' && i < LOG_TRIES && l.count == 0; i++) {
        if (i > 0)
            clock_sleep(POLL);
        last_lines_release(&l);
        if (last_lines_read(&l, &wish, &e) < 0)
            break;
    }
    for (size_t i = 0; i < l.count; i++)
        print_shown("    %s", l.line[i].text), putchar('\n');
    last_lines_release(&l);
}

/* Those that go with the named ones are mentioned when something happens to them, or when they are
 * what the others wait for. */
static bool is_told_of(const struct waiting *w, const struct target *t,
                       const struct status_row *now, enum outcome o)
{
    if (o != OUTCOME_REACHED)
        return t->is_named || o == OUTCOME_FAILED || (w->wish == WISH_UP && now->pid > 0);
    bool was = outcome_of(w->wish, &t->before, 0) == OUTCOME_REACHED;
    return !w->quiet && (t->is_named || !was);
}

static void tell(struct action *a, struct waiting *w, size_t i, enum outcome o)
{
    const struct target *t = &a->targets.item[i];
    const struct status_row *now = action_now(a, t);
    struct str line = STR_INIT;
    w->told[i] = true;
    if (o != OUTCOME_REACHED && t->is_named) {
        action_worse(a, EXIT_UNWELL);
        a->failed = true;
    }
    if (now == NULL || !is_told_of(w, t, now, o))
        return;
    struct verdict v = {w->wish, o, elapsed(w)};
    outcome_say(&a->services, t, now, &v, &line);
    fwrite(line.data, 1, line.length, stdout);
    str_release(&line);
    if (o != OUTCOME_REACHED && w->wish == WISH_UP && now->why[0] == '\0')
        action_print_log(now, elapsed(w));
    fflush(stdout);
}

/* How many are still to be waited for. */
static size_t look(struct action *a, struct waiting *w)
{
    size_t left = 0;
    for (size_t i = w->from; i < w->to; i++) {
        const struct status_row *now = action_now(a, &a->targets.item[i]);
        enum outcome o = now == NULL ? OUTCOME_FAILED : outcome_of(w->wish, now, elapsed(w));
        if (!w->told[i] && o != OUTCOME_WAITS)
            tell(a, w, i, o);
        left += !w->told[i] && a->targets.item[i].is_named;
    }
    return left;
}

/* One that does not get its letter will do nothing that is worth waiting for. */
static void send_letter(struct action *a, struct waiting *w, size_t i)
{
    int code = action_letter(a, &a->targets.item[i], w->wish == WISH_UP ? 'u' : 'd');
    if (code == 0)
        return;
    w->told[i] = true;
    a->failed = true;
    action_worse(a, code);
}

/* What s6-rc does not do: services that it does not have, or takes to be as wanted already. */
static void send_letters(struct action *a, struct waiting *w)
{
    for (size_t i = w->from; i < w->to; i++) {
        const struct target *t = &a->targets.item[i];
        const struct status_row *now = action_now(a, t);
        if (now == NULL || t->is_oneshot || !t->is_named)
            continue;
        bool is_there = outcome_of(w->wish, now, elapsed(w)) == OUTCOME_REACHED;
        bool has_failed = status_row_is(now, "failed");
        bool is_new = now->died_ms >= 0 && now->died_ms < elapsed(w);
        bool is_coming = w->wish == WISH_UP && now->wanted && (!has_failed || is_new);
        bool stays = t->node != TARGET_NO_NODE && !w->letters &&
                     services_definition(&a->services, t->node)->essential;
        if (!is_there && !is_coming && !(w->wish == WISH_DOWN && stays))
            send_letter(a, w, i);
    }
}

/* Whether s6-rc has answered just now. */
static bool has_answered(struct waiting *w)
{
    int status;
    if (w->asked <= 0 || process_reap_one(w->asked, &status) != w->asked)
        return false;
    w->asked = 0;
    w->answer = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SYSTEM;
    return true;
}

static bool is_target(const struct action *a, const struct waiting *w, const char *name)
{
    for (size_t i = w->from; i < w->to; i++)
        if (strcmp(a->targets.item[i].name, name) == 0)
            return true;
    return false;
}

/* There is one change at a time: when ours has not begun, another one is under way. */
static void explain_wait(const struct action *a, const struct waiting *w)
{
    const struct status *s = &a->services.status;
    for (size_t i = 0; w->asked > 0 && i < s->count; i++) {
        const struct status_row *r = &s->row[i];
        bool moves = status_row_is(r, "stopping") || (r->wanted && !status_row_is_well(r));
        if (moves && r->pid > 0 && !is_target(a, w, r->name)) {
            message_warning("another change is under way, which waits for %s", r->name);
            return;
        }
    }
}

static void watch(struct action *a, struct waiting *w)
{
    size_t left = w->to - w->from;
    while (left > 0 && elapsed(w) <= (long long)a->timeout && w->answer < EXIT_USAGE) {
        bool answered = has_answered(w);
        w->looked = clock_monotonic();
        if (action_refresh(a) < 0)
            return;
        if (answered && w->answer == 0)
            send_letters(a, w);
        left = look(a, w);
        if (w->asked == 0 && w->answer != 0)
            break; /* what did not happen will not */
        if (left > 0)
            clock_sleep(POLL);
    }
    if (left > 0)
        explain_wait(a, w);
    for (size_t i = w->from; i < w->to && w->answer < EXIT_USAGE; i++)
        if (!w->told[i])
            tell(a, w, i, OUTCOME_WAITS);
    action_worse(a, w->answer >= EXIT_USAGE ? w->answer : 0);
    a->failed |= w->answer >= EXIT_USAGE;
}

static void act(struct action *a, struct waiting *w)
{
    w->began = w->looked = clock_monotonic();
    w->told = calloc(a->targets.count + 1, sizeof *w->told);
    a->failed = false;
    if (w->told == NULL) {
        message_fatal("out of memory");
        action_worse(a, EXIT_SYSTEM);
        return;
    }
    w->asked = w->letters ? 0 : ask(a, w->wish == WISH_UP ? "bu" : "bd", w->from, w->to);
    if (w->letters)
        send_letters(a, w);
    if (w->asked < 0)
        w->answer = EXIT_SYSTEM;
    watch(a, w);
    if (w->asked > 0) {
        kill(w->asked, SIGKILL); /* we do not wait for it any more */
        process_wait(w->asked);
    }
    free(w->told);
}

void action_up(struct action *a, size_t from, size_t to)
{
    struct waiting w = {.wish = WISH_UP, .from = from, .to = to};
    act(a, &w);
}

void action_down(struct action *a, size_t from, size_t to, bool letters, bool quiet)
{
    struct waiting w = {
        .wish = WISH_DOWN, .from = from, .to = to, .letters = letters, .quiet = quiet};
    act(a, &w);
}
