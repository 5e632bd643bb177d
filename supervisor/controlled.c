/* What people and tools see of a longrun and of its logger in the live directory, and what they ask
 * for there. */
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "contract/paths.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 560, LETTERS = 64 };

static void path_of(const struct controlled *c, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s%s", c->path, c->is_logger ? "/log" : "");
}

/* --- what is seen ----------------------------------------------------------------------------- */

/* What could not be done will be done by controlled_again. */
static void put_off(struct controlled *c, const struct error *e)
{
    int why = errno;
    c->stale = true;
    shortage_note(&c->supervisor->pid1.unwritten, "service ", c->name, e, why,
                  pid1_now(&c->supervisor->pid1));
    supervisor_put_off(c->supervisor);
}

static void refresh(struct controlled *c)
{
    unsigned char record[SUPERVISE_STATUS_SIZE];
    char path[PATH_BYTES];
    struct error e = ERROR_INIT;
    supervise_pack(record, &c->status);
    if (memcmp(record, c->written, sizeof record) == 0)
        return;
    path_of(c, path);
    if (supervise_write_status(path, &c->status, &e) < 0)
        put_off(c, &e);
    else
        memcpy(c->written, record, sizeof record);
}

/* In their order; with one more than there is room for, the oldest is lost. */
static void owe(struct controlled *c, char event)
{
    size_t n = strlen(c->owed);
    if (n == sizeof c->owed - 1)
        memmove(c->owed, c->owed + 1, n--);
    c->owed[n] = event;
    c->owed[n + 1] = '\0';
}

static void pay(struct controlled *c)
{
    char path[PATH_BYTES];
    struct error e = ERROR_INIT;
    path_of(c, path);
    while (c->owed[0] != '\0') {
        if (supervise_notify(path, c->owed[0]) < 0) {
            error_system(&e, "unable to tell who listens in event");
            put_off(c, &e);
            return;
        }
        memmove(c->owed, c->owed + 1, sizeof c->owed - 1);
    }
}

static void notify(struct controlled *c, char event)
{
    struct timespec now = pid1_wall(&c->supervisor->pid1);
    if (event == 'u' || event == 'd')
        c->status.changed = now;
    if (event == 'U' || event == 'D')
        c->status.ready = now;
    refresh(c);
    owe(c, event);
    pay(c);
}

static void mark(struct controlled *c)
{
    char path[PATH_BYTES + 8];
    path_of(c, path);
    strcat(path, "/down");
    if (!c->marked_down) {
        unlink(path);
        return;
    }
    /* What is there already will do, whatever it is: it is not opened, and may be a fifo. */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 || errno == EEXIST)
        return;
    struct error e = ERROR_INIT;
    error_system(&e, "unable to make %s", path);
    put_off(c, &e);
}

static void again(struct controlled *c)
{
    if (!c->stale)
        return;
    c->stale = false;
    refresh(c);
    pay(c);
    if (!c->is_logger && c->marked_down)
        mark(c);
}

void controlled_again(struct supervisor *sv)
{
    bool left = false;
    for (uint32_t i = 0; i < sv->longruns; i++) {
        struct longrun *l = sv->longrun[i];
        if (l == NULL || l->going)
            continue;
        again(&l->controlled);
        again(&l->logger.controlled);
        left = left || l->controlled.stale || l->logger.controlled.stale;
    }
    if (!left)
        shortage_over(&sv->pid1.unwritten);
}

static void take_status(struct longrun *l)
{
    const struct service *m = &l->machine;
    struct supervise_status *s = &l->controlled.status;
    s->pid = m->pid;
    s->wait_status = m->wait_status;
    s->finishing = m->state == SERVICE_FINISH;
    s->want_up = m->want == WANT_UP;
    s->is_ready = m->ready || m->state == SERVICE_DOWN; /* to be started */
    s->paused = m->paused || !m->ever_started;          /* not started yet is said that way */
}

void controlled_event(struct longrun *l, char event)
{
    take_status(l);
    notify(&l->controlled, event);
}

void controlled_refresh(struct longrun *l)
{
    if (l->machine.state == SERVICE_STARTING)
        return; /* its u is about to come */
    take_status(l);
    refresh(&l->controlled);
}

void controlled_death(struct longrun *l)
{
    char path[PATH_BYTES];
    struct error e = ERROR_INIT;
    struct timespec now = pid1_wall(&l->supervisor->pid1);
    path_of(&l->controlled, path);
    if (supervise_add_death(path, &now, l->machine.wait_status, l->keys.max_death_tally, &e) < 0)
        shortage_note(&l->supervisor->pid1.unwritten, "", "", &e, errno,
                      pid1_now(&l->supervisor->pid1));
}

void controlled_forget(struct longrun *l)
{
    char path[PATH_BYTES + 24];
    path_of(&l->controlled, path);
    strcat(path, "/supervise/death_tally");
    unlink(path);
}

void controlled_mark_down(struct longrun *l, bool down)
{
    l->controlled.marked_down = down;
    mark(&l->controlled);
}

/* A logger has no more states than that. */
void controlled_logger(struct logger_slot *s, bool up, int wait_status)
{
    struct supervise_status *status = &s->controlled.status;
    if (s->controlled.path == NULL || s->controlled.supervise.control.fd < 0 ||
        s->supervisor->pid1.stage >= STAGE_DRAIN)
        return;
    status->paused = false;
    status->want_up = true;
    status->pid = up ? s->logged.pid : 0;
    status->is_ready = !up;
    if (!up)
        status->wait_status = wait_status;
    notify(&s->controlled, up ? 'u' : 'd');
    if (!up)
        notify(&s->controlled, 'D');
}

/* --- what is asked for -------------------------------------------------------------------------
 */

static void obey(struct longrun *l, const struct supervise_letter *letter)
{
    static const unsigned char events[] = {
        [SUPERVISE_SIGNAL] = SERVICE_SIGNAL,      [SUPERVISE_GROUP] = SERVICE_SIGNAL,
        [SUPERVISE_DOWN_SIGNAL] = SERVICE_SIGNAL, [SUPERVISE_RELOAD_SIGNAL] = SERVICE_SIGNAL,
        [SUPERVISE_UP] = SERVICE_WANT_UP,         [SUPERVISE_DOWN] = SERVICE_WANT_DOWN,
        [SUPERVISE_ONCE] = SERVICE_WANT_ONCE,     [SUPERVISE_STAY_DOWN] = SERVICE_STAY_DOWN,
        [SUPERVISE_LEAVE] = SERVICE_LEAVE,
    };
    enum supervise_wish wish = letter->wish;
    int signal = letter->signal;
    bool starts = wish == SUPERVISE_UP || wish == SUPERVISE_ONCE;
    if (starts && (l->supervisor->pid1.stage >= STAGE_STOPPING || l->leaving))
        return;
    if (letter->mark != SUPERVISE_KEEP)
        controlled_mark_down(l, letter->mark == SUPERVISE_MARK_DOWN);
    if (wish == SUPERVISE_DOWN_SIGNAL || wish == SUPERVISE_RELOAD_SIGNAL) {
        servicedir_read(&l->keys, l->path, NULL);
        signal = wish == SUPERVISE_DOWN_SIGNAL ? l->keys.down_signal : l->keys.reload_signal;
    }
    longrun_feed(l, (enum service_event)events[wish], wish == SUPERVISE_GROUP ? -signal : signal);
}

#define OWNER(type, pointer, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static void longrun_asked(struct watch *w, uint32_t events)
{
    struct longrun *l = OWNER(struct longrun, w, controlled.supervise.control);
    char letters[LETTERS];
    (void)events;
    size_t n = supervise_read(&l->controlled.supervise, letters, sizeof letters);
    for (size_t i = 0; i < n; i++) {
        const struct supervise_letter *letter = supervise_letter(letters[i]);
        if (letter != NULL && !longrun_is_prepared(l))
            obey(l, letter);
    }
}

/* A logger is never down: what would end it makes it leave to a successor. */
static void logger_asked(struct watch *w, uint32_t events)
{
    struct logger_slot *s = OWNER(struct logger_slot, w, controlled.supervise.control);
    char letters[LETTERS];
    (void)events;
    size_t n = supervise_read(&s->controlled.supervise, letters, sizeof letters);
    for (size_t i = 0; i < n; i++) {
        if (letters[i] == 'a')
            logged_signal(&s->logged, SIGALRM);
        else if (strchr("dDthrlx", letters[i]) != NULL && letters[i] != '\0')
            logged_signal(&s->logged, SIGHUP);
        else if (letters[i] == 'k')
            logged_signal(&s->logged, SIGKILL);
    }
}

/* --- making ----------------------------------------------------------------------------------- */

static int open_one(struct controlled *c, struct loop *loop,
                    void (*asked)(struct watch *w, uint32_t events), struct error *e)
{
    char path[PATH_BYTES];
    path_of(c, path);
    if (c->is_logger && mkdir(path, 0755) < 0 && errno != EEXIST)
        return error_system(e, "unable to make %s", path);
    c->status = (struct supervise_status){.paused = true, .is_ready = true};
    c->status.changed = c->status.ready = pid1_wall(&c->supervisor->pid1);
    if (supervise_open(&c->supervise, path, RUN_LOCK, &c->status, e) < 0)
        return -1;
    supervise_pack(c->written, &c->status);
    c->supervise.control.ready = asked;
    return loop_watch(loop, &c->supervise.control, EPOLLIN, e);
}

int controlled_open_logger(struct longrun *l, struct error *e)
{
    struct controlled *c = &l->logger.controlled;
    if (!l->logger.logged.open || c->supervise.control.fd >= 0)
        return 0;
    return open_one(c, &l->supervisor->pid1.loop, logger_asked, e);
}

int controlled_open(struct longrun *l, struct error *e)
{
    struct supervisor *sv = l->supervisor;
    l->controlled = (struct controlled){.supervisor = sv,
                                        .name = l->definition->name,
                                        .path = l->path,
                                        .supervise = SUPERVISE_INIT};
    l->logger.controlled = l->controlled;
    l->logger.controlled.is_logger = true;
    if (l->node != NO_NODE)
        controlled_mark_down(l, true); /* until it was started */
    if (open_one(&l->controlled, &sv->pid1.loop, longrun_asked, e) < 0)
        return -1;
    if (l->node == NO_NODE)
        controlled_event(l, 's'); /* s6-svlink listens for it */
    return controlled_open_logger(l, e);
}

static void close_one(struct controlled *c, struct loop *loop)
{
    char path[PATH_BYTES + 16];
    if (c->supervise.control.fd < 0)
        return;
    loop_unwatch(loop, &c->supervise.control);
    supervise_close(&c->supervise);
    path_of(c, path);
    strcat(path, "/supervise/lock"); /* maybe another name of one that stays locked */
    unlink(path);
}

void controlled_close(struct longrun *l)
{
    char path[PATH_BYTES];
    struct error ignored = ERROR_INIT;
    bool logged = l->logger.controlled.supervise.control.fd >= 0;
    if (logged && l->node == NO_NODE)
        notify(&l->logger.controlled, 'x'); /* s6-svunlink of others waits for it */
    close_one(&l->controlled, &l->supervisor->pid1.loop);
    close_one(&l->logger.controlled, &l->supervisor->pid1.loop);
    if (!logged || l->node != NO_NODE)
        return;
    path_of(&l->logger.controlled, path); /* in a directory of others: ours alone, so it goes */
    file_remove_tree(AT_FDCWD, path, &ignored);
}
