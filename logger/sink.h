/* One action of a logging script: where lines go. A sink is of a kind (struct sink_kind):
 * directory, stdout, alert, status file, or selection. kinds.c has the table of kinds; each kind
 * keeps its own state in its own file.
 *
 * A sink collects stamped lines in memory and writes them when it is flushed. It never calls its
 * owner: what the owner has to do is a result, and when a sink wants to be called is a number.
 *
 * 1. sink_make (kinds.h); a directory: disk_open; 2. sink_begin for each batch; sink_reserve and
 * sink_add for its lines; sink_flush when sink_is_full and at the end; a directory: directory_wake
 * when directory_due has come; 3. sink_flush, sink_close.
 */
#ifndef LOGGER_SINK_H
#define LOGGER_SINK_H

#include "base/error.h"
#include "base/str.h"
#include "logger/line.h"
#include "logger/script.h"
#include "logger/stamp.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct fallback;
struct console;

/* The fate of lines while their directory cannot be written. */
enum sink_trouble {
    SINK_HOLD, /* no line is taken: the reader waits */
    SINK_GROW, /* lines are kept in memory */
    SINK_DROP  /* lines are dropped there and counted; the log says later how many */
};

/* Tells the owner of a sink what to do after a call. */
enum sink_result {
    SINK_DONE,     /* nothing: all is written */
    SINK_WAITS,    /* bytes cannot be written now: flush again later */
    SINK_TURN_DUE, /* an exact directory needs a new current before it takes more: remember what is
                      written, call disk_turn, flush again */
    SINK_LOST      /* an exact directory is gone: nothing can be written there by this process */
};

/* Settings that all sinks of a route share. */
struct sink_rules {
    enum sink_trouble trouble;
    bool sheds;                /* a full disk costs the oldest archives first */
    const char *name;          /* begins alerts */
    int gzip;                  /* level where the script says nothing */
    int slots;                 /* struct logdir_settings.slots */
    struct console *console;   /* where stdout and alerts go; NULL: to the descriptors alone */
    const char *note;          /* struct logdir_settings.note */
    struct fallback *fallback; /* SINK_DROP: says that a directory fails; NULL: nothing is said */
};

enum { SINK_FULL = 131072 /* bytes that are collected before they are written */ };

/* Stamped lines on their way out. */
struct sink_buffer {
    struct str bytes;
    size_t written; /* of bytes: need not be written again */
    size_t full;    /* number of unwritten bytes at which a flush is due */
    size_t sharers; /* number of sinks that collect here */
    bool waits;     /* the unwritten bytes cannot be written now */
};

struct sink {
    const struct sink_kind *kind;
    const struct sink_rules *rules;
    const struct script_step *step; /* the script's; outlives the sink */
    const char *text;               /* the step's, or what a directory is called instead */
    struct sink_buffer *buffer;     /* own, or for stdout that of the script's first stdout */
    struct sink_buffer own;
    enum stamp_stream stream; /* of this batch */
    size_t stamp_length;
    char stamp[STAMP_MAX]; /* of the lines of this batch */
};

/* Functions that a kind has nothing to do in are NULL. */
struct sink_kind {
    size_t size; /* bytes of the kind's own struct, whose first member is a struct sink */
    /* Completes a zeroed sink. first: the script's first sink of this kind, or NULL. 0 or -1. */
    int (*open)(struct sink *s, struct sink *first, struct error *e);
    /* A selection only: whether the actions that follow take the line. subject: the line;
     * selected: what the selections before say; taken: some action has taken the line. */
    bool (*select)(const struct sink *s, const char *subject, bool selected, bool taken);
    enum sink_result (*begin)(struct sink *s, const struct timespec *now);
    void (*add)(struct sink *s, const struct line *line);
    enum sink_result (*flush)(struct sink *s);
    void (*close)(struct sink *s, bool clean);
};

/* Begins a batch: makes the stamps of its lines, and looks whether somebody has deleted something.
 * Never writes lines. DONE, TURN_DUE or LOST. */
enum sink_result sink_begin(struct sink *s, enum stamp_stream stream, const struct timespec *now);

/* Takes memory for that many lines of length bytes together, so that adding them cannot fail. 0, or
 * -1 for lack of memory. */
int sink_reserve(struct sink *s, size_t length, size_t lines);

/* Takes one line, for which there must be memory. Not for a selection. */
static inline void sink_add(struct sink *s, const struct line *line)
{
    s->kind->add(s, line);
}

/* Writes what was collected, or as much as can be written. If that failed before, looks first
 * whether somebody has deleted something. */
enum sink_result sink_flush(struct sink *s);

/* Closes and frees the sink; bytes that are not written are dropped. clean: marks the directory so
 * if all was written. */
void sink_close(struct sink *s, bool clean);

/* --- what the sink has collected --- */

static inline size_t sink_unwritten(const struct sink *s)
{
    return s->buffer->bytes.length - s->buffer->written;
}

/* Flush before the next line is added. */
static inline bool sink_is_full(const struct sink *s)
{
    return sink_unwritten(s) >= s->buffer->full;
}

/* Nothing waits that the owner could remember as not written: all is written or given up. */
static inline bool sink_is_settled(const struct sink *s)
{
    return sink_unwritten(s) == 0 || (s->buffer->waits && s->rules->trouble == SINK_DROP);
}

/* --- for kinds --- */

/* Appends stamps, prefix and at most limit bytes of the line (0: no limit) to the buffer, for which
 * there must be memory, and no newline. */
void sink_collect(struct sink *s, const struct line *line, size_t limit);

/* The same with all of the line, and a newline. */
void sink_collect_line(struct sink *s, const struct line *line);

/* All of the buffer was written: empties it and keeps its memory. */
void sink_empty(struct sink *s);

#endif
