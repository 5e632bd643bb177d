/* The action DIRECTORY of a logging script: when a log directory is written, rotated and tried
 * again.
 *
 * An exact one is a paired logger's own: lines go there exactly once, whatever is killed when. It
 * is rotated by its owner, who remembers what is written first (handover.h): sink_flush returns
 * TURN_DUE, and sink_begin does when somebody took current away. Then the owner calls disk_turn,
 * remembers directory_mark, and calls disk_tidy. Others rotate when flushed. */
#ifndef LOGGER_DIRECTORY_H
#define LOGGER_DIRECTORY_H

#include "logger/disk.h"

/* Asks for a rotation: the next flush writes, then rotates or returns TURN_DUE. */
void directory_rotate(struct disk *d);
/* The next flush tries to write what waits, even if directory_due has not come. */
void directory_urge(struct disk *d);
/* A child of ours was reaped: true when it was a helper of the directory. Flush then: the helper
 * may have been in the way of a rotation. */
bool directory_reaped(struct disk *d, pid_t pid, int status);

/* When it wants directory_wake and a flush: monotonic ns; 0: never. */
int64_t directory_due(const struct disk *d);
/* Does what is due at now. A flush must follow. */
void directory_wake(struct disk *d, int64_t now);

/* The things a successor must know of current. */
struct directory_mark {
    ino_t inode;  /* 0: no directory is open */
    int64_t size; /* bytes */
    bool torn;    /* it ends within a line */
    bool stale;   /* lines are dropped; the bytes that go there next are from before */
};
void directory_mark(const struct disk *d, struct directory_mark *m);

#endif
