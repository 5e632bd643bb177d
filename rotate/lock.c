/* The file lock of a log directory: byte 0 is its logger's, byte 1 its helper's. Loggers take write
 * locks. A read lock can be taken by anybody who may read the file, and keeps no logger out. */
#include "rotate/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

enum {
    REPLACE_TRIES = 20,
    OLD_TRIES = 400,
    OLD_DYING_TRIES = 24000, /* for a killed one: the disk may keep it in an fsync */
    OLD_PAUSE_US = 5000
};

enum taken {
    TAKEN,
    TAKEN_BY_READER,
    TAKEN_BY_OTHER,
    TAKEN_BY_HELPER, /* of a dead logger */
    TAKEN_ERROR
};

int step_lock(int fd, short type, off_t byte)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_SETLK, &lock);
}

/* Tries to lock one byte. *holder describes the lock that is in the way; its l_type is F_UNLCK when
 * that lock has gone meanwhile. */
static enum taken take_byte(int fd, off_t byte, struct flock *holder)
{
    if (step_lock(fd, F_WRLCK, byte) == 0)
        return TAKEN;
    if (errno != EACCES && errno != EAGAIN)
        return TAKEN_ERROR;
    *holder = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    if (fcntl(fd, F_GETLK, holder) < 0)
        return TAKEN_ERROR;
    return holder->l_type == F_RDLCK ? TAKEN_BY_READER : TAKEN_BY_OTHER;
}

/* Kills the process that holds the lock. Its pid may be another's by the time of the kill, so the
 * process is opened first, and must still hold the lock then. On kernels without pidfds the helper
 * dies by itself, with its logger. */
static bool kill_holder(int fd, const struct flock *holder)
{
    struct flock again = *holder;
    again.l_type = F_WRLCK;
    if (holder->l_pid <= 0)
        return false;
    int process = (int)syscall(SYS_pidfd_open, holder->l_pid, 0);
    if (process < 0)
        return errno != ESRCH;
    bool killed = fcntl(fd, F_GETLK, &again) == 0 && again.l_type == F_WRLCK &&
                  again.l_pid == holder->l_pid &&
                  syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0) == 0;
    close(process);
    return killed;
}

/* Waits a moment for the helper of a dead logger to end, and kills it where that can be done. */
static enum taken end_old_helper(int fd)
{
    enum taken taken = TAKEN_BY_OTHER;
    int tries = OLD_TRIES;
    for (int i = 0; i < tries; i++) {
        struct flock holder;
        taken = take_byte(fd, LOCK_HELPER, &holder);
        if (taken != TAKEN_BY_OTHER)
            break;
        if (holder.l_type == F_WRLCK && holder.l_start == LOCK_HELPER && kill_holder(fd, &holder))
            tries = OLD_DYING_TRIES;
        usleep(OLD_PAUSE_US);
    }
    return taken;
}

/* Locks both bytes of the file. TAKEN_BY_READER: one of them has a read lock. */
static enum taken take_both(int fd)
{
    struct flock holder;
    enum taken logger = take_byte(fd, LOCK_LOGGER, &holder);
    if (logger != TAKEN && logger != TAKEN_BY_READER)
        return logger;
    enum taken helper = end_old_helper(fd);
    return helper == TAKEN ? logger : helper == TAKEN_BY_OTHER ? TAKEN_BY_HELPER : helper;
}

/* Whether the file is to be replaced because others can open it, and so lock it. On a file system
 * without modes, where chmod does nothing or even a new file is public, it must do as it is. */
static bool is_public(int fd, struct stat *s, bool just_made)
{
    if (just_made || (s->st_mode & 0066) == 0)
        return false;
    return fchmod(fd, 0600) < 0 || fstat(fd, s) < 0 || (s->st_mode & 0066) == 0;
}

int lock_take(struct logdir *d, struct error *e)
{
    for (int i = 0; i < REPLACE_TRIES; i++) {
        struct stat s;
        d->lock = step_take(d, "lock", O_RDWR, 0600, e);
        if (d->lock < 0)
            return -1;
        enum taken taken = take_both(d->lock);
        bool busy = taken == TAKEN_BY_OTHER || taken == TAKEN_BY_HELPER;
        d->taken = taken == TAKEN_BY_OTHER;
        if (busy)
            errno = EBUSY;
        if (busy || taken == TAKEN_ERROR || fstat(d->lock, &s) < 0)
            return error_system(e, "unable to lock %s/lock", d->name);
        bool in_place = step_is_file(d->directory, "lock", &s);
        if (in_place && (s.st_mode & S_IXUSR) != 0 && step_doubt_marks(d, e) < 0)
            return -1;
        if (in_place && taken == TAKEN && !is_public(d->lock, &s, i > 0))
            return 0;
        if (in_place && step_remove(d, "lock", e) < 0)
            return -1;
        close(d->lock);
    }
    d->lock = -1;
    errno = EBUSY;
    return error_system(e, "unable to lock %s/lock", d->name);
}
