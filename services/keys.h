/* The files of a service, one row each: what a file is called, what it holds, its range and
 * default, where its value is kept and who reads it. Everything that goes through these files walks
 * the rows: the reader and the checks of definitions, the live service directory, pid 1 at each
 * start, the packed database, an update, the list in the manual. No range and no default stands
 * elsewhere. */
#ifndef SERVICES_KEYS_H
#define SERVICES_KEYS_H

#include "base/str.h"
#include "services/restart.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct definition;

enum definition_type { DEFINITION_ONESHOT = 1, DEFINITION_LONGRUN, DEFINITION_BUNDLE };

/* container-exit: the end of which instance ends the container. */
enum definition_exit {
    EXIT_NEVER = 0,
    EXIT_FAILURE_ONLY, /* one that is no clean end, or after which the service has failed for good
                        */
    EXIT_ALWAYS,       /* any */
    EXIT_GAVE_UP       /* one after which the service has failed for good */
};

/* The lists of names in a definition. */
enum definition_list {
    LIST_DEPENDENCIES,
    LIST_AFTER,
    LIST_CONTENTS,
    LIST_CONSUMER_FOR,
    DEFINITION_LISTS
};

/* How a longrun is run: the values of its files that are no text. Owns nothing. */
struct service_keys {
    bool has_run;
    bool has_finish;
    bool down;               /* of a service directory: it starts down */
    bool kill_group;         /* flag-timeout-killpg */
    bool new_pids;           /* flag-newpidns */
    int32_t notification_fd; /* -1 none */
    int32_t lock_fd;         /* -1 none */
    uint32_t timeout_kill;   /* ms, 0 never */
    uint32_t timeout_finish; /* ms, 0 never */
    uint32_t max_death_tally;
    int32_t down_signal;
    int32_t reload_signal;
    int32_t logging; /* enum logging_mode; -1: as the container */
    enum definition_exit container_exit;
    struct restart_policy restart;
};

enum key_kind {
    KEY_TYPE,         /* "oneshot", "longrun" or "bundle": kept by whoever reads it */
    KEY_FLAG,         /* the file is there: bool */
    KEY_PROGRAM,      /* an executable file is there: bool */
    KEY_NUMBER,       /* a decimal number: 32 bits, like the following */
    KEY_MILLISECONDS, /* the same, or a time of base/quantity.h */
    KEY_DESCRIPTOR,   /* the same; no two of a service are equal */
    KEY_SIGNAL,       /* a name, with or without SIG, in any case, or a number */
    KEY_WORD,         /* one of words; the value of the first one is low, of the next low + 1 */
    KEY_NAME,         /* the name of one service: char *, owned */
    KEY_NAMES,        /* one on each line: struct words, owned */
    KEY_COMMAND,      /* a command line in the language of execline: struct words, owned */
    KEY_SCRIPT,       /* the directives of a logger: struct words, owned */
    KEY_INSTANCES,    /* words of services/instances.h between blanks: struct words, owned */
    KEY_CONDITIONS,   /* those of services/condition.h, one on each line: struct words, owned */
    KEY_POLICY,       /* a line of services/restart.h: struct restart_policy */
    KEY_DIRECTORY,    /* files of the service's own, nothing is kept */
    KEY_NOTHING       /* upstream has or had a file of this name that means nothing here */
};

/* Bits of key_row.types. */
enum {
    KEY_ONESHOT = 1 << DEFINITION_ONESHOT,
    KEY_LONGRUN = 1 << DEFINITION_LONGRUN,
    KEY_BUNDLE = 1 << DEFINITION_BUNDLE,
    KEY_ATOMIC = KEY_ONESHOT | KEY_LONGRUN,
    KEY_ANY = KEY_ATOMIC | KEY_BUNDLE
};

/* Bits of key_row.use. */
enum {
    KEY_ADDED = 1,  /* a directory without a type may add it to a definition that is elsewhere */
    KEY_COPIED = 2, /* the live directory of a longrun has a copy, which an update exchanges */
    KEY_LIVE = 4,   /* pid 1 reads it in the service directory each time that it needs the value */
    KEY_SCANNED = 8 /* pid 1 reads it once in a service directory that is none of s6-rc's */
};

/* The action that a change of a longrun's file asks for in an update of the database. */
enum key_change {
    KEY_AT_ONCE = 0, /* nothing: the file is read when it is needed */
    KEY_NEXT_START,  /* the service goes on by the old value until it starts again, which is said */
    KEY_NEXT_BOOT,   /* it goes on by the old value until the container starts again */
    KEY_RESTART      /* the service is stopped before and started after */
};

enum { KEY_WORDS_MAX = 3 };

struct key_row {
    const char *name;   /* of the file; NULL ends the table */
    const char *folder; /* a directory with a file for each name, which counts instead; or NULL */
    enum key_kind kind;
    unsigned int types;  /* of definitions in which it means something; 0: none */
    unsigned int needed; /* types that must have it */
    unsigned int use;
    enum key_change change;
    size_t offset;     /* of the value in struct definition */
    int64_t low, high; /* range of the numbers that a file may hold */
    int64_t usual;     /* the number without a file; outside of the range it means none */
    const char *words[KEY_WORDS_MAX]; /* of KEY_WORD; fewer end with NULL */
    enum definition_list list;        /* of KEY_NAMES */
    const char *wanted; /* the cure when it is needed and not there, or holds another word */
    const char *cure;   /* the cure where it means nothing; NULL: delete it */
};

/* In the order in which they are read. The last one has no name. */
extern const struct key_row key_rows[];

/* The row of a file or folder that means something in a definition of that type; else any row of
 * that name; NULL: there is none. */
const struct key_row *key_find(const char *name, enum definition_type type);
/* The row of a list of names. Never NULL. */
const struct key_row *key_of_list(enum definition_list list);
/* Whether the value of a row is a number of 32 bits (KEY_NUMBER to KEY_WORD); a bool (KEY_FLAG,
 * KEY_PROGRAM); a struct words (KEY_NAMES to KEY_CONDITIONS). */
bool key_is_number(const struct key_row *k);
bool key_is_flag(const struct key_row *k);
bool key_is_words(const struct key_row *k);

enum key_fault { KEY_GOOD = 0, KEY_INVALID, KEY_TOO_LARGE };

/* Cuts a text at the end of its first line, and blanks off the end of that; returns text. */
char *key_line(char *text);
/* Fills value with the number that a line (of key_line) says. Any result but KEY_GOOD: the line
 * says no number that the row may have, and value is as before. */
enum key_fault key_parse(const struct key_row *k, const char *line, int64_t *value);

/* The files of the rows that are in a directory, from one look at it: most services have few. */
struct keys_there {
    uint64_t rows;  /* a bit for each row, in their order */
    uint64_t files; /* those that are regular files, as far as the directory itself says it */
};
/* Notes a name in the struct keys_there, as a file_entry (base/file.h) does. */
int keys_note(void *there, const char *name, int is_file);
/* Lists the open directory, once after it was opened. If it cannot be listed, all may be there. */
void keys_list(struct keys_there *there, int directory);
/* False: neither the file nor the folder of the row is there. True: it may be, as a link may lead
 * nowhere. */
bool keys_may_have(const struct keys_there *there, const struct key_row *k);
/* True: it is there, and a regular file, of which no further look need make sure. */
bool keys_is_file(const struct keys_there *there, const struct key_row *k);

/* Where the value of a row is in a definition. Only rows of which a value is kept have such a
 * place. */
void *key_place(const struct key_row *k, struct definition *d);
const void *key_value(const struct key_row *k, const struct definition *d);
/* Where it is in keys alone; NULL: a definition keeps it elsewhere, or nobody does. */
void *key_place_in(const struct key_row *k, struct service_keys *keys);
/* Reads, and writes, the number at such a place. */
int64_t key_number(const struct key_row *k, const void *place);
void key_set_number(void *place, int64_t value);

/* Sets all values to those of a service that has none of the files. */
void keys_init(struct service_keys *keys);

/* Whether two definitions have the same value of a row, one of which a value is kept. Of a list of
 * names only whether it has any counts: a consumer has one pipe for all of its producers. */
bool key_same(const struct key_row *k, const struct definition *a, const struct definition *b);

#endif
