/* Making services of what other process managers are told. */
#ifndef COMMAND_OVERLOG_IMPORT_H
#define COMMAND_OVERLOG_IMPORT_H

#include "command/overlog/write.h"
#include "services/section.h"

struct unit;

struct import_note {
    const char *file; /* NULL: about has the places */
    char *text;
    struct words about;
    bool quiet; /* only written to import-notes */
};

struct import {
    const struct tree *tree; /* that is written to */
    const char *file;
    int code;                 /* 0, or the exit code after a failure, which was said */
    struct str conf;          /* what is made: text of a services.conf */
    struct section *open;     /* the service that is being made; or NULL */
    struct sections kept;     /* services that no section can hold */
    struct import_note *note; /* what could not be carried over */
    size_t notes;
    size_t services;
    struct words names; /* of the services and bundles made */
    struct unit *unit;  /* of systemd, of which services are to be made */
    size_t units, unit_room;
    bool changed; /* one of these, by a walk through all */
};

enum { IMPORT_PROCESSES_MAX = 1000 };

/* Keeps a note, to be said at the end and written to import-notes. Those that differ only in what
 * they are about (a section; NULL: the file) become one. */
void import_note(struct import *im, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of a line of a file, as FILE:LINE; line 0: of all of it. The note, until there is
 * another one; NULL: it is not kept. */
struct import_note *import_note_at(struct import *im, const char *file, unsigned int line,
                                   const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A name that a service may have, made of name; a note says if it is another. False, and said:
 * there is such a service already. */
bool import_name(struct import *im, const char *about, const char *name, char out[256]);
/* Makes name one that nothing made so far has, by a number from the given one on, which a note
 * says; it is taken from then on. */
void import_tell_apart(struct import *im, const char *about, char name[256], unsigned int number);
void import_release(struct import *im);

/* Frees the units. */
void import_units_release(struct import *im);

/* Adds a section, or several, as text. */
void import_text(struct import *im, const char *section);
/* Make a service of files, which then becomes a section. names: what it needs besides base, or a
 * bundle's members; bundle: that it joins; NULL: none. */
void import_begin(struct import *im, const char *name, enum definition_type type,
                  const struct words *names, const char *bundle);
void import_file(struct import *im, const char *name, const char *text);
void import_end(struct import *im);

/* Whether the tree may be written to that nobody named: 0, or the exit code after saying why not.
 */
int import_place(const struct tree *t);
/* Writes what was made, and the notes beside it unless they are "". 0, or the exit code. */
int import_save(const struct import *im, bool directories, const char *notes);

/* Make services of a file's text, a supervisord.conf, a Procfile or a crontab. 0, or the exit code
 * after saying what is wrong. */
int import_supervisord(struct import *im, const char *text);
int import_procfile(struct import *im, const char *text);
/* system: each line has a user. */
int import_crontab(struct import *im, const char *text, bool system);
/* Whether a crontab is one of the system's. */
bool import_is_system_crontab(const char *file, const char *text);

#endif
