/* Longruns: performs the actions of the service machine. */
#include "base/clock.h"
#include "base/message.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWNER(pointer, member)                                                                     \
    ((struct longrun *)(void *)((char *)(pointer)-offsetof(struct longrun, member)))

enum { FDS_MAX = 8, NOTIFY_MOST = 4096 /* bytes before the newline that means ready */ };

static void close_watch(struct longrun *l, struct watch *w)
{
    if (w->fd < 0)
        return;
    if (w == &l->report)
        l->supervisor->reports--;
    loop_unwatch(&l->supervisor->pid1.loop, w);
    close(w->fd);
    w->fd = -1;
}

/* --- readiness and the exec report --------------------------------------------------------- */

/* As process_report; what it says is kept for those who ask. */
static int read_report(struct longrun *l)
{
    struct process_failure failure;
    char path[600];
    char why[1100];
    int result = l->supervisor->pid1.calls->report(l->report.fd, &failure);
    if (result != 0)
        return result;
    snprintf(path, sizeof path, "%s/run", l->path);
    process_explain(path, &failure, why, sizeof why);
    free(l->why);
    l->why = strdup(why);
    return 0;
}

static void report_ready(struct watch *w, uint32_t events)
{
    struct longrun *l = OWNER(w, report);
    (void)events;
    int result = read_report(l);
    if (result < 0)
        return;
    close_watch(l, w);
    if (result == 0)
        l->exec_failed = true; /* told to the machine when the child is reaped */
    else
        longrun_feed(l, SERVICE_SPAWNED, 0);
}

/* Reading on would cost us as much as writing costs the service. */
static void say_flooded(struct longrun *l)
{
    if (!l->flooded)
        message_line(MESSAGE_WARNING,
                     "s6-supervise %s: warning: %d bytes without a newline on descriptor %d "
                     "(notification-fd): closed, the service is not taken for ready",
                     l->definition->name, NOTIFY_MOST, l->keys.notification_fd);
    l->flooded = true;
}

static void notify_ready(struct watch *w, uint32_t events)
{
    struct longrun *l = OWNER(w, notify);
    static char text[NOTIFY_MOST];
    (void)events;
    /* When both wait, the one about exec comes first: what is ready has been executed. */
    if (l->report.fd >= 0)
        report_ready(&l->report, EPOLLIN);
    ssize_t n = l->supervisor->pid1.calls->read(w->fd, text, sizeof text);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    bool ready = n > 0 && memchr(text, '\n', (size_t)n) != NULL;
    l->unready_bytes += n > 0 ? (size_t)n : 0;
    if (n > 0 && !ready && l->unready_bytes < NOTIFY_MOST)
        return;
    if (n > 0 && !ready)
        say_flooded(l);
    close_watch(l, w);
    if (ready)
        longrun_feed(l, SERVICE_READIED, 0);
}

/* --- spawning ------------------------------------------------------------------------------- */

/* An update can leave it a logger, or a pipe of a consumer, that its definition has no use for. */
static const struct logged *own_logger(const struct longrun *l)
{
    static const struct logged none;
    enum logging_mode mode;
    return longrun_is_paired(l->supervisor, l->definition, &mode) ? &l->logger.logged : &none;
}

static size_t stdio_fds(const struct longrun *l, struct process_fd *fds)
{
    const struct supervisor *sv = l->supervisor;
    const struct logged *g = own_logger(l);
    bool bare = l->definition->keys.logging == LOGGING_CONSOLE;
    bool consumes = l->input[0] >= 0 && l->definition->consumer_for.count > 0;
    fds[0] = (struct process_fd){consumes ? l->input[0] : sv->pid1.null, 0};
    fds[1] = (struct process_fd){bare ? 1 : sv->pid1.out, 1};
    fds[2] = (struct process_fd){bare ? 2 : sv->pid1.err, 2};
    if (g->open) {
        fds[1].from = g->out_write;
        fds[2].from = g->err_write;
    }
    if (l->consumer != UINT32_MAX && sv->longrun[l->consumer]->input[1] >= 0)
        fds[1].from = sv->longrun[l->consumer]->input[1];
    return 3;
}

/* A pipe whose write end becomes the notification descriptor of the child; returns that end. */
static int open_notify(struct longrun *l)
{
    int ends[2];
    struct error ignored = ERROR_INIT;
    close_watch(l, &l->notify);
    l->unready_bytes = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    l->notify = (struct watch){.fd = ends[0], .ready = notify_ready};
    if (loop_watch(&l->supervisor->pid1.loop, &l->notify, EPOLLIN, &ignored) < 0)
        close_watch(l, &l->notify);
    return ends[1];
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* What the last instance left behind may still hold it: the new one waits before its exec. Nobody
 * else may open it, whose lock the new one would wait for as well. */
static int open_service_lock(const struct longrun *l, struct error *e)
{
    char path[600];
    struct stat st;
    snprintf(path, sizeof path, "%s/supervise/service-lock", l->path);
    int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_system(e, "unable to open %s", path);
    if (fstat(fd, &st) == 0 && (st.st_mode & 0077) != 0)
        fchmod(fd, 0600); /* an earlier version made it */
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        message_line(MESSAGE_WARNING,
                     "s6-supervise %s: warning: a process of an earlier instance still lives (it "
                     "holds %s): the new one waits for its end",
                     l->definition->name, path);
    return fd;
}

static int spawn_run(struct longrun *l, struct error *e)
{
    struct supervisor *sv = l->supervisor;
    struct process_fd fds[FDS_MAX];
    char *argv[] = {(char[]){"./run"}, l->definition->name, NULL};
    size_t count = stdio_fds(l, fds);
    int notify = -1;
    int lock = -1;
    int report = -1;
    if (descriptors_exist(&l->keys, e) < 0)
        return -1;
    if (l->keys.notification_fd >= 0) {
        notify = open_notify(l);
        if (notify < 0)
            return error_system(e, "unable to make the readiness pipe of %s", l->definition->name);
        fds[count++] = (struct process_fd){notify, l->keys.notification_fd};
    }
    if (l->keys.lock_fd >= 0) {
        lock = open_service_lock(l, e);
        if (lock < 0) {
            close_one(&notify);
            return -1;
        }
        fds[count++] = (struct process_fd){lock, l->keys.lock_fd};
    }
    struct process_spawn s = {
        .program = "./run",
        .argv = argv,
        .directory = l->path,
        .fds = fds,
        .fd_count = count,
        .writes = logged_writes(own_logger(l)),
        .new_session = true,
        .gate = logged_gate(own_logger(l)),
        .lock = lock,
        .new_pids = l->keys.new_pids,
    };
    l->forked = pid1_wall(&sv->pid1); /* before: what it says comes after its start */
    pid_t pid = pid1_spawn(&sv->pid1, &s, CHILD_SERVICE, l->index, &report, e);
    if (pid < 0 && s.new_pids && errno == EPERM) {
        if (!l->same_pids)
            message_line(MESSAGE_WARNING,
                         "s6-supervise %s: warning: flag-newpidns is ignored: it needs the "
                         "capability CAP_SYS_ADMIN (--cap-add SYS_ADMIN, or remove the file)",
                         l->definition->name);
        l->same_pids = true;
        s.new_pids = false;
        pid = pid1_spawn(&sv->pid1, &s, CHILD_SERVICE, l->index, &report, e);
    }
    int why = errno;
    close_one(&notify);
    close_one(&lock);
    if (pid < 0) {
        close_watch(l, &l->notify);
        errno = why;
        return -1;
    }
    shortage_over(&sv->pid1.shortage);
    l->machine.pid = pid;
    l->exec_failed = false;
    l->report = (struct watch){.fd = report, .ready = report_ready};
    sv->reports++;
    if (loop_watch(&sv->pid1.loop, &l->report, EPOLLIN, e) == 0)
        return 0;
    close_watch(l, &l->report);
    return 1;
}

static int spawn_finish(struct longrun *l, struct error *e)
{
    struct supervisor *sv = l->supervisor;
    int status = l->machine.wait_status;
    bool killed = WIFSIGNALED(status);
    char code[16];
    char number[16];
    char group[24];
    struct process_fd fds[FDS_MAX];
    size_t count = stdio_fds(l, fds);
    snprintf(code, sizeof code, "%d", killed ? 256 : WEXITSTATUS(status));
    snprintf(number, sizeof number, "%d", killed ? WTERMSIG(status) : 0);
    snprintf(group, sizeof group, "%ld", (long)l->machine.run_pid);
    char *argv[] = {(char[]){"./finish"}, code, number, l->definition->name, group, NULL};
    struct process_spawn s = {
        .program = "./finish",
        .argv = argv,
        .directory = l->path,
        .fds = fds,
        .fd_count = count,
        .writes = logged_writes(own_logger(l)),
        .new_session = true,
        .gate = logged_gate(own_logger(l)),
    };
    pid_t pid = pid1_spawn(&sv->pid1, &s, CHILD_SERVICE, l->index, NULL, e);
    if (pid < 0)
        return -1;
    l->machine.pid = pid;
    return 0;
}

/* --- actions -------------------------------------------------------------------------------- */

static void send_signal(struct longrun *l, int signal, bool group)
{
    if (l->machine.pid <= 0)
        return;
    pid_t target = group ? -l->machine.pid : l->machine.pid;
    refusal_kill(l->supervisor, l->definition->name, target, signal, &l->refused);
    pid1_kill(&l->supervisor->pid1, target, SIGCONT);
}

/* A consumer being stopped gets end of file first and its signal only if it does not end by that:
 * what its producers wrote is still in the pipe. */
static void drained(struct timer *t)
{
    struct longrun *l = OWNER(t, drain);
    if (l->machine.state == SERVICE_UP && l->machine.want == WANT_DOWN)
        send_signal(l, l->keys.down_signal, false);
}

static void end(struct longrun *l)
{
    struct supervisor *sv = l->supervisor;
    if (l->input[1] < 0 || sv->pid1.stage < STAGE_STOPPING) {
        send_signal(l, l->keys.down_signal, false);
        return;
    }
    close(l->input[1]);
    l->input[1] = -1;
    l->drain.fire = drained;
    loop_timer(&sv->pid1.loop, &l->drain, pid1_now(&sv->pid1) + sv->pid1.settings.drain * CLOCK_MS);
}

static void container_exit(struct longrun *l)
{
    int code = process_exit_code(l->machine.wait_status);
    enum definition_exit when = l->definition->keys.container_exit;
    if (l->supervisor->pid1.stage >= STAGE_STOPPING || l->machine.want != WANT_UP)
        return;
    if (when == EXIT_ALWAYS || (when == EXIT_FAILURE_ONLY && code != 0))
        stop_begin(l->supervisor, "failure", 0, code, FINAL_EXIT);
}

static void tell(struct longrun *l, int byte)
{
    struct supervisor *sv = l->supervisor;
    const char *name = l->definition->name;
    int status = l->machine.wait_status;
    long run = (long)l->machine.run_pid;
    if (byte == 'u')
        pid1_event_at(&sv->pid1, &l->forked, "start", name, "pid=%ld", (long)l->machine.pid);
    else if (byte == 'U')
        pid1_event(&sv->pid1, "ready", name, "pid=%ld", (long)l->machine.pid);
    else if (byte == 'd' && WIFSIGNALED(status))
        pid1_event(&sv->pid1, "exit", name, "pid=%ld signal=%d", run, WTERMSIG(status));
    else if (byte == 'd')
        pid1_event(&sv->pid1, "exit", name, "pid=%ld code=%d", run, WEXITSTATUS(status));
    else if (byte == 'O')
        pid1_event(&sv->pid1, "fail", name, "reason=finish said 125");
    if (byte == 'u')
        l->history.starts++;
    if (byte == 'd')
        l->history.died_at = pid1_now(&sv->pid1);
    if (byte == 'u' || byte == 'O')
        l->history.gave_up = byte == 'O';
    if (byte == 's' && l->leaving)
        return;
    if (byte == 's')
        controlled_forget(l);
    controlled_event(l, (char)byte);
    if (byte == 'd')
        container_exit(l);
    if (byte == 'x')
        sv->sweep = true;
}

/* Once for all, and to whom it keeps waiting each time. */
static void say_unspawned(const struct longrun *l, const char *why)
{
    struct supervisor *sv = l->supervisor;
    const char *name = l->definition->name;
    if (l->machine.failures == 0)
        message_line(MESSAGE_WARNING, "s6-supervise %s: warning: unable to spawn ./run: %s", name,
                     why);
    if (sv->rc.caller != NULL && l->node != NO_NODE && sv->transition.node[l->node].goal &&
        sv->transition.node[l->node].state == NODE_STARTING)
        pid1_say(&sv->pid1, MESSAGE_WARNING,
                 "s6-rc: warning: service %s is not up yet, it is tried again: %s", name, why);
}

/* Returns the event that follows at once, or SERVICE_EVENTS. */
static enum service_event perform(struct longrun *l, const struct service_action *a, int *detail)
{
    struct supervisor *sv = l->supervisor;
    struct error e = ERROR_INIT;
    int result;
    *detail = 0;
    switch (a->act) {
    case SERVICE_ACT_RUN:
        l->logger.boundary = false;
        if (own_logger(l)->open)
            logger_slot_first(&l->logger);
        result = spawn_run(l, &e);
        if (result == 0)
            return SERVICE_EVENTS;
        if (result > 0)
            return SERVICE_SPAWNED; /* it cannot be watched: believe it */
        if (shortage_is(errno)) {
            shortage_note(&sv->pid1.shortage, "service ", l->definition->name, &e, errno,
                          pid1_now(&sv->pid1));
            *detail = 1;
            return SERVICE_UNSPAWNED;
        }
        say_unspawned(l, e.text);
        return SERVICE_UNSPAWNED;
    case SERVICE_ACT_FINISH:
        if (spawn_finish(l, &e) == 0)
            return SERVICE_EVENTS;
        message_line(MESSAGE_WARNING, "s6-supervise %s: warning: unable to spawn ./finish: %s",
                     l->definition->name, e.text);
        return SERVICE_DIED;
    case SERVICE_ACT_END:
        end(l);
        return SERVICE_EVENTS;
    case SERVICE_ACT_KILL:
        send_signal(l, SIGKILL, l->keys.kill_group);
        return SERVICE_EVENTS;
    case SERVICE_ACT_SIGNAL:
        if (l->machine.pid > 0)
            refusal_kill(sv, l->definition->name, a->detail < 0 ? -l->machine.pid : l->machine.pid,
                         abs(a->detail), &l->refused);
        return SERVICE_EVENTS;
    case SERVICE_ACT_BOUNDARY:
        l->logger.boundary = true;
        logged_boundary(&l->logger.logged);
        return SERVICE_EVENTS;
    case SERVICE_ACT_EVENT:
        tell(l, a->detail);
        return SERVICE_EVENTS;
    case SERVICE_ACT_TALLY:
        controlled_death(l);
        return SERVICE_EVENTS;
    case SERVICE_ACT_STARTED:
        supervisor_node_done(sv, l->node, true, true);
        return SERVICE_EVENTS;
    case SERVICE_ACT_STOPPED:
        supervisor_node_done(sv, l->node, false, true);
        return SERVICE_EVENTS;
    case SERVICE_ACT_FAILED:
        if (l->node == NO_NODE)
            message_warning("service %s failed permanently", l->definition->name);
        else
            pid1_say(&sv->pid1, MESSAGE_WARNING, "s6-rc: warning: service %s failed permanently",
                     l->definition->name);
        supervisor_node_done(sv, l->node, true, false);
        return SERVICE_EVENTS;
    }
    return SERVICE_EVENTS;
}

static void deadline(struct timer *t)
{
    longrun_feed(OWNER(t, timer), SERVICE_DEADLINE, 0);
}

/* Before what they matter for: a start, an end, a death. */
static void read_files(struct longrun *l, enum service_event event)
{
    bool starts = event == SERVICE_WANT_UP || event == SERVICE_WANT_ONCE ||
                  (event == SERVICE_DEADLINE && l->machine.state == SERVICE_DOWN);
    if (!starts && event != SERVICE_WANT_DOWN && event != SERVICE_DIED && event != SERVICE_LEAVE)
        return;
    servicedir_read(&l->keys, l->path, starts ? l->definition->name : NULL);
    l->rules = (struct service_rules){
        .notifies = starts ? l->keys.notification_fd >= 0 : l->rules.notifies,
        .has_finish = l->keys.has_finish,
        .normally_up = !l->keys.down && !l->leaving && l->supervisor->pid1.stage < STAGE_STOPPING,
        .timeout_kill = l->keys.timeout_kill,
        .timeout_finish = l->keys.timeout_finish,
    };
}

void longrun_feed(struct longrun *l, enum service_event event, int detail)
{
    struct supervisor *sv = l->supervisor;
    while (event != SERVICE_EVENTS) {
        struct service_actions actions;
        enum service_event next = SERVICE_EVENTS;
        int next_detail = 0;
        read_files(l, event);
        if (service_step(&l->machine, &l->rules, event, detail, pid1_now(&sv->pid1), &actions) <
            0) {
            message_warning("service %s: %s while %s, please report this", l->definition->name,
                            service_event_name(event), service_state_name(l->machine.state));
            return;
        }
        for (unsigned int i = 0; i < actions.count; i++) {
            int d;
            enum service_event follows = perform(l, &actions.item[i], &d);
            if (follows != SERVICE_EVENTS) {
                next = follows;
                next_detail = d;
            }
        }
        event = next;
        detail = next_detail;
    }
    controlled_refresh(l);
    status_touch(&sv->pid1.changes, l->record);
    l->timer.fire = deadline;
    if (l->machine.deadline == 0)
        loop_untimer(&sv->pid1.loop, &l->timer);
    else
        loop_timer(&sv->pid1.loop, &l->timer, l->machine.deadline);
}

/* --- death ---------------------------------------------------------------------------------- */

static void unspawned(struct longrun *l)
{
    const char *why = l->why != NULL ? l->why : "unable to execute it";
    say_unspawned(l, why);
    pid1_event(&l->supervisor->pid1, "fail", l->definition->name, "reason=%s", why);
    close_watch(l, &l->notify);
    longrun_feed(l, SERVICE_UNSPAWNED, 0);
}

void longrun_reaped(struct longrun *l, pid_t pid, int status)
{
    if (pid != l->machine.pid)
        return;
    if (l->machine.state == SERVICE_STARTING) {
        /* Its death can be seen before its report: read that first. */
        if (l->report.fd >= 0) {
            l->exec_failed = read_report(l) == 0;
            close_watch(l, &l->report);
        }
        if (l->exec_failed) {
            unspawned(l);
            return;
        }
        longrun_feed(l, SERVICE_SPAWNED, 0);
    }
    /* A newline written just before the end still counts. */
    if (l->machine.state == SERVICE_UP && l->notify.fd >= 0)
        notify_ready(&l->notify, EPOLLIN);
    close_watch(l, &l->notify);
    loop_untimer(&l->supervisor->pid1.loop, &l->drain);
    longrun_feed(l, SERVICE_DIED, status);
}
