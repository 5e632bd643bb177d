/* Commands that change the environment, then execute the rest. */
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "execline/block.h"
#include "execline/commands.h"
#include "execline/frames.h"
#include "execline/variable.h"
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static int run_export(struct invocation *c)
{
    return c->argc < 4 ? command_usage(c)
                       : variable_chain(c, c->argv[1], c->argv[2], false, c->argv + 3);
}

static int run_unexport(struct invocation *c)
{
    return c->argc < 3 ? command_usage(c) : variable_chain(c, c->argv[1], NULL, false, c->argv + 2);
}

/* The values of a block as netstrings, or each ended by a delimiter. */
static int join(char *const *values, const char *delimiter, struct str *out)
{
    int bad = str_add_text(out, "");
    for (; bad == 0 && *values != NULL; values++)
        bad = delimiter[0] == '\0' ? str_printf(out, "%zu:%s,", strlen(*values), *values)
                                   : str_printf(out, "%s%c", *values, delimiter[0]);
    return bad;
}

static int run_export_array(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct str value = STR_INIT;
    struct block_reader r;
    char **block;
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    const char *name = options.operand[0];
    if (variable_check(name, &e) < 0)
        return message_error(&e);
    int code = blocks_read(&r, options.operand + 1, 1, &block);
    if (code != 0)
        return code;
    if (join(block, given('d') ? argument_of('d') : "", &value) < 0)
        return fail("set", name);
    code = variable_chain(c, name, value.data, false, r.next);
    str_release(&value);
    return code;
}

/* --- emptyenv --------------------------------------------------------------------------------- */

static bool is_named(const char *variable, const char *name)
{
    size_t length = strlen(name);
    return strncmp(variable, name, length) == 0 && variable[length] == '=';
}

/* What the commands of this language set by themselves. */
static bool is_internal(const char *variable)
{
    static const char *const names[] = {"!", "?", "EXECLINE_STRICT"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_named(variable, names[i]))
            return true;
    return frame_is_positional(variable) || frame_is_option(variable) ||
           (strncmp(variable, "FD", 2) == 0 && variable[2] >= '0' && variable[2] <= '9');
}

static bool is_kept(const char *variable)
{
    if (given('c'))
        return !is_internal(variable);
    return (given('p') && is_named(variable, "PATH")) ||
           (given('l') && is_named(variable, "LD_LIBRARY_PATH"));
}

static int clean(struct error *e)
{
    char **kept = environ;
    if (!given('c') && (given('o') || given('P'))) {
        if (given('o') && frames_pop(frame_is_option, e) < 0)
            return -1;
        return given('P') ? frames_pop(frame_is_positional, e) : 0;
    }
    for (char **v = environ; v != NULL && *v != NULL; v++)
        if (is_kept(*v))
            *kept++ = *v;
    if (kept != NULL)
        *kept = NULL;
    return 0;
}

static int run_emptyenv(struct invocation *c)
{
    struct error e = ERROR_INIT;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    return clean(&e) < 0 ? message_error(&e) : command_chain(c, options.operand);
}

/* --- getpid, getcwd, homeof ------------------------------------------------------------------- */

/* Sets the variable, or with -E substitutes it. */
static int chain_with(struct invocation *c, const char *value)
{
    return variable_chain(c, options.operand[0], value, options_last("eE") == 'E',
                          options.operand + 1);
}

static int run_getpid(struct invocation *c)
{
    char text[24];
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    snprintf(text, sizeof text, "%ld", (long)(options_last("pP") == 'P' ? getppid() : getpid()));
    return chain_with(c, text);
}

static int run_getcwd(struct invocation *c)
{
    char path[PATH_MAX];
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    if (getcwd(path, sizeof path) == NULL)
        return fail("find", "the working directory");
    return chain_with(c, path);
}

/* By /etc/passwd alone, as every account here. */
static int run_homeof(struct invocation *c)
{
    struct passwd *p = NULL;
    if (c->argc < 2)
        return command_usage(c);
    FILE *f = fopen("/etc/passwd", "re");
    while (f != NULL && (p = fgetpwent(f)) != NULL && strcmp(p->pw_name, c->argv[1]) != 0)
        ;
    if (p != NULL)
        puts(p->pw_dir);
    else
        message_fatal("unknown user: %s", c->argv[1]);
    if (f != NULL)
        fclose(f);
    return p != NULL ? 0 : EXIT_SYSTEM;
}

static const char array_options[] =
    "-d DELIMITER  end each value with this character, instead of netstrings\n";

static const char emptyenv_options[] = "-p  keep PATH\n"
                                       "-l  keep LD_LIBRARY_PATH\n"
                                       "-c  only remove what execline commands set for themselves\n"
                                       "-o  only pop the variables of elgetopt\n"
                                       "-P  only pop the positional parameters\n"
                                       "-p, --keep-path\n-l, --keep-ld-library-path\n"
                                       "-c, --cleanup\n-o, --pop-elgetopt\n-P, --pop-execline\n";

#define STORING                                                                                    \
    "-E  substitute it in the rest, instead of setting the variable\n"                             \
    "-e  set the variable (the default)\n"

static const char getpid_options[] = STORING "-P  the parent's\n"
                                             "-p  its own (the default)\n";

static const char getcwd_options[] = STORING;

const struct command execline_environment[] = {
    {"export", "variable value prog...", "set a variable", NULL, run_export},
    {"unexport", "variable prog...", "remove a variable", NULL, run_unexport},
    {"export-array", "[-d delimiter] variable { values... } prog...",
     "set a variable to a list of values", array_options, run_export_array},
    {"emptyenv", "[-p] [-l] | -c | [-o] [-P] prog...", "remove variables", emptyenv_options,
     run_emptyenv},
    {"getpid", "[-E] [-P] variable prog...", "set a variable to the process id", getpid_options,
     run_getpid},
    {"getcwd", "[-E] variable prog...", "set a variable to the working directory", getcwd_options,
     run_getcwd},
    {"homeof", "user", "print a user's home directory", NULL, run_homeof},
    {.name = NULL}};
