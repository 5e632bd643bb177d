#include "execline/frames.h"
#include "execline/variable.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

enum { NAME_SIZE = 512, POSITIONAL_MAX = 1 << 20 };

bool frame_is_positional(const char *variable)
{
    size_t n = variable[0] == '#' ? 1 : strspn(variable, "0123456789");
    return n > 0 && (variable[n] == '=' || variable[n] == ':');
}

bool frame_is_option(const char *variable)
{
    return strncmp(variable, "ELGETOPT_", 9) == 0;
}

/* Of "NAME=value", "NAME:2=value": where the depth begins, and which it is. */
static size_t parse_name(const char *variable, unsigned long *depth)
{
    size_t name = strcspn(variable, "=");
    size_t digits = name;
    while (digits > 0 && variable[digits - 1] >= '0' && variable[digits - 1] <= '9')
        digits--;
    *depth = 0;
    if (digits == name || digits < 2 || variable[digits - 1] != ':')
        return name;
    *depth = strtoul(variable + digits, NULL, 10);
    return digits - 1;
}

/* Takes the family's variables out of the environment into out. */
static int take(frame_family *family, struct words *out)
{
    for (char **v = environ; v != NULL && *v != NULL; v++)
        if (family(*v) && words_add(out, *v) < 0)
            return -1;
    for (size_t i = 0; i < out->count; i++) {
        char *equals = strchr(out->item[i], '=');
        *equals = '\0';
        if (unsetenv(out->item[i]) < 0)
            return -1;
        *equals = '=';
    }
    return 0;
}

static int put_frame(const char *variable, size_t name, unsigned long depth)
{
    char text[NAME_SIZE];
    const char *value = strchr(variable, '=') + 1;
    int n = depth == 0 ? snprintf(text, sizeof text, "%.*s", (int)name, variable)
                       : snprintf(text, sizeof text, "%.*s:%lu", (int)name, variable, depth);
    if (n < 0 || (size_t)n >= sizeof text) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return setenv(text, value, 1);
}

static int shift_frames(frame_family *family, bool push, struct error *e)
{
    struct words taken = WORDS_INIT;
    int bad = take(family, &taken);
    for (size_t i = 0; bad == 0 && i < taken.count; i++) {
        unsigned long depth;
        size_t name = parse_name(taken.item[i], &depth);
        if (push || depth > 0)
            bad = put_frame(taken.item[i], name, push ? depth + 1 : depth - 1);
    }
    if (bad != 0)
        error_system(e, "unable to rename variables");
    words_release(&taken);
    return bad == 0 ? 0 : -1;
}

int frames_push(frame_family *family, struct error *e)
{
    return shift_frames(family, true, e);
}

int frames_pop(frame_family *family, struct error *e)
{
    return shift_frames(family, false, e);
}

int positional_read(struct words *out, struct error *e)
{
    unsigned long long count;
    char name[24] = "#";
    const char *text = getenv(name);
    if (text == NULL)
        return error_set(e, EXIT_USAGE, "# not set");
    if (number_parse(text, POSITIONAL_MAX, &count) < 0)
        return error_set(e, EXIT_USAGE, "# is not a number of arguments: %s", text);
    for (unsigned long long i = 0; i <= count; i++) {
        snprintf(name, sizeof name, "%llu", i);
        text = getenv(name);
        if (text == NULL)
            return error_set(e, EXIT_USAGE, "%s not set", name);
        if (words_add(out, text) < 0)
            return error_system(e, "unable to read the positional parameters");
    }
    return 0;
}

int positional_write(char *const *args, size_t count, size_t old_count, struct error *e)
{
    char name[24];
    if (variable_set_number("#", count, e) < 0)
        return -1;
    for (size_t i = 1; i <= count || i <= old_count; i++) {
        snprintf(name, sizeof name, "%zu", i);
        if (variable_set(name, i <= count ? args[i - 1] : NULL, e) < 0)
            return -1;
    }
    return 0;
}
