/* The action DIRECTORY of a logging script: when a log directory is written, rotated and tried
 * again.
 *
 * An exact one is a paired logger's own: lines go there exactly once, whatever is killed when. It
 * is rotated by its owner, who remembers what is written first (handover.h): sink_flush returns
 * TURN_DUE, and sink_begin does when somebody took current away. Others rotate when flushed.
 */
#ifndef LOGGER_DIRECTORY_H
#define LOGGER_DIRECTORY_H

#include "logger/sink.h"

/* Opens the directory. descriptor is logdir_prepare's, owned from here on, and closed on error.
 * resume: take current over as it is. 0, or -1 with e. */
int directory_open(struct sink *s, int descriptor, bool resume, struct error *e);
/* The directory could not be opened: lines do not go there until a later attempt works. */
void directory_absent(struct sink *s);

/* Lines can be written there, now or later. */
bool directory_is_open(const struct sink *s);
/* Whether current is empty or ends with a newline. */
bool directory_ends_line(const struct sink *s);

/* --- exact ones --- */

/* Makes the sink exact: before it is opened. */
void directory_be_exact(struct sink *s);

/* Gives current an archive's name and makes a new one. Nothing that is unwritten may be in current
 * in part. A failure is said and tried again later. Remember directory_mark, then tidy. */
void directory_turn(struct sink *s);
/* Finishes a turn once the new current is remembered: deletes archives by retention and starts the
 * helper. */
void directory_tidy(struct sink *s);

/* The things a successor must know of current. */
struct directory_mark {
    ino_t inode;  /* 0: no directory is open */
    int64_t size; /* bytes */
    bool torn;    /* it ends within a line */
    bool stale;   /* lines are dropped; the bytes that go there next are from before */
};
void directory_mark(const struct sink *s, struct directory_mark *m);

#endif
