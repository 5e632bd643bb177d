#include "base/options.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/quantity.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

struct options options;

/* --- rows --- */

/* The end of an argument: a line end or two blanks. */
static const char *argument_end(const char *at)
{
    while (*at != '\n' && !(at[0] == ' ' && at[1] == ' '))
        at++;
    return at;
}

bool option_row(const char **rows, struct option_row *row)
{
    const char *at = *rows;
    if (at == NULL || *at == '\0')
        return false;
    *row = (struct option_row){.letter = *at == '-' ? at[1] : *at};
    at += *at == '-' ? 2 : 1;
    if (strncmp(at, ", --", 4) == 0) {
        row->name = at + 4;
        row->name_length = (int)strcspn(row->name, "= \n");
        at = row->name + row->name_length;
    }
    if (*at == '=' || (at[0] == ' ' && at[1] != ' ')) {
        row->argument = at + 1;
        at = argument_end(row->argument);
        row->argument_length = (int)(at - row->argument);
    }
    row->help = at + strspn(at, " ");
    row->help_length = (int)strcspn(row->help, "\n");
    *rows = row->help + row->help_length + 1;
    return true;
}

/* --- one option --- */

static int wrong(struct invocation *c, const char *what, const char *option, int length)
{
    message_fatal("%s %.*s", what, length, option);
    command_usage(c);
    c->complained = 1;
    return '?';
}

/* word begins with "--". */
static int long_option(struct invocation *c, const char *word)
{
    const char *rows = c->command->options;
    const char *name = word + 2;
    int length = (int)strcspn(name, "=");
    struct option_row row;
    do
        if (!option_row(&rows, &row))
            return wrong(c, "unknown option", word, length + 2);
    while (length == 0 || row.name_length != length || memcmp(row.name, name, (size_t)length) != 0);
    c->next++;
    c->argument = name[length] == '=' ? name + length + 1 : NULL;
    if (row.argument_length == 0 && c->argument != NULL)
        return wrong(c, "option takes no argument:", word, length + 2);
    if (row.argument_length > 0 && c->argument == NULL) {
        if (c->argv[c->next] == NULL)
            return wrong(c, "missing argument to option", word, length + 2);
        c->argument = c->argv[c->next++];
    }
    return row.letter;
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

static int short_option(struct invocation *c, const char *word)
{
    const char option[3] = {'-', word[c->place], '\0'};
    const char *rows = c->command->options;
    struct option_row row;
    do
        if (!option_row(&rows, &row))
            return wrong(c, "unknown option", option, 2);
    while (row.letter != option[1] || row.letter <= ' ');
    if (!take_letter(c, word, row.argument_length > 0))
        return wrong(c, "missing argument to option", option, 2);
    return row.letter;
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

int command_option_anywhere(struct invocation *c)
{
    for (;;) {
        int at = c->next == 0 ? 1 : c->next;
        int option = command_option(c);
        if (option != 0)
            return option;
        if (c->next != at || command_operand_count(c) == 0)
            break; /* "--", or the end */
        c->argv[1 + c->parked++] = c->argv[c->next++];
    }
    c->next -= c->parked;
    memmove(c->argv + c->next, c->argv + 1, (size_t)c->parked * sizeof *c->argv);
    c->parked = 0;
    return 0;
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

/* --- all options --- */

static int read_with(int (*next)(struct invocation *), struct invocation *c, int operands)
{
    unsigned char place = 0;
    options = (struct options){.count = 0};
    for (int letter; (letter = next(c)) != 0;) {
        if (letter == '?')
            return EXIT_USAGE;
        options.place[letter] = place < 255 ? ++place : place;
        options.argument[letter] = c->argument;
    }
    options.operand = command_operands(c);
    options.count = command_operand_count(c);
    return options.count < operands ? command_usage(c) : 0;
}

int options_read(struct invocation *c, int operands)
{
    return read_with(command_option, c, operands);
}

int options_read_anywhere(struct invocation *c, int least, int most)
{
    int code = read_with(command_option_anywhere, c, least);
    return code == 0 && options.count > most ? command_usage(c) : code;
}

char options_last(const char *letters)
{
    char last = 0;
    unsigned char place = 0;
    for (; *letters; letters++)
        if (options.place[(unsigned char)*letters] > place) {
            last = *letters;
            place = options.place[(unsigned char)last];
        }
    return last;
}

int options_number(const struct invocation *c, const char *word, uint64_t max, uint64_t *value)
{
    unsigned long long number;
    if (word == NULL)
        return 0;
    if (number_parse(word, max, &number) < 0) {
        message_fatal("%s is no number from 0 to %llu", word, (unsigned long long)max);
        return command_usage(c);
    }
    *value = number;
    return 0;
}

int options_duration(const struct invocation *c, const char *word, uint64_t max, uint64_t *ms)
{
    if (word == NULL || duration_parse(word, max, ms) == 0)
        return 0;
    message_fatal("%s is no length of time, as 500ms, 30s, 5m or 2h, of at most %llu ms", word,
                  (unsigned long long)max);
    return command_usage(c);
}

int options_notification(const struct invocation *c, const char *word, int *fd)
{
    uint64_t number;
    if (word == NULL)
        return 0;
    if (options_number(c, word, INT_MAX, &number) != 0)
        return EXIT_USAGE;
    *fd = (int)number;
    if (number < 3)
        return refuse(EXIT_USAGE, "notification fd must be 3 or more");
    if (fcntl(*fd, F_GETFD) < 0)
        return refuse(EXIT_USAGE, "invalid notification fd: %s", strerror(errno));
    return 0;
}

int options_mode(const struct invocation *c, const char *word, unsigned int *mode)
{
    uint64_t value;
    if (word == NULL)
        return 0;
    if (octal_parse(word, 07777777777, &value) < 0)
        return command_usage(c);
    *mode = (unsigned int)value & 07777;
    return 0;
}
