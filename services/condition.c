#include "services/condition.h"
#include "base/environment.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_BYTES = 255 }; /* of a file, as which the container's environment has it */

int condition_parse(struct condition *c, const char *text, const char **wrong)
{
    *c = (struct condition){.negated = text[0] == '!', .name = text[0] == '!'};
    const char *name = text + c->name;
    c->length = strspn(name, VARIABLE_CHARACTERS);
    const char *rest = name + c->length;
    *wrong = NULL;
    if (c->length == 0 || strchr(VARIABLE_LETTERS, name[0]) == NULL || c->length > NAME_MAX_BYTES)
        *wrong = "it names no variable";
    else if (rest[0] != '\0' && rest[0] != '=')
        *wrong = rest[strspn(rest, " \t")] == '=' ? "there is a blank before ="
                                                  : "the name of a variable ends before its end";
    else if (rest[0] == '=')
        c->value = rest + 1;
    return *wrong == NULL ? 0 : -1;
}

/* Whether the value of a variable means off. NULL: it is unset. */
static bool is_off(const char *value)
{
    static const char *const off[] = {"", "0", "false", "no", "off"};
    for (size_t i = 0; value != NULL && i < sizeof off / sizeof off[0]; i++)
        if (strcasecmp(value, off[i]) == 0)
            return true;
    return value == NULL;
}

static const char *state_of(const char *value)
{
    return value == NULL ? "not set" : value[0] == '\0' ? "empty" : value;
}

bool condition_holds(const char *text, condition_lookup *lookup, char *why, size_t size)
{
    struct condition c;
    const char *wrong;
    char name[NAME_MAX_BYTES + 1];
    if (condition_parse(&c, text, &wrong) < 0) {
        snprintf(why, size, "%.100s: %s", text, wrong);
        return false;
    }
    snprintf(name, sizeof name, "%.*s", (int)c.length, text + c.name);
    const char *value = lookup(name);
    bool holds =
        c.value == NULL ? !is_off(value) : strcmp(value == NULL ? "" : value, c.value) == 0;
    if (holds != c.negated)
        return true;
    if (c.value != NULL)
        snprintf(why, size, "%s is %s%.200s", name, c.negated ? "" : "not ",
                 c.value[0] == '\0' ? "empty" : c.value);
    else
        snprintf(why, size, "%s is %s", name, c.negated ? "on" : state_of(value));
    return false;
}
