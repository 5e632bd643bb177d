/* Definitions as the s6-rc tools take them: from a compiled database or from the directories that
 * /init reads. */
#ifndef COMMAND_S6RC_RCSOURCE_H
#define COMMAND_S6RC_RCSOURCE_H

#include "services/graph.h"

/* Reads source directories (or one above s6-rc.d and user-bundles.d) as /init does, with the
 * built-in services, but strictly (struct definition_sources). 0, or the exit code of
 * s6-rc-compile after saying what is wrong. */
int rcsource_read(struct definitions *d, struct graph *g, const char *const *paths, size_t count);
/* Reads a database, or a directory of definitions. 0, or the exit code after saying what is wrong.
 */
int rcsource_open(struct definitions *d, struct graph *g, const char *path);

/* Whether path is the live directory (/run/s6-rc); says which one it is when path is another. */
bool rcsource_is_live(const char *path);

#endif
