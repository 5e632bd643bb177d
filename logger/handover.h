/* The write path of a paired logger, and what a successor needs of it: journals of what was read,
 * sinks, and the state that says how much of each journal is written. docs/logger-contract.md has
 * the whole.
 *
 * This is the one place that orders three things: what is written, what is remembered as written
 * (the commit), and current becoming an archive (the turn). A turn comes after the commit of what
 * current holds, and the new current is remembered before anything is written there or deleted.
 *
 * 1. handover_open, the sinks' directories opened, handover_take_over; 2. journal_fill an input,
 * then handover_write; handover_flush after anything that happened to a route; 3. handover_close.
 */
#ifndef LOGGER_HANDOVER_H
#define LOGGER_HANDOVER_H

#include "base/error.h"
#include "logger/checkpoint.h"
#include "logger/console.h"
#include "logger/journal.h"
#include "logger/line.h"
#include "logger/route.h"
#include <stdbool.h>
#include <time.h>

enum { HANDOVER_OUT, HANDOVER_ERR, HANDOVER_EVENTS };

struct handover {
    struct route route[CHECKPOINT_FILES]; /* of lines, of events: opened by the owner */
    struct {
        struct journal journal; /* its fd is given to handover_open; -1: nothing survives us */
        struct lines lines;     /* its limit is given to handover_open */
    } input[CHECKPOINT_STREAMS];
    struct console console; /* what it shows is part of the state; the owner writes there */
    struct state state;
    int state_fd;   /* given to handover_open; -1: nothing survives us */
    int taken_over; /* number of routes taken over from the predecessor so far; the others must not
                       be committed yet */
    bool absent[CHECKPOINT_FILES]; /* the directory could not be opened yet: what the state says of
                                      its current is the predecessor's */
    bool lost; /* a log directory is gone: nothing more is written, a successor goes on */
};

/* Opens journals and state as they were left; both are empty at first. 0, or -1 with e. */
int handover_open(struct handover *h, struct error *e);

/* Goes on where a predecessor was killed: completes what it wrote of a batch in each current. 0, or
 * -1: out of memory. */
int handover_take_over(struct handover *h);

/* Writes the whole lines of an input, as a batch that arrived at now. Nothing happens while its
 * route holds, or when h is lost. 0, or -1: out of memory; what was written is remembered. */
int handover_write(struct handover *h, int input, const struct timespec *now);

/* The same with what there is of a begun line, as a piece, where such pieces can be joined (struct
 * route). Of a character that is not complete nothing is written. */
int handover_write_begun(struct handover *h, int input, const struct timespec *now);

/* The same for messages of the logger itself, which are in no journal: a kill may lose them. What
 * cannot be written stays in l. */
int handover_write_notes(struct handover *h, struct lines *l, const struct timespec *now);

/* Writes what the sinks of a route have, rotates its directory if that is due, and commits. file:
 * 0 lines, 1 events. */
void handover_flush(struct handover *h, int file);

/* Remembers what was read, shown and written; a route that is held up stays as it was remembered
 * last. */
void handover_commit(struct handover *h);

/* After silence: gives the memory of empty journals back and, where nothing of it matters, of the
 * state. Journals of a route that is held up stay as they are. */
void handover_trim(struct handover *h);

/* Flushes once more, commits, and releases everything. */
void handover_close(struct handover *h);

#endif
