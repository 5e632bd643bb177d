#include "supervisor/run.h"
#include "base/container.h"
#include "base/file.h"
#include "base/launch.h"
#include "base/message.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { NOTIFY_MOST = 4096 /* bytes before the newline that means ready */, BERTHS_KEPT = 4 };

static int unwatch(struct run *r, struct watch *w)
{
    int fd = w->fd;
    if (fd >= 0 && w == &r->report) {
        if (--r->counts->execs == 0)
            launch_rest(BERTHS_KEPT);
        pid1_forget_retry(r->pid1, &r->look);
    }
    if (fd >= 0)
        loop_unwatch(&r->pid1->loop, w);
    w->fd = -1;
    return fd;
}

static void close_watch(struct run *r, struct watch *w)
{
    int fd = unwatch(r, w);
    fd_close(fd);
}

/* --- births ----------------------------------------------------------------------------------- */

static void set_awaited(struct run *r, bool awaited)
{
    if (awaited != r->birth.awaited)
        r->counts->births += awaited ? 1 : (uint32_t)-1;
    r->birth.awaited = awaited;
}

static void be_born(struct run *r, const struct process_failure *told)
{
    if (!r->birth.awaited)
        return;
    set_awaited(r, false);
    r->born(r, told->error, strcmp(told->step, PROCESS_BORN_HERE) == 0);
}

void run_forget_parent(struct run *r)
{
    if (r->birth.parent > 0)
        children_take(&r->pid1->children, r->birth.parent);
    r->birth.parent = 0;
    set_awaited(r, false);
}

/* --- the exec report -------------------------------------------------------------------------- */

void run_keep_why(struct run *r, const char *why)
{
    free(r->why);
    r->why = strdup(why);
}

/* As process_report once it is born; why a run failed is kept for those who ask. */
static int read_report(struct run *r)
{
    struct process_failure failure;
    char path[600];
    char why[PID1_WHY_MAX];
    int result;
    while ((result = r->pid1->calls->report(r->report.fd, &failure)) == 2) {
        be_born(r, &failure);
        if (r->report.fd < 0)
            return -1; /* it was taken */
    }
    if (result != 0)
        return result;
    r->birth.lack = r->birth.awaited && shortage_is(failure.error) ? failure.error : 0;
    if (r->finishes)
        return 0;
    snprintf(path, sizeof path, "%s/run", r->path);
    process_explain(path, &failure, why, sizeof why);
    run_keep_why(r, why);
    r->code = failure.error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC;
    return 0;
}

/* Without the loop it is looked at again and again. */
static int await_report(struct run *r)
{
    struct error ignored = ERROR_INIT;
    if (r->report.fd < 0)
        return 0; /* it was taken */
    return loop_watch(&r->pid1->loop, &r->report, EPOLLIN | EPOLLONESHOT, &ignored);
}

static void report_ready(struct watch *w, uint32_t events)
{
    struct run *r = container_of(w, struct run, report);
    (void)events;
    int result = read_report(r);
    if (result < 0) {
        await_report(r);
        return;
    }
    close_watch(r, w);
    if (r->birth.awaited) {
        if (result > 0 && !r->finishes)
            run_keep_why(r, "it was killed before it could be executed");
        run_forget_parent(r);
        r->event(r, SERVICE_UNSPAWNED);
    } else if (result == 0) {
        r->failed = true; /* told to the machine when the child is reaped */
    } else {
        r->event(r, SERVICE_SPAWNED);
    }
}

void run_look(struct run *r)
{
    if (r->report.fd >= 0)
        report_ready(&r->report, EPOLLIN);
}

static void look_again(struct retry *again)
{
    struct run *r = container_of(again, struct run, look);
    run_look(r);
    if (r->report.fd >= 0)
        pid1_retry(r->pid1, &r->look);
}

/* Without the loop a birth has to be heard of all the same; nothing else has. */
static int begin(struct run *r, int report, pid_t parent)
{
    r->failed = false;
    r->code = 0;
    if (parent > 0) {
        birth_begin(&r->birth, parent);
        r->counts->births++;
    }
    r->report = (struct watch){.fd = report, .ready = report_ready};
    r->counts->execs++;
    if (await_report(r) == 0)
        return 0;
    if (parent > 0) {
        pid1_retry(r->pid1, &r->look);
        return 0;
    }
    close_watch(r, &r->report);
    return 1;
}

int run_begin(struct run *r, int report, pid_t parent)
{
    r->finishes = false;
    return begin(r, report, parent);
}

void run_begin_finish(struct run *r, int report, pid_t parent)
{
    r->finishes = true;
    (void)begin(r, report, parent);
}

int run_take_report(struct run *r)
{
    return unwatch(r, &r->report);
}

void run_parent_reaped(struct run *r, pid_t pid)
{
    if (r->birth.parent != pid)
        return;
    r->birth.parent = 0;
    if (r->birth.awaited)
        run_look(r);
}

bool run_has_failed(struct run *r)
{
    if (r->report.fd >= 0) {
        r->failed = read_report(r) == 0;
        close_watch(r, &r->report);
    }
    return r->failed;
}

/* --- readiness -------------------------------------------------------------------------------- */

/* Reading on would cost us as much as writing costs the service. */
static void say_flooded(struct run *r)
{
    if (!r->flooded)
        message_line(MESSAGE_WARNING,
                     "s6-supervise %s: warning: %d bytes without a newline on descriptor %d "
                     "(notification-fd): closed, the service is not taken for ready",
                     r->name, NOTIFY_MOST, r->notify_to);
    r->flooded = true;
}

static void notify_ready(struct watch *w, uint32_t events)
{
    struct run *r = container_of(w, struct run, notify);
    static char text[NOTIFY_MOST];
    (void)events;
    /* When both wait, the one about exec comes first: what is ready has been executed. */
    if (r->report.fd >= 0)
        report_ready(&r->report, EPOLLIN);
    ssize_t n = r->pid1->calls->read(w->fd, text, sizeof text);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    bool ready = n > 0 && memchr(text, '\n', (size_t)n) != NULL;
    r->unready_bytes += n > 0 ? (size_t)n : 0;
    if (n > 0 && !ready && r->unready_bytes < NOTIFY_MOST)
        return;
    if (n > 0 && !ready)
        say_flooded(r);
    close_watch(r, w);
    if (ready)
        r->event(r, SERVICE_READIED);
}

int run_open_notify(struct run *r, int to)
{
    int ends[2];
    struct error ignored = ERROR_INIT;
    close_watch(r, &r->notify);
    r->unready_bytes = 0;
    r->notify_to = to;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    r->notify = (struct watch){.fd = ends[0], .ready = notify_ready};
    if (loop_watch(&r->pid1->loop, &r->notify, EPOLLIN, &ignored) < 0)
        close_watch(r, &r->notify);
    return ends[1];
}

void run_end(struct run *r, bool ready_counts)
{
    /* A newline written just before the end still counts. */
    if (ready_counts && r->notify.fd >= 0)
        notify_ready(&r->notify, EPOLLIN);
    close_watch(r, &r->notify);
}

/* ---------------------------------------------------------------------------------------------- */

void run_init(struct run *r)
{
    r->report.fd = r->notify.fd = -1;
    r->look.again = look_again;
}

void run_release(struct run *r)
{
    run_forget_parent(r);
    close_watch(r, &r->report);
    close_watch(r, &r->notify);
    free(r->why);
    r->why = NULL;
}
