/* A log file that a program writes and with-logfiles reads on: what is new in it, that it was
 * truncated, and how its beginning is given up without losing a line that is just being written.
 *
 *     tail_open(&t, folder, "app.log", &place, &e);
 *     while ((n = tail_next(&t, buffer, false)) > 0) {
 *         ... pass the n bytes on ...
 *         tail_done(&t, buffer, n);      // t.place may be noted now
 *     }
 *     tail_trim(&t, limit);
 */
#ifndef COMMAND_TOOLS_LOGFILES_TAIL_H
#define COMMAND_TOOLS_LOGFILES_TAIL_H

#include "base/error.h"
#include "command/tools/logfiles_word.h"
#include <stdbool.h>
#include <sys/types.h>

enum { TAIL_BUFFER = 65536 };

struct tail {
    int fd; /* owned */
    bool writable;
    bool begun; /* the last byte that was passed on is no newline */
    struct logfile_place place;
    off_t freed; /* bytes at the file's beginning that take no room on the disk */
};

/* Opens the regular file of that name in the directory folder; no symbolic link, and no file that
 * has a second name, since the file may be put there by somebody with fewer rights than ours. It is
 * read from `from` on if that is a place in this file, else from its beginning. 0; -1 with e and
 * errno: ENOENT, there is none. */
int tail_open(struct tail *t, int folder, const char *name, const struct logfile_place *from,
              struct error *e);
void tail_close(struct tail *t);

/* Copies new whole lines into buffer, without moving on: how many bytes; 0: there are none now. A
 * line of more than TAIL_BUFFER bytes comes in pieces. last: a begun line comes, too. A file that
 * was truncated or written anew is read from its beginning; NUL bytes before a line, where it was
 * truncated under a program that does not append, are skipped. -1 with errno. */
ssize_t tail_next(struct tail *t, char buffer[TAIL_BUFFER], bool last);
/* The first n bytes of what tail_next gave were passed on. */
void tail_done(struct tail *t, const char *bytes, size_t n);

enum tail_trimmed {
    TAIL_KEPT,    /* it is below the limit, or all that could go holds what was not passed on */
    TAIL_SHORTER, /* its beginning was cut off, which changes the place */
    TAIL_HOLLOW,  /* its beginning takes no room any more; the size that is shown stays */
    TAIL_EMPTIED, /* it was truncated: no other way works there */
    TAIL_STUCK    /* nothing works; errno */
};

/* Gives up what was passed on, when that takes limit bytes or more (0: never). */
enum tail_trimmed tail_trim(struct tail *t, off_t limit);

/* Whether the place is one in the open file fd, which has that size. */
bool tail_is_place(int fd, off_t size, const struct logfile_place *p);

#endif
