/* The bytes that a paired logger has read of one stream and not yet logged: a memory file that the
 * supervisor keeps over the logger's death, and a view on it as struct lines.
 *
 * splice moves bytes from the pipe into the file and its offset with them in one system call, and
 * the offset belongs to the open file, not to the process: wherever a kill falls, the offset says
 * what was read. Memory that is not used goes back to the system.
 */
#ifndef LOGGER_JOURNAL_H
#define LOGGER_JOURNAL_H

#include "base/error.h"
#include "contract/logger.h"
#include "logger/line.h"
#include <stdbool.h>
#include <sys/types.h>

struct journal {
    int fd;      /* the supervisor's memory file; -1: nothing survives us */
    char *bytes; /* JOURNAL_SIZE, mapped */
    bool used;   /* it holds memory */
    bool plain;  /* splice is refused here for good: a kill may lose what was being read */
    bool said;   /* that something is read plainly */
};

/* Whether fd is a memory file of the supervisor: a plain file that has no name. */
bool memory_is(int fd);

/* Maps size bytes of a memory file from at on, a multiple of the page size; the file is made long
 * enough first. NULL: that cannot be done (fd is something else, the limit of file sizes is too
 * low). */
void *memory_share(int fd, size_t at, size_t size);
/* The same; where it cannot be done, it is memory that dies with us, and *survives is false. NULL
 * with errno: there is none. */
void *memory_map(int fd, size_t at, size_t size, bool *survives);

/* Maps the journal in fd, which is as for memory_map and stays the caller's. l, whose limit is set,
 * becomes a view on the bytes from done on: never call lines_room, lines_end or lines_release for
 * it. A done past the file's offset means that a kill cut journal_turn short, and counts as 0. 0,
 * or -1 with e. */
int journal_open(struct journal *j, int fd, size_t done, struct lines *l, struct error *e);

/* Reads once from descriptor from, at most as many bytes: their number, 0 at the end, -1 with
 * errno; ENOBUFS: there is no room. Never waits. Whatever splice fails with, what is there is read
 * plainly: an error is one of reading itself. */
ssize_t journal_fill(struct journal *j, int from, size_t most, struct lines *l);

/* Ends a begun line of the view, as lines_end does. 0, or -1 with errno: no room, or the end cannot
 * be told to a successor; the line is as it was then. */
int journal_end_line(struct journal *j, struct lines *l);

/* Moves what is left to the beginning of the journal when that is worth it. True: l has changed,
 * which must be committed at once. All before l->start must be committed as done before. */
bool journal_turn(struct journal *j, struct lines *l);

/* Gives all memory back if l is empty. True: l has changed, which must be committed. */
bool journal_trim(struct journal *j, struct lines *l);

/* Unmaps the journal, which stays in its file. Harmless when it was not opened. */
void journal_close(struct journal *j);

#endif
