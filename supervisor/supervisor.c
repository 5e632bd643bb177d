/* What follows upon what: signals, dead children, requests and notices; and the turns of the loop.
 */
#include "supervisor/supervisor.h"
#include "base/container.h"
#include "base/launch.h"
#include "base/message.h"
#include "contract/signals.h"
#include "supervisor/parts.h"
#include "supervisor/supervise.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REAPS_PER_TURN = 256 };
enum { MANY_CHILDREN = 512, LOOK_NS = 4000 /* later, for each of them */ };

/* --- what signals do -------------------------------------------------------------------------- */

/* Only pid 1 may end the machine, which in a container is the container: elsewhere it would be the
 * host. ^C on our terminal asks for no reboot. */
static enum final_act final_of(const struct pid1 *p, int signal)
{
    if (!p->is_init)
        return FINAL_EXIT;
    if (signal == SIGINT)
        return p->loop.signal_code == SI_KERNEL ? FINAL_EXIT : FINAL_REBOOT;
    return signal == SIGUSR1 || signal == SIGPWR ? FINAL_POWEROFF : FINAL_EXIT;
}

static bool has_terminal(void)
{
    return isatty(0) || isatty(1) || isatty(2);
}

/* Somebody at a terminal wants to know what ^C does now, and what it would do next. */
static void say_interrupted(const struct supervisor *sv)
{
    const struct longruns *ls = &sv->longruns;
    char names[200] = "";
    size_t length = 0;
    if (sv->stop_asked) {
        message_line(MESSAGE_WARNING, "overlog up: info: killing what is left");
        return;
    }
    for (uint32_t i = 0; i < ls->count && length < sizeof names; i++) {
        const struct longrun *l = ls->item[i];
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
    const struct pid1 *p = &sv->pid1;
    if (p->guest && signal == SIGINT && p->stage < STAGE_KILL)
        say_interrupted(sv);
    switch (signal) {
    case SIGWINCH: /* the STOPSIGNAL of some images; of a terminal it says something else */
        if (p->guest || has_terminal())
            return;
        break;
    case SIGHUP:
    case SIGALRM:
        if (signal == SIGHUP && p->guest)
            break; /* our terminal is gone */
        scandir_scan(&sv->scandir);
        if (signal == SIGHUP)
            scandir_prune(&sv->scandir, false);
        return;
    default:
        break;
    }
    if (sv->stop_asked)
        stop_hurry(&sv->stop);
    else
        stop_begin(&sv->stop, "signal", signal, -1, final_of(p, signal));
    sv->stop_asked = true;
    if (signal == SIGABRT) /* no wait at all */
        stop_hurry(&sv->stop);
}

/* --- what was reported ------------------------------------------------------------------------ */

/* A letter of s6-svscanctl. */
static void stop_by_letter(struct stop *s, int letter)
{
    stop_begin(s, "halt", 0, -1, FINAL_EXIT);
    if (letter == 'q') /* nobody waits for services */
        stop_services_over(s);
    else if (letter == 'b')
        stop_hurry(s);
}

static void scan(struct supervisor *sv, int what)
{
    if ((what & NOTICE_SCAN_LOOK) != 0)
        scandir_scan(&sv->scandir);
    if ((what & NOTICE_SCAN_PRUNE) != 0 && sv->pid1.stage < STAGE_TERM)
        scandir_prune(&sv->scandir, (what & NOTICE_SCAN_ALL) != 0);
}

static void handle(struct supervisor *sv, const struct notice *n)
{
    switch (n->kind) {
    case NOTICE_EXIT:
        stop_begin(&sv->stop, "failure", 0, n->code, FINAL_EXIT);
        break;
    case NOTICE_CMD:
        stop_begin(&sv->stop, "cmd", 0, n->code, FINAL_EXIT);
        break;
    case NOTICE_HALT:
        stop_begin(&sv->stop, "halt", 0, -1, (enum final_act)n->code);
        break;
    case NOTICE_SVSCAN:
        stop_by_letter(&sv->stop, n->code);
        break;
    case NOTICE_SCAN:
        scan(sv, n->code);
        break;
    case NOTICE_REFUSED:
        stop_refused(&sv->stop);
        break;
    case NOTICE_GONE:
        sv->scandir.sweep = true;
        break;
    }
}

/* After every handler, and before the next one. */
static void settle(void *context)
{
    struct supervisor *sv = context;
    struct notice n;
    while (notice_next(&sv->pid1.notices, &n))
        handle(sv, &n);
    rc_idle(&sv->rc);
}

/* --- children --------------------------------------------------------------------------------- */

static void reload_reaped(struct supervisor *sv, uint32_t node, int status)
{
    char how[64];
    bool well = oneshot_reload_reaped(&sv->oneshots, node, status, how);
    change_reloaded(&sv->rc.change, node, well ? NULL : how);
}

static void reaped(struct supervisor *sv, pid_t pid, int status)
{
    if (sv->longruns.runs.births > 0 && children_find(&sv->pid1.children, pid) == NULL)
        longruns_look(&sv->longruns);
    struct child c = children_take(&sv->pid1.children, pid);
    switch (c.role) {
    case CHILD_NONE:
        break;
    case CHILD_SERVICE:
        longrun_reaped(sv->longruns.item[c.index], pid, status);
        break;
    case CHILD_PARENT:
        run_parent_reaped(&sv->longruns.item[c.index]->run, pid);
        break;
    case CHILD_LOGGER:
        logger_reaped(longruns_logger(&sv->longruns, c.index), status);
        break;
    case CHILD_ONESHOT:
        oneshot_reaped(&sv->oneshots, c.index, status);
        break;
    case CHILD_FORMER:
        former_reaped(&sv->oneshots, pid);
        break;
    case CHILD_RELOAD:
        reload_reaped(sv, c.index, status);
        break;
    case CHILD_TAIL:
        tail_reaped(&sv->tail);
        break;
    case CHILD_CMD:
        cmd_reaped(&sv->cmd, status);
        break;
    case CHILD_HOOK:
        boot_hook_reaped(sv, status);
        break;
    case CHILD_CLOSER:
        control_closed(&sv->control, c.index);
        break;
    case CHILD_DIVERTED:
        if (diverted_failed(&sv->diverted, (int)c.index, status))
            do_signal(sv, (int)c.index);
        break;
    }
}

/* False: it, or with -1 none, has changed. */
static bool take_changed(struct supervisor *sv, pid_t child)
{
    struct pid1 *p = &sv->pid1;
    int status;
    pid_t pid = p->calls->changed(child, &status);
    if (pid <= 0)
        return false;
    if (WIFSTOPPED(status))
        resume_soon(&sv->resume, pid);
    else
        reaped(sv, pid, status);
    settle(sv);
    return true;
}

static void reap(struct supervisor *sv)
{
    struct pid1 *p = &sv->pid1;
    for (int i = 0; i < REAPS_PER_TURN; i++)
        if (!take_changed(sv, -1)) {
            oom_reaped(&p->oom);
            return;
        }
    loop_timer(&p->loop, &sv->reap_more, pid1_now(p));
}

static void reap_more(struct timer *t)
{
    reap(container_of(t, struct supervisor, reap_more));
}

/* One signal may stand for several children, but names only the first. To find the others the
 * kernel looks at all that we have, which with thousands costs more than all else that follows from
 * a death: then that is done a little later, once for all that change meanwhile. */
static void child_changed(struct supervisor *sv)
{
    struct pid1 *p = &sv->pid1;
    if (p->settings.parents && (pid1_is_stopping(p) || sv->longruns.runs.execs > 0))
        resume_later(&sv->resume);
    if (p->children.count < sv->many_children) {
        reap(sv);
        return;
    }
    if (p->loop.signal_pid > 0)
        take_changed(sv, p->loop.signal_pid);
    oom_reaped(&p->oom);
    if (sv->reap_more.place == 0)
        loop_timer(&p->loop, &sv->reap_more, pid1_now(p) + (int64_t)p->children.count * LOOK_NS);
}

/* --- signals ---------------------------------------------------------------------------------- */

static void on_signal(void *context, int signal)
{
    struct supervisor *sv = context;
    settle(sv); /* of several at once, each finds done what followed from the last */
    if (signal == SIGCHLD)
        child_changed(sv);
    else if (signal == SIGHUP && sv->pid1.loop.signal_code == SI_KERNEL)
        return; /* our terminal is gone, or CMD's now */
    else if (signal == SIGALRM || signal == SIGABRT || !diverted_begin(&sv->diverted, signal))
        if (!cmd_signal(&sv->cmd, signal))
            do_signal(sv, signal);
}

static int watch_signals(struct supervisor *sv, struct error *e)
{
    static const int signals[] = PID1_SIGNALS;
    if (loop_signals(&sv->pid1.loop, signals, sizeof signals / sizeof signals[0], on_signal, sv,
                     e) < 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is an error to us */
    signal(SIGTTOU, SIG_IGN); /* in a session that is not ours, CMD may be in front of us */
    signal(SIGTTIN, SIG_IGN);
    process_know_signals();
    launch_reserve();
    return 0;
}

/* --- the control socket ----------------------------------------------------------------------- */

/* An event that another program has to tell: its name, its service ("": none), its other words. */
static int take_event(struct pid1 *p, struct control_connection *from, const char *const *words,
                      size_t count)
{
    static const char *const names[] = {"vacuum", NULL};
    if (count != 4 || !is_among(words[1], names)) {
        control_say(from, 'e', "unknown event\n");
        return EXIT_USAGE;
    }
    pid1_event(p, words[1], words[2][0] == '\0' ? NULL : words[2], "%s", words[3]);
    return 0;
}

static int on_control(void *context, struct control_connection *from, const char *const *words,
                      size_t count)
{
    struct supervisor *sv = context;
    if (strcmp(words[0], "halt") == 0)
        return halt_request(&sv->halt, from, words, count);
    if (strcmp(words[0], "s6-rc") == 0 || strcmp(words[0], "s6-rc-update") == 0)
        return rc_request(&sv->rc, from, words, count);
    if (strcmp(words[0], "event") == 0)
        return take_event(&sv->pid1, from, words, count);
    control_say(from, 'e', "unknown request\n");
    return EXIT_USAGE;
}

static void on_gone(void *context, const struct control_connection *from)
{
    struct supervisor *sv = context;
    rc_gone(&sv->rc, from);
}

/* Once the stop has come to processes none is begun for that: our end closes what is left. */
static pid_t on_close(void *context, int fd, uint32_t place)
{
    struct supervisor *sv = context;
    struct pid1 *p = &sv->pid1;
    struct error e = ERROR_INIT;
    /* But where loggers alone are left: in it lie a caller's descriptors, perhaps of a log. */
    if (p->stage == STAGE_TERM || p->stage == STAGE_KILL)
        return -1;
    pid_t pid = p->calls->close_slowly(fd);
    if (pid > 0) {
        shortage_over(&p->shortage);
        children_add(&p->children, pid, CHILD_CLOSER, place);
    } else if (pid < 0) {
        error_system(&e, "unable to fork");
        pid1_lacks(p, &p->shortage, "a connection that is over", "", &e);
        pid1_retry(p, &sv->close_again);
    }
    return pid;
}

static void close_again(struct retry *r)
{
    control_again(&container_of(r, struct supervisor, close_again)->control);
}

/* --- turns ------------------------------------------------------------------------------------ */

static void transition_over(struct supervisor *sv)
{
    enum transition_result result = sv->catalogue.transition.result;
    if (sv->pid1.stage == STAGE_STARTING)
        boot_services_over(sv, result);
    else if (sv->pid1.stage == STAGE_STOPPING)
        stop_services_over(&sv->stop);
    else
        rc_over(&sv->rc, result);
}

/* All that can be done now: what follows from it may be more. Sweeping comes once and last: what
 * cannot be had is looked at again in the next turn, and not for ever in this one. */
static void run_transition(struct supervisor *sv)
{
    do {
        settle(sv);
        while (engine_run(&sv->engine)) {
            transition_over(sv);
            settle(sv);
        }
        if (pid1_is_stopping(&sv->pid1))
            stop_step(&sv->stop);
    } while (sv->pid1.notices.count > 0);
    scandir_sweep(&sv->scandir);
    if (sv->pid1.stage == STAGE_DRAIN)
        control_again(&sv->control);
    settle(sv);
}

bool supervisor_turn(struct supervisor *sv)
{
    struct pid1 *p = &sv->pid1;
    struct error e = ERROR_INIT;
    run_transition(sv);
    status_flush(&sv->status);
    /* Who is told of an event, or has its answer, finds all that follows from it. */
    supervise_dir_tell_all(p);
    control_flush(&sv->control);
    if (p->stage == STAGE_OVER)
        return false;
    if (loop_turn(&p->loop, -1, &e) < 0) {
        pid1_lacks(p, &p->shortage, "", "", &e);
        poll(NULL, 0, 100); /* not in vain for ever */
    }
    return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

bool supervisor_begin(struct supervisor *sv, const struct supervisor_start *start,
                      const struct pid1_calls *calls, int *code)
{
    struct error e = ERROR_INIT;
    sv->reap_more.fire = reap_more;
    sv->many_children = MANY_CHILDREN;
    sv->close_again.again = close_again;
    supervise_forget();
    sv->control = (struct control){.loop = &sv->pid1.loop,
                                   .calls = calls,
                                   .handler = on_control,
                                   .gone = on_gone,
                                   .closer = on_close,
                                   .context = sv};
    if (pid1_open(&sv->pid1, calls, &e) == 0) {
        sv->pid1.loop.handled = settle;
        sv->pid1.loop.handled_context = sv;
        if (boot_parts(sv, start, &e) == 0 && watch_signals(sv, &e) == 0 && boot_begin(sv, &e) == 0)
            return true;
    }
    message_fatal("%s", e.text);
    *code = e.code;
    if (sv->longruns.init.state == LOGGER_NONE)
        return false;
    sv->stop.code = e.code; /* the logger is to say so */
    pid1_enter(&sv->pid1, STAGE_STOPPING);
    stop_services_over(&sv->stop);
    return true;
}

/* Processes of our own user could trace us and open, by /proc, what we hold for loggers. Root's
 * cannot be kept out, and are to reach /proc/1/fd/1, which for one that is not dumpable would need
 * a capability that containers do not have. What children execute is dumpable again. */
static void close_to_equals(void)
{
    if (geteuid() != 0)
        prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

static int finish(struct supervisor *sv)
{
    enum final_act final = sv->stop.final;
    if (sv->pid1.settings.sync)
        sync();
    if (final == FINAL_EXIT || !sv->pid1.is_init)
        return sv->stop.code;
    reboot(final == FINAL_REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
    message_warning("unable to %s: %s", final == FINAL_REBOOT ? "reboot" : "power off",
                    strerror(errno));
    return EXIT_SYSTEM;
}

int supervisor_run(const struct supervisor_start *start)
{
    static struct supervisor sv; /* one for the process: pid 1 */
    int code = EXIT_SYSTEM;
    sv.pid1.is_init = getpid() == 1;
    prctl(PR_SET_NAME, "s6-svscan");
    close_to_equals();
    if (!sv.pid1.is_init)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!supervisor_begin(&sv, start, &pid1_system, &code))
        return code;
    while (supervisor_turn(&sv))
        ;
    return finish(&sv);
}
