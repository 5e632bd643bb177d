/* overlog start, stop, restart, reload and kill: for people. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "base/signals.h"
#include "command/commands.h"
#include "command/overlog/action.h"
#include "services/supervise_format.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_UNWELL = 1, TIMEOUT_DEFAULT = 60000, WATCH_MS = 300 };

#define POLL (20 * CLOCK_MS)

/* Reads the options and finds the targets. 0, or the exit code. */
static int begin(struct invocation *c, struct action *a, int also)
{
    a->timeout = TIMEOUT_DEFAULT;
    if (options_read_anywhere(c, 1, INT_MAX) != 0 ||
        options_duration(c, argument_of('t'), UINT32_MAX, &a->timeout) != 0)
        return EXIT_USAGE;
    return action_open(a, given('R') ? argument_of('R') : "/run", options.operand, also);
}

static int end(struct action *a, int code)
{
    action_worse(a, code);
    action_release(a);
    return a->code;
}

/* --- start, stop ------------------------------------------------------------------------------ */

static int run_start(struct invocation *c)
{
    struct action a = {.code = 0};
    int code = begin(c, &a, TARGET_NEEDS);
    if (code == 0)
        action_up(&a, 0, a.targets.count);
    return end(&a, code);
}

static int run_stop(struct invocation *c)
{
    struct action a = {.code = 0};
    int code = begin(c, &a, TARGET_DEPENDENTS);
    if (code == 0)
        action_down(&a, 0, a.targets.count, false, false);
    return end(&a, code);
}

/* --- restart ---------------------------------------------------------------------------------- */

/* Oneshots have no process: those that a pattern names are left out. */
static size_t leave_oneshots_out(struct action *a)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->targets.count; i++)
        if (!a->targets.item[i].is_oneshot)
            a->targets.item[kept++] = a->targets.item[i];
    a->targets.count = kept;
    return kept;
}

/* The end of the targets that have the level of the one at from. */
static size_t level_end(const struct action *a, size_t from)
{
    size_t to = from;
    while (to < a->targets.count && a->targets.item[to].level == a->targets.item[from].level)
        to++;
    return to;
}

/* A target that was stopped by us has not been up before. */
static void note_down(struct action *a)
{
    for (size_t i = 0; i < a->targets.count; i++)
        a->targets.item[i].before.state = "down";
}

/* Those that need others go down first and come up last. */
static void restart_in_order(struct action *a)
{
    size_t to = a->targets.count, from;
    while (to > 0) {
        for (from = to - 1; from > 0; from--)
            if (a->targets.item[from - 1].level != a->targets.item[to - 1].level)
                break;
        action_down(a, from, to, true, true);
        if (a->failed) {
            if (to < a->targets.count)
                message_fatal("those that need it stay down");
            return;
        }
        to = from;
    }
    note_down(a);
    for (from = 0; from < a->targets.count; from = to) {
        to = level_end(a, from);
        action_up(a, from, to);
        if (a->failed && to < a->targets.count) {
            message_fatal("those that need it stay down");
            return;
        }
    }
}

static void restart_rolling(struct action *a)
{
    for (size_t i = 0; i < a->targets.count; i++) {
        action_down(a, i, i + 1, true, true);
        a->targets.item[i].before.state = "down";
        if (!a->failed)
            action_up(a, i, i + 1);
        if (a->failed && i + 1 < a->targets.count) {
            message_fatal("the others are left as they are");
            return;
        }
    }
}

static int run_restart(struct invocation *c)
{
    struct action a = {.code = 0};
    int code = begin(c, &a, 0);
    if (code == 0 && leave_oneshots_out(&a) == 0)
        code = refuse(EXIT_USAGE, "a oneshot has no process: stop and start it");
    if (code == 0 && given('r'))
        restart_rolling(&a);
    else if (code == 0)
        restart_in_order(&a);
    return end(&a, code);
}

/* --- reload, kill ----------------------------------------------------------------------------- */

/* Waits until the process is another one, or is gone for good: whether it is. */
static bool wait_for_end(struct action *a, const struct target *t, long long most)
{
    bool ended = false;
    int64_t began = clock_monotonic();
    for (long long ms = 0; ms < (ended ? (long long)a->timeout : most);
         ms = (clock_monotonic() - began) / CLOCK_MS) {
        if (action_refresh(a) < 0)
            return ended;
        const struct status_row *now = action_now(a, t);
        ended = now == NULL || now->pid != t->before.pid;
        if (now == NULL || (ended && (now->pid > 0 || !now->wanted || now->why[0] != '\0')))
            return true;
        clock_sleep(POLL);
    }
    return ended;
}

/* What a signal has done: for a moment it is seen whether the process ends. */
static void watch_signal(struct action *a, const struct target *t, int signal)
{
    bool ended = wait_for_end(a, t, signal == SIGKILL ? (long long)a->timeout : WATCH_MS);
    const struct status_row *now = action_now(a, t);
    char text[SIGNAL_TEXT_MAX];
    signal_text(signal, text);
    print_shown("%s%s%s", t->name, ended ? " ended by " : ": sent ", text);
    if (!ended)
        printf(" to pid %lld", t->before.pid);
    else if (now != NULL && now->pid > 0 && !status_row_is(now, "finishing"))
        printf(" and is up again (pid %lld)", now->pid);
    else if (now != NULL && now->wanted)
        printf(" and is to be started again");
    putchar('\n');
    fflush(stdout);
}

static bool is_running(struct action *a, const struct target *t)
{
    if (t->before.pid > 0 || t->is_oneshot)
        return true;
    print_shown("%s is %s", t->name, t->before.state);
    putchar('\n');
    action_worse(a, EXIT_UNWELL);
    return false;
}

/* By its supervisor, which knows the process; a signal that has no letter goes to the pid, which
 * means nothing in another pid namespace. 0, or the exit code after saying why not. */
static int send_signal(const struct action *a, const struct target *t, int number)
{
    char letter = supervise_letter_of(number);
    if (letter != '\0')
        return action_letter(a, t, letter);
    if (strcmp(a->run, "/run") != 0)
        return refuse(EXIT_USAGE, "signal %d can only be sent from within", number);
    if (kill((pid_t)t->before.pid, number) == 0)
        return 0;
    return refuse(errno == EPERM ? EXIT_USAGE : EXIT_SYSTEM, "unable to signal %s: %s", t->name,
                  strerror(errno));
}

static int run_kill(struct invocation *c)
{
    struct action a = {.code = 0};
    int code = begin(c, &a, 0);
    const char *name = code == 0 && given('s') ? argument_of('s') : "TERM";
    int number = signal_number(name, SIGNAL_LAST);
    if (code == 0 && number < 0)
        code = refuse(EXIT_USAGE, "there is no signal %s", name);
    for (size_t i = 0; code == 0 && i < a.targets.count; i++) {
        const struct target *t = &a.targets.item[i];
        if (!is_running(&a, t) || t->is_oneshot)
            continue;
        int sent = send_signal(&a, t, number);
        if (sent == 0)
            watch_signal(&a, t, number);
        action_worse(&a, sent);
    }
    return end(&a, code);
}

static int reload_signal_of(const struct action *a, const struct target *t)
{
    return t->node == TARGET_NO_NODE
               ? SIGHUP
               : services_definition(&a->services, t->node)->keys.reload_signal;
}

/* A oneshot has a command for that; its output comes to us. */
static void reload_one(struct action *a, size_t i)
{
    const struct target *t = &a->targets.item[i];
    if (!is_running(a, t))
        return;
    int result = t->node == TARGET_NO_NODE ? send_signal(a, t, SIGHUP)
                                           : action_request(a, "b", "reload", i, i + 1);
    if (result != 0) {
        print_shown("%s could not be reloaded", t->name);
        putchar('\n');
        action_worse(a, result >= EXIT_USAGE ? result : EXIT_UNWELL);
    } else if (t->is_oneshot) {
        print_shown("%s has reloaded", t->name);
        putchar('\n');
    } else {
        watch_signal(a, t, reload_signal_of(a, t));
    }
}

static int run_reload(struct invocation *c)
{
    struct action a = {.code = 0};
    int code = begin(c, &a, 0);
    for (size_t i = 0; code == 0 && i < a.targets.count; i++)
        reload_one(&a, i);
    return end(&a, code);
}

/* ---------------------------------------------------------------------------------------------- */

#define TIMEOUT_ROW "-t, --timeout=TIME  wait no longer than that (60s): 500ms, 30s, 2m\n"
#define RUN_ROW "-R, --run=DIR       another /run\n"

static const char start_options[] = TIMEOUT_ROW RUN_ROW;
static const char restart_options[] =
    "-r, --rolling       one by one, each up and ready before the next goes down\n" TIMEOUT_ROW
        RUN_ROW;
static const char kill_options[] = "-s, --signal=NAME   instead of TERM\n" TIMEOUT_ROW RUN_ROW;

const struct command command_manage[] = {
    {"overlog start", "[-t TIME] NAME...", "start services and what they need, and wait",
     start_options, run_start},
    {"overlog stop", "[-t TIME] NAME...", "stop services and what needs them, and wait",
     start_options, run_stop},
    {"overlog restart", "[--rolling] [-t TIME] NAME...", "stop and start services, in order",
     restart_options, run_restart},
    {"overlog reload", "NAME...", "have services read their configuration again", start_options,
     run_reload},
    {"overlog kill", "[-s SIGNAL] NAME...", "send a signal to services", kill_options, run_kill},
    {.name = NULL}};
