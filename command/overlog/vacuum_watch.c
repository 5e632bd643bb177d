#include "command/overlog/vacuum_watch.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/message.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    PAUSE_MS = 20,    /* between two looks, at least, */
    PAUSE_LOOKS = 4,  /* and as many times as long as a look takes: a fifth of a processor */
    POLL_MS = 2000,   /* between looks where the kernel does not tell of changes */
    DOUBLED_MOST = 9, /* times that this pause is doubled where there is nothing: 17 minutes */
    SAY_MS = 60000    /* between two events about one directory */
};

/* What has been deleted of a directory and not been told. */
struct loss {
    char *name; /* owned */
    long archives;
    int64_t bytes;
    int64_t told; /* when something was told last, monotonic ns; 0: never */
};

struct watcher {
    struct loop loop;
    struct vacuum_request *request;
    struct vacuum vacuum;
    struct watch events; /* inotify; fd -1: there is none */
    int newest;          /* the highest number of a watch */
    bool polls;          /* the kernel cannot tell of all changes */
    unsigned int absent; /* how many looks in a row found no root */
    struct timer look;   /* the next look is due */
    int64_t not_before;  /* monotonic ns: the next look */
    struct timer tell;   /* a loss is due to be told */
    struct loss *loss;   /* owned */
    size_t losses, room;
};

/* --- events ----------------------------------------------------------------------------------- */

static struct loss *find_loss(struct watcher *w, const char *name)
{
    for (size_t i = 0; i < w->losses; i++)
        if (strcmp(w->loss[i].name, name) == 0)
            return &w->loss[i];
    char *copy = LIST_ROOM(w->loss, w->losses, w->room) < 0 ? NULL : strdup(name);
    if (copy == NULL)
        return NULL;
    w->loss[w->losses] = (struct loss){.name = copy};
    return &w->loss[w->losses++];
}

/* Tells the losses that are due, and sets the timer for the others; all of them at the end. */
static void tell(struct watcher *w, bool all)
{
    int64_t now = clock_monotonic(), next = 0;
    for (size_t i = 0; i < w->losses; i++) {
        struct loss *l = &w->loss[i];
        int64_t due = l->told == 0 ? now : l->told + SAY_MS * CLOCK_MS;
        if (l->archives == 0)
            continue;
        if (!all && due > now) {
            next = next == 0 || due < next ? due : next;
            continue;
        }
        vacuum_tell(l->name, l->archives, l->bytes);
        *l = (struct loss){.name = l->name, .told = now};
    }
    if (next != 0)
        loop_timer(&w->loop, &w->tell, next);
}

static void tell_later(struct timer *t)
{
    tell(container_of(t, struct watcher, tell), false);
}

static void note_losses(struct watcher *w)
{
    for (size_t i = 0; i < w->vacuum.count; i++) {
        const struct vacuum_directory *d = &w->vacuum.item[i];
        struct loss *l = d->gone > 0 ? find_loss(w, d->name) : NULL;
        if (l == NULL)
            continue;
        l->archives += d->gone;
        l->bytes += d->gone_bytes;
    }
    tell(w, false);
}

/* --- watches ---------------------------------------------------------------------------------- */

static void poll_instead(struct watcher *w)
{
    if (!w->polls)
        message_warning("unable to be told of new archives: %s; looking every %d s instead",
                        strerror(errno), POLL_MS / 1000);
    w->polls = true;
}

/* Watches a directory, as far as it is there. True: it was not watched before. */
static bool watch_one(struct watcher *w, const char *path)
{
    int number = w->events.fd < 0
                     ? -1
                     : inotify_add_watch(w->events.fd, path,
                                         IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW);
    if (number < 0 && w->events.fd >= 0 && errno != ENOENT && errno != ENOTDIR)
        poll_instead(w);
    bool is_new = number > w->newest;
    w->newest = is_new ? number : w->newest;
    return is_new;
}

/* True: there was one that was not watched before, so that something may have been missed. */
static bool watch_all(struct watcher *w)
{
    struct str path = STR_INIT;
    const char *root = w->request->path;
    bool missed = str_printf(&path, "%s/.", root) == 0 && watch_one(w, path.data);
    for (size_t i = 0; i < w->vacuum.count; i++) {
        str_clear(&path);
        if (str_printf(&path, "%s/%s", root, w->vacuum.item[i].name) == 0)
            missed |= watch_one(w, path.data);
    }
    str_release(&path);
    return missed;
}

/* --- looking ---------------------------------------------------------------------------------- */

/* Where there is no root, none may ever come: each look for it comes twice as late as the one
 * before. */
static int64_t poll_after(const struct watcher *w)
{
    unsigned int doubled = w->absent < DOUBLED_MOST ? w->absent : DOUBLED_MOST;
    return (POLL_MS * CLOCK_MS) << doubled;
}

static void look(struct watcher *w)
{
    struct error e = ERROR_INIT;
    int64_t begun = clock_monotonic();
    int root = vacuum_do(&w->vacuum, w->request, false, &e);
    if (root < 0 && w->absent == 0)
        message_warning("%s", e.text);
    w->absent = root < 0 ? w->absent + 1 : 0;
    fd_close(root);
    note_losses(w);
    bool missed = watch_all(w);
    vacuum_forget(&w->vacuum);
    int64_t now = clock_monotonic();
    w->not_before = now + PAUSE_MS * CLOCK_MS + PAUSE_LOOKS * (now - begun);
    if (missed)
        loop_timer(&w->loop, &w->look, w->not_before);
    else if (w->polls || w->absent > 0)
        loop_timer(&w->loop, &w->look, w->not_before + poll_after(w));
}

static void look_is_due(struct timer *t)
{
    look(container_of(t, struct watcher, look));
}

static void changed(struct watch *events, uint32_t ignored)
{
    struct watcher *w = container_of(events, struct watcher, events);
    char bytes[4096];
    (void)ignored;
    while (read(events->fd, bytes, sizeof bytes) > 0)
        ;
    loop_timer(&w->loop, &w->look, w->not_before);
}

/* --- the program ------------------------------------------------------------------------------ */

static void on_signal(void *context, int signal)
{
    struct watcher *w = context;
    (void)signal;
    loop_stop(&w->loop);
}

static int prepare(struct watcher *w, struct error *e)
{
    if (loop_open(&w->loop, e) < 0 || loop_reserve_timers(&w->loop, 2, e) < 0 ||
        loop_signal(&w->loop, SIGTERM, on_signal, w, e) < 0 ||
        loop_signal(&w->loop, SIGINT, on_signal, w, e) < 0)
        return -1;
    w->events.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->events.fd < 0)
        poll_instead(w);
    return w->events.fd < 0 ? 0 : loop_watch(&w->loop, &w->events, EPOLLIN, e);
}

int vacuum_watch(struct vacuum_request *q)
{
    struct error e = ERROR_INIT;
    struct watcher w = {.request = q,
                        .events = {.fd = -1, .ready = changed},
                        .look.fire = look_is_due,
                        .tell.fire = tell_later};
    int result = prepare(&w, &e);
    if (result == 0) {
        look(&w);
        result = loop_run(&w.loop, &e);
        tell(&w, true);
    }
    loop_close(&w.loop);
    fd_close(w.events.fd);
    for (size_t i = 0; i < w.losses; i++)
        free(w.loss[i].name);
    free(w.loss);
    vacuum_release(&w.vacuum);
    return result < 0 ? message_error(&e) : 0;
}
