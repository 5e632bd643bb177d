#include "supervisor/scandir.h"
#include "base/message.h"
#include "contract/paths.h"
#include "supervisor/supervisor.h"
#include <dirent.h>
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

void scandir_undefine(struct definition *d)
{
    if (d == NULL)
        return;
    words_release(&d->consumer_for);
    words_release(&d->logging_script);
    free(d->producer_for);
    free(d->name);
    free(d);
}

/* --- adding ----------------------------------------------------------------------------------- */

/* Takes d over. */
static struct longrun *add(struct supervisor *sv, struct definition *d, const char *path,
                           struct error *e)
{
    struct longrun *l = longrun_add(sv, d, NO_NODE, path, e);
    if (l == NULL)
        scandir_undefine(d);
    else
        l->scanned = d;
    return l;
}

/* NAME and NAME/log, or NAME alone. */
static struct longrun *add_pair(struct supervisor *sv, const char *name, const char *path,
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
            scandir_undefine(of_log);
            of_log = NULL;
        }
        if (of_log != NULL)
            log = add(sv, of_log, log_path, e);
    }
    if (d == NULL || (logged && log == NULL)) {
        scandir_undefine(d);
        if (e->text[0] == '\0')
            error_system(e, "unable to take the memory");
        return NULL;
    }
    struct longrun *l = add(sv, d, path, e);
    if (l != NULL && log != NULL)
        l->consumer = log->index;
    if (l == NULL && log != NULL)
        longrun_remove(log);
    return l;
}

static bool is_consumer(const struct longrun *l)
{
    return l->scanned != NULL && l->definition->consumer_for.count > 0;
}

static bool is_down(const char *path, const char *file)
{
    char full[PATH_LONGEST + 32];
    snprintf(full, sizeof full, "%s/%s", path, file);
    return access(full, F_OK) == 0;
}

static struct longrun *same(const struct supervisor *sv, const struct stat *st)
{
    for (uint32_t i = 0; i < sv->longruns; i++)
        if (sv->longrun[i] != NULL && sv->longrun[i]->inode == st->st_ino &&
            sv->longrun[i]->device == st->st_dev)
            return sv->longrun[i];
    return NULL;
}

static void supervise(struct supervisor *sv, const char *name, const char *path)
{
    struct error e = ERROR_INIT;
    struct longrun *l = NULL;
    bool down = false, log_down = false;
    char real[PATH_MAX];
    if (realpath(path, real) == NULL)
        error_system(&e, "unable to resolve %s", path);
    else if (strlen(real) > PATH_LONGEST)
        error_set(&e, EXIT_SYSTEM, "the path is too long: %.100s...", real);
    else {
        /* Looked at first: who sees the lock held may remove it (s6-svlink -d). */
        down = is_down(real, "down");
        log_down = is_down(real, "log/down");
        l = add_pair(sv, name, real, &e);
    }
    if (l == NULL) {
        message_warning("unable to supervise %s: %s", name, e.text);
        return;
    }
    if (l->consumer != UINT32_MAX)
        sv->longrun[l->consumer]->due = !log_down;
    l->due = !down;
}

/* Once all directories of the scan are there: a service may look for one that was found later. A
 * log begins before its service. */
static void start_due(struct supervisor *sv, bool consumers)
{
    for (uint32_t i = 0; i < sv->longruns; i++) {
        struct longrun *l = sv->longrun[i];
        if (l == NULL || !l->due || is_consumer(l) != consumers)
            continue;
        l->due = false;
        longrun_feed(l, SERVICE_WANT_UP, 0);
    }
}

/* --- scanning --------------------------------------------------------------------------------- */

/* A log that an earlier service of the directory has left still reads what that one wrote. */
static bool log_is_left(const struct supervisor *sv, int at, const char *name)
{
    char log[NAME_MAX + sizeof "/log"];
    struct stat st;
    snprintf(log, sizeof log, "%.*s/log", NAME_MAX, name);
    return fstatat(at, log, &st, 0) == 0 && same(sv, &st) != NULL;
}

static void look_at(struct supervisor *sv, int at, const char *name)
{
    char path[NAME_MAX + sizeof RUN_SCANDIR + 2];
    struct stat st;
    if (fstatat(at, name, &st, 0) < 0 || !S_ISDIR(st.st_mode))
        return;
    struct longrun *l = same(sv, &st);
    if (l == NULL && sv->pid1.stage >= STAGE_STOPPING)
        return;
    if (l == NULL && log_is_left(sv, at, name)) {
        sv->scan_again = true;
        return;
    }
    if (l == NULL) {
        snprintf(path, sizeof path, RUN_SCANDIR "/%.*s", NAME_MAX, name);
        supervise(sv, name, path);
        return;
    }
    l->listed = true;
    if (l->consumer != UINT32_MAX && l->scanned != NULL)
        sv->longrun[l->consumer]->listed = true;
    if (l->leaving)
        sv->scan_again = true;
}

void scandir_scan(struct supervisor *sv)
{
    if (sv->pid1.stage >= STAGE_TERM)
        return;
    DIR *d = opendir(RUN_SCANDIR);
    if (d == NULL) {
        message_warning("unable to read " RUN_SCANDIR ": %s", strerror(errno));
        return;
    }
    sv->scan_again = false;
    for (uint32_t i = 0; i < sv->longruns; i++)
        if (sv->longrun[i] != NULL)
            sv->longrun[i]->listed = false;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        if (entry->d_name[0] != '.')
            look_at(sv, dirfd(d), entry->d_name);
    closedir(d);
    start_due(sv, true);
    start_due(sv, false);
}

/* --- removal ---------------------------------------------------------------------------------- */

/* A consumer leaves by itself, at end of file. */
static void remove_one(struct longrun *l, bool tell)
{
    if (l->leaving)
        return;
    if (l->scanned != NULL)
        l->leaving = true;
    longrun_feed(l, SERVICE_LEAVE, 0);
    if (tell)
        longrun_feed(l, SERVICE_WANT_DOWN, 0);
}

void scandir_remove(struct longrun *l)
{
    remove_one(l, true);
    l->supervisor->sweep = true;
}

void scandir_prune(struct supervisor *sv, bool all)
{
    for (uint32_t i = 0; i < sv->longruns; i++) {
        struct longrun *l = sv->longrun[i];
        if (l == NULL || l->listed || longrun_is_prepared(l))
            continue;
        remove_one(l, all || !is_consumer(l));
    }
}

static bool has_producer(const struct supervisor *sv, const struct longrun *consumer, bool at_rest)
{
    for (uint32_t i = 0; i < sv->longruns; i++) {
        const struct longrun *l = sv->longrun[i];
        if (l != NULL && l->scanned != NULL && l->consumer == consumer->index && !l->going &&
            (at_rest || !service_at_rest(&l->machine)))
            return true;
    }
    return false;
}

bool scandir_stop(struct supervisor *sv)
{
    bool alive = false;
    for (uint32_t i = 0; i < sv->longruns; i++) {
        struct longrun *l = sv->longrun[i];
        if (l == NULL || l->scanned == NULL || l->going || service_at_rest(&l->machine))
            continue;
        alive = true;
        if (l->told || (is_consumer(l) && has_producer(sv, l, false)))
            continue;
        l->told = true;
        longrun_feed(l, SERVICE_WANT_DOWN, 0);
    }
    return alive;
}

/* The supervisor of one that is down is gone; its consumer gets the end of file. */
static void let_go(struct longrun *l)
{
    if (l->consumer != UINT32_MAX) {
        struct longrun *log = l->supervisor->longrun[l->consumer];
        if (log->leaving && log->input[1] >= 0) {
            close(log->input[1]);
            log->input[1] = -1;
        }
        l->consumer = UINT32_MAX;
    }
    longrun_remove(l);
}

/* True: one at least was let go, which may have been the last producer of another. */
static bool let_go_idle(struct supervisor *sv)
{
    bool any = false;
    for (uint32_t i = 0; i < sv->longruns; i++) {
        struct longrun *l = sv->longrun[i];
        if (l == NULL || !l->leaving || l->going || l->machine.state != SERVICE_DOWN ||
            has_producer(sv, l, true))
            continue;
        let_go(l);
        any = true;
    }
    return any;
}

void scandir_sweep(struct supervisor *sv)
{
    if (!sv->sweep)
        return;
    sv->sweep = false;
    while (let_go_idle(sv))
        ;
    longruns_sweep(sv);
    if (sv->scan_again)
        scandir_scan(sv);
}

/* --- what s6-svscanctl asks for --------------------------------------------------------------- */

static void asked(struct watch *w, uint32_t events)
{
    struct supervisor *sv =
        (struct supervisor *)(void *)((char *)w - offsetof(struct supervisor, scan));
    char letters[64];
    bool scan = false, prune = false, all = false;
    (void)events;
    ssize_t n = read(w->fd, letters, sizeof letters);
    for (ssize_t i = 0; i < n; i++) {
        scan = scan || letters[i] == 'a' || letters[i] == 'h';
        prune = prune || letters[i] == 'n' || letters[i] == 'N' || letters[i] == 'h';
        all = all || letters[i] == 'N';
        if (memchr("tiqb", letters[i], 4) == NULL)
            continue;
        stop_begin(sv, "halt", 0, -1, FINAL_EXIT);
        if (letters[i] == 'q') /* nobody waits for services */
            stop_services_over(sv);
        else if (letters[i] == 'b')
            stop_hurry(sv);
    }
    if (scan)
        scandir_scan(sv);
    if (prune && sv->pid1.stage < STAGE_TERM)
        scandir_prune(sv, all);
}

int scandir_open(struct supervisor *sv, struct error *e)
{
    sv->scan = (struct watch){.fd = -1, .ready = asked};
    if (mkdir(RUN_SCANDIR "/.s6-svscan", 0700) < 0 && errno != EEXIST)
        return error_system(e, "unable to make " RUN_SCANDIR "/.s6-svscan");
    if (supervise_lock(AT_FDCWD, RUN_LOCK) < 0) /* held for good */
        return error_system(e, "unable to lock " RUN_LOCK);
    sv->scan.fd = supervise_fifo(AT_FDCWD, RUN_SCANDIR "/.s6-svscan/control");
    if (sv->scan.fd < 0)
        return error_system(e, "unable to make " RUN_SCANDIR "/.s6-svscan/control");
    return loop_watch(&sv->pid1.loop, &sv->scan, EPOLLIN, e);
}
