/* What the files share that read definition directories. Private to definition_*.c. */
#ifndef SERVICES_DEFINITION_READING_H
#define SERVICES_DEFINITION_READING_H

#include "services/definition.h"

enum { READING_PATH = 4096 };

/* One entry of one source. */
struct reading {
    struct definitions *all;
    const struct definition_sources *sources;
    struct problems *p;
    uint32_t source; /* index in all->sources */
    const char *name;
    char path[READING_PATH]; /* source/name */
    int fd;
};

/* --- files (definition_files.c) ----------------------------------------------------------------
 */

const char *reading_path(const struct reading *r, const char *file, char out[READING_PATH]);
void reading_no_memory(struct reading *r);
bool reading_exists(const struct reading *r, const char *file);
/* The content of a file: 1 read, 0 not there, -1 said. */
int reading_content(struct reading *r, const char *file, struct str *out);
/* The names that the flat file of a row holds or, where the row has a folder that is there, the
 * names in that folder; appended, with the place of each to from. True: one of the two is there. */
bool reading_names(struct reading *r, const struct key_row *k, struct words *out,
                   struct origins *from);
/* The one name in a file, or NULL; to be freed. */
char *reading_one_name(struct reading *r, const char *file);
/* The words of a command line or script: true when it is there. */
bool reading_command(struct reading *r, const struct key_row *k, struct words *out);

/* --- rows (definition_rows.c) ----------------------------------------------------------------
 */

/* Reads the file of one row into d, whose other values stay; false: there is none. A number that is
 * none is said and leaves the usual value. */
bool reading_row(struct reading *r, const struct key_row *k, struct definition *d);
/* Reads all rows of d's type that only the definition itself may have. */
void reading_rows(struct reading *r, struct definition *d);

/* --- checks (definition_check.c) ---------------------------------------------------------------
 */

/* Warns of files that mean nothing in a definition of this type. */
void check_files(struct reading *r, enum definition_type type);
/* After everything was read: pipeline bundles, flag-essential, what nothing calls. */
void definitions_finish(struct definitions *all, struct problems *p);

#endif
