/* The console copy of a paired logger: the bytes of the service as they are, whole lines under a
 * lock that all loggers of the container share. Blocks when the console does. */
#ifndef LOGGER_CONSOLE_H
#define LOGGER_CONSOLE_H

#include "base/str.h"
#include "logger/line.h"
#include <stdbool.h>
#include <stddef.h>

struct console {
    int lock;           /* descriptor whose byte 0 is the lock; -1: none */
    const char *prefix; /* before each line; NULL: none */
    bool timed;         /* the local time stands before the prefix */
    struct {
        int fd;
        bool closed; /* given up */
        bool begun;  /* what was shown last did not end a line */
    } stream[2];     /* 0 stdout, 1 stderr */
};

/* Takes the lock in fd that all loggers of the container share, and waits for it. -1: does nothing.
 */
void console_lock(int fd);
/* Releases it. -1: does nothing. */
void console_unlock(int fd);

/* Appends a prefix for people: NAME padded to width columns, in a colour of its own if wanted. 0,
 * or -1: no memory. */
int console_pretty(const char *name, int width, bool color, struct str *out);

/* Writes everything, waiting where the descriptor does not block. 0, or -1 with errno. */
int console_write(int fd, const char *bytes, size_t length);

/* Shows the whole lines that l holds from l->shown on, and a begun one that is over the limit, and
 * moves l->shown. stream: 0 stdout, 1 stderr. A stream that fails is given up, which is said. True
 * when there was something to show. */
bool console_lines(struct console *c, int stream, struct lines *l);
/* The same with everything that l holds, a begun line too. */
void console_all(struct console *c, int stream, struct lines *l);

#endif
