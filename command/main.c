/* The multi-call program: argv[0] picks the row, its function runs, and what it asks for comes
 * next: in this process when it is a command of ours too, else executed. The only exec outside of
 * children, the only exit. */
#include "base/command.h"
#include "base/error.h"
#include "base/execute.h"
#include "base/failure.h"
#include "base/image.h"
#include "base/launch.h"
#include "base/message.h"
#include "base/options.h"
#include "base/parent.h"
#include "base/str.h"
#include "command/chain.h"
#include "command/commands.h"
#include "command/overlog/missing.h"
#include "logger/logger.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { LINKS_MAX = 100 };

static void find_program(const char *argv0)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n > 0) {
        path[n] = '\0';
        char *copy = strdup(path);
        if (copy != NULL)
            command_program = copy;
    } else if (strchr(argv0, '/') != NULL) {
        command_program = argv0;
    }
}

static void help(const struct command *c)
{
    const char *rows = c->options;
    struct option_row row;
    printf("usage: %s %s\n%s\n", c->name, c->usage, c->summary);
    while (option_row(&rows, &row)) {
        char left[64];
        int n = 0;
        if (row.help_length == 0)
            continue;
        if (row.letter > ' ')
            n = snprintf(left, sizeof left, "-%c%s", row.letter, row.name_length > 0 ? ", " : "");
        else
            n = snprintf(left, sizeof left, "    ");
        if (row.name_length > 0)
            n += snprintf(left + n, sizeof left - (size_t)n, "--%.*s", row.name_length, row.name);
        if (row.argument_length > 0)
            snprintf(left + n, sizeof left - (size_t)n, "%c%.*s", row.name_length > 0 ? '=' : ' ',
                     row.argument_length, row.argument);
        printf("  %-24s %.*s\n", left, row.help_length, row.help);
    }
}

static void print_name(const struct command *c, void *to)
{
    fprintf(to, "%s\n", c->name);
}

static void print_summary(const struct command *c, void *to)
{
    fprintf(to, "  %-18s %s\n", c->name, c->summary);
}

/* Of one screen: who types the bare name wants to see how things are, or to change that. */
static int overview(FILE *to)
{
    fputs("usage: overlog COMMAND [ARG...], where each COMMAND has --help\n", to);
    command_each_verb(print_summary, to);
    fputs("  logcat             show what services have logged\n\n"
          "overlog help all has those for scripts, too; also: commands, missing, --version\n",
          to);
    return to == stdout ? 0 : EXIT_USAGE;
}

static int overview_of_all(void)
{
    overview(stdout);
    fputs("\nFor scripts and services; links with these names call them directly:\n\n", stdout);
    command_each(print_summary, stdout);
    return 0;
}

/* Executes what c asks for; comes back with the exit code when that was impossible. What it has on
 * its stack is not on that of a command that stays. */
__attribute__((noinline)) static int execute(const struct invocation *c)
{
    const char *program = c->program == NULL ? c->rest[0] : c->program;
    execute_first(program, c->path, c->rest, c->environment != NULL ? c->environment : environ);
    if (c->fallback != NULL) {
        program = c->fallback[0];
        if (program == NULL)
            return 0;
        execute_first(program, c->path, c->fallback, environ);
    }
    int code = errno == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC;
    char why[EXECUTE_WHY_MAX];
    snprintf(why, sizeof why, "%s", strerror(errno));
    if (errno == E2BIG)
        execute_too_big(c->rest, c->environment != NULL ? c->environment : environ, why);
    return refuse(code, "unable to exec %s: %s", program, why);
}

static int count(char *const *words)
{
    int n = 0;
    while (words[n] != NULL)
        n++;
    return n;
}

/* The row of the command that an exec of program would come to, if it can as well be run here. */
static const struct command *next_link(const struct invocation *c)
{
    const char *program = c->program == NULL ? c->rest[0] : c->program;
    const struct command *row = command_find(path_name(program), true);
    if (row == NULL || !chain_is_ours(program, c->path))
        return NULL;
    prctl(PR_SET_NAME, row->name);
    return row;
}

/* One command; when it is to be followed by another, what it says of that is left in c. */
static int run_link(struct invocation *c)
{
    message_name(c->command->name);
    if (c->argc == 2 && strcmp(c->argv[1], "--help") == 0 &&
        !(strcmp(c->command->name, "init") == 0 && getpid() == 1)) {
        help(c->command);
        return 0;
    }
    return c->command->run(c);
}

/* Runs a command and what follows it here, as long as those are ours: not for ever, since what
 * links keep in memory is only given back by an exec. The exit code. */
static int run_chain(const struct command *row, int argc, char **argv)
{
    static bool has_run; /* a link may have changed the environment */
    for (int link = 1;; link++) {
        /* A link that changes PATH is itself found, and finds the next, by the one it was given. */
        char *path = getenv("PATH");
        char *kept = path == NULL || !has_run ? NULL : strdup(path);
        struct invocation c = {
            .command = row, .argc = argc, .argv = argv, .path = has_run ? kept : path};
        has_run = true;
        int code = run_link(&c);
        if (code != COMMAND_CHAIN)
            return code;
        row = link < LINKS_MAX ? next_link(&c) : NULL;
        if (row == NULL)
            return execute(&c);
        free(kept);
        if (c.environment != NULL)
            environ = c.environment;
        argv = c.rest;
        argc = count(argv);
    }
}

/* One that begins a process of its own. */
static int run_program(const struct command *row, int argc, char **argv)
{
    prctl(PR_SET_NAME, row->name);
    find_program(argv[0]);
    return run_chain(row, argc, argv);
}

/* Of pid 1, which has looked for the program already. */
static int run_logger(int argc, char **argv)
{
    const char *file = (const char *)getauxval(AT_EXECFN);
    prctl(PR_SET_NAME, logger_commands->name);
    if (file != NULL && file[0] == '/')
        command_program = file;
    return run_chain(logger_commands, argc, argv);
}

/* The exit code, or -1: there is no such command. */
static int run_named(const char *name, int argc, char **argv)
{
    const struct command *row = command_find(name, false);
    if (row == NULL)
        return -1;
    if (!command_is_link(row))
        return run_program(row, argc, argv);
    chain_begin();
    return run_chain(row, argc, argv);
}

static int run_execline(struct invocation *c)
{
    if (c->argc < 2)
        return command_usage(c);
    const struct command *row = command_find(c->argv[1], true);
    if (row != NULL)
        return run_chain(row, c->argc - 1, c->argv + 1);
    return refuse(EXIT_USAGE, "unknown command %s", c->argv[1]);
}

const struct command command_multicall[] = {
    {"execline", "command [arg...]", "run a command of the execline language", NULL, run_execline},
    {.name = NULL}};

/* A name that has no row. */
static int unknown(const char *name, char **argv)
{
    if (missing_instead(name) != NULL)
        return missing_run(name, argv);
    return refuse(EXIT_NOTFOUND, "no command %s (overlog help all lists them)", name);
}

static int run_missing(struct invocation *c)
{
    if (options_read_anywhere(c, 0, 1) != 0)
        return EXIT_USAGE;
    if (options.count == 1)
        return missing_in(options.operand[0]);
    missing_list();
    return 0;
}

static const struct command missing = {
    "overlog missing", "[ROOT]",
    "list what else s6 has and what to use instead, or the scripts of a root that call it", NULL,
    run_missing};

static int overlog(int argc, char **argv)
{
    if (argc < 2)
        return overview(stderr);
    if (strcmp(argv[1], "help") == 0 && argc == 3 && strcmp(argv[2], "all") == 0)
        return overview_of_all();
    if (strcmp(argv[1], "--help") == 0 || (strcmp(argv[1], "help") == 0 && argc == 2))
        return overview(stdout);
    if (strcmp(argv[1], "commands") == 0) {
        command_each(print_name, stdout);
        return 0;
    }
    if (strcmp(argv[1], "missing") == 0)
        return run_chain(&missing, argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0) {
        puts("overlog " OVERLOG_VERSION);
        return 0;
    }
    const struct command *verb = command_verb(argv[1]);
    if (verb != NULL)
        find_program(argv[0]);
    int code =
        verb != NULL ? run_chain(verb, argc - 1, argv + 1) : run_named(argv[1], argc - 1, argv + 1);
    return code >= 0 ? code : unknown(argv[1], argv + 1);
}

int main(int argc, char **argv)
{
    image_protect();
    const char *name = argc > 0 ? path_name(argv[0]) : "overlog";
    if (strcmp(name, LAUNCH_NAME) == 0)
        return launch_again(argc, argv);
    /* A paired logger shows whose it is: s6-supervise NAME/log logger ... There are many of them:
     * they need no look through all tables. */
    bool logs = argc > 2 && strcmp(name, "s6-supervise") == 0 && strcmp(argv[2], "logger") == 0;
    /* The parent of a service. Somebody who types it has no child. */
    if (argc == 2 && strcmp(name, "s6-supervise") == 0 && parent_wait(name) == 0)
        return 0;
    int code = logs ? run_logger(argc - 2, argv + 2) : run_named(name, argc, argv);
    if (code < 0 && strncmp(name, "overlog", 7) == 0)
        code = overlog(argc, argv);
    /* "exec -a" and login shells tell another argv[0]. */
    const char *file = (const char *)getauxval(AT_EXECFN);
    if (code < 0 && file != NULL)
        code = run_named(path_name(file), argc, argv);
    if (code < 0)
        code = unknown(name, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == 0) {
        message_fatal("unable to write to standard output");
        code = EXIT_SYSTEM;
    }
    return code;
}
