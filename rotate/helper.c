/* The helper: a child at low priority that works on a log directory (helper_work.c) beside its
 * logger and dies with it. */
#include "base/clock.h"
#include "base/file.h"
#include "rotate/steps.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    RETRY_MS = 2000,
    RETRY_MAX_MS = 60000, /* the longest pause, when each is twice the one before */
    SLOT_MS = 1000        /* between looks for a free slot */
};

static bool slot_is_free(int slots)
{
    for (off_t byte = 1; byte <= 2; byte++) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
        if (fcntl(slots, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
            return true;
    }
    return false;
}

/* Whether all slots are taken, so that a helper would end at once. */
static bool must_wait(const struct logdir *d)
{
    return d->settings.processor == NULL && d->settings.slots >= 0 &&
           !slot_is_free(d->settings.slots);
}

static void become_helper(pid_t logger)
{
    sigset_t nothing;
    sigemptyset(&nothing);
    for (int i = 1; i < 32; i++)
        signal(i, i == SIGHUP || i == SIGTERM || i == SIGINT || i == SIGXFSZ ? SIG_IGN : SIG_DFL);
    sigprocmask(SIG_SETMASK, &nothing, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != logger)
        _exit(EXIT_SYSTEM); /* child */
}

static void retry_in(struct logdir *d, int64_t ms)
{
    d->retry = clock_monotonic() + ms * CLOCK_MS;
}

/* A processor is tried every r milliseconds, as in s6-log; syncing and compressing can wait longer
 * after each failure. */
static void retry_after_failure(struct logdir *d)
{
    int64_t ms = d->settings.retry_ms > 0 ? (int64_t)d->settings.retry_ms : RETRY_MS;
    if (d->settings.processor == NULL)
        for (unsigned int i = 0; i < d->failures && ms < RETRY_MAX_MS; i++)
            ms *= 2;
    d->failures++;
    retry_in(d, ms);
}

/* Looks for archives newer than ours. */
static void see_newest(struct logdir *d)
{
    struct archive *list;
    long count = archive_list(d->directory, &list);
    trim_see_newest(d, list, count);
    free(list);
}

void helper_start(struct logdir *d)
{
    int64_t wait;
    if (d->helper != 0) {
        d->again = true;
        return;
    }
    d->again = false;
    d->retry = 0;
    see_newest(d);
    if (!work_is_due(d, &wait)) {
        d->retry = wait == 0 ? 0 : clock_monotonic() + wait;
        return;
    }
    if (must_wait(d)) {
        retry_in(d, SLOT_MS);
        return;
    }
    pid_t logger = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        retry_in(d, RETRY_MS);
        return;
    }
    if (pid == 0) {
        become_helper(logger);
        fd_drop(&d->current); /* once it is an archive, and deleted, its space is to be free */
        _exit(work(d));       /* child */
    }
    d->next_synced = d->newest;
    d->helper = pid;
}

void logdir_retry(struct logdir *d)
{
    if (d->retry != 0 && clock_monotonic() >= d->retry)
        helper_start(d);
}

bool logdir_reaped(struct logdir *d, pid_t pid, int status)
{
    if (pid <= 0 || pid != d->helper)
        return false;
    d->helper = 0;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == WORK_DONE)
        d->synced = d->next_synced;
    if (code == WORK_LOCKED) {
        retry_in(d, SLOT_MS);
    } else if (code != WORK_DONE) {
        retry_after_failure(d);
    } else {
        d->failures = 0;
        logdir_trim(d);
        helper_start(d);
    }
    return true;
}
