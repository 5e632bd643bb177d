/* Definitions as the s6-rc tools take them: from a compiled database or from the directories that
 * /init reads. */
#ifndef COMMAND_S6RC_RCSOURCE_H
#define COMMAND_S6RC_RCSOURCE_H

#include "base/error.h"
#include "services/graph.h"

/* Reads source directories (or one above s6-rc.d and user-bundles.d) as /init does, with the
 * built-in services. What is wrong is said; the exit code: 0, or the compiler's. */
int rcsource_read(struct definitions *d, struct graph *g, const char *const *paths, size_t count,
                  bool strict);
/* path is a database, or a directory of definitions. The exit code, with messages. */
int rcsource_open(struct definitions *d, struct graph *g, const char *path);

/* Whether path is the live directory; else it says that there is one. */
bool rcsource_is_live(const char *path);

#endif
