/* One action of a logging script: where lines go. A sink collects stamped lines in memory and
 * writes them out when flushed; a directory that fails is tried again by itself.
 *
 * 1. sink_init; 2. directories: sink_open; 3. sink_stamp for each batch, sink_add for each line,
 * sink_flush at its end; 4. sink_close.
 */
#ifndef LOGGER_SINK_H
#define LOGGER_SINK_H

#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include "logger/line.h"
#include "logger/script.h"
#include "logger/stamp.h"
#include "rotate/logdir.h"
#include <regex.h>
#include <stdbool.h>

/* What happens to lines while a directory cannot be written. */
enum sink_trouble {
    SINK_HOLD, /* none is taken: the reader waits */
    SINK_GROW, /* they are kept in memory */
    SINK_DROP  /* they do not go there; said to trouble() only */
};

/* What a directory can do now. What wakes the logger for the next attempt goes with the state. */
enum sink_state {
    SINK_CLOSED, /* no directory, or not opened yet */
    SINK_ABSENT, /* it could not be opened: lines do not go there until an attempt works */
    SINK_WORKS,
    SINK_UNTURNED, /* it works, but its rotation failed, which was said, and is tried again */
    SINK_FAILS     /* what is to be written waits for the next attempt */
};

/* What all sinks of a logger share. */
struct sink_rules {
    struct loop *loop;
    enum sink_trouble trouble;
    const char *name; /* begins alerts */
    int gzip;         /* level where the script says nothing */
    int slots;        /* struct logdir_settings.slots */
    int lock;         /* console lock for stdout, -1 none */
    const char *note; /* struct logdir_settings.note */
    void *context;
    /* A timer or the stdout of a sink has done something: what holds the reader may have changed.
     */
    void (*settle)(void *context);
    void (*given_up)(void *context, const struct error *e); /* SINK_DROP: may be NULL */
    /* For exact sinks: remembers that all lines taken were written. False: they were not, and
     * current must stay. */
    bool (*commit)(void *context);
    void (*moved)(void *context); /* the same: remembers that current is a new file */
    void (*lost)(void *context);  /* the same: the directory is gone, and nothing is written */
    bool sheds;                   /* a full disk costs the oldest archives first */
};

struct sink {
    const struct sink_rules *rules;
    enum script_kind kind;
    const char *text; /* the script's */
    struct script_settings settings;
    unsigned int stamps;
    regex_t *regex; /* of a selection; NULL: matches everything */

    char stamp[STAMP_MAX]; /* of this batch */
    size_t stamp_length;
    struct str out;
    size_t written;     /* bytes of out that need not be written again */
    struct sink *first; /* stdout: the sink whose out all of them share, to keep lines in order */
    size_t sharers;     /* in that sink: how many there are */

    struct logdir dir;
    unsigned long long largest; /* bytes that a file may have */
    bool exact; /* a paired logger's own directory: lines go there exactly once, see checkpoint.h */
    enum sink_state state;
    bool closed;  /* stdout: given up for good */
    bool waiting; /* stdout: for room, SINK_GROW */
    struct watch room;
    int why;                    /* errno of the last failure */
    unsigned long long dropped; /* lines that did not go there since */
    int64_t shed_at;            /* monotonic ns: when it was last said that archives were deleted */
    int64_t retry_at;           /* monotonic ns of the next attempt, in a state that has one */
    struct timer retry;
    struct timer period;
    struct timer helper; /* logdir_retry is due */
};

/* first: NULL, or the script's first action of the same kind. */
int sink_init(struct sink *s, const struct sink_rules *rules, const struct script_step *step,
              struct sink *first, struct error *e);

/* directory is logdir_prepare's and owned from here on. */
int sink_open(struct sink *s, int directory, bool resume, struct error *e);
/* The directory could not be opened: lines do not go there until a later attempt works. */
void sink_absent(struct sink *s);

static inline bool sink_is_open(const struct sink *s)
{
    return s->state >= SINK_WORKS;
}

/* The stamps of the lines that follow. Also the moment when a directory that lines do not go to is
 * tried again. */
void sink_stamp(struct sink *s, enum stamp_stream stream, const struct timespec *now);

/* Memory for so many lines of length bytes together, so that sink_add cannot fail. 0 or -1. */
int sink_reserve(struct sink *s, size_t length, size_t lines);
void sink_add(struct sink *s, const struct line *line);

void sink_flush(struct sink *s);
/* An exact one must be flushed before another line is added: the last one fills current. */
bool sink_is_due(const struct sink *s);
void sink_rotate(struct sink *s);
/* True when the child was the directory's helper. */
bool sink_reaped(struct sink *s, pid_t pid, int status);
/* Bytes are waiting that cannot be written now. */
bool sink_waits(const struct sink *s);
/* Tries again now to write them. */
void sink_retry(struct sink *s);

/* Writes what it can, then closes; clean: marks the directory so. */
void sink_close(struct sink *s, bool clean);

#endif
