/* The environment: from and to directories, changed, printed. */
#include "base/envdir.h"
#include "base/environment.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

enum { CLAMP = 4095 };

static int run_envdir(struct invocation *c)
{
    struct error e = ERROR_INIT;
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    const struct envdir_style style = {.whole = given('f'),
                                       .exact = given('n'),
                                       .clamp = given('L') ? 0 : CLAMP,
                                       .null = given('c') ? *argument_of('c') : '\n',
                                       .strict = true};
    if (options_last("iI") == 'I' && access(options.operand[0], F_OK) < 0 && errno == ENOENT)
        return command_chain(c, options.operand + 1);
    if (envdir_load_as(options.operand[0], &style, &e) < 0)
        return message_error(&e);
    return command_chain(c, options.operand + 1);
}

static int run_dumpenv(struct invocation *c)
{
    struct error e = ERROR_INIT;
    unsigned int mode = 0755;
    if (options_read(c, 1) != 0 || options_mode(c, argument_of('m'), &mode) != 0)
        return EXIT_USAGE;
    if (mkdir(options.operand[0], mode) < 0 && errno != EEXIST)
        return fail("mkdir", options.operand[0]);
    mode_t mask = umask(0);
    if (envdir_add(options.operand[0], environ, options_last("nN") == 'N', 0666 & ~mask, &e) < 0)
        return message_error(&e);
    return 0;
}

static int print_environment(char delimiter, bool last)
{
    for (char **v = environ; v != NULL && *v != NULL; v++) {
        fputs(*v, stdout);
        if (last || v[1] != NULL)
            putchar(delimiter);
    }
    return 0;
}

static int run_printenv(struct invocation *c)
{
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    char how = options_last("0d");
    return print_environment(how == 0 ? '\n' : how == '0' ? '\0' : *argument_of('d'), !given('n'));
}

static int run_env(struct invocation *c)
{
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    if (given('i'))
        environment_clear(false);
    char **word = options.operand;
    for (; *word != NULL && strchr(*word, '=') != NULL; word++)
        if (putenv(*word) != 0)
            return fail("set", *word);
    return *word == NULL ? print_environment('\n', true) : command_chain(c, word);
}

static const char envdir_options[] =
    "-i       exit 111 when there is no such directory (the default)\n"
    "-I       go on when there is none\n"
    "-f       whole files, not only first lines\n"
    "-n       keep trailing blanks; with -f, the final newline\n"
    "-L       no limit of 4095 bytes\n"
    "-c char  what NUL bytes become, instead of newlines\n";

static const char dumpenv_options[] = "-N       a newline after each value\n"
                                      "-n       values alone (the default)\n"
                                      "-m mode  octal mode of a directory that is made (0755)\n";

static const char env_options[] = "-i  begin with an empty environment\n";

static const char printenv_options[] = "-n       no delimiter after the last\n"
                                       "-0       delimit with NUL\n"
                                       "-d char  delimit with this character\n";

const struct command command_envtools[] = {
    {"s6-envdir", "[-I|-i] [-n] [-f] [-L] [-c char] dir prog...",
     "run a program with variables from files", envdir_options, run_envdir},
    {"s6-dumpenv", "[-N|-n] [-m mode] dir", "write the environment to files", dumpenv_options,
     run_dumpenv},
    {"s6-env", "[-i] [name=value...] [prog...]", "run a program with other variables", env_options,
     run_env},
    {"s6-printenv", "[-n] [-0|-d char]", "print the environment", printenv_options, run_printenv},
    {.name = NULL}};
