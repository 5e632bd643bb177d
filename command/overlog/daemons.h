/* Programs that go to the background unless they are told not to, or when they are told to: a
 * supervisor takes that for their end. Pure. */
#ifndef COMMAND_OVERLOG_DAEMONS_H
#define COMMAND_OVERLOG_DAEMONS_H

#include <stdbool.h>
#include <stddef.h>

struct daemon_word {
    const char *text;
    bool known; /* else it holds what cannot be known */
};

struct daemon_advice {
    const char *cure;        /* what to write; NULL: nothing is wrong, or it cannot be known */
    const char *file, *says; /* unless this file has a line that begins with this; NULL */
    bool named;              /* an argument names the file; else these are the usual ones, with
                                blanks between, of which one will do */
};

/* name: of the program, without its folder; word: its arguments, from word[1] on. */
struct daemon_advice daemon_look(const char *name, const struct daemon_word *word, size_t count);

#endif
