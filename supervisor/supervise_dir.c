#include "supervisor/supervise_dir.h"
#include "base/container.h"
#include "base/file.h"
#include "contract/paths.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 560, LETTERS = 64 };

/* Of it, or of a file in it; valid until the next call. */
static const char *path_of(const struct supervise_dir *d, const char *file)
{
    static char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s%s%s", d->path, d->is_logger ? "/log" : "", file);
    return path;
}

/* --- what is seen ----------------------------------------------------------------------------- */

static void set_stale(struct supervise_dir *d, bool stale)
{
    if (stale != d->stale)
        d->pid1->stale += stale ? 1 : (uint32_t)-1;
    d->stale = stale;
}

/* What could not be done is done again; but where somebody has removed the
 * directory, nobody looks. */
static void put_off(struct supervise_dir *d, const struct error *e)
{
    if (e->why == ENOENT)
        return;
    set_stale(d, true);
    pid1_lacks(d->pid1, &d->pid1->unwritten, "service ", d->name, e);
    pid1_retry(d->pid1, &d->retry);
}

void supervise_dir_refresh(struct supervise_dir *d)
{
    unsigned char record[SUPERVISE_STATUS_MOST];
    struct error e = ERROR_INIT;
    size_t size = supervise_pack(record, &d->status);
    if (memcmp(record, d->written, size) == 0)
        return;
    if (d->pid1->calls->write_status(path_of(d, ""), &d->status, &e) < 0)
        put_off(d, &e);
    else
        memcpy(d->written, record, size);
}

/* In their order; with one more than there is room for, the oldest is lost. */
static void queue_event(struct supervise_dir *d, char event)
{
    size_t n = strlen(d->queued);
    if (n == sizeof d->queued - 1)
        memmove(d->queued, d->queued + 1, n--);
    d->queued[n] = event;
    d->queued[n + 1] = '\0';
}

static void flush_events(struct supervise_dir *d)
{
    struct error e = ERROR_INIT;
    if (d->queued[0] == '\0')
        return;
    if (d->pid1->calls->tell(path_of(d, ""), d->queued) == 0) {
        d->queued[0] = '\0';
        return;
    }
    error_system(&e, "unable to tell who listens in event");
    put_off(d, &e);
}

static void list_untold(struct supervise_dir *d)
{
    struct pid1 *p = d->pid1;
    if (d->is_untold)
        return;
    *(p->untold == NULL ? &p->untold : &p->last_untold->next_untold) = d;
    p->last_untold = d;
    d->next_untold = NULL;
    d->is_untold = true;
}

static void unlist_untold(struct supervise_dir *d)
{
    struct supervise_dir *before = NULL;
    struct supervise_dir **at = &d->pid1->untold;
    if (!d->is_untold)
        return;
    while (*at != d) {
        before = *at;
        at = &before->next_untold;
    }
    *at = d->next_untold;
    if (d->pid1->last_untold == d)
        d->pid1->last_untold = before;
    d->is_untold = false;
}

void supervise_dir_tell(struct supervise_dir *d)
{
    unlist_untold(d);
    flush_events(d);
}

void supervise_dir_tell_all(struct pid1 *p)
{
    while (p->untold != NULL)
        supervise_dir_tell(p->untold);
}

void supervise_dir_note(struct supervise_dir *d, char event)
{
    struct timespec now = pid1_wall(d->pid1);
    if (event == 'u' || event == 'd')
        d->status.changed = now;
    if (event == 'U' || event == 'D')
        d->status.ready = now;
    queue_event(d, event);
}

void supervise_dir_event(struct supervise_dir *d, char event)
{
    supervise_dir_note(d, event);
    supervise_dir_refresh(d);
    list_untold(d);
}

/* A logger has no more states than that. */
void supervise_dir_set(struct supervise_dir *d, bool up, pid_t pid, int wait_status)
{
    d->status.paused = false;
    d->status.want_up = true;
    d->status.pid = up ? pid : 0;
    d->status.group = up ? pid : d->status.group;
    d->status.is_ready = !up;
    if (!up)
        d->status.wait_status = wait_status;
    if (!up)
        supervise_dir_note(d, 'd');
    supervise_dir_event(d, up ? 'u' : 'D');
}

static void mark(struct supervise_dir *d)
{
    const char *path = path_of(d, "/down");
    if (!d->marked_down) {
        d->pid1->calls->unlink(path);
        return;
    }
    /* What is there already will do, whatever it is. */
    if (d->pid1->calls->create_empty(path, 0644) == 0 || errno == EEXIST)
        return;
    struct error e = ERROR_INIT;
    error_system(&e, "unable to make %s", path);
    put_off(d, &e);
}

void supervise_dir_mark_down(struct supervise_dir *d, bool down)
{
    d->marked_down = down;
    mark(d);
}

static void tally(struct supervise_dir *d)
{
    struct error e = ERROR_INIT;
    const struct supervise_due *due = &d->due;
    if (due->most > 0 && d->pid1->calls->add_death(path_of(d, ""), &due->when, due->wait_status,
                                                   due->most, &e) < 0) {
        put_off(d, &e);
        if (d->stale)
            return;
    }
    d->due.most = 0;
}

void supervise_dir_death(struct supervise_dir *d, int wait_status, unsigned int most)
{
    d->due = (struct supervise_due){pid1_wall(d->pid1), wait_status, most};
    tally(d);
}

static void write_again(struct retry *r)
{
    struct supervise_dir *d = container_of(r, struct supervise_dir, retry);
    set_stale(d, false);
    supervise_dir_refresh(d);
    flush_events(d);
    tally(d);
    if (!d->is_logger && d->marked_down)
        mark(d);
    if (d->pid1->stale == 0)
        shortage_over(&d->pid1->unwritten);
}

void supervise_dir_forget_deaths(struct supervise_dir *d)
{
    d->due.most = 0;
    d->pid1->calls->unlink(path_of(d, "/supervise/death_tally"));
}

/* --- what is asked for ------------------------------------------------------------------------ */

static void control_ready(struct watch *w, uint32_t events)
{
    struct supervise_dir *d = container_of(w, struct supervise_dir, supervise.control);
    char letters[LETTERS];
    (void)events;
    ssize_t n = d->pid1->calls->read(w->fd, letters, sizeof letters);
    if (n > 0)
        d->asked(d, letters, (size_t)n);
}

/* --- making ----------------------------------------------------------------------------------- */

void supervise_dir_init(struct supervise_dir *d, struct pid1 *p, const char *name, const char *path,
                        bool is_logger, supervise_asked *asked)
{
    *d = (struct supervise_dir){.pid1 = p,
                                .name = name,
                                .path = path,
                                .is_logger = is_logger,
                                .supervise = SUPERVISE_INIT,
                                .retry = {.again = write_again},
                                .asked = asked};
}

int supervise_dir_open(struct supervise_dir *d, struct error *e)
{
    const char *path = path_of(d, "");
    if (d->is_logger && mkdir(path, 0755) < 0 && errno != EEXIST)
        return error_system(e, "unable to make %s", path);
    d->status = (struct supervise_status){
        .paused = true, .is_ready = true, .grouped = d->pid1->settings.status_group};
    if (d->pid1->stage != STAGE_HOOK || d->pid1->supervised.tv_sec == 0)
        d->pid1->supervised = pid1_wall(d->pid1);
    d->status.changed = d->status.ready = d->pid1->supervised;
    if (supervise_open(&d->supervise, path, RUN_LOCK, &d->status, e) < 0)
        return -1;
    supervise_pack(d->written, &d->status);
    d->supervise.control.ready = control_ready;
    return loop_watch(&d->pid1->loop, &d->supervise.control, EPOLLIN, e);
}

bool supervise_dir_is_open(const struct supervise_dir *d)
{
    return d->supervise.control.fd >= 0;
}

void supervise_dir_close(struct supervise_dir *d)
{
    if (d->pid1 == NULL)
        return;
    supervise_dir_tell(d);
    pid1_forget_retry(d->pid1, &d->retry);
    set_stale(d, false);
    if (!supervise_dir_is_open(d))
        return;
    loop_unwatch(&d->pid1->loop, &d->supervise.control);
    supervise_close(&d->supervise);
    /* maybe another name of one that stays locked */
    d->pid1->calls->unlink(path_of(d, "/supervise/lock"));
}
