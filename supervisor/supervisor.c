#include "supervisor/supervisor.h"
#include "base/clock.h"
#include "base/message.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { REAPS_PER_TURN = 256 };

const struct definition *supervisor_definition(const struct supervisor *sv, uint32_t node)
{
    return &sv->definitions.item[sv->graph.node[node].definition];
}

/* --- what signals do ----------------------------------------------------------------------------
 */

/* Only pid 1 may end the machine, which in a container is the container: elsewhere it would be the
 * host. ^C on our terminal asks for no reboot. */
static enum final_act final_of(const struct supervisor *sv, int signal)
{
    if (!sv->pid1.is_init)
        return FINAL_EXIT;
    if (signal == SIGINT)
        return sv->pid1.loop.signal_code == SI_KERNEL ? FINAL_EXIT : FINAL_REBOOT;
    return signal == SIGUSR1 || signal == SIGPWR ? FINAL_POWEROFF : FINAL_EXIT;
}

static bool has_terminal(void)
{
    return isatty(0) || isatty(1) || isatty(2);
}

/* Somebody at a terminal wants to know what ^C does now, and what it would do next. */
static void say_interrupted(const struct supervisor *sv)
{
    char names[200] = "";
    size_t length = 0;
    if (sv->stop_asked) {
        message_line(MESSAGE_WARNING, "overlog up: info: killing what is left");
        return;
    }
    for (uint32_t i = 0; i < sv->longruns && length < sizeof names; i++) {
        const struct longrun *l = sv->longrun[i];
        if (l != NULL && !service_at_rest(&l->machine))
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                       length > 0 ? ", " : "", l->definition->name);
    }
    if (length > 0)
        message_line(MESSAGE_WARNING,
                     "overlog up: info: stopping %s%s; ^C again kills what is left", names,
                     length < sizeof names ? "" : "...");
}

static void do_signal(struct supervisor *sv, int signal)
{
    if (sv->pid1.guest && signal == SIGINT && sv->pid1.stage < STAGE_KILL)
        say_interrupted(sv);
    switch (signal) {
    case SIGWINCH: /* the STOPSIGNAL of some images; of a terminal it says something else */
        if (sv->pid1.guest || has_terminal())
            return;
        break;
    case SIGHUP:
    case SIGALRM:
        if (signal == SIGHUP && sv->pid1.guest)
            break; /* our terminal is gone */
        scandir_scan(sv);
        if (signal == SIGHUP)
            scandir_prune(sv, false);
        return;
    default:
        break;
    }
    if (sv->stop_asked)
        stop_hurry(sv);
    else
        stop_begin(sv, "signal", signal, -1, final_of(sv, signal));
    sv->stop_asked = true;
    if (signal == SIGABRT) /* no wait at all */
        stop_hurry(sv);
}

/* --- children -----------------------------------------------------------------------------------
 */

static void reaped(struct supervisor *sv, pid_t pid, int status)
{
    struct child c = children_take(&sv->pid1.children, pid);
    switch (c.role) {
    case CHILD_NONE:
        break;
    case CHILD_SERVICE:
        longrun_reaped(sv->longrun[c.index], pid, status);
        break;
    case CHILD_LOGGER:
        logger_slot_reaped(logger_slot_at(sv, c.index), status);
        break;
    case CHILD_ONESHOT:
        oneshot_reaped(sv, c.index, status);
        break;
    case CHILD_RELOAD:
        oneshot_reload_reaped(sv, c.index, status);
        break;
    case CHILD_TAIL:
        tail_reaped(sv);
        break;
    case CHILD_CMD:
        cmd_reaped(sv, status);
        break;
    case CHILD_HOOK:
        boot_hook_reaped(sv, status);
        break;
    case CHILD_CLOSER:
        control_closed(&sv->control, c.index);
        break;
    case CHILD_DIVERTED:
        if (diverted_failed(sv, (int)c.index, status))
            do_signal(sv, (int)c.index);
        break;
    }
}

/* Not at once: who stops them again and again costs us no more than that. */
static void stopped(struct supervisor *sv, pid_t pid)
{
    enum { RESUME_MS = 50 };
    struct child *c = children_find(&sv->pid1.children, pid);
    if (c == NULL)
        return;
    c->stopped = true;
    if (sv->resume.place == 0)
        loop_timer(&sv->pid1.loop, &sv->resume, pid1_now(&sv->pid1) + RESUME_MS * CLOCK_MS);
}

static bool is_newborn(const struct supervisor *sv, const struct child *c)
{
    const struct longrun *l = c->role == CHILD_SERVICE ? sv->longrun[c->index] : NULL;
    return l != NULL && l->machine.state == SERVICE_STARTING && !l->machine.paused;
}

static void resume(struct timer *t)
{
    struct supervisor *sv =
        (struct supervisor *)(void *)((char *)t - offsetof(struct supervisor, resume));
    for (size_t i = 0; i < sv->pid1.children.capacity; i++) {
        struct child *c = &sv->pid1.children.slot[i];
        if (c->pid == 0 || !c->stopped ||
            !child_resumes(c->role, is_newborn(sv, c), sv->pid1.stage >= STAGE_STOPPING))
            continue;
        c->stopped = false;
        pid1_kill(&sv->pid1, c->pid, SIGCONT);
    }
}

void supervisor_resume(struct supervisor *sv)
{
    resume(&sv->resume);
}

static void reap(struct supervisor *sv)
{
    for (int i = 0; i < REAPS_PER_TURN; i++) {
        int status;
        pid_t pid = sv->pid1.calls->changed(&status);
        if (pid <= 0)
            return;
        if (WIFSTOPPED(status))
            stopped(sv, pid);
        else
            reaped(sv, pid, status);
    }
    loop_timer(&sv->pid1.loop, &sv->reap_more, pid1_now(&sv->pid1));
}

static void reap_more(struct timer *t)
{
    reap((struct supervisor *)(void *)((char *)t - offsetof(struct supervisor, reap_more)));
}

/* --- signals ------------------------------------------------------------------------------------
 */

static void on_signal(void *context, int signal)
{
    struct supervisor *sv = context;
    if (signal == SIGCHLD)
        reap(sv);
    else if (signal == SIGHUP && sv->pid1.loop.signal_code == SI_KERNEL)
        return; /* our terminal is gone, or CMD's now */
    else if (signal == SIGALRM || signal == SIGABRT || !diverted_begin(sv, signal))
        if (!cmd_signal(sv, signal))
            do_signal(sv, signal);
}

static int watch_signals(struct supervisor *sv, struct error *e)
{
    static const int signals[] = {SIGCHLD, SIGTERM, SIGINT,   SIGUSR1, SIGUSR2, SIGPWR,
                                  SIGHUP,  SIGQUIT, SIGWINCH, SIGALRM, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (loop_signal(&sv->pid1.loop, signals[i], on_signal, sv, e) < 0)
            return -1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is an error to us */
    signal(SIGTTOU, SIG_IGN); /* in a session that is not ours, CMD may be in front of us */
    signal(SIGTTIN, SIG_IGN);
    return 0;
}

/* --- transitions --------------------------------------------------------------------------------
 */

void supervisor_node_done(struct supervisor *sv, uint32_t node, bool up, bool success)
{
    if (node == NO_NODE)
        return;
    enum node_state state = sv->transition.node[node].state;
    const char *name = supervisor_definition(sv, node)->name;
    if (state != (up ? NODE_STARTING : NODE_STOPPING))
        return;
    if (success)
        pid1_say(&sv->pid1, MESSAGE_INFO, "s6-rc: info: service %s successfully %s", name,
                 up ? "started" : "stopped");
    if (success && supervisor_definition(sv, node)->type == DEFINITION_LONGRUN)
        controlled_mark_down(sv->longrun[sv->longrun_of[node]], !up);
    transition_done(&sv->transition, node, success, pid1_now(&sv->pid1));
    status_touch(&sv->pid1.changes, sv->oneshot[node].record);
}

void supervisor_take_up(struct supervisor *sv, uint32_t node)
{
    const struct transition_node *n = &sv->transition.node[node];
    bool starting = n->state == NODE_STARTING;
    if (supervisor_definition(sv, node)->type != DEFINITION_LONGRUN || !n->goal ||
        (!starting && n->state != NODE_STOPPING))
        return;
    bool turns = n->goal_up != starting;
    if (turns) /* it counts as up, and is stopped; or it was not stopped, and stays */
        transition_done(&sv->transition, node, starting, pid1_now(&sv->pid1));
    struct longrun *l = sv->longrun[sv->longrun_of[node]];
    bool wanted = l->machine.want == WANT_UP;
    if ((!turns || !starting) && wanted != n->goal_up) /* a second TERM may mean something */
        longrun_feed(l, n->goal_up ? SERVICE_WANT_UP : SERVICE_WANT_DOWN, 0);
}

static void late(struct supervisor *sv, uint32_t node, bool was_up)
{
    const struct definition *d = supervisor_definition(sv, node);
    pid1_say(&sv->pid1, MESSAGE_WARNING,
             "s6-rc: warning: unable to %s service %s: timed out after %lu ms",
             was_up ? "start" : "stop", d->name,
             (unsigned long)(was_up ? d->timeout_up : d->timeout_down));
    if (d->type == DEFINITION_ONESHOT)
        oneshot_late(sv, node);
    else if (was_up)
        longrun_feed(sv->longrun[sv->longrun_of[node]], SERVICE_WANT_DOWN, 0);
    tail_want(sv, node);
}

/* The global timeout: who is it that was waited for? */
static void all_late(struct supervisor *sv)
{
    int64_t now = pid1_now(&sv->pid1);
    for (uint32_t i = 0; i < sv->graph.count; i++) {
        const struct transition_node *n = &sv->transition.node[i];
        if (!n->goal || (n->state != NODE_STARTING && n->state != NODE_STOPPING))
            continue;
        pid1_say(&sv->pid1, MESSAGE_WARNING, "s6-rc: warning: service %s is not %s after %lld ms",
                 supervisor_definition(sv, i)->name, n->state == NODE_STARTING ? "up" : "down",
                 (long long)((now - n->since) / CLOCK_MS));
        tail_want(sv, i);
    }
}

void supervisor_over(struct supervisor *sv)
{
    enum transition_result result = sv->transition.result;
    sv->over_held = false;
    if (sv->pid1.stage == STAGE_STARTING) {
        boot_services_over(sv, result);
        rc_idle(sv);
    } else if (sv->pid1.stage == STAGE_STOPPING) {
        stop_services_over(sv);
    } else {
        rc_over(sv, result);
    }
}

static void act(struct supervisor *sv, const struct transition_action *a)
{
    if (a->kind == TRANSITION_OVER)
        sv->pid1.changes.all = true;
    else if (a->kind != TRANSITION_TIMEOUT)
        status_touch(&sv->pid1.changes, sv->oneshot[a->node].record);
    switch (a->kind) {
    case TRANSITION_TIMEOUT:
        all_late(sv);
        return;
    case TRANSITION_LATE:
        late(sv, a->node, a->up);
        return;
    case TRANSITION_OVER:
        sv->over_held = tail_is_busy(sv) && sv->pid1.stage < STAGE_STOPPING;
        if (!sv->over_held)
            supervisor_over(sv);
        return;
    default:
        break;
    }
    bool stopping = a->kind == TRANSITION_STOP;
    const struct definition *d = supervisor_definition(sv, a->node);
    pid1_say(&sv->pid1, MESSAGE_INFO, "s6-rc: info: service %s: %s", d->name,
             stopping ? "stopping" : "starting");
    if (d->type == DEFINITION_ONESHOT) {
        oneshot_begin(sv, a->node, stopping);
        return;
    }
    struct longrun *l = sv->longrun[sv->longrun_of[a->node]];
    longrun_feed(l, stopping ? SERVICE_WANT_DOWN : SERVICE_WANT_UP, 0);
}

static void wake(struct timer *t)
{
    (void)t; /* pump runs after every turn */
}

static void pump(struct supervisor *sv)
{
    struct transition_action a;
    if (sv->transition.graph != NULL) {
        while (sv->reports < PUMP_REPORTS / 2 &&
               transition_next(&sv->transition, pid1_now(&sv->pid1), &a))
            act(sv, &a);
        int64_t due = transition_wakeup(&sv->transition);
        sv->wake.fire = wake;
        if (due == 0)
            loop_untimer(&sv->pid1.loop, &sv->wake);
        else
            loop_timer(&sv->pid1.loop, &sv->wake, due);
    }
    if (sv->pid1.stage >= STAGE_STOPPING)
        stop_step(sv);
    scandir_sweep(sv);
}

/* --- shortages ----------------------------------------------------------------------------------
 */

static void try_again(struct retry *r)
{
    struct supervisor *sv = PID1_OWNER(r, struct supervisor, retry);
    controlled_again(sv);
    logger_slots_again(sv);
    oneshots_again(sv);
    cmd_again(sv);
    control_again(&sv->control);
    status_again(sv);
}

void supervisor_put_off(struct supervisor *sv)
{
    sv->retry.again = try_again;
    pid1_retry(&sv->pid1, &sv->retry);
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static int copy_environment(struct supervisor *sv)
{
    for (char **v = environ; *v != NULL; v++)
        if (sv->pid1.settings.keep_env || strncmp(*v, "PATH=", 5) == 0)
            if (words_add(&sv->pid1.environment, *v) < 0)
                return -1;
    sv->oneshot_environment =
        calloc(sv->pid1.environment.count + 2, sizeof *sv->oneshot_environment);
    if (sv->oneshot_environment == NULL)
        return -1;
    for (size_t i = 0; i < sv->pid1.environment.count; i++)
        if (strncmp(sv->pid1.environment.item[i], "RC_NAME=", 8) != 0)
            sv->oneshot_environment[sv->oneshot_variables++] = sv->pid1.environment.item[i];
    return 0;
}

/* Processes of our own user could trace us and open, by /proc, what we hold for loggers. Root's
 * cannot be kept out, and are to reach /proc/1/fd/1, which for one that is not dumpable would need
 * a capability that containers do not have. What children execute is dumpable again. */
static void close_to_equals(void)
{
    if (geteuid() != 0)
        prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

static int prepare(struct supervisor *sv, const struct supervisor_start *start, struct error *e)
{
    if (pid1_open(&sv->pid1, &pid1_system, e) < 0)
        return -1;
    sv->pid1.settings = *start->settings;
    sv->pid1.program = start->program;
    sv->given = start->cmd;
    sv->workdir = start->workdir;
    sv->check_script = start->check_script;
    sv->pid1.nofile = start->nofile;
    sv->pid1.is_init = getpid() == 1;
    sv->pid1.guest = start->guest;
    sv->began = pid1_now(&sv->pid1);
    sv->exit_code = -1;
    sv->cmd_report = -1;
    sv->status = (struct status_file){.fd = -1};
    sv->pid1.changes.renew = true;
    sv->init = (struct logger_slot){.supervisor = sv, .index = 0};
    sv->cmd_logger = (struct logger_slot){.supervisor = sv, .index = 1};
    sv->reap_more.fire = reap_more;
    sv->resume.fire = resume;
    waits_open(sv);
    prctl(PR_SET_NAME, "s6-svscan");
    close_to_equals();
    if (!sv->pid1.is_init)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (copy_environment(sv) < 0)
        return error_system(e, "unable to keep the environment");
    return watch_signals(sv, e);
}

static int finish(struct supervisor *sv)
{
    if (sv->pid1.settings.sync)
        sync();
    if (sv->final == FINAL_EXIT || !sv->pid1.is_init)
        return sv->exit_code;
    reboot(sv->final == FINAL_REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
    message_warning("unable to %s: %s", sv->final == FINAL_REBOOT ? "reboot" : "power off",
                    strerror(errno));
    return EXIT_SYSTEM;
}

int supervisor_run(const struct supervisor_start *start)
{
    static struct supervisor sv; /* one for the process: pid 1 */
    struct error e = ERROR_INIT;
    if (prepare(&sv, start, &e) < 0 || boot_begin(&sv, &e) < 0) {
        message_fatal("%s", e.text);
        if (sv.init.logged.open) { /* let it say so */
            sv.pid1.stage = STAGE_STOPPING;
            sv.exit_code = e.code;
            stop_services_over(&sv);
        } else {
            return e.code;
        }
    }
    while (sv.pid1.stage != STAGE_OVER) {
        pump(&sv);
        status_flush(&sv);
        if (sv.pid1.stage == STAGE_OVER)
            break;
        if (loop_turn(&sv.pid1.loop, -1, &e) < 0) {
            shortage_note(&sv.pid1.shortage, "", "", &e, 0, pid1_now(&sv.pid1));
            poll(NULL, 0, 100); /* not in vain for ever */
        }
    }
    return finish(&sv);
}
