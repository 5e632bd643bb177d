#include "base/command.h"
#include "base/error.h"
#include "base/message.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *command_program = "/command/overlog";

static int value_of(const struct command_option *o, ptrdiff_t index)
{
    return o->letter != 0 ? o->letter : COMMAND_LONG + (int)index;
}

static int wrong(const struct invocation *c, const char *what, const char *option, size_t length)
{
    message_fatal("%s %.*s", what, (int)length, option);
    command_usage(c);
    return '?';
}

static int long_option(struct invocation *c, const char *word)
{
    const char *name = word + 2;
    size_t length = strcspn(name, "=");
    const struct command_option *o = c->command->options;
    for (ptrdiff_t i = 0; o != NULL && (o[i].letter != 0 || o[i].name != NULL); i++) {
        if (o[i].name == NULL || strlen(o[i].name) != length ||
            memcmp(o[i].name, name, length) != 0)
            continue;
        c->next++;
        c->argument = name[length] == '=' ? name + length + 1 : NULL;
        if (o[i].argument == NULL && c->argument != NULL)
            return wrong(c, "option takes no argument:", word, length + 2);
        if (o[i].argument != NULL && c->argument == NULL) {
            if (c->argv[c->next] == NULL)
                return wrong(c, "missing argument to option", word, length + 2);
            c->argument = c->argv[c->next++];
        }
        return value_of(&o[i], i);
    }
    return wrong(c, "unknown option", word, length + 2);
}

static int short_option(struct invocation *c, const char *word)
{
    const char letter[3] = {'-', word[c->place], '\0'};
    const struct command_option *o = c->command->options;
    for (ptrdiff_t i = 0; o != NULL && (o[i].letter != 0 || o[i].name != NULL); i++) {
        if (o[i].letter != letter[1])
            continue;
        c->place++;
        bool last = word[c->place] == '\0';
        if (o[i].argument == NULL) {
            c->argument = NULL;
            if (last) {
                c->place = 0;
                c->next++;
            }
            return letter[1];
        }
        c->argument = last ? c->argv[c->next + 1] : word + c->place;
        c->next += last ? 2 : 1;
        c->place = 0;
        if (c->argument == NULL)
            return wrong(c, "missing argument to option", letter, 2);
        return letter[1];
    }
    return wrong(c, "unknown option", letter, 2);
}

int command_option(struct invocation *c)
{
    if (c->next == 0)
        c->next = 1;
    if (c->next >= c->argc)
        return 0;
    const char *word = c->argv[c->next];
    if (c->place > 0)
        return short_option(c, word);
    if (word[0] != '-' || word[1] == '\0')
        return 0;
    if (strcmp(word, "--") == 0) {
        c->next++;
        return 0;
    }
    if (word[1] == '-')
        return long_option(c, word);
    c->place = 1;
    return short_option(c, word);
}

char **command_operands(struct invocation *c)
{
    return c->argv + (c->next == 0 ? 1 : c->next < c->argc ? c->next : c->argc);
}

int command_operand_count(const struct invocation *c)
{
    int first = c->next == 0 ? 1 : c->next;
    return c->argc > first ? c->argc - first : 0;
}

int command_usage(const struct invocation *c)
{
    message_line(MESSAGE_FATAL, "usage: %s %s", c->command->name, c->command->usage);
    return EXIT_USAGE;
}

int command_chain(struct invocation *c, char **rest)
{
    c->rest = rest;
    return rest[0] == NULL ? 0 : COMMAND_CHAIN;
}
