/* What the small tools share: all options at once, operands, and one way to fail. A process is one
 * command, so there is one set of options. */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include "base/command.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

struct options {
    unsigned char place[128];  /* by letter: 0 when it was not given, else greater the later */
    const char *argument[128]; /* by letter: of the last that was given */
    char **operand;            /* NULL-terminated */
    int count;
};

extern struct options options;

static inline bool given(char letter)
{
    return options.place[(unsigned char)letter] != 0;
}

/* Reads all options and looks that there are at least so many operands. 0, or EXIT_USAGE after
 * saying so. */
int options_read(struct invocation *c, int operands);

/* Which of these letters was given last; 0: none. */
char options_last(const char *letters);

/* Words that must be numbers: 0, or EXIT_USAGE after saying so. Without a word the value stays as
 * it is. */
int options_number(const struct invocation *c, const char *word, uint64_t max, uint64_t *value);
int options_mode(const struct invocation *c, const char *word, unsigned int *mode);

/* "fatal: unable to VERB WHAT: strerror(errno)"; returns EXIT_SYSTEM. */
int fail(const char *verb, const char *what);
/* The same as a warning. */
int complain(const char *verb, const char *what);

#endif
