/* The stop: services down, the rest told to end, then killed, loggers drained. Each stage ends the
 * moment there is nothing left to wait for. */
#include "base/clock.h"
#include "base/message.h"
#include "supervisor/console.h"
#include "supervisor/exitcode.h"
#include "supervisor/remaining.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POLL_MS = 10, KILL_MS = 2000 };

/* Nothing waits longer than the whole stop may take. */
static int64_t in_time(const struct supervisor *sv, int64_t due)
{
    return sv->stop_end != 0 && due > sv->stop_end ? sv->stop_end : due;
}

static void poll_again(struct timer *t)
{
    (void)t; /* waking up is enough: stop_step runs after every turn */
}

static void wake_at(struct supervisor *sv, int64_t due)
{
    sv->stop_poll.fire = poll_again;
    loop_timer(&sv->pid1.loop, &sv->stop_poll, due);
}

/* Not pid 1, and without /proc: our own children and their groups, as far as we know them. */
static long signal_children(struct supervisor *sv, int signal)
{
    long count = 0;
    for (size_t i = 0; i < sv->pid1.children.capacity; i++) {
        const struct child *c = &sv->pid1.children.slot[i];
        if (c->pid == 0 || c->role == CHILD_LOGGER)
            continue;
        count++;
        if (signal == 0)
            continue;
        pid1_kill(&sv->pid1, c->pid, signal);
        pid1_kill(&sv->pid1, -c->pid, signal);
    }
    return count;
}

/* Pid 1 without /proc. TERM reaches everybody, and loggers ignore it; KILL must not reach them. */
static long probe(struct supervisor *sv, const struct remaining *r, int signal)
{
    pid_t top = sv->pid1.children.top;
    int each = signal == SIGTERM ? SIGCONT : signal;
    if (signal == SIGTERM)
        pid1_kill(&sv->pid1, -1, SIGTERM);
    long count = sv->pid1.calls->probe_rest(r, top, each);
    return top < REMAINING_PROBED ? count : count + signal_children(sv, each);
}

/* Everything but us and the loggers: how many there are, after sending signal. */
static long remaining_named(struct supervisor *sv, int signal, char *names, size_t size)
{
    pid_t few[4];
    struct remaining r = {.spare = sv->spare != NULL ? sv->spare : few,
                          .everything = sv->pid1.is_init,
                          .names = names,
                          .names_size = size};
    pid_t *spare = sv->spare != NULL ? sv->spare : few;
    for (uint32_t i = 0; i < sv->longruns + 2; i++)
        if (logger_slot_at(sv, i) != NULL && logger_slot_at(sv, i)->logged.pid > 0)
            spare[r.spare_count++] = logger_slot_at(sv, i)->logged.pid;
    long count = sv->pid1.calls->signal_rest(&r, signal);
    if (count < 0 && sv->pid1.is_init)
        return probe(sv, &r, signal);
    return count >= 0 ? count : signal_children(sv, signal);
}

static long remaining(struct supervisor *sv, int signal)
{
    return remaining_named(sv, signal, NULL, 0);
}

long stop_remaining(struct supervisor *sv, char *names, size_t size)
{
    names[0] = '\0';
    return remaining_named(sv, 0, names, size);
}

/* How long loggers get before they are urged, and then before they are killed. */
static int64_t drain_time(const struct supervisor *sv, int64_t now)
{
    int64_t most = sv->pid1.settings.drain * CLOCK_MS;
    int64_t left = (sv->stop_end - now) / (sv->drain_urged ? 1 : 2);
    if (sv->stop_end == 0 || left > most)
        return most;
    return left > POLL_MS * CLOCK_MS ? left : POLL_MS * CLOCK_MS;
}

static void enter_drain(struct supervisor *sv)
{
    int64_t now = pid1_now(&sv->pid1);
    pid1_enter(&sv->pid1, STAGE_DRAIN);
    sv->stop_deadline = now + drain_time(sv, now);
    loop_untimer(&sv->pid1.loop, &sv->stop_limit);
    if (sv->exit_code < 0)
        sv->exit_code = exitcode_read();
    pid1_event(&sv->pid1, "end", NULL, "code=%d", sv->exit_code);
    if (sv->pid1.events.fd >= 0)
        close(sv->pid1.events.fd);
    sv->pid1.events.fd = -1;
    sv->pid1.calls->messages_to(2);
    for (uint32_t i = 0; i < sv->longruns + 2; i++)
        if (logger_slot_at(sv, i) != NULL && !logger_slot_at(sv, i)->ending)
            logger_slot_hang_up(logger_slot_at(sv, i));
    sv->pid1.out = 1;
    sv->pid1.err = 2;
    wake_at(sv, sv->stop_deadline);
}

/* The next look, later the longer a look takes: of thousands of processes, that is long. */
static void look_again(struct supervisor *sv, int64_t begun)
{
    int64_t now = pid1_now(&sv->pid1);
    wake_at(sv, now + POLL_MS * CLOCK_MS + 2 * (now - begun));
}

/* Nothing that ends from here on starts again. */
static void stay_down(struct supervisor *sv)
{
    for (uint32_t i = 0; i < sv->longruns; i++)
        if (sv->longrun[i] != NULL && !sv->longrun[i]->going)
            longrun_feed(sv->longrun[i], SERVICE_STAY_DOWN, 0);
}

/* What forks without end is stopped first, all at once, or some of it would always get away. */
static void enter_kill(struct supervisor *sv)
{
    int64_t now = pid1_now(&sv->pid1);
    pid1_enter(&sv->pid1, STAGE_KILL);
    stay_down(sv);
    sv->stop_deadline = in_time(sv, now + KILL_MS * CLOCK_MS);
    if (sv->pid1.is_init)
        pid1_kill(&sv->pid1, -1, SIGSTOP);
    long count = remaining(sv, SIGKILL);
    if (sv->pid1.is_init)
        pid1_kill(&sv->pid1, -1, SIGCONT);
    if (count == 0)
        enter_drain(sv);
    else
        look_again(sv, now);
}

static void enter_term(struct supervisor *sv)
{
    int64_t now = pid1_now(&sv->pid1);
    pid1_enter(&sv->pid1, STAGE_TERM);
    stay_down(sv);
    sv->stop_deadline = in_time(sv, now + sv->pid1.settings.kill_grace * CLOCK_MS);
    if (remaining(sv, SIGTERM) == 0)
        enter_drain(sv);
    else
        look_again(sv, now);
}

static void limit_reached(struct timer *t)
{
    struct supervisor *sv =
        (struct supervisor *)(void *)((char *)t - offsetof(struct supervisor, stop_limit));
    message_warning(
        "the stop takes longer than OVERLOG_STOP_MAXTIME (%lu ms), killing what is left",
        (unsigned long)sv->pid1.settings.stop_max);
    if (sv->pid1.stage < STAGE_KILL)
        enter_kill(sv);
}

/* Of the whole time, the end is the loggers'. */
static void limit(struct supervisor *sv)
{
    uint32_t most = sv->pid1.settings.stop_max;
    uint32_t drain = sv->pid1.settings.drain < most / 4 ? sv->pid1.settings.drain : most / 4;
    int64_t now = pid1_now(&sv->pid1);
    sv->stop_end = now + most * CLOCK_MS;
    sv->stop_limit.fire = limit_reached;
    loop_timer(&sv->pid1.loop, &sv->stop_limit, now + (most - drain) * CLOCK_MS);
}

/* What is under way. The up of a oneshot is told to end and waited for, a down is waited for,
 * unless a time limit has left it to itself. */
static void take_up(struct supervisor *sv, bool left)
{
    for (uint32_t i = 0; i < sv->graph.count; i++) {
        if (!oneshot_interrupt(sv, i) && left)
            oneshot_late(sv, i);
        supervisor_take_up(sv, i);
    }
}

/* What s6-svc has brought up beside s6-rc ends in its turn as well, not among what is left over. */
static void count_in(struct supervisor *sv)
{
    for (uint32_t i = 0; i < sv->longruns; i++) {
        const struct longrun *l = sv->longrun[i];
        if (l == NULL || l->going || l->node == NO_NODE)
            continue;
        struct transition_node *n = &sv->transition.node[l->node];
        if (n->state == NODE_DOWN && !service_at_rest(&l->machine))
            n->state = NODE_UP;
    }
}

void stop_begin(struct supervisor *sv, const char *reason, int signal, int code,
                enum final_act final)
{
    if (sv->pid1.stage >= STAGE_STOPPING)
        return;
    bool services = sv->pid1.stage >= STAGE_STARTING;
    if (!services && !sv->init.logged.open)
        sv->pid1.calls->messages_to(2);
    pid1_enter(&sv->pid1, STAGE_STOPPING);
    sv->exit_code = code;
    sv->final = final;
    rc_interrupt(sv);
    supervisor_resume(sv);
    if (signal != 0)
        pid1_event(&sv->pid1, "stop", NULL, "reason=%s signal=%d", reason, signal);
    else
        pid1_event(&sv->pid1, "stop", NULL, "reason=%s", reason);
    if (sv->pid1.settings.stop_max > 0)
        limit(sv);
    if (!services) {
        stop_services_over(sv);
        return;
    }
    bool left = sv->transition.result == TRANSITION_TIMED_OUT;
    count_in(sv);
    transition_begin(&sv->transition, sv->all, false, pid1_now(&sv->pid1), 0);
    take_up(sv, left);
    sv->pid1.changes.all = true;
}

void stop_hurry(struct supervisor *sv)
{
    if (sv->pid1.stage == STAGE_STOPPING)
        remaining(sv, SIGTERM);
    if (sv->pid1.stage < STAGE_KILL)
        enter_kill(sv);
}

/* Those of s6-rc are down. Those that were only put into /run/service end now. */
void stop_services_over(struct supervisor *sv)
{
    if (sv->pid1.stage != STAGE_STOPPING)
        return;
    pid1_enter(&sv->pid1, STAGE_STOPPING);
    sv->stop_deadline = in_time(sv, pid1_now(&sv->pid1) + sv->pid1.settings.kill_grace * CLOCK_MS);
    wake_at(sv, sv->stop_deadline);
    stop_step(sv);
}

void stop_end_services(struct supervisor *sv)
{
    if (sv->pid1.stage == STAGE_STOPPING)
        enter_term(sv);
}

static void step_drain(struct supervisor *sv)
{
    bool left = false;
    int64_t now = pid1_now(&sv->pid1);
    bool late = now >= sv->stop_deadline;
    for (uint32_t i = 0; i < sv->longruns + 2; i++) {
        struct logger_slot *s = logger_slot_at(sv, i);
        if (s == NULL || s->done)
            continue;
        left = true;
        if (late)
            logged_signal(&s->logged, sv->drain_urged ? SIGKILL : SIGUSR2);
        if (late && sv->drain_urged) {
            message_warning("the logger of %s did not finish in time", s->logged.name);
            s->done = true;
        }
    }
    if (!left) {
        sv->pid1.stage = STAGE_OVER;
        return;
    }
    if (late) {
        sv->drain_urged = true;
        sv->stop_deadline = now + drain_time(sv, now);
        wake_at(sv, sv->stop_deadline);
    }
}

void stop_step(struct supervisor *sv)
{
    int64_t now = pid1_now(&sv->pid1);
    if (sv->pid1.stage == STAGE_STOPPING && sv->stop_deadline != 0) {
        if (!scandir_stop(sv) || now >= sv->stop_deadline)
            enter_term(sv);
    }
    if (sv->pid1.stage == STAGE_TERM) {
        if (remaining(sv, 0) == 0)
            enter_drain(sv);
        else if (now >= sv->stop_deadline)
            enter_kill(sv);
        else
            look_again(sv, now);
    } else if (sv->pid1.stage == STAGE_KILL) {
        if (remaining(sv, SIGKILL) == 0 || now >= sv->stop_deadline)
            enter_drain(sv);
        else
            look_again(sv, now);
    }
    if (sv->pid1.stage == STAGE_DRAIN)
        step_drain(sv);
}
