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
/* The first line without trailing blanks, cut in place. */
const char *reading_first_line(struct str *text);
/* Value stays as it is when the file is missing or wrong. */
void reading_number(struct reading *r, const char *file, unsigned long long max,
                    unsigned long long *value);
uint32_t reading_milliseconds(struct reading *r, const char *file, uint32_t fallback);
/* A list of names, one a line; appended. true: it is there. */
bool reading_flat(struct reading *r, const char *file, struct words *out, struct origins *from);
/* FILE.d, or the flat FILE where there is none. */
bool reading_names(struct reading *r, const char *folder, const char *flat, struct words *out,
                   struct origins *from);
/* The one name in a file, or NULL; to be freed. */
char *reading_one_name(struct reading *r, const char *file);
/* A command line: true when it is there. */
bool reading_script(struct reading *r, const char *file, struct words *out);

/* --- services (definition_atomic.c) ------------------------------------------------------------
 */

void reading_oneshot(struct reading *r, struct definition *d);
void reading_longrun(struct reading *r, struct definition *d);

/* --- checks (definition_check.c) ---------------------------------------------------------------
 */

/* Warns of files that mean nothing in a definition of this type. */
void check_files(struct reading *r, enum definition_type type);
/* After everything was read: pipeline bundles, flag-essential, what nothing calls. */
void definitions_finish(struct definitions *all, struct problems *p);

#endif
