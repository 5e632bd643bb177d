/* All tables of commands, and how a row is found. */
#include "command/commands.h"
#include "execline/commands.h"
#include "logcat/logcat.h"
#include "logger/logger.h"
#include <string.h>

#define LINK(name) {name, true},
#define PROGRAM(name) {name, false},
#define VERB(name) name,

#define TABLES_IN_ORDER                                                                            \
    MAIN_COMMANDS(LINK, PROGRAM)                                                                   \
    PROGRAM(logger_commands)                                                                       \
    PROGRAM(logcat_commands)                                                                       \
    OVERLOG_COMMANDS(PROGRAM)                                                                      \
    EXECLINE_COMMANDS(LINK)                                                                        \
    TOOLS_COMMANDS(LINK, PROGRAM)                                                                  \
    S6_COMMANDS(LINK, PROGRAM)                                                                     \
    S6RC_COMMANDS(LINK)

static const struct table {
    const struct command *rows;
    bool links;
} tables[] = {TABLES_IN_ORDER};

static const struct command *const verbs[] = {OVERLOG_VERBS(VERB)};

enum { TABLES = sizeof tables / sizeof tables[0], VERBS = sizeof verbs / sizeof verbs[0] };

static const struct command *find_row(const struct command *rows, const char *name)
{
    for (; rows->name != NULL; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

const struct command *command_find(const char *name, bool links)
{
    const struct command *row = NULL;
    for (size_t i = 0; i < TABLES && row == NULL; i++)
        if (tables[i].links || !links)
            row = find_row(tables[i].rows, name);
    return row;
}

bool command_is_link(const struct command *row)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct command *r = tables[i].rows; tables[i].links && r->name != NULL; r++)
            if (r == row)
                return true;
    return false;
}

bool command_exists(const char *name)
{
    return command_find(name, false) != NULL;
}

const struct command *command_verb(const char *name)
{
    enum { PREFIX = sizeof "overlog " - 1 };
    for (size_t i = 0; i < VERBS; i++)
        for (const struct command *row = verbs[i]; row->name != NULL; row++)
            if (strcmp(row->name + PREFIX, name) == 0)
                return row;
    return NULL;
}

static void visit_rows(const struct command *row, command_visit *visit, void *context)
{
    for (; row->name != NULL; row++)
        visit(row, context);
}

void command_each(command_visit *visit, void *context)
{
    for (size_t i = 0; i < TABLES; i++)
        visit_rows(tables[i].rows, visit, context);
}

void command_each_verb(command_visit *visit, void *context)
{
    for (size_t i = 0; i < VERBS; i++)
        visit_rows(verbs[i], visit, context);
}

int command_names(struct words *names)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct command *row = tables[i].rows; row->name != NULL; row++)
            if (words_add(names, row->name) < 0)
                return -1;
    return 0;
}
