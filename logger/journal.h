/* What a paired logger has read of one stream and not yet logged: a memory file that the supervisor
 * keeps over the logger's death, and a view on it as struct lines.
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

/* A memory file of the supervisor: a file that has no name. */
bool memory_is(int fd);

/* Maps size bytes of a memory file from at on, a multiple of the page size; the file is made long
 * enough first. Where that cannot be done (fd is something else, the limit of file sizes is too
 * low), it is memory that dies with us, and *survives is false. NULL with errno: there is none. */
void *memory_map(int fd, size_t at, size_t size, bool *survives);

/* fd as for memory_map. l, whose limit is set, becomes a view on the bytes from done on: never
 * lines_room, lines_end or lines_release for it. A done past the offset means that journal_turn was
 * cut short: it is 0. */
int journal_open(struct journal *j, int fd, size_t done, struct lines *l, struct error *e);

/* Reads once from descriptor from, at most as many bytes: their number, 0 at the end, -1 with
 * errno; ENOBUFS: there is no room. Never waits. Whatever splice fails with, what is there is read
 * plainly: an error is one of reading itself. */
ssize_t journal_fill(struct journal *j, int from, size_t most, struct lines *l);

/* lines_end for the view. 0, or -1 with errno: no room. */
int journal_end_line(struct journal *j, struct lines *l);

/* Brings what is left to the beginning when that is worth it: true when l has changed, which is to
 * be remembered at once. All before l->start must have been remembered as done. */
bool journal_turn(struct journal *j, struct lines *l);

/* l is empty: gives all memory back. True when l has changed. */
bool journal_trim(struct journal *j, struct lines *l);

void journal_close(struct journal *j);

#endif
