#include "supervisor/stop.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/message.h"
#include "contract/paths.h"
#include "supervisor/exitcode.h"
#include "supervisor/pipe_loss.h"
#include "supervisor/remaining.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

enum { POLL_MS = 10, KILL_MS = 2000 };

/* Nothing waits longer than the whole stop may take. */
static int64_t in_time(const struct stop *s, int64_t due)
{
    return s->end != 0 && due > s->end ? s->end : due;
}

static void wake_at(struct stop *s, int64_t due)
{
    loop_timer(&s->pid1->loop, &s->poll, due);
}

/* Not pid 1, and without /proc: our own children and their groups, as far as we know them. Each is
 * told once: one that leads no group gets nothing in its place. */
static long signal_children(struct stop *s, int signal)
{
    long count = 0;
    for (size_t i = 0; i < s->pid1->children.capacity; i++) {
        const struct child *c = &s->pid1->children.slot[i];
        if (c->pid == 0 || c->role == CHILD_LOGGER)
            continue;
        count++;
        if (signal == 0)
            continue;
        pid1_kill(s->pid1, c->pid, signal);
        s->pid1->calls->kill(-c->pid, signal);
    }
    return count;
}

/* Pid 1 without /proc. TERM reaches everybody, and loggers ignore it; KILL must not reach them. */
static long probe(struct stop *s, const struct remaining *r, int signal)
{
    pid_t top = s->pid1->children.top;
    int each = signal == SIGTERM ? SIGCONT : signal;
    if (signal == SIGTERM)
        pid1_kill(s->pid1, -1, SIGTERM);
    long count = s->pid1->calls->probe_rest(r, top, each);
    return top < REMAINING_PROBED ? count : count + signal_children(s, each);
}

/* Everything but us and the loggers: how many there are, after sending signal. */
static long remaining_named(struct stop *s, int signal, char *names, size_t size)
{
    pid_t few[2];
    struct remaining r = {.everything = s->pid1->is_init, .names = names, .names_size = size};
    r.excluded_count = longruns_logger_pids(s->longruns, few, &r.excluded);
    long count = s->pid1->calls->signal_rest(&r, signal);
    if (count < 0 && s->pid1->is_init)
        return probe(s, &r, signal);
    return count >= 0 ? count : signal_children(s, signal);
}

static long remaining(struct stop *s, int signal)
{
    return remaining_named(s, signal, NULL, 0);
}

long stop_remaining(struct stop *s, char *names, size_t size)
{
    names[0] = '\0';
    return remaining_named(s, 0, names, size);
}

/* How long loggers get before they are urged, and then before they are killed. */
static int64_t drain_time(const struct stop *s, int64_t now)
{
    int64_t most = s->pid1->settings.drain * CLOCK_MS;
    int64_t left = (s->end - now) / (s->urged ? 1 : 2);
    if (s->end == 0 || left > most)
        return most;
    return left > POLL_MS * CLOCK_MS ? left : POLL_MS * CLOCK_MS;
}

static void enter_drain(struct stop *s)
{
    int64_t now = pid1_now(s->pid1);
    pipe_loss_say_all(s->longruns);
    pid1_enter(s->pid1, STAGE_DRAIN);
    s->deadline = now + drain_time(s, now);
    loop_untimer(&s->pid1->loop, &s->limit);
    if (s->code < 0)
        s->code = exitcode_read();
    pid1_event(s->pid1, "end", NULL, "code=%d", s->code < 0 ? EXIT_SYSTEM : s->code);
    fd_drop(&s->pid1->events.fd);
    s->pid1->calls->messages_to(2);
    for (uint32_t i = 0; i < longruns_loggers(s->longruns); i++) {
        struct logger *l = longruns_logger(s->longruns, i);
        if (l != NULL && l->state != LOGGER_ENDING)
            logger_hang_up(l);
    }
    s->pid1->out = 1;
    s->pid1->err = 2;
    wake_at(s, s->deadline);
}

/* The next look, later the longer a look takes: of thousands of processes, that is long. */
static void look_again(struct stop *s, int64_t begun)
{
    int64_t now = pid1_now(s->pid1);
    wake_at(s, now + POLL_MS * CLOCK_MS + 2 * (now - begun));
}

/* Nothing that ends from here on starts again. */
static void stay_down(struct stop *s)
{
    for (uint32_t i = 0; i < s->longruns->count; i++) {
        struct longrun *l = s->longruns->item[i];
        if (l != NULL && l->member != MEMBER_GONE)
            longrun_feed(l, SERVICE_STAY_DOWN, 0);
    }
}

/* What forks without end is stopped first, all at once, or some of it would always get away. */
static void enter_kill(struct stop *s)
{
    int64_t now = pid1_now(s->pid1);
    pid1_enter(s->pid1, STAGE_KILL);
    stay_down(s);
    s->deadline = in_time(s, now + KILL_MS * CLOCK_MS);
    if (s->pid1->is_init)
        pid1_kill(s->pid1, -1, SIGSTOP);
    long count = remaining(s, SIGKILL);
    if (s->pid1->is_init)
        pid1_kill(s->pid1, -1, SIGCONT);
    if (count == 0)
        enter_drain(s);
    else
        look_again(s, now);
}

static void enter_term(struct stop *s)
{
    int64_t now = pid1_now(s->pid1);
    pid1_enter(s->pid1, STAGE_TERM);
    stay_down(s);
    s->deadline = in_time(s, now + s->pid1->settings.kill_grace * CLOCK_MS);
    if (remaining(s, SIGTERM) == 0)
        enter_drain(s);
    else
        look_again(s, now);
}

static void limit_reached(struct timer *t)
{
    struct stop *s = container_of(t, struct stop, limit);
    message_warning(
        "the stop takes longer than OVERLOG_STOP_MAXTIME (%lu ms), killing what is left",
        (unsigned long)s->pid1->settings.stop_max);
    if (s->pid1->stage < STAGE_KILL)
        enter_kill(s);
}

/* Of the whole time, the end is the loggers'. */
static void limit(struct stop *s)
{
    uint32_t most = s->pid1->settings.stop_max;
    uint32_t drain = s->pid1->settings.drain < most / 4 ? s->pid1->settings.drain : most / 4;
    int64_t now = pid1_now(s->pid1);
    s->end = now + most * CLOCK_MS;
    s->limit.fire = limit_reached;
    loop_timer(&s->pid1->loop, &s->limit, now + (most - drain) * CLOCK_MS);
}

/* Nodes that are under way. An up of a oneshot is told to end and waited for. A down is waited for;
 * one that could not be forked yet is tried again. */
static void adopt_pending(struct stop *s)
{
    for (uint32_t i = 0; i < s->catalogue->graph.count; i++) {
        oneshot_interrupt(s->oneshots, i);
        engine_adopt_pending(s->engine, i);
    }
}

/* What s6-svc has brought up beside s6-rc ends in its turn as well, not among what is left over. */
static void count_in(struct stop *s)
{
    for (uint32_t i = 0; i < s->longruns->count; i++) {
        const struct longrun *l = s->longruns->item[i];
        if (l == NULL || l->member == MEMBER_GONE || l->node == NO_NODE)
            continue;
        struct transition_node *n = &s->catalogue->transition.node[l->node];
        if (n->state == NODE_DOWN && !service_at_rest(&l->machine))
            n->state = NODE_UP;
    }
}

void stop_begin(struct stop *s, const char *reason, int signal, int code, enum final_act final)
{
    if (s->pid1->stage >= STAGE_STOPPING)
        return;
    bool services = s->pid1->stage >= STAGE_STARTING;
    if (!services && s->longruns->init.state == LOGGER_NONE)
        s->pid1->calls->messages_to(2);
    pid1_enter(s->pid1, STAGE_STOPPING);
    s->code = code;
    s->final = final;
    rc_interrupt(s->rc);
    resume_all(s->resume);
    if (signal != 0)
        pid1_event(s->pid1, "stop", NULL, "reason=%s signal=%d", reason, signal);
    else
        pid1_event(s->pid1, "stop", NULL, "reason=%s", reason);
    if (s->pid1->settings.stop_max > 0)
        limit(s);
    if (!services) {
        stop_services_over(s);
        return;
    }
    count_in(s);
    transition_begin(&s->catalogue->transition, s->catalogue->all, false, pid1_now(s->pid1), 0);
    adopt_pending(s);
    s->pid1->changes.all = true;
}

void stop_hurry(struct stop *s)
{
    int64_t rest = KILL_MS + 2 * (int64_t)s->pid1->settings.drain;
    int64_t end = pid1_now(s->pid1) + rest * CLOCK_MS;
    s->end = s->end != 0 && s->end < end ? s->end : end;
    if (s->pid1->stage == STAGE_STOPPING)
        remaining(s, SIGTERM);
    if (s->pid1->stage < STAGE_KILL)
        enter_kill(s);
}

/* Those of s6-rc are down. Those that were only put into /run/service end now. */
void stop_services_over(struct stop *s)
{
    if (s->pid1->stage != STAGE_STOPPING)
        return;
    pid1_enter(s->pid1, STAGE_STOPPING);
    s->deadline = in_time(s, pid1_now(s->pid1) + s->pid1->settings.kill_grace * CLOCK_MS);
    wake_at(s, s->deadline);
    stop_step(s);
}

static void grace_is_over(struct timer *t)
{
    struct stop *s = container_of(t, struct stop, refused);
    if (s->pid1->stage != STAGE_STOPPING)
        return;
    message_warning("what refuses signals is left to the kernel");
    enter_term(s);
}

void stop_refused(struct stop *s)
{
    struct pid1 *p = s->pid1;
    if (p->stage != STAGE_STOPPING || !p->is_init || s->refused.place != 0)
        return;
    s->refused.fire = grace_is_over;
    loop_timer(&p->loop, &s->refused, pid1_now(p) + p->settings.kill_grace * CLOCK_MS);
}

static void end(struct stop *s)
{
    if (s->code < 0) {
        message_warning("unable to read " RUN_EXITCODE ": %s: the container ends with %d",
                        strerror(errno), EXIT_SYSTEM);
        s->code = EXIT_SYSTEM;
    }
    pid1_enter(s->pid1, STAGE_OVER);
}

/* The next logger from i on that is waited for, and its place in i; NULL: there is none. */
static struct logger *next_logger(const struct stop *s, uint32_t *i)
{
    for (; *i < longruns_loggers(s->longruns); ++*i) {
        struct logger *l = longruns_logger(s->longruns, *i);
        if (l != NULL && !logger_is_over(l))
            return l;
    }
    return NULL;
}

static void kill_logger(struct logger *l)
{
    int64_t lost = logger_unread(l);
    logger_signal(l, SIGKILL);
    if (lost > 0)
        message_warning("the logger of %s did not finish in time: %lld bytes that it had not read "
                        "are lost",
                        l->name, (long long)lost);
    else
        message_warning("the logger of %s did not finish in time", l->name);
    logger_give_up(l);
}

/* They are urged once. They are killed when none of them has read anything or ended since: one that
 * only lacks a processor, as many others do, is not to lose lines for that. */
static void loggers_are_late(struct stop *s, int64_t now)
{
    int64_t left = 0;
    struct logger *l;
    for (uint32_t i = 0; (l = next_logger(s, &i)) != NULL; i++)
        left += 1 + logger_unread(l);
    bool at_end = s->end != 0 && now >= s->end;
    bool stuck = s->urged && (left >= s->left || at_end);
    for (uint32_t i = 0; (l = next_logger(s, &i)) != NULL; i++)
        if (stuck)
            kill_logger(l);
        else if (!s->urged)
            logger_signal(l, SIGUSR2);
    s->urged = true;
    s->left = left;
    s->deadline = now + drain_time(s, now);
    wake_at(s, s->deadline);
}

static void step_drain(struct stop *s)
{
    uint32_t first = 0;
    int64_t now = pid1_now(s->pid1);
    bool late = now >= s->deadline;
    bool left = next_logger(s, &first) != NULL;
    if (s->code < 0)
        s->code = exitcode_read();
    if (left && late)
        loggers_are_late(s, now);
    else if (!left && s->code < 0 && !late)
        look_again(s, now);
    else if (!left)
        end(s);
}

void stop_step(struct stop *s)
{
    int64_t now = pid1_now(s->pid1);
    if (s->pid1->stage == STAGE_STOPPING && s->deadline != 0) {
        if (!scandir_stop(s->scandir) || now >= s->deadline)
            enter_term(s);
    }
    if (s->pid1->stage == STAGE_TERM) {
        if (remaining(s, 0) == 0)
            enter_drain(s);
        else if (now >= s->deadline)
            enter_kill(s);
        else
            look_again(s, now);
    } else if (s->pid1->stage == STAGE_KILL) {
        if (remaining(s, SIGKILL) == 0 || now >= s->deadline)
            enter_drain(s);
        else
            look_again(s, now);
    }
    if (s->pid1->stage == STAGE_DRAIN)
        step_drain(s);
}
