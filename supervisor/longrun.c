#include "supervisor/longrun.h"
#include "base/container.h"
#include "base/message.h"
#include "services/servicedir.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static void take_status(struct longrun *l)
{
    const struct service *m = &l->machine;
    struct supervise_status *s = &l->seen.status;
    s->pid = m->pid;
    s->wait_status = m->wait_status;
    s->finishing = m->state == SERVICE_FINISH;
    s->want_up = m->want == WANT_UP;
    s->is_ready = m->ready || m->state == SERVICE_DOWN; /* to be started */
    s->paused = m->paused || !m->ever_started;          /* not started yet is said that way */
    if (m->pid > 0)
        s->group = m->pid; /* each leads its own */
}

static void show(struct longrun *l)
{
    if (l->machine.state == SERVICE_STARTING)
        return; /* its u is about to come */
    take_status(l);
    supervise_dir_refresh(&l->seen);
}

/* --- actions ---------------------------------------------------------------------------------- */

static void write_event(struct longrun *l, int byte)
{
    struct pid1 *p = l->all->pid1;
    const char *name = l->definition->name;
    int status = l->machine.wait_status;
    long run = (long)l->machine.run_pid;
    const char *asked = l->history.asked ? " asked=1" : "";
    if (byte == 'u')
        pid1_event_at(p, &l->run.forked, "start", name, "pid=%ld", (long)l->machine.pid);
    else if (byte == 'U')
        pid1_event(p, "ready", name, "pid=%ld", (long)l->machine.pid);
    else if (byte == 'd' && WIFSIGNALED(status))
        pid1_event(p, "exit", name, "pid=%ld signal=%d%s%s%s", run, WTERMSIG(status),
                   l->history.oom ? " oom=1" : "", WCOREDUMP(status) ? " core=1" : "", asked);
    else if (byte == 'd')
        pid1_event(p, "exit", name, "pid=%ld code=%d%s", run, WEXITSTATUS(status), asked);
    else if (byte == 'O')
        longrun_event_failed(l);
}

/* more: another event follows in the same step. A d with its D is one change to who looks on. */
static void tell(struct longrun *l, int byte, bool more)
{
    write_event(l, byte);
    if (byte == 'u')
        l->history.starts++;
    if (byte == 'd')
        l->history.died_at = pid1_now(l->all->pid1);
    if (byte == 'x')
        notice_post(&l->all->pid1->notices, NOTICE_GONE, 0);
    if ((byte == 's' || byte == 'x') && l->member == MEMBER_REMOVING)
        return; /* longruns_remove says that it has left */
    if (byte == 's')
        supervise_dir_forget_deaths(&l->seen);
    take_status(l);
    if (more && byte == 'd')
        supervise_dir_note(&l->seen, 'd');
    else
        supervise_dir_event(&l->seen, (char)byte);
}

/* Nothing starts it again: what its logger reads now ends with the pipe. */
static bool is_over(const struct longrun *l)
{
    return pid1_is_stopping(l->all->pid1) && service_at_rest(&l->machine);
}

/* Once for all, and to a caller who waits for it each time. */
static void say_unspawned(const struct longrun *l, const char *why)
{
    struct pid1 *p = l->all->pid1;
    const char *name = l->definition->name;
    if (l->machine.failures == 0)
        message_line(MESSAGE_WARNING, "s6-supervise %s: warning: unable to spawn ./run: %s", name,
                     why);
    if (p->voice.say != NULL && catalogue_awaits(l->all->catalogue, l->node, true) &&
        l->all->catalogue->transition.node[l->node].goal)
        pid1_say(p, MESSAGE_WARNING,
                 "s6-rc: warning: service %s is not up yet, it is tried again: %s", name, why);
}

/* The file down is as s6-rc left the service. */
static void node_done(struct longrun *l, bool start, bool success)
{
    if (catalogue_done(l->all->catalogue, l->all->pid1, l->node, start, success) && success)
        supervise_dir_mark_down(&l->seen, !start);
}

static void fail(struct longrun *l)
{
    longrun_say_failed(l);
    node_done(l, true, false);
}

/* Only who waits for its start misses something: it ended as it may. */
static void ended_unready(struct longrun *l)
{
    if (catalogue_awaits(l->all->catalogue, l->node, true))
        pid1_say(l->all->pid1, MESSAGE_WARNING,
                 "s6-rc: warning: service %s ended before it was ready", l->definition->name);
    node_done(l, true, false);
}

static void end_container(struct longrun *l, int code)
{
    if (!pid1_is_stopping(l->all->pid1))
        notice_post(&l->all->pid1->notices, NOTICE_EXIT, code);
}

/* Returns the event that follows at once, or SERVICE_EVENTS. */
static enum service_event spawn_run(struct longrun *l, int *detail)
{
    struct pid1 *p = l->all->pid1;
    struct error e = ERROR_INIT;
    l->logger.boundary = false;
    if (longrun_has_logger(l) && l->logger.state == LOGGER_FRESH)
        logger_start(&l->logger);
    int result = longrun_spawn_run(l, &e);
    if (result == 0)
        return SERVICE_EVENTS;
    if (result > 0)
        return SERVICE_SPAWNED; /* it cannot be watched: believe it */
    *detail = shortage_is(e.why) ? SERVICE_LACK : 0;
    if (*detail != 0) {
        pid1_lacks(p, &p->shortage, "service ", l->definition->name, &e);
    } else {
        run_keep_why(&l->run, e.text);
        say_unspawned(l, e.text);
    }
    return SERVICE_UNSPAWNED;
}

static enum service_event spawn_finish(struct longrun *l)
{
    struct error e = ERROR_INIT;
    if (longrun_spawn_finish(l, &e) == 0)
        return SERVICE_EVENTS;
    finish_say(l->definition->name, e.text);
    return SERVICE_DIED;
}

static bool more_events(const struct service_actions *all, unsigned int i)
{
    while (++i < all->count)
        if (all->item[i].act == SERVICE_ACT_EVENT)
            return true;
    return false;
}

/* Returns the event that follows at once, or SERVICE_EVENTS. */
static enum service_event perform(struct longrun *l, const struct service_actions *all,
                                  unsigned int i, int *detail)
{
    const struct service_action *a = &all->item[i];
    *detail = 0;
    switch (a->act) {
    case SERVICE_ACT_RUN:
        return spawn_run(l, detail);
    case SERVICE_ACT_FINISH:
        return spawn_finish(l);
    case SERVICE_ACT_END:
        longrun_end(l);
        break;
    case SERVICE_ACT_KILL:
        longrun_signal(l, SIGKILL, l->keys.kill_group);
        break;
    case SERVICE_ACT_SIGNAL:
        if (!birth_holds(&l->run.birth, a->detail))
            longrun_pass_signal(l, a->detail);
        break;
    case SERVICE_ACT_BOUNDARY:
        if (!is_over(l))
            logger_boundary(&l->logger);
        break;
    case SERVICE_ACT_EVENT:
        tell(l, a->detail, more_events(all, i));
        break;
    case SERVICE_ACT_TALLY:
        supervise_dir_death(&l->seen, l->machine.wait_status, l->keys.max_death_tally);
        break;
    case SERVICE_ACT_STARTED:
    case SERVICE_ACT_STOPPED:
        node_done(l, a->act == SERVICE_ACT_STARTED, true);
        break;
    case SERVICE_ACT_UNREADY:
        ended_unready(l);
        break;
    case SERVICE_ACT_FAILED:
        fail(l);
        break;
    case SERVICE_ACT_LOOPS:
        longrun_say_loops(l);
        break;
    case SERVICE_ACT_EXIT:
        end_container(l, a->detail);
        break;
    }
    return SERVICE_EVENTS;
}

/* --- events ----------------------------------------------------------------------------------- */

static void deadline(struct timer *t)
{
    longrun_feed(container_of(t, struct longrun, deadline), SERVICE_DEADLINE, 0);
}

static void read_keys(struct longrun *l, enum service_event event)
{
    enum service_reading how = service_reads(&l->machine, event);
    bool stops = catalogue_awaits(l->all->catalogue, l->node, false);
    if (how == READS_NOTHING)
        return;
    servicedir_read(&l->keys, l->path, how == READS_FOR_A_START ? l->definition->name : NULL);
    const struct service_rules read = {
        .notifies = l->keys.notification_fd >= 0,
        .has_finish = l->keys.has_finish,
        .normally_up = !l->keys.down && !stops && l->member < MEMBER_REMOVING &&
                       !pid1_is_stopping(l->all->pid1),
        .timeout_kill = l->keys.timeout_kill,
        .timeout_finish = l->keys.timeout_finish,
        .container_exit = l->definition->keys.container_exit,
        .restart = l->keys.restart,
    };
    service_take_rules(&l->rules, &read, how);
}

/* One step of the machine. Returns the event that follows at once, or SERVICE_EVENTS. */
static enum service_event step(struct longrun *l, enum service_event event, int *detail)
{
    struct service_actions actions;
    enum service_event next = SERVICE_EVENTS;
    int next_detail = 0;
    read_keys(l, event);
    if (service_step(&l->machine, &l->rules, event, *detail, pid1_now(l->all->pid1), &actions) <
        0) {
        message_warning("service %s: %s while %s, please report this", l->definition->name,
                        service_event_name(event), service_state_name(l->machine.state));
        return SERVICE_EVENTS;
    }
    for (unsigned int i = 0; i < actions.count; i++) {
        int d;
        enum service_event follows = perform(l, &actions, i, &d);
        if (follows != SERVICE_EVENTS) {
            next = follows;
            next_detail = d;
        }
    }
    *detail = next_detail;
    return next;
}

void longrun_feed(struct longrun *l, enum service_event event, int detail)
{
    struct pid1 *p = l->all->pid1;
    while (event != SERVICE_EVENTS)
        event = step(l, event, &detail);
    show(l);
    status_touch(&p->changes, l->record);
    l->deadline.fire = deadline;
    loop_timer(&p->loop, &l->deadline, l->machine.deadline);
    if (is_over(l) && l->logger.state != LOGGER_ENDING)
        logger_hang_up(&l->logger); /* it ends while others still stop */
}

static void unspawned(struct longrun *l)
{
    const char *why = l->run.why != NULL ? l->run.why : "unable to execute it";
    say_unspawned(l, why);
    pid1_event(l->all->pid1, "fail", l->definition->name, "reason=%s", why);
    run_end(&l->run, false);
    longrun_feed(l, SERVICE_UNSPAWNED, l->run.code);
}

/* With a parent: there is no process, and none comes. */
static void stillborn(struct longrun *l)
{
    struct pid1 *p = l->all->pid1;
    struct error e = ERROR_INIT;
    int lack = l->run.birth.lack;
    errno = lack != 0 ? lack : ECHILD;
    error_system(&e, "unable to fork");
    if (l->machine.state != SERVICE_STARTING) {
        finish_say(l->definition->name, e.text);
        longrun_feed(l, SERVICE_DIED, 0);
    } else if (lack != 0) {
        pid1_lacks(p, &p->shortage, "service ", l->definition->name, &e);
        run_end(&l->run, false);
        longrun_feed(l, SERVICE_UNSPAWNED, SERVICE_LACK);
    } else {
        unspawned(l);
    }
}

static void run_told(struct run *r, enum service_event event)
{
    struct longrun *l = container_of(r, struct longrun, run);
    if (event == SERVICE_UNSPAWNED)
        stillborn(l);
    else
        longrun_feed(l, event, 0);
}

/* Signals that have waited for that are sent. */
static void born(struct run *r, pid_t pid, bool here)
{
    struct longrun *l = container_of(r, struct longrun, run);
    struct pid1 *p = l->all->pid1;
    if (here)
        longrun_say_same_pids(l);
    l->machine.pid = pid;
    children_add(&p->children, pid, CHILD_SERVICE, l->index);
    for (unsigned int i = 0; i < r->birth.held; i++)
        longrun_pass_signal(l, r->birth.signal[i]);
    if (l->machine.state == SERVICE_FINISH)
        l->finish.report = run_take_report(r);
    show(l);
    status_touch(&p->changes, l->record);
}

/* Of the end of a run, not of a finish. */
static void look_at_end(struct longrun *l, int status)
{
    char whom[300];
    l->history.asked = l->machine.want == WANT_DOWN || l->machine.asked;
    l->history.oom = oom_takes(&l->all->pid1->oom, status);
    snprintf(whom, sizeof whom, "service %s", l->definition->name);
    if (l->history.oom)
        oom_say(&l->all->pid1->oom, whom);
    if (WIFSIGNALED(status) && WCOREDUMP(status))
        message_warning("service %s left a core dump: signal %d", l->definition->name,
                        WTERMSIG(status));
}

void longrun_reaped(struct longrun *l, pid_t pid, int status)
{
    if (pid != l->machine.pid)
        return;
    finish_reaped(&l->finish, l->all->pid1, l->definition->name, l->path, status);
    run_forget_parent(&l->run);
    if (l->machine.state == SERVICE_STARTING) {
        /* Its death can be seen before its report: read that first. */
        if (run_has_failed(&l->run)) {
            unspawned(l);
            return;
        }
        longrun_feed(l, SERVICE_SPAWNED, 0);
    }
    if (l->machine.state != SERVICE_FINISH)
        look_at_end(l, status);
    run_end(&l->run, l->machine.state == SERVICE_UP);
    loop_untimer(&l->all->pid1->loop, &l->pipe.drain);
    longrun_feed(l, SERVICE_DIED, status);
}

/* --- what is asked for in its directory ------------------------------------------------------- */

static void obey(struct longrun *l, const struct supervise_letter *letter)
{
    static const unsigned char events[] = {
        [SUPERVISE_SIGNAL] = SERVICE_SIGNAL,       [SUPERVISE_GROUP] = SERVICE_SIGNAL,
        [SUPERVISE_DOWN_SIGNAL] = SERVICE_RESTART, [SUPERVISE_RELOAD_SIGNAL] = SERVICE_SIGNAL,
        [SUPERVISE_UP] = SERVICE_WANT_UP,          [SUPERVISE_DOWN] = SERVICE_WANT_DOWN,
        [SUPERVISE_ONCE] = SERVICE_WANT_ONCE,      [SUPERVISE_STAY_DOWN] = SERVICE_STAY_DOWN,
        [SUPERVISE_LEAVE] = SERVICE_LEAVE,
    };
    enum supervise_wish wish = letter->wish;
    int signal = letter->signal;
    bool starts = wish == SUPERVISE_UP || wish == SUPERVISE_ONCE;
    if (starts && (pid1_is_stopping(l->all->pid1) || l->member >= MEMBER_REMOVING))
        return;
    if (letter->mark != SUPERVISE_KEEP)
        supervise_dir_mark_down(&l->seen, letter->mark == SUPERVISE_MARK_DOWN);
    if (wish == SUPERVISE_DOWN_SIGNAL || wish == SUPERVISE_RELOAD_SIGNAL) {
        servicedir_read(&l->keys, l->path, NULL);
        signal = wish == SUPERVISE_DOWN_SIGNAL ? l->keys.down_signal : l->keys.reload_signal;
    }
    longrun_feed(l, (enum service_event)events[wish], wish == SUPERVISE_GROUP ? -signal : signal);
}

void longrun_reload(struct longrun *l)
{
    obey(l, supervise_letter('l'));
}

static void asked(struct supervise_dir *d, const char *letters, size_t count)
{
    struct longrun *l = container_of(d, struct longrun, seen);
    for (size_t i = 0; i < count; i++) {
        const struct supervise_letter *letter = supervise_letter(letters[i]);
        if (letter != NULL && l->member != MEMBER_PREPARED)
            obey(l, letter);
    }
}

bool longrun_is_at(const struct longrun *l, const struct stat *st)
{
    return l->seen.supervise.inode == st->st_ino && l->seen.supervise.device == st->st_dev;
}

void longrun_init(struct longrun *l)
{
    struct longruns *all = l->all;
    const char *name = l->definition->name;
    keys_init(&l->keys);
    l->run = (struct run){.pid1 = all->pid1,
                          .name = name,
                          .path = l->path,
                          .counts = &all->runs,
                          .event = run_told,
                          .born = born};
    run_init(&l->run);
    supervise_dir_init(&l->seen, all->pid1, name, l->path, false, asked);
    logger_init(&l->logger, all->logging, l->index + 2);
    l->pipe = (struct pipeline){.input = {-1, -1}, .consumer = NO_LONGRUN};
    l->finish = (struct finish){.report = -1};
}
