/* The verbs of `overlog`, as one table. */
#include "command/overlog/overlog.h"
#include <string.h>

const struct command *const overlog_verbs[] = {
    command_up,    command_status, command_check,  command_create,
    command_graph, command_doc,    command_import, NULL};

const struct command *overlog_verb(const char *name)
{
    enum { PREFIX = sizeof "overlog " - 1 };
    for (const struct command *const *table = overlog_verbs; *table != NULL; table++)
        for (const struct command *c = *table; c->name != NULL; c++)
            if (strcmp(c->name + PREFIX, name) == 0)
                return c;
    return NULL;
}
