/* The work of a helper: it syncs and compresses archives, or has previous processed, by the same
 * idempotent steps as its logger. */
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "base/process.h"
#include "rotate/bgzf.h"
#include "rotate/follow.h"
#include "rotate/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* --- archives --- */

enum duty { SYNC = 1, COMPRESS = 2 };

static bool needs_sync(const struct logdir *d, const struct archive *a)
{
    return !a->compressed && clock_compare(&a->time, &d->synced) > 0;
}

/* Whether one of the duties is due now for the archive. If not, lowers *wait to the ns until it
 * will be, where *wait is 0 or more than that. */
static bool has_duty(const struct logdir *d, const struct archive *a, bool newest, int duties,
                     const struct timespec *now, int64_t *wait)
{
    int64_t ripe = duties & COMPRESS ? trim_ripe_in(a, newest, &d->settings, now) : -1;
    if (ripe > 0 && (*wait == 0 || ripe < *wait))
        *wait = ripe;
    if (ripe != 0 && !(duties & SYNC && needs_sync(d, a)))
        return false;
    /* An archive that we may not read stays as it is. What cannot be told now counts as work: done,
     * it would not be looked at again. */
    return faccessat(d->directory, a->name, R_OK, 0) == 0 || (errno != EACCES && errno != ENOENT);
}

/* Lists the archives that retention keeps and that are due for one of the duties, sorted. Returns
 * their number, or -1 with errno. *wait: ns until the next one is due; 0: none will be. */
static long list_work(const struct logdir *d, int duties, struct archive **list, int64_t *wait)
{
    struct timespec now = clock_wall();
    long count = archive_list(d->directory, list), kept = 0;
    *wait = 0;
    if (d->settings.total > 0)
        archive_sizes(d->directory, *list, count);
    for (long i = trim_doomed(*list, count, &d->settings, &now, true); i < count; i++)
        if (has_duty(d, &(*list)[i], i + 1 == count, duties, &now, wait))
            (*list)[kept++] = (*list)[i];
    return count < 0 ? -1 : kept;
}

bool work_is_due(const struct logdir *d, int64_t *wait)
{
    struct archive *list;
    *wait = 0;
    if (step_has_input(d))
        return true;
    long count = list_work(d, SYNC | COMPRESS, &list, wait);
    free(list);
    return count != 0; /* what cannot be listed now is tried again by the helper */
}

static int sync_one(const struct logdir *d, const struct archive *a, struct error *e)
{
    int fd = step_open(d, a->name, O_RDONLY);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_system(e, "unable to open %s/%s", d->name, a->name);
    int result = fsync(fd);
    if (result < 0)
        error_system(e, "unable to sync %s/%s", d->name, a->name);
    close(fd);
    return result;
}

static int compress_file(const struct logdir *d, int in, int out, struct error *e)
{
    struct stat s;
    if (fstat(in, &s) < 0)
        return error_system(e, "unable to read an archive in %s", d->name);
    if (bgzf_compress(in, out, d->settings.gzip, d->settings.stamp_of, e) < 0)
        return -1;
    const struct timespec times[2] = {s.st_atim, s.st_mtim};
    fchmod(out, s.st_mode & 0777);
    futimens(out, times);
    return fsync(out) < 0 ? error_system(e, "unable to sync an archive in %s", d->name) : 0;
}

/* Puts half, a compression that is complete, in the archive's place. If retention has deleted the
 * archive meanwhile, deletes the compression, too: there would be a hole behind it. */
static int replace_by(const struct logdir *d, const struct archive *a, const char *half,
                      struct error *e)
{
    char done[ARCHIVE_NAME_MAX];
    archive_name(done, &a->time, a->unfinished, true);
    if (!step_exists(d->directory, a->name))
        return step_remove(d, half, e);
    if (step_replace(d, half, done, e) < 0)
        return -1;
    fsync(d->directory);
    if (!step_exists(d->directory, a->name))
        return step_remove(d, done, e);
    int result = step_remove(d, a->name, e);
    if (d->settings.follow)
        follow_sweep(d->directory);
    return result;
}

static int compress_one(const struct logdir *d, const struct archive *a, struct error *e)
{
    char half[ARCHIVE_NAME_MAX + 8];
    snprintf(half, sizeof half, "%s.gz.new", a->name);
    int in = step_open(d, a->name, O_RDONLY);
    if (in < 0)
        return errno == ENOENT ? 0 : error_system(e, "unable to open %s/%s", d->name, a->name);
    int out = step_renew(d, half, e);
    int result = out < 0 ? -1 : compress_file(d, in, out, e);
    close(in);
    fd_close(out);
    if (result == 0)
        result = replace_by(d, a, half, e);
    if (result < 0)
        unlinkat(d->directory, half, 0);
    return result;
}

static bool take_slot(int slots)
{
    return slots < 0 || step_lock(slots, F_WRLCK, 1) == 0 || step_lock(slots, F_WRLCK, 2) == 0;
}

/* Lowers our priority. By system call: the C library may refuse it, as it cannot change the other
 * threads of a process. */
static void give_way(void)
{
    const struct sched_param none = {.sched_priority = 0};
    setpriority(PRIO_PROCESS, 0, 19);
    syscall(SYS_sched_setscheduler, 0, SCHED_IDLE, &none);
}

/* Newest first: that archive is the likeliest to be read, and the last to be deleted. A failure
 * does not keep the others from being compressed. */
static int compress_all(const struct logdir *d, struct error *e)
{
    struct archive *list;
    int64_t wait;
    long count;
    int result = 0;
    give_way();
    do {
        count = list_work(d, COMPRESS, &list, &wait);
        if (count < 0)
            return error_system(e, "unable to list %s", d->name);
        for (long i = count - 1; i >= 0; i--)
            if (compress_one(d, &list[i], e) < 0)
                result = -1;
        free(list);
    } while (count > 0 && result == 0);
    return result;
}

static int sync_and_compress(const struct logdir *d, struct error *e)
{
    struct archive *list;
    int64_t wait;
    if (!take_slot(d->settings.slots))
        return WORK_LOCKED;
    long count = list_work(d, SYNC, &list, &wait);
    int result = count < 0 ? error_system(e, "unable to list %s", d->name) : 0;
    for (long i = count - 1; i >= 0 && result == 0; i--)
        result = sync_one(d, &list[i], e);
    free(list);
    if (result < 0)
        return -1;
    fsync(d->directory);
    return compress_all(d, e);
}

/* --- processor -------------------------------------------------------------------------------- */

/* Opens the processor's state. A file that we may not read is somebody else's: it is replaced by an
 * empty one. */
static int open_state(const struct logdir *d, struct error *e)
{
    int fd = step_take(d, "state", O_RDONLY, step_mode(d, false), e);
    if (fd >= 0 || step_remove(d, "state", e) < 0)
        return fd;
    return step_take(d, "state", O_RDONLY, step_mode(d, false), e);
}

static pid_t spawn_processor(const struct logdir *d, int processed, int newstate, struct error *e)
{
    int previous = step_open(d, "previous", O_RDONLY);
    int state = open_state(d, e);
    const struct process_fd fds[] = {{previous, 0}, {processed, 1}, {state, 4}, {newstate, 5}};
    char *command = (char *)(uintptr_t)d->settings.processor;
    char *execline[] = {(char[]){"execlineb"}, (char[]){"-Pc"}, command, NULL};
    char *shell[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, command, NULL};
    const struct process_spawn s = {
        .program = d->settings.processor_is_shell ? "/bin/sh" : d->settings.program,
        .argv = d->settings.processor_is_shell ? shell : execline,
        .envp = environ,
        .fds = fds,
        .fd_count = 4,
    };
    pid_t pid = -1;
    if (previous < 0)
        error_system(e, "unable to open %s/previous", d->name);
    else if (state < 0)
        pid = -1; /* said */
    else if (fchdir(d->directory) < 0)
        error_system(e, "unable to enter %s", d->name);
    else
        pid = process_spawn(&s, NULL, e);
    fd_close(previous);
    fd_close(state);
    return pid;
}

static int run_processor(const struct logdir *d, struct error *e)
{
    int processed = step_renew(d, "processed", e);
    int newstate = processed < 0 ? -1 : step_renew(d, "newstate", e);
    pid_t pid = -1;
    int result = -1;
    if (newstate >= 0)
        pid = spawn_processor(d, processed, newstate, e);
    if (pid > 0) {
        int status = process_wait(pid);
        if (status == 0 && fsync(processed) == 0 && fsync(newstate) == 0 &&
            (fchmod(processed, step_mode(d, true)) == 0 || step_has_no_modes(errno)))
            result = 0;
        else
            error_set(e, EXIT_SYSTEM, "processor %s in %s",
                      WIFSIGNALED(status) ? "crashed" : "failed", d->name);
    }
    fd_close(processed);
    fd_close(newstate);
    return result;
}

/* Has previous processed. A helper that was killed may have left processed: whole, with or without
 * previous beside it, or unfinished. */
static int process(struct logdir *d, struct error *e)
{
    if (step_clear(d, "previous", e) < 0)
        return -1;
    int processed = step_processed(d, e);
    if (processed != 0)
        return processed < 0 ? -1 : step_adopt(d, e);
    if (!step_exists(d->directory, "previous"))
        return step_remove(d, "processed", e);
    return run_processor(d, e) < 0 ? -1 : step_adopt(d, e);
}

int work(struct logdir *d)
{
    struct error e = ERROR_INIT;
    int result = WORK_LOCKED;
    if (step_lock(d->lock, F_WRLCK, LOCK_HELPER) == 0) {
        result = step_has_input(d) ? process(d, &e) : sync_and_compress(d, &e);
    }
    if (result >= 0)
        return result;
    /* Warns once of a full disk, not at each attempt. */
    if (d->failures == 0 || d->settings.processor != NULL)
        message_warning("%s", e.text);
    return e.code;
}
