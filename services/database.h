/* A compiled database of services: a directory with the file db (definitions_pack) and, when
 * s6-rc-compile has made it, a live service directory for each longrun as servicedirs/NAME. Pid 1
 * leaves one that is only db in /run/s6-rc/compiled, so that s6-rc-db needs no privilege. */
#ifndef SERVICES_DATABASE_H
#define SERVICES_DATABASE_H

#include "services/definition.h"

/* Makes the directory path, which must not exist, with db alone. 0, or -1 with e; a part of it may
 * be there then. */
int database_write(const char *path, const struct definitions *d, struct error *e);
/* The same with servicedirs/. 0, or -1 with e; nothing is left there then. */
int database_compile(const char *path, const struct definitions *d, struct error *e);

enum {
    EXIT_DATABASE = 4
}; /* what commands of s6-rc exit with for a database that they cannot read */
/* Adds the definitions of the database in path to d, which has none; the directories of longruns
 * are those in servicedirs/. 0, or -1 with e, whose code is EXIT_DATABASE for a file that is no
 * database of the format that we read. */
int database_read(struct definitions *d, const char *path, struct error *e);

/* Whether the directory path is a database, and not one of definitions, say. */
bool database_is(const char *path);

#endif
