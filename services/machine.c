#include "services/machine.h"
#include "base/clock.h"
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
    act(t, SERVICE_ACT_RUN, 0);
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
    begin_run(t);
}

static void down_once(struct step *t)
{
    t->s->want = WANT_DOWN;
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

static void want_up(struct step *t)
{
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

static void up_want_up(struct step *t)
{
    t->s->want = WANT_UP;
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
    if (!t->rules->notifies)
        act(t, SERVICE_ACT_STARTED, 0);
}

static void unspawned(struct step *t)
{
    uint32_t most = t->detail != 0 ? SHORTAGE_SHIFT : 6;
    uint32_t shift = t->s->failures < most ? t->s->failures : most;
    int64_t wait = CLOCK_SECOND << shift;
    enter(t, SERVICE_DOWN);
    t->s->pid = 0;
    t->s->paused = false;
    t->s->failures++;
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
    t->s->deadline = t->now + wait;
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

/* After 'D': down for good, or waiting for the restart. */
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

static int64_t restart_time(const struct step *t)
{
    int64_t earliest = (t->s->ready_at != 0 ? t->s->ready_at : t->now) + CLOCK_SECOND;
    return earliest > t->now ? earliest : t->now;
}

static void up_died(struct step *t)
{
    t->s->wait_status = t->detail;
    t->s->pid = 0;
    t->s->ready = false;
    t->s->paused = false;
    act(t, SERVICE_ACT_BOUNDARY, 0);
    act(t, SERVICE_ACT_TALLY, 0);
    if (!t->rules->has_finish) {
        act(t, SERVICE_ACT_EVENT, 'd');
        settle(t, restart_time(t));
        return;
    }
    enter(t, SERVICE_FINISH);
    if (t->rules->timeout_finish > 0)
        t->s->deadline = t->now + t->rules->timeout_finish * CLOCK_MS;
    act(t, SERVICE_ACT_FINISH, 0);
    act(t, SERVICE_ACT_EVENT, 'd'); /* the status has finish's pid by now */
}

static void finish_died(struct step *t)
{
    act(t, SERVICE_ACT_BOUNDARY, 0);
    if (WIFEXITED(t->detail) && WEXITSTATUS(t->detail) == PERMANENT_FAILURE) {
        t->s->want = WANT_DOWN;
        act(t, SERVICE_ACT_EVENT, 'O');
        act(t, SERVICE_ACT_FAILED, 0);
    }
    settle(t, restart_time(t));
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

const char *service_state_name(enum service_state state)
{
    static const char *const names[SERVICE_STATES] = {[SERVICE_DOWN] = "down",
                                                      [SERVICE_STARTING] = "starting",
                                                      [SERVICE_UP] = "up",
                                                      [SERVICE_FINISH] = "finishing"};
    return state < SERVICE_STATES ? names[state] : "in no state";
}

const char *service_event_name(enum service_event event)
{
    static const char *const names[SERVICE_EVENTS] = {
        [SERVICE_WANT_UP] = "wanted up",       [SERVICE_WANT_DOWN] = "wanted down",
        [SERVICE_WANT_ONCE] = "wanted once",   [SERVICE_STAY_DOWN] = "to stay down",
        [SERVICE_LEAVE] = "to be left",        [SERVICE_SIGNAL] = "signalled",
        [SERVICE_SPAWNED] = "spawned",         [SERVICE_UNSPAWNED] = "not spawned",
        [SERVICE_READIED] = "ready",           [SERVICE_DIED] = "died",
        [SERVICE_DEADLINE] = "deadline passed"};
    return event < SERVICE_EVENTS ? names[event] : "no event";
}
