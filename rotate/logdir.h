/* One log directory: append, rotate, retain, recover. Knows bytes and files, not lines' meaning.
 * Layout and the start-up table: docs/log-directory.md, spec/s6-log.md section 5.
 *
 * 1. logdir_open; 2. logdir_append, logdir_turn and logdir_tidy as wished; 3. logdir_close.
 *
 * Nothing here waits: an operation that fails says so in e and can be tried again; no byte given to
 * logdir_append and not counted as taken is ever written later by itself. Rotation is an ordered
 * list of idempotent steps; recovery finds its step from what the directory holds.
 */
#ifndef ROTATE_LOGDIR_H
#define ROTATE_LOGDIR_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct logdir_settings {
    unsigned long long keep;      /* n: archives kept */
    unsigned long long rotate;    /* s: bytes of current at which it rotates */
    unsigned long long total;     /* S: bytes of all archives; 0 unlimited */
    unsigned long long tolerance; /* l */
    unsigned long long age;       /* a: seconds; 0 unlimited */
    unsigned long long retry_ms;  /* r: between attempts of a processor; 0: 2000 */
    int gzip;                     /* z: level, one rotation later; 0 plain archives */
    mode_t mode;                  /* m: of current and archives; 0: 0666 less the umask */
    const char *processor;        /* ! or ? command; NULL none */
    bool processor_is_shell;      /* ? */
    const char *program;          /* for `execlineb -Pc`: how to execute this program again */
    int slots;                    /* descriptor whose bytes 1 and 2 are the helpers' fcntl locks;
                                     -1: helpers are not limited */
    int (*stamp_of)(const char *line, size_t length, struct timespec *t); /* bgzf_stamp, or NULL */
    const char
        *note; /* what the file LOGDIR_NOTE holds while a logger works; NULL: there is none */
};

#define LOGDIR_NOTE "pipes"

struct logdir {
    struct logdir_settings settings;
    char *name; /* for messages */
    int directory;
    int lock;
    int current;            /* -1: a turn could not create it */
    int why;                /* the errno of that, or of a turn that could not make a file */
    ino_t inode;            /* of current; 0: there is none */
    dev_t device;           /* the same */
    int64_t size;           /* the same */
    bool beyond_umask;      /* the mode has bits that the umask takes away */
    struct timespec newest; /* newest archive name in use */
    pid_t helper;           /* compressor or processor, 0 none: its end is told by logdir_reaped */
    bool again;             /* another helper run is due when this one ends */
    int64_t retry;          /* monotonic ns at which logdir_retry is due; 0 none */
    unsigned int failures;  /* of helpers, one after the other */
    struct timespec synced; /* no archive up to this one needs an fsync */
    struct timespec next_synced; /* what synced becomes when the helper succeeds */
    int64_t wall_offset;         /* wall clock minus monotonic, ns, when last looked at */
    int64_t age_paused;          /* monotonic ns until which nothing is deleted by age; 0 none */
};

/* Makes every missing directory of path, the last with mode 0700 (or by settings.mode), following
 * no symbolic link in the last component, owned by uid:gid if we created it ((uid_t)-1: leave), and
 * returns its descriptor or -1. Called while still privileged. */
int logdir_prepare(const char *path, uid_t uid, gid_t gid, mode_t mode, struct error *e);

/* Takes the lock, recovers by the start-up table, opens current for append. directory is owned from
 * here on. resume: take current over as it is (a logger restarted by the same supervisor). */
int logdir_open(struct logdir *d, int directory, const char *name,
                const struct logdir_settings *settings, bool resume, struct error *e);

/* Writes at most length bytes; the number taken (short when the disk filled up) or -1 with errno.
 * Without a current, logdir_turn is to be tried again first. */
ssize_t logdir_append(struct logdir *d, const void *bytes, size_t length);

/* True once current has reached the size at which a line end rotates it. */
bool logdir_full(const struct logdir *d);

/* How many more bytes fit before logdir_full: a writer of batches splits there at a line end.
 * SIZE_MAX while a processor keeps current from being rotated. */
size_t logdir_room(const struct logdir *d);

/* Gives current an archive's name and opens a new one. An empty current is left, and one that
 * somebody else took away is only replaced. 0, or -1 with e: d still works (old or new current) and
 * the call may be repeated. */
int logdir_turn(struct logdir *d, struct error *e);

/* What a turn leaves to do: deletes by retention and starts the helper. */
void logdir_tidy(struct logdir *d);

/* Deletes what n, S and a say, and nothing that is not an archive. Warnings go to message. */
void logdir_trim(struct logdir *d);

/* For room on a full disk: deletes the oldest archive. False: there is none. */
bool logdir_shed(struct logdir *d);

/* What somebody else took away: current is deleted or has another name, whatever has its name now;
 * or the directory is deleted. */
enum logdir_loss { LOGDIR_NOTHING_LOST, LOGDIR_CURRENT_LOST, LOGDIR_LOST };
/* logdir_turn makes a new current; without the directory, only logdir_prepare does. */
enum logdir_loss logdir_loss(const struct logdir *d);

/* A processor is at work, or failed and will be tried again: current must not become previous now,
 * or what is left by a kill between two steps would belong to different rotations. */
bool logdir_processing(const struct logdir *d);

/* Archives are being compressed, or logdir_processing. */
bool logdir_busy(const struct logdir *d);

/* False: what was written last to current, by us or before us, is not the end of a line. */
bool logdir_ends_line(const struct logdir *d);

/* Another process logs here: its pid as we see it (0 in another container), or -1: nobody does. */
pid_t logdir_user(int directory);

/* A child of ours was reaped: true if it was d's helper (its work is then completed or retried). */
bool logdir_reaped(struct logdir *d, pid_t pid, int status);

/* Tries again what failed or had to wait for a slot or for an archive's age, once retry has passed.
 */
void logdir_retry(struct logdir *d);

/* clean: fsync, mark current with the owner's x bit, unless logdir_processing (who wants the end of
 * that waits for it first). A helper is ended and its half removed, or it dies with this process;
 * the next start goes on with its work. Releases everything either way. */
void logdir_close(struct logdir *d, bool clean);

#endif
