/* Units of systemd on their way to services: what their reader finds out, and their writers need.
 */
#ifndef COMMAND_OVERLOG_UNIT_IMPORT_H
#define COMMAND_OVERLOG_UNIT_IMPORT_H

#include "command/overlog/import.h"
#include "command/overlog/unit_exec.h"
#include "services/restart.h"

/* One unit, which becomes one service. */
struct unit {
    char *path;                /* as it was named; owned */
    char *name;                /* foo@bar.service; owned */
    char *prefix, *instance;   /* foo, bar; instance is NULL for a template; owned */
    char service[256];         /* of ours; "": it was left out */
    struct unit_names names;   /* borrows the above */
    struct unit_file settings; /* of its file and its drop-ins */
    struct words files;        /* their names */
    struct words aliases;
    struct words needs, after; /* services */
    bool oneshot, template;
    bool wanted;       /* the container starts it */
    char started[256]; /* the service that who needs it waits for: itself, or what ExecStartPost= is
                        */
    bool seen;         /* of a walk through all */
};

/* Adds the unit of a file with that content, and its drop-ins, to those that im is to have: units
 * know each other. 0, or -1: no memory. */
int import_unit(struct import *im, const char *path, const char *text);
/* Reads the file of a unit, that of its template where there is none; one that is masked is empty.
 * 0, or -1 with e. */
int unit_read(const char *path, struct str *text, struct error *e);

/* Finds out what each unit waits for, and which are started. */
void units_order(struct import *im);

/* What a service is made of. */
struct unit_making {
    struct import *im;
    const struct unit *u;
    struct str keys;     /* lines of its section */
    struct str comments; /* what stands behind them */
    struct str finish;   /* lines of a script of sh */
    struct words env;    /* NAME=VALUE, as words that were expanded */
    bool own_env;        /* some are of Environment= */
    struct words files;  /* of variables, each with a dash before it if it may be absent */
    struct words user;   /* the words that make a program run as its user */
    int nice;
};

/* Notes that a setting cannot be carried over, in the section as well. */
void unit_note(struct unit_making *m, const struct unit_setting *s, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Notes the specifiers that are not known, if there are any. */
void unit_note_unknown(struct unit_making *m, const struct unit_setting *s,
                       const struct unit_unknown *unknown);
/* Adds one line about a setting to the section; text may be "". */
void unit_comment(struct unit_making *m, const struct unit_setting *s, const char *text);
/* The last setting of a key of the service, and a copy of its value with its specifiers expanded,
 * which the caller frees. NULL: there is none, or it is empty. */
const struct unit_setting *unit_setting(struct unit_making *m, const char *key);
char *unit_value(struct unit_making *m, const struct unit_setting *s);
/* The time that a setting says, in ms; fallback where s is NULL, or says none, which is noted. */
int64_t unit_time_of(struct unit_making *m, const struct unit_setting *s, int64_t fallback);
/* A list of words of a setting, expanded. */
void unit_words(struct unit_making *m, const struct unit_setting *s, struct words *out);
/* Appends KEY = WORD of a word that was expanded; KEY = TIME, unless it is longer than can be. */
void unit_put(struct str *out, const char *key, const char *word);
void unit_put_time(struct str *out, const char *key, int64_t ms);
/* Appends the keys that its programs share. */
void unit_put_common(struct unit_making *m, struct str *out);

/* What is run for a service, in this order. */
struct unit_program {
    const struct unit_execs *condition, *before, *start; /* NULL: none */
    bool oneshot;
    char *pid_file; /* of a daemon that leaves for the background; NULL: it does not */
};

/* Appends the keys of a program. */
void unit_put_program(struct unit_making *m, const struct unit_program *p, struct str *out);
/* Add the key down of a oneshot, and the lines of finish. */
void unit_put_down(struct unit_making *m, const struct unit_execs *stop);
void unit_put_finish(struct unit_making *m, const struct unit_execs *list);

/* Find out who runs it, and in which environment. */
void unit_user(struct unit_making *m);
void unit_environment(struct unit_making *m);
/* Add the keys of its programs, and of when it starts again; sections of what is done before and
 * after the service go to im. */
void unit_programs(struct unit_making *m);
void unit_restart(struct unit_making *m);
/* Adds a service that makes the directories which it asks for, and its name to needs. */
void unit_directories(struct unit_making *m, struct words *needs);

/* Makes the services of all units. 0, or the exit code. */
int units_make(struct import *im);

#endif
