/* The options of a command: a table of text, which --help shows as it is and the parser reads. It
 * holds no pointer, so it costs nothing to relocate.
 *
 *     static const char head_options[] = "-n, --lines=N  print the first N lines\n"
 *                                        "-c BYTES       or that many bytes\n"
 *                                        "-q             print no names\n";
 *
 * One row a line: the letter; the long name, if there is one; the argument, if it takes one, behind
 * "=" or, without a long name, a blank; two blanks or more; what it does. A row that does not say
 * what it does is not shown: another row's text tells of it. An option that has only a long name
 * begins with a control character, "\1, --utc  times in UTC\n", which stands for its letter and
 * which nobody can type.
 *
 * Options stop at the first operand, as chain loading needs, unless they are read anywhere; they do
 * after
 * "--". A single '-' is an operand. A wrong option is said, with the usage; whoever sees it returns
 * EXIT_USAGE. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/command.h"
#include <stdbool.h>
#include <stdint.h>

/* One row as read. The texts are parts of the table, ended by their length. */
struct option_row {
    char letter;
    const char *name, *argument, *help;
    int name_length, argument_length, help_length; /* bytes; 0: none */
};

/* Reads the row at *rows and moves *rows behind it. False: the table is over, or NULL. */
bool option_row(const char **rows, struct option_row *row);

/* --- one by one, where the order matters ------------------------------------------------------ */

/* The next option's letter, its argument in c->argument (NULL: it takes none); 0 at the first
 * operand; '?' after saying what was wrong. */
int command_option(struct invocation *c);
/* The same, with options among and behind the operands too, as far as "--". */
int command_option_anywhere(struct invocation *c);
/* The operands, NULL-terminated, part of c->argv; and their number. */
char **command_operands(struct invocation *c);
int command_operand_count(const struct invocation *c);

/* --- all at once ------------------------------------------------------------------------------ */

/* The options that were read last: a process is one command, or several one after the other. */
struct options {
    unsigned char place[128];  /* by letter: 0 when it was not given, else greater the later */
    const char *argument[128]; /* by letter: of the last that was given, or NULL */
    char **operand;            /* NULL-terminated, part of argv */
    int count;                 /* of operands */
};

extern struct options options;

static inline bool given(char letter)
{
    return options.place[(unsigned char)letter] != 0;
}

/* NULL: it was not given. */
static inline const char *argument_of(char letter)
{
    return options.argument[(unsigned char)letter];
}

/* Reads all options; there must be at least that many operands. 0, or EXIT_USAGE after saying what
 * was wrong. */
int options_read(struct invocation *c, int operands);
/* The same with command_option_anywhere, and at most so many operands. */
int options_read_anywhere(struct invocation *c, int least, int most);

/* Which of these letters was given last; 0: none. */
char options_last(const char *letters);

/* Reads the word of an option that names a descriptor where readiness is told: open, and none of
 * the first three. 0, or EXIT_USAGE after saying what is wrong. With word NULL the value stays. */
int options_notification(const struct invocation *c, const char *word, int *fd);

/* Read a word that must be a number of at most max, a length of time of at most max ms
 * (duration_parse of base/quantity.h), or an octal mode. 0, or EXIT_USAGE after saying what was
 * wrong. With word NULL the value stays as it is. */
int options_number(const struct invocation *c, const char *word, uint64_t max, uint64_t *value);
int options_duration(const struct invocation *c, const char *word, uint64_t max, uint64_t *ms);
int options_mode(const struct invocation *c, const char *word, unsigned int *mode);

#endif
