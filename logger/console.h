/* The console copy of a paired logger: what the service writes, as it is or wrapped (wrap.h), under
 * a lock that all loggers of the container share. Blocks when the console does.
 *
 * No line is torn by others. Wrapped lines are always whole lines of the console. As it is, a begun
 * line is shown too, and then a word that all loggers share says whose it is: who goes on, but for
 * that one, begins with a newline; so does the next instance of the same service. Besides, lines go
 * into a pipe in writes that it takes as a whole, as far as they are not longer than that: also who
 * knows no lock (a service without a logger, pid 1) comes between two of them.
 *
 * 1. lock and the streams' fd are set; console_open; 2. console_lines and so on; 3. console_close.
 */
#ifndef LOGGER_CONSOLE_H
#define LOGGER_CONSOLE_H

#include "base/str.h"
#include "logger/line.h"
#include "logger/wrap.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { CONSOLE_STREAMS = 2 /* 0 stdout, 1 stderr */ };

struct console {
    int lock; /* descriptor whose byte 0 is the lock; -1: none */
    struct wrap wrap;
    struct wrap own;                    /* the same for messages of ours */
    struct str out;                     /* wrapped lines on their way */
    void *shared;                       /* the lock's file, mapped; NULL: it cannot be */
    uint32_t unshared[CONSOLE_STREAMS]; /* the words without it */
    struct {
        int fd;
        bool closed; /* given up */
        bool full;   /* it had no room for what was to be shown last */
        bool begun;  /* what was shown last did not end a line */
        bool pipe;
        uint32_t who;     /* what stands in the word while a line of ours is begun; never 0 */
        uint32_t *within; /* the word of that file */
    } stream[CONSOLE_STREAMS];
};

/* Prepares the console of that service. pretty: as wrap_open has it. 0, or -1: no memory. */
int console_open(struct console *c, enum console_form form, const char *service,
                 const struct wrap_pretty *pretty);

/* Shows the whole lines that l holds from l->shown on, which arrived at now, and a begun one that
 * is over the limit, and moves l->shown. A stream that fails is given up, which is said; one
 * on a full disk is not, and shows what follows once there is room. 1 when there was something to
 * show, 0, or -1: there is no memory for what follows l->shown. */
int console_lines(struct console *c, int stream, struct lines *l, const struct timespec *now);
/* The same with everything that l holds, a begun line too, but for a torn character of a wrapped
 * one. */
int console_all(struct console *c, int stream, struct lines *l, const struct timespec *now);
/* The begun line that was shown is over: whatever comes next begins another one. */
void console_end_line(struct console *c, int stream);

/* Whether a line is shown with what stands around it. */
static inline bool console_wraps(const struct console *c)
{
    return c->wrap.form != CONSOLE_PLAIN;
}

/* Writes whole lines that are no service's. 0, or -1 with errno. */
int console_put(struct console *c, int stream, const char *bytes, size_t length);
/* The same with one message of ours, wrapped. */
int console_message(struct console *c, int stream, const char *line, size_t length);

/* Frees the memory of what was wrapped. */
void console_shrink(struct console *c);
/* Frees everything; descriptors stay open. */
void console_close(struct console *c);

#endif
