/* Words of values in unit files of systemd, and the same words in a services.conf or a script of
 * sh. Pure.
 *
 * In a word that was expanded, a variable is UNIT_REF NAME UNIT_END where it is (a part of) one
 * word, and UNIT_SPLIT NAME UNIT_END where it is a word that is split at blanks. */
#ifndef COMMAND_OVERLOG_UNIT_WORD_H
#define COMMAND_OVERLOG_UNIT_WORD_H

#include "base/str.h"
#include <stdbool.h>

enum { UNIT_REF = 1, UNIT_SPLIT = 2, UNIT_END = 3 };

/* What specifiers stand for. */
struct unit_names {
    const char *unit;     /* foo@bar.service */
    const char *prefix;   /* foo */
    const char *instance; /* bar; "": it has none; NULL: a template, whose instances are known when
                             they start */
};

/* The letters of specifiers that are not known, each of them once. */
struct unit_unknown {
    char letters[64]; /* "": all are known */
};

/* Takes the next word of *at, without its quotes and with its escapes replaced, into out. 1; 0:
 * there is no further one; -1: a quote has no end, or there is no memory. */
int unit_word(const char **at, struct str *out);
/* Appends text with its specifiers, as %i, expanded. Those that are not known stay as they are, and
 * are added to unknown, as far as there is room. -1: no memory. */
int unit_specifiers(const char *text, const struct unit_names *names, struct str *out,
                    struct unit_unknown *unknown);
/* Appends a word of a command with its variables, $NAME and ${NAME}, expanded. -1: no memory. */
int unit_variables(const char *word, struct str *out);

/* Whether it is split at blanks where it is used. */
bool unit_splits(const char *word);
/* Whether it has no variables. */
bool unit_is_plain(const char *word);
/* Append the word as one of a command line of services.conf, or of a script of sh. -1: no memory.
 */
int unit_conf_word(const char *word, struct str *out);
int unit_sh_word(const char *word, struct str *out);

#endif
