#include "base/command.h"
#include "base/error.h"
#include "base/message.h"
#include <stddef.h>

const char *command_program = "/command/overlog";

int command_usage(const struct invocation *c)
{
    if (!c->complained)
        message_line(MESSAGE_FATAL, "usage: %s %s", c->command->name, c->command->usage);
    return EXIT_USAGE;
}

int command_chain(struct invocation *c, char **rest)
{
    c->rest = rest;
    return rest[0] == NULL ? 0 : COMMAND_CHAIN;
}
