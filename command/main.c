/* The multi-call program: argv[0] picks the row, its function runs, and what it asks for is
 * executed. The only exec outside of children, the only exit. */
#include "base/command.h"
#include "base/error.h"
#include "base/message.h"
#include "command/commands.h"
#include "execline/commands.h"
#include "logger/logger.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma weak command_init
#pragma weak command_contenv
#pragma weak command_accounts
#pragma weak execline_language
#pragma weak execline_substitution
#pragma weak execline_control
#pragma weak execline_environment
#pragma weak execline_descriptors
#pragma weak execline_process
#pragma weak logger_commands
#pragma weak logcat_commands

static const struct command *const tables[] = {
    command_init,         command_contenv,      command_accounts,      logger_commands,
    logcat_commands,      execline_language,    execline_substitution, execline_control,
    execline_environment, execline_descriptors, execline_redirfd,      execline_process,
    execline_capture,     execline_positional,  execline_eltest,       execline_loops,
    execline_waiting,     execline_match,       execline_trap,         execline_envfile,
    execline_posix};

enum { TABLES = sizeof tables / sizeof tables[0] };

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct command *c = tables[i]; c != NULL && c->name != NULL; c++)
            if (strcmp(c->name, name) == 0)
                return c;
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void find_program(const char *argv0)
{
    static char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n > 0) {
        path[n] = '\0';
        command_program = path;
    } else if (strchr(argv0, '/') != NULL) {
        command_program = argv0;
    }
}

static void help(const struct command *c)
{
    printf("usage: %s %s\n%s\n", c->name, c->usage, c->summary);
    for (const struct command_option *o = c->options;
         o != NULL && (o->letter != 0 || o->name != NULL); o++) {
        char left[64];
        const char *argument = o->argument == NULL ? "" : o->argument;
        if (o->name == NULL)
            snprintf(left, sizeof left, "-%c %s", o->letter, argument);
        else if (o->letter == 0)
            snprintf(left, sizeof left, "    --%s%s%s", o->name, argument[0] ? "=" : "", argument);
        else
            snprintf(left, sizeof left, "-%c, --%s%s%s", o->letter, o->name, argument[0] ? "=" : "",
                     argument);
        printf("  %-24s %s\n", left, o->help);
    }
}

static int list_commands(void)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct command *c = tables[i]; c != NULL && c->name != NULL; c++)
            puts(c->name);
    return 0;
}

static int overview(FILE *to)
{
    fputs("usage: overlog COMMAND [ARG...]\n"
          "       overlog commands | --help | --version\n\n"
          "A container init, supervisor and logger. Links with these names call the commands\n"
          "directly; each has --help.\n\n",
          to);
    for (size_t i = 0; i < TABLES; i++)
        for (const struct command *c = tables[i]; c != NULL && c->name != NULL; c++)
            fprintf(to, "  %-18s %s\n", c->name, c->summary);
    return to == stdout ? 0 : EXIT_USAGE;
}

/* environ as it stands, for an exec that searches a PATH which is not part of it. */
static char **copy_environment(void)
{
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    if (copy != NULL && count > 0)
        memcpy(copy, environ, count * sizeof *copy);
    return copy;
}

/* Comes back only when it failed, with errno. */
static void exec_words(const char *program, char **words, char **environment)
{
    char **copy = NULL;
    if (getenv("PATH") == NULL && strchr(program, '/') == NULL) {
        copy = copy_environment();
        if (copy == NULL || setenv("PATH", "/command:/usr/bin:/bin", 1) < 0)
            return;
    }
    execvpe(program, words, environment != NULL ? environment : copy != NULL ? copy : environ);
    int saved = errno;
    if (copy != NULL)
        unsetenv("PATH");
    free(copy);
    errno = saved;
}

static int execute(const struct invocation *c)
{
    const char *program = c->program == NULL ? c->rest[0] : c->program;
    exec_words(program, c->rest, c->environment);
    if (c->fallback != NULL) {
        program = c->fallback[0];
        if (program == NULL)
            return 0;
        exec_words(program, c->fallback, NULL);
    }
    int code = errno == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC;
    message_fatal("unable to exec %s: %s", program, strerror(errno));
    return code;
}

static int dispatch(const struct command *row, int argc, char **argv)
{
    struct invocation c = {.command = row, .argc = argc, .argv = argv};
    message_name(row->name);
    if (argc == 2 && strcmp(argv[1], "--help") == 0 &&
        !(strcmp(row->name, "init") == 0 && getpid() == 1)) {
        help(row);
        return 0;
    }
    int code = row->run(&c);
    return code == COMMAND_CHAIN ? execute(&c) : code;
}

static int overlog(int argc, char **argv)
{
    if (argc < 2)
        return overview(stderr);
    if (strcmp(argv[1], "--help") == 0)
        return overview(stdout);
    if (strcmp(argv[1], "commands") == 0)
        return list_commands();
    if (strcmp(argv[1], "--version") == 0) {
        puts("overlog " OVERLOG_VERSION);
        return 0;
    }
    const struct command *row = find(argv[1]);
    if (row == NULL) {
        message_fatal("no command %s (overlog --help lists them)", argv[1]);
        return EXIT_NOTFOUND;
    }
    return dispatch(row, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    const char *name = argc > 0 ? base_name(argv[0]) : "overlog";
    find_program(argc > 0 ? argv[0] : "overlog");
    const struct command *row = find(name);
    int code;
    if (row != NULL)
        code = dispatch(row, argc, argv);
    else if (strncmp(name, "overlog", 7) == 0)
        code = overlog(argc, argv);
    else {
        message_fatal("%s is not a command of this program (overlog --help lists them)", name);
        code = EXIT_NOTFOUND;
    }
    if (fflush(stdout) != 0 && code == 0)
        code = EXIT_SYSTEM;
    return code;
}
