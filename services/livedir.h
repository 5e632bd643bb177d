/* Live service directories: /run/s6-rc/servicedirs/NAME with the files that a longrun is run by,
 * linked as /run/service/NAME (spec/s6-rc-source.md section 4.2). supervise_format.h has what tools
 * see there. */
#ifndef SERVICES_LIVEDIR_H
#define SERVICES_LIVEDIR_H

#include "base/error.h"
#include "services/definition.h"
#include <stddef.h>

/* Makes the live directory of a longrun, and the link to it. 0, or -1 with e. */
int livedir_make(const struct definition *d, struct error *e);

/* Copies the files of a longrun, as its definition has them, into the directory path, which is made
 * with its parents. 0, or -1 with e. */
int livedir_fill(const struct definition *d, const char *path, struct error *e);

/* Writes the path of the live directory of service name to out, cut when it is longer than size. */
void livedir_path(char *out, size_t size, const char *name);

#endif
