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

static int wrong(struct invocation *c, const char *what, const char *option, size_t length)
{
    message_fatal("%s %.*s", what, (int)length, option);
    command_usage(c);
    c->complained = 1;
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

/* Takes the letter at c->place, and its argument from there or the next word. False: there is none.
 */
static bool take_letter(struct invocation *c, const char *word, bool argument)
{
    bool last = word[++c->place] == '\0';
    c->argument = NULL;
    if (argument)
        c->argument = last ? c->argv[c->next + 1] : word + c->place;
    if (argument || last) {
        c->next += argument && last ? 2 : 1;
        c->place = 0;
    }
    return !argument || c->argument != NULL;
}

/* Whether the usage has the option "[-xyz]", "[-x argument]" or "-x": 1, 2 with an argument, 0. */
static int in_usage(const char *usage, char letter)
{
    for (const char *p = usage; (p = strchr(p, '-')) != NULL;) {
        bool starts = p == usage || strchr("[| ", p[-1]) != NULL;
        size_t n = strcspn(++p, " ]|");
        if (starts && n > 0 && memchr(p, letter, n) != NULL)
            return p[n] == ' ' && strchr("[|", p[n + 1]) == NULL ? 2 : 1;
        p += n;
    }
    return 0;
}

static int short_option(struct invocation *c, const char *word)
{
    const char letter[3] = {'-', word[c->place], '\0'};
    const struct command_option *o = c->command->options;
    int kind = o == NULL ? in_usage(c->command->usage, letter[1]) : 0;
    if (kind != 0 && !take_letter(c, word, kind == 2))
        return wrong(c, "missing argument to option", letter, 2);
    if (kind != 0)
        return letter[1];
    for (ptrdiff_t i = 0; o != NULL && (o[i].letter != 0 || o[i].name != NULL); i++) {
        if (o[i].letter != letter[1])
            continue;
        if (!take_letter(c, word, o[i].argument != NULL))
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
    if (!c->complained)
        message_line(MESSAGE_FATAL, "usage: %s %s", c->command->name, c->command->usage);
    return EXIT_USAGE;
}

int command_chain(struct invocation *c, char **rest)
{
    c->rest = rest;
    return rest[0] == NULL ? 0 : COMMAND_CHAIN;
}
