/* What must be true of each step of the machine, and of what it leaves. Each law is written from
 * the words of services/machine.h and of upstream's s6-supervise, not from the table. */
#include "base/clock.h"
#include "tests/simulation/machine_world.h"
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

enum { NOT_EXECUTED = 126, PERMANENT = 125, AGAIN_MS = 5000, LONGEST_MS = 60000 };

static unsigned int count(const struct machine_step *t, enum service_act act)
{
    unsigned int n = 0;
    for (unsigned int i = 0; i < t->actions.count; i++)
        n += t->actions.item[i].act == act;
    return n;
}

static bool has_event(const struct machine_step *t, int byte)
{
    for (unsigned int i = 0; i < t->actions.count; i++)
        if (t->actions.item[i].act == SERVICE_ACT_EVENT && t->actions.item[i].detail == byte)
            return true;
    return false;
}

static bool has_run(const struct service *s)
{
    return s->state == SERVICE_STARTING || s->state == SERVICE_UP;
}

static bool is_wish(enum service_event event)
{
    return event <= SERVICE_LEAVE;
}

/* --- what the policy makes of an end ----------------------------------------------------------
 */

static int code_of(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* run ended, or cannot be executed: as from waitpid. */
static bool ends(const struct machine_step *t, int *wait_status)
{
    *wait_status = t->event == SERVICE_UNSPAWNED ? NOT_EXECUTED << 8 : t->detail;
    return (t->event == SERVICE_UNSPAWNED && t->detail != SERVICE_LACK) ||
           (t->event == SERVICE_DIED && t->before.state == SERVICE_UP);
}

enum restart_verdict machine_verdict(const struct machine_step *t, bool *counts)
{
    const struct restart_policy *p = &t->rules.restart;
    int status;
    *counts = false;
    if (!ends(t, &status) || t->before.want == WANT_DOWN || t->before.leaving || t->asked ||
        p->when == RESTART_AS_UPSTREAM)
        return RESTART_AGAIN;
    if (restart_is_clean(p, status))
        return p->when == RESTART_ALWAYS ? RESTART_AGAIN : RESTART_CLEAN;
    *counts = true;
    if (p->when == RESTART_NEVER || (p->within > 0 && t->deaths + 1 > p->deaths))
        return RESTART_GIVE_UP;
    return RESTART_AGAIN;
}

static bool concludes(const struct machine_step *t)
{
    return t->event == SERVICE_UNSPAWNED ||
           (t->event == SERVICE_DIED &&
            (t->before.state == SERVICE_FINISH || !t->rules.has_finish));
}

/* What becomes of the service in this step. */
static enum restart_verdict conclusion(const struct machine_step *t)
{
    bool counts;
    bool finish = t->before.state == SERVICE_FINISH;
    if (!concludes(t))
        return RESTART_AGAIN;
    if (finish && WIFEXITED(t->detail) && WEXITSTATUS(t->detail) == PERMANENT)
        return RESTART_GIVE_UP;
    if (t->before.want == WANT_DOWN || t->before.leaving || t->asked)
        return RESTART_AGAIN;
    return finish ? t->verdict : machine_verdict(t, &counts);
}

static bool fails_for_good(const struct machine_step *t)
{
    return conclusion(t) == RESTART_GIVE_UP;
}

/* It was never started for the engine, and stays down without having failed. */
static bool is_unready(const struct machine_step *t)
{
    bool never = t->event == SERVICE_UNSPAWNED || (t->rules.notifies && t->before.ready_at == 0);
    return conclusion(t) == RESTART_CLEAN && never;
}

/* The code that the container is to end with after this step; -1: none. */
static int exit_code(const struct machine_step *t)
{
    bool counts;
    const struct restart_policy *p = &t->rules.restart;
    enum definition_exit when = t->rules.container_exit;
    bool of_run = t->event == SERVICE_DIED && t->before.state == SERVICE_UP;
    int status = of_run ? t->detail : t->before.wait_status;
    int code = t->event == SERVICE_UNSPAWNED ? NOT_EXECUTED : code_of(status);
    if (t->before.want == WANT_DOWN)
        return -1;
    if (fails_for_good(t))
        return p->then == RESTART_CODE                         ? (int)p->code
               : p->then == RESTART_EXIT || when != EXIT_NEVER ? (code != 0 ? code : 1)
                                                               : -1;
    if (of_run && machine_verdict(t, &counts) == RESTART_GIVE_UP)
        return -1; /* finish has to end first */
    if (of_run && when == EXIT_FAILURE_ONLY && code != 0 && !restart_is_clean(p, status))
        return code;
    /* With exit 0 finish may say that it failed. */
    bool last = of_run && (code != 0 || !t->rules.has_finish);
    bool behind = t->event == SERVICE_DIED && t->before.state == SERVICE_FINISH && code == 0;
    return when == EXIT_ALWAYS && (last || behind) ? code : -1;
}

bool machine_is_started(const struct service *s, const struct service_rules *rules)
{
    return s->state == SERVICE_UP && (!rules->notifies || s->ready);
}

/* --- what is told ----------------------------------------------------------------------------- */

/* Once when it becomes true, once more for who wishes what is true already, and never else. */
static const char *told_to_the_engine(const struct machine_step *t)
{
    bool was_started = machine_is_started(&t->before, &t->rules);
    bool is_started = machine_is_started(&t->after, &t->rules);
    bool was_stopped = service_at_rest(&t->before);
    bool is_stopped = service_at_rest(&t->after);
    bool start = is_started && (!was_started || t->event == SERVICE_WANT_UP);
    bool stop = is_stopped && (!was_stopped || is_wish(t->event));
    if (count(t, SERVICE_ACT_STARTED) != (start ? 1 : 0))
        return start ? "started is not told once" : "started is told, but it is not";
    if (count(t, SERVICE_ACT_STOPPED) != (stop ? 1 : 0))
        return stop ? "stopped is not told once" : "stopped is told, but it is not";
    if (count(t, SERVICE_ACT_FAILED) != (fails_for_good(t) ? 1 : 0))
        return "a failure for good is not told once, or there is none";
    if (count(t, SERVICE_ACT_UNREADY) != (is_unready(t) ? 1 : 0))
        return "a clean end before it was ready is not told once, or there is none";
    return NULL;
}

/* What somebody knows who reads event/: down, up, up and ready, dead, or without a supervisor. */
static char heard_state(const struct service *s)
{
    return s->state == SERVICE_UP ? (s->ready ? 'U' : 'u') : s->state == SERVICE_FINISH ? 'd' : 'D';
}

static const char *told_to_listeners(const struct machine_step *t)
{
    static const char *const follows[] = {"Du", "uU", "ud", "Ud", "dO", "dD", "OD", "Dx", "xs"};
    static const char *const not_executed[] = {"DO", "OD"};
    const char *const *fitting =
        t->event == SERVICE_UNSPAWNED && fails_for_good(t) ? not_executed : follows;
    size_t fittings = fitting == follows ? sizeof follows / sizeof follows[0] : 2;
    char heard = heard_state(&t->before);
    for (unsigned int i = 0; i < t->actions.count; i++) {
        char byte = (char)t->actions.item[i].detail;
        bool fits = false;
        if (t->actions.item[i].act != SERVICE_ACT_EVENT)
            continue;
        for (size_t j = 0; j < fittings; j++)
            fits |= fitting[j][0] == heard && fitting[j][1] == byte;
        if (!fits)
            return "an event that cannot follow the one before it";
        heard = byte == 's' ? 'D' : byte;
    }
    if (heard != heard_state(&t->after))
        return "event/ does not say what is";
    if (has_event(t, 'O') != fails_for_good(t))
        return "O stands for a failure for good only";
    return NULL;
}

static const char *told_to_logger_and_tally(const struct machine_step *t)
{
    bool death = t->event == SERVICE_DIED;
    bool of_run = death && t->before.state == SERVICE_UP;
    if (count(t, SERVICE_ACT_BOUNDARY) != (death ? 1 : 0))
        return "each death ends the logger's line once";
    if (death && t->actions.item[0].act != SERVICE_ACT_BOUNDARY)
        return "the logger's line is ended before all else";
    if (count(t, SERVICE_ACT_TALLY) != (of_run ? 1 : 0))
        return "each death of run is tallied once";
    if (t->after.wait_status != (of_run ? t->detail : t->before.wait_status))
        return "the wait status is that of the last run";
    return NULL;
}

/* --- what is done ----------------------------------------------------------------------------- */

static const char *done_to_processes(const struct machine_step *t)
{
    const struct service *b = &t->before;
    bool run = count(t, SERVICE_ACT_RUN) > 0;
    bool finish = count(t, SERVICE_ACT_FINISH) > 0;
    bool of_run = t->event == SERVICE_DIED && b->state == SERVICE_UP;
    if (count(t, SERVICE_ACT_RUN) + count(t, SERVICE_ACT_FINISH) > 1)
        return "two processes in one step";
    if (run != (b->state != SERVICE_STARTING && t->after.state == SERVICE_STARTING))
        return "starting is what forks run";
    if (run && b->state != SERVICE_DOWN)
        return "run is forked where a process may be";
    if (finish != (of_run && t->rules.has_finish))
        return "finish follows each death of run, and nothing else";
    if (count(t, SERVICE_ACT_END) != (t->event == SERVICE_WANT_DOWN && has_run(b) ? 1 : 0))
        return "a wish to be down ends run, once, and nothing else does";
    if (count(t, SERVICE_ACT_KILL) !=
        (t->event == SERVICE_DEADLINE && b->state != SERVICE_DOWN ? 1 : 0))
        return "a deadline with a process kills it, once, and nothing else does";
    bool sends = (t->event == SERVICE_SIGNAL || t->event == SERVICE_RESTART) && has_run(b);
    if (count(t, SERVICE_ACT_SIGNAL) != (sends ? 1 : 0))
        return "a signal goes to a living run, once";
    if (sends && t->actions.item[0].detail != t->detail)
        return "another signal than was asked for";
    return NULL;
}

/* --- wishes ----------------------------------------------------------------------------------- */

static const char *wishes(const struct machine_step *t)
{
    const struct service *a = &t->after;
    enum service_want want = t->before.want;
    if (t->event == SERVICE_WANT_UP)
        want = WANT_UP;
    else if (is_wish(t->event) || conclusion(t) != RESTART_AGAIN)
        want = WANT_DOWN;
    /* Who comes after the supervisor that left starts what normally is up, and keeps a wish that
     * was made after LEAVE. */
    if (has_event(t, 'x') && t->rules.normally_up)
        want = WANT_UP;
    if (a->want != want)
        return "it wants something else than was wished last";
    if (t->event == SERVICE_WANT_ONCE && t->before.state == SERVICE_DOWN &&
        a->state != SERVICE_STARTING)
        return "it is not started once";
    if (t->event == SERVICE_WANT_UP && a->state == SERVICE_DOWN)
        return "a wish to be up starts it at once";
    if (a->state == SERVICE_DOWN && a->want == WANT_UP && a->deadline == 0)
        return "it is wanted up, and will never start";
    bool leaving = t->before.leaving || t->event == SERVICE_LEAVE;
    if (a->leaving != (leaving && !has_event(t, 'x')))
        return "LEAVE was forgotten, or told twice";
    if (leaving && a->state == SERVICE_DOWN && !has_event(t, 'x'))
        return "it is down, and the supervisor does not leave";
    return NULL;
}

/* --- deadlines -------------------------------------------------------------------------------- */

/* ms until it may start again: after what was said in services/machine.h. */
static int64_t restart_ms(const struct machine_step *t)
{
    bool counted = t->rules.restart.wait_min > 0 && !t->asked && !has_event(t, 'x') &&
                   !(t->event == SERVICE_UNSPAWNED && t->detail == SERVICE_LACK);
    int64_t ready_for = (t->now - t->before.ready_at) / CLOCK_MS;
    if (has_event(t, 'x'))
        return 1000;
    if (counted)
        return t->after.tally.wait;
    if (t->event == SERVICE_UNSPAWNED) {
        int64_t wait = 1000;
        for (uint32_t i = 0; i < t->before.failures && wait < LONGEST_MS; i++)
            wait *= 2;
        if (wait > LONGEST_MS)
            wait = LONGEST_MS;
        return t->detail != 0 && wait > 8000 ? 8000 : wait;
    }
    if (t->before.ready_at == 0)
        return 1000;
    return ready_for >= 1000 ? 0 : 1000 - ready_for;
}

/* The deadline that follows from the words of the header; 0 none. */
static int64_t expected_deadline(const struct machine_step *t)
{
    const struct service *a = &t->after;
    bool same_life = has_run(&t->before) && has_run(a);
    if (a->state == SERVICE_DOWN && a->want == WANT_DOWN)
        return 0;
    if (a->state == SERVICE_DOWN && (t->before.state != SERVICE_DOWN || has_event(t, 'x')))
        return t->now + restart_ms(t) * CLOCK_MS;
    if (a->state != SERVICE_DOWN && t->event == SERVICE_DEADLINE && t->before.state != SERVICE_DOWN)
        return t->now + AGAIN_MS * CLOCK_MS;
    if (same_life && t->event == SERVICE_WANT_DOWN && t->rules.timeout_kill > 0)
        return t->now + t->rules.timeout_kill * CLOCK_MS;
    if (same_life || a->state == t->before.state)
        return t->before.deadline;
    if (a->state == SERVICE_FINISH && t->rules.timeout_finish > 0)
        return t->now + t->rules.timeout_finish * CLOCK_MS;
    return 0;
}

static const char *deadlines(const struct machine_step *t)
{
    if (t->after.deadline != expected_deadline(t))
        return "the deadline is another one than the rules say";
    if (t->after.state != t->before.state && t->after.since != t->now)
        return "since is not the time of the last change";
    if (t->after.state == t->before.state && t->after.since != t->before.since)
        return "since changed, but nothing else";
    return NULL;
}

/* --- the policy ------------------------------------------------------------------------------- */

/* From MIN, doubled after each end that the policy judges, to MAX; MIN again after a long life. */
static uint32_t expected_wait(const struct machine_step *t)
{
    const struct restart_policy *p = &t->rules.restart;
    const struct restart_tally *b = &t->before.tally;
    int64_t lived = t->event == SERVICE_DIED ? t->now - t->before.since : 0;
    uint32_t twice = b->wait * 2 < p->wait_max ? b->wait * 2 : p->wait_max;
    return b->wait == 0 || lived >= p->wait_max * CLOCK_MS ? p->wait_min : twice;
}

bool machine_is_wish_to_start(const struct service *s, enum service_event event)
{
    if (s->state == SERVICE_DOWN)
        return event == SERVICE_WANT_UP || event == SERVICE_WANT_ONCE;
    return event == SERVICE_WANT_UP && (s->state == SERVICE_FINISH || s->want == WANT_DOWN);
}

static bool is_forgotten(const struct machine_step *t)
{
    return machine_is_wish_to_start(&t->before, t->event) || has_event(t, 'x');
}

static const char *tally(const struct machine_step *t)
{
    const struct restart_policy *p = &t->rules.restart;
    const struct restart_tally *b = &t->before.tally;
    const struct restart_tally *a = &t->after.tally;
    bool counts;
    int status;
    enum restart_verdict verdict = machine_verdict(t, &counts);
    bool judged = ends(t, &status) && t->before.want == WANT_UP && !t->before.leaving && !t->asked;
    bool of_run = t->event == SERVICE_DIED && t->before.state == SERVICE_UP;
    if (of_run && t->after.verdict != verdict)
        return "more or fewer deaths than the policy allows";
    if (is_forgotten(t))
        return a->count + a->wait + a->streak == 0 ? NULL : "it begins without a clean tally";
    if (judged && p->wait_min > 0 && verdict == RESTART_AGAIN && a->wait != expected_wait(t))
        return "another wait than the policy says";
    if (a->wait != b->wait && (a->wait < p->wait_min || a->wait > p->wait_max))
        return "a wait that the policy does not allow";
    if (!judged && (a->count != b->count || a->streak != b->streak || a->wait != b->wait))
        return "an end that was asked for counts";
    if (a->streak != b->streak + counts)
        return "a death that counts is one more of its row, and no other";
    bool loops = t->event == SERVICE_SPAWNED && b->loops;
    if (count(t, SERVICE_ACT_LOOPS) != (loops ? 1 : 0) || (loops && a->loops))
        return "a loop is told once, when it was started again";
    return NULL;
}

static enum service_failure expected_failure(const struct machine_step *t)
{
    bool said = t->before.state == SERVICE_FINISH && WIFEXITED(t->detail) &&
                WEXITSTATUS(t->detail) == PERMANENT;
    return said                                     ? FAILURE_FINISH
           : t->rules.restart.when == RESTART_NEVER ? FAILURE_NEVER
                                                    : FAILURE_DEATHS;
}

static const char *failures(const struct machine_step *t)
{
    const struct service *a = &t->after;
    int code = exit_code(t);
    bool told = false;
    if (fails_for_good(t) != (a->failed != FAILURE_NONE && a->failed != t->before.failed))
        return "failed is not said of a failure for good, or of something else";
    if (fails_for_good(t) && a->failed != expected_failure(t))
        return "it has failed for another reason";
    if (count(t, SERVICE_ACT_RUN) > 0 && a->failed != FAILURE_NONE)
        return "it starts, and still has failed";
    if (t->before.failed != FAILURE_NONE && count(t, SERVICE_ACT_RUN) == 0 &&
        a->failed != t->before.failed)
        return "its failure is forgotten before it starts";
    if (count(t, SERVICE_ACT_EXIT) != (code >= 0 ? 1 : 0))
        return code >= 0 ? "the container does not end" : "the container ends without a reason";
    for (unsigned int i = 0; i < t->actions.count; i++)
        told |= t->actions.item[i].act == SERVICE_ACT_EXIT && t->actions.item[i].detail == code;
    return told || code < 0 ? NULL : "the container ends with another code";
}

/* --- the rest of the state -------------------------------------------------------------------- */

static const char *counts_and_flags(const struct machine_step *t)
{
    const struct service *b = &t->before;
    const struct service *a = &t->after;
    bool executed = t->event == SERVICE_SPAWNED;
    bool newline = t->event == SERVICE_READIED && b->state == SERVICE_UP;
    bool died = t->event == SERVICE_DIED || t->event == SERVICE_UNSPAWNED;
    uint32_t failures = executed || has_event(t, 'x')   ? 0
                        : t->event == SERVICE_UNSPAWNED ? b->failures + 1
                                                        : b->failures;
    if (a->failures != failures)
        return "failures are not those in a row";
    if (a->ready != (a->state == SERVICE_UP && (b->ready || newline)))
        return "ready is not what this instance said";
    if (newline && !b->ready && a->ready_at != t->now)
        return "ready_at is not the time of the newline";
    if (a->state == SERVICE_STARTING && a->ready_at != 0)
        return "readiness of an earlier life";
    if (a->ever_started != (!has_event(t, 'x') && (b->ever_started || executed)))
        return "ever_started is wrong";
    if (executed && a->run_pid != b->pid)
        return "run_pid is not that of run";
    if (died && a->pid != 0)
        return "a pid is left of a process that is gone";
    return NULL;
}

const char *machine_laws(const struct machine_step *t)
{
    static const char *(*const laws[])(const struct machine_step *) = {told_to_the_engine,
                                                                       told_to_listeners,
                                                                       told_to_logger_and_tally,
                                                                       done_to_processes,
                                                                       wishes,
                                                                       deadlines,
                                                                       tally,
                                                                       failures,
                                                                       counts_and_flags};
    if (t->result != 0)
        return "a cell that is said to be impossible";
    if (t->actions.count >= SERVICE_ACTIONS_MAX)
        return "there may be more actions than have room";
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        const char *why = laws[i](t);
        if (why != NULL)
            return why;
    }
    return NULL;
}

/* --- between the turns ------------------------------------------------------------------------ */

static bool process_fits(const struct machine_state *w)
{
    switch (w->process) {
    case PROCESS_NONE:
        return w->state == SERVICE_DOWN;
    case PROCESS_FORKED:
    case PROCESS_REFUSED:
        return w->state == SERVICE_STARTING;
    case PROCESS_RUN:
        return w->state == SERVICE_UP;
    default:
        return w->state == SERVICE_FINISH;
    }
}

static bool has_owner(const struct machine_state *w)
{
    switch (w->state) {
    case SERVICE_DOWN:
        return w->want == WANT_UP;
    case SERVICE_FINISH:
        return true; /* its step was looked at */
    default:
        return (w->flags & SEEN_ENDED) != 0;
    }
}

static const char *requests(const struct machine_state *w)
{
    bool counter = (w->flags & SEEN_COUNTER) != 0;
    bool started =
        w->state == SERVICE_UP && ((w->rules & RULE_NOTIFIES) == 0 || (w->flags & FLAG_READY) != 0);
    bool stopped = w->state == SERVICE_DOWN && w->want == WANT_DOWN;
    if (w->waits == WAITS_START && started)
        return "it is started, and s6-rc still waits for that";
    if (w->waits == WAITS_STOP && stopped)
        return "it is stopped, and s6-rc still waits for that";
    if (w->waits == WAITS_START && !counter && w->want != WANT_UP)
        return "s6-rc waits for its start, and it is not wanted up";
    if (w->waits == WAITS_STOP && !counter && w->want != WANT_DOWN)
        return "s6-rc waits for its stop, and it is not wanted down";
    return NULL;
}

const char *machine_laws_at_rest(const struct machine_state *w)
{
    if (!process_fits(w))
        return "the state is not that of the process";
    if (w->left != NEVER && !has_owner(w))
        return "a deadline without an owner";
    if (w->state == SERVICE_DOWN && w->want == WANT_UP && w->left == NEVER)
        return "wanted up, down, and nothing will start it";
    if (((w->flags & FLAG_PAUSED) != 0) != ((w->flags & SEEN_STOPPED) != 0))
        return "paused is not what was sent last";
    if (((w->flags & FLAG_LEAVING) != 0) != ((w->flags & SEEN_LEAVING) != 0))
        return "LEAVE was forgotten";
    if (((w->flags & FLAG_ASKED) != 0) != ((w->flags & SEEN_ASKED) != 0))
        return "who asked for the next start was forgotten, or nobody did";
    if (memcmp(w->death, w->seen_death, sizeof w->death) != 0)
        return "deaths that count are forgotten, or others are counted";
    if (w->failed != FAILURE_NONE && (w->state != SERVICE_DOWN))
        return "it has failed for good, and lives";
    return requests(w);
}
