#include "supervisor/run.h"
#include "base/container.h"
#include "base/message.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { NOTIFY_MOST = 4096 /* bytes before the newline that means ready */ };

static void close_watch(struct run *r, struct watch *w)
{
    if (w->fd < 0)
        return;
    if (w == &r->report)
        --*r->pending;
    loop_unwatch(&r->pid1->loop, w);
    close(w->fd);
    w->fd = -1;
}

/* --- the exec report -------------------------------------------------------------------------- */

/* As process_report; why it failed is kept for those who ask. */
static int read_report(struct run *r)
{
    struct process_failure failure;
    char path[600];
    char why[1100];
    int result = r->pid1->calls->report(r->report.fd, &failure);
    if (result != 0)
        return result;
    snprintf(path, sizeof path, "%s/run", r->path);
    process_explain(path, &failure, why, sizeof why);
    free(r->why);
    r->why = strdup(why);
    return 0;
}

static void report_ready(struct watch *w, uint32_t events)
{
    struct run *r = container_of(w, struct run, report);
    (void)events;
    int result = read_report(r);
    if (result < 0)
        return;
    close_watch(r, w);
    if (result == 0)
        r->failed = true; /* told to the machine when the child is reaped */
    else
        r->event(r, SERVICE_SPAWNED);
}

int run_begin(struct run *r, int report)
{
    struct error ignored = ERROR_INIT;
    r->failed = false;
    r->report = (struct watch){.fd = report, .ready = report_ready};
    ++*r->pending;
    if (loop_watch(&r->pid1->loop, &r->report, EPOLLIN, &ignored) == 0)
        return 0;
    close_watch(r, &r->report);
    return 1;
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

void run_init(struct run *r, struct pid1 *p, const char *name, const char *path, uint32_t *pending,
              run_event *event)
{
    *r = (struct run){.pid1 = p,
                      .name = name,
                      .path = path,
                      .pending = pending,
                      .event = event,
                      .report = {.fd = -1},
                      .notify = {.fd = -1}};
}

void run_release(struct run *r)
{
    close_watch(r, &r->report);
    close_watch(r, &r->notify);
    free(r->why);
    r->why = NULL;
}
