/* overlog run: has schedule run its job now, and waits for it. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/overlog/action.h"
#include "command/tools/schedule_state.h"
#include <stdio.h>

enum { EXIT_UNWELL = 1 };

#define POLL (20 * CLOCK_MS)

struct waiting_job {
    struct action action;
    struct schedule_state state;
    bool lives;       /* the process that was asked */
    int64_t deadline; /* monotonic ns; 0: none */
};

static const char *name_of(const struct waiting_job *w)
{
    return w->action.targets.item[0].name;
}

/* Reads the state again, a moment later, of which w->lives is no newer. 0, or the exit code when
 * there is nothing to wait for any more. */
static int look_again(struct waiting_job *w)
{
    clock_sleep(POLL);
    if (action_refresh(&w->action) < 0)
        return EXIT_SYSTEM;
    const struct status_row *r = action_now(&w->action, &w->action.targets.item[0]);
    w->lives = r != NULL && r->pid == w->action.targets.item[0].before.pid;
    if (schedule_state_read(&w->state, w->action.run, name_of(w)) < 0)
        return refuse(EXIT_SYSTEM, "the job of %s is gone", name_of(w));
    if (w->deadline != 0 && clock_monotonic() >= w->deadline)
        return refuse(EXIT_SYSTEM, "the job of %s still runs: it is not waited for any longer",
                      name_of(w));
    return 0;
}

/* 0, or the exit code: what was asked is dead, and will not do more than it has. */
static int look_for_life(const struct waiting_job *w)
{
    return w->lives ? 0 : refuse(EXIT_SYSTEM, "%s has ended before its job", name_of(w));
}

/* The number of the run that answers us, or 0 with the exit code. */
static int64_t ask(struct waiting_job *w, int *code)
{
    int64_t asked = w->state.asked, before = w->state.counts.runs;
    *code = action_letter(&w->action, &w->action.targets.item[0], 'a');
    for (w->lives = true; *code == 0 && w->state.asked == asked;)
        if ((*code = look_for_life(w)) == 0)
            *code = look_again(w);
    if (*code == 0 && w->state.answer <= before)
        *code = refuse(EXIT_UNWELL, "the job of %s runs already (pid %lld)", name_of(w),
                       (long long)w->state.pid);
    return *code == 0 ? w->state.answer : 0;
}

static int wait_for_job(struct waiting_job *w)
{
    int code = 0;
    int64_t began = clock_monotonic(), run = ask(w, &code);
    while (code == 0 && w->state.counts.ended < run)
        if ((code = look_for_life(w)) == 0)
            code = look_again(w);
    if (code != 0)
        return code;
    if (w->state.code < 0)
        return refuse(EXIT_SYSTEM, "how the job of %s ended is not known", name_of(w));
    if (w->state.code != 0) {
        message_warning("the job of %s exited %lld", name_of(w), (long long)w->state.code);
        action_print_log(&w->action.targets.item[0].before, (clock_monotonic() - began) / CLOCK_MS);
    }
    return (int)w->state.code;
}

static int begin(struct waiting_job *w)
{
    const struct target *t = &w->action.targets.item[0];
    if (w->action.targets.count != 1)
        return refuse(EXIT_USAGE, "one job is run, and the name matches %zu services",
                      w->action.targets.count);
    if (schedule_state_read(&w->state, w->action.run, t->name) < 0)
        return refuse(EXIT_UNWELL, "%s runs no job: it does not run under schedule", t->name);
    if (t->before.pid <= 0)
        return refuse(EXIT_UNWELL, "%s is not up (overlog start %s)", t->name, t->name);
    if (!schedule_state_is_of(&w->state, t->before.pid))
        return refuse(EXIT_UNWELL, "%s runs no job now: its process (pid %lld) is not schedule",
                      t->name, t->before.pid);
    return 0;
}

static int run_job(struct invocation *c)
{
    static struct waiting_job w;
    uint64_t timeout = 0;
    if (options_read_anywhere(c, 1, 1) != 0 ||
        options_duration(c, argument_of('t'), UINT32_MAX, &timeout) != 0)
        return EXIT_USAGE;
    w.deadline = clock_deadline(timeout);
    int code = action_open(&w.action, given('R') ? argument_of('R') : "/run", options.operand, 0);
    if (code == 0)
        code = begin(&w);
    if (code == 0)
        code = wait_for_job(&w);
    fflush(stdout);
    action_release(&w.action);
    return code;
}

static const char run_options[] = "-t, --timeout=TIME  wait no longer than that: 500ms, 30s, 2m\n"
                                  "-R, --run=DIR       the /run that overlog up printed\n";

const struct command command_run_job[] = {{"overlog run", "[-t TIME] [-R DIR] NAME",
                                           "run a service's job now, and wait for it", run_options,
                                           run_job},
                                          {.name = NULL}};
