/* Commands on the positional parameters #, 0, 1 ... of the environment. */
#include "base/message.h"
#include "base/options.h"
#include "execline/commands.h"
#include "execline/frames.h"
#include "execline/variable.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- elgetopt --------------------------------------------------------------------------------- */

enum { CODE_BAD_OPTION = 1 };

/* The rows of base/options.h that an option string asks for: "ab:" is -a and -b with an argument.
 */
static int make_rows(const char *allowed, struct str *rows)
{
    int bad = str_add_text(rows, "");
    for (const char *at = allowed; bad == 0 && *at != '\0'; at++)
        if (*at != ':')
            bad = str_printf(rows, "-%c%s\n", *at, at[1] == ':' ? " ARGUMENT" : "");
    return bad;
}

/* Sets ELGETOPT_ variables by the options at the beginning of args, 0, 1 ...; *next: the first that
 * is none. */
static int set_options(const char *allowed, const struct words *args, const char *value,
                       size_t *next, struct error *e)
{
    struct str rows = STR_INIT;
    if (make_rows(allowed, &rows) < 0)
        return error_system(e, "unable to parse options");
    const struct command row = {.name = args->item[0], .options = rows.data};
    struct invocation c = {.command = &row,
                           .argc = (int)args->count,
                           .argv = args->item,
                           .complained = 1}; /* the script says its usage itself */
    int bad = 0;
    message_name(row.name);
    for (int option; bad == 0 && (option = command_option(&c)) != 0;) {
        char name[] = "ELGETOPT_?";
        name[sizeof name - 2] = (char)option;
        bad = option == '?' ? error_set(e, CODE_BAD_OPTION, "%s", "")
                            : variable_set(name, c.argument != NULL ? c.argument : value, e);
    }
    message_name("elgetopt");
    *next = (size_t)(command_operands(&c) - c.argv);
    str_release(&rows);
    return bad;
}

static int run_elgetopt(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct words args = WORDS_INIT;
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    const char *value = given('D') ? argument_of('D') : "1";
    int bad = positional_read(&args, &e);
    size_t next = 1;
    if (bad == 0)
        bad = frames_push(frame_is_option, &e);
    if (bad == 0)
        bad = set_options(options.operand[0], &args, value, &next, &e);
    if (bad == 0)
        bad = positional_write(args.item + next, args.count - next, args.count - 1, &e);
    words_release(&args);
    if (bad == 0)
        return command_chain(c, options.operand + 1);
    return e.text[0] == '\0' ? e.code : message_error(&e);
}

/* --- shift, runblock -------------------------------------------------------------------------- */

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
    uint64_t blocks = 0;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    uint64_t count = given('b') ? 0 : 1;
    if (options_number(c, argument_of('n'), INT_MAX, &count) != 0 ||
        options_number(c, argument_of('b'), INT_MAX, &blocks) != 0)
        return EXIT_USAGE;
    int bad = positional_read(&args, &e);
    if (bad == 0) {
        size_t at = 1 + (size_t)count;
        bad = skip_blocks(&args, &at, blocks, &e);
        if (at > args.count)
            at = args.count;
        if (bad == 0)
            bad = positional_write(args.item + at, args.count - at, args.count - 1, &e);
    }
    words_release(&args);
    return bad == 0 ? command_chain(c, options.operand) : message_error(&e);
}

/* Appends the words of the block, or with -r those behind so many blocks, to out. */
static int choose(const struct words *args, uint64_t skip, uint64_t block, struct words *out,
                  struct error *e)
{
    bool rest = given('r');
    size_t at = 1 + (size_t)skip;
    if (skip_blocks(args, &at, rest ? block : block - 1, e) < 0)
        return -1;
    size_t end = at;
    if (!rest && skip_blocks(args, &end, 1, e) < 0)
        return -1;
    end = rest ? args->count : end - 1;
    for (; at < end; at++) {
        const char *word = args->item[at];
        if (words_add(out, !rest && word[0] == ' ' ? word + 1 : word) < 0)
            return error_system(e, "unable to read the block");
    }
    return 0;
}

static int run_runblock(struct invocation *c)
{
    struct words words = WORDS_INIT; /* never released: what is executed outlives us */
    struct error e = ERROR_INIT;
    struct words args = WORDS_INIT;
    uint64_t skip = 0;
    uint64_t block = 0;
    int bad = 0;
    if (options_read(c, 1) != 0 || options_number(c, argument_of('n'), INT_MAX, &skip) != 0 ||
        options_number(c, options.operand[0], INT_MAX, &block) != 0)
        return EXIT_USAGE;
    if (block == 0 && !given('r'))
        return command_usage(c);
    for (char **word = options.operand + 1; bad == 0 && *word != NULL; word++)
        bad = words_add(&words, *word);
    if (bad < 0)
        error_system(&e, "unable to read the command");
    if (bad == 0)
        bad = positional_read(&args, &e);
    if (bad == 0)
        bad = choose(&args, skip, block, &words, &e);
    if (bad == 0 && !given('P'))
        bad = frames_pop(frame_is_positional, &e);
    words_release(&args);
    if (bad < 0)
        return message_error(&e);
    return words.count == 0 ? 0 : command_chain(c, words.item);
}

/* --- dollarat --------------------------------------------------------------------------------- */

static int run_dollarat(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct words args = WORDS_INIT;
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    char how = options_last("0d");
    char delimiter = how == 'd' ? argument_of('d')[0] : how == '0' ? '\0' : '\n';
    bool netstrings = how == 'd' && delimiter == '\0';
    setenv("0", "", 0); /* of no interest here, and need not be set */
    int bad = positional_read(&args, &e);
    for (size_t i = 1; bad == 0 && i < args.count; i++) {
        if (netstrings)
            printf("%zu:%s,", strlen(args.item[i]), args.item[i]);
        else
            fputs(args.item[i], stdout);
        if (!netstrings && !(given('n') && i + 1 == args.count))
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
