#include "logcat/dirwatch.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/file.h"
#include "base/message.h"
#include "base/str.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { POLL_EVERY_MS = 500 };

static void call(const struct dirwatch *f, void (*function)(void *context))
{
    if (function)
        function(f->context);
}

static void ready(struct watch *w, uint32_t events)
{
    struct dirwatch *f = container_of(w, struct dirwatch, watch);
    (void)events;
    dirwatch_collect(f);
    call(f, f->calls->settled);
}

static void look_again(struct timer *t)
{
    struct dirwatch *f = container_of(t, struct dirwatch, poll);
    call(f, f->calls->unsure);
    call(f, f->calls->places);
    call(f, f->calls->settled);
    loop_timer(f->loop, t, clock_monotonic() + POLL_EVERY_MS * CLOCK_MS);
}

static void poll_instead(struct dirwatch *f, const char *reason)
{
    if (f->polling)
        return;
    f->polling = true;
    message_warning("unable to be told of changes: %s; looking twice a second instead", reason);
    loop_timer(f->loop, &f->poll, clock_monotonic() + POLL_EVERY_MS * CLOCK_MS);
}

int dirwatch_open(struct dirwatch *f, struct loop *l, const struct dirwatch_calls *calls,
                  void *context, struct error *e)
{
    *f = (struct dirwatch){.loop = l, .calls = calls, .context = context};
    f->poll.fire = look_again;
    f->watch.ready = ready;
    if (loop_reserve_timers(l, 2, e) < 0)
        return -1;
    f->watch.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (f->watch.fd < 0)
        poll_instead(f, strerror(errno));
    else if (loop_watch(l, &f->watch, EPOLLIN, e) < 0)
        return -1;
    return 0;
}

void dirwatch_close(struct dirwatch *f)
{
    if (!f->loop)
        return;
    loop_untimer(f->loop, &f->poll);
    loop_unwatch(f->loop, &f->watch);
    fd_close(f->watch.fd);
    free(f->list);
    *f = (struct dirwatch){.watch.fd = -1};
}

/* Watches a directory. 0, or -1 with errno: there is no such directory. */
static int add_watch(struct dirwatch *f, const char *path, uint32_t mask, size_t tag)
{
    if (f->watch.fd < 0)
        return access(path, X_OK);
    if (LIST_ROOM(f->list, f->count, f->capacity) < 0)
        return -1;
    int descriptor = inotify_add_watch(f->watch.fd, path, mask | IN_ONLYDIR | IN_MASK_ADD);
    if (descriptor < 0 && (errno == ENOSPC || errno == ENOMEM)) {
        poll_instead(f, strerror(errno));
        return access(path, X_OK);
    }
    if (descriptor < 0)
        return -1;
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].descriptor == descriptor && f->list[i].tag == tag)
            return 0;
    f->list[f->count++] = (struct dirwatch_watch){descriptor, tag};
    return 0;
}

static bool in_use(const struct dirwatch *f, int descriptor)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].descriptor == descriptor)
            return true;
    return false;
}

void dirwatch_forget(struct dirwatch *f, size_t tag)
{
    for (size_t i = 0; i < f->count;) {
        if (f->list[i].tag != tag) {
            i++;
            continue;
        }
        int descriptor = f->list[i].descriptor;
        f->list[i] = f->list[--f->count];
        if (!in_use(f, descriptor))
            inotify_rm_watch(f->watch.fd, descriptor);
    }
}

/* Whether the file system is one that others can change without our kernel's knowing. */
static bool is_foreign(const char *path)
{
    static const unsigned int types[] = {
        0x6969 /* nfs */,    0xff534d42 /* cifs */, 0xfe534d42 /* smb2 */,   0x517b /* smb */,
        0x01021997 /* 9p */, 0x65735546 /* fuse */, 0x786f4256 /* vboxsf */, 0x00c36400 /* ceph */,
    };
    struct statfs st;
    for (size_t i = 0; i < sizeof types / sizeof types[0] && statfs(path, &st) == 0; i++)
        if ((unsigned int)st.f_type == types[i])
            return true;
    return false;
}

int dirwatch_directory(struct dirwatch *f, const char *path, size_t tag, struct error *e)
{
    if (add_watch(f, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF, tag) ==
        0) {
        if (is_foreign(path))
            poll_instead(f, "the file system has other writers");
        return 0;
    }
    return error_system(e, "unable to watch %s", path);
}

int dirwatch_place(struct dirwatch *f, const char *path, struct error *e)
{
    static const uint32_t mask =
        IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;
    char *at = strdup(path);
    int result = -1;
    while (at && (result = add_watch(f, at, mask, DIRWATCH_PLACE)) < 0) {
        char *slash = strrchr(at, '/');
        if ((errno != ENOENT && errno != ENOTDIR) || strcmp(at, "/") == 0 || strcmp(at, ".") == 0)
            break;
        if (!slash)
            strcpy(at, ".");
        else
            slash[slash == at] = '\0';
    }
    if (result < 0)
        error_system(e, "unable to watch %s", path);
    free(at);
    return result;
}

/* Whether the file is one that the logger keeps beside its lines. */
static bool is_beside(const char *name)
{
    size_t length = strlen(name);
    return strcmp(name, "lock") == 0 || strcmp(name, "pipes") == 0 || strcmp(name, "state") == 0 ||
           strcmp(name, "newstate") == 0 || (length > 4 && strcmp(name + length - 4, ".new") == 0);
}

static void tell_removed(const struct dirwatch *f, size_t tag, const char *name)
{
    if (f->calls->removed)
        f->calls->removed(f->context, tag, name);
}

static bool tell(struct dirwatch *f, const struct inotify_event *event)
{
    bool place = false;
    bool beside = event->len > 0 && is_beside(event->name);
    for (size_t i = 0; i < f->count; i++) {
        if (f->list[i].descriptor != event->wd)
            continue;
        if (f->list[i].tag == DIRWATCH_PLACE)
            place |= !(event->mask & IN_MODIFY);
        else if (event->mask & IN_DELETE)
            tell_removed(f, f->list[i].tag, event->len > 0 ? event->name : "");
        else if (!beside && f->calls->changed)
            f->calls->changed(f->context, f->list[i].tag);
    }
    return place;
}

static void drop_ignored(struct dirwatch *f, int descriptor)
{
    for (size_t i = 0; i < f->count;)
        if (f->list[i].descriptor == descriptor)
            f->list[i] = f->list[--f->count];
        else
            i++;
}

void dirwatch_collect(struct dirwatch *f)
{
    char buffer[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool places = false;
    ssize_t n;
    while (f->watch.fd >= 0 && (n = read(f->watch.fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + n;) {
            struct inotify_event *event = (void *)at;
            at += sizeof *event + event->len;
            if (event->mask & IN_Q_OVERFLOW) {
                call(f, f->calls->unsure);
                places = true;
            } else if (event->mask & IN_IGNORED) {
                drop_ignored(f, event->wd);
            } else {
                places |= tell(f, event);
            }
        }
    }
    if (places)
        call(f, f->calls->places);
}
