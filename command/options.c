#include "command/options.h"
#include "base/message.h"
#include "base/str.h"
#include <errno.h>
#include <string.h>

struct options options;

int options_read(struct invocation *c, int operands)
{
    unsigned char place = 0;
    options = (struct options){.count = 0};
    for (int letter; (letter = command_option(c)) != 0;) {
        if (letter == '?')
            return EXIT_USAGE;
        options.place[letter] = place < 255 ? ++place : place;
        options.argument[letter] = c->argument;
    }
    options.operand = command_operands(c);
    options.count = command_operand_count(c);
    return options.count < operands ? command_usage(c) : 0;
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

int options_mode(const struct invocation *c, const char *word, unsigned int *mode)
{
    unsigned int value = 0;
    if (word == NULL)
        return 0;
    if (*word == '\0' || strlen(word) > 10)
        return command_usage(c);
    for (; *word; word++) {
        if (*word < '0' || *word > '7')
            return command_usage(c);
        value = value * 8 + (unsigned int)(*word - '0');
    }
    *mode = value & 07777;
    return 0;
}

int fail(const char *verb, const char *what)
{
    message_fatal("unable to %s %s: %s", verb, what, strerror(errno));
    return EXIT_SYSTEM;
}

int complain(const char *verb, const char *what)
{
    message_warning("unable to %s %s: %s", verb, what, strerror(errno));
    return EXIT_SYSTEM;
}
