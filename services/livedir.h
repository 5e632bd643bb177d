/* Live service directories: /run/s6-rc/servicedirs/NAME with what run and finish may use, linked as
 * /run/service/NAME (spec/s6-rc-source.md section 4.2). supervise_format.h has what tools see
 * there. */
#ifndef SERVICES_LIVEDIR_H
#define SERVICES_LIVEDIR_H

#include "base/error.h"
#include "services/definition.h"
#include <stddef.h>

/* Makes the directory of a longrun, anew. */
int livedir_make(const struct definition *d, struct error *e);

/* What it holds, into a directory of any path, which is made. */
int livedir_fill(const struct definition *d, const char *path, struct error *e);

/* The path of a service's live directory, cut when longer than size. */
void livedir_path(char *out, size_t size, const char *name);

#endif
