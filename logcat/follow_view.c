#include "logcat/follow_view.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/loop.h"
#include "base/message.h"
#include "logcat/dirwatch.h"
#include "logcat/pool.h"
#include "rotate/pipe_note.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct follow_view {
    struct loop loop;
    struct dirwatch follow;
    struct timer due;
    struct watch reader; /* of our output's descriptor, for the end of its reader */
    struct view *view;
    const struct logdirs *logdirs;
    struct words unwatched; /* places that cannot be watched, of which was warned */
};

static void end(void *context, int signal)
{
    struct follow_view *live = context;
    /* What comes next on the terminal stands behind the ^C that it shows. */
    if (signal == SIGINT && isatty(live->view->output.fd) &&
        write(live->view->output.fd, "\n", 1) < 0)
        live->view->output.failed = errno;
    live->view->output.ended = true;
    loop_stop(&live->loop);
}

static void reader_gone(struct watch *w, uint32_t events)
{
    (void)events;
    end(container_of(w, struct follow_view, reader), 0);
}

/* Closes a source whose logger began after us. What it holds by now may be our own lines, all of
 * it: shown again they would be logged again. */
static void leave_out_self(struct source *s)
{
    if (pipe_note_leave_out(s->name, s->path))
        s->own = s->gone = true;
}

static void changed(void *context, size_t number)
{
    struct follow_view *live = context;
    struct source *s = live->view->source[number];
    s->dirty = true;
    leave_out_self(s);
}

static void lost(void *context, const char *name)
{
    struct source *s = context;
    message_warning("%s/%s was deleted before it was read", s->path, name);
    s->broken = true;
}

static void removed(void *context, size_t number, const char *name)
{
    struct follow_view *live = context;
    struct source *s = live->view->source[number];
    struct error e = ERROR_INIT;
    if (s->reader && pool_use(s, &e) == 0 && reader_lost(s->reader, name))
        lost(s, name);
}

static void unsure(void *context)
{
    struct follow_view *live = context;
    for (size_t i = 0; i < live->view->count; i++) {
        struct error e = ERROR_INIT;
        struct source *s = live->view->source[i];
        if (s->reader && pool_use(s, &e) == 0)
            reader_find_lost(s->reader, lost, s);
        s->dirty = true;
    }
}

/* Opens a directory that was not there when we began, from its first line. */
static void open_whole(struct follow_view *live, size_t number)
{
    struct error e = ERROR_INIT;
    struct source *s = live->view->source[number];
    if (pipe_note_leave_out(s->name, s->path))
        return;
    if (follow_view_watch(live, number, &e) < 0 || source_open(s, READER_ALL, 0, &e) < 0) {
        message_warning("%s", e.text);
        s->broken = true;
    }
}

static void watch_places(struct follow_view *live)
{
    struct words places = WORDS_INIT;
    struct error e = ERROR_INIT;
    dirwatch_forget(&live->follow, DIRWATCH_PLACE);
    logdirs_places(live->logdirs, &places);
    for (size_t i = 0; i < places.count; i++) {
        if (dirwatch_place(&live->follow, places.item[i], &e) == 0 ||
            words_has(&live->unwatched, places.item[i]))
            continue;
        message_warning("%s", e.text);
        words_add(&live->unwatched, places.item[i]);
    }
    words_release(&places);
}

/* Marks sources whose directory was deleted, moved or made anew. */
static void find_gone(struct follow_view *live)
{
    for (size_t i = 0; i < live->view->count; i++) {
        struct source *s = live->view->source[i];
        struct stat st;
        bool there = stat(s->path, &st) == 0 && S_ISDIR(st.st_mode);
        if (!s->reader && there && !s->offered) {
            open_whole(live, i);
        } else if (s->reader && (!there || st.st_ino != s->inode || st.st_dev != s->device)) {
            s->gone = s->dirty = true;
        }
    }
}

/* Whether a source has that path, or the same directory by another path or a link. */
static bool is_followed(const struct view *v, const char *path)
{
    struct stat st;
    bool there = stat(path, &st) == 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct source *s = v->source[i];
        if (strcmp(s->path, path) == 0)
            return true;
        if (there && s->reader && !s->gone && s->inode == st.st_ino && s->device == st.st_dev)
            return true;
    }
    return false;
}

static void find_new(struct follow_view *live)
{
    struct logdirs_list list = {.matches = 0};
    struct error e = ERROR_INIT;
    struct view *v = live->view;
    if (logdirs_find(live->logdirs, &list, NULL, &e) < 0)
        message_warning("%s", e.text);
    for (size_t i = 0; i < list.names.count && i < list.paths.count; i++) {
        if (is_followed(v, list.paths.item[i]))
            continue;
        if (view_add(v, list.names.item[i], list.paths.item[i], false, &e) < 0)
            message_warning("out of memory for %s", list.paths.item[i]);
        else
            open_whole(live, v->count - 1);
    }
    logdirs_release(&list);
}

static void places(void *context)
{
    struct follow_view *live = context;
    watch_places(live);
    find_gone(live);
    find_new(live);
}

/* Closes sources that are gone and read to their end. True: one may have been opened again. */
static bool close_gone(struct follow_view *live)
{
    bool again = false;
    for (size_t i = 0; i < live->view->count; i++) {
        struct source *s = live->view->source[i];
        if (!s->gone || !view_drained(live->view, i))
            continue;
        source_close(s);
        dirwatch_forget(&live->follow, i);
        s->gone = false;
        again = true;
    }
    if (again)
        find_gone(live);
    return again;
}

/* What was written until the present has been told by then: an entry is old enough only if no older
 * one can be unknown, also where we had to wait for a processor since the last events. */
static void settled(void *context)
{
    struct follow_view *live = context;
    int64_t due;
    do {
        struct timespec wall = clock_wall();
        int64_t now = clock_monotonic();
        dirwatch_collect(&live->follow);
        due = view_live(live->view, now, &wall);
    } while (close_gone(live));
    if (live->view->output.ended)
        loop_stop(&live->loop);
    else if (due)
        loop_timer(&live->loop, &live->due, due);
    else
        loop_untimer(&live->loop, &live->due);
}

static void fire(struct timer *t)
{
    settled(container_of(t, struct follow_view, due));
}

int follow_view_open(struct follow_view **out, struct view *v, const struct logdirs *r,
                     struct error *e)
{
    static const struct dirwatch_calls calls = {changed, removed, unsure, places, settled};
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct error ignored = ERROR_INIT;
    struct follow_view *live = calloc(1, sizeof *live);
    *out = live;
    if (!live)
        return error_system(e, "unable to follow");
    live->view = v;
    live->logdirs = r;
    live->due.fire = fire;
    if (loop_open(&live->loop, e) < 0 ||
        loop_signals(&live->loop, ends, sizeof ends / sizeof ends[0], end, live, e) < 0)
        return -1;
    v->output.interrupt = live->loop.signals;
    live->reader = (struct watch){.fd = v->output.fd, .ready = reader_gone};
    loop_watch(&live->loop, &live->reader, 0, &ignored); /* a plain file never goes away */
    if (dirwatch_open(&live->follow, &live->loop, &calls, live, e) < 0)
        return -1;
    watch_places(live);
    return 0;
}

int follow_view_watch(struct follow_view *live, size_t number, struct error *e)
{
    return dirwatch_directory(&live->follow, live->view->source[number]->path, number, e);
}

int follow_view_run(struct follow_view *live, struct error *e)
{
    for (size_t i = 0; i < live->view->count; i++)
        leave_out_self(live->view->source[i]); /* what happened while the history was shown */
    places(live);
    settled(live);
    return live->view->output.ended ? 0 : loop_run(&live->loop, e);
}

void follow_view_close(struct follow_view *live)
{
    if (!live)
        return;
    dirwatch_close(&live->follow);
    loop_close(&live->loop);
    words_release(&live->unwatched);
    free(live);
}
