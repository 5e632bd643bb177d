#include "tests/simulation/machine_world.h"
#include "base/clock.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { RUN_PID = 100, FINISH_PID = 200 };

#define NOW (1000 * CLOCK_SECOND)

const struct machine_policy machine_policies[POLICIES] = {
    {NULL, EXIT_NEVER, 0},
    {"always, ok 1, 1 in 1s, wait 500ms..1s, then exit", EXIT_NEVER, RULE_NOTIFIES | RULE_FINISH},
    {"on-failure, ok 126 KILL, 2 in 1s, wait 500ms..500ms", EXIT_GAVE_UP, RULE_NORMALLY_UP},
    {"never, ok 1, then 7", EXIT_FAILURE_ONLY, RULE_NOTIFIES | RULE_FINISH},
    {"on-failure, 1 in 1s", EXIT_ALWAYS, RULE_NOTIFIES},
    {NULL, EXIT_ALWAYS, RULE_FINISH},
    {NULL, EXIT_FAILURE_ONLY, RULE_FINISH},
    {NULL, EXIT_GAVE_UP, RULE_FINISH}};

static const struct move {
    const char *text;
    enum service_event event; /* SERVICE_EVENTS: none */
    int detail;
    bool ready; /* of a death: it wrote its newline just before */
} moves[] = {
    [MOVE_UP] = {"s6-svc -u", SERVICE_WANT_UP, 0, false},
    [MOVE_DOWN] = {"s6-svc -d", SERVICE_WANT_DOWN, 0, false},
    [MOVE_ONCE] = {"s6-svc -o", SERVICE_WANT_ONCE, 0, false},
    [MOVE_STAY] = {"s6-svc -O", SERVICE_STAY_DOWN, 0, false},
    [MOVE_LEAVE] = {"s6-svc -x", SERVICE_LEAVE, 0, false},
    [MOVE_START] = {"s6-rc wants it up and waits", SERVICE_WANT_UP, 0, false},
    [MOVE_STOP] = {"s6-rc wants it down and waits", SERVICE_WANT_DOWN, 0, false},
    [MOVE_LATE_START] = {"timeout-up passes: s6-rc gives up", SERVICE_WANT_DOWN, 0, false},
    [MOVE_LATE_STOP] = {"timeout-down passes: s6-rc gives up", SERVICE_EVENTS, 0, false},
    [MOVE_EXECUTED] = {"run was executed", SERVICE_SPAWNED, 0, false},
    [MOVE_REFUSED] = {"run cannot be executed", SERVICE_EVENTS, 0, false},
    [MOVE_REAPED] = {"the child that could not execute run is reaped", SERVICE_UNSPAWNED, 0, false},
    [MOVE_READY] = {"a newline comes from notification-fd", SERVICE_READIED, 0, false},
    [MOVE_DEADLINE] = {"the deadline passes", SERVICE_DEADLINE, 0, false},
    [MOVE_TIME] = {"half a second passes", SERVICE_EVENTS, 0, false},
    [MOVE_RESTART] = {"s6-svc -r", SERVICE_RESTART, SIGTERM, false},
    [MOVE_DIES] = {"it exits 0", SERVICE_DIED, 0, false},
    {"it exits 1", SERVICE_DIED, 1 << 8, false},
    {"it exits 125", SERVICE_DIED, 125 << 8, false},
    {"it is killed", SERVICE_DIED, SIGKILL, false},
    {"it becomes ready and exits 0", SERVICE_DIED, 0, true},
    {"it becomes ready and is killed", SERVICE_DIED, SIGKILL, true},
    {"s6-svc -p", SERVICE_SIGNAL, SIGSTOP, false},
    {"s6-svc -c", SERVICE_SIGNAL, SIGCONT, false},
    {"s6-svc -P", SERVICE_SIGNAL, -SIGSTOP, false},
    {"s6-svc -C", SERVICE_SIGNAL, -SIGCONT, false},
    {"s6-svc -t", SERVICE_SIGNAL, SIGTERM, false},
    {"s6-svc -K", SERVICE_SIGNAL, -SIGKILL, false},
};

enum { MOVES = sizeof moves / sizeof moves[0] };

/* What happens from one wait of the loop to the next. */
struct turn {
    struct machine_state *w;
    struct service s;
    struct service_rules rules;
    int64_t now;
    unsigned int outcome;
    unsigned int files; /* what they say when they are read */
    bool spawned;       /* the outcome mattered */
    const char *why;    /* the law that was broken */
};

/* --- states ----------------------------------------------------------------------------------- */

static const struct restart_policy *policy_of(unsigned int number)
{
    static struct restart_policy read[POLICIES];
    struct restart_mistake m;
    if (read[number].when == RESTART_AS_UPSTREAM && machine_policies[number].line != NULL &&
        restart_parse(machine_policies[number].line, &read[number], &m) < 0)
        abort();
    return &read[number];
}

static struct service_rules rules_of(unsigned int bits, unsigned int policy)
{
    return (struct service_rules){.notifies = (bits & RULE_NOTIFIES) != 0,
                                  .has_finish = (bits & RULE_FINISH) != 0,
                                  .normally_up = (bits & RULE_NORMALLY_UP) != 0,
                                  .timeout_kill = (bits & RULE_KILL) != 0 ? KILL_MS : 0,
                                  .timeout_finish = (bits & RULE_LIMIT) != 0 ? FINISH_MS : 0,
                                  .container_exit = machine_policies[policy].exit,
                                  .restart = *policy_of(policy)};
}

/* What is left of deaths that were so long ago; a clock of 32 bits of milliseconds turns. */
static uint32_t death_time(uint8_t ago)
{
    return (uint32_t)(NOW / CLOCK_MS) - (uint32_t)ago * UNIT_MS;
}

static void unpack_tally(struct turn *t, const struct machine_state *w)
{
    struct restart_tally *r = &t->s.tally;
    r->wait = (uint32_t)w->wait * UNIT_MS;
    r->streak = w->streak;
    r->loops = (w->flags & FLAG_LOOPS) != 0;
    r->since = r->last = NOW - LONG_AGO_MS * CLOCK_MS;
    while (r->count < MOST_DEATHS && w->death[r->count] != NO_DEATH) {
        r->last = NOW - (int64_t)w->death[r->count] * UNIT_MS * CLOCK_MS;
        r->death[r->count] = death_time(w->death[r->count]);
        r->count++;
    }
}

static uint8_t bits_of(const struct service_rules *r)
{
    return (uint8_t)((r->notifies ? RULE_NOTIFIES : 0) | (r->has_finish ? RULE_FINISH : 0) |
                     (r->normally_up ? RULE_NORMALLY_UP : 0) |
                     (r->timeout_kill > 0 ? RULE_KILL : 0) |
                     (r->timeout_finish > 0 ? RULE_LIMIT : 0));
}

static void unpack(struct turn *t, const struct machine_state *w)
{
    int64_t ready_for = w->ready_for * CLOCK_MS;
    t->rules = rules_of(w->rules, w->policy);
    t->now = NOW;
    t->s = (struct service){.state = (enum service_state)w->state,
                            .want = (enum service_want)w->want,
                            .ready = (w->flags & FLAG_READY) != 0,
                            .ever_started = (w->flags & FLAG_EVER_STARTED) != 0,
                            .paused = (w->flags & FLAG_PAUSED) != 0,
                            .leaving = (w->flags & FLAG_LEAVING) != 0,
                            .pid = w->process == PROCESS_NONE     ? 0
                                   : w->process == PROCESS_FINISH ? FINISH_PID
                                                                  : RUN_PID,
                            .run_pid = w->process == PROCESS_RUN ? RUN_PID : 0,
                            .failures = w->failures,
                            .since = NOW - (w->lived == NEVER ? LONG_AGO_MS : w->lived) * CLOCK_MS,
                            .asked = (w->flags & FLAG_ASKED) != 0,
                            .verdict = (enum restart_verdict)w->verdict,
                            .failed = (enum service_failure)w->failed,
                            .wait_status = w->ended == 0 ? 0 : moves[w->ended].detail,
                            .ready_at = w->ready_for == NEVER ? 0 : NOW - ready_for,
                            .deadline = w->left == NEVER ? 0 : NOW + w->left * CLOCK_MS};
    unpack_tally(t, w);
}

static uint16_t milliseconds(int64_t ns)
{
    return (uint16_t)(ns < 0 ? 0 : ns / CLOCK_MS);
}

static void set_flag(struct machine_state *w, unsigned int flag, bool on)
{
    w->flags = (uint16_t)(on ? w->flags | flag : w->flags & ~flag);
}

/* Those that are within a second, which is TIME of every policy. */
static void pack_tally(struct turn *t)
{
    const struct restart_tally *r = &t->s.tally;
    unsigned int n = 0;
    t->w->wait = (uint8_t)(r->wait / UNIT_MS);
    uint32_t streak = t->w->policy == 1 ? MOST_STREAK : 1; /* once is enough */
    t->w->streak = (uint8_t)(r->streak > streak ? streak : r->streak);
    set_flag(t->w, FLAG_LOOPS, r->loops);
    memset(t->w->death, NO_DEATH, sizeof t->w->death);
    for (uint32_t i = 0; i < r->count && n < MOST_DEATHS; i++) {
        uint32_t ago = (uint32_t)(t->now / CLOCK_MS) - r->death[i];
        if (ago <= LONG_AGO_MS)
            t->w->death[n++] = (uint8_t)(ago / UNIT_MS);
    }
}

/* The observer's, that much later. */
static void age(struct machine_state *w, int64_t passed)
{
    unsigned int n = 0;
    for (unsigned int i = 0; i < MOST_DEATHS; i++) {
        int64_t ago = w->seen_death[i] * UNIT_MS + passed / CLOCK_MS;
        if (w->seen_death[i] != NO_DEATH && ago <= LONG_AGO_MS)
            w->seen_death[n++] = (uint8_t)(ago / UNIT_MS);
    }
    while (n < MOST_DEATHS)
        w->seen_death[n++] = NO_DEATH;
}

static void pack_policy(struct turn *t)
{
    struct machine_state *w = t->w;
    const struct service *s = &t->s;
    int64_t lived = t->now - s->since;
    w->lived = t->rules.restart.wait_min == 0 || s->state != SERVICE_UP ? NEVER
               : lived > LONG_AGO_MS * CLOCK_MS                         ? LONG_AGO_MS
                                                                        : milliseconds(lived);
    if (w->policy == 0 || s->state != SERVICE_FINISH)
        w->ended = w->seen_verdict = 0;
    w->verdict = (uint8_t)(s->state == SERVICE_FINISH ? s->verdict : RESTART_AGAIN);
    w->failed = (uint8_t)s->failed;
    if (t->rules.restart.when == RESTART_AS_UPSTREAM)
        set_flag(w, SEEN_ASKED, false); /* it makes no difference */
    set_flag(w, FLAG_ASKED, s->asked && t->rules.restart.when != RESTART_AS_UPSTREAM);
    pack_tally(t);
}

static void pack(struct turn *t)
{
    struct machine_state *w = t->w;
    const struct service *s = &t->s;
    w->state = (uint8_t)s->state;
    w->want = (uint8_t)s->want;
    uint32_t failures = w->policy == 0 ? MOST_FAILURES : 1; /* more are looked at without one */
    w->failures = (uint8_t)(s->failures > failures ? failures : s->failures);
    w->left = s->deadline == 0 ? NEVER : milliseconds(s->deadline - t->now);
    w->ready_for = s->ready_at == 0 ? NEVER : milliseconds(t->now - s->ready_at);
    if (w->ready_for != NEVER && w->ready_for > LONG_AGO_MS)
        w->ready_for = LONG_AGO_MS;
    set_flag(w, FLAG_READY, s->ready);
    set_flag(w, FLAG_EVER_STARTED, s->ever_started);
    set_flag(w, FLAG_PAUSED, s->paused);
    set_flag(w, FLAG_LEAVING, s->leaving);
    pack_policy(t);
}

/* --- what is performed ------------------------------------------------------------------------ */

static void fault(struct turn *t, const char *why)
{
    if (t->why == NULL)
        t->why = why;
}

static void begin_process(struct turn *t, enum process p)
{
    if (t->w->process != PROCESS_NONE)
        fault(t, "a second process beside the one that lives");
    t->spawned = true;
    set_flag(t->w, SEEN_ENDED, false);
    set_flag(t->w, SEEN_STOPPED, false);
    if (t->outcome == OUTCOME_REFUSED || t->outcome == OUTCOME_SHORT)
        return;
    t->w->process = (uint8_t)p;
    t->s.pid = p == PROCESS_FINISH ? FINISH_PID : RUN_PID;
}

/* Returns the event that follows at once, or SERVICE_EVENTS: as supervisor/longrun.c. */
static enum service_event run(struct turn *t, int *detail)
{
    begin_process(t, PROCESS_FORKED);
    set_flag(t->w, SEEN_ASKED, false);
    *detail = t->outcome == OUTCOME_SHORT ? SERVICE_LACK : 0;
    if (t->outcome == OUTCOME_LATER)
        return SERVICE_EVENTS;
    if (t->outcome != OUTCOME_AT_ONCE)
        return SERVICE_UNSPAWNED;
    t->w->process = PROCESS_RUN;
    return SERVICE_SPAWNED;
}

static enum service_event finish(struct turn *t)
{
    begin_process(t, PROCESS_FINISH);
    return t->w->process == PROCESS_NONE ? SERVICE_DIED : SERVICE_EVENTS;
}

static void answer(struct turn *t, enum waits request)
{
    if (t->w->waits == request) {
        t->w->waits = WAITS_NOT;
        set_flag(t->w, SEEN_COUNTER, false);
    }
}

static void signalled(struct turn *t, int detail)
{
    int number = detail < 0 ? -detail : detail;
    if (t->w->process == PROCESS_NONE)
        fault(t, "a signal without a process");
    if (number == SIGSTOP || number == SIGCONT)
        set_flag(t->w, SEEN_STOPPED, number == SIGSTOP);
}

static void event_byte(struct turn *t, int byte)
{
    if (byte != 'x')
        return;
    if ((t->w->flags & SEEN_LEAVING) == 0)
        fault(t, "x without LEAVE");
    set_flag(t->w, SEEN_LEAVING, false);
}

static enum service_event act(struct turn *t, const struct service_action *a, int *detail)
{
    switch (a->act) {
    case SERVICE_ACT_RUN:
        return run(t, detail);
    case SERVICE_ACT_FINISH:
        return finish(t);
    case SERVICE_ACT_END:
        set_flag(t->w, SEEN_ENDED, true);
        signalled(t, SIGCONT);
        break;
    case SERVICE_ACT_KILL:
        signalled(t, SIGCONT);
        break;
    case SERVICE_ACT_SIGNAL:
        signalled(t, a->detail);
        break;
    case SERVICE_ACT_EVENT:
        event_byte(t, a->detail);
        break;
    case SERVICE_ACT_STARTED:
        answer(t, WAITS_START);
        break;
    case SERVICE_ACT_STOPPED:
        answer(t, WAITS_STOP);
        break;
    case SERVICE_ACT_UNREADY:
    case SERVICE_ACT_FAILED:
        answer(t, WAITS_START);
        break;
    case SERVICE_ACT_BOUNDARY:
    case SERVICE_ACT_TALLY:
    case SERVICE_ACT_LOOPS:
    case SERVICE_ACT_EXIT:
        break;
    }
    return SERVICE_EVENTS;
}

/* --- events ----------------------------------------------------------------------------------- */

/* As supervisor/longrun.c does it. What s6-rc is stopping is not normally up. */
static void read_files(struct turn *t, enum service_event event)
{
    enum service_reading how = service_reads(&t->s, event);
    struct service_rules read = rules_of(t->files, t->w->policy);
    if (how == READS_NOTHING)
        return;
    read.normally_up = read.normally_up && t->w->waits != WAITS_STOP;
    service_take_rules(&t->rules, &read, how);
    t->w->rules = bits_of(&t->rules);
}

/* Before the step: who asks for a start while a process is there. */
static void see_wishes(struct turn *t, enum service_event event)
{
    bool process = t->s.state != SERVICE_DOWN;
    bool finish = t->w->process == PROCESS_FINISH;
    if ((event == SERVICE_RESTART && process && !finish) ||
        (event == SERVICE_WANT_UP && process && (finish || t->s.want == WANT_DOWN)))
        set_flag(t->w, SEEN_ASKED, true);
    if (machine_is_wish_to_start(&t->s, event))
        memset(t->w->seen_death, NO_DEATH, sizeof t->w->seen_death);
}

/* After it: what the observer thinks of an end. */
static void see_end(struct turn *t, const struct machine_step *one)
{
    struct machine_state *w = t->w;
    bool counts;
    unsigned int n = 0;
    enum restart_verdict verdict = machine_verdict(one, &counts);
    if (one->before.state == SERVICE_UP && one->event == SERVICE_DIED) {
        w->seen_verdict = (uint8_t)verdict;
        for (w->ended = MOVE_DIES; moves[w->ended].detail != one->detail; w->ended++)
            ;
    }
    if (one->rules.restart.when == RESTART_NEVER && counts)
        memset(w->seen_death, NO_DEATH, sizeof w->seen_death);
    if (counts && (one->rules.restart.within > 0 || one->rules.restart.when == RESTART_NEVER)) {
        while (n < MOST_DEATHS && w->seen_death[n] != NO_DEATH)
            n++;
        if (n == MOST_DEATHS)
            memmove(w->seen_death, w->seen_death + 1, --n);
        w->seen_death[n] = 0;
    }
    for (unsigned int i = 0; i < one->actions.count; i++)
        if (one->actions.item[i].act == SERVICE_ACT_EVENT && one->actions.item[i].detail == 'x')
            memset(w->seen_death, NO_DEATH, sizeof w->seen_death);
}

static enum service_event step(struct turn *t, enum service_event event, int *detail)
{
    struct machine_step one = {.event = event, .detail = *detail, .now = t->now};
    enum service_event next = SERVICE_EVENTS;
    read_files(t, event);
    see_wishes(t, event);
    if (event == SERVICE_LEAVE)
        set_flag(t->w, SEEN_LEAVING, true);
    if (event == SERVICE_DIED || event == SERVICE_UNSPAWNED)
        t->w->process = PROCESS_NONE;
    one.rules = t->rules;
    one.asked = (t->w->flags & SEEN_ASKED) != 0;
    one.verdict = (enum restart_verdict)t->w->seen_verdict;
    while (one.deaths < MOST_DEATHS && t->w->seen_death[one.deaths] != NO_DEATH)
        one.deaths++;
    one.before = t->s;
    one.result = service_step(&t->s, &t->rules, event, *detail, t->now, &one.actions);
    one.after = t->s;
    const char *why = machine_laws(&one);
    if (why != NULL)
        fault(t, why);
    see_end(t, &one);
    if (event == SERVICE_DIED || event == SERVICE_UNSPAWNED)
        set_flag(t->w, SEEN_STOPPED, false);
    *detail = 0;
    for (unsigned int i = 0; i < one.actions.count; i++) {
        int d = 0;
        enum service_event follows = act(t, &one.actions.item[i], &d);
        if (follows == SERVICE_EVENTS)
            continue;
        next = follows;
        *detail = d;
    }
    return next;
}

static void feed(struct turn *t, enum service_event event, int detail)
{
    for (int i = 0; event != SERVICE_EVENTS && t->why == NULL; i++) {
        if (i == 4)
            fault(t, "one event follows the other without end");
        event = step(t, event, &detail);
    }
    pack(t);
    if (t->why == NULL)
        fault(t, machine_laws_at_rest(t->w));
}

/* --- moves ------------------------------------------------------------------------------------ */

static bool can(const struct machine_state *w, unsigned int what)
{
    bool runs = w->process == PROCESS_FORKED || w->process == PROCESS_RUN;
    switch (what) {
    case MOVE_LATE_START:
        return w->waits == WAITS_START;
    case MOVE_LATE_STOP:
        return w->waits == WAITS_STOP;
    case MOVE_EXECUTED:
    case MOVE_REFUSED:
        return w->process == PROCESS_FORKED;
    case MOVE_REAPED:
        return w->process == PROCESS_REFUSED;
    case MOVE_READY:
        return (w->rules & RULE_NOTIFIES) != 0;
    case MOVE_DEADLINE:
        return w->left != NEVER;
    case MOVE_TIME:
        return w->ready_for < LONG_AGO_MS || w->lived < LONG_AGO_MS || w->death[0] != NO_DEATH;
    default:
        if (moves[what].event != SERVICE_DIED)
            return true;
        if (moves[what].ready && ((w->rules & RULE_NOTIFIES) == 0 || !runs))
            return false;
        return runs || w->process == PROCESS_FINISH;
    }
}

static void request(struct turn *t, enum waits waits)
{
    t->w->waits = (uint8_t)waits;
    set_flag(t->w, SEEN_COUNTER, false);
}

/* Before the event: what of the move is not the machine's. */
static void prepare(struct turn *t, unsigned int what)
{
    struct machine_state *w = t->w;
    bool down = what == MOVE_DOWN || what == MOVE_ONCE || what == MOVE_STAY || what == MOVE_LEAVE;
    if ((w->waits == WAITS_START && down) || (w->waits == WAITS_STOP && what == MOVE_UP))
        set_flag(w, SEEN_COUNTER, true);
    if (what == MOVE_START)
        request(t, WAITS_START);
    else if (what == MOVE_STOP)
        request(t, WAITS_STOP);
    else if (what == MOVE_LATE_START || what == MOVE_LATE_STOP)
        request(t, WAITS_NOT);
    else if (what == MOVE_REFUSED)
        w->process = PROCESS_REFUSED;
    else if (what == MOVE_EXECUTED)
        w->process = PROCESS_RUN;
    else if (what == MOVE_DEADLINE)
        t->now = t->s.deadline;
    else if (what == MOVE_TIME)
        t->now += CLOCK_SECOND / 2;
    age(w, t->now - NOW);
}

/* As longrun_reaped: the report about exec, readiness, and then the death. */
static void die(struct turn *t, const struct move *m)
{
    if (t->w->process == PROCESS_FORKED) {
        t->w->process = PROCESS_RUN;
        feed(t, SERVICE_SPAWNED, 0);
    }
    if (m->ready && t->why == NULL)
        feed(t, SERVICE_READIED, 0);
    if (t->why == NULL)
        feed(t, SERVICE_DIED, m->detail);
}

uint32_t world_move(unsigned int what, unsigned int outcome, unsigned int rules)
{
    return what | outcome << 8 | rules << 16;
}

enum world_result world_perform(struct machine_state *w, uint32_t move, const char **why)
{
    unsigned int what = move & 0xff;
    const struct move *m = &moves[what];
    struct turn t = {.w = w, .outcome = move >> 8 & 0xff, .files = move >> 16};
    if (!can(w, what))
        return WORLD_CANNOT;
    unpack(&t, w);
    prepare(&t, what);
    if (m->event == SERVICE_DIED)
        die(&t, m);
    else if (m->event != SERVICE_EVENTS)
        feed(&t, m->event, m->detail);
    else if (what == MOVE_TIME && w->left != NEVER)
        t.s.deadline += CLOCK_SECOND / 2; /* it is still to come: as much is left as before */
    pack(&t);
    *why = t.why;
    if (t.why != NULL)
        return WORLD_BROKEN;
    return t.spawned || t.outcome == OUTCOME_LATER ? WORLD_OK : WORLD_CANNOT;
}

unsigned int world_moves(void)
{
    return MOVES;
}

bool world_reads_files(const struct machine_state *w, unsigned int what)
{
    const struct service s = {.state = (enum service_state)w->state};
    return moves[what].event != SERVICE_EVENTS &&
           service_reads(&s, moves[what].event) != READS_NOTHING;
}

/* --- stories ---------------------------------------------------------------------------------- */

static void add_rules(unsigned int bits, char *text, size_t size)
{
    size_t n = strlen(text);
    snprintf(
        text + n, size - n, "%s%s%s%s%s", (bits & RULE_NOTIFIES) != 0 ? " notification-fd" : "",
        (bits & RULE_FINISH) != 0 ? " finish" : "", (bits & RULE_NORMALLY_UP) != 0 ? "" : " down",
        (bits & RULE_KILL) != 0 ? " timeout-kill" : "",
        (bits & RULE_LIMIT) != 0 ? " timeout-finish" : "");
}

static void add_policy(const struct machine_state *w, char *text, size_t size)
{
    static const char *const exits[] = {"", "failure", "always", "gave-up"};
    const struct machine_policy *p = &machine_policies[w->policy];
    size_t n = strlen(text);
    if (p->line != NULL)
        n += (size_t)snprintf(text + n, size - n, ", restart: %s (%s%s)", p->line,
                              w->failed != 0 ? "given up, " : "",
                              (w->flags & FLAG_ASKED) != 0 ? "asked for" : "not asked for");
    if (p->exit != EXIT_NEVER && n < size)
        snprintf(text + n, size - n, ", container-exit: %s", exits[p->exit]);
}

void world_tell(const struct machine_state *w, uint32_t move, char *text, size_t size)
{
    static const char *const outcomes[OUTCOMES] = {
        "", "; it is forked, and believed to be executed", "; it cannot be forked",
        "; it cannot be forked for want of memory"};
    unsigned int what = move & 0xff;
    snprintf(text, size, "%s%s", moves[what].text, outcomes[move >> 8 & 0xff]);
    if (world_reads_files(w, what) && w->rules != move >> 16) {
        snprintf(text + strlen(text), size - strlen(text), "; files now:");
        add_rules(move >> 16, text, size);
    }
}

void world_show(const struct machine_state *w, char *text, size_t size)
{
    static const char *const processes[] = {"no process", "a child that is to execute run",
                                            "a child that could not execute run", "run", "finish"};
    static const char *const waits[] = {"", ", s6-rc waits for its start",
                                        ", s6-rc waits for its stop"};
    snprintf(text, size, "%s, wanted %s%s%s%s, %s%s%s; files:",
             service_state_name((enum service_state)w->state), w->want == WANT_UP ? "up" : "down",
             (w->flags & FLAG_READY) != 0 ? ", ready" : "",
             (w->flags & FLAG_PAUSED) != 0 ? ", paused" : "",
             (w->flags & FLAG_LEAVING) != 0 ? ", leaving" : "", processes[w->process],
             waits[w->waits], w->left == NEVER ? "" : ", a deadline");
    add_rules(w->rules, text, size);
    add_policy(w, text, size);
}
