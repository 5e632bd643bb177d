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

void console_lock(int fd);   /* harmless with -1 */
void console_unlock(int fd); /* the same */

/* Appends a prefix for people: NAME padded to width, in its colour if wanted. -1: no memory. */
int console_pretty(const char *name, int width, bool color, struct str *out);

/* Writes everything, waiting where the descriptor does not block. 0, or -1 with errno. */
int console_write(int fd, const char *bytes, size_t length);

/* Shows the whole lines that l holds from l->shown on, and a begun one that is over the limit. True
 * when something was shown. */
bool console_lines(struct console *c, int stream, struct lines *l);
/* Shows all of it. */
void console_all(struct console *c, int stream, struct lines *l);

#endif
