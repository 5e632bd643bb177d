/* Commands that change the process itself, then execute the rest. */
#include "base/message.h"
#include "base/options.h"
#include "base/quantity.h"
#include "base/str.h"
#include "execline/block.h"
#include "execline/commands.h"
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- exec, tryexec ------------------------------------------------------------------------------
 */

struct dressing {
    bool bare;        /* -c: an empty environment */
    bool login;       /* -l: a dash in front of argv[0] */
    const char *name; /* -a: argv[0] */
    bool reverse;     /* -n of tryexec */
};

static int read_dressing(struct invocation *c, struct dressing *d)
{
    for (int option; (option = command_option(c)) != 0;) {
        switch (option) {
        case 'c':
            d->bare = true;
            break;
        case 'l':
            d->login = true;
            break;
        case 'a':
            d->name = c->argument;
            break;
        case 'n':
            d->reverse = true;
            break;
        default:
            return EXIT_USAGE;
        }
    }
    return 0;
}

static int chain_dressed(struct invocation *c, const struct dressing *d, char **rest)
{
    static char *no_environment[] = {NULL};
    struct str zero = STR_INIT; /* never released: what is executed outlives us */
    c->program = rest[0];
    if (d->bare)
        c->environment = no_environment;
    if (d->login || d->name != NULL) {
        if ((d->login && str_add_char(&zero, '-') < 0) ||
            str_add_text(&zero, d->name != NULL ? d->name : rest[0]) < 0) {
            message_fatal("out of memory");
            return EXIT_SYSTEM;
        }
        rest[0] = zero.data;
    }
    return command_chain(c, rest);
}

static int run_exec(struct invocation *c)
{
    struct dressing d = {.bare = false};
    if (read_dressing(c, &d) != 0)
        return EXIT_USAGE;
    char **rest = command_operands(c);
    return rest[0] == NULL ? command_usage(c) : chain_dressed(c, &d, rest);
}

static int run_tryexec(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct dressing d = {.bare = false};
    struct block_reader r;
    char **block;
    if (read_dressing(c, &d) != 0)
        return EXIT_USAGE;
    block_begin(&r, command_operands(c));
    if (block_read(&r, &block, NULL, &e) < 0)
        return message_error(&e);
    if (block[0] == NULL) {
        message_fatal("empty block");
        return EXIT_USAGE;
    }
    c->fallback = d.reverse ? block : r.next;
    if (d.reverse && r.next[0] == NULL) {
        message_fatal("nothing to execute after the block");
        return EXIT_USAGE;
    }
    return chain_dressed(c, &d, d.reverse ? r.next : block);
}

/* --- exit, cd, umask ----------------------------------------------------------------------------
 */

static int run_exit(struct invocation *c)
{
    unsigned long long code = 0;
    if (c->argc > 1 && number_parse(c->argv[1], UINT_MAX, &code) < 0)
        return command_usage(c);
    return (int)(code % 256);
}

static int run_cd(struct invocation *c)
{
    struct error e = ERROR_INIT;
    if (c->argc < 3)
        return command_usage(c);
    if (chdir(c->argv[1]) == 0)
        return command_chain(c, c->argv + 2);
    error_system(&e, "unable to change directory to %s", c->argv[1]);
    return message_error(&e);
}

static int run_umask(struct invocation *c)
{
    if (c->argc < 3)
        return command_usage(c);
    const char *text = c->argv[1];
    uint64_t mask;
    if (octal_parse(text, UINT64_MAX, &mask) < 0) {
        message_fatal("not an octal mode: %s", text);
        return EXIT_USAGE;
    }
    umask((mode_t)(mask & 07777));
    return command_chain(c, c->argv + 2);
}

static const char exec_options[] = "-c        with an empty environment\n"
                                   "-l        as a login program: a dash in front of argv[0]\n"
                                   "-a ARGV0  with this argv[0]\n";

static const char tryexec_options[] = "-n        the block is the fallback\n"
                                      "-c        with an empty environment\n"
                                      "-l        as a login program: a dash in front of argv[0]\n"
                                      "-a ARGV0  with this argv[0]\n";

const struct command execline_process[] = {
    {"exec", "[-c] [-l] [-a argv0] prog...", "execute a program", exec_options, run_exec},
    {"tryexec", "[-n] [-c] [-l] [-a argv0] { prog1... } prog2...",
     "execute a program, or another where that is impossible", tryexec_options, run_tryexec},
    {"exit", "[code]", "exit with a code", NULL, run_exit},
    {"cd", "dir prog...", "change the working directory", NULL, run_cd},
    {"execline-cd", "dir prog...", "change the working directory", NULL, run_cd},
    {"umask", "mask prog...", "set the file mode creation mask", NULL, run_umask},
    {"execline-umask", "mask prog...", "set the file mode creation mask", NULL, run_umask},
    {.name = NULL}};
