/* Pictures of a graph. Pure. */
#ifndef COMMAND_OVERLOG_GRAPH_H
#define COMMAND_OVERLOG_GRAPH_H

#include "base/str.h"
#include "services/graph.h"

enum graph_form { GRAPH_TEXT = 0, GRAPH_MERMAID, GRAPH_DOT, GRAPH_FORMS };
extern const char *const graph_forms[GRAPH_FORMS];

/* Appends the picture of what people defined. started: by node, what boot starts. */
void graph_render(enum graph_form form, const struct graph *g, const unsigned char *started,
                  struct str *out);

/* By node: 0 what needs nothing, else one more than the highest of what it needs. NULL: no memory.
 */
uint32_t *graph_levels(const struct graph *g);

/* Appends the conditions of enable-if, with " and " between them, and before ahead of the first;
 * nothing where there is none. As they are in the file: not for a terminal. */
void graph_conditions(const struct definition *d, const char *before, struct str *out);

#endif
