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

#endif
