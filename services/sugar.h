/* The keys of services.conf that are more than the name of a file: each is one key file, or one
 * command that executes the next (docs/services.conf.5). Every other key of a section is a file of
 * services/keys.h. */
#ifndef SERVICES_SUGAR_H
#define SERVICES_SUGAR_H

#include "services/conf.h"
#include "services/keys.h"
#include "services/problems.h"
#include "services/section.h"

enum sugar_kind {
    SUGAR_FILE,    /* the value is that of the file */
    SUGAR_PROGRAM, /* what is executed: file run or up */
    SUGAR_BUNDLE,  /* names of bundles that it joins, or none */
    SUGAR_ENV,     /* the command with NAME=VALUE words; the word none before them */
    SUGAR_CHECK,   /* the command with a check: options, a target of probe, a command line */
    SUGAR_TIMES,   /* the command with the value as one word, a timetable; or with options */
    SUGAR_LIMITS,  /* the command with an option for each word NAME=VALUE */
    SUGAR_SOURCE,  /* the command with one word, before which -o may stand */
    SUGAR_WORD     /* the command with one word */
};

/* From SUGAR_ENV on a row is a command. */
struct sugar {
    const char *name; /* NULL ends the table */
    enum sugar_kind kind;
    unsigned int types;  /* bits as in key_row */
    const char *becomes; /* file or command */
    const char *value;   /* what is written behind the key, for people */
};

/* Commands are in the order in which they stand before the program. */
extern const struct sugar sugar_rows[];

/* The row of that name for the type; else any row of the name; NULL: there is none. */
const struct sugar *sugar_find(const char *name, enum definition_type type);
/* Whether the row is a command. */
bool sugar_is_command(const struct sugar *row);

/* The letter of s6-softlimit for a limit of length bytes, as in "nofile"; 0: there is none. */
char sugar_limit(const char *name, size_t length);
/* The name of a limit by its letter; NULL: there is none. */
const char *sugar_limit_name(char letter);

/* What stands before a target of probe in that check, with a blank at the end. */
const char *sugar_probe(const struct sugar *check);

/* Appends a word as execlineb reads it again: as it is, or between quotes. -1: no memory. */
int sugar_word(struct str *out, const char *word);

/* The known key that name may have been meant to be, or NULL. */
const char *sugar_meant(const char *name);

#endif
