/* The helper: a child at low priority that compresses archives, or runs the processor on previous.
 * It works on the directory by the same idempotent steps and dies with its logger. */
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "base/process.h"
#include "rotate/bgzf.h"
#include "rotate/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { RETRY_SECONDS = 2 };

bool helper_has_previous(const struct logdir *d)
{
    return d->settings.processor != NULL &&
           faccessat(d->directory, "previous", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- compression --------------------------------------------------------------------------------
 */

/* At most two helpers of the container work at once. */
static void take_slot(int slots)
{
    struct flock one = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
    struct flock two = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 1};
    if (slots < 0 || fcntl(slots, F_SETLK, &one) == 0 || fcntl(slots, F_SETLK, &two) == 0)
        return;
    fcntl(slots, F_SETLKW, getpid() % 2 == 0 ? &one : &two);
}

/* The newest plain archive that retention leaves: 1 found, 0 none. */
static int choose(const struct logdir *d, struct archive *a)
{
    struct archive *list;
    struct timespec now = clock_wall();
    long count = archive_list(d->directory, &list);
    unsigned char *doomed = count <= 0 ? NULL : malloc((size_t)count);
    int found = 0;
    if (doomed != NULL) {
        trim_mark(list, count, &d->settings, &now, true, doomed);
        for (long i = count - 1; i >= 0 && found == 0; i--)
            if (!list[i].compressed && doomed[i] == 0) {
                *a = list[i];
                found = 1;
            }
    }
    free(doomed);
    free(list);
    return found;
}

static int compress_file(const struct logdir *d, int in, int out, struct error *e)
{
    struct stat s;
    if (fsync(in) < 0 || fstat(in, &s) < 0)
        return error_system(e, "unable to read an archive in %s", d->name);
    if (bgzf_compress(in, out, d->settings.gzip, d->settings.stamp_of, e) < 0)
        return -1;
    const struct timespec times[2] = {s.st_atim, s.st_mtim};
    fchmod(out, s.st_mode & 0777);
    futimens(out, times);
    return fsync(out) < 0 ? error_system(e, "unable to write an archive in %s", d->name) : 0;
}

static int compress_one(const struct logdir *d, const struct archive *a, struct error *e)
{
    char done[ARCHIVE_NAME_MAX];
    char half[ARCHIVE_NAME_MAX + 8];
    archive_name(done, &a->time, a->unfinished, true);
    snprintf(half, sizeof half, "%s.new", done);
    int in = openat(d->directory, a->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0)
        return errno == ENOENT ? 0 : error_system(e, "unable to open %s/%s", d->name, a->name);
    unlinkat(d->directory, half, 0);
    int out =
        openat(d->directory, half, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int result = out < 0 ? error_system(e, "unable to create %s/%s", d->name, half)
                         : compress_file(d, in, out, e);
    close(in);
    if (out >= 0)
        close(out);
    /* Retention may have taken the archive meanwhile: then its copy goes too. */
    if (result == 0 && faccessat(d->directory, a->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
        unlinkat(d->directory, half, 0);
        return 0;
    }
    if (result == 0 && renameat(d->directory, half, d->directory, done) < 0)
        result = error_system(e, "unable to rename %s/%s", d->name, half);
    if (result == 0)
        unlinkat(d->directory, a->name, 0);
    else
        unlinkat(d->directory, half, 0);
    return result;
}

static int compress_all(const struct logdir *d)
{
    struct archive a;
    struct error e = ERROR_INIT;
    take_slot(d->settings.slots);
    while (choose(d, &a) > 0)
        if (compress_one(d, &a, &e) < 0) {
            message_warning("%s", e.text);
            return EXIT_SYSTEM;
        }
    return 0;
}

/* --- processor ----------------------------------------------------------------------------------
 */

static int open_at(const struct logdir *d, const char *name, int flags)
{
    return openat(d->directory, name, flags | O_NOFOLLOW | O_CLOEXEC, 0644);
}

static pid_t spawn_processor(const struct logdir *d, int processed, int newstate, struct error *e)
{
    int previous = open_at(d, "previous", O_RDONLY);
    int state = open_at(d, "state", O_RDONLY | O_CREAT);
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
    if (previous < 0 || state < 0)
        error_system(e, "unable to open %s/%s", d->name, previous < 0 ? "previous" : "state");
    else if (fchdir(d->directory) < 0)
        error_system(e, "unable to enter %s", d->name);
    else
        pid = process_spawn(&s, NULL, e);
    if (previous >= 0)
        close(previous);
    if (state >= 0)
        close(state);
    return pid;
}

static int run_processor(const struct logdir *d, struct error *e)
{
    int processed = open_at(d, "processed", O_WRONLY | O_CREAT | O_TRUNC);
    int newstate = open_at(d, "newstate", O_WRONLY | O_CREAT | O_TRUNC);
    pid_t pid = -1;
    int result = -1;
    if (processed < 0 || newstate < 0)
        error_system(e, "unable to create %s/processed", d->name);
    else
        pid = spawn_processor(d, processed, newstate, e);
    if (pid > 0) {
        int status = process_wait(pid);
        if (status == 0 && fsync(processed) == 0 && fsync(newstate) == 0 &&
            fchmod(processed, step_mode(d, true)) == 0)
            result = 0;
        else
            error_set(e, EXIT_SYSTEM, "processor %s in %s",
                      WIFSIGNALED(status) ? "crashed" : "failed", d->name);
    }
    if (processed >= 0)
        close(processed);
    if (newstate >= 0)
        close(newstate);
    return result;
}

/* processed is whole now: what follows is done by recovery too, should we end here. */
static int adopt_output(struct logdir *d, struct error *e)
{
    struct stat s;
    unlinkat(d->directory, "previous", 0);
    renameat(d->directory, "newstate", d->directory, "state");
    if (fstatat(d->directory, "processed", &s, AT_SYMLINK_NOFOLLOW) == 0 && s.st_size == 0)
        return unlinkat(d->directory, "processed", 0);
    return step_archive(d, "processed", false, e);
}

static int process_previous(struct logdir *d)
{
    struct error e = ERROR_INIT;
    if (run_processor(d, &e) == 0 && adopt_output(d, &e) == 0)
        return 0;
    message_warning("%s", e.text);
    return EXIT_SYSTEM;
}

/* --- parent and child ---------------------------------------------------------------------------
 */

static void become_helper(pid_t logger)
{
    struct sched_param none = {.sched_priority = 0};
    sigset_t nothing;
    sigemptyset(&nothing);
    for (int i = 1; i < 32; i++)
        signal(i, i == SIGHUP || i == SIGTERM || i == SIGINT ? SIG_IGN : SIG_DFL);
    sigprocmask(SIG_SETMASK, &nothing, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != logger)
        _exit(EXIT_SYSTEM); /* child */
    setpriority(PRIO_PROCESS, 0, 19);
    sched_setscheduler(0, SCHED_IDLE, &none);
}

static bool has_work(struct logdir *d)
{
    struct archive a;
    if (d->settings.processor != NULL)
        return helper_has_previous(d);
    return d->settings.gzip > 0 && choose(d, &a) > 0;
}

void helper_start(struct logdir *d)
{
    if (d->helper != 0) {
        d->again = true;
        return;
    }
    d->again = false;
    d->retry = 0;
    if (!has_work(d))
        return;
    pid_t logger = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        d->retry = clock_monotonic() + RETRY_SECONDS * CLOCK_SECOND;
        return;
    }
    if (pid == 0) {
        become_helper(logger);
        _exit(d->settings.processor != NULL ? process_previous(d) : compress_all(d)); /* child */
    }
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
    bool again = d->again;
    d->helper = 0;
    if (status != 0) {
        d->retry = clock_monotonic() + RETRY_SECONDS * CLOCK_SECOND;
        return true;
    }
    if (d->settings.processor != NULL) {
        struct archive *list;
        long count = archive_list(d->directory, &list);
        if (count > 0)
            d->newest = list[count - 1].time;
        free(count >= 0 ? list : NULL);
    }
    logdir_trim(d);
    if (again)
        helper_start(d);
    return true;
}
