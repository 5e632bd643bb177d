#include "execline/variable.h"
#include "base/failure.h"
#include "base/message.h"
#include "execline/substitute.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int variable_check(const char *name, struct error *e)
{
    if (name[0] == '\0' || strchr(name, '=') != NULL)
        return error_set(e, EXIT_USAGE, "invalid variable name: %s", name);
    return 0;
}

int variable_set(const char *name, const char *value, struct error *e)
{
    if (variable_check(name, e) < 0)
        return -1;
    int bad = value == NULL ? unsetenv(name) : setenv(name, value, 1);
    return bad == 0 ? 0 : error_system(e, "unable to set %s", name);
}

int variable_set_number(const char *name, unsigned long long value, struct error *e)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", value);
    return variable_set(name, text, e);
}

int variable_import(char *const *argv, const char *name, const char *value, struct words *out)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return -1;
    struct substitution s = {.key = name, .value = &copy, .count = 1};
    int bad = substitute(argv, &s, 1, out);
    free(copy);
    return bad;
}

int variable_chain(struct invocation *c, const char *name, const char *value, int import,
                   char **rest)
{
    struct words words = WORDS_INIT; /* never released: what is executed outlives us */
    struct error e = ERROR_INIT;
    if (!import) {
        if (variable_set(name, value, &e) < 0)
            return message_error(&e);
        return command_chain(c, rest);
    }
    if (value == NULL)
        error_set(&e, EXIT_USAGE, "%s not set", name);
    if (value == NULL || variable_check(name, &e) < 0)
        return message_error(&e);
    /* The value may be the variable's own, so it is removed last. */
    if (variable_import(rest, name, value, &words) < 0 || unsetenv(name) < 0)
        return fail("substitute", name);
    return words.count == 0 ? 0 : command_chain(c, words.item);
}
