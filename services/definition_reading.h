/* Reading one directory of a definition: shared by definition_*.c, and by nobody else. */
#ifndef SERVICES_DEFINITION_READING_H
#define SERVICES_DEFINITION_READING_H

#include "services/definition.h"

enum { READING_PATH = 4096 }; /* bytes of a path with its NUL; a longer one is cut */

/* The directory NAME of one source, or a section of a file. */
struct reading {
    struct definitions *all; /* what is read goes there */
    const struct definition_sources *sources;
    struct problems *p; /* and every mistake there */
    uint32_t source;    /* index in all->sources */
    const struct definition_source *from;
    const struct section *section; /* NULL: it is a directory */
    const char *name;
    char path[READING_PATH]; /* of the directory */
    int fd;                  /* open on it */
    struct words names;      /* of its files, those that begin with a dot left out */
    struct keys_there there; /* the same by rows; none: not known */
    bool unlisted;           /* the names are not known: each file is looked for */
    struct words *untyped;   /* names of directories of the source that have no type */
};

/* --- files (definition_files.c) --------------------------------------------------------------- */

/* Writes the path of a file in the directory to out, and returns out. */
const char *reading_path(const struct reading *r, const char *file, char out[READING_PATH]);
/* Says that memory ran out. */
void reading_no_memory(struct reading *r);
/* False: no file has that name. True: one has, or a link that may lead to nothing, or the directory
 * could not be listed. */
bool reading_may_have(const struct reading *r, const char *file);
/* Whether a file of that name, or what a link of that name leads to, is there. */
bool reading_exists(const struct reading *r, const char *file);
/* Reads a file into out, which it empties first: 1. 0: there is none. -1: it cannot be read, which
 * was said. */
int reading_content(struct reading *r, const char *file, struct str *out);
/* Appends to out the names in the folder of a row, where the row has one that is there, or else
 * those that its file holds; and to from the place of each. A name that out has is not appended
 * again, and a bad one is said. True: the folder or the file is there. */
bool reading_names(struct reading *r, const struct key_row *k, struct words *out,
                   struct origins *from);
/* Appends one name to out, and its place to from, in the same way. */
void reading_add_name(struct reading *r, const char *path, unsigned int line, const char *name,
                      struct words *out, struct origins *from);
/* The first name in a file, for the caller to free; more of them are said. NULL: there is none. */
char *reading_one_name(struct reading *r, const char *file);
/* Appends the words of a command line or script to out; mistakes, and what only a shell would
 * understand, are said. True: the file is there. */
bool reading_command(struct reading *r, const struct key_row *k, struct words *out);

/* --- rows (definition_rows.c) ----------------------------------------------------------------- */

/* Reads the file of one row into d. A value that makes no sense is said, and the usual one taken.
 * False: the file is not there. */
bool reading_row(struct reading *r, const struct key_row *k, struct definition *d);
/* Reads all rows that d's type may have, but for those that other directories may add. */
void reading_rows(struct reading *r, struct definition *d);

/* --- definitions (definition_entry.c) --------------------------------------------------------- */

/* Whether it is a bundle that several sources may define: user or user2. */
bool reading_is_user_bundle(const char *name);
/* Whether no definition may have the name, which is said. */
bool reading_has_bad_name(struct reading *r);
/* Reads the directory or section that has a type. */
void reading_definition(struct reading *r);
/* Reads one without a type, which adds to what another one, or the container, defines. */
void reading_addition(struct reading *r);

/* --- sections (definition_conf.c) ------------------------------------------------------------- */

/* Reads the sections that have a type of the file r->from, and of the folder beside it. 0, or -1:
 * neither can be read, and one of them has to be. */
int reading_sections(struct reading *r);
/* Called when all definitions were read: the sections without a type, and the bundles that sections
 * join. */
void reading_section_additions(struct reading *r);

/* --- checks (definition_check.c) -------------------------------------------------------------- */

/* Warns of files in the directory that mean nothing in a definition of that type, and of names that
 * are nearly right. */
void check_files(struct reading *r, enum definition_type type);
/* Warns of restart and container-exit where one of them, or `then`, can have no effect. */
void check_restart(struct reading *r, const struct definition *d);
/* Called when all sources were read: makes the bundles that pipeline-name asks for, passes
 * flag-essential on from bundles to members, and warns of scripts that nothing calls. */
void definitions_finish(struct definitions *all, struct problems *p);

#endif
