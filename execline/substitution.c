/* Commands that substitute in the rest, then execute it. */
#include "base/message.h"
#include "base/options.h"
#include "execline/bindings.h"
#include "execline/block.h"
#include "execline/commands.h"
#include <string.h>

static int chain_bound(struct invocation *c, struct bindings *b, char **rest)
{
    struct words words = WORDS_INIT; /* never released: what is executed outlives us */
    struct error e = ERROR_INIT;
    int bad = bindings_apply(b, rest, &words, &e);
    bindings_release(b);
    if (bad < 0)
        return message_error(&e);
    return words.count == 0 ? 0 : command_chain(c, words.item);
}

static const struct {
    const char *name;
    directive_run *run;
} directives[] = {{"define", directive_define},
                  {"importas", directive_importas},
                  {"elglob", directive_elglob},
                  {"elgetpositionals", directive_elgetpositionals},
                  {"multidefine", directive_multidefine}};

enum { DIRECTIVES = sizeof directives / sizeof directives[0] };

/* NULL: there is none of that name. */
static directive_run *find_directive(const char *name)
{
    for (size_t i = 0; i < DIRECTIVES; i++)
        if (strcmp(directives[i].name, name) == 0)
            return directives[i].run;
    return NULL;
}

/* A command that is one directive. */
static int run_single(struct invocation *c)
{
    struct bindings b = {.bad_key = EXIT_SYSTEM};
    struct error e = ERROR_INIT;
    if (find_directive(c->command->name)(c, &b, &e) == 0)
        return chain_bound(c, &b, command_operands(c));
    bindings_release(&b);
    return e.text[0] == '\0' ? e.code : message_error(&e);
}

/* --- multisubstitute -------------------------------------------------------------------------- */

static const struct command *row_of(const char *name)
{
    for (const struct command *row = execline_substitution; row->name != NULL; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

/* Reads the directive at words[0]; how many words it took, or -1. */
static int read_directive(char **words, size_t count, struct bindings *b, struct error *e)
{
    directive_run *directive = find_directive(words[0]);
    if (directive == NULL)
        return error_set(e, EXIT_USAGE, "unknown directive %s", words[0]);
    struct invocation c = {.command = row_of(words[0]), .argc = (int)count, .argv = words};
    if (directive(&c, b, e) == 0)
        return c.next;
    struct error inner = *e;
    return error_set(e, inner.code, "directive %s: %s", words[0],
                     inner.text[0] == '\0' ? "syntax error" : inner.text);
}

static int run_multisubstitute(struct invocation *c)
{
    struct bindings b = {.bad_key = EXIT_USAGE};
    struct error e = ERROR_INIT;
    struct block_reader r;
    char **words;
    size_t count;
    int bad;
    if (c->argc < 2)
        return command_usage(c);
    block_begin(&r, c->argv + 1);
    bad = block_read(&r, &words, &count, &e);
    if (bad == 0 && r.next[0] == NULL)
        return command_usage(c);
    while (bad == 0 && count > 0) {
        int taken = read_directive(words, count, &b, &e);
        if (taken < 0) {
            bad = -1;
        } else {
            words += taken;
            count -= (size_t)taken;
        }
    }
    if (bad == 0)
        return chain_bound(c, &b, r.next);
    bindings_release(&b);
    return message_error(&e);
}

#define TRANSFORMATIONS                                                                            \
    "-C             crunch: runs of delimiters become one\n"                                       \
    "-c             do not crunch (the default)\n"                                                 \
    "-n             chomp: remove one final delimiter\n"                                           \
    "-N             do not chomp (the default)\n"                                                  \
    "-d DELIMITERS  instead of blanks; none: netstrings\n"

static const char define_options[] = "-s  split the value into words\n" TRANSFORMATIONS;

static const char importas_options[] = "-i        exit 100 if the variable is not set\n"
                                       "-D VALUE  if the variable is not set, as if it were this\n"
                                       "-u        remove the variable\n"
                                       "-S        one operand: the key is the variable's name\n"
                                       "-s        split the value into words\n" TRANSFORMATIONS;

static const char multidefine_options[] =
    "-0  a variable too many stands for no word, instead of an empty one\n"
    "-r  the last variable stands for all words that remain\n" TRANSFORMATIONS;

static const char elgetpositionals_options[] =
    "-P N  at least N parameters, the missing ones empty\n";

static const char elglob_options[] =
    "-v            warn about folders that cannot be read\n"
    "-w            exit 111 if a folder cannot be read\n"
    "-s            sort\n"
    "-m            mark folders with a slash\n"
    "-e            a backslash is an ordinary character\n"
    "-0            no match stands for no word, instead of the pattern\n"
    "-n            with -d: no delimiter after the last\n"
    "-d DELIMITER  one word, each match ended by it; none: netstrings\n";

const struct command execline_substitution[] = {
    {"define", "[-s] [-C|-c] [-N|-n] [-d delimiters] key value prog...",
     "substitute a value for a key", define_options, run_single},
    {"importas",
     "[-i|-D value] [-u] [-s] [-C|-c] [-N|-n] [-d delimiters] (key variable | -S variable) prog...",
     "substitute a variable's value for a key", importas_options, run_single},
    {"elglob", "[-v] [-w] [-s] [-m] [-e] [-0] [-n] [-d delimiter] key pattern prog...",
     "substitute names of files for a key", elglob_options, run_single},
    {"elgetpositionals", "[-P n] prog...", "substitute the positional parameters",
     elgetpositionals_options, run_single},
    {"multidefine", "[-0] [-r] [-C|-c] [-N|-n] [-d delimiters] value { keys... } prog...",
     "substitute the words of a value for several keys", multidefine_options, run_single},
    {"multisubstitute", "{ directives... } prog...", "substitute several keys at once", NULL,
     run_multisubstitute},
    {.name = NULL}};
