#include "services/machine.h"
#include "base/clock.h"
#include "base/process.h"
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

/* One call of the table. */
struct step {
    struct service *s;
    const struct service_rules *rules;
    int detail;
    int64_t now;
    struct service_actions *actions;
};

typedef void cell(struct step *t);

enum {
    PERMANENT_FAILURE = 125,
    REPEAT_KILL_SECONDS = 5,
    LONGEST_RETRY_SECONDS = 60,
    SHORTAGE_SHIFT = 3
};

static void act(struct step *t, enum service_act what, int detail)
{
    struct service_actions *a = t->actions;
    if (a->count < SERVICE_ACTIONS_MAX)
        a->item[a->count++] = (struct service_action){.act = what, .detail = detail};
}

static void enter(struct step *t, enum service_state state)
{
    t->s->state = state;
    t->s->since = t->now;
    t->s->deadline = 0;
}

static void begin_run(struct step *t)
{
    enter(t, SERVICE_STARTING);
    t->s->ready = false;
    t->s->ready_at = 0;
    t->s->asked = false;
    t->s->failed = FAILURE_NONE;
    act(t, SERVICE_ACT_RUN, 0);
}

/* Somebody asked for what follows: what was before does not count. */
static void forget_deaths(struct step *t)
{
    t->s->tally = (struct restart_tally){.count = 0};
}

static bool counts_as_started(const struct step *t)
{
    return !t->rules->notifies || t->s->ready;
}

/* --- impossible and ignored ------------------------------------------------------------------- */

static void impossible(struct step *t)
{
    (void)t; /* service_step looks for it and reports */
}

static void ignored(struct step *t)
{
    (void)t;
}

/* --- wishes ----------------------------------------------------------------------------------- */

static void down_want_up(struct step *t)
{
    t->s->want = WANT_UP;
    forget_deaths(t);
    begin_run(t);
}

static void down_once(struct step *t)
{
    t->s->want = WANT_DOWN;
    forget_deaths(t);
    begin_run(t);
}

/* To those who listen it is as if a supervisor had ended and another begun. A wish to be up that
 * came meanwhile is for the new one. */
static void leave(struct step *t)
{
    bool up = t->s->want == WANT_UP || t->rules->normally_up;
    t->s->leaving = false;
    t->s->ever_started = false;
    t->s->failures = 0;
    t->s->want = up ? WANT_UP : WANT_DOWN;
    forget_deaths(t);
    act(t, SERVICE_ACT_EVENT, 'x');
    act(t, SERVICE_ACT_EVENT, 's');
    t->s->deadline = up ? t->now + CLOCK_SECOND : 0;
    if (!up)
        act(t, SERVICE_ACT_STOPPED, 0);
}

static void down_leave(struct step *t)
{
    t->s->want = WANT_DOWN;
    leave(t);
}

static void down_want_down(struct step *t)
{
    t->s->want = WANT_DOWN;
    t->s->deadline = 0;
    act(t, SERVICE_ACT_STOPPED, 0);
}

/* There is a process: its end is not to keep it down. */
static void want_up(struct step *t)
{
    if (t->s->want == WANT_DOWN || t->s->state == SERVICE_FINISH) {
        t->s->asked = true;
        forget_deaths(t);
    }
    t->s->want = WANT_UP;
}

static void want_down(struct step *t)
{
    t->s->want = WANT_DOWN;
}

static void want_leave(struct step *t)
{
    t->s->want = WANT_DOWN;
    t->s->leaving = true;
}

static void alive_signal(struct step *t)
{
    int signal = t->detail < 0 ? -t->detail : t->detail;
    if (signal == SIGSTOP || signal == SIGCONT)
        t->s->paused = signal == SIGSTOP;
    act(t, SERVICE_ACT_SIGNAL, t->detail);
}

static void alive_restart(struct step *t)
{
    t->s->asked = true;
    alive_signal(t);
}

static void up_want_up(struct step *t)
{
    want_up(t);
    if (counts_as_started(t))
        act(t, SERVICE_ACT_STARTED, 0);
}

/* The signal goes to run's process even before its exec: it is the same process. */
static void alive_want_down(struct step *t)
{
    t->s->want = WANT_DOWN;
    t->s->paused = false;
    act(t, SERVICE_ACT_END, 0);
    if (t->rules->timeout_kill > 0)
        t->s->deadline = t->now + t->rules->timeout_kill * CLOCK_MS;
}

/* --- starting --------------------------------------------------------------------------------- */

static void spawned(struct step *t)
{
    int64_t kill_deadline = t->s->deadline; /* set by a wish to stop meanwhile */
    enter(t, SERVICE_UP);
    t->s->deadline = kill_deadline;
    t->s->ever_started = true;
    t->s->failures = 0;
    t->s->run_pid = t->s->pid;
    act(t, SERVICE_ACT_EVENT, 'u');
    if (t->s->tally.loops)
        act(t, SERVICE_ACT_LOOPS, 0);
    t->s->tally.loops = false;
    if (!t->rules->notifies)
        act(t, SERVICE_ACT_STARTED, 0);
}

static void readied(struct step *t)
{
    if (t->s->ready)
        return;
    t->s->ready = true;
    t->s->ready_at = t->now;
    act(t, SERVICE_ACT_EVENT, 'U');
    act(t, SERVICE_ACT_STARTED, 0);
}

/* --- death ------------------------------------------------------------------------------------ */

/* What the policy makes of an end that nobody asked for. Who leaves is wanted down, or asked for.
 */
static enum restart_verdict judge(struct step *t, int wait_status, int64_t lived)
{
    struct service *s = t->s;
    if (s->want == WANT_DOWN || s->asked)
        return RESTART_AGAIN;
    return restart_died(&s->tally, &t->rules->restart, wait_status, lived, t->now);
}

static void fail(struct step *t, enum service_failure why)
{
    t->s->want = WANT_DOWN;
    t->s->failed = why;
    act(t, SERVICE_ACT_EVENT, 'O');
    act(t, SERVICE_ACT_FAILED, 0);
}

static enum service_failure failure_of(const struct step *t)
{
    return t->rules->restart.when == RESTART_NEVER ? FAILURE_NEVER : FAILURE_DEATHS;
}

/* After a failure for good, which is no success. */
static void failed_exit(struct step *t, int code)
{
    const struct restart_policy *p = &t->rules->restart;
    if (p->then == RESTART_CODE)
        act(t, SERVICE_ACT_EXIT, (int)p->code);
    else if (p->then == RESTART_EXIT || t->rules->container_exit != EXIT_NEVER)
        act(t, SERVICE_ACT_EXIT, code != 0 ? code : 1);
}

/* After a death of run that is no failure for good, as far as it is known. */
static void death_exit(struct step *t)
{
    enum definition_exit when = t->rules->container_exit;
    int code = process_exit_code(t->s->wait_status);
    bool clean = code == 0 || restart_is_clean(&t->rules->restart, t->s->wait_status);
    if (t->s->want == WANT_DOWN || t->s->verdict == RESTART_GIVE_UP)
        return;
    if ((when == EXIT_ALWAYS && (code != 0 || !t->rules->has_finish)) ||
        (when == EXIT_FAILURE_ONLY && !clean))
        act(t, SERVICE_ACT_EXIT, code);
}

static int64_t restart_time(const struct step *t)
{
    if (t->rules->restart.wait_min > 0 && !t->s->asked)
        return t->now + restart_wait(&t->s->tally);
    int64_t earliest = (t->s->ready_at != 0 ? t->s->ready_at : t->now) + CLOCK_SECOND;
    return earliest > t->now ? earliest : t->now;
}

/* No process is left: down for good, or waiting for the restart. */
static void settle(struct step *t, int64_t restart)
{
    enter(t, SERVICE_DOWN);
    t->s->pid = 0;
    act(t, SERVICE_ACT_EVENT, 'D');
    if (t->s->leaving)
        leave(t);
    else if (t->s->want == WANT_DOWN)
        act(t, SERVICE_ACT_STOPPED, 0);
    else
        t->s->deadline = restart;
}

/* After run, and finish if there is one, by the verdict about run. */
static void conclude(struct step *t)
{
    struct service *s = t->s;
    int code = process_exit_code(s->wait_status);
    bool decides = s->want == WANT_UP && !s->asked;
    bool ends = s->want == WANT_UP && s->state == SERVICE_FINISH && code == 0 &&
                t->rules->container_exit == EXIT_ALWAYS;
    if (decides && s->verdict == RESTART_GIVE_UP) {
        fail(t, failure_of(t));
        settle(t, 0);
        failed_exit(t, code);
        return;
    }
    if (decides && s->verdict == RESTART_CLEAN) {
        s->want = WANT_DOWN;
        if (t->rules->notifies && s->ready_at == 0)
            act(t, SERVICE_ACT_UNREADY, 0);
    }
    settle(t, restart_time(t));
    if (ends)
        act(t, SERVICE_ACT_EXIT, 0);
}

static void up_died(struct step *t)
{
    t->s->spawn_code = 0;
    t->s->wait_status = t->detail;
    t->s->verdict = judge(t, t->detail, t->now - t->s->since);
    t->s->pid = 0;
    t->s->ready = false;
    t->s->paused = false;
    act(t, SERVICE_ACT_BOUNDARY, 0);
    act(t, SERVICE_ACT_TALLY, 0);
    if (!t->rules->has_finish) {
        act(t, SERVICE_ACT_EVENT, 'd');
        death_exit(t);
        conclude(t);
        return;
    }
    enter(t, SERVICE_FINISH);
    if (t->rules->timeout_finish > 0)
        t->s->deadline = t->now + t->rules->timeout_finish * CLOCK_MS;
    act(t, SERVICE_ACT_FINISH, 0);
    act(t, SERVICE_ACT_EVENT, 'd'); /* the status has finish's pid by now */
    death_exit(t);
}

static void finish_died(struct step *t)
{
    bool wanted = t->s->want == WANT_UP;
    act(t, SERVICE_ACT_BOUNDARY, 0);
    if (!WIFEXITED(t->detail) || WEXITSTATUS(t->detail) != PERMANENT_FAILURE) {
        conclude(t);
        return;
    }
    fail(t, FAILURE_FINISH);
    settle(t, 0);
    if (wanted)
        failed_exit(t, process_exit_code(t->s->wait_status));
}

/* By a policy a run that cannot be executed is a death, with its spawn_code.
 * wait: ns until the next try without one. */
static void unspawned_counts(struct step *t, int64_t wait)
{
    const struct restart_policy *p = &t->rules->restart;
    int code = t->s->spawn_code;
    enum restart_verdict verdict = restart_died(&t->s->tally, p, code << 8, 0, t->now);
    if (verdict == RESTART_AGAIN) {
        t->s->deadline = t->now + (p->wait_min > 0 ? restart_wait(&t->s->tally) : wait);
        return;
    }
    if (verdict == RESTART_GIVE_UP) {
        fail(t, failure_of(t));
        act(t, SERVICE_ACT_EVENT, 'D');
    } else {
        t->s->want = WANT_DOWN;
        act(t, SERVICE_ACT_UNREADY, 0);
    }
    act(t, SERVICE_ACT_STOPPED, 0);
    if (verdict == RESTART_GIVE_UP)
        failed_exit(t, code);
}

static void unspawned(struct step *t)
{
    bool lacks = t->detail == SERVICE_LACK;
    uint32_t most = lacks ? SHORTAGE_SHIFT : 6;
    uint32_t shift = t->s->failures < most ? t->s->failures : most;
    int64_t wait = CLOCK_SECOND << shift;
    enter(t, SERVICE_DOWN);
    t->s->pid = 0;
    t->s->paused = false;
    t->s->failures++;
    t->s->spawn_code = lacks ? 0 : t->detail != 0 ? t->detail : EXIT_NOEXEC;
    if (t->s->leaving) {
        leave(t);
        return;
    }
    if (t->s->want == WANT_DOWN) {
        act(t, SERVICE_ACT_STOPPED, 0);
        return;
    }
    if (wait > LONGEST_RETRY_SECONDS * CLOCK_SECOND)
        wait = LONGEST_RETRY_SECONDS * CLOCK_SECOND;
    if (!lacks && t->rules->restart.when != RESTART_AS_UPSTREAM && !t->s->asked)
        unspawned_counts(t, wait);
    else
        t->s->deadline = t->now + wait;
}

/* --- deadlines -------------------------------------------------------------------------------- */

static void down_deadline(struct step *t)
{
    t->s->deadline = 0;
    if (t->s->want == WANT_UP)
        begin_run(t);
}

static void kill_deadline(struct step *t)
{
    t->s->paused = false; /* CONT follows */
    act(t, SERVICE_ACT_KILL, 0);
    t->s->deadline = t->now + REPEAT_KILL_SECONDS * CLOCK_SECOND;
}

/* --- the table -------------------------------------------------------------------------------- */

static cell *const table[SERVICE_STATES][SERVICE_EVENTS] = {
    [SERVICE_DOWN] =
        {
            [SERVICE_WANT_UP] = down_want_up,
            [SERVICE_WANT_DOWN] = down_want_down,
            [SERVICE_WANT_ONCE] = down_once,
            [SERVICE_STAY_DOWN] = down_want_down,
            [SERVICE_LEAVE] = down_leave,
            [SERVICE_SIGNAL] = ignored,
            [SERVICE_RESTART] = ignored,
            [SERVICE_SPAWNED] = impossible,
            [SERVICE_UNSPAWNED] = impossible,
            [SERVICE_READIED] = ignored, /* read after its writer was reaped */
            [SERVICE_DIED] = impossible,
            [SERVICE_DEADLINE] = down_deadline,
        },
    [SERVICE_STARTING] =
        {
            [SERVICE_WANT_UP] = want_up,
            [SERVICE_WANT_DOWN] = alive_want_down,
            [SERVICE_WANT_ONCE] = want_down,
            [SERVICE_STAY_DOWN] = want_down,
            [SERVICE_LEAVE] = want_leave,
            [SERVICE_SIGNAL] = alive_signal,
            [SERVICE_RESTART] = alive_restart,
            [SERVICE_SPAWNED] = spawned,
            [SERVICE_UNSPAWNED] = unspawned,
            [SERVICE_READIED] = ignored, /* SPAWNED is always told first */
            [SERVICE_DIED] = impossible,
            [SERVICE_DEADLINE] = kill_deadline,
        },
    [SERVICE_UP] =
        {
            [SERVICE_WANT_UP] = up_want_up,
            [SERVICE_WANT_DOWN] = alive_want_down,
            [SERVICE_WANT_ONCE] = want_down,
            [SERVICE_STAY_DOWN] = want_down,
            [SERVICE_LEAVE] = want_leave,
            [SERVICE_SIGNAL] = alive_signal,
            [SERVICE_RESTART] = alive_restart,
            [SERVICE_SPAWNED] = impossible,
            [SERVICE_UNSPAWNED] = impossible,
            [SERVICE_READIED] = readied,
            [SERVICE_DIED] = up_died,
            [SERVICE_DEADLINE] = kill_deadline,
        },
    [SERVICE_FINISH] =
        {
            [SERVICE_WANT_UP] = want_up,
            [SERVICE_WANT_DOWN] = want_down,
            [SERVICE_WANT_ONCE] = want_down,
            [SERVICE_STAY_DOWN] = want_down,
            [SERVICE_LEAVE] = want_leave,
            [SERVICE_SIGNAL] = ignored,
            [SERVICE_RESTART] = ignored,
            [SERVICE_SPAWNED] = impossible,
            [SERVICE_UNSPAWNED] = impossible,
            [SERVICE_READIED] = ignored,
            [SERVICE_DIED] = finish_died,
            [SERVICE_DEADLINE] = kill_deadline,
        },
};

int service_step(struct service *s, const struct service_rules *rules, enum service_event event,
                 int detail, int64_t now, struct service_actions *actions)
{
    struct step t = {.s = s, .rules = rules, .detail = detail, .now = now, .actions = actions};
    actions->count = 0;
    if (event >= SERVICE_EVENTS || s->state >= SERVICE_STATES)
        return -1;
    cell *c = table[s->state][event];
    if (c == NULL || c == impossible)
        return -1;
    c(&t);
    return 0;
}

bool service_at_rest(const struct service *s)
{
    return s->state == SERVICE_DOWN && s->want == WANT_DOWN;
}
