/* A log directory on a disk that may be full, slow to come or gone: what can be done with it now,
 * and when it is tried again. directory.c makes a sink of it. */
#ifndef LOGGER_DISK_H
#define LOGGER_DISK_H

#include "base/container.h"
#include "logger/sink.h"
#include "rotate/logdir.h"

enum disk_state {
    DISK_CLOSED, /* not opened yet */
    DISK_ABSENT, /* it could not be opened: lines do not go there until an attempt works */
    DISK_WORKS,
    DISK_UNTURNED, /* it works, but its rotation failed, which was said, and is tried again */
    DISK_FAILS     /* what is unwritten waits for the next attempt */
};

struct disk {
    struct sink sink;
    struct logdir dir;
    unsigned long long largest; /* bytes that a file may have */
    bool exact;                 /* rotated by its owner (directory.h); set before it is opened. Its
                                   owner ends, or completes, a line that current ends within */
    bool resumes;               /* ABSENT: the next attempt takes current over as it is */
    enum disk_state state;
    bool wanted;                /* a rotation was asked for */
    bool tried;                 /* exact: the owner has turned it since it was flushed last */
    bool untidy;                /* a turn worked, and tidying is due */
    int why;                    /* errno of the last failure */
    unsigned long long dropped; /* number of lines that did not go there since */
    struct {
        bool open;          /* the last thing there is a piece of a line that goes on */
        bool dropping;      /* a piece of a line was dropped, so the others are */
        bool lost;          /* the rest of a line was dropped, whose beginning is there */
    } line[STREAM_ERR + 1]; /* by enum stamp_stream */
    /* monotonic ns; 0: none */
    int64_t shed_at;   /* when it was last said that archives were deleted */
    int64_t retry_at;  /* earliest next attempt, in a state that has one */
    int64_t wake_at;   /* when the owner is to be woken for that */
    int64_t period_at; /* end of the script's period R */
    int64_t helper_at; /* logdir_retry is due */
};

/* A sink of directory_kind as what it is. */
static inline struct disk *disk_of(struct sink *s)
{
    return container_of(s, struct disk, sink);
}

/* Lines can be written there, now or later. */
static inline bool disk_is_open(const struct disk *d)
{
    return d->state >= DISK_WORKS;
}

/* Raises the process's limit of file sizes as far as we may, and makes it an error instead of a
 * signal. What is left of it makes disk_open rotate earlier. */
void disk_lift_limit(void);

/* Opens the directory. descriptor is logdir_prepare's, owned from here on and closed on error.
 * resume: take current over as it is. 0, or -1 with e. */
int disk_open(struct disk *d, int descriptor, bool resume, struct error *e);
/* It could not be opened: lines are dropped until an attempt works. resume: of that attempt. */
void disk_be_absent(struct disk *d, bool resume);
/* Makes that attempt if it is due. True: it worked. */
bool disk_try_open(struct disk *d);
/* Ends a line that nobody completes: a kill, or a crash of the machine, cut it short. Of an exact
 * directory only its owner knows that; of others, disk_open does it. 0, or -1: no memory. */
int disk_end_torn_line(struct disk *d);

/* The size of current, or whether it can be rotated, has changed: says anew how many bytes may be
 * collected before a flush is due. */
void disk_set_full(struct disk *d);

/* Writes all that is unwritten; one that is not exact rotates on the way. 0, or -1: it fails, which
 * was said, and is tried again at retry_at. */
int disk_write(struct disk *d);

/* The unwritten bytes need another current first: there is none, or it would become too large. */
bool disk_needs_current(const struct disk *d);
/* All is written: a rotation is due. */
bool disk_must_rotate(const struct disk *d);
/* Gives current an archive's name and makes a new one. Nothing that is unwritten may be in current
 * in part. A failure is said and tried again later. */
void disk_turn(struct disk *d);
/* Finishes a turn that worked: deletes archives by retention and starts the helper. */
void disk_tidy(struct disk *d);
/* Both. */
void disk_rotate(struct disk *d);

/* logdir.retry may have changed: notes when the owner is to be woken for it. */
void disk_await_helper(struct disk *d);

#endif
