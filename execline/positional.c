/* Commands on the positional parameters #, 0, 1 ... of the environment. */
#include "base/message.h"
#include "base/options.h"
#include "execline/block.h"
#include "execline/commands.h"
#include "execline/frames.h"
#include "execline/variable.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- elgetopt -----------------------------------------------------------------------------------
 */

enum { CODE_BAD_OPTION = 1 };

struct getopt_state {
    const char *allowed;
    char **args; /* 0, 1 ... */
    size_t next;
    size_t place; /* in a cluster of letters */
};

/* The next option, with its argument or NULL; 0 after the last, '?' after saying what is wrong. */
static int next_option(struct getopt_state *g, const char **argument)
{
    const char *word = g->args[g->next];
    *argument = NULL;
    if (g->place == 0) {
        if (word == NULL || word[0] != '-' || word[1] == '\0')
            return 0;
        if (strcmp(word, "--") == 0) {
            g->next++;
            return 0;
        }
        g->place = 1;
    }
    char letter = word[g->place++];
    const char *known = letter == ':' ? NULL : strchr(g->allowed, letter);
    bool last = word[g->place] == '\0';
    if (known == NULL) {
        message_line(MESSAGE_FATAL, "%s: unknown option -%c", g->args[0], letter);
        return '?';
    }
    if (known[1] == ':') {
        *argument = last ? g->args[g->next + 1] : word + g->place;
        if (*argument == NULL) {
            message_line(MESSAGE_FATAL, "%s: missing argument to option -%c", g->args[0], letter);
            return '?';
        }
        g->next += last ? 2 : 1;
        g->place = 0;
    } else if (last) {
        g->next++;
        g->place = 0;
    }
    return (unsigned char)letter;
}

static int set_options(struct getopt_state *g, const char *value, struct error *e)
{
    const char *argument;
    int option;
    while ((option = next_option(g, &argument)) != 0) {
        char name[] = "ELGETOPT_?";
        if (option == '?')
            return error_set(e, CODE_BAD_OPTION, "%s", "");
        name[sizeof name - 2] = (char)option;
        if (variable_set(name, argument != NULL ? argument : value, e) < 0)
            return -1;
    }
    return 0;
}

static int run_elgetopt(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct words args = WORDS_INIT;
    const char *value = "1";
    for (int option; (option = command_option(c)) != 0;) {
        if (option != 'D')
            return EXIT_USAGE;
        value = c->argument;
    }
    if (command_operand_count(c) < 2)
        return command_usage(c);
    char **operands = command_operands(c);
    int bad = positional_read(&args, &e);
    struct getopt_state g = {.allowed = operands[0], .args = args.item, .next = 1};
    if (bad == 0)
        bad = frames_push(frame_is_option, &e);
    if (bad == 0)
        bad = set_options(&g, value, &e);
    if (bad == 0)
        bad = positional_write(args.item + g.next, args.count - g.next, args.count - 1, &e);
    words_release(&args);
    if (bad == 0)
        return command_chain(c, operands + 1);
    return e.text[0] == '\0' ? e.code : message_error(&e);
}

/* --- shift, runblock ----------------------------------------------------------------------------
 */

/* Where the arguments go on after count blocks, or -1: there are not as many. */
static int skip_blocks(const struct words *args, size_t *at, unsigned long long count,
                       struct error *e)
{
    for (; count > 0; count--) {
        while (*at < args->count && args->item[*at][0] != '\0')
            ++*at;
        if (*at >= args->count)
            return error_set(e, EXIT_USAGE, "too few arguments: unterminated block");
        ++*at;
    }
    return 0;
}

static int run_shift(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct words args = WORDS_INIT;
    unsigned long long count = 0;
    unsigned long long blocks = 0;
    bool told = false;
    for (int option; (option = command_option(c)) != 0; told = true) {
        unsigned long long *number = option == 'n' ? &count : &blocks;
        if (option == '?')
            return EXIT_USAGE;
        if (number_parse(c->argument, INT_MAX, number) < 0)
            return command_usage(c);
    }
    char **rest = command_operands(c);
    if (rest[0] == NULL)
        return command_usage(c);
    int bad = positional_read(&args, &e);
    if (bad == 0) {
        size_t at = 1 + (size_t)(told ? count : 1);
        bad = skip_blocks(&args, &at, blocks, &e);
        if (at > args.count)
            at = args.count;
        if (bad == 0)
            bad = positional_write(args.item + at, args.count - at, args.count - 1, &e);
    }
    words_release(&args);
    return bad == 0 ? command_chain(c, rest) : message_error(&e);
}

struct choice {
    unsigned long long skip; /* -n */
    unsigned long long block;
    bool rest; /* -r */
    bool keep; /* -P */
};

static int read_choice(struct invocation *c, struct choice *k)
{
    for (int option; (option = command_option(c)) != 0;) {
        if (option == 'P')
            k->keep = true;
        else if (option == 'r')
            k->rest = true;
        else if (option == '?')
            return EXIT_USAGE;
        else if (number_parse(c->argument, INT_MAX, &k->skip) < 0)
            return command_usage(c);
    }
    if (command_operand_count(c) < 1 ||
        number_parse(command_operands(c)[0], INT_MAX, &k->block) < 0 || (k->block == 0 && !k->rest))
        return command_usage(c);
    return 0;
}

/* Appends the words chosen to out. */
static int choose(const struct choice *k, const struct words *args, struct words *out,
                  struct error *e)
{
    size_t at = 1 + (size_t)k->skip;
    if (skip_blocks(args, &at, k->rest ? k->block : k->block - 1, e) < 0)
        return -1;
    size_t end = at;
    if (!k->rest && skip_blocks(args, &end, 1, e) < 0)
        return -1;
    end = k->rest ? args->count : end - 1;
    for (; at < end; at++) {
        const char *word = args->item[at];
        if (words_add(out, !k->rest && word[0] == ' ' ? word + 1 : word) < 0)
            return error_system(e, "unable to read the block");
    }
    return 0;
}

static int run_runblock(struct invocation *c)
{
    struct words words = WORDS_INIT; /* never released: what is executed outlives us */
    struct error e = ERROR_INIT;
    struct words args = WORDS_INIT;
    struct choice k = {.skip = 0};
    int bad = 0;
    if (read_choice(c, &k) != 0)
        return EXIT_USAGE;
    for (char **word = command_operands(c) + 1; bad == 0 && *word != NULL; word++)
        bad = words_add(&words, *word);
    if (bad < 0)
        error_system(&e, "unable to read the command");
    if (bad == 0)
        bad = positional_read(&args, &e);
    if (bad == 0)
        bad = choose(&k, &args, &words, &e);
    if (bad == 0 && !k.keep)
        bad = frames_pop(frame_is_positional, &e);
    words_release(&args);
    if (bad < 0)
        return message_error(&e);
    return words.count == 0 ? 0 : command_chain(c, words.item);
}

/* --- dollarat -----------------------------------------------------------------------------------
 */

static int run_dollarat(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct words args = WORDS_INIT;
    bool chomp = false;
    bool netstrings = false;
    char delimiter = '\n';
    for (int option; (option = command_option(c)) != 0;) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'n')
            chomp = true;
        else
            delimiter = option == 'd' ? c->argument[0] : '\0';
        if (option != 'n')
            netstrings = option == 'd' && delimiter == '\0';
    }
    setenv("0", "", 0); /* of no interest here, and need not be set */
    int bad = positional_read(&args, &e);
    for (size_t i = 1; bad == 0 && i < args.count; i++) {
        if (netstrings)
            printf("%zu:%s,", strlen(args.item[i]), args.item[i]);
        else
            fputs(args.item[i], stdout);
        if (!netstrings && !(chomp && i + 1 == args.count))
            putchar(delimiter);
    }
    words_release(&args);
    return bad == 0 ? 0 : message_error(&e);
}

static const char elgetopt_options[] = "-D VALUE  of options without an argument, instead of 1\n";
static const char shift_options[] = "-n N  this many arguments, instead of one\n"
                                    "-b N  then this many blocks\n";
static const char runblock_options[] =
    "-P    do not pop the positional parameters\n"
    "-n N  skip this many arguments\n"
    "-r    what follows that many blocks, instead of the block\n";
static const char dollarat_options[] = "-n            no delimiter after the last\n"
                                       "-d DELIMITER  instead of a newline; none: netstrings\n"
                                       "-0            delimited by null characters\n";

const struct command execline_positional[] = {
    {"elgetopt", "[-D value] optstring prog...", "parse options out of the positional parameters",
     elgetopt_options, run_elgetopt},
    {"shift", "[-n n] [-b blocks] prog...", "remove the first positional parameters", shift_options,
     run_shift},
    {"runblock", "[-P] [-n n] [-r] n [prog...]", "execute a block of the positional parameters",
     runblock_options, run_runblock},
    {"dollarat", "[-n] [-0|-d delimiter]", "print the positional parameters", dollarat_options,
     run_dollarat},
    {.name = NULL}};
