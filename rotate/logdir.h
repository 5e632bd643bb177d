/* One log directory: append, rotate, retain, recover. It knows bytes and files; the meaning of
 * lines is the caller's. Layout and the start-up table: docs/log-directory.md, spec/s6-log.md
 * section 5.
 *
 * 1. logdir_open; 2. logdir_append, logdir_turn and logdir_tidy as wished; 3. logdir_close.
 *
 * Appending and rotating never wait: an operation that fails says so and can be tried again. Bytes
 * given to logdir_append and not counted as taken are never written later by the log directory
 * itself. Opening and closing may wait for a helper that was killed to be gone. Rotation is an
 * ordered list of idempotent steps; recovery finds its step from the files in the directory.
 */
#ifndef ROTATE_LOGDIR_H
#define ROTATE_LOGDIR_H

#include "base/error.h"
#include "rotate/age.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* The letters are those of directives in a logging script (logger/script.h). */
struct logdir_settings {
    unsigned long long keep;      /* n: archives kept */
    unsigned long long rotate;    /* s: bytes of current at which it rotates */
    unsigned long long total;     /* S: bytes of all archives; 0 unlimited */
    unsigned long long tolerance; /* l: bytes before that size at which a line end rotates, too */
    unsigned long long age;       /* a: seconds; 0 unlimited */
    unsigned long long retry_ms;  /* r: between attempts of a processor; 0: 2000 */
    int gzip;                     /* z: level, one rotation later; 0 plain archives */
    mode_t mode;                  /* m: of current and archives; 0: 0666 less the umask */
    const char *processor;        /* ! or ? command; NULL none */
    bool processor_is_shell;      /* ? */
    bool follow;                  /* F: second names, rotate/follow.h */
    const char *program;          /* path of this program, for `execlineb -Pc` */
    int slots;                    /* descriptor whose bytes 1 and 2 are the fcntl locks that limit
                                     helpers to two; -1: no limit */
    int (*stamp_of)(const char *line, size_t length, struct timespec *t); /* bgzf_stamp, or NULL */
    const char *note; /* content of the file LOGDIR_NOTE while the logger works; NULL: no file */
};

#define LOGDIR_NOTE "pipes" /* rotate/pipe_note.h */

struct logdir {
    struct logdir_settings settings;
    char *name;                  /* path for messages; owned */
    int directory;               /* descriptor; owned */
    int lock;                    /* descriptor; owned */
    bool taken;                  /* it was not opened, as another logger has the lock */
    int current;                 /* descriptor; owned; -1: a turn could not create the file */
    int why;                     /* errno of a turn that could not create current or an archive */
    ino_t inode;                 /* of current; 0: there is none */
    dev_t device;                /* of current */
    int64_t size;                /* of current, bytes */
    bool beyond_umask;           /* the mode has bits that the umask takes away */
    bool unfollowed;             /* current could not be given its second name */
    struct timespec newest;      /* newest archive name in use */
    pid_t helper;                /* compressor or processor, 0 none: logdir_reaped clears it */
    bool again;                  /* another helper run is due when this one ends */
    int64_t retry;               /* monotonic ns at which logdir_retry is due; 0 none */
    unsigned int failures;       /* of helpers, one after the other */
    struct timespec synced;      /* no archive up to this name needs an fsync */
    struct timespec next_synced; /* the value of synced once the helper succeeds */
    struct age_clock clock;      /* whether archives are deleted by age */
};

/* --- open, append, close ---------------------------------------------------------------------- */

/* Makes every missing directory of path and opens the last one, following no symbolic link there.
 * A last directory that is new gets the owner uid:gid ((uid_t)-1: ours) and a mode that lets
 * readers of files with `mode` enter (0: 0700). Called while still privileged. Returns the
 * descriptor, which the caller owns, or -1 with e. */
int logdir_prepare(const char *path, uid_t uid, gid_t gid, mode_t mode, struct error *e);
/* The same. *given: the directory is new, and uid's without a doubt, who can do there what owners
 * can. */
int logdir_give(const char *path, uid_t uid, gid_t gid, mode_t mode, bool *given, struct error *e);

/* Takes the lock, recovers by the start-up table, opens current for append, and starts a helper if
 * one is due. directory is owned from here on, even on failure; texts in settings must outlive d.
 * resume: take current over as it is (a logger restarted by the same supervisor). 0, or -1 with e,
 * d->taken and nothing to close. */
int logdir_open(struct logdir *d, int directory, const char *name,
                const struct logdir_settings *settings, bool resume, struct error *e);

/* Writes at most length bytes to current. Returns the number taken (short when the disk filled up),
 * or -1 with errno. Without a current it always fails; call logdir_turn first. */
ssize_t logdir_append(struct logdir *d, const void *bytes, size_t length);

/* Releases everything. clean: fsyncs current and marks it with the owner's x bit, unless
 * logdir_processing (a caller that wants the processor to end waits for that first). A helper is
 * killed and its half-made file removed, or it dies with this process; the next start takes up its
 * work. */
void logdir_close(struct logdir *d, bool clean);

/* --- rotation --------------------------------------------------------------------------------- */

/* True once current has reached the size at which a line end rotates it. */
bool logdir_full(const struct logdir *d);

/* Bytes that fit before logdir_full: a writer of batches splits there at a line end. SIZE_MAX while
 * a processor keeps current from being rotated. */
size_t logdir_room(const struct logdir *d);

/* Rotates: current becomes an archive, and a new current is opened. An empty current stays; a
 * current that somebody else took away is only replaced. 0, or -1 with e: d still works, with the
 * old current, a new one or none, and the call may be repeated. */
int logdir_turn(struct logdir *d, struct error *e);

/* To be called after a turn: deletes by retention and starts the helper. */
void logdir_tidy(struct logdir *d);

/* Deletes the archives that n, S and a exclude, and no other file. Warns of failures. */
void logdir_trim(struct logdir *d);

/* Makes room on a full disk: deletes the oldest archive. False: there is no archive, or it cannot
 * be deleted, of which it warns. */
bool logdir_shed(struct logdir *d);

/* --- what others see and do ------------------------------------------------------------------- */

/* CURRENT_LOST: current was deleted or renamed, whatever has its name now; logdir_turn makes a new
 * one. (If it could not make one before, nothing is lost by that.) LOST: the directory itself was
 * deleted; only logdir_prepare makes a new one. */
enum logdir_loss { LOGDIR_NOTHING_LOST, LOGDIR_CURRENT_LOST, LOGDIR_LOST };
enum logdir_loss logdir_loss(const struct logdir *d);

/* False: the last byte in current, written by us or before us, does not end a line. */
bool logdir_ends_line(const struct logdir *d);

/* The pid of the logger that has locked the directory, as we see it (0: in another container,
 * or on another machine); -1:
 * no logger works here (errno 0), or we cannot open the lock (errno). */
pid_t logdir_user(int directory);

/* --- the helper ------------------------------------------------------------------------------- */

/* A processor works on previous, or failed and will be tried again. current must not become
 * previous now: a kill between two steps would leave files of two different rotations. */
bool logdir_processing(const struct logdir *d);

/* Archives are being compressed, or logdir_processing. */
bool logdir_busy(const struct logdir *d);

/* Takes the wait status of a child that was reaped. True: the child was d's helper; its work is
 * finished now, or set to be retried. */
bool logdir_reaped(struct logdir *d, pid_t pid, int status);

/* Starts the helper again for work that failed or had to wait for a slot or for an archive's age,
 * once the time `retry` has passed; before that it does nothing. */
void logdir_retry(struct logdir *d);

#endif
