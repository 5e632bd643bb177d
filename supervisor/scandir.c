#include "supervisor/scandir.h"
#include "base/container.h"
#include "base/file.h"
#include "base/message.h"
#include "contract/paths.h"
#include "services/servicedir.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LONGEST = 500 }; /* what follows it must fit, too */

/* --- definitions of their own ----------------------------------------------------------------- */

static struct definition *define(const char *name, const char *path)
{
    struct definition *d = malloc(sizeof *d);
    char *own = strdup(name);
    if (d == NULL || own == NULL) {
        free(d);
        free(own);
        return NULL;
    }
    *d = (struct definition){.name = own, .type = DEFINITION_LONGRUN};
    keys_init(&d->keys);
    servicedir_define(d, path);
    return d;
}

/* --- adding ----------------------------------------------------------------------------------- */

/* Takes d over. The logger of one of its name that has left may still read, as a process of that
 * holds its pipe: it goes on as that of the new one. */
static struct longrun *add_service(struct scandir *s, struct definition *d, const char *path,
                                   struct error *e)
{
    struct longrun *l = longruns_add(s->longruns, d, d, NO_NODE, path, e);
    if (l == NULL) {
        definition_free(d);
        return NULL;
    }
    struct longrun *gone = longruns_gone(s->longruns, d->name);
    if (gone != NULL && longruns_inherit(l, gone, e) < 0) {
        longruns_remove(l);
        return NULL;
    }
    longruns_sweep(s->longruns);
    return l;
}

/* NAME and NAME/log, or NAME alone. */
static struct longrun *add_pair(struct scandir *s, const char *name, const char *path,
                                struct error *e)
{
    char log_name[NAME_MAX + 8];
    char log_path[PATH_LONGEST + 16];
    struct longrun *log = NULL;
    struct definition *d = define(name, path);
    snprintf(log_name, sizeof log_name, "%.*s/log", NAME_MAX, name);
    snprintf(log_path, sizeof log_path, "%s/log/run", path);
    bool logged = access(log_path, F_OK) == 0;
    log_path[strlen(log_path) - 4] = '\0';
    if (d != NULL && logged) {
        struct definition *of_log = define(log_name, log_path);
        d->producer_for = strdup(log_name);
        if (of_log != NULL && (d->producer_for == NULL || words_add(&of_log->consumer_for, name))) {
            definition_free(of_log);
            of_log = NULL;
        }
        if (of_log != NULL)
            log = add_service(s, of_log, log_path, e);
    }
    if (d == NULL || (logged && log == NULL)) {
        definition_free(d);
        if (e->text[0] == '\0')
            error_system(e, "unable to take the memory");
        return NULL;
    }
    struct longrun *l = add_service(s, d, path, e);
    if (l != NULL && log != NULL)
        l->pipe.consumer = log->index;
    if (l == NULL && log != NULL)
        longruns_remove(log);
    return l;
}

static bool is_consumer(const struct longrun *l)
{
    return l->own != NULL && l->definition->consumer_for.count > 0;
}

static bool is_down(const char *path, const char *file)
{
    char full[PATH_LONGEST + 32];
    snprintf(full, sizeof full, "%s/%s", path, file);
    return access(full, F_OK) == 0;
}

/* The one of that directory. What has left it, and whose logger still reads, is none. */
static struct longrun *same(const struct scandir *s, const struct stat *st)
{
    for (uint32_t i = 0; i < s->longruns->count; i++) {
        struct longrun *l = s->longruns->item[i];
        if (l != NULL && l->member != MEMBER_GONE && longrun_is_at(l, st))
            return l;
    }
    return NULL;
}

/* path is resolved: no link is in it. */
static void supervise(struct scandir *s, const char *name, const char *path)
{
    struct error e = ERROR_INIT;
    struct longrun *l = NULL;
    bool down = false, log_down = false;
    if (strlen(path) > PATH_LONGEST)
        error_set(&e, EXIT_SYSTEM, "the path is too long: %.100s...", path);
    else {
        /* Looked at first: who sees the lock held may remove it (s6-svlink -d). */
        down = is_down(path, "down");
        log_down = is_down(path, "log/down");
        l = add_pair(s, name, path, &e);
    }
    if (l == NULL) {
        message_warning("unable to supervise %s: %s", name, e.text);
        return;
    }
    if (l->pipe.consumer != NO_LONGRUN && !log_down)
        s->longruns->item[l->pipe.consumer]->member = MEMBER_DUE;
    if (!down)
        l->member = MEMBER_DUE;
}

/* Once all directories of the scan are there: a service may look for one that was found later. A
 * log begins before its service. */
static void start_due(struct scandir *s, bool consumers)
{
    for (uint32_t i = 0; i < s->longruns->count; i++) {
        struct longrun *l = s->longruns->item[i];
        if (l == NULL || l->member != MEMBER_DUE || is_consumer(l) != consumers)
            continue;
        l->member = MEMBER_LISTED;
        longrun_feed(l, SERVICE_WANT_UP, 0);
    }
}

/* --- removal ---------------------------------------------------------------------------------- */

/* A consumer leaves by itself, at end of file. */
static void remove_one(struct longrun *l, bool tell)
{
    if (l->member >= MEMBER_REMOVING)
        return;
    if (l->own != NULL)
        l->member = MEMBER_REMOVING;
    longrun_feed(l, SERVICE_LEAVE, 0);
    if (tell)
        longrun_feed(l, SERVICE_WANT_DOWN, 0);
}

void scandir_remove(struct longrun *l)
{
    remove_one(l, true);
    notice_post(&l->all->pid1->notices, NOTICE_GONE, 0);
}

/* --- scanning --------------------------------------------------------------------------------- */

/* The one whose directory stands, or stood, there. */
static struct longrun *at_path(const struct scandir *s, const char *path)
{
    for (uint32_t i = 0; i < s->longruns->count; i++) {
        struct longrun *l = s->longruns->item[i];
        if (l != NULL && l->own != NULL && l->member != MEMBER_GONE && strcmp(l->path, path) == 0)
            return l;
    }
    return NULL;
}

/* Its files are gone, and those of its log, which leaves at end of file. */
static void remove_replaced(struct scandir *s, struct longrun *l)
{
    if (l->member >= MEMBER_REMOVING)
        return;
    if (l->pipe.consumer != NO_LONGRUN)
        remove_one(s->longruns->item[l->pipe.consumer], false);
    scandir_remove(l);
}

/* Its log, that an earlier service has left, still reads what that one wrote; were it started once
 * more, it would be that of the new one, by its path. */
static bool log_is_left(const struct scandir *s, const char *path)
{
    char log[PATH_MAX + sizeof "/log"];
    struct stat st;
    snprintf(log, sizeof log, "%s/log", path);
    const struct longrun *reads = at_path(s, log);
    return stat(log, &st) == 0 &&
           (same(s, &st) != NULL || (reads != NULL && reads->member >= MEMBER_REMOVING));
}

/* A directory that is new there; what an earlier one in its place has left must end before. */
static void look_at_new(struct scandir *s, const char *name)
{
    char path[NAME_MAX + sizeof RUN_SCANDIR + 2];
    char real[PATH_MAX];
    snprintf(path, sizeof path, RUN_SCANDIR "/%.*s", NAME_MAX, name);
    if (realpath(path, real) == NULL) {
        message_warning("unable to supervise %s: unable to resolve %s: %s", name, path,
                        strerror(errno));
        return;
    }
    struct longrun *before = at_path(s, real);
    if (before != NULL)
        remove_replaced(s, before);
    if (before != NULL || log_is_left(s, real))
        s->again = true;
    else
        supervise(s, name, real);
}

/* It was found. */
static void list(struct longrun *l)
{
    if (l->member == MEMBER_UNLISTED)
        l->member = MEMBER_LISTED;
}

static void look_at(struct scandir *s, int at, const char *name)
{
    struct stat st;
    if (fstatat(at, name, &st, 0) < 0 || !S_ISDIR(st.st_mode))
        return;
    struct longrun *l = same(s, &st);
    if (l == NULL) {
        if (!pid1_is_stopping(s->pid1))
            look_at_new(s, name);
        return;
    }
    list(l);
    if (l->pipe.consumer != NO_LONGRUN && l->own != NULL)
        list(s->longruns->item[l->pipe.consumer]);
    if (l->member >= MEMBER_REMOVING)
        s->again = true;
}

struct looking {
    struct scandir *s;
    int at;
};

static int look_at_name(void *to, const char *name)
{
    const struct looking *l = to;
    if (name[0] != '.')
        look_at(l->s, l->at, name);
    return 0;
}

void scandir_scan(struct scandir *s)
{
    if (s->pid1->stage >= STAGE_TERM)
        return;
    struct looking l = {s, openat(AT_FDCWD, RUN_SCANDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (l.at < 0) {
        message_warning("unable to read " RUN_SCANDIR ": %s", strerror(errno));
        return;
    }
    s->again = false;
    for (uint32_t i = 0; i < s->longruns->count; i++)
        if (s->longruns->item[i] != NULL && s->longruns->item[i]->member == MEMBER_LISTED)
            s->longruns->item[i]->member = MEMBER_UNLISTED;
    if (fd_each_name(l.at, look_at_name, &l) < 0)
        message_warning("unable to read " RUN_SCANDIR ": %s", strerror(errno));
    close(l.at);
    start_due(s, true);
    start_due(s, false);
}

/* --- pruning and the stop --------------------------------------------------------------------- */

void scandir_prune(struct scandir *s, bool all)
{
    for (uint32_t i = 0; i < s->longruns->count; i++) {
        struct longrun *l = s->longruns->item[i];
        if (l != NULL && l->member == MEMBER_UNLISTED)
            remove_one(l, all || !is_consumer(l));
    }
}

static bool has_producer(const struct scandir *s, const struct longrun *consumer, bool at_rest)
{
    for (uint32_t i = 0; i < s->longruns->count; i++) {
        const struct longrun *l = s->longruns->item[i];
        if (l != NULL && l->own != NULL && l->pipe.consumer == consumer->index &&
            l->member != MEMBER_GONE && (at_rest || !service_at_rest(&l->machine)))
            return true;
    }
    return false;
}

bool scandir_stop(struct scandir *s)
{
    bool alive = false;
    for (uint32_t i = 0; i < s->longruns->count; i++) {
        struct longrun *l = s->longruns->item[i];
        if (l == NULL || l->own == NULL || l->member >= MEMBER_REMOVING ||
            service_at_rest(&l->machine))
            continue;
        alive = true;
        if (l->told || (is_consumer(l) && has_producer(s, l, false)))
            continue;
        l->told = true;
        longrun_feed(l, SERVICE_WANT_DOWN, 0);
    }
    return alive;
}

/* The supervisor of one that is down is gone; its consumer gets the end of file. */
static void let_go(struct longrun *l)
{
    if (l->pipe.consumer != NO_LONGRUN) {
        struct longrun *log = l->all->item[l->pipe.consumer];
        if (log->member == MEMBER_REMOVING)
            fd_drop(&log->pipe.input[1]);
        l->pipe.consumer = NO_LONGRUN;
    }
    longruns_remove(l);
}

/* True: one at least was let go, which may have been the last producer of another. */
static bool let_go_idle(struct scandir *s)
{
    bool any = false;
    for (uint32_t i = 0; i < s->longruns->count; i++) {
        struct longrun *l = s->longruns->item[i];
        if (l == NULL || l->member != MEMBER_REMOVING || l->machine.state != SERVICE_DOWN ||
            has_producer(s, l, true))
            continue;
        let_go(l);
        any = true;
    }
    return any;
}

void scandir_sweep(struct scandir *s)
{
    if (!s->sweep)
        return;
    s->sweep = false;
    while (let_go_idle(s))
        ;
    longruns_sweep(s->longruns);
    if (s->again)
        scandir_scan(s);
}

/* --- what s6-svscanctl asks for --------------------------------------------------------------- */

static void asked(struct watch *w, uint32_t events)
{
    struct scandir *s = container_of(w, struct scandir, control);
    struct notices *notices = &s->pid1->notices;
    char letters[64];
    int look = 0;
    (void)events;
    ssize_t n = s->pid1->calls->read(w->fd, letters, sizeof letters);
    for (ssize_t i = 0; i < n; i++) {
        if (letters[i] == 'a' || letters[i] == 'h')
            look |= NOTICE_SCAN_LOOK;
        if (letters[i] == 'n' || letters[i] == 'N' || letters[i] == 'h')
            look |= NOTICE_SCAN_PRUNE;
        if (letters[i] == 'N')
            look |= NOTICE_SCAN_ALL;
        if (memchr("tiqb", letters[i], 4) != NULL)
            notice_post(notices, NOTICE_SVSCAN, letters[i]);
    }
    if (look != 0)
        notice_post(notices, NOTICE_SCAN, look);
}

int scandir_open(struct scandir *s, struct error *e)
{
    s->control = (struct watch){.fd = -1, .ready = asked};
    if (mkdir(RUN_SCANDIR "/.s6-svscan", 0700) < 0 && errno != EEXIST)
        return error_system(e, "unable to make " RUN_SCANDIR "/.s6-svscan");
    if (supervise_lock(AT_FDCWD, RUN_LOCK) < 0) /* held for good */
        return error_system(e, "unable to lock " RUN_LOCK);
    s->control.fd = supervise_fifo(AT_FDCWD, RUN_SCANDIR "/.s6-svscan/control");
    if (s->control.fd < 0)
        return error_system(e, "unable to make " RUN_SCANDIR "/.s6-svscan/control");
    return loop_watch(&s->pid1->loop, &s->control, EPOLLIN, e);
}
