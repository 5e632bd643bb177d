/* Commands that change the process itself, then execute the rest. */
#include "base/failure.h"
#include "base/options.h"
#include "base/quantity.h"
#include "base/str.h"
#include "execline/block.h"
#include "execline/commands.h"
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- exec, tryexec ---------------------------------------------------------------------------- */

/* As -c, -l and -a ask for. */
static int chain_dressed(struct invocation *c, char **rest)
{
    static char *no_environment[] = {NULL};
    struct str zero = STR_INIT; /* never released: what is executed outlives us */
    c->program = rest[0];
    if (given('c'))
        c->environment = no_environment;
    if (given('l') || given('a')) {
        if (str_printf(&zero, "%s%s", given('l') ? "-" : "",
                       given('a') ? argument_of('a') : rest[0]) < 0)
            return refuse(EXIT_SYSTEM, "out of memory");
        rest[0] = zero.data;
    }
    return command_chain(c, rest);
}

static int run_exec(struct invocation *c)
{
    return options_read(c, 1) != 0 ? EXIT_USAGE : chain_dressed(c, options.operand);
}

static int run_tryexec(struct invocation *c)
{
    struct block_reader r;
    char **block;
    int code = options_read(c, 0);
    if (code == 0)
        code = blocks_read(&r, options.operand, 1, &block);
    if (code != 0)
        return code;
    if (block[0] == NULL)
        return refuse(EXIT_USAGE, "empty block");
    if (given('n') && r.next[0] == NULL)
        return refuse(EXIT_USAGE, "nothing to execute after the block");
    c->fallback = given('n') ? block : r.next;
    return chain_dressed(c, given('n') ? r.next : block);
}

/* --- exit, cd, umask -------------------------------------------------------------------------- */

static int run_exit(struct invocation *c)
{
    unsigned long long code = 0;
    if (c->argc > 1 && number_parse(c->argv[1], UINT_MAX, &code) < 0)
        return command_usage(c);
    return (int)(code % 256);
}

static int run_cd(struct invocation *c)
{
    if (c->argc < 3)
        return command_usage(c);
    if (chdir(c->argv[1]) == 0)
        return command_chain(c, c->argv + 2);
    return fail("change directory to", c->argv[1]);
}

static int run_umask(struct invocation *c)
{
    if (c->argc < 3)
        return command_usage(c);
    const char *text = c->argv[1];
    uint64_t mask;
    if (octal_parse(text, UINT64_MAX, &mask) < 0)
        return refuse(EXIT_USAGE, "not an octal mode: %s", text);
    umask((mode_t)(mask & 07777));
    return command_chain(c, c->argv + 2);
}

#define DRESSING                                                                                   \
    "-c        with an empty environment\n"                                                        \
    "-l        as a login program: a dash in front of argv[0]\n"                                   \
    "-a ARGV0  with this argv[0]\n"

static const char exec_options[] = DRESSING;
static const char tryexec_options[] = "-n        the block is the fallback\n" DRESSING;

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
