/* The container environment, for scripts whose own is bare (spec/overlay.md section 5). */
#include "base/envdir.h"
#include "base/environment.h"
#include "base/file.h"
#include "base/message.h"
#include "base/str.h"
#include "command/commands.h"
#include "contract/paths.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_MAX = 1 << 20 };

/* S6_KEEP_ENV: the environment was never taken away, so there is nothing to load. */
static bool environment_is_kept(void)
{
    const char *text = getenv("S6_KEEP_ENV");
    unsigned long long value;
    return text && number_parse(text, ~0ULL, &value) == 0 && value != 0;
}

static int run_with_contenv(struct invocation *c)
{
    /* No options: what a script passes on may begin with a dash. */
    char **rest = c->argv + 1;
    struct error e = ERROR_INIT;
    if (environment_is_kept())
        return command_chain(c, rest);
    const char *set = getenv("INSTANCE"); /* is the service's own */
    char *instance = set == NULL ? NULL : strdup(set);
    if ((set != NULL && instance == NULL) || environment_clear(true) != 0) {
        error_system(&e, "unable to empty the environment");
        free(instance);
        return message_error(&e);
    }
    int result = envdir_load(RUN_ENVIRONMENT, &e);
    if (result == 0 && instance != NULL && setenv("INSTANCE", instance, 1) < 0)
        result = error_system(&e, "unable to set INSTANCE");
    free(instance);
    if (result < 0)
        return message_error(&e);
    c->path = getenv("PATH"); /* the container's counts already for the program itself */
    return command_chain(c, rest);
}

static int print_own(const char *name)
{
    const char *value = getenv(name);
    if (!value || !*value)
        return 1;
    return puts(value) < 0 ? EXIT_SYSTEM : 0;
}

static int run_printcontenv(struct invocation *c)
{
    if (c->argc < 2)
        return command_usage(c);
    const char *name = c->argv[1];
    if (environment_is_kept())
        return print_own(name);
    int at = open(RUN_ENVIRONMENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return 1;
    struct str value = STR_INIT;
    struct error e = ERROR_INIT;
    int code = 1;
    /* The file's own newline and one more, as scripts have always got them. */
    if (file_read(at, name, VALUE_MAX, &value, &e) == 0 && str_add_char(&value, '\n') == 0)
        code = fd_write_all(1, value.data, value.length) == 0 ? 0 : EXIT_SYSTEM;
    str_release(&value);
    close(at);
    return code;
}

const struct command command_contenv[] = {
    {"with-contenv", "prog...", "run a program with the environment the container was started with",
     NULL, run_with_contenv},
    {"printcontenv", "variable",
     "print a variable of the environment the container was started with", NULL, run_printcontenv},
    {.name = NULL}};
