/* A compiled service database: a directory with the file db (definitions_pack), and, as
 * s6-rc-compile makes it, servicedirs/NAME with what each longrun is to run. Pid 1 leaves one of
 * the first kind in /run/s6-rc/compiled, so that s6-rc-db needs no privilege. */
#ifndef SERVICES_DATABASE_H
#define SERVICES_DATABASE_H

#include "services/definition.h"

/* Makes the directory, which must not exist, with db alone. */
int database_write(const char *path, const struct definitions *d, struct error *e);
/* And servicedirs/. What was made is removed when it fails. */
int database_compile(const char *path, const struct definitions *d, struct error *e);

/* Directories of longruns are those in servicedirs/. -1 with e; its code is EXIT_DATABASE for a
 * file that is no database. */
enum { EXIT_DATABASE = 4 };
int database_read(struct definitions *d, const char *path, struct error *e);

/* Whether there is one (and not a directory of definitions, say). */
bool database_is(const char *path);

#endif
